//! Deserializes a message from JSON: known fields by their names, whatever their type; all else is passed over.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::message::{Field, Message};

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MessageVisitor)
    }
}

struct MessageVisitor;

impl<'de> Visitor<'de> for MessageVisitor {
    type Value = Message;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message: an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message, A::Error> {
        let mut message = Message::default();
        while let Some(key) = map.next_key::<Key<'de>>()? {
            match Field::named(&key.0) {
                Some(field) => {
                    if let Words(Some(value)) = map.next_value()? {
                        message.set(field, value);
                    }
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(message)
    }
}

/// A key, borrowed where it holds no escapes.
#[derive(Deserialize)]
struct Key<'k>(#[serde(borrow)] Cow<'k, str>);

/// The words of any value, or `None` of `null` and of what has none.
///
/// A string is its own words; a list is its pieces, joined: Telegram Desktop cuts a text at its entities. An object
/// is the first of its fields that names it: a piece of text its `text`, a chat its `title`, a reply its message id.
struct Words(Option<String>);

/// The fields whose words stand for an object.
const NAMING_FIELDS: [&str; 6] = ["text", "title", "from_name", "reply_to_msg_id", "name", "username"];

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Words;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Words, E> {
        Ok(Words(None))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Words, E> {
        Ok(Words(None))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Words, E> {
        Ok(Words(Some(value.to_string())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Words, E> {
        Ok(Words(Some(value.to_string())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Words, E> {
        Ok(Words(Some(value.to_string())))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Words, E> {
        Ok(Words(Some(value.to_owned())))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Words, E> {
        Ok(Words(Some(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Words, A::Error> {
        let mut joined = String::new();
        while let Some(Words(piece)) = seq.next_element()? {
            joined.push_str(piece.as_deref().unwrap_or_default());
        }
        Ok(Words(Some(joined)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Words, A::Error> {
        let mut words = None;
        while let Some(key) = map.next_key::<Key<'de>>()? {
            if words.is_none() && NAMING_FIELDS.contains(&&*key.0) {
                words = map.next_value::<Words>()?.0;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Words(words))
    }
}
