//! Tables of messages: CSV with a header, comma, semicolon or tab between the columns.

use std::{
    io::{self, Read},
    str,
};

use csv::{ByteRecord, ReaderBuilder};
use memchr::{memchr, memchr2};

use crate::{
    Item, ReadOptions, RejectionReason, draft,
    draft::SourceRange,
    message::{Field, Message},
    source::Source,
};

const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];
/// Longest header, in bytes.
const MAX_HEADER_BYTES: usize = 8 * 1024;
/// Bytes of a row beside its text, of which quotes may be doubled.
const ROW_MARGIN_BYTES: usize = 64 * 1024;
const ROW_BYTES_PER_TEXT_BYTE: usize = 2;

/// Reads a table row by row.
#[derive(Debug, Default)]
pub(crate) struct TableReader {
    header: Option<Header>,
    ended: bool,
}

#[derive(Debug)]
struct Header {
    delimiter: u8,
    columns: Vec<Option<Field>>,
}

/// Returns whether the first line names the columns of a table of messages.
pub(crate) fn has_header(head: &[u8]) -> bool {
    let line = &head[..memchr(b'\n', head).unwrap_or(head.len())];
    line.len() <= MAX_HEADER_BYTES && Header::read(line).is_some()
}

impl Header {
    /// Reads the names of the columns: one must be the text, and one must say which message it is.
    fn read(line: &[u8]) -> Option<Self> {
        DELIMITERS.into_iter().find_map(|delimiter| {
            let names = fields(line, delimiter)?;
            let columns: Vec<Option<Field>> = names.iter().map(column).collect();
            let has = |field| columns.contains(&Some(field));
            let tells_messages_apart =
                [Field::MessageId, Field::PublishTime, Field::Channel, Field::Url].into_iter().any(has);
            (has(Field::Text) && tells_messages_apart).then_some(Self { delimiter, columns })
        })
    }
}

/// Returns the field that a column's name means: `Message ID`, `message-id` and `messageId` are the same.
fn column(name: &[u8]) -> Option<Field> {
    let name = str::from_utf8(name.trim_ascii()).ok()?;
    let snake = name.trim_start_matches('\u{feff}').to_lowercase().replace([' ', '-'], "_");
    Field::named(&snake)
}

fn fields(row: &[u8], delimiter: u8) -> Option<ByteRecord> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(row.len().clamp(1, 64 * 1024))
        .from_reader(row);
    let mut record = ByteRecord::new();
    reader.read_byte_record(&mut record).ok()?.then_some(record)
}

impl TableReader {
    pub(crate) fn next_item<R: Read>(
        &mut self,
        source: &mut Source<R>,
        options: &ReadOptions,
    ) -> io::Result<Option<Item>> {
        while !self.ended {
            let start = source.offset();
            let limit = options
                .max_document_bytes
                .saturating_mul(ROW_BYTES_PER_TEXT_BYTE)
                .saturating_add(ROW_MARGIN_BYTES);
            let delimiter = self.header.as_ref().map_or(b',', |header| header.delimiter);
            let row = find_row(source, delimiter, limit)?;
            let range = |bytes: usize| SourceRange { start, end: start + bytes as u64 };
            match row {
                Row::End => self.ended = true,
                Row::TooLong => {
                    source.skip_line()?;
                    return Ok(Some(draft::too_large(SourceRange { start, end: source.offset() }, options)));
                }
                Row::Cut { bytes } => {
                    self.ended = true;
                    source.consume(bytes);
                    return Ok(Some(range(bytes).reject(RejectionReason::Truncated)));
                }
                Row::Whole { bytes } => {
                    let row = &source.unread()[..bytes];
                    let item = match &self.header {
                        _ if row.trim_ascii().is_empty() => None,
                        Some(header) => Some(item(row, header, range(bytes), options)),
                        None => {
                            self.header = Header::read(row);
                            self.ended = self.header.is_none();
                            self.ended.then(|| range(bytes).reject(no_header()))
                        }
                    };
                    source.consume(bytes);
                    if item.is_some() {
                        return Ok(item);
                    }
                }
            }
        }
        Ok(None)
    }
}

fn no_header() -> RejectionReason {
    let problem = "the first row names no column for the text and none for message id, date, channel or url";
    RejectionReason::Malformed { problem: problem.into() }
}

fn item(row: &[u8], header: &Header, range: SourceRange, options: &ReadOptions) -> Item {
    if let Err(error) = str::from_utf8(row) {
        return range.reject(draft::invalid_utf8(range.start + error.valid_up_to() as u64));
    }
    let Some(fields) = fields(row, header.delimiter) else {
        return range.reject(RejectionReason::Malformed { problem: "the row cannot be read".into() });
    };
    if fields.len() != header.columns.len() {
        let problem = format!("the row has {} columns, the header {}", fields.len(), header.columns.len());
        return range.reject(RejectionReason::Malformed { problem });
    }
    let mut message = Message::default();
    for (field, value) in header.columns.iter().zip(&fields) {
        if let (Some(field), Ok(value)) = (field, str::from_utf8(value)) {
            message.set(*field, value.to_owned());
        }
    }
    message.resolve_markdown();
    message.into_item(range, None, options)
}

enum Row {
    /// With the line end.
    Whole {
        bytes: usize,
    },
    /// The file ends inside quotes.
    Cut {
        bytes: usize,
    },
    TooLong,
    End,
}

/// Measures the next row: a line end inside quotes does not end it.
fn find_row<R: Read>(source: &mut Source<R>, delimiter: u8, limit: usize) -> io::Result<Row> {
    #[derive(PartialEq)]
    enum Place {
        FieldStart,
        Bare,
        Quoted,
    }
    let mut place = Place::FieldStart;
    let mut at = 0;
    loop {
        let unread = source.unread();
        while let Some(&byte) = unread.get(at) {
            match place {
                Place::FieldStart if byte == b'"' => {
                    place = Place::Quoted;
                    at += 1;
                }
                Place::FieldStart | Place::Bare => match memchr2(delimiter, b'\n', &unread[at..]) {
                    Some(found) if unread[at + found] == b'\n' => {
                        return Ok(Row::Whole { bytes: at + found + 1 });
                    }
                    Some(found) => {
                        at += found + 1;
                        place = Place::FieldStart;
                    }
                    None => {
                        at = unread.len();
                        place = Place::Bare;
                    }
                },
                Place::Quoted => {
                    // After a closing quote comes a bare end of the field, or a second quote that opens again.
                    at += memchr(b'"', &unread[at..]).map_or(unread.len() - at, |found| {
                        place = Place::FieldStart;
                        found + 1
                    });
                }
            }
        }
        if at > limit {
            return Ok(Row::TooLong);
        }
        if !source.fill()? {
            return Ok(match at {
                0 => Row::End,
                bytes if place == Place::Quoted => Row::Cut { bytes },
                bytes => Row::Whole { bytes },
            });
        }
    }
}
