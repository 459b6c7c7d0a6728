//! A run of a dump's lines held in memory, and how it is cut into posts.
//!
//! A region is opened by a header or by the start of the file and ends before the next header. One that is too long
//! to hold is read in parts, each with enough bytes ahead to decide where its first posts end.

use std::{
    collections::HashSet,
    io::{self, Read},
    ops::Range,
    str,
};

use super::{
    fold::{self, Interner, Key, Repeats},
    line::{self, LineKind},
};
use crate::{
    ReadOptions,
    draft::SourceRange,
    source::{Peek, Source},
};

/// Bytes of headers, residue and line ends around a doubled body.
const MARGIN_BYTES: usize = 64 * 1024;
/// Lines held at a time: a region of very short lines is cut into parts like a long one.
const MAX_LINES: usize = 200_000;

/// The header that opened a region.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) range: SourceRange,
    name: Vec<u8>,
    name_start: u64,
}

impl Header {
    /// Returns the name as written, or the first byte of the file that makes it no UTF-8.
    pub(super) fn name(&self) -> Result<&str, u64> {
        str::from_utf8(&self.name).map_err(|error| self.name_start + error.valid_up_to() as u64)
    }
}

#[derive(Debug)]
struct Line {
    source: SourceRange, // with the line's end
    at: usize,           // first byte in `Region::bytes`
    len: usize,          // bytes without the line's end
    kind: LineKind,
    overlong: bool, // over the limit of one document: its bytes are not held
}

impl Line {
    /// Returns whether the line counts when copies are compared.
    fn counts(&self) -> bool {
        matches!(self.kind, LineKind::Text | LineKind::Title)
    }

    /// Returns whether the line may be part of a text.
    fn is_text(&self) -> bool {
        self.counts() || self.kind == LineKind::Link
    }

    fn content_end(&self) -> u64 {
        if self.overlong { self.source.end } else { self.source.start + self.len as u64 }
    }
}

/// Lines from one header to the next, or the next part of them.
#[derive(Debug, Default)]
pub(super) struct Region {
    header: Option<Header>,
    bytes: Vec<u8>,
    lines: Vec<Line>,
    done: usize,    // lines already cut into posts
    complete: bool, // the next header or the end of the file follows
}

/// A post: some lines of the region.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Post {
    lines: Range<usize>,
    /// The line where the second copy starts.
    copy_line: Option<usize>,
    opened_by_header: bool,
}

/// The posts at the front of a region.
#[derive(Debug)]
pub(super) struct Cut {
    pub(super) posts: Vec<Post>,
    /// Where a post starts that has no end in the longest region: everything held belongs to it.
    pub(super) oversized_from: Option<u64>,
}

/// The text of a post.
#[derive(Debug)]
pub(super) struct Body<'r> {
    pub(super) slice: &'r [u8],
    pub(super) start: u64,
}

impl Region {
    pub(super) fn is_empty(&self) -> bool {
        self.header.is_none() && self.lines.is_empty()
    }

    /// Drops what is cut into posts and reads on: the next region, or the next part of this one.
    pub(super) fn refill<R: Read>(
        &mut self,
        source: &mut Source<R>,
        options: &ReadOptions,
    ) -> io::Result<()> {
        self.drop_done();
        self.complete = false;
        let capacity = lookahead_bytes(options).saturating_mul(2);
        while self.bytes.len() < capacity && self.lines.len() < MAX_LINES {
            let start = source.offset();
            match source.peek_line(options.max_document_bytes)? {
                Peek::End => {
                    self.complete = true;
                    return Ok(());
                }
                Peek::TooLong => {
                    source.skip_line()?;
                    self.push(SourceRange { start, end: source.offset() }, None);
                }
                Peek::Line { content, total } => {
                    let line = &source.unread()[..content];
                    let range = SourceRange { start, end: start + total as u64 };
                    if let Some(name) = line::header_name(line) {
                        if !self.is_empty() {
                            self.complete = true;
                            return Ok(());
                        }
                        self.header = Some(header(line, name, start));
                    } else if !self.is_empty() || line::kind(line) != LineKind::Blank {
                        self.push(range, Some(line));
                    }
                    source.consume(total);
                }
            }
        }
        Ok(())
    }

    fn push(&mut self, source: SourceRange, line: Option<&[u8]>) {
        let kind = line.map_or(LineKind::Text, line::kind);
        let content = line.unwrap_or_default();
        self.lines.push(Line {
            source,
            at: self.bytes.len(),
            len: content.len(),
            kind,
            overlong: line.is_none(),
        });
        if line.is_some() {
            self.bytes.extend_from_slice(content);
            let end_bytes = usize::try_from(source.end - source.start).unwrap_or(0) - content.len();
            self.bytes.resize(self.bytes.len() + end_bytes, b'\n');
        }
    }

    fn drop_done(&mut self) {
        self.header = None;
        let first_byte = self.lines.get(self.done).map_or(self.bytes.len(), |line| line.at);
        self.lines.drain(..self.done);
        self.bytes.drain(..first_byte);
        for line in &mut self.lines {
            line.at -= first_byte;
        }
        self.done = 0;
    }

    /// Cuts posts from the front, as far as the lines held decide where they end.
    pub(super) fn cut(&mut self, options: &ReadOptions) -> Cut {
        let mut interner = Interner::default();
        let mut places = Vec::new();
        let mut keys = Vec::new();
        let mut after_media = false;
        for (place, line) in self.lines.iter().enumerate() {
            if line.counts() {
                let key =
                    if line.overlong { interner.unique_key() } else { interner.key(self.content(line)) };
                keys.push(Key { opens: after_media || line.kind == LineKind::Title, ..key });
                places.push(place);
            }
            after_media = line.kind == LineKind::Media || after_media && !line.counts();
        }
        let cutter = Cutter { region: self, repeats: Repeats::new(&keys), places, keys: &keys };
        let cut = if self.header.is_some() && self.complete {
            cutter.cut_headed()
        } else {
            cutter.cut_by_boundaries(lookahead_bytes(options))
        };
        let oversized = cut.oversized_from.is_some();
        self.done =
            if oversized { self.lines.len() } else { cut.posts.last().map_or(0, |post| post.lines.end) };
        cut
    }

    fn content(&self, line: &Line) -> &[u8] {
        &self.bytes[line.at..line.at + line.len]
    }

    pub(super) fn header_of(&self, post: &Post) -> Option<&Header> {
        self.header.as_ref().filter(|_| post.opened_by_header)
    }

    /// Returns all of the source file that belongs to the post.
    pub(super) fn source_range(&self, post: &Post) -> SourceRange {
        let lines = &self.lines[post.lines.clone()];
        let header = self.header_of(post).map(|header| header.range);
        let start = header.or(lines.first().map(|line| line.source)).map_or(0, |range| range.start);
        let end = lines.last().map(|line| line.source).or(header).map_or(start, |range| range.end);
        SourceRange { start, end }
    }

    pub(super) fn has_overlong_line(&self, post: &Post) -> bool {
        self.lines[post.lines.clone()].iter().any(|line| line.overlong)
    }

    /// Returns the lines from the first to the last of the text; empty where there is none.
    fn text_lines(&self, post: &Post) -> Range<usize> {
        let copy_line = post.copy_line.unwrap_or(post.lines.end);
        let of_text = |place: &usize| self.lines[*place].is_text();
        let start = (post.lines.start..copy_line).find(of_text);
        let last = (post.lines.start..copy_line).rfind(of_text);
        let has_words = (post.lines.start..copy_line).any(|place| self.lines[place].counts());
        match (start, last) {
            (Some(start), Some(last)) if has_words => start..last + 1,
            _ => post.lines.start..post.lines.start,
        }
    }

    /// Returns the text, or `None` when the post holds only residue.
    pub(super) fn body(&self, post: &Post) -> Option<Body<'_>> {
        let range = self.text_lines(post);
        let lines = &self.lines[range];
        let (first, last) = (lines.first()?, lines.last()?);
        Some(Body { slice: &self.bytes[first.at..last.at + last.len], start: first.source.start })
    }

    /// Returns the media lines that are in neither copy.
    pub(super) fn media_outside_text(&self, post: &Post) -> impl Iterator<Item = SourceRange> {
        let text = self.text_lines(post);
        let copy = self.copy_lines(post);
        post.lines.clone().filter_map(move |place| {
            let line = &self.lines[place];
            let outside = !text.contains(&place) && !copy.contains(&place);
            let range = SourceRange { start: line.source.start, end: line.content_end() };
            (outside && line.kind == LineKind::Media).then_some(range)
        })
    }

    /// Returns where the second copy stands.
    pub(super) fn second_copy(&self, post: &Post) -> Option<SourceRange> {
        let lines = &self.lines[self.copy_lines(post)];
        let (first, last) = (lines.first()?, lines.last()?);
        Some(SourceRange { start: first.source.start, end: last.content_end() })
    }

    fn copy_lines(&self, post: &Post) -> Range<usize> {
        let Some(start) = post.copy_line else { return 0..0 };
        let last = (start..post.lines.end).rfind(|&place| self.lines[place].is_text());
        start..last.map_or(start, |last| last + 1)
    }
}

fn header(line: &[u8], name: &[u8], line_start: u64) -> Header {
    let trimmed = line::trim_end(line);
    Header {
        range: SourceRange { start: line_start, end: line_start + trimmed.len() as u64 },
        name: name.to_vec(),
        name_start: line_start + (trimmed.len() - name.len()) as u64,
    }
}

/// Returns the bytes that show where a post of the longest length ends: two copies.
fn lookahead_bytes(options: &ReadOptions) -> usize {
    options.max_document_bytes.saturating_mul(2).saturating_add(MARGIN_BYTES)
}

/// A region with its lines made comparable: `keys[n]` is line `places[n]`.
struct Cutter<'r> {
    region: &'r Region,
    keys: &'r [Key],
    places: Vec<usize>,
    repeats: Repeats<'r>,
}

impl Cutter<'_> {
    /// Cuts a region that a header opened and that is held whole: one post, folded; but when a repeat ends before
    /// the region does, posts without a header follow the first.
    fn cut_headed(&self) -> Cut {
        let split = fold::second_copy(self.keys);
        if split.is_none() && self.repeats.certain_at(0).is_some_and(|repeat| repeat.end < self.keys.len()) {
            return self.cut_by_boundaries(0);
        }
        let post = Post {
            lines: 0..self.region.lines.len(),
            copy_line: split.map(|split| self.copy_line(0, 0, split)),
            opened_by_header: true,
        };
        Cut { posts: vec![post], oversized_from: None }
    }

    /// Cuts posts where their repeat ends, else at the next title or residue line.
    fn cut_by_boundaries(&self, lookahead_bytes: usize) -> Cut {
        let mut posts = Vec::new();
        let mut next_key = 0;
        let mut next_line = 0;
        while next_key < self.keys.len() {
            if next_key > 0 && !self.can_decide(next_line, lookahead_bytes) {
                return Cut { posts, oversized_from: None };
            }
            let (end_key, split) = match self.repeats.at(next_key) {
                Some(repeat) => (repeat.end, Some(repeat.split)),
                None => match self.boundary_after(next_key) {
                    Some(end) => (end, None),
                    None if posts.is_empty() && !self.region.complete => {
                        let oversized_from = self.region.lines.first().map(|line| line.source.start);
                        return Cut { posts, oversized_from };
                    }
                    None if !self.region.complete => return Cut { posts, oversized_from: None },
                    None => (self.keys.len(), None),
                },
            };
            let split =
                split.or_else(|| fold::second_copy(&self.keys[next_key..end_key]).map(|at| next_key + at));
            let end_line = self.end_line(end_key);
            posts.push(Post {
                lines: next_line..end_line,
                copy_line: split.map(|split| self.copy_line(next_line, next_key, split)),
                opened_by_header: next_line == 0,
            });
            (next_key, next_line) = (end_key, end_line);
        }
        if next_line < self.region.lines.len() || posts.is_empty() {
            // Nothing but residue: it is a post without text.
            let lines = next_line..self.region.lines.len();
            posts.push(Post { lines, copy_line: None, opened_by_header: next_line == 0 });
        }
        Cut { posts, oversized_from: None }
    }

    /// Returns whether enough is held from `line` on to see where a post of the longest length ends.
    fn can_decide(&self, line: usize, lookahead_bytes: usize) -> bool {
        let held = self.region.bytes.len() - self.region.lines[line].at;
        let many_lines = self.region.lines.len() - line > MAX_LINES / 2;
        self.region.complete || held >= lookahead_bytes || many_lines
    }

    /// Returns the key at which the post of `start` ends because another one starts, or `None` at the region's end.
    fn boundary_after(&self, start: usize) -> Option<usize> {
        let mut seen = HashSet::from([self.keys[start].id]);
        (start + 1..self.keys.len()).find(|&key| {
            let before = || self.region.lines[self.places[key - 1] + 1..self.places[key]].iter();
            let is_new = seen.insert(self.keys[key].id);
            // A link on the second line belongs to the title; a link before a line that was there opens the copy.
            let after_link = key - start > 1 && is_new && before().any(|line| line.kind == LineKind::Link);
            self.keys[key].opens || after_link || self.repeats.certain_at(key).is_some()
        })
    }

    /// Returns the line after the post whose last key stands before `end_key`: links that follow are its own, media
    /// lines are the next post's.
    fn end_line(&self, end_key: usize) -> usize {
        let after_last = self.places[end_key - 1] + 1;
        let next = self.places.get(end_key).copied().unwrap_or(self.region.lines.len());
        let media = (after_last..next).find(|&place| self.region.lines[place].kind == LineKind::Media);
        media.unwrap_or(next)
    }

    /// Returns the line where the second copy starts whose first key is `split`: as many links lead it as lead the
    /// first copy. The post starts at line `start_line` with key `start`.
    fn copy_line(&self, start_line: usize, start: usize, split: usize) -> usize {
        let body_start = if self.keys[start] == self.keys[split] { start } else { start + 1 };
        let before_first = self.region.lines[start_line..self.places[body_start]].iter().rev();
        let leading = before_first.take_while(|line| !line.counts());
        let mut links = leading.filter(|line| line.kind == LineKind::Link).count();
        let mut copy_line = self.places[split];
        while links > 0 && self.region.lines[copy_line - 1].kind != LineKind::Media {
            let before = &self.region.lines[copy_line - 1];
            if before.counts() {
                break;
            }
            links -= usize::from(before.kind == LineKind::Link);
            copy_line -= 1;
        }
        copy_line
    }
}

/// Returns whether the start of a source file shows that it is a channel dump.
pub(crate) fn evidence(head: &[u8]) -> bool {
    let lines = || head.split(|&byte| byte == b'\n');
    let is_header = |line: &[u8]| line::header_name(line).is_some();
    let count = |wanted: LineKind| lines().filter(|line| line::kind(line) == wanted).count();
    let (headers, media, titles) =
        (lines().filter(|line| is_header(line)).count(), count(LineKind::Media), count(LineKind::Title));
    let opens_one = lines()
        .find(|line| line::kind(line) != LineKind::Blank)
        .is_some_and(|line| is_header(line) || line::kind(line) == LineKind::Title);
    opens_one || headers + titles > 1 || media > 0 || repeats(head)
}

/// Returns whether bodies stand twice: the first, or at least two others.
fn repeats(head: &[u8]) -> bool {
    let mut interner = Interner::default();
    let lines = head.split(|&byte| byte == b'\n');
    let counting = lines.filter(|line| matches!(line::kind(line), LineKind::Text | LineKind::Title));
    let keys: Vec<Key> = counting.map(|line| interner.key(line)).collect();
    let repeats = Repeats::new(&keys);
    if repeats.certain_at(0).is_some() {
        return true;
    }
    let (mut found, mut at) = (0, 1);
    while at < keys.len() && found < 2 {
        match repeats.certain_at(at) {
            Some(repeat) => (found, at) = (found + 1, repeat.end),
            None => at += 1,
        }
    }
    found > 1
}
