//! What a caller says about a source file before it is read.

use std::{fmt, str::FromStr};

use jiff::tz::TimeZone;

/// How to read a source file.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// The format; [`Format::Auto`] looks at the first bytes.
    pub format: Format,
    /// The channel that published it. Absent: what the file says, else none.
    pub channel: Option<String>,
    /// The name of the source file without its folders.
    pub source_file: Option<String>,
    /// The longest text of a document, in bytes; a longer one is rejected alone. Memory is a small multiple of it.
    pub max_document_bytes: usize,
    /// The zone of times that come without one. Absent: such times are not used.
    pub time_zone: Option<TimeZone>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: Format::Auto,
            channel: None,
            source_file: None,
            max_document_bytes: 4 * 1024 * 1024,
            time_zone: None,
        }
    }
}

macro_rules! formats {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A format of source files.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        #[non_exhaustive]
        pub enum Format {
            $($(#[$doc])* $variant,)*
        }

        impl Format {
            /// Every format, [`Format::Auto`] first.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Returns the name that [`FromStr`] reads: `channel-dump`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

formats! {
    /// Found out from the first bytes.
    #[default]
    Auto = "auto",
    /// A channel's pages as a web-text extractor saves them: `Forwarded from …` headers, doubled bodies.
    ChannelDump = "channel-dump",
    /// One document: an article, a post.
    PlainText = "plain-text",
    /// One document: a transcript. Read as plain text; its turns are found in the text.
    Transcript = "transcript",
    /// The `result.json` of Telegram Desktop: one chat or a full export.
    TelegramJson = "telegram-json",
    /// A JSON list of messages, as Telethon, Pyrogram and tools on them write it.
    TelethonJson = "telethon-json",
    /// The HTML export of Telegram Desktop.
    TelegramHtml = "telegram-html",
    /// The preview of a public channel, `t.me/s/…`.
    TelegramPreview = "telegram-preview",
    /// One article as an HTML page.
    ArticleHtml = "article-html",
    /// An RSS, Atom or JSON feed.
    Feed = "feed",
    /// A table of messages: CSV with a header that names its columns.
    MessageCsv = "message-csv",
    /// One JSON object a line.
    Ndjson = "ndjson",
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(s: &str) -> Result<Self, UnknownFormat> {
        let known = Self::ALL.iter().find(|format| format.name() == s);
        known.copied().ok_or_else(|| UnknownFormat { name: s.to_owned() })
    }
}

/// A name that is no [`Format`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format `{name}`: expected one of {}", Format::ALL.iter().map(|f| f.name()).collect::<Vec<_>>().join(", "))]
pub struct UnknownFormat {
    /// The name.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_reads_back_its_name() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(*format));
        }
        assert!("word".parse::<Format>().unwrap_err().to_string().contains("channel-dump"));
    }
}
