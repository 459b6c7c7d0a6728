//! Large files: as many documents as were made, in memory that does not grow with the file.
//!
//! The size here is small; `examples/measure.rs` reads files of any size made by the same generator.

use dictum_formats::{ReadOptions, SkipReason, read};

use crate::generator::{Generated, Kind};

fn check(kind: Kind) {
    let mut documents = read(Generated::new(kind, 4_000_000), ReadOptions::default());
    let mut last_place = 0;
    for item in &mut documents {
        if let dictum_formats::Item::Document(document) = item.unwrap() {
            assert!(document.source_start_byte > last_place);
            assert!(document.text.starts_with("Post "));
            last_place = document.source_start_byte;
        }
    }
    let summary = documents.summary();
    let service = summary.skipped[&SkipReason::Service];
    assert!(summary.documents > 1000);
    assert_eq!(service, (summary.documents + service) / 10);
    assert_eq!(summary.rejected, 0);
    assert!(summary.bytes >= 4_000_000);
}

#[test]
fn a_large_export_is_read_message_by_message() {
    check(Kind::ResultJson);
}

#[test]
fn a_large_page_is_read_message_by_message() {
    check(Kind::Preview);
}
