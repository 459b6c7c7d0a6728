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
