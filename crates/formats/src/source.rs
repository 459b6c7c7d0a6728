//! A byte source read piece by piece: what is unread, where it stands in the file, and where its lines end.
//!
//! Memory is bounded by what a caller asks to see at once; nothing here knows a format.

use std::io::{self, ErrorKind, Read};

use memchr::memchr;

/// Bytes asked of the reader at a time.
const CHUNK_BYTES: usize = 128 * 1024;

/// A reader with a window on its next bytes.
#[derive(Debug)]
pub(crate) struct Source<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,  // Invariant: start <= filled <= buffer.len().
    filled: usize, // buffer[start..filled] is read and not yet consumed.
    offset: u64,   // of buffer[start] in the file
    ended: bool,
    failed: Option<io::Error>, // met while peeking, to be reported when the bytes before it are used up
}

/// What stands at the window's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peek {
    /// A line: its bytes without and with the `\n` that ends it.
    Line { content: usize, total: usize },
    /// A line longer than the limit.
    TooLong,
    /// Nothing: the source has ended.
    End,
}

impl<R: Read> Source<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, filled: 0, offset: 0, ended: false, failed: None }
    }

    /// Returns the bytes that are read and not consumed.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.filled]
    }

    /// Returns the place in the file of the first unread byte.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Moves past `count` unread bytes.
    pub(crate) fn consume(&mut self, count: usize) {
        let count = count.min(self.filled - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// Reads more into the window; returns false when the source has ended.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 && self.buffer.len() - self.filled < CHUNK_BYTES {
            self.buffer.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.filled < CHUNK_BYTES {
            let doubled = self.buffer.len().saturating_mul(2);
            self.buffer.resize(doubled.max(self.filled + CHUNK_BYTES), 0);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.filled..]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
            return Ok(!self.ended);
        }
    }

    /// Reads until `count` bytes are unread or the source has ended, and returns what is unread.
    pub(crate) fn fill_to(&mut self, count: usize) -> io::Result<&[u8]> {
        while self.filled - self.start < count && self.fill()? {}
        Ok(self.unread())
    }

    /// Looks at up to `count` bytes ahead. An error of the reader waits until they are used up.
    pub(crate) fn peek(&mut self, count: usize) -> &[u8] {
        if let Err(error) = self.fill_to(count) {
            self.failed = Some(error);
        }
        self.unread()
    }

    /// Moves past everything and returns the place of the source's end.
    pub(crate) fn skip_to_end(&mut self) -> io::Result<u64> {
        loop {
            self.consume(usize::MAX);
            if !self.fill()? {
                return Ok(self.offset);
            }
        }
    }

    /// Looks at the next byte; `None` at the end.
    pub(crate) fn peek_byte(&mut self) -> io::Result<Option<u8>> {
        if self.start == self.filled {
            self.fill()?;
        }
        Ok(self.unread().first().copied())
    }

    /// Looks at the next line, of at most `limit` bytes without its end.
    pub(crate) fn peek_line(&mut self, limit: usize) -> io::Result<Peek> {
        let mut searched = 0;
        loop {
            let unread = self.unread();
            if let Some(at) = memchr(b'\n', &unread[searched..]) {
                let content = searched + at;
                return Ok(if content > limit {
                    Peek::TooLong
                } else {
                    Peek::Line { content, total: content + 1 }
                });
            }
            searched = unread.len();
            if searched > limit {
                return Ok(Peek::TooLong);
            }
            if !self.fill()? {
                return Ok(match searched {
                    0 => Peek::End,
                    content => Peek::Line { content, total: content },
                });
            }
        }
    }

    /// Moves past the next line, however long, without holding it.
    pub(crate) fn skip_line(&mut self) -> io::Result<()> {
        loop {
            if let Some(at) = memchr(b'\n', self.unread()) {
                self.consume(at + 1);
                return Ok(());
            }
            self.consume(usize::MAX);
            if !self.fill()? {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_they_end() {
        let mut source = Source::new(&b"one\r\n\nlonger than ten\nend"[..]);
        assert_eq!(source.peek_line(10).unwrap(), Peek::Line { content: 4, total: 5 });
        source.consume(5);
        assert_eq!(source.peek_line(10).unwrap(), Peek::Line { content: 0, total: 1 });
        source.consume(1);
        assert_eq!(source.peek_line(10).unwrap(), Peek::TooLong);
        source.skip_line().unwrap();
        assert_eq!(source.offset(), 22);
        assert_eq!(source.peek_line(10).unwrap(), Peek::Line { content: 3, total: 3 });
        source.consume(3);
        assert_eq!(source.peek_line(10).unwrap(), Peek::End);
    }
}
