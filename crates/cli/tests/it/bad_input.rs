//! Input that is no text, or not there: a message with the place, the rest of the batch, an exit code.

use std::fs::{self, File};

use tempfile::TempDir;

use crate::dictum::{Said, Server, dictum, run, said};

const GOOD: &str = "💬 Mayor Ada Fenwick: The bridge opens in May.\n";

/// A folder with a good file and a bad one beside it.
struct Batch {
    folder: TempDir,
}

impl Batch {
    fn new() -> Self {
        let batch = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(batch.path("good.txt"), GOOD).unwrap();
        batch
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Extracts the bad file and then the good one: the good one's claim must come, whatever the bad one is.
    fn extract_with(&self, bad: &str) -> Said {
        let said = run(&["extract", &self.path(bad), &self.path("good.txt"), "--output", "ndjson"]);
        assert_eq!(said.stdout.lines().count(), 1, "{said:?}");
        assert!(said.stdout.contains("The bridge opens in May."), "{said:?}");
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.stderr.contains(bad), "the message names the file: {said:?}");
        said
    }
}

#[test]
fn a_missing_file_is_named() {
    let said = Batch::new().extract_with("missing.txt");
    assert!(said.stderr.contains("No such file"), "{said:?}");
}

#[test]
fn an_empty_file_is_named() {
    let batch = Batch::new();
    fs::write(batch.path("empty.txt"), "").unwrap();
    let said = batch.extract_with("empty.txt");
    assert!(said.stderr.contains("empty source file"), "{said:?}");
}

#[test]
fn an_empty_folder_is_named() {
    let batch = Batch::new();
    fs::create_dir(batch.path("empty-folder")).unwrap();
    let said = batch.extract_with("empty-folder");
    assert!(said.stderr.contains("holds no files"), "{said:?}");
}

#[test]
fn invalid_utf8_is_named_with_its_byte() {
    let batch = Batch::new();
    fs::write(batch.path("latin1.txt"), b"We agree, said Mayor Fenwick\xe9.").unwrap();
    let said = batch.extract_with("latin1.txt");
    assert!(said.stderr.contains("invalid UTF-8 at byte 28"), "{said:?}");
}

#[test]
fn one_bad_post_leaves_the_others_of_its_file() {
    let batch = Batch::new();
    let mut dump =
        b"Forwarded from Bridge Office\n\xf0\x9f\x92\xac Bad\xff byte.\nForwarded from Bridge Office\n"
            .to_vec();
    dump.extend(GOOD.as_bytes());
    fs::write(batch.path("dump.txt"), dump).unwrap();
    let said = run(&["extract", &batch.path("dump.txt"), "--output", "ndjson"]);
    assert_eq!((said.code, said.stdout.lines().count()), (Some(1), 1), "{said:?}");
    assert!(said.stderr.contains("invalid UTF-8 at byte 37"), "{said:?}");
}

#[test]
fn emoji_alone_are_no_document() {
    let batch = Batch::new();
    fs::write(batch.path("emoji.txt"), "🎣🌊⚓️\n🐟🐟🐟\n").unwrap();
    let said = batch.extract_with("emoji.txt");
    assert!(said.stderr.contains("no words"), "{said:?}");
}

#[test]
fn a_line_of_200_mb_is_over_the_limit() {
    let batch = Batch::new();
    File::create(batch.path("long.txt")).unwrap().set_len(200_000_000).unwrap(); // a line of NULs, no disk
    let said = batch.extract_with("long.txt");
    assert!(said.stderr.contains("longer than 4194304 bytes"), "{said:?}");
}

#[test]
fn folders_are_read_and_formats_are_checked() {
    let batch = Batch::new();
    let said = run(&["extract", batch.folder.path().to_str().unwrap(), "--output", "ndjson"]);
    assert_eq!((said.code, said.stdout.lines().count()), (Some(0), 1), "{said:?}");
    let said = run(&["extract", "posts.txt", "--format", "scroll"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stderr.contains("channel-dump"), "{said:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let batch = Batch::new();
    fs::write(batch.path("many.txt"), format!("Forwarded from Bridge Office\n{GOOD}").repeat(3000)).unwrap();
    let mut child = dictum(&["extract", &batch.path("many.txt"), "--output", "ndjson"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let said = said(child.wait_with_output().unwrap());
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
}

#[test]
fn ingest_rejects_the_bad_and_keeps_the_rest() {
    let batch = Batch::new();
    fs::write(batch.path("latin1.txt"), b"caf\xe9").unwrap();
    let server = Server::start(&batch.folder.path().join("data"));
    let (bad, good, missing) = (batch.path("latin1.txt"), batch.path("good.txt"), batch.path("missing.txt"));
    let said = run(&["ingest", &bad, &missing, &good, "--output", "ndjson", "--endpoint", &server.endpoint]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let mut lines: Vec<serde_json::Value> =
        said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.sort_by_key(|line| line["file"].as_str().unwrap().to_owned());
    let [good, bad, missing] = &lines[..] else { panic!("{said:?}") };
    assert_eq!((&good["status"], &good["claims"]), (&"INGEST_STATUS_STORED".into(), &1.into()));
    assert_eq!((&bad["status"], &bad["reason"]), (&"INGEST_STATUS_REJECTED".into(), &"INVALID_UTF8".into()));
    assert_eq!(
        (&missing["status"], &missing["reason"]),
        (&"INGEST_STATUS_REJECTED".into(), &"UNREADABLE".into())
    );
}

#[test]
fn a_server_that_is_not_there_has_an_exit_code_of_its_own() {
    let said = run(&["list", "--endpoint", "http://127.0.0.1:1", "--attempts", "1"]);
    assert_eq!(said.code, Some(69), "{said:?}");
    assert!(said.stderr.contains("http://127.0.0.1:1"), "{said:?}");
}

#[test]
fn an_id_that_names_nothing_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let absent = "0".repeat(48);
    let said = run(&["get", &absent, "--endpoint", &server.endpoint]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains(&absent), "{said:?}");
}

#[test]
fn ingest_tells_of_each_file_its_format_and_what_was_passed_over() {
    let batch = Batch::new();
    let export = r#"{"name": "Pier Post", "messages": [
        {"id": 1, "type": "message", "text": "The pier opens on Monday."},
        {"id": 2, "type": "service", "action": "pin_message", "text": ""},
        {"id": 1, "type": "message", "text": "The pier opens on Tuesday."}]}"#;
    fs::write(batch.path("result.json"), export).unwrap();
    let server = Server::start(&batch.folder.path().join("data"));
    let (export, good) = (batch.path("result.json"), batch.path("good.txt"));
    let said = run(&["ingest", &export, &good, "--endpoint", &server.endpoint]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for part in ["telegram-json", "plain-text", "1 × service"] {
        assert!(said.stdout.contains(part), "{part}: {said:?}");
    }
    for part in ["1 message id came again with another text", "1 passed over"] {
        assert!(said.stderr.contains(part), "{part}: {said:?}");
    }
}
