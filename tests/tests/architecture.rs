//! The arrows of ARCHITECTURE.md against the manifests: who may use whom, and who alone names an engine.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a test")]

use std::{collections::BTreeSet, fs, path::Path};

/// What each crate of ours may use of ours.
const ARROWS: [(&str, &[&str]); 12] = [
    ("crates/core", &[]),
    ("crates/server", &[]),
    ("crates/formats", &["core"]),
    ("crates/extract", &["core"]),
    ("crates/store", &["core"]),
    ("crates/search", &["core", "store"]),
    ("crates/proto", &["core"]),
    ("crates/client", &["core", "proto"]),
    ("services/extraction", &["core", "extract", "proto", "server"]),
    ("services/storage", &["core", "proto", "search", "server", "store"]),
    ("services/ingest", &["client", "core", "formats", "proto", "server"]),
    (
        "crates/cli",
        &[
            "client",
            "core",
            "extract",
            "extraction",
            "formats",
            "ingest",
            "proto",
            "search",
            "server",
            "storage",
            "store",
        ],
    ),
];

/// Crates that only these of ours name.
const ALONE: [(&str, &[&str]); 8] = [
    ("sled", &["crates/store"]),
    ("tantivy", &["crates/search"]),
    ("zstd", &["crates/store"]),
    ("tonic-reflection", &["crates/server"]),
    ("tonic-web", &["crates/server"]),
    ("feed-rs", &["crates/formats"]),
    ("whatlang", &["crates/extract"]),
    ("comfy-table", &["crates/cli"]),
];

/// Crates that read, write, listen or wait: core, formats and extract are pure.
const IO: [&str; 9] =
    ["tokio", "tonic", "hyper-util", "tower", "sled", "tantivy", "fs2", "tempfile", "memmap2"];

fn top() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Returns the names under `[dependencies]` of a manifest.
fn dependencies(krate: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(top().join(krate).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let tables = ["dependencies", "build-dependencies"].into_iter().filter_map(|name| manifest.get(name));
    tables.flat_map(|table| table.as_table().unwrap().keys().cloned()).collect()
}

#[test]
fn every_crate_is_in_the_table() {
    let manifest: toml::Table = fs::read_to_string(top().join("Cargo.toml")).unwrap().parse().unwrap();
    let members = manifest["workspace"]["members"].as_array().unwrap();
    let members: BTreeSet<&str> = members.iter().filter_map(|member| member.as_str()).collect();
    let table: BTreeSet<&str> = ARROWS.iter().map(|(krate, _)| *krate).chain(["tests"]).collect();
    assert_eq!(members, table);
}

#[test]
fn crates_use_only_what_they_may() {
    for (krate, allowed) in ARROWS {
        let used = dependencies(krate);
        let ours = used.iter().filter_map(|name| name.strip_prefix("dictum-"));
        let others: Vec<&str> = ours.filter(|name| !allowed.contains(name)).collect();
        assert!(others.is_empty(), "{krate} may not use {others:?}: a new arrow needs a reason");
    }
}

#[test]
fn engines_are_named_in_one_place() {
    for (krate, _) in ARROWS {
        let used = dependencies(krate);
        for (engine, allowed) in ALONE {
            assert!(!used.contains(engine) || allowed.contains(&krate), "{krate} may not name {engine}");
        }
    }
    for (engine, only, files) in [
        ("sled::", "crates/store/src", &["engine.rs"][..]),
        ("tantivy::", "crates/search/src", &["index.rs"]),
    ] {
        for entry in fs::read_dir(top().join(only)).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if entry.path().is_file() && !files.contains(&name.as_str()) {
                let text = fs::read_to_string(entry.path()).unwrap();
                assert!(!text.contains(engine), "{only}/{name} names {engine}");
            }
        }
    }
}

#[test]
fn core_formats_and_extract_do_no_io() {
    for krate in ["crates/core", "crates/formats", "crates/extract"] {
        let used = dependencies(krate);
        let io: Vec<_> = IO.iter().filter(|name| used.contains(**name)).collect();
        assert!(io.is_empty(), "{krate} uses {io:?}");
    }
    assert!(!dependencies("crates/core").contains("serde"), "core knows no serde");
}
