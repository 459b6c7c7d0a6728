//! Feeds: RSS, Atom, JSON Feed. Each entry is a document.

use std::{
    io::{self, Read},
    str, vec,
};

use dictum_core::{DocumentParts, Timestamp};
use feed_rs::{model::Entry, parser};
use memchr::memmem;

use crate::{
    Item, ReadOptions, RejectionReason, SkipReason,
    draft::{self, SourceRange},
    html, names,
    source::Source,
};

/// Bytes of a feed beside the texts; a feed is read whole, and longer ones are refused.
const FEED_BYTES_PER_DOCUMENT_BYTE: usize = 8;
const FEED_MARGIN_BYTES: usize = 1024 * 1024;

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
    let places = entry_places(feed);
    let (parsed, problem) = match parse(feed) {
        Ok(parsed) => (parsed, None),
        Err(problem) => match whole_entries(feed, &places).and_then(|whole| parse(&whole).ok()) {
            Some(parsed) => (parsed, Some(RejectionReason::Truncated)),
            None => return vec![range.reject(RejectionReason::Malformed { problem })],
        },
    };
    let channel = parsed.title.as_ref().and_then(|title| names::channel(&title.content));
    let starts_are_known = places.len() >= parsed.entries.len();
    let count = parsed.entries.len();
    let place = |n: usize| {
        let start = if starts_are_known { places[n] as u64 } else { 0 };
        let next = places
            .get(n + 1)
            .filter(|_| starts_are_known)
            .map_or(range.end, |next| range.start + *next as u64);
        SourceRange { start: range.start + start, end: next }
    };
    let items = parsed.entries.into_iter().enumerate();
    let mut items: Vec<Item> =
        items.map(|(n, entry)| item(entry, place(n), channel.as_deref(), options)).collect();
    items.extend(problem.map(|reason| place(count.min(places.len().saturating_sub(1))).reject(reason)));
    items
}

/// Parses a feed. What its declaration says of an encoding does not count: the text is UTF-8, which was checked.
fn parse(feed: &str) -> Result<feed_rs::model::Feed, String> {
    let without_declaration = match feed.trim_start().strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").map_or(rest, |(_, body)| body),
        None => feed,
    };
    // Entries without an id get one from their link and title, not a random one.
    parser::Builder::new().build().parse(without_declaration.as_bytes()).map_err(|error| error.to_string())
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

/// Returns the feed up to its last whole entry, with its outer elements closed.
fn whole_entries(feed: &str, places: &[usize]) -> Option<String> {
    let last = *places.last()?;
    let head = &feed[..*places.first()?];
    let end = if head.contains("<feed") {
        "</feed>"
    } else if head.contains("<rdf:RDF") {
        "</rdf:RDF>"
    } else {
        "</channel></rss>"
    };
    Some(format!("{}{end}", &feed[..last]))
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
