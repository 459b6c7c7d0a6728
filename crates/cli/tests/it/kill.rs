//! `kill -9` in the middle of an ingest: what was acknowledged is there, and the rest follows by itself.

use std::{
    collections::BTreeSet,
    fmt::Write,
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::dictum::{Server, by_document, dictum, run, succeed};

const POSTS: usize = 400;
const ACKNOWLEDGED_BEFORE_THE_KILL: usize = 60;

fn posts() -> String {
    (0..POSTS).fold(String::new(), |mut dump, n| {
        writeln!(
            dump,
            "Forwarded from Bridge Office\n💬 Mayor Ada Fenwick: Arch {n} of the bridge opens in May."
        )
        .unwrap();
        dump
    })
}

#[test]
fn what_was_acknowledged_survives_and_the_rest_follows() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("posts.txt"), folder.path().join("data"));
    fs::write(&file, posts()).unwrap();
    let file = file.to_str().unwrap();
    let server = Server::start(&data);
    let endpoint = server.endpoint.clone();
    let address = endpoint.strip_prefix("http://").unwrap();

    let mut ingest =
        dictum(&["ingest", file, "--output", "ndjson", "--endpoint", &endpoint, "--attempts", "50"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
    let mut lines =
        BufReader::new(ingest.stdout.take().unwrap()).lines().map(|line| document_id(&line.unwrap()));
    let before: BTreeSet<String> = lines.by_ref().take(ACKNOWLEDGED_BEFORE_THE_KILL).collect();
    server.kill();

    let server = Server::start_at(&data, address);
    for document_id in &before {
        succeed(&["get", document_id, "--endpoint", &endpoint]);
    }
    let after: Vec<String> = lines.collect();
    let ended = ingest.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let all: BTreeSet<String> = before.into_iter().chain(after).collect();
    assert_eq!(all.len(), POSTS);

    let verified = run(&["verify", "--endpoint", &server.endpoint]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let listed = by_document(&succeed(&["list", "--all", "--output", "ndjson", "--endpoint", &endpoint]));
    assert_eq!(listed, by_document(&succeed(&["extract", file, "--output", "ndjson"])));
}

fn document_id(line: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    line["documentId"].as_str().unwrap().to_owned()
}
