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

/// Two invented posts.
const POSTS: [&str; 2] = [
    "🎙 Mayor Ada Fenwick’s answers to media questions (Saltmarsh, March 3, 2031)\n\n\
     ❓ Question: When does the bridge open?\n💬 Ada Fenwick: In May, as we said in the winter, and not a day later than that.\n\n\
     ❓ Who pays?\n💬 The county, for the bridge is the county’s, and the town pays for the lamps on it.",
    "💬 Harbour Master Tom Reed: Our conditions for the lease are as follows: the quay is repaired; the cranes stay; \
     and the ferry keeps its berth.\n\n☝️ None of the three is new to anybody who reads our minutes.",
];

#[test]
fn the_same_posts_in_five_formats_give_the_same_claims() {
    let json = |value: &str| serde_json::to_string(value).unwrap();
    let dump = |copies: usize| -> String {
        // The first line stands once, the rest as often as there are copies.
        let body = |post: &str| {
            let (first, rest) = post.split_once('\n').unwrap();
            format!("{first}\n{}", vec![rest.trim_start(); copies].join("\n"))
        };
        POSTS.map(|post| format!("Forwarded from Pier Post\n{}\n", body(post))).concat()
    };
    let messages: Vec<String> = (1..)
        .zip(POSTS)
        .map(|(id, post)| format!(r#"{{"id": {id}, "type": "message", "text": {}}}"#, json(post)))
        .collect();
    let export = format!(r#"{{"name": "Pier Post", "messages": [{}]}}"#, messages.join(","));
    let ndjson: String = POSTS.map(|post| format!("{{\"text\":{}}}\n", json(post))).concat();
    let page: String = (1..)
        .zip(POSTS)
        .map(|(id, post)| {
            let text = post.replace('\n', "<br/>");
            format!(
                "<div class=\"tgme_widget_message_wrap\"><div class=\"tgme_widget_message\" data-post=\"pier/{id}\">\
                 <div class=\"tgme_widget_message_text js-message_text\">{text}</div></div></div>\n"
            )
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let claims = |name: &str, content: &str| -> Vec<String> {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let said = run(&["extract", path.to_str().unwrap(), "--output", "ndjson"]);
        assert_eq!(said.code, Some(0), "{name}: {said:?}");
        said.stdout.lines().map(|line| spoken(&serde_json::from_str(line).unwrap())).collect()
    };
    let expected = claims("dump.txt", &dump(1));
    assert_eq!(expected.len(), 4, "two pairs, a statement and its list: {expected:#?}");
    for (name, content) in
        [("doubled.txt", dump(2)), ("result.json", export), ("page.html", page), ("posts.ndjson", ndjson)]
    {
        assert_eq!(claims(name, &content), expected, "{name}");
    }
}

/// Returns who says what in a claim; blank lines aside, which a dump may have lost.
fn spoken(claim: &serde_json::Value) -> String {
    let mut words = Vec::new();
    for form in ["quotedStatement", "questionAnswer", "prerequisiteList"] {
        let Some(parts) = claim.get(form) else { continue };
        words.push(form.to_owned());
        for part in ["content", "question", "answer", "introducer", "subject"] {
            words.push(parts[part]["text"].as_str().unwrap_or_default().to_owned());
        }
        for person in ["speaker", "respondent", "asker"] {
            words.push(parts[person]["name"].as_str().unwrap_or_default().to_owned());
        }
        words.extend(parts["items"].as_array().into_iter().flatten().map(|item| item["text"].to_string()));
    }
    words.join("|").split_whitespace().collect::<Vec<_>>().join(" ")
}
