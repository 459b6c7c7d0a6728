//! `dictum demo` and the small commands around it.

use crate::dictum::{run, succeed};

#[test]
fn the_demo_shows_all_forms_and_ends_well() {
    let said = run(&["demo"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for part in ["statement", "quotation", "question and answer", "prerequisites", "reported by", "Try next:"]
    {
        assert!(said.stdout.contains(part), "{part}: {}", said.stdout);
    }
    assert!(!said.stdout.contains('\u{1b}'), "no styles where standard output is no terminal");
    let widest =
        said.stdout.lines().filter(|line| line.starts_with('│')).map(|line| line.chars().count()).max();
    assert!(widest <= Some(120), "{widest:?}");
}

#[test]
fn completions_and_versions_are_printed() {
    assert!(succeed(&["completions", "bash"]).contains("extract"));
    assert!(succeed(&["--version"]).contains("commit"));
    assert!(succeed(&["--help"]).contains("Exit codes:"));
}
