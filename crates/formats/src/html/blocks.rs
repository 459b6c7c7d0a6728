//! Cuts a page with many messages into blocks of one, so that a page of any length is read in bounded memory.

use std::io::{self, Read};

use memchr::memmem;

use crate::{draft::SourceRange, source::Source};

/// Bytes at the start of a block's tag before its marker: `<div class="`.
const MAX_TAG_BYTES: usize = 256;

/// What comes next in the page.
#[derive(Debug)]
pub(super) enum Block {
    /// The page before its first message: the next `bytes` unread bytes, of which the caller consumes none.
    Head { bytes: usize },
    /// A message: likewise.
    Message { bytes: usize, last: bool },
    /// A message longer than the limit; it is passed over.
    TooLong(SourceRange),
    /// Nothing.
    End,
}

/// Finds the places of one marker, which stands in the first tag of every message.
#[derive(Debug)]
pub(super) struct Blocks {
    marker: &'static str,
    before_first: bool,
}

impl Blocks {
    pub(super) fn new(marker: &'static str) -> Self {
        Self { marker, before_first: true }
    }

    /// Returns the next block, and passes over one that is too long.
    pub(super) fn next<R: Read>(
        &mut self,
        source: &mut Source<R>,
        max_block_bytes: usize,
    ) -> io::Result<Block> {
        if self.before_first {
            self.before_first = false;
            match self.find(source, 0, max_block_bytes)? {
                Some(bytes) if bytes <= max_block_bytes => return Ok(Block::Head { bytes }),
                _ => self.skip(source)?, // a head of that length has nothing to say
            }
        }
        if source.fill_to(1)?.is_empty() {
            return Ok(Block::End);
        }
        let start = source.offset();
        let own = MAX_TAG_BYTES + self.marker.len();
        let own =
            memmem::find(source.fill_to(own)?, self.marker.as_bytes()).map_or(0, |at| at + self.marker.len());
        match self.find(source, own, max_block_bytes)? {
            Some(bytes) if bytes <= max_block_bytes => return Ok(Block::Message { bytes, last: false }),
            None if source.unread().len() <= max_block_bytes => {
                return Ok(Block::Message { bytes: source.unread().len(), last: true });
            }
            _ => source.consume(own),
        }
        self.skip(source)?;
        Ok(Block::TooLong(SourceRange { start, end: source.offset() }))
    }

    /// Returns the start of the next tag with the marker, which is looked for from byte `from` on; `None` when there
    /// is none in the file or, as far as one can see, within the limit.
    fn find<R: Read>(&self, source: &mut Source<R>, from: usize, limit: usize) -> io::Result<Option<usize>> {
        let mut searched = from;
        loop {
            let unread = source.unread();
            if let Some(at) = memmem::find(unread.get(searched..).unwrap_or_default(), self.marker.as_bytes())
            {
                let start = tag_start(unread, searched + at);
                if from == 0 || start > 0 {
                    return Ok(Some(start));
                }
                // A marker that stands twice in the block's own tag starts no other.
                searched += at + self.marker.len();
                continue;
            }
            searched = searched.max(unread.len().saturating_sub(self.marker.len()));
            if unread.len() > limit || !source.fill()? {
                return Ok(None);
            }
        }
    }

    /// Moves to the next tag with the marker without holding what is before it.
    fn skip<R: Read>(&self, source: &mut Source<R>) -> io::Result<()> {
        loop {
            let unread = source.unread();
            if let Some(marker) = memmem::find(unread, self.marker.as_bytes()) {
                let start = tag_start(unread, marker);
                source.consume(start);
                return Ok(());
            }
            let kept = MAX_TAG_BYTES + self.marker.len();
            source.consume(unread.len().saturating_sub(kept));
            if !source.fill()? {
                source.consume(usize::MAX);
                return Ok(());
            }
        }
    }
}

/// Returns where the tag starts that holds the byte `at`.
fn tag_start(bytes: &[u8], at: usize) -> usize {
    let from = at.saturating_sub(MAX_TAG_BYTES);
    memchr::memrchr(b'<', &bytes[from..at]).map_or(at, |found| from + found)
}
