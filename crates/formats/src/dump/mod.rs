//! Channel dumps: pages of a channel as a web-text extractor saves them.
//!
//! A `Forwarded from …` header opens a document. Where there is none, the repeat of its own body bounds a post, else
//! the next title or residue line does. A body that stands twice is folded: the text is the slice of the file up to
//! the end of the first copy, and the rest is recorded as residue.

mod fold;
mod line;
mod region;

use std::io::{self, Read};

use dictum_core::{DocumentParts, Residue, ResidueKind};

use crate::{
    Item, ReadOptions, SkipReason,
    draft::{self, SourceRange},
    names,
    source::{Peek, Source},
};
use line::LineKind;
use region::{Header, Post, Region};

pub(crate) use region::evidence;

/// Reads a channel dump post by post.
#[derive(Debug, Default)]
pub(crate) struct DumpReader {
    region: Region,
    /// Posts of the region that are cut and not yet handed out, first one last.
    posts: Vec<Post>,
    /// Where a post starts that is too long for the region: it is passed over up to the next boundary.
    oversized_from: Option<u64>,
}

impl DumpReader {
    pub(crate) fn next_item<R: Read>(
        &mut self,
        source: &mut Source<R>,
        options: &ReadOptions,
    ) -> io::Result<Option<Item>> {
        loop {
            if let Some(start) = self.oversized_from.take() {
                let end = skip_to_boundary(source, options)?;
                return Ok(Some(draft::too_large(SourceRange { start, end }, options)));
            }
            if let Some(post) = self.posts.pop() {
                return Ok(Some(self.item(&post, options)));
            }
            self.region.refill(source, options)?;
            if self.region.is_empty() {
                return Ok(None);
            }
            let cut = self.region.cut(options);
            self.posts = cut.posts;
            self.posts.reverse();
            self.oversized_from = cut.oversized_from;
        }
    }

    /// Turns a post of the region into an item.
    fn item(&self, post: &Post, options: &ReadOptions) -> Item {
        let region = &self.region;
        let range = region.source_range(post);
        let header = region.header_of(post);
        let forwarded_from = match header.map(Header::name).transpose() {
            Ok(name) => name.and_then(names::channel),
            Err(source_byte) => return range.reject(draft::invalid_utf8(source_byte)),
        };
        let Some(body) = region.body(post) else {
            return range.skip(SkipReason::NoText);
        };
        if region.has_overlong_line(post) {
            return draft::too_large(range, options);
        }
        let parts = DocumentParts {
            channel: options.channel.clone().or_else(|| forwarded_from.clone()),
            forwarded_from,
            residue: residue(region, post, header),
            ..Default::default()
        };
        draft::from_slice(body.slice, body.start, range, parts, options)
    }
}

/// Returns what of the source file belongs to the post and is not in its text, in the order of the file.
fn residue(region: &Region, post: &Post, header: Option<&Header>) -> Vec<Residue> {
    let piece = |kind, range: SourceRange| Residue {
        kind,
        source_start_byte: range.start,
        source_end_byte: range.end,
    };
    let header = header.map(|header| piece(ResidueKind::Header, header.range));
    let media = region.media_outside_text(post).map(|range| piece(ResidueKind::Media, range));
    let copy = region.second_copy(post).map(|range| piece(ResidueKind::RepeatedBody, range));
    let mut residue: Vec<Residue> = header.into_iter().chain(media).chain(copy).collect();
    residue.sort_by_key(|residue| residue.source_start_byte);
    residue
}

/// Moves to the next line at which a new post may start, and returns its place.
fn skip_to_boundary<R: Read>(source: &mut Source<R>, options: &ReadOptions) -> io::Result<u64> {
    loop {
        match source.peek_line(options.max_document_bytes)? {
            Peek::End => return Ok(source.offset()),
            Peek::TooLong => source.skip_line()?,
            Peek::Line { content, total } => {
                let line = &source.unread()[..content];
                let opens = matches!(line::kind(line), LineKind::Title | LineKind::Media);
                if opens || line::header_name(line).is_some() {
                    return Ok(source.offset());
                }
                source.consume(total);
            }
        }
    }
}
