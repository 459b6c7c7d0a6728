//! Reading itself: any bytes, any size of reads, any limit, failing readers.

use std::io::{self, Read};

use dictum_formats::{Format, Item, ReadOptions, SkipReason, read};
use proptest::prelude::*;

use crate::{documents, items_of, same_posts};

/// A reader that hands out its bytes in pieces of given sizes, over and over.
struct Pieces<'b> {
    rest: &'b [u8],
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        let count = self.sizes[self.turn % self.sizes.len()].min(buffer.len()).min(self.rest.len());
        let (now, later) = self.rest.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.rest = later;
        Ok(count)
    }
}

/// Lines as dumps have them, few enough that copies come up by chance.
fn dump() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::sample::select(vec![
        &b"Forwarded from Pier Post"[..],
        b"Media is too big",
        b"Read in full",
        "🎙 The Harbour Master’s remarks".as_bytes(),
        "💬 The lamp of the lighthouse came back on Tuesday, and it burned for three nights in a row."
            .as_bytes(),
        b"The crane stays closed until its cable has been replaced, which takes two weeks at the most.",
        b"Yes.",
        b"",
        b"bad \xff byte",
    ]);
    prop::collection::vec(line, 0..40).prop_map(|lines| lines.join(&b"\n"[..]))
}

fn formats() -> impl Strategy<Value = Format> {
    prop::sample::select(Format::ALL)
}

proptest! {
    #[test]
    fn the_size_of_reads_changes_nothing(
        file in dump(),
        format in formats(),
        sizes in prop::collection::vec(1usize..50, 1..5),
        max_document_bytes in 1usize..600,
    ) {
        let options = ReadOptions { format, max_document_bytes, ..Default::default() };
        let whole = items_of(&file[..], options.clone());
        let pieces = items_of(Pieces { rest: &file, sizes, turn: 0 }, options);
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn every_text_of_a_dump_is_a_slice_of_the_file(file in dump(), max_document_bytes in 1usize..600) {
        let options = ReadOptions { format: Format::ChannelDump, max_document_bytes, ..Default::default() };
        let mut end_before = 0;
        for item in items_of(&file[..], options) {
            let (start, end) = match item {
                Item::Document(document) => {
                    let start = usize::try_from(document.source_start_byte).unwrap();
                    prop_assert_eq!(&file[start..start + document.text.len()], document.text.as_bytes());
                    prop_assert!(document.text.len() <= max_document_bytes);
                    for residue in &document.residue {
                        prop_assert!(residue.source_start_byte < residue.source_end_byte);
                        prop_assert!(residue.source_end_byte <= document.source_end_byte);
                    }
                    (document.source_start_byte, document.source_end_byte)
                }
                Item::Skipped(skip) => (skip.source_start_byte, skip.source_end_byte),
                Item::Rejected(rejection) => (rejection.source_start_byte, rejection.source_end_byte),
            };
            prop_assert!(end_before <= start && start <= end && end <= file.len() as u64);
            end_before = end;
        }
    }

    #[test]
    fn damage_does_no_harm_whatever_the_size_of_reads(
        which in 0usize..8,
        blows in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
        sizes in prop::collection::vec(1usize..500, 1..4),
    ) {
        let mut file = same_posts::every_file().swap_remove(which).into_bytes();
        for (place, byte) in blows {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if is_cut {
            file.truncate(cut.index(file.len()));
        }
        let options = ReadOptions { max_document_bytes: 600, ..Default::default() };
        let whole = items_of(&file[..], options.clone());
        prop_assert_eq!(&whole, &items_of(Pieces { rest: &file, sizes, turn: 0 }, options));
        for item in whole {
            if let Item::Document(document) = item {
                prop_assert!(document.text.len() <= 600);
                prop_assert!(document.source_start_byte <= document.source_end_byte);
                prop_assert!(document.source_end_byte <= file.len() as u64);
            }
        }
    }

    #[test]
    fn no_bytes_crash_a_reader(file in prop::collection::vec(any::<u8>(), 0..2000), format in formats()) {
        items_of(&file[..], ReadOptions { format, ..Default::default() });
    }
}

#[test]
fn an_article_stays_one_document_whatever_repeats_in_it() {
    let article = "Council meets\n\nThe council met on Monday and said little.\n\n\"No.\"\n\n\"No.\"\n\n\
                   The mayor said that the bridge would be closed for repairs from the first of the month.\n\n\
                   \"No.\"\n\nRead more about the bridge\n\nIt rained.\n";
    let documents = documents(article.as_bytes(), Format::Auto);
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0].text, article.trim_end());
}

#[test]
fn nothing_to_read_is_said() {
    for file in ["", "\u{feff}", "\n \r\n"] {
        let items = items_of(file.as_bytes(), ReadOptions::default());
        let [Item::Skipped(skip)] = items[..] else { panic!("{items:?}") };
        assert!(matches!(skip.reason, SkipReason::EmptySource | SkipReason::NoText), "{file:?}");
    }
}

/// Records around the limit up to which they are held: with whatever reads, the same are rejected.
#[test]
fn the_size_of_reads_does_not_move_the_limit_of_a_record() {
    let preview = |text: &str| {
        format!(
            "<div class=\"tgme_widget_message_wrap\"><div data-post=\"a/1\"><div class=\"tgme_widget_message_text\">{text}</div></div></div>"
        )
    };
    for margin in [66_000, 262_500] {
        for length in (margin - 800..margin + 400).step_by(100) {
            let filler = " ".repeat(length);
            let files = [
                format!("[{{\"text\":\"One.{filler}\"}},{{\"text\":\"Two.\"}}]"),
                format!("{{\"text\":\"One.{filler}\"}}\n{{\"text\":\"Two.\"}}"),
                format!("id,text\n1,\"One.{filler}\"\n2,Two.\n"),
                preview(&format!("One.{filler}")) + &preview("Two."),
            ];
            for file in files {
                let options = ReadOptions { max_document_bytes: 100, ..Default::default() };
                let whole = items_of(file.as_bytes(), options.clone());
                assert_eq!(whole.len(), 2);
                let pieces = Pieces { rest: file.as_bytes(), sizes: vec![997], turn: 0 };
                assert_eq!(whole, items_of(pieces, options));
            }
        }
    }
}

#[test]
fn any_limit_is_a_limit() {
    for max_document_bytes in [0, 1, usize::MAX] {
        for file in same_posts::every_file() {
            let options = ReadOptions { max_document_bytes, ..Default::default() };
            let items = items_of(file.as_bytes(), options);
            let documents = items.iter().filter(|item| matches!(item, Item::Document(_))).count();
            assert_eq!(documents, if max_document_bytes > 1 { 3 } else { 0 });
        }
    }
}

#[test]
fn emoji_alone_are_no_document() {
    let items = items_of("👍🎉\n🎉\n".as_bytes(), ReadOptions::default());
    let [Item::Skipped(skip)] = items[..] else { panic!("{items:?}") };
    assert_eq!((skip.reason, skip.source_end_byte), (SkipReason::NoWords, 14));
}

#[test]
fn an_error_of_the_reader_is_the_last_item() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the cable is cut"))
        }
    }
    let file = b"Forwarded from Pier Post\nOne.\nForwarded from Pier Post\nTwo.\n".chain(Fails);
    let mut documents = read(file, ReadOptions { format: Format::ChannelDump, ..Default::default() });
    assert!(matches!(documents.next(), Some(Ok(Item::Document(document))) if document.text == "One."));
    assert_eq!(documents.next().unwrap().unwrap_err().to_string(), "the cable is cut");
    assert!(documents.next().is_none());
}

#[test]
fn what_came_out_is_counted() {
    let file = include_bytes!("../data/harbour-dump.txt");
    let mut documents = read(&file[..], ReadOptions::default());
    documents.by_ref().for_each(drop);
    let summary = documents.summary();
    assert_eq!(documents.format(), Format::ChannelDump);
    assert_eq!((summary.documents, summary.rejected), (8, 0));
    assert_eq!(summary.skipped.get(&SkipReason::NoText), Some(&1));
    assert_eq!(summary.bytes, file.len() as u64);
}
