//! An article as a page: its title and its main text, without the page around them.

use std::io::{self, Read};

use dictum_core::DocumentParts;
use scraper::{ElementRef, Html};

use super::{checked, first, max_block_bytes, render, selector, words};
use crate::{
    Item, ReadOptions, SkipReason,
    draft::{self, SourceRange},
    source::Source,
    time,
};

/// Where the main text of a page may be, surest first.
const MAIN: [&str; 6] = [
    "[itemprop=articleBody]",
    "article",
    "main",
    "[role=main]",
    "#content, .content, .post, .entry-content",
    "body",
];
/// Characters of the least text that is a main text: a teaser or an empty shell is none.
const MIN_MAIN_CHARS: usize = 200;
/// Parts of one kind that are looked at: a page of teasers has hundreds.
const MAX_PARTS: usize = 16;
/// What is in the main part of a page and is no text. A header that holds the heading is left out as well: the title
/// is put before the text.
const FURNITURE: &str = "nav, header, footer, aside, form, button, select, figure, dialog, menu, [hidden], \
                         [aria-hidden=true], [role=navigation], [role=complementary]";

/// Reads what is left of the source as one article.
pub(crate) fn read_article<R: Read>(
    source: &mut Source<R>,
    options: &ReadOptions,
) -> io::Result<Option<Item>> {
    let start = source.offset();
    let limit = max_block_bytes(options);
    let page = source.fill_to(limit.saturating_add(1))?;
    if page.is_empty() {
        return Ok(None);
    }
    if page.len() > limit {
        let end = source.skip_to_end()?;
        return Ok(Some(draft::too_large(SourceRange { start, end }, options)));
    }
    let range = SourceRange { start, end: start + page.len() as u64 };
    let item = match checked(page, start) {
        Ok(html) => article(&Html::parse_document(html), range, options),
        Err(reason) => range.reject(reason),
    };
    source.consume(usize::MAX);
    Ok(Some(item))
}

fn article(html: &Html, range: SourceRange, options: &ReadOptions) -> Item {
    let title = title(html);
    let body = main_text(html);
    if body.is_empty() {
        return range.skip(SkipReason::NoText);
    }
    let text = match &title {
        Some(title) if !body.starts_with(title.as_str()) => format!("{title}\n\n{body}"),
        _ => body,
    };
    let attribute = |rule: &str, name: &str| first(html, &selector(rule)).and_then(|e| e.attr(name));
    let time = attribute("meta[property='article:published_time']", "content")
        .or_else(|| attribute("[itemprop=datePublished]", "content"))
        .or_else(|| attribute("article time[datetime]", "datetime"));
    let url =
        attribute("link[rel=canonical]", "href").or_else(|| attribute("meta[property='og:url']", "content"));
    let parts = DocumentParts {
        channel: options.channel.clone(),
        url: url.filter(|url| url.starts_with("http")).map(ToOwned::to_owned),
        publish_time: time.and_then(|time| time::instant(time, options.time_zone.as_ref())),
        source_title: title,
        source_start_byte: range.start,
        ..Default::default()
    };
    draft::from_text(&text, range, parts, options)
}

fn title(html: &Html) -> Option<String> {
    let headings: Vec<ElementRef<'_>> = html.select(&selector("h1")).take(2).collect();
    let heading = match headings[..] {
        [only] => Some(words(only)),
        _ => None, // none, or one of them is the site's name
    };
    heading
        .filter(|title| !title.is_empty())
        .or_else(|| {
            first(html, &selector("meta[property='og:title']"))?.attr("content").map(ToOwned::to_owned)
        })
        .or_else(|| first(html, &selector("article h1, main h1, h1, title")).map(words))
        .filter(|title| !title.is_empty())
}

/// Returns the text of the surest part of the page that has enough of it, else the longest.
fn main_text(html: &Html) -> String {
    let furniture = selector(FURNITURE);
    let mut best = String::new();
    for rule in MAIN {
        let rule = selector(rule);
        let parts = html.select(&rule).take(MAX_PARTS);
        let texts = parts.map(|part| render::text(part, render::Layout::Page, |e| furniture.matches(&e)));
        let longest = texts.max_by_key(String::len).unwrap_or_default();
        if longest.chars().count() >= MIN_MAIN_CHARS {
            return longest;
        }
        if longest.len() > best.len() {
            best = longest;
        }
    }
    best
}
