//! The preview of a public channel, `t.me/s/…`: some twenty messages a page.

use dictum_core::{DocumentParts, Timestamp};
use scraper::{ElementRef, Html};

use super::{classes, elements, is_inside, render, words};
use crate::{
    Item, ReadOptions, SkipReason,
    draft::{self, SourceRange},
    names,
};

/// Stands in the first tag of every message.
pub(crate) const MARKER: &str = "tgme_widget_message_wrap";

/// The elements of a message that say something; of each the first.
#[derive(Default)]
struct Found<'h> {
    is_service: bool,
    post: Option<&'h str>, // short name of the channel and message id: `pier/12`
    text: Option<ElementRef<'h>>,
    owner: Option<ElementRef<'h>>,
    forwarded_from: Option<ElementRef<'h>>,
    reply: Option<ElementRef<'h>>,
    time: Option<&'h str>,
}

impl<'h> Found<'h> {
    fn look_at(&mut self, element: ElementRef<'h>) {
        if let Some(post) = element.attr("data-post") {
            self.post.get_or_insert(post);
        }
        for class in classes(element) {
            match class {
                "service_message" => self.is_service = true,
                "tgme_widget_message_text" => self.look_at_text(element),
                "tgme_widget_message_owner_name" => _ = self.owner.get_or_insert(element),
                "tgme_widget_message_forwarded_from_name" => _ = self.forwarded_from.get_or_insert(element),
                "tgme_widget_message_reply" => _ = self.reply.get_or_insert(element),
                // The length of a video is a time as well, but not inside the date.
                "tgme_widget_message_date" => {
                    let times = element.descendent_elements().filter_map(|inner| inner.attr("datetime"));
                    self.time = self.time.or(times.last());
                }
                _ => {}
            }
        }
    }

    /// Takes the first text, and the innermost: an album's caption is a text inside a text of the same class. The
    /// words of the message that this one answers are a text as well, inside the link to it.
    fn look_at_text(&mut self, element: ElementRef<'h>) {
        let is_quote = self.reply.is_some_and(|reply| is_inside(element, reply))
            || classes(element).any(|class| class == "js-message_reply_text");
        if !is_quote && self.text.is_none_or(|text| is_inside(element, text)) {
            self.text = Some(element);
        }
    }
}

/// Turns a block of the page into an item.
pub(super) fn item(html: &Html, range: SourceRange, options: &ReadOptions) -> Item {
    let mut found = Found::default();
    elements(html).for_each(|element| found.look_at(element));
    if found.is_service {
        return range.skip(SkipReason::Service);
    }
    let Some(text) = found.text else {
        return range.skip(SkipReason::NoText);
    };
    let (short_name, message_id) = found.post.and_then(|post| post.split_once('/')).unzip();
    let name = |element: Option<ElementRef<'_>>| element.map(words).as_deref().and_then(names::channel);
    let own_name = || name(found.owner).or_else(|| short_name.map(ToOwned::to_owned));
    let parts = DocumentParts {
        channel: options.channel.clone().or_else(own_name),
        forwarded_from: name(found.forwarded_from),
        url: found.post.map(|post| format!("https://t.me/{post}")),
        message_id: message_id.map(ToOwned::to_owned),
        reply_to_message_id: found.reply.and_then(replied_to),
        publish_time: found.time.and_then(|time| time.parse::<Timestamp>().ok()),
        source_start_byte: range.start,
        ..Default::default()
    };
    let text = render::text(text, render::Layout::Message, |_| false);
    draft::from_text(&text, range, parts, options)
}

/// Returns the message id at the end of a link: `https://t.me/Chan/12?single`.
fn replied_to(link: ElementRef<'_>) -> Option<String> {
    let address = link.attr("href")?.split('?').next()?;
    let id = address.rsplit('/').next()?;
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then(|| id.to_owned())
}
