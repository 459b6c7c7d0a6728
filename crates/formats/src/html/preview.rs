//! The preview of a public channel, `t.me/s/…`: some twenty messages a page.

use dictum_core::{DocumentParts, Timestamp};
use scraper::{ElementRef, Html, Selector};

use super::{first, render, selector, words};
use crate::{
    Item, ReadOptions, SkipReason,
    draft::{self, SourceRange},
    names,
};

/// Stands in the first tag of every message.
pub(crate) const MARKER: &str = "tgme_widget_message_wrap";

#[derive(Debug)]
pub(super) struct Selectors {
    message: Selector,
    service: Selector,
    text: Selector,
    owner: Selector,
    forwarded_from: Selector,
    reply: Selector,
    time: Selector,
}

impl Selectors {
    pub(super) fn new() -> Self {
        Self {
            message: selector("[data-post]"),
            service: selector(".service_message"),
            text: selector(".tgme_widget_message_text:not(.js-message_reply_text)"),
            owner: selector(".tgme_widget_message_owner_name"),
            forwarded_from: selector(".tgme_widget_message_forwarded_from_name"),
            reply: selector("a.tgme_widget_message_reply"),
            // The length of a video is a time as well, without the attribute.
            time: selector(".tgme_widget_message_date time[datetime]"),
        }
    }

    pub(super) fn item(&self, html: &Html, range: SourceRange, options: &ReadOptions) -> Item {
        if first(html, &self.service).is_some() {
            return range.skip(SkipReason::Service);
        }
        let Some(text) = self.text_element(html) else {
            return range.skip(SkipReason::NoText);
        };
        let post = first(html, &self.message).and_then(|message| message.attr("data-post"));
        let (short_name, message_id) = post.and_then(|post| post.split_once('/')).unzip();
        let name = |selector| first(html, selector).map(words).as_deref().and_then(names::channel);
        let own_name = || name(&self.owner).or_else(|| short_name.map(ToOwned::to_owned));
        let time = first(html, &self.time).and_then(|time| time.attr("datetime"));
        let parts = DocumentParts {
            channel: options.channel.clone().or_else(own_name),
            forwarded_from: name(&self.forwarded_from),
            url: post.map(|post| format!("https://t.me/{post}")),
            message_id: message_id.map(ToOwned::to_owned),
            reply_to_message_id: first(html, &self.reply).and_then(replied_to),
            publish_time: time.and_then(|time| time.parse::<Timestamp>().ok()),
            source_start_byte: range.start,
            ..Default::default()
        };
        let text = render::text(text, render::Layout::Message, |_| false);
        draft::from_text(&text, range, parts, options)
    }

    /// Returns the innermost text: an album's caption is a text inside a text of the same class.
    fn text_element<'h>(&self, html: &'h Html) -> Option<ElementRef<'h>> {
        let mut element = html.select(&self.text).find(|text| !self.is_in_quote(*text))?;
        while let Some(inner) = element.select(&self.text).find(|inner| *inner != element) {
            element = inner;
        }
        Some(element)
    }

    fn is_in_quote(&self, element: ElementRef<'_>) -> bool {
        element.ancestors().filter_map(ElementRef::wrap).any(|ancestor| self.reply.matches(&ancestor))
    }
}

/// Returns the message id at the end of a link: `https://t.me/Chan/12?single`.
fn replied_to(link: ElementRef<'_>) -> Option<String> {
    let address = link.attr("href")?.split('?').next()?;
    let id = address.rsplit('/').next()?;
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then(|| id.to_owned())
}
