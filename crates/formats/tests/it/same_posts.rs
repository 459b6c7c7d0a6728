//! The same posts give the same texts and provenance, whatever format carries them.

use dictum_core::{Document, Timestamp};
use dictum_formats::Format;
use serde_json::json;

use crate::documents;

/// A post as its author wrote it.
struct Post {
    id: u32,
    time: &'static str,
    forwarded_from: &'static str,
    /// Lines of pieces: a piece that starts with `*` is bold, `#` a hashtag, `@` an emoji.
    lines: &'static [&'static [&'static str]],
}

const CHANNEL: &str = "Norhaven Watch";

const POSTS: [Post; 3] = [
    Post {
        id: 41,
        time: "2031-05-03T09:00:00Z",
        forwarded_from: "Harbour Office 🇦🇶",
        lines: &[
            &[
                "@🎙",
                "*️ Harbour Master Odile Brandt",
                "*’s remarks",
                " after the Pier Council (Norhaven, 3 May 2031)",
            ],
            &["#PierCouncil", " evening"],
            &[],
            &[
                "@💬",
                " We have counted the moorings & the buoys: “every one” of them is in working order, <...> says the log.",
            ],
            &[
                "The crane on the north quay stays closed until its cable has been replaced,  which takes two weeks at most.",
            ],
            &["<...>"],
        ],
    },
    Post {
        id: 42,
        time: "2031-05-04T10:30:00Z",
        forwarded_from: "Norhaven Pilots",
        lines: &[
            &[
                "@❓",
                " Will the old lighthouse be lit again this year, or is that still waiting for the money?",
            ],
            &[
                "@💬",
                " ",
                "*Anselm Roy:",
                " It will be lit. The lamp came back from the workshop on Tuesday, and it works.",
            ],
        ],
    },
    Post {
        id: 44,
        time: "2031-05-06T12:15:00Z",
        forwarded_from: "तट समाचार",
        lines: &[
            &["@🇦🇶", "नॉरहेवन के बंदरगाह पर नई नौका पहुँची और शाम तक वहाँ रहेगी, ऐसा कार्यालय ने कहा।"],
            &["#नौका"],
        ],
    },
];

impl Post {
    fn text(&self) -> String {
        let line = |pieces: &&[&str]| {
            pieces.iter().map(|piece| piece.trim_start_matches(['*', '@'])).collect::<String>()
        };
        self.lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn without_flags(&self) -> &str {
        self.forwarded_from.trim_end_matches(" 🇦🇶")
    }

    /// The text as Telegram marks it up.
    fn html(&self, line_end: &str) -> String {
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let piece = |piece: &&str| match piece.chars().next() {
            Some('*') => format!("<b>{}</b>", escape(&piece[1..])),
            Some('@') => format!(r#"<i class="emoji" style="x"><b>{}</b></i>"#, escape(&piece[1..])),
            Some('#') => format!(r#"<a href="?q=%23x">{}</a>"#, escape(piece)),
            _ => escape(piece),
        };
        let lines = self.lines.iter().map(|pieces| pieces.iter().map(piece).collect::<String>());
        lines.collect::<Vec<_>>().join(line_end)
    }

    /// The pieces as Telegram Desktop writes them: plain ones as strings, the others as entities.
    fn pieces(&self) -> Vec<serde_json::Value> {
        let mut pieces = Vec::new();
        for (n, line) in self.lines.iter().enumerate() {
            if n > 0 {
                pieces.push(json!("\n"));
            }
            pieces.extend(line.iter().map(|piece| match piece.chars().next() {
                Some('*') => json!({"type": "bold", "text": &piece[1..]}),
                Some('#') => json!({"type": "hashtag", "text": piece}),
                _ => json!(piece.trim_start_matches('@')),
            }));
        }
        pieces.push(json!(""));
        pieces
    }
}

fn dump(copies: usize) -> String {
    let post = |post: &Post| {
        let text = post.text();
        let (first, rest) = text.split_once('\n').unwrap();
        format!("Forwarded from {}\n{first}\n{}", post.forwarded_from, vec![rest; copies].join("\n"))
    };
    POSTS.iter().map(post).collect::<Vec<_>>().join("\n")
}

fn result_json() -> String {
    let messages = POSTS.iter().map(|post| {
        json!({
            "id": post.id, "type": "message", "date": "2031-05-03T11:00:00",
            "date_unixtime": post.time.parse::<Timestamp>().unwrap().as_second().to_string(),
            "from": CHANNEL, "from_id": "channel77", "forwarded_from": post.forwarded_from,
            "text": post.pieces(),
            "text_entities": [], "reactions": [{"type": "emoji", "count": 3, "emoji": "👍", "recent": []}]
        })
    });
    let around = [
        json!({"id": 40, "type": "service", "date": "2031-05-03T10:00:00", "action": "pin_message", "text": ""}),
        json!({"id": 45, "type": "message", "photo": "(File not included.)", "text": ""}),
        json!({"id": 46, "type": "unsupported"}),
    ];
    let messages: Vec<_> = around.into_iter().chain(messages).collect();
    let chat = json!({"name": CHANNEL, "type": "public_channel", "id": 77});
    let mut file = serde_json::to_string_pretty(&chat).unwrap();
    file.truncate(file.len() - 2);
    // Telegram Desktop writes name, type and id before the messages; a map of ours would sort them.
    format!("{file},\n \"messages\": {}\n}}", serde_json::to_string_pretty(&messages).unwrap())
}

fn preview() -> String {
    let message = |post: &Post| {
        format!(
            r#"<div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message text_not_supported_wrap js-widget_message" data-post="norhaven_watch/{id}" data-view="x">
  <div class="tgme_widget_message_user"><a href="https://t.me/norhaven_watch"><i class="tgme_widget_message_user_photo"></i></a></div>
  <div class="tgme_widget_message_bubble">
    <div class="tgme_widget_message_author accent_color"><a class="tgme_widget_message_owner_name" href="https://t.me/norhaven_watch"><span dir="auto">{CHANNEL}</span></a></div>
    <div class="tgme_widget_message_forwarded_from accent_color">Forwarded from&nbsp;<a class="tgme_widget_message_forwarded_from_name" href="https://t.me/x"><span dir="auto">{from}</span></a></div>
    <a class="tgme_widget_message_reply user-color-5" href="https://t.me/norhaven_watch/39"><div class="tgme_widget_message_author accent_color"><span class="tgme_widget_message_author_name">{CHANNEL}</span></div><div class="tgme_widget_message_text js-message_reply_text" dir="auto">An older post.</div></a>
    <div class="tgme_widget_message_text js-message_text" dir="auto"><div class="tgme_widget_message_text js-message_text" dir="auto">{text}</div></div>
    <div class="tgme_widget_message_footer compact"><div class="tgme_widget_message_info"><span class="tgme_widget_message_views">1.2K</span><span class="tgme_widget_message_meta"><time class="message_video_duration">0:31</time><a class="tgme_widget_message_date" href="https://t.me/norhaven_watch/{id}"><time datetime="{time}" class="time">09:00</time></a></span></div></div>
  </div></div></div>
"#,
            id = post.id,
            from = post.forwarded_from,
            text = post.html("<br/>"),
            time = post.time.replace('Z', "+00:00"),
        )
    };
    let service = r#"<div class="tgme_widget_message_wrap"><div class="tgme_widget_message service_message" data-post="norhaven_watch/40"><div class="tgme_widget_message_text js-message_text">Norhaven Watch pinned a photo</div></div></div>"#;
    format!(
        "<!DOCTYPE html>\n<html><head><title>{CHANNEL}</title></head><body><section class=\"tgme_channel_history\">\n{service}{}</section><script>run('<div>');</script></body></html>",
        POSTS.iter().map(message).collect::<String>()
    )
}

fn export_html() -> String {
    let message = |post: &Post| {
        let time: Timestamp = post.time.parse().unwrap();
        let local = time.strftime("%d.%m.%Y %H:%M:%S UTC+00:00");
        format!(
            r##"
     <div class="message default clearfix" id="message{id}">

      <div class="body">

       <div class="pull_right date details" title="{local}">
09:00
       </div>

       <div class="from_name">
{CHANNEL}
       </div>

       <div class="reply_to details">
In reply to <a href="#go_to_message39" onclick="return GoToMessage(39)">this message</a>
       </div>

       <div class="forwarded body">

        <div class="from_name">
{from}<span class="date details" title="01.05.2031 08:00:00 UTC+00:00"> 01.05.2031 08:00:00</span>
        </div>

        <div class="text">
{text}
        </div>

       </div>

      </div>

     </div>
"##,
            id = post.id,
            from = post.forwarded_from,
            text = post.html("<br>"),
        )
    };
    format!(
        "<!DOCTYPE html>\n<html>\n <head>\n  <title>Exported Data</title>\n </head>\n <body>\n  <div class=\"page_wrap\">\n   <div class=\"page_header\">\n    <div class=\"content\">\n     <div class=\"text bold\">\n{CHANNEL}\n     </div>\n    </div>\n   </div>\n   <div class=\"page_body chat_page\">\n    <div class=\"history\">\n     <div class=\"message service\" id=\"message-1\">\n      <div class=\"body details\">\n3 May 2031\n      </div>\n     </div>\n{}    </div>\n   </div>\n  </div>\n </body>\n</html>\n",
        POSTS.iter().map(message).collect::<String>()
    )
}

fn records() -> impl Iterator<Item = serde_json::Value> {
    POSTS.iter().map(|post| {
        json!({"text": post.text(), "channel": CHANNEL, "messageId": post.id.to_string(), "publishTime": post.time,
            "forwardedFrom": post.forwarded_from, "replyToMessageId": "39"})
    })
}

fn telethon() -> String {
    let message = |post: &Post| {
        json!({"_": "Message", "id": post.id, "peer_id": {"_": "PeerChannel", "channel_id": 77}, "date": post.time.replace('Z', "+00:00"),
            "message": post.text(), "entities": [{"_": "MessageEntityBold", "offset": 0, "length": 2}], "views": 3, "edit_date": null,
            "reply_to": {"_": "MessageReplyHeader", "reply_to_msg_id": 39},
            "fwd_from": {"_": "MessageFwdHeader", "date": post.time, "from_id": null, "from_name": post.forwarded_from}})
    };
    serde_json::to_string(&POSTS.iter().map(message).collect::<Vec<_>>()).unwrap()
}

fn csv(comma: &str) -> String {
    let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let row = |post: &Post| {
        let (id, from) = (post.id.to_string(), quote(post.forwarded_from));
        [&*id, post.time, &quote(&post.text()), CHANNEL, &from, "39"].join(comma) + "\r\n"
    };
    let header = ["Message ID", "Date", "Text", "Channel", "Forwarded From", "Reply To"].join(comma);
    format!("{header}\r\n{}", POSTS.iter().map(row).collect::<String>())
}

fn feed() -> String {
    let item = |post: &Post| {
        let time: Timestamp = post.time.parse().unwrap();
        format!(
            "<item><title>{id}</title><guid>{id}</guid><description><![CDATA[<p>{}</p>]]></description><pubDate>{}</pubDate></item>\n",
            post.html("<br>"),
            time.strftime("%a, %d %b %Y %H:%M:%S +0000"),
            id = post.id,
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"windows-1251\"?>\n<rss version=\"2.0\"><channel><title>{CHANNEL}</title>\n{}</channel></rss>",
        POSTS.iter().map(item).collect::<String>()
    )
}

/// Returns a file of every format that holds the posts.
pub(crate) fn every_file() -> Vec<String> {
    let ndjson = records().map(|record| record.to_string() + "\n").collect();
    vec![dump(2), result_json(), preview(), export_html(), ndjson, telethon(), csv(","), feed()]
}

fn check(file: &str, expected_format: Format) -> Vec<Document> {
    let mut items = dictum_formats::read(file.as_bytes(), Default::default());
    items.next();
    assert_eq!(items.format(), expected_format);
    let documents = documents(file.as_bytes(), Format::Auto);
    for (document, post) in documents.iter().zip(&POSTS) {
        assert_eq!(document.text, post.text(), "{expected_format}");
    }
    assert_eq!(documents.len(), POSTS.len(), "{expected_format}");
    documents
}

/// Checks what formats say that know messages.
fn check_provenance(file: &str, format: Format) {
    for (document, post) in check(file, format).iter().zip(&POSTS) {
        assert_eq!(document.message_id, Some(post.id.to_string()), "{format}");
        assert_eq!(document.publish_time, Some(post.time.parse().unwrap()), "{format}");
        if format != Format::Feed {
            assert_eq!(document.forwarded_from.as_deref(), Some(post.without_flags()), "{format}");
        }
        if !matches!(format, Format::Feed | Format::TelegramJson) {
            assert_eq!(document.reply_to_message_id.as_deref(), Some("39"), "{format}");
        }
        if format != Format::TelethonJson {
            assert_eq!(document.channel.as_deref(), Some(CHANNEL), "{format}");
        }
    }
}

#[test]
fn dumps_give_the_posts() {
    for file in [dump(1), dump(2)] {
        for (document, post) in check(&file, Format::ChannelDump).iter().zip(&POSTS) {
            assert_eq!(document.forwarded_from.as_deref(), Some(post.without_flags()));
        }
    }
}

#[test]
fn result_json_gives_the_posts() {
    check_provenance(&result_json(), Format::TelegramJson);
    let compact: serde_json::Value = serde_json::from_str(&result_json()).unwrap();
    assert_eq!(documents(compact.to_string().as_bytes(), Format::Auto).len(), POSTS.len());
    let full = format!(
        r#"{{"about":"x","chats":{{"about":"y","list":[{}]}},"left_chats":{{"list":[]}}}}"#,
        result_json()
    );
    check_provenance(&full, Format::TelegramJson);
}

#[test]
fn the_preview_page_gives_the_posts() {
    check_provenance(&preview(), Format::TelegramPreview);
    let documents = documents(preview().as_bytes(), Format::Auto);
    assert_eq!(documents[0].url.as_deref(), Some("https://t.me/norhaven_watch/41"));
}

#[test]
fn the_html_export_gives_the_posts() {
    check_provenance(&export_html(), Format::TelegramHtml);
}

#[test]
fn ndjson_gives_the_posts() {
    let lines: Vec<String> = records().map(|record| record.to_string()).collect();
    check_provenance(&lines.join("\n"), Format::Ndjson);
    check_provenance(&format!("\u{feff}{}\r\n\r\n", lines.join("\r\n")), Format::Ndjson);
}

#[test]
fn a_list_of_messages_gives_the_posts() {
    check_provenance(&telethon(), Format::TelethonJson);
}

#[test]
fn a_table_gives_the_posts() {
    check_provenance(&csv(","), Format::MessageCsv);
    check_provenance(&csv("\t"), Format::MessageCsv);
}

#[test]
fn a_feed_gives_the_posts() {
    check_provenance(&feed(), Format::Feed);
}
