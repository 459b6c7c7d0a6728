//! Any bytes in any format: reading never panics, ends, and every document's text of a text format is a slice of the file.
#![no_main]

use dictum_formats::{Format, Item, ReadOptions, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, bytes) = input;
    let format = Format::ALL[usize::from(choice) % Format::ALL.len()];
    let options = ReadOptions { format, max_document_bytes: 4096, ..ReadOptions::default() };
    for item in read(bytes, options) {
        let Ok(Item::Document(document)) = item else { continue };
        assert!(document.text.len() <= 4096, "a document over the limit");
        if matches!(format, Format::ChannelDump | Format::PlainText) {
            let start = document.source_start_byte as usize;
            assert_eq!(bytes.get(start..start + document.text.len()), Some(document.text.as_bytes()));
        }
    }
});
