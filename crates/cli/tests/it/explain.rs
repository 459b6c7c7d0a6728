//! `dictum extract --explain`: more is said, and the claims stay as they are.

use std::fs;

use serde_json::Value;

use crate::dictum::{run, succeed};

const POST: &str = "💬 Mayor Ada Fenwick: The so-called “plan” is late. Bo Lind said that the gate opens in May.\n\n\
    Read in full\n\nThe “gate” is new.\n";

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn claims_stay_as_they_are_and_say_what_lost_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("post.txt");
    fs::write(&file, POST).unwrap();
    let file = file.to_str().unwrap();
    let plain = lines(&succeed(&["extract", file, "--output", "ndjson"]));
    let (mut claims, others): (Vec<Value>, Vec<Value>) =
        lines(&succeed(&["extract", file, "--output", "ndjson", "--explain"]))
            .into_iter()
            .partition(|line| line.get("claimId").is_some());

    let explanations: Vec<Value> =
        claims.iter_mut().filter_map(|claim| claim.as_object_mut()?.remove("explanation")).collect();
    assert_eq!(claims, plain);
    assert_eq!(explanations.len(), plain.len());
    assert!(
        explanations.iter().all(|explanation| explanation["rule"].as_str().is_some_and(|it| it.len() > 20))
    );
    let lost = explanations[0]["lost"].as_array().unwrap();
    assert!(
        lost.iter().any(|lost| lost["text"] == "“plan”" && lost["reason"] == "UNATTRIBUTED"),
        "{explanations:?}"
    );
    assert!(
        others
            .iter()
            .any(|line| line["discarded"]["text"] == "“gate”" && line["discarded"]["startByte"].is_u64()),
        "{others:?}"
    );
}

#[test]
fn a_table_stays_as_it_is_and_standard_error_explains_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("post.txt");
    fs::write(&file, POST).unwrap();
    let file = file.to_str().unwrap();
    let (plain, explained) = (run(&["extract", file]), run(&["extract", file, "--explain"]));
    assert_eq!(explained.stdout, plain.stdout);
    for words in ["`block-labelled` on", "cue “said”", "“gate”: nobody is known to say it"] {
        assert!(explained.stderr.contains(words), "{words}: {}", explained.stderr);
    }
}
