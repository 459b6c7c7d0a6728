//! Telegram Desktop's export of a chat as HTML: a thousand messages a file.

use dictum_core::{DocumentParts, Timestamp};
use jiff::{civil::DateTime, fmt::strtime, tz::TimeZone};
use scraper::{ElementRef, Html};

use super::{classes, elements, is_inside, render, words};
use crate::{
    Item, ReadOptions, SkipReason,
    draft::{self, SourceRange},
    names, time,
};

/// Stands in the first tag of every message.
pub(crate) const MARKER: &str = "class=\"message ";

/// The elements of a message that say something; of each the first.
#[derive(Default)]
struct Found<'h> {
    is_service: bool,
    message_id: Option<&'h str>,
    date: Option<&'h str>,
    reply: Option<&'h str>,
    forwarded: Option<ElementRef<'h>>,
    forwarded_from: Option<ElementRef<'h>>,
    text: Option<ElementRef<'h>>,
}

impl<'h> Found<'h> {
    fn look_at(&mut self, element: ElementRef<'h>) {
        let is_forwarded = |found: &Self| found.forwarded.is_some_and(|body| is_inside(element, body));
        for class in classes(element) {
            match class {
                "service" => self.is_service = true,
                "message" => self.message_id = self.message_id.or(element.attr("id")),
                "date" => self.date = self.date.or(element.attr("title")),
                "reply_to" => {
                    self.reply = element.descendent_elements().find_map(|inner| inner.attr("href"));
                }
                "forwarded" => _ = self.forwarded.get_or_insert(element),
                "from_name" if is_forwarded(self) => _ = self.forwarded_from.get_or_insert(element),
                "text" => _ = self.text.get_or_insert(element),
                _ => {}
            }
        }
    }
}

/// Returns the name of the chat from the head of the page.
pub(super) fn chat(head: &Html) -> Option<String> {
    let has_class = |element: &ElementRef<'_>, wanted: &str| classes(*element).any(|class| class == wanted);
    let header = elements(head).find(|element| has_class(element, "page_header"))?;
    let name = header.descendent_elements().find(|element| has_class(element, "text"))?;
    names::channel(&words(name))
}

/// Turns a block of the page into an item. `chat` is the name that the page gives to the chat.
pub(super) fn item(html: &Html, chat: Option<&str>, range: SourceRange, options: &ReadOptions) -> Item {
    let mut found = Found::default();
    elements(html).for_each(|element| found.look_at(element));
    if found.is_service {
        return range.skip(SkipReason::Service);
    }
    let Some(text) = found.text else {
        return range.skip(SkipReason::NoText);
    };
    let reply = found.reply.and_then(|link| link.split_once("#go_to_message"));
    let parts = DocumentParts {
        channel: options.channel.clone().or_else(|| chat.map(ToOwned::to_owned)),
        forwarded_from: found.forwarded_from.map(own_words).as_deref().and_then(names::channel),
        message_id: found.message_id.map(|id| id.trim_start_matches("message").to_owned()),
        reply_to_message_id: reply.map(|(_, id)| id.to_owned()),
        publish_time: found.date.and_then(|date| instant(date, options.time_zone.as_ref())),
        source_start_byte: range.start,
        ..Default::default()
    };
    let text = render::text(text, render::Layout::Message, |_| false);
    draft::from_text(&text, range, parts, options)
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
