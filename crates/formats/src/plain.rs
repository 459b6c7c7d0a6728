//! Plain text: the whole source file is one document.

use std::io::{self, Read};

use dictum_core::DocumentParts;

use crate::{
    Item, ReadOptions,
    draft::{self, SourceRange},
    source::Source,
};

/// Bytes of white space around a text that do not count against the limit of one document.
const BLANK_MARGIN_BYTES: usize = 64 * 1024;

/// Reads what is left of the source as one document.
pub(crate) fn read_all<R: Read>(source: &mut Source<R>, options: &ReadOptions) -> io::Result<Option<Item>> {
    let start = source.offset();
    let limit = options.max_document_bytes.saturating_add(BLANK_MARGIN_BYTES);
    let window = source.fill_to(limit.saturating_add(1))?;
    if window.is_empty() {
        return Ok(None);
    }
    if window.len() > limit {
        let end = source.skip_to_end()?;
        return Ok(Some(draft::too_large(SourceRange { start, end }, options)));
    }
    let range = SourceRange { start, end: start + window.len() as u64 };
    let parts = DocumentParts { channel: options.channel.clone(), ..Default::default() };
    let item = draft::from_slice(window, start, range, parts, options);
    source.consume(usize::MAX);
    Ok(Some(item))
}
