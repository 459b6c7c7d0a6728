//! The iterator over a source file: finds the format out, then hands the work to its reader.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    io::{self, Read},
};

use dictum_core::Document;

use crate::{
    Format, Item, ReadOptions, RejectionReason, SkipReason, Summary,
    csv::TableReader,
    detect::{self, Encoding},
    draft::SourceRange,
    dump::DumpReader,
    feed::FeedReader,
    html::{self, PageReader},
    json::{self, MessagesReader},
    plain,
    source::Source,
};

/// Reads the documents of a source file, one after another.
///
/// Nothing is read before the first call of `next`.
pub fn read<R: Read>(reader: R, options: ReadOptions) -> Documents<R> {
    Documents {
        source: Source::new(reader),
        options,
        state: State::Unopened,
        summary: Summary::default(),
        message_ids: MessageIds::default(),
    }
}

/// The items of a source file, in its order. An error of the reader is the last item.
#[derive(Debug)]
pub struct Documents<R> {
    source: Source<R>,
    options: ReadOptions,
    state: State,
    summary: Summary,
    message_ids: MessageIds,
}

/// The message ids of a source file, each with its last text, as hashes.
#[derive(Debug, Default)]
struct MessageIds {
    texts: HashMap<u64, u64>,
    hashes: RandomState,
}

impl MessageIds {
    /// Returns whether the message came before with another text; notes the new one.
    fn supersedes(&mut self, document: &Document) -> bool {
        let Some(id) = &document.message_id else { return false };
        let key = self.hashes.hash_one((&document.channel, id));
        let text = self.hashes.hash_one(&document.text);
        if self.texts.len() == Summary::MAX_MESSAGE_IDS && !self.texts.contains_key(&key) {
            return false;
        }
        self.texts.insert(key, text).is_some_and(|before| before != text)
    }
}

#[derive(Debug)]
enum State {
    Unopened,
    Plain,
    Dump(Box<DumpReader>),
    Messages(MessagesReader),
    Ndjson,
    Page(Box<PageReader>),
    Article,
    Table(TableReader),
    Feed(FeedReader),
    Ended,
}

impl<R: Read> Documents<R> {
    /// Returns what came out so far; after the last item, what came out of the whole source file.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Returns the format in which the source file is read; [`Format::Auto`] until the first call of `next`.
    #[must_use]
    pub fn format(&self) -> Format {
        self.options.format
    }

    fn next_item(&mut self) -> io::Result<Option<Item>> {
        if matches!(self.state, State::Unopened)
            && let Some(item) = self.open()?
        {
            return Ok(Some(item));
        }
        match &mut self.state {
            State::Unopened | State::Ended => Ok(None),
            State::Plain => plain::read_all(&mut self.source, &self.options),
            State::Dump(reader) => reader.next_item(&mut self.source, &self.options),
            State::Messages(reader) => reader.next_item(&mut self.source, &self.options),
            State::Page(reader) => reader.next_item(&mut self.source, &self.options),
            State::Article => html::read_article(&mut self.source, &self.options),
            State::Table(reader) => reader.next_item(&mut self.source, &self.options),
            State::Feed(reader) => reader.next_item(&mut self.source, &self.options),
            State::Ndjson => json::next_line(&mut self.source, &self.options),
        }
    }

    /// Finds out encoding and format; returns an item when there is nothing to read.
    fn open(&mut self) -> io::Result<Option<Item>> {
        self.state = State::Ended;
        let head = self.source.peek(detect::HEAD_BYTES);
        match detect::encoding(head) {
            Encoding::Utf8 => {}
            Encoding::Utf8WithMark => self.source.consume(detect::UTF8_MARK.len()),
            Encoding::Other(encoding) => {
                let end = self.source.skip_to_end()?;
                let range = SourceRange { start: 0, end };
                return Ok(Some(range.reject(RejectionReason::UnsupportedEncoding { encoding })));
            }
        }
        if self.options.format == Format::Auto {
            // Only as much as is there for certain, so that the size of reads decides nothing.
            let unread = self.source.unread();
            let certain = unread.len().min(detect::HEAD_BYTES - detect::UTF8_MARK.len());
            self.options.format = detect::format(&unread[..certain]);
        }
        self.state = match self.options.format {
            Format::Auto | Format::PlainText | Format::Transcript => State::Plain,
            Format::ChannelDump => State::Dump(Box::default()),
            Format::TelegramJson | Format::TelethonJson => State::Messages(MessagesReader::default()),
            Format::Ndjson => State::Ndjson,
            Format::MessageCsv => State::Table(TableReader::default()),
            Format::Feed => State::Feed(FeedReader::default()),
            Format::TelegramHtml => State::Page(Box::new(PageReader::export())),
            Format::TelegramPreview => State::Page(Box::new(PageReader::preview())),
            Format::ArticleHtml => State::Article,
        };
        Ok(None)
    }
}

impl<R: Read> Iterator for Documents<R> {
    type Item = io::Result<Item>;

    fn next(&mut self) -> Option<io::Result<Item>> {
        if matches!(self.state, State::Ended) {
            return None;
        }
        let mut next = self.next_item();
        self.summary.bytes = self.source.offset();
        if !matches!(next, Ok(Some(_))) {
            self.state = State::Ended;
        }
        if matches!(next, Ok(None)) && self.summary.is_empty() {
            let range = SourceRange { start: 0, end: self.summary.bytes };
            next = Ok(Some(range.skip(SkipReason::EmptySource)));
        }
        if let Ok(Some(item)) = &next {
            self.summary.count(item);
            if let Item::Document(document) = item {
                self.summary.superseding += u64::from(self.message_ids.supersedes(document));
            }
        }
        next.transpose()
    }
}
