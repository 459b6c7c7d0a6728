//! The shared channel dump, scored by its own program. Skipped, visibly, where the corpus is absent.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::dictum::{dictum, variants};

fn corpus() -> Option<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if corpus.join("channel-dump.txt").exists() {
        return Some(corpus);
    }
    eprintln!("SKIPPED: there is no ../shared/corpus beside the repository");
    None
}

/// Returns the last line of the scorer.
fn score(corpus: &Path, file: &Path, seed: bool) -> String {
    let mut extract = dictum(&["extract", file.to_str().unwrap(), "--output", "ndjson"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut scorer = Command::new("python3");
    scorer.arg(corpus.join("score.py")).stdin(extract.stdout.take().unwrap());
    if seed {
        scorer.arg("--seed").arg(file);
    }
    let scored = scorer.output().unwrap();
    assert!(extract.wait().unwrap().success());
    let lines = String::from_utf8(scored.stdout).unwrap();
    lines.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn the_channel_dump_is_read_without_a_mistake() {
    let Some(corpus) = corpus() else { return };
    assert_eq!(
        score(&corpus, &corpus.join("channel-dump.txt"), true),
        "required recall 27/27 precision 1.000 must_not 0 duplicates 0 details 172/172"
    );
}

#[test]
fn its_variants_are_too() {
    let Some(corpus) = corpus() else { return };
    let dump = fs::read_to_string(corpus.join("channel-dump.txt")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, variant) in variants(&dump) {
        assert_ne!(variant, dump, "{name}");
        let file = folder.path().join("channel-dump.txt");
        fs::write(&file, variant).unwrap();
        let line = score(&corpus, &file, false);
        assert!(line.starts_with("required recall 27/27 precision 1.000"), "{name}: {line}");
        assert!(line.contains("duplicates 0"), "{name}: {line}");
    }
}
