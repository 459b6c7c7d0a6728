//! The same claims, ids and order, whichever way they take.

use std::fs;

use crate::dictum::{Server, by_document, run, sample, succeed, variants};

#[test]
fn extract_and_ingest_and_a_restart_give_the_same_claims() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("posts.txt");
    fs::write(&file, sample()).unwrap();
    let (file, data) = (file.to_str().unwrap(), folder.path().join("data"));
    let extracted = by_document(&succeed(&["extract", file, "--output", "ndjson"]));
    assert!(extracted.len() >= 5, "the sample has documents with claims: {}", extracted.len());

    let server = Server::start(&data);
    let list = |server: &Server| {
        by_document(&succeed(&["list", "--all", "--output", "ndjson", "--endpoint", &server.endpoint]))
    };
    let acknowledged = succeed(&["ingest", file, "--output", "ndjson", "--endpoint", &server.endpoint]);
    assert!(acknowledged.lines().all(|line| line.contains("INGEST_STATUS_STORED")), "{acknowledged}");
    assert_eq!(list(&server), extracted);
    let again = succeed(&["ingest", file, "--output", "ndjson", "--endpoint", &server.endpoint]);
    assert!(again.lines().all(|line| line.contains("INGEST_STATUS_DUPLICATE")), "{again}");
    server.kill();

    let server = Server::start(&data);
    assert_eq!(list(&server), extracted);
    let verified = run(&["verify", "--endpoint", &server.endpoint]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
    assert!(verified.stdout.starts_with("checked "), "{}", verified.stdout);
}

/// Offsets move, so ids do; what is said by whom stays.
#[test]
fn the_variants_of_a_dump_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let said = |text: &str| -> Vec<String> {
        let file = folder.path().join("posts.txt");
        fs::write(&file, text).unwrap();
        let claims = succeed(&["extract", file.to_str().unwrap(), "--output", "ndjson"]);
        let mut said: Vec<_> =
            by_document(&claims).into_values().flatten().map(|claim| essence(&claim)).collect();
        said.sort(); // ids give the order of documents, and they move; a claim that stands twice must show
        said
    };
    let expected = said(&sample());
    for (name, variant) in variants(&sample()) {
        assert_eq!(said(&variant), expected, "{name}");
    }
}

/// Returns form, speaker and texts of a claim, without what the variants change.
fn essence(claim: &serde_json::Value) -> String {
    let form = ["quotedStatement", "questionAnswer", "prerequisiteList"]
        .into_iter()
        .find_map(|form| claim.get(form))
        .unwrap();
    let who = form.get("speaker").or(form.get("respondent")).map_or("", |who| who["name"].as_str().unwrap());
    let mut texts = Vec::new();
    for part in ["content", "question", "answer"] {
        texts.extend(form.get(part).and_then(|span| span["text"].as_str()));
    }
    texts.extend(
        form.get("items")
            .into_iter()
            .flat_map(|items| items.as_array().unwrap())
            .map(|item| item["text"].as_str().unwrap()),
    );
    format!("{who}: {}", texts.join(" | ")).replace(['\u{FE0F}', '\r'], "")
}
