//! Tests of the public face: whole source files in, items out.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

mod damage;
mod dump;
mod generator;
mod large;
mod reading;
mod same_posts;

use std::io::Read;

use dictum_core::Document;
use dictum_formats::{Format, Item, ReadOptions, read};

/// Returns the items of a file of this format.
fn items_of(file: impl Read, options: ReadOptions) -> Vec<Item> {
    read(file, options).collect::<Result<_, _>>().unwrap()
}

/// Returns the documents of a file in memory, and fails on a rejection.
fn documents(file: &[u8], format: Format) -> Vec<Document> {
    let options = ReadOptions { format, ..Default::default() };
    let keep = |item| match item {
        Item::Document(document) => Some(document),
        Item::Skipped(_) => None,
        Item::Rejected(rejection) => panic!("rejected: {rejection}"),
    };
    items_of(file, options).into_iter().filter_map(keep).collect()
}
