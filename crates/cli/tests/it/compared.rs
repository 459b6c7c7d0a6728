//! Condition lists and questions over time, and highlighted words, from the command line.

use std::fs;

use serde_json::Value;

use crate::dictum::{Server, succeed};

const POSTS: &str = "\
Forwarded from Harbour Board
🎙 Mayor Ada Fenwick’s answers to questions (Tarnholm, May 3, 2026)

❓ Question: Will the pier be repaired?
💬 Answer: Repairs take two winters.

💬 Mayor Ada Fenwick: The prerequisites for talks are as follows:
1. withdrawal of the patrols within 30 days;
2. release of the crews.

Forwarded from Harbour Board
🎙 Mayor Ada Fenwick’s remarks (Tarnholm, May 9, 2026)

💬 Mayor Ada Fenwick: The prerequisites for talks are as follows:
1. withdrawal of the patrols within 60 days;
2. an inquiry into the storm.
";

#[test]
fn lists_are_compared_and_questions_listed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("posts.txt");
    fs::write(&file, POSTS).unwrap();
    let server = Server::start(&folder.path().join("data"));
    let call = |args: &[&str]| succeed(&[args, &["--endpoint", &server.endpoint]].concat());
    let lines = |text: String| -> Vec<Value> {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    call(&["ingest", file.to_str().unwrap()]);

    let ada = ["prerequisites", "--speaker", "Ada Fenwick"];
    let lists = lines(call(&[&ada[..], &["--output", "ndjson"]].concat()));
    let kinds = |list: &Value| {
        let changes = list["changes"].as_array().cloned().unwrap_or_default();
        changes.iter().map(|change| change["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(lists.len(), 2, "{lists:?}");
    assert_eq!(
        kinds(&lists[1]),
        ["ITEM_CHANGE_KIND_REWORDED", "ITEM_CHANGE_KIND_ADDED", "ITEM_CHANGE_KIND_DROPPED"]
    );
    let table = call(&ada);
    assert!(table.contains("was: withdrawal of the patrols within 30 days"), "{table}");

    let pairs = lines(call(&["list", "--form", "question-answer", "--output", "ndjson"]));
    let exchanges =
        lines(call(&["exchanges", pairs[0]["documentId"].as_str().unwrap(), "--output", "ndjson"]));
    assert_eq!(exchanges, pairs);

    let found = call(&["search", "winters", "--min-revision", "2"]);
    assert!(found.contains("Repairs take two winters."), "{found}");
}
