//! How good the claims are, as `dictum eval` tells it: floors for the project's own labelled cases.

use crate::dictum::{run, succeed};

/// Where the labelled cases of extraction are, seen from this crate.
const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../extract/tests/data");

/// Scores every case file whose name starts with `prefix` and fails below `floor`.
fn holds(prefix: &str, form: &str, floor: &str) {
    let mut n_files = 0;
    for entry in std::fs::read_dir(CASES).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)) {
            succeed(&["eval", path.to_str().unwrap(), "--form", form, "--floor", floor]);
            n_files += 1;
        }
    }
    assert!(n_files > 0, "no case file starts with {prefix}");
}

#[test]
fn condition_lists_stay_above_their_floor() {
    holds("lists-", "prerequisite-list", "0.98");
}

#[test]
fn transcripts_stay_above_their_floor() {
    holds("turns-", "question-answer", "0.95");
}

#[test]
fn quotations_stay_above_their_floor() {
    holds("quotes-", "quoted-statement", "0.9");
}

/// The floor is a check that can fail: the same labels, one of them wrong.
#[test]
fn a_score_below_the_floor_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cases.toml");
    let cases = "[[test]]\nname = 'one'\ntext = '💬 Mayor Ada Fenwick: The bridge opens in May.'\n\
                 claims = [{ form = 'block', speaker = 'Tom Hale', content = 'The bridge opens in May.' }]\n";
    std::fs::write(&path, cases).unwrap();
    let said = run(&["eval", path.to_str().unwrap(), "--floor", "0.5"]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert!(said.stderr.contains("below the floor"), "{}", said.stderr);
}

/// Corrected output is labels: a claim whose speaker was mended no longer matches what the rules say.
#[test]
fn claims_are_scored_against_corrected_claims() {
    let folder = tempfile::tempdir().unwrap();
    let (gold, predicted) = (folder.path().join("gold.ndjson"), folder.path().join("predicted.ndjson"));
    let text = folder.path().join("post.txt");
    std::fs::write(&text, "💬 Mayor Ada Fenwick: The bridge opens in May.\n").unwrap();
    let claims = succeed(&["extract", text.to_str().unwrap(), "--output", "ndjson"]);
    std::fs::write(&predicted, &claims).unwrap();
    std::fs::write(&gold, claims.replace("\"Ada Fenwick\"", "\"Tom Hale\"")).unwrap();
    let table = succeed(&["eval", gold.to_str().unwrap(), predicted.to_str().unwrap(), "--output", "json"]);
    let scores: serde_json::Value = serde_json::from_str(&table).unwrap();
    assert_eq!(scores["kinds"]["block"]["matched"], 1);
    assert_eq!(scores["kinds"]["block"]["speaker_right"], 0);
}
