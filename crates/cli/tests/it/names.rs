//! Names, counts and deletion from the command line.

use std::fs;

use serde_json::Value;

use crate::dictum::{Server, run, succeed};

fn lines(ndjson: &str) -> Vec<Value> {
    ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn names_are_listed_claims_counted_and_documents_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("posts.txt");
    fs::write(&file, "💬 Mayor Ada Fenwick: The bridge opens in May.\n#Bridges\n").unwrap();
    let server = Server::start(&folder.path().join("data"));
    let at = |args: &[&str]| [args, &["--endpoint", &server.endpoint]].concat().join("\t");
    let call = |args: &[&str]| succeed(&at(args).split('\t').collect::<Vec<_>>());
    call(&["ingest", file.to_str().unwrap(), "--channel", "Harbour"]);

    let speakers = lines(&call(&["speakers", "ADA", "--output", "ndjson"]));
    assert_eq!((speakers.len(), &speakers[0]["name"]), (1, &Value::from("Ada Fenwick")));
    assert_eq!(speakers[0]["claimCount"], 1);
    assert_eq!(call(&["speakers", "nobody", "--output", "ndjson"]), "");
    assert!(call(&["topics"]).contains("Bridges"));
    assert!(call(&["channels"]).contains("Harbour"));

    let speaker = lines(&call(&["speaker", "mayor ada fenwick", "--output", "ndjson"]));
    assert_eq!(speaker[0]["forms"][0]["join"], "NAME_JOIN_ITSELF");
    assert!(call(&["speaker", "Fenwick, Ada"]).contains("the name"));
    let nobody = run(&at(&["speaker", "Tom Fenwick"]).split('\t').collect::<Vec<_>>());
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
    let explained =
        run(&at(&["list", "--speaker", "Ada Fenwick", "--explain"]).split('\t').collect::<Vec<_>>());
    assert!(explained.stderr.contains("the index of speakers"), "{explained:?}");

    let counted = lines(&call(&["count", "--by", "speaker", "--output", "ndjson"]));
    assert_eq!(counted[0]["claimCount"], 1);
    assert_eq!(counted[0]["counts"][0]["value"], "Ada Fenwick");
    assert!(call(&["count", "--by", "form"]).contains("quoted-statement"));

    let listed = lines(&call(&["list", "--output", "ndjson"]));
    let id = listed[0]["documentId"].as_str().unwrap();
    call(&["delete", id]);
    assert_eq!(call(&["list", "--output", "ndjson"]), "");
    let again = run(&at(&["delete", id]).split('\t').collect::<Vec<_>>());
    assert_eq!(again.code, Some(1), "{again:?}");
}
