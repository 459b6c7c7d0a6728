//! Damaged and hostile files: what is bad is rejected with its place, the rest is kept.

use std::io::{self, Read};

use dictum_formats::{Format, Item, ReadOptions, Rejection, RejectionReason};

use crate::items_of;

/// Returns the texts of the documents and the rejections.
fn sorted_out(items: Vec<Item>) -> (Vec<String>, Vec<Rejection>) {
    let (mut texts, mut rejections) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Item::Document(document) => texts.push(document.text.clone()),
            Item::Rejected(rejection) => rejections.push(rejection),
            Item::Skipped(_) => {}
        }
    }
    (texts, rejections)
}

#[test]
fn a_post_with_a_bad_byte_is_rejected_alone() {
    let file = b"Forwarded from Pier Post\nOne.\nForwarded from Pier Post\nTw\xffo.\nForwarded from Pier Post\nThree.";
    let (texts, rejections) = sorted_out(items_of(&file[..], ReadOptions::default()));
    assert_eq!(texts, ["One.", "Three."]);
    assert_eq!(
        rejections,
        [Rejection {
            source_start_byte: 30,
            source_end_byte: 61,
            reason: RejectionReason::InvalidUtf8 { source_byte: 57 }
        }]
    );
}

#[test]
fn a_header_with_a_bad_byte_rejects_its_post_alone() {
    let file = b"Forwarded from Pier P\xffst\nOne.\nForwarded from Pier Post\nTwo.";
    let (texts, rejections) = sorted_out(items_of(&file[..], ReadOptions::default()));
    assert_eq!(texts, ["Two."]);
    assert_eq!(rejections[0].reason, RejectionReason::InvalidUtf8 { source_byte: 21 });
}

#[test]
fn wide_characters_are_refused_with_a_reason() {
    let file: Vec<u8> = "\u{feff}We open.".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (_, rejections) = sorted_out(items_of(&file[..], ReadOptions::default()));
    assert_eq!(rejections[0].to_string(), "bytes 0..18: the file is UTF-16, not UTF-8: convert it first");
}

#[test]
fn a_line_of_200_megabytes_is_rejected_and_not_held() {
    let length = 200_000_000;
    let line = || io::repeat(b'a').take(length);
    for format in [Format::Auto, Format::ChannelDump] {
        let file = b"Forwarded from Pier Post\nOne.\nForwarded from Pier Post\n"
            .chain(line())
            .chain(&b"\nForwarded from Pier Post\nThree."[..]);
        let options = ReadOptions { format, max_document_bytes: 100_000, ..Default::default() };
        let (texts, rejections) = sorted_out(items_of(file, options));
        assert_eq!(texts, ["One.", "Three."]);
        assert_eq!((rejections[0].source_start_byte, rejections[0].source_end_byte), (30, 56 + length));
        assert_eq!(rejections[0].reason, RejectionReason::TooLarge { max_document_bytes: 100_000 });
    }
    let (texts, rejections) = sorted_out(items_of(line(), ReadOptions::default()));
    assert!(texts.is_empty());
    assert_eq!((rejections[0].source_start_byte, rejections[0].source_end_byte), (0, length));
}

#[test]
fn a_post_without_end_is_passed_over_up_to_the_next_title() {
    let endless = (0..5000).map(|n| format!("Entry {n} of the log.\n")).collect::<String>();
    let file = format!("🎙 One\nFirst.\n🎙 Two\n{endless}🎙 Three\nThird.\n");
    let options = ReadOptions { format: Format::ChannelDump, max_document_bytes: 1000, ..Default::default() };
    let (texts, rejections) = sorted_out(items_of(file.as_bytes(), options));
    assert_eq!(texts, ["🎙 One\nFirst.", "🎙 Three\nThird."]);
    assert_eq!(rejections.len(), 1);
    let end = usize::try_from(rejections[0].source_end_byte).unwrap();
    assert!(file[end..].starts_with("🎙 Three"));
}

fn check(file: &[u8], format: Format, texts: &[&str], problems: &[&str]) {
    let (found, rejections) = sorted_out(items_of(file, ReadOptions::default()));
    assert_eq!(found, texts, "{format}");
    let reasons: Vec<&str> = rejections.iter().map(|rejection| rejection.reason.kind()).collect();
    assert_eq!(reasons, problems, "{format}: {rejections:?}");
    let detected = {
        let mut items = dictum_formats::read(file, ReadOptions::default());
        items.next();
        items.format()
    };
    assert_eq!(detected, format);
    // Whatever is cut off where, nothing panics, and what comes before the cut is kept.
    for end in (0..file.len()).step_by(file.len() / 50 + 1) {
        let options = ReadOptions { format, ..Default::default() };
        let (kept, _) = sorted_out(items_of(&file[..end], options));
        assert!(kept.len() <= texts.len());
        if !matches!(format, Format::ArticleHtml | Format::Ndjson | Format::MessageCsv) {
            assert_eq!(kept, texts[..kept.len()], "{format} cut at byte {end}");
        }
    }
}

/// A `result.json` with these messages, laid out as Telegram Desktop does it.
fn result_json(messages: &[&str]) -> String {
    let messages: Vec<String> = messages.iter().map(|m| format!("\n  {{\n   {m}\n  }}")).collect();
    format!("{{\n \"name\": \"Pier Post\",\n \"messages\": [{}\n ]\n}}", messages.join(","))
}

#[test]
fn hex_escapes_of_an_export_are_read() {
    let file = result_json(&[r#""id": 1, "type": "message", "text": "caf\xe9 \\x41""#]);
    check(file.as_bytes(), Format::TelegramJson, &["café \\x41"], &[]);
}

#[test]
fn a_damaged_message_of_an_export_is_rejected_alone() {
    let file = result_json(&[
        r#""id": 1, "text": "One.""#,
        r#""id": 2, "text": nonsense"#,
        "\"id\": 3, \"text\": \"A quote that is never closed,\n   \"more\": [\n    {\n    }\n   ]",
        r#""id": 4, "text": "Four.""#,
        &format!(r#""id": 5, "text": {}"Five"{}"#, "[".repeat(10_000), "]".repeat(10_000)),
        r#""id": 6, "text": ["Six", 7, null, {"type": "bold"}, {"type": "link", "text": "."}]"#,
        r#""id": 6, "text": "The same number again.""#,
    ]);
    let texts = ["One.", "Four.", "Six7.", "The same number again."];
    check(file.as_bytes(), Format::TelegramJson, &texts, &["malformed", "malformed", "malformed"]);
}

#[test]
fn a_bad_byte_in_an_export_is_named() {
    let mut file = result_json(&[r#""id": 1, "text": "On?.""#, r#""id": 2, "text": "Two.""#]).into_bytes();
    let at = file.iter().position(|byte| *byte == b'?').unwrap();
    file[at] = 0xE9; // é of another encoding
    let (texts, rejections) = sorted_out(items_of(&file[..], ReadOptions::default()));
    assert_eq!(texts, ["Two."]);
    assert_eq!(rejections[0].reason, RejectionReason::InvalidUtf8 { source_byte: at as u64 });
}

#[test]
fn an_export_that_is_cut_off_says_so() {
    let file = result_json(&[r#""id": 1, "text": "One.""#, r#""id": 2, "text": "Two.""#]);
    let cut = file.find("Two").unwrap();
    let (texts, rejections) = sorted_out(items_of(&file.as_bytes()[..cut], ReadOptions::default()));
    assert_eq!(texts, ["One."]);
    assert_eq!(rejections[0].reason, RejectionReason::Truncated);
    assert_eq!(rejections[0].source_end_byte, cut as u64);
}

#[test]
fn a_message_of_50_megabytes_is_rejected_and_not_held() {
    let options = || ReadOptions { max_document_bytes: 100_000, ..Default::default() };
    let long = || io::repeat(b'a').take(50_000_000);
    let file = br#"{"name":"Pier Post","messages":[{"id":1,"text":"One."},{"id":2,"text":""#
        .chain(long())
        .chain(&br#""},{"id":3,"text":"Three."}]}"#[..]);
    let (texts, rejections) = sorted_out(items_of(file, options()));
    assert_eq!(texts, ["One.", "Three."]);
    assert_eq!(rejections[0].reason.kind(), "too-large");

    let file = b"{\"text\":\"One.\"}\n{\"text\":\"".chain(long()).chain(&b"\"}\n{\"text\":\"Three.\"}"[..]);
    let (texts, rejections) = sorted_out(items_of(file, options()));
    assert_eq!((texts, rejections.len()), (vec!["One.".into(), "Three.".into()], 1));

    let block = |text: &'static str| {
        format!(
            "<div class=\"tgme_widget_message_wrap\"><div data-post=\"pier/1\"><div class=\"tgme_widget_message_text js-message_text\">{text}"
        )
    };
    let (one, two, three) = (block("One.</div></div></div>"), block(""), block("Three.</div></div></div>"));
    let file = one
        .as_bytes()
        .chain(two.as_bytes())
        .chain(long())
        .chain(&b"</div></div></div>"[..])
        .chain(three.as_bytes());
    let (texts, rejections) = sorted_out(items_of(file, options()));
    assert_eq!(texts, ["One.", "Three."]);
    assert_eq!(rejections[0].reason.kind(), "too-large");

    let file = b"id,text\n1,One.\n2,".chain(long()).chain(&b"\n3,Three.\n"[..]);
    let (texts, rejections) = sorted_out(items_of(file, options()));
    assert_eq!((texts, rejections.len()), (vec!["One.".into(), "Three.".into()], 1));
}

#[test]
fn json_without_messages_is_refused() {
    check(br#"{"name": "x", "chats": {"list": {}}}"#, Format::Ndjson, &[], &["malformed"]);
    let file = "{\n \"about\": \"x\",\n \"chats\": {}\n}";
    check(file.as_bytes(), Format::TelegramJson, &[], &["malformed"]);
    let nested = "[{".to_owned() + &"\"a\":[".repeat(20_000);
    check(nested.as_bytes(), Format::TelethonJson, &[], &["truncated"]);
}

#[test]
fn a_bad_line_of_ndjson_is_rejected_alone() {
    let file = b"{\"text\":\"One.\",\"id\":1}\r\n{\"text\":\n{\"text\":\"T\xffo.\"}\n\n{\"id\":4}\n{\"content\":\"Five.\"}";
    let (texts, rejections) = sorted_out(items_of(&file[..], ReadOptions::default()));
    assert_eq!(texts, ["One.", "Five."]);
    let kinds: Vec<_> = rejections.iter().map(|rejection| rejection.reason.kind()).collect();
    assert_eq!(kinds, ["malformed", "invalid-utf8", "malformed"]);
}

#[test]
fn a_bad_row_of_a_table_is_rejected_alone() {
    let file = "id;date;message\n1;2031-05-03T09:00:00Z;\"One;\n\"\"still\"\" one.\"\n2;Two\n3;;Three \"quoted\".\n4;;\"Four";
    check(
        file.as_bytes(),
        Format::MessageCsv,
        &["One;\n\"still\" one.", "Three \"quoted\"."],
        &["malformed", "malformed"],
    );
}

#[test]
fn a_stray_quote_in_a_table_hides_no_other_row() {
    let file = "id,text\n1,One.\n2,\"Two.\n3,Three.\n4,Four.\n";
    check(file.as_bytes(), Format::MessageCsv, &["One.", "Three.", "Four."], &["malformed"]);
    let stray_quotes = format!("id,text\n{}", "1,\"a\"b\",\"\n".repeat(20_001));
    let (texts, rejections) = sorted_out(items_of(stray_quotes.as_bytes(), ReadOptions::default()));
    assert!(texts.is_empty());
    assert!(!rejections.is_empty());
}

#[test]
fn hostile_markup_is_rejected_alone() {
    let block = |inner: &str| {
        format!(
            "<div class=\"tgme_widget_message_wrap\"><div class=\"tgme_widget_message\" data-post=\"pier/1\"><div class=\"tgme_widget_message_text js-message_text\">{inner}</div></div></div>\n"
        )
    };
    let deep = format!("{}x{}", "<b>".repeat(10_000), "</b>".repeat(10_000));
    let file = ["One.", &deep, "Three &amp; <b>a half", "Four."].map(block).concat();
    check(
        file.as_bytes(),
        Format::TelegramPreview,
        &["One.", "Three & a half", "Four."],
        &["nested-too-deep"],
    );
}

#[test]
fn an_article_is_its_main_text() {
    let paragraph =
        "The council met on Monday and decided that the bridge stays open for the rest of the year.";
    let page = format!(
        "<!DOCTYPE html><html><head><meta charset=\"windows-1251\"><title>Council | Pier Post</title>\
         <link rel=\"canonical\" href=\"https://pier.example/council\">\
         <meta property=\"article:published_time\" content=\"2031-05-03T11:00:00+02:00\"></head><body>\
         <nav>Home Contact</nav><header><h1>Council meets</h1></header>\
         <article><p>{paragraph}</p><aside>Buy a boat</aside><p>“It was time,” said Odile Brandt.</p>\
         <script>var x = '<p>no</p>';</script><ul><li>One</li><li>Two</li></ul><p>{paragraph}</p></article>\
         <footer>© Pier Post</footer></body></html>"
    );
    let text = format!(
        "Council meets\n\n{paragraph}\n\n“It was time,” said Odile Brandt.\n\nOne\nTwo\n\n{paragraph}"
    );
    check(page.as_bytes(), Format::ArticleHtml, &[&text], &[]);
    let items = items_of(page.as_bytes(), ReadOptions::default());
    let Item::Document(document) = &items[0] else { panic!("{items:?}") };
    assert_eq!(document.url.as_deref(), Some("https://pier.example/council"));
    assert_eq!(document.source_title.as_deref(), Some("Council meets"));
    assert_eq!(document.publish_time.unwrap().to_string(), "2031-05-03T09:00:00Z");

    check("<div>".repeat(10_000).as_bytes(), Format::ArticleHtml, &[], &["nested-too-deep"]);
}

#[test]
fn a_feed_with_bombs_is_read_without_them() {
    let bombs = "<!DOCTYPE rss [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    let file = format!(
        "<?xml version=\"1.0\"?>{bombs}<rss version=\"2.0\"><channel><title>Pier Post</title><item><title>One</title><description>We open &amp; stay.</description></item></channel></rss>"
    );
    check(file.as_bytes(), Format::Feed, &["We open & stay."], &[]);
}

#[test]
fn a_feed_that_names_no_version_is_read() {
    for tag in ["<rss>", "<rss xmlns:dc=\"http://purl.org/dc/elements/1.1/\">"] {
        let file = format!(
            "{tag}<channel><title>Pier Post</title><item><title>One</title><description>We stay open.</description></item></channel></rss>"
        );
        check(file.as_bytes(), Format::Feed, &["We stay open."], &[]);
    }
}

#[test]
fn a_bad_entry_of_a_feed_is_rejected_alone() {
    let item = |text: &str| format!("<item><title>x</title><description>{text}</description></item>");
    let file = format!(
        "<rss version=\"2.0\"><channel><title>Pier Post</title>{}{}{}</channel></rss>",
        item("One."),
        item("Two <b> & never </i> closed"),
        item("Three.")
    );
    check(file.as_bytes(), Format::Feed, &["One.", "Three."], &["malformed"]);
    let deep = format!("<rss><channel><item>{}", "<media:group>".repeat(100_000));
    check(deep.as_bytes(), Format::Feed, &[], &["nested-too-deep"]);
}

#[test]
fn an_entry_without_an_id_is_the_same_document_each_time() {
    let file = "<rss version=\"2.0\"><channel><item><description>One.</description></item></channel></rss>";
    let first = items_of(file.as_bytes(), ReadOptions::default());
    let Item::Document(document) = &first[0] else { panic!("{first:?}") };
    assert_eq!(document.message_id, None);
    assert_eq!(first, items_of(file.as_bytes(), ReadOptions::default()));
}

#[test]
fn a_feed_that_is_cut_off_keeps_its_whole_entries() {
    let entry = |n: usize| {
        format!(
            "<entry><id>urn:{n}</id><title>Post {n}</title><content type=\"html\">Post {n} is &lt;b&gt;here&lt;/b&gt;.</content><updated>2031-05-03T09:00:00Z</updated></entry>"
        )
    };
    let file = format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Pier Post</title>{}{}",
        entry(1),
        &entry(2)[..60]
    );
    let (texts, rejections) = sorted_out(items_of(file.as_bytes(), ReadOptions::default()));
    assert_eq!(texts, ["Post 1 is here."]);
    assert_eq!(rejections[0].reason, RejectionReason::Truncated);
}

#[test]
fn an_id_that_comes_again_with_another_text_is_counted() {
    let file = result_json(&[
        r#""id": 1, "type": "message", "text": "One.""#,
        r#""id": 2, "type": "message", "text": "Two.""#,
        r#""id": 1, "type": "message", "text": "One.""#,
        r#""id": 2, "type": "message", "text": "Two, corrected.""#,
    ]);
    let mut items = dictum_formats::read(file.as_bytes(), ReadOptions::default());
    assert_eq!(items.by_ref().count(), 4);
    assert_eq!((items.summary().documents, items.summary().superseding), (4, 1));
}

#[test]
fn mixed_line_ends_part_posts_all_the_same() {
    let file = "Forwarded from Pier Post\r\nOne.\r\nForwarded from Pier Post\nTwo.\nForwarded from Pier Post\r\nThree.";
    let (texts, rejections) = sorted_out(items_of(file.as_bytes(), ReadOptions::default()));
    assert_eq!((texts, rejections), (["One.", "Two.", "Three."].map(str::to_owned).to_vec(), Vec::new()));
}

#[test]
fn what_a_file_declares_as_its_encoding_does_not_count() {
    let feed = "<?xml version=\"1.0\" encoding=\"windows-1251\"?><rss version=\"2.0\"><channel><item><description>Мост открыт.</description></item></channel></rss>";
    check(feed.as_bytes(), Format::Feed, &["Мост открыт."], &[]);
    let page = "<html><head><meta charset=\"koi8-r\"></head><body><article><p>Мост открыт, и паром снова ходит.</p></article></body></html>";
    check(page.as_bytes(), Format::ArticleHtml, &["Мост открыт, и паром снова ходит."], &[]);
    let bytes = b"<html><head><meta charset=\"windows-1251\"></head><body><article><p>\xcc\xee\xf1\xf2</p></article></body></html>";
    check(&bytes[..], Format::ArticleHtml, &[], &["invalid-utf8"]);
}

#[test]
fn a_marker_that_stands_twice_in_a_tag_is_no_end_of_it() {
    let text = |text: &str| format!("<div class=\"tgme_widget_message_text js-message_text\">{text}</div>");
    let file = format!(
        "<div class=\"tgme_widget_message_wrap tgme_widget_message_wrap\"><div class=\"tgme_widget_message\" data-post=\"p/1\">{}</div></div>\
         <div class=\"tgme_widget_message_wrap\"><div class=\"tgme_widget_message\" data-post=\"p/2\">{}</div></div>",
        text("One."),
        text("Two.")
    );
    let options = ReadOptions { format: Format::TelegramPreview, ..Default::default() };
    let (texts, _) = sorted_out(items_of(file.as_bytes(), options).into_iter().take(10).collect());
    assert_eq!(texts, ["One.", "Two."]);
}
