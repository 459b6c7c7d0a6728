//! Telegram Desktop's export of a chat as HTML: a thousand messages a file.

use dictum_core::{DocumentParts, Timestamp};
use jiff::{civil::DateTime, fmt::strtime, tz::TimeZone};
use scraper::{ElementRef, Html, Selector};

use super::{first, render, selector, words};
use crate::{
    Item, ReadOptions, SkipReason,
    draft::{self, SourceRange},
    names, time,
};

/// Stands in the first tag of every message.
pub(crate) const MARKER: &str = "class=\"message ";

#[derive(Debug)]
pub(super) struct Selectors {
    chat: Selector,
    message: Selector,
    service: Selector,
    forwarded: Selector,
    from_name: Selector,
    text: Selector,
    date: Selector,
    reply: Selector,
}

/// What a page says once for all its messages.
#[derive(Debug, Default)]
pub(super) struct Context {
    pub(super) chat: Option<String>,
}

impl Selectors {
    pub(super) fn new() -> Self {
        Self {
            chat: selector(".page_header .text"),
            message: selector(".message"),
            service: selector(".message.service"),
            forwarded: selector(".forwarded.body"),
            from_name: selector(".from_name"),
            text: selector(".text"),
            date: selector(".date.details[title]"),
            reply: selector(".reply_to a[href]"),
        }
    }

    /// Returns the name of the chat from the head of the page.
    pub(super) fn chat(&self, head: &Html) -> Option<String> {
        first(head, &self.chat).map(words).as_deref().and_then(names::channel)
    }

    pub(super) fn item(
        &self,
        html: &Html,
        context: &Context,
        range: SourceRange,
        options: &ReadOptions,
    ) -> Item {
        if first(html, &self.service).is_some() {
            return range.skip(SkipReason::Service);
        }
        let forwarded = first(html, &self.forwarded);
        let text = match forwarded {
            Some(forwarded) => forwarded.select(&self.text).next(),
            None => first(html, &self.text),
        };
        let Some(text) = text else {
            return range.skip(SkipReason::NoText);
        };
        let id = first(html, &self.message).and_then(|message| message.attr("id"));
        let reply = first(html, &self.reply).and_then(|link| link.attr("href"));
        let forwarded_name = forwarded.and_then(|forwarded| forwarded.select(&self.from_name).next());
        let date = first(html, &self.date).and_then(|date| date.attr("title"));
        let parts = DocumentParts {
            channel: options.channel.clone().or_else(|| context.chat.clone()),
            forwarded_from: forwarded_name.map(own_words).as_deref().and_then(names::channel),
            message_id: id.map(|id| id.trim_start_matches("message").to_owned()),
            reply_to_message_id: reply
                .and_then(|link| link.split_once("#go_to_message"))
                .map(|(_, id)| id.to_owned()),
            publish_time: date.and_then(|date| instant(date, options.time_zone.as_ref())),
            source_start_byte: range.start,
            ..Default::default()
        };
        let text = render::text(text, render::Layout::Message, |_| false);
        draft::from_text(&text, range, parts, options)
    }
}

/// Returns the words of the element without those of the elements in it: a forwarded name is followed by its date.
fn own_words(element: ElementRef<'_>) -> String {
    element.children().filter_map(|child| child.value().as_text().map(|text| &**text)).collect::<String>()
}

/// Reads `07.06.2031 11:30:00 UTC+02:00`; old exports leave the zone out.
fn instant(text: &str, zone: Option<&TimeZone>) -> Option<Timestamp> {
    if let Some((time, offset)) = text.split_once(" UTC") {
        return strtime::parse("%d.%m.%Y %H:%M:%S%:z", format!("{time}{offset}")).ok()?.to_timestamp().ok();
    }
    time::civil(DateTime::strptime("%d.%m.%Y %H:%M:%S", text).ok()?, zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_with_a_zone_is_an_instant() {
        let read = |text, zone| instant(text, zone).map(|instant| instant.to_string());
        let expected = Some("2031-06-07T09:30:00Z".to_owned());
        assert_eq!(read("07.06.2031 11:30:00 UTC+02:00", None), expected);
        assert_eq!(read("07.06.2031 11:30:00", None), None);
        assert_eq!(read("07.06.2031 11:30:00", Some(&TimeZone::fixed(jiff::tz::offset(2)))), expected);
    }
}
