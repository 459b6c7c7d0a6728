//! Messages in JSON: Telegram Desktop's `result.json`, lists of messages as client libraries write them, and NDJSON.
//!
//! NDJSON is our own: one object a line, of which `text` is required and the rest optional:
//!
//! ```json
//! {"text":"💬 We open on Monday.","channel":"Harbour Office","messageId":"12","publishTime":"2031-05-03T09:00:00Z",
//!  "editTime":"2031-05-03T09:05:00Z","url":"https://harbour.example/12","forwardedFrom":"Pier Post",
//!  "replyToMessageId":"11","title":"Opening"}
//! ```
//!
//! Names that other tools use for the same (`message`, `content`, `date`, `id`) are understood as well.

mod fields;
mod scan;

use std::{
    io::{self, Read},
    str,
};

use crate::{
    Format, Item, ReadOptions, RejectionReason,
    draft::{self, SourceRange},
    message::Message,
    source::{Peek, Source},
};
use scan::{Found, Scanner};

/// Bytes of a record around its text, and how often its text may stand in it or how wide its escapes may be.
const RECORD_MARGIN_BYTES: usize = 64 * 1024;
const RECORD_BYTES_PER_TEXT_BYTE: usize = 4;

/// Reads the messages of `result.json` or of a list.
#[derive(Debug, Default)]
pub(crate) struct MessagesReader {
    scanner: Scanner,
    done: bool,
}

impl MessagesReader {
    pub(crate) fn next_item<R: Read>(
        &mut self,
        source: &mut Source<R>,
        options: &ReadOptions,
    ) -> io::Result<Option<Item>> {
        if self.done {
            return Ok(None);
        }
        let item = match self.scanner.next(source, max_record_bytes(options))? {
            Found::Message { bytes } => {
                let range = range_of_next(source, bytes);
                let item = item(&source.unread()[..bytes], range, self.scanner.chat(), options);
                source.consume(bytes);
                item
            }
            Found::TooLong(range) => draft::too_large(range, options),
            Found::Broken(range) => {
                range.reject(RejectionReason::Malformed { problem: "a line ends inside a string".into() })
            }
            Found::Truncated(range) => {
                self.done = true;
                range.reject(RejectionReason::Truncated)
            }
            Found::TooDeep(range) => range.reject(RejectionReason::NestedTooDeep),
            Found::End { held_messages } => {
                self.done = true;
                if held_messages {
                    return Ok(None);
                }
                let range = SourceRange { start: 0, end: source.offset() };
                range
                    .reject(RejectionReason::Malformed { problem: "the file has no list of messages".into() })
            }
        };
        Ok(Some(item))
    }
}

/// Reads the next record of NDJSON.
pub(crate) fn next_line<R: Read>(source: &mut Source<R>, options: &ReadOptions) -> io::Result<Option<Item>> {
    loop {
        match source.peek_line(max_record_bytes(options))? {
            Peek::End => return Ok(None),
            Peek::TooLong => {
                let start = source.offset();
                source.skip_line()?;
                return Ok(Some(draft::too_large(SourceRange { start, end: source.offset() }, options)));
            }
            Peek::Line { content, total } => {
                let line = &source.unread()[..content];
                let range = range_of_next(source, content);
                let item = (!line.trim_ascii().is_empty()).then(|| item(line, range, None, options));
                source.consume(total);
                if item.is_some() {
                    return Ok(item);
                }
            }
        }
    }
}

fn max_record_bytes(options: &ReadOptions) -> usize {
    options.max_document_bytes.saturating_mul(RECORD_BYTES_PER_TEXT_BYTE).saturating_add(RECORD_MARGIN_BYTES)
}

fn range_of_next<R: Read>(source: &Source<R>, bytes: usize) -> SourceRange {
    SourceRange { start: source.offset(), end: source.offset() + bytes as u64 }
}

/// Turns the JSON of one message into an item.
fn item(json: &[u8], range: SourceRange, chat: Option<&str>, options: &ReadOptions) -> Item {
    if let Err(error) = str::from_utf8(json) {
        return range.reject(draft::invalid_utf8(range.start + error.valid_up_to() as u64));
    }
    let fixed = scan::without_hex_escapes(json);
    match serde_json::from_slice::<Message>(fixed.as_deref().unwrap_or(json)) {
        Ok(mut message) => {
            if options.format == Format::TelethonJson {
                message.resolve_markdown();
            }
            message.into_item(range, chat, options)
        }
        Err(error) => range.reject(RejectionReason::Malformed { problem: error.to_string() }),
    }
}
