//! Finds the messages in a stream of JSON, whatever is around them, without parsing or holding the rest.
//!
//! A message is an object in a list under the key `messages`, or in a list that is the whole file. What is inside it
//! is left to a parser: a message that does not parse is lost alone.

use std::io::{self, Read};

use memchr::{memchr, memchr3};

use crate::{
    draft::SourceRange,
    source::{Peek, Source},
};

/// Lists and objects around messages: an export has four.
const MAX_DEPTH: usize = 64;
/// Longest name of a chat or key that is remembered, in bytes.
const MAX_NAME_BYTES: usize = 4096;

/// What the scanner found next.
#[derive(Debug)]
pub(crate) enum Found {
    /// A message: the next `bytes` unread bytes of the source. The caller consumes them.
    Message { bytes: usize },
    /// A message longer than the limit; it is passed over.
    TooLong(SourceRange),
    /// A string broken by a line end; the scanner went on to the next message that starts like this one.
    Broken(SourceRange),
    /// The file ends in the middle.
    Truncated(SourceRange),
    /// Lists in lists in lists; the scanner stopped.
    TooDeep(SourceRange),
    /// The file has ended, whether or not it held a list of messages.
    End { held_messages: bool },
}

/// Where the scanner stands.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    stack: Vec<Frame>,
    key: Option<String>,
    held_messages: bool,
    indent: usize, // white space on the line before the next value
    stopped: bool,
}

#[derive(Debug)]
enum Frame {
    Object { name: Option<String> },
    List,
    Messages { chat: Option<String> },
}

impl Scanner {
    /// Returns the name of the chat whose messages are being read.
    pub(crate) fn chat(&self) -> Option<&str> {
        match self.stack.last() {
            Some(Frame::Messages { chat }) => chat.as_deref(),
            _ => None,
        }
    }

    pub(crate) fn next<R: Read>(
        &mut self,
        source: &mut Source<R>,
        max_message_bytes: usize,
    ) -> io::Result<Found> {
        loop {
            let start = source.offset();
            let Some(byte) = source.peek_byte()? else { return Ok(self.end(start)) };
            match byte {
                b'{' if matches!(self.stack.last(), Some(Frame::Messages { .. })) => {
                    return self.message(source, max_message_bytes);
                }
                b'{' => self.push(Frame::Object { name: None }),
                b'[' => {
                    let frame = self.list();
                    self.push(frame);
                }
                b'}' | b']' => {
                    self.stack.pop();
                    self.key = None;
                }
                b',' => self.key = None,
                b'"' => {
                    source.consume(1);
                    let Some(string) = read_string(source)? else {
                        return Ok(self.truncated(start, source.offset()));
                    };
                    self.string(&string);
                    continue;
                }
                b'\n' => self.indent = 0,
                b' ' | b'\t' => self.indent += 1,
                _ => {}
            }
            source.consume(1);
            if self.stack.len() > MAX_DEPTH {
                self.stopped = true;
                let end = source.skip_to_end()?;
                return Ok(Found::TooDeep(SourceRange { start, end }));
            }
        }
    }

    fn end(&mut self, at: u64) -> Found {
        if self.stack.is_empty() || self.stopped {
            Found::End { held_messages: self.held_messages || self.stopped }
        } else {
            self.truncated(at, at)
        }
    }

    fn truncated(&mut self, start: u64, end: u64) -> Found {
        self.stopped = true;
        Found::Truncated(SourceRange { start, end })
    }

    fn push(&mut self, frame: Frame) {
        self.stack.push(frame);
        self.key = None;
    }

    /// Returns the frame of a list that opens here.
    fn list(&mut self) -> Frame {
        let chat = match self.stack.last() {
            None => None,
            Some(Frame::Object { name }) if self.key.as_deref() == Some("messages") => name.clone(),
            Some(_) => return Frame::List,
        };
        self.held_messages = true;
        Frame::Messages { chat }
    }

    /// Takes a string outside of messages: a key, or the name of a chat.
    fn string(&mut self, string: &str) {
        let Some(Frame::Object { name }) = self.stack.last_mut() else { return };
        match self.key.take() {
            None => self.key = Some(string.to_owned()),
            Some(key) if key == "name" => *name = Some(string.to_owned()),
            Some(_) => {}
        }
    }

    /// Measures the message whose `{` is the next byte.
    fn message<R: Read>(&mut self, source: &mut Source<R>, max_message_bytes: usize) -> io::Result<Found> {
        let start = source.offset();
        let mut nesting = Nesting::default();
        let mut scanned = 0;
        loop {
            let step = nesting.advance(&source.unread()[scanned..]);
            match step {
                Step::Closed { bytes } if scanned + bytes > max_message_bytes => {
                    source.consume(scanned + bytes);
                    return Ok(Found::TooLong(SourceRange { start, end: source.offset() }));
                }
                Step::Closed { bytes } => return Ok(Found::Message { bytes: scanned + bytes }),
                Step::Broken => return self.skip_broken(source),
                Step::Open => scanned = source.unread().len(),
            }
            if scanned > max_message_bytes {
                source.consume(scanned);
                return self.skip_long(source, start, nesting);
            }
            if !source.fill()? {
                source.consume(scanned);
                return Ok(self.truncated(start, source.offset()));
            }
        }
    }

    fn skip_long<R: Read>(
        &mut self,
        source: &mut Source<R>,
        start: u64,
        mut nesting: Nesting,
    ) -> io::Result<Found> {
        while source.fill()? {
            match nesting.advance(source.unread()) {
                Step::Closed { bytes } => {
                    source.consume(bytes);
                    return Ok(Found::TooLong(SourceRange { start, end: source.offset() }));
                }
                Step::Broken => return self.skip_broken(source),
                Step::Open => source.consume(usize::MAX),
            }
        }
        Ok(self.truncated(start, source.offset()))
    }

    /// Moves to the next line that is an opening brace with the indent of this message's.
    fn skip_broken<R: Read>(&mut self, source: &mut Source<R>) -> io::Result<Found> {
        let start = source.offset();
        loop {
            source.skip_line()?;
            let end = source.offset();
            let found = Found::Broken(SourceRange { start, end });
            match source.peek_line(self.indent + 2)? {
                Peek::End => {
                    self.stopped = true;
                    return Ok(found);
                }
                Peek::TooLong => {}
                Peek::Line { content, .. } => {
                    let line = &source.unread()[..content];
                    let indent = line.len() - line.trim_ascii_start().len();
                    if line.trim_ascii() == b"{" && indent == self.indent {
                        return Ok(found);
                    }
                }
            }
        }
    }
}

/// Reads the rest of a string whose opening quote is consumed; `None` when the file ends in it.
///
/// Of a string longer than a name only the start is kept; of one that is no UTF-8, nothing.
fn read_string<R: Read>(source: &mut Source<R>) -> io::Result<Option<String>> {
    let mut raw = vec![b'"'];
    let mut escaped = false;
    while let Some(byte) = source.peek_byte()? {
        source.consume(1);
        if raw.len() < MAX_NAME_BYTES {
            raw.push(byte);
        }
        match byte {
            b'"' if !escaped => return Ok(Some(serde_json::from_slice(&raw).unwrap_or_default())),
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    Ok(None)
}

/// Follows braces, brackets and strings from the opening brace of a message to its closing one.
#[derive(Debug, Default)]
struct Nesting {
    depth: usize,
    place: Place,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    InString,
    AfterBackslash,
}

enum Step {
    /// The message ends after so many bytes.
    Closed { bytes: usize },
    /// A line ends inside a string.
    Broken,
    /// The message goes on.
    Open,
}

impl Nesting {
    fn advance(&mut self, bytes: &[u8]) -> Step {
        let mut at = 0;
        while at < bytes.len() {
            match self.place {
                Place::Outside => {
                    let byte = bytes[at];
                    at += 1;
                    match byte {
                        b'"' => self.place = Place::InString,
                        b'{' | b'[' => self.depth += 1,
                        b'}' | b']' => {
                            self.depth = self.depth.saturating_sub(1);
                            if self.depth == 0 {
                                return Step::Closed { bytes: at };
                            }
                        }
                        _ => {}
                    }
                }
                Place::InString => match memchr3(b'"', b'\\', b'\n', &bytes[at..]) {
                    None => return Step::Open,
                    Some(found) => {
                        at += found + 1;
                        match bytes[at - 1] {
                            b'"' => self.place = Place::Outside,
                            b'\\' => self.place = Place::AfterBackslash,
                            _ => return Step::Broken,
                        }
                    }
                },
                Place::AfterBackslash => {
                    at += 1;
                    self.place = Place::InString;
                }
            }
        }
        Step::Open
    }
}

/// Rewrites the escape `\xHH`, which some exports hold and JSON does not know, to `\u00HH`.
///
/// Read token by token: in `\\x` the backslash is escaped and `x` a letter. Returns `None` when there is none.
pub(crate) fn without_hex_escapes(json: &[u8]) -> Option<Vec<u8>> {
    memchr::memmem::find(json, b"\\x")?;
    let mut fixed = Vec::with_capacity(json.len() + 64);
    let mut rest = json;
    while let Some(at) = memchr(b'\\', rest) {
        fixed.extend_from_slice(&rest[..at]);
        let token = &rest[at..];
        let length = token.len().min(2);
        match token {
            [b'\\', b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                fixed.extend_from_slice(b"\\u00");
            }
            _ => fixed.extend_from_slice(&token[..length]),
        }
        rest = &token[length..];
    }
    fixed.extend_from_slice(rest);
    Some(fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hex_escapes_are_rewritten() {
        let fixed = |json: &str| without_hex_escapes(json.as_bytes()).map(|f| String::from_utf8(f).unwrap());
        assert_eq!(fixed(r#""a\x41b""#).as_deref(), Some(r#""a\u0041b""#));
        assert_eq!(fixed(r#""a\\x41b\n""#).as_deref(), Some(r#""a\\x41b\n""#));
        assert_eq!(fixed(r#""a\\\x41\\""#).as_deref(), Some(r#""a\\\u0041\\""#));
        assert_eq!(fixed(r#""a\xg1""#).as_deref(), Some(r#""a\xg1""#));
        assert_eq!(fixed(r#""ax41""#), None);
    }

    #[test]
    fn messages_are_found_wherever_they_are() {
        let found = |json: &str| {
            let mut source = Source::new(json.as_bytes());
            let mut scanner = Scanner::default();
            let mut messages = Vec::new();
            while let Found::Message { bytes } = scanner.next(&mut source, 1000).unwrap() {
                let message = String::from_utf8(source.unread()[..bytes].to_vec()).unwrap();
                messages.push((scanner.chat().map(ToOwned::to_owned), message));
                source.consume(bytes);
            }
            messages
        };
        let chat = |name: &str, message: &str| (Some(name.to_owned()), message.to_owned());
        assert_eq!(
            found(r#"{"name":"P\u0069er","messages":[{"a":"}"},{"b":[{}]}]}"#),
            [chat("Pier", r#"{"a":"}"}"#), chat("Pier", r#"{"b":[{}]}"#)]
        );
        assert_eq!(
            found(
                r#"{"about":"messages","chats":{"list":[{"name":"A","messages":[{}]},{"name":"B","messages":[]}]}}"#
            ),
            [chat("A", "{}")]
        );
        assert_eq!(found(r#"[{"text":"\"{"}, 7]"#), [(None, r#"{"text":"\"{"}"#.to_owned())]);
    }
}
