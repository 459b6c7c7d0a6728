//! Pages: a channel's preview (`t.me/s/…`), Telegram Desktop's HTML export, articles.

mod article;
mod blocks;
mod export;
mod guard;
mod preview;
mod render;

use std::{
    io::{self, Read},
    str,
};

use memchr::memmem;
use scraper::{ElementRef, Html, Selector};

use crate::{
    Item, ReadOptions, RejectionReason,
    draft::{self, SourceRange},
    source::Source,
};
use blocks::{Block, Blocks};

pub(crate) use article::read_article;
pub(crate) use export::MARKER as EXPORT_MARKER;
pub(crate) use preview::MARKER as PREVIEW_MARKER;

/// Bytes of markup around a text and how often it may stand in a block.
const BLOCK_MARGIN_BYTES: usize = 256 * 1024;
const BLOCK_BYTES_PER_TEXT_BYTE: usize = 4;

/// Reads a page with many messages, one after another.
#[derive(Debug)]
pub(crate) struct PageReader {
    blocks: Blocks,
    page: Page,
}

/// Which kind of page, with what its head says.
#[derive(Debug)]
enum Page {
    Preview,
    Export { chat: Option<String> },
}

impl PageReader {
    pub(crate) fn preview() -> Self {
        Self { blocks: Blocks::new(preview::MARKER), page: Page::Preview }
    }

    pub(crate) fn export() -> Self {
        Self { blocks: Blocks::new(export::MARKER), page: Page::Export { chat: None } }
    }

    pub(crate) fn next_item<R: Read>(
        &mut self,
        source: &mut Source<R>,
        options: &ReadOptions,
    ) -> io::Result<Option<Item>> {
        loop {
            match self.blocks.next(source, max_block_bytes(options))? {
                Block::End => return Ok(None),
                Block::TooLong(range) => return Ok(Some(draft::too_large(range, options))),
                Block::Head { bytes } => {
                    if let Page::Export { chat } = &mut self.page
                        && let Ok(head) = checked(&source.unread()[..bytes], 0)
                    {
                        *chat = export::chat(&Html::parse_document(head));
                    }
                    source.consume(bytes);
                }
                Block::Message { bytes, last } => {
                    let start = source.offset();
                    let range = SourceRange { start, end: start + bytes as u64 };
                    let item = self.item(&source.unread()[..bytes], range, last, options);
                    source.consume(bytes);
                    return Ok(Some(item));
                }
            }
        }
    }

    fn item(&self, block: &[u8], range: SourceRange, last: bool, options: &ReadOptions) -> Item {
        let html = match checked(block, range.start) {
            Ok(html) => Html::parse_fragment(html),
            Err(reason) => return range.reject(reason),
        };
        if last && is_cut_off(block) {
            return range.reject(RejectionReason::Truncated);
        }
        match &self.page {
            Page::Preview => preview::item(&html, range, options),
            Page::Export { chat } => export::item(&html, chat.as_deref(), range, options),
        }
    }
}

fn max_block_bytes(options: &ReadOptions) -> usize {
    options.max_document_bytes.saturating_mul(BLOCK_BYTES_PER_TEXT_BYTE).saturating_add(BLOCK_MARGIN_BYTES)
}

/// Returns the part of a page that starts at `start` as text to parse, unless its bytes or its markup are bad.
fn checked(html: &[u8], start: u64) -> Result<&str, RejectionReason> {
    let text =
        str::from_utf8(html).map_err(|error| draft::invalid_utf8(start + error.valid_up_to() as u64))?;
    if !guard::is_tame(text) {
        return Err(RejectionReason::NestedTooDeep);
    }
    Ok(text)
}

/// Returns whether the file ends in the middle of its last block: more elements are opened in it than closed, and the
/// page's end is missing.
fn is_cut_off(block: &[u8]) -> bool {
    let count = |tag: &[u8]| memmem::find_iter(block, tag).count();
    memmem::find(block, b"</html").is_none() && count(b"<div") > count(b"</div")
}

/// Returns the text of a piece of HTML that a feed carries, or `None` when its markup is hostile.
///
/// Without a tag it is plain text, whose line ends count.
pub(crate) fn fragment_text(html: &str) -> Option<String> {
    let has_tags = html.as_bytes().windows(2).any(|pair| pair[0] == b'<' && pair[1].is_ascii_alphabetic());
    if !has_tags {
        return Some(html.to_owned());
    }
    let rendered =
        || render::text(Html::parse_fragment(html).root_element(), render::Layout::Message, |_| false);
    guard::is_tame(html).then(rendered)
}

/// Returns the selector of a rule that is part of the program.
fn selector(rule: &str) -> Selector {
    Selector::parse(rule).expect("the selectors of this crate are valid")
}

/// Returns the elements in the order of the page.
fn elements(html: &Html) -> impl Iterator<Item = ElementRef<'_>> {
    html.tree.root().descendants().filter_map(ElementRef::wrap)
}

/// Returns the classes of an element. Messages are read by these and not by selectors, which is faster.
fn classes(element: ElementRef<'_>) -> impl Iterator<Item = &str> {
    element.attr("class").unwrap_or_default().split_ascii_whitespace()
}

fn is_inside(element: ElementRef<'_>, outer: ElementRef<'_>) -> bool {
    element.ancestors().any(|ancestor| ancestor.id() == outer.id())
}

fn first<'h>(html: &'h Html, selector: &Selector) -> Option<ElementRef<'h>> {
    html.select(selector).next()
}

/// Returns the words of an element on one line.
fn words(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}
