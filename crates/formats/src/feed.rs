//! Feeds: RSS, Atom, JSON Feed. Each entry is a document.

use std::{
    borrow::Cow,
    io::{self, Read},
    str, vec,
};

use dictum_core::{DocumentParts, Timestamp};
use feed_rs::{
    model::{Entry, Feed},
    parser,
};
use memchr::{memchr, memmem};

use crate::{
    Item, ReadOptions, RejectionReason, SkipReason,
    draft::{self, SourceRange},
    html, names,
    source::Source,
};

/// Bytes of a feed beside the texts; a feed is read whole, and longer ones are refused.
const FEED_BYTES_PER_DOCUMENT_BYTE: usize = 8;
const FEED_MARGIN_BYTES: usize = 1024 * 1024;

/// Elements in one another.
const MAX_DEPTH: usize = 256;
/// A damaged feed is read entry by entry up to so many, each after the same head.
const MAX_SINGLE_ENTRIES: usize = 10_000;
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Hands out the entries of a feed.
#[derive(Debug, Default)]
pub(crate) struct FeedReader {
    items: Option<vec::IntoIter<Item>>,
}

impl FeedReader {
    pub(crate) fn next_item<R: Read>(
        &mut self,
        source: &mut Source<R>,
        options: &ReadOptions,
    ) -> io::Result<Option<Item>> {
        let items = match &mut self.items {
            Some(items) => items,
            None => self.items.insert(read_feed(source, options)?.into_iter()),
        };
        Ok(items.next())
    }
}

fn read_feed<R: Read>(source: &mut Source<R>, options: &ReadOptions) -> io::Result<Vec<Item>> {
    let start = source.offset();
    let limit = options
        .max_document_bytes
        .saturating_mul(FEED_BYTES_PER_DOCUMENT_BYTE)
        .saturating_add(FEED_MARGIN_BYTES);
    let bytes = source.fill_to(limit.saturating_add(1))?;
    let range = SourceRange { start, end: start + bytes.len() as u64 };
    if bytes.len() > limit {
        let end = source.skip_to_end()?;
        let problem = format!("the feed is longer than {limit} bytes");
        return Ok(vec![SourceRange { start, end }.reject(RejectionReason::Malformed { problem })]);
    }
    let items = match str::from_utf8(bytes) {
        Ok(feed) => entries(feed, range, options),
        Err(error) => vec![range.reject(draft::invalid_utf8(start + error.valid_up_to() as u64))],
    };
    source.consume(usize::MAX);
    Ok(items)
}

fn entries(feed: &str, range: SourceRange, options: &ReadOptions) -> Vec<Item> {
    if !is_shallow(feed) {
        return vec![range.reject(RejectionReason::NestedTooDeep)];
    }
    let places = entry_places(feed);
    let problem = match parse(feed) {
        Ok(parsed) => return items(parsed, &places, range, options),
        Err(problem) => problem,
    };
    let whole = || range.reject(RejectionReason::Malformed { problem });
    if places.is_empty() || places.len() > MAX_SINGLE_ENTRIES || places[0] > MAX_HEAD_BYTES {
        return vec![whole()];
    }
    single_entries(feed, &places, range, options)
}

/// Turns the entries of a whole feed into items.
fn items(feed: Feed, places: &[usize], range: SourceRange, options: &ReadOptions) -> Vec<Item> {
    let channel = channel(&feed);
    let places_are_known = places.len() == feed.entries.len();
    let place = |n: usize| match places.get(n).filter(|_| places_are_known) {
        Some(start) => {
            let end = places.get(n + 1).map_or(range.end, |next| range.start + *next as u64);
            SourceRange { start: range.start + *start as u64, end }
        }
        None => range,
    };
    let entries = feed.entries.into_iter().enumerate();
    entries.map(|(n, entry)| item(entry, place(n), channel.as_deref(), options)).collect()
}

/// Reads the entries of a damaged feed one by one, each as a feed of its own: the damage stays where it is.
fn single_entries(feed: &str, places: &[usize], range: SourceRange, options: &ReadOptions) -> Vec<Item> {
    let head = &feed[..places[0]];
    let (entry_end, feed_end) = ends(head);
    let starts = places.iter().copied();
    let ends = places.iter().skip(1).copied().chain([feed.len()]);
    let read = |(start, end): (usize, usize)| {
        let range = SourceRange { start: range.start + start as u64, end: range.start + end as u64 };
        let Some(length) = feed[start..end].rfind(entry_end) else {
            return range.reject(RejectionReason::Truncated);
        };
        let entry = &feed[start..start + length + entry_end.len()];
        match parse(&format!("{head}{entry}{feed_end}")) {
            Ok(mut parsed) => {
                let channel = channel(&parsed);
                match parsed.entries.pop() {
                    Some(entry) => item(entry, range, channel.as_deref(), options),
                    None => range.skip(SkipReason::NoText),
                }
            }
            Err(problem) => range.reject(RejectionReason::Malformed { problem }),
        }
    };
    starts.zip(ends).map(read).collect()
}

fn channel(feed: &Feed) -> Option<String> {
    feed.title.as_ref().and_then(|title| names::channel(&title.content))
}

/// Returns what closes an entry and what closes the feed that starts with `head`.
fn ends(head: &str) -> (&'static str, &'static str) {
    if head.contains("<feed") {
        ("</entry>", "</feed>")
    } else if head.contains("<rdf:RDF") {
        ("</item>", "</rdf:RDF>")
    } else {
        ("</item>", "</channel></rss>")
    }
}

/// Parses a feed. What its declaration says of an encoding does not count: the text is UTF-8, which was checked.
fn parse(feed: &str) -> Result<Feed, String> {
    let without_declaration = match feed.trim_start().strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").map_or(rest, |(_, body)| body),
        None => feed,
    };
    // By default an entry without an id gets one, at worst a random one: the same feed would give other documents.
    let parser = parser::Builder::new().id_generator(|_, _, _| String::new()).build();
    parser.parse(with_version(without_declaration).as_bytes()).map_err(|error| error.to_string())
}

/// Gives `<rss>` the version that the parser asks for, where a feed names none.
fn with_version(feed: &str) -> Cow<'_, str> {
    const TAG: &str = "<rss";
    let Some(at) = feed.find(TAG).map(|at| at + TAG.len()) else { return Cow::Borrowed(feed) };
    let tag = feed[at..].split('>').next().unwrap_or_default();
    if tag.contains("version") || !tag.is_empty() && !tag.starts_with(char::is_whitespace) {
        return Cow::Borrowed(feed);
    }
    Cow::Owned(format!("{} version=\"2.0\"{}", &feed[..at], &feed[at..]))
}

/// Returns whether the elements of a feed are nested as a feed needs it: the parser recurses into them.
fn is_shallow(feed: &str) -> bool {
    let mut rest = feed.as_bytes();
    let mut depth = 0_usize;
    while let Some(at) = memchr(b'<', rest) {
        rest = &rest[at + 1..];
        let end = match rest {
            [b'!', b'[', ..] => "]]>",
            [b'!', b'-', b'-', ..] => "-->",
            _ => ">",
        };
        let length = memmem::find(rest, end.as_bytes()).unwrap_or(rest.len());
        match rest.first() {
            Some(b'!' | b'?') | None => {}
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(_) => depth += usize::from(!rest[..length].ends_with(b"/")),
        }
        if depth > MAX_DEPTH {
            return false;
        }
        rest = &rest[length..];
    }
    true
}

/// Returns where the entries of an XML feed start.
fn entry_places(feed: &str) -> Vec<usize> {
    let places = |tag: &str| {
        let tag_ends = |at: &usize| {
            matches!(feed.as_bytes().get(at + tag.len()), Some(b' ' | b'>' | b'\n' | b'\r' | b'\t'))
        };
        memmem::find_iter(feed.as_bytes(), tag).filter(tag_ends).collect::<Vec<_>>()
    };
    let items = places("<item");
    if items.is_empty() { places("<entry") } else { items }
}

fn item(entry: Entry, range: SourceRange, channel: Option<&str>, options: &ReadOptions) -> Item {
    let title = entry.title.map(|title| title.content).filter(|title| !title.trim().is_empty());
    let content = entry.content.and_then(|content| content.body);
    let body = content.or(entry.summary.map(|summary| summary.content));
    let Some(text) = body.or_else(|| title.clone()) else {
        return range.skip(SkipReason::NoText);
    };
    let Some(text) = html::fragment_text(&text) else {
        return range.reject(RejectionReason::NestedTooDeep);
    };
    let instant = |millisecond| Timestamp::from_millisecond(millisecond).ok();
    let publish_time = entry.published.and_then(|time| instant(time.timestamp_millis()));
    let update_time = entry.updated.and_then(|time| instant(time.timestamp_millis()));
    let parts = DocumentParts {
        channel: options.channel.clone().or_else(|| channel.map(ToOwned::to_owned)),
        url: entry.links.into_iter().map(|link| link.href).find(|href| href.starts_with("http")),
        message_id: (!entry.id.is_empty()).then_some(entry.id),
        publish_time: publish_time.or(update_time),
        edit_time: update_time.filter(|update| publish_time.is_some_and(|publish| publish < *update)),
        source_title: title,
        source_start_byte: range.start,
        ..Default::default()
    };
    draft::from_text(text.trim(), range, parts, options)
}
