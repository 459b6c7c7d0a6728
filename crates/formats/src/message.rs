//! A message of a channel, whatever format it comes in: its fields by the names that tools give them.

use dictum_core::DocumentParts;

use crate::{
    Item, ReadOptions, RejectionReason, SkipReason,
    draft::{self, SourceRange},
    markdown, names, time,
};

/// A field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Class,
    Kind,
    MessageId,
    Text,
    TextEntities,
    PublishTime,
    PublishUnixTime,
    EditTime,
    EditUnixTime,
    Channel,
    ForwardedFrom,
    ReplyTo,
    Url,
    Title,
}

impl Field {
    /// Returns the field that tools give this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "_" => Self::Class,
            "type" => Self::Kind,
            "id" | "message_id" | "messageId" | "messageid" | "msg_id" => Self::MessageId,
            "text" | "message" | "content" | "caption" | "body" | "message_text" => Self::Text,
            "text_entities" => Self::TextEntities,
            "date_unixtime" => Self::PublishUnixTime,
            "date" | "datetime" | "time" | "timestamp" | "publishTime" | "publishtime" | "publish_time"
            | "published" | "published_at" | "created_at" => Self::PublishTime,
            "edited_unixtime" => Self::EditUnixTime,
            "edited" | "edit_date" | "editTime" | "edittime" | "edit_time" => Self::EditTime,
            "channel" | "channel_name" | "channelName" | "channelname" | "channel_title" | "chat"
            | "chat_title" | "sender_chat" => Self::Channel,
            "forwarded_from"
            | "forwardedFrom"
            | "forwardedfrom"
            | "forwarded"
            | "fwd_from"
            | "forward_from_chat"
            | "forward_sender_name" => Self::ForwardedFrom,
            "reply_to_message_id"
            | "replyToMessageId"
            | "replytomessageid"
            | "reply_to_msg_id"
            | "reply_to" => Self::ReplyTo,
            "url" | "link" | "permalink" | "message_url" => Self::Url,
            "title" | "source_title" | "headline" => Self::Title,
            _ => return None,
        })
    }
}

/// The fields of a message that a document is made of; absent ones are empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    class: String,
    kind: String,
    message_id: String,
    text: Option<String>,
    text_entities: Option<String>,
    publish_time: String,
    publish_unix_time: String,
    edit_time: String,
    edit_unix_time: String,
    channel: String,
    forwarded_from: String,
    reply_to: String,
    url: String,
    title: String,
}

impl Message {
    /// Sets a field. A text is kept when a later one is empty: tools write both `text` and `caption`.
    pub(crate) fn set(&mut self, field: Field, value: String) {
        let place = match field {
            Field::Text => {
                if !value.is_empty() || self.text.is_none() {
                    self.text = Some(value);
                }
                return;
            }
            Field::TextEntities => {
                self.text_entities = Some(value);
                return;
            }
            Field::Class => &mut self.class,
            Field::Kind => &mut self.kind,
            Field::MessageId => &mut self.message_id,
            Field::PublishTime => &mut self.publish_time,
            Field::PublishUnixTime => &mut self.publish_unix_time,
            Field::EditTime => &mut self.edit_time,
            Field::EditUnixTime => &mut self.edit_unix_time,
            Field::Channel => &mut self.channel,
            Field::ForwardedFrom => &mut self.forwarded_from,
            Field::ReplyTo => &mut self.reply_to,
            Field::Url => &mut self.url,
            Field::Title => &mut self.title,
        };
        *place = value;
    }

    /// Resolves the Markdown of a text that a client library wrote; one with a class is the text as Telegram has it.
    pub(crate) fn resolve_markdown(&mut self) {
        if self.class.is_empty()
            && let Some(text) = &mut self.text
        {
            *text = markdown::to_plain(text);
        }
    }

    /// Turns the message into an item. `chat` is the channel that the file names for all its messages.
    pub(crate) fn into_item(self, range: SourceRange, chat: Option<&str>, options: &ReadOptions) -> Item {
        if self.kind == "service" || self.class == "MessageService" {
            return range.skip(SkipReason::Service);
        }
        if self.kind == "unsupported" || self.class == "MessageEmpty" {
            return range.skip(SkipReason::Unsupported);
        }
        let Some(text) = self.text.or(self.text_entities) else {
            return range.reject(RejectionReason::Malformed {
                problem: "the record has no text: no field `text`, `message`, `content` or `caption`".into(),
            });
        };
        let zone = options.time_zone.as_ref();
        let first_instant =
            |unix: &str, other: &str| time::instant(unix, None).or_else(|| time::instant(other, zone));
        let own_channel = (!self.channel.is_empty()).then_some(&*self.channel).or(chat);
        let parts = DocumentParts {
            channel: options.channel.clone().or_else(|| own_channel.and_then(names::channel)),
            forwarded_from: names::channel(&self.forwarded_from),
            url: some(self.url),
            message_id: some(self.message_id),
            reply_to_message_id: some(self.reply_to),
            publish_time: first_instant(&self.publish_unix_time, &self.publish_time),
            edit_time: first_instant(&self.edit_unix_time, &self.edit_time),
            source_title: some(self.title),
            source_start_byte: range.start,
            ..Default::default()
        };
        draft::from_text(text.trim(), range, parts, options)
    }
}

fn some(value: String) -> Option<String> {
    (!value.is_empty()).then_some(value)
}
