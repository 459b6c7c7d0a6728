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

/// Rows with an unclosed quote after which reading goes on with the next line: each costs a look at the rest.
const MAX_UNCLOSED_QUOTES: usize = 8;

/// Reads a table row by row.
#[derive(Debug, Default)]
pub(crate) struct TableReader {
    header: Option<Header>,
    unclosed_quotes: usize,
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
                    return Ok(Some(draft::too_large(SourceRange { start, end: source.offset() }, options)));
                }
                Row::Cut { .. } if self.unclosed_quotes < MAX_UNCLOSED_QUOTES => {
                    // Either the file is cut off, or a stray quote hides the rows behind it.
                    self.unclosed_quotes += 1;
                    source.skip_line()?;
                    let problem = "a quote is never closed".into();
                    let range = SourceRange { start, end: source.offset() };
                    return Ok(Some(range.reject(RejectionReason::Malformed { problem })));
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
    /// Longer than the limit; it is passed over.
    TooLong,
    End,
}

/// Measures the next row: a line end inside quotes does not end it.
fn find_row<R: Read>(source: &mut Source<R>, delimiter: u8, limit: usize) -> io::Result<Row> {
    let mut row = Quoting::default();
    let mut scanned = 0;
    loop {
        if let Some(end) = row.advance(&source.unread()[scanned..], delimiter) {
            let bytes = scanned + end;
            if bytes > limit {
                source.consume(bytes);
                return Ok(Row::TooLong);
            }
            return Ok(Row::Whole { bytes });
        }
        scanned = source.unread().len();
        if scanned > limit {
            return skip_row(source, row, delimiter);
        }
        if !source.fill()? {
            return Ok(match scanned {
                0 => Row::End,
                bytes if row == Quoting::Quoted => Row::Cut { bytes },
                bytes => Row::Whole { bytes },
            });
        }
    }
}

/// Moves past a row whose start is scanned, without holding it.
fn skip_row<R: Read>(source: &mut Source<R>, mut row: Quoting, delimiter: u8) -> io::Result<Row> {
    source.consume(usize::MAX);
    while source.fill()? {
        let end = row.advance(source.unread(), delimiter);
        source.consume(end.unwrap_or(usize::MAX));
        if end.is_some() {
            break;
        }
    }
    Ok(Row::TooLong)
}

/// Where in a row the reader stands.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    #[default]
    FieldStart,
    Bare,
    Quoted,
}

impl Quoting {
    /// Returns the bytes up to the row's end, line end included, if it is here.
    fn advance(&mut self, bytes: &[u8], delimiter: u8) -> Option<usize> {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match self {
                Self::FieldStart if byte == b'"' => {
                    *self = Self::Quoted;
                    at += 1;
                }
                Self::FieldStart | Self::Bare => match memchr2(delimiter, b'\n', &bytes[at..]) {
                    Some(found) if bytes[at + found] == b'\n' => return Some(at + found + 1),
                    Some(found) => {
                        at += found + 1;
                        *self = Self::FieldStart;
                    }
                    None => {
                        at = bytes.len();
                        *self = Self::Bare;
                    }
                },
                Self::Quoted => match memchr(b'"', &bytes[at..]) {
                    // After a closing quote the field ends, or a second quote opens it again.
                    Some(found) => {
                        at += found + 1;
                        *self = Self::FieldStart;
                    }
                    None => at = bytes.len(),
                },
            }
        }
        None
    }
}
