//! Channel dumps: our own sample and the real one, each in every variant that extractors and users make.

use std::{fs, path::PathBuf};

use dictum_core::{Document, ResidueKind};
use dictum_formats::{Format, Item, ReadOptions, SkipReason};

use crate::{documents, items_of};

/// A dump with what a reader should make of it; lines count from 1, ranges include both ends.
struct Sample {
    lines: Vec<String>,
    posts: Vec<Post>,
}

struct Post {
    header: usize,
    media: Vec<usize>,
    body: (usize, usize),
    copy: Option<(usize, usize)>,
    forwarded_from: String,
}

impl Sample {
    fn ours() -> Self {
        let file = include_str!("../data/harbour-dump.txt");
        let post = |header: usize, body, copy, forwarded_from: &str| Post {
            header,
            media: if matches!(header, 15 | 21) { vec![header + 1, header + 2] } else { vec![] },
            body,
            copy,
            forwarded_from: forwarded_from.into(),
        };
        Self {
            lines: file.split('\n').map(Into::into).collect(),
            posts: vec![
                post(1, (2, 8), Some((9, 14)), "Harbour Office"),
                post(15, (18, 19), Some((20, 20)), "तट समाचार"),
                post(21, (24, 29), Some((30, 34)), "Harbour Office"),
                post(35, (36, 41), Some((42, 44)), "Norhaven Pilots"), // the copy lost two short lines
                post(45, (46, 49), Some((50, 52)), "Norhaven Pilots"),
                post(53, (54, 61), None, "Norhaven Pilots"), // short answers that stand twice are no copy
                post(62, (63, 64), None, "Norhaven Pilots"),
                post(68, (69, 70), Some((71, 72)), "Harbour Office"), // both copies with their title
            ],
        }
    }

    /// Returns the labelled corpus, or `None` with a message where it is absent.
    fn corpus() -> Option<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
        let Ok(file) = fs::read_to_string(folder.join("channel-dump.txt")) else {
            eprintln!("SKIPPED: ../shared/corpus is absent, only our own sample is tested");
            return None;
        };
        let gold = fs::read_to_string(folder.join("channel-dump.gold.json")).unwrap();
        let gold: serde_json::Value = serde_json::from_str(&gold).unwrap();
        let number = |value: &serde_json::Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        let pair = |value: &serde_json::Value| Some((number(value.get(0)?), number(value.get(1)?)));
        let posts = gold["posts"].as_array().unwrap().iter().map(|post| Post {
            header: number(&post["header_line"]),
            media: post["media_residue_lines"].as_array().unwrap().iter().map(number).collect(),
            body: pair(&post["body_lines"]).unwrap(),
            copy: pair(&post["duplicate_lines"]),
            forwarded_from: post["source_channel"].as_str().unwrap().into(),
        });
        Some(Self { lines: file.split('\n').map(Into::into).collect(), posts: posts.collect() })
    }

    fn all() -> Vec<Self> {
        [Some(Self::ours()), Self::corpus()].into_iter().flatten().collect()
    }

    fn file(&self) -> String {
        self.lines.join("\n")
    }

    /// Returns the file without the lines for which `left_out` is true.
    fn file_without(&self, left_out: impl Fn(usize) -> bool) -> String {
        let numbered = self.lines.iter().enumerate();
        let kept: Vec<&str> = numbered.filter(|(n, _)| !left_out(n + 1)).map(|(_, line)| &**line).collect();
        kept.join("\n")
    }

    fn is_header(&self, line: usize) -> bool {
        self.lines[line - 1].starts_with("Forwarded from")
    }

    fn is_copy(&self, line: usize) -> bool {
        self.posts.iter().any(|post| post.copy.is_some_and(|(first, last)| (first..=last).contains(&line)))
    }

    fn texts(&self) -> Vec<String> {
        self.posts.iter().map(|post| self.lines[post.body.0 - 1..post.body.1].join("\n")).collect()
    }
}

/// Checks that every text is the slice of the file at its place.
fn check_slices(file: &str, documents: &[Document]) {
    for document in documents {
        let start = usize::try_from(document.source_start_byte).unwrap();
        assert_eq!(&file[start..start + document.text.len()], document.text);
        assert!(document.source_end_byte <= file.len() as u64);
    }
}

fn check(file: &str, expected: &[String]) -> Vec<Document> {
    let documents = documents(file.as_bytes(), Format::Auto);
    for (document, expected) in documents.iter().zip(expected) {
        assert_eq!(&document.text, expected);
    }
    assert_eq!(documents.len(), expected.len());
    check_slices(file, &documents);
    documents
}

#[test]
fn each_post_is_a_document_of_its_first_copy() {
    for sample in Sample::all() {
        let file = sample.file();
        let documents = check(&file, &sample.texts());
        let range = |line: usize| {
            let start = sample.lines[..line - 1].iter().map(|line| line.len() as u64 + 1).sum::<u64>();
            (start, start + sample.lines[line - 1].len() as u64)
        };
        for (document, post) in documents.iter().zip(&sample.posts) {
            assert_eq!(document.forwarded_from.as_ref(), Some(&post.forwarded_from));
            assert_eq!(document.channel.as_ref(), Some(&post.forwarded_from));
            let mut expected = vec![(ResidueKind::Header, range(post.header))];
            expected.extend(post.media.iter().map(|line| (ResidueKind::Media, range(*line))));
            expected.extend(
                post.copy.map(|(first, last)| (ResidueKind::RepeatedBody, (range(first).0, range(last).1))),
            );
            let residue: Vec<_> = document
                .residue
                .iter()
                .map(|residue| (residue.kind, (residue.source_start_byte, residue.source_end_byte)))
                .collect();
            assert_eq!(residue, expected);
        }
    }
}

#[test]
fn posts_are_found_without_headers() {
    for sample in Sample::all() {
        let file = sample.file_without(|line| sample.is_header(line));
        let documents = check(&file, &sample.texts());
        assert!(documents.iter().all(|document| document.channel.is_none()));
    }
}

#[test]
fn posts_are_found_without_headers_in_a_file_three_times_over() {
    for sample in Sample::all() {
        let file = sample.file_without(|line| sample.is_header(line));
        check(&[&*file; 3].join("\n"), &vec![sample.texts(); 3].concat());
    }
}

#[test]
fn a_file_that_stands_twice_gives_each_post_twice() {
    for sample in Sample::all() {
        let file = sample.file();
        let documents = check(&[&*file; 2].join("\n"), &vec![sample.texts(); 2].concat());
        let (first, second) = documents.split_at(sample.posts.len());
        assert!(first.iter().zip(second).all(|(first, second)| first.id() == second.id()));
    }
}

#[test]
fn a_body_that_stands_once_is_kept_whole() {
    for sample in Sample::all() {
        check(&sample.file_without(|line| sample.is_copy(line)), &sample.texts());
    }
}

#[test]
fn carriage_returns_stay_in_the_text() {
    for sample in Sample::all() {
        let crlf = |text: String| text.replace('\n', "\r\n");
        check(&crlf(sample.file()), &sample.texts().into_iter().map(crlf).collect::<Vec<_>>());
    }
}

#[test]
fn one_copy_may_have_other_line_ends_than_the_other() {
    let sample = Sample::ours();
    let lines = sample.lines.iter().enumerate();
    let file: Vec<String> = lines
        .map(|(n, line)| if sample.is_copy(n + 1) { format!("{line} \r") } else { line.clone() })
        .collect();
    check(&file.join("\n"), &sample.texts());
}

#[test]
fn variation_selectors_and_joiners_make_no_difference() {
    for sample in Sample::all() {
        for sign in ["\u{fe0f}", "\u{200d}"] {
            let bare = |text: String| text.replace(sign, "");
            check(&bare(sample.file()), &sample.texts().into_iter().map(bare).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_mark_at_the_start_and_line_ends_at_the_end_are_not_text() {
    let sample = Sample::ours();
    check(&format!("\u{feff}{}\r\n\r\n", sample.file()), &sample.texts());
}

#[test]
fn the_channel_of_the_caller_goes_first() {
    let options = ReadOptions { channel: Some("Norhaven Watch".into()), ..Default::default() };
    let items = items_of(Sample::ours().file().as_bytes(), options);
    let Item::Document(document) = &items[0] else { panic!("{:?}", items[0]) };
    assert_eq!(document.channel.as_deref(), Some("Norhaven Watch"));
    assert_eq!(document.forwarded_from.as_deref(), Some("Harbour Office"));
}

#[test]
fn a_post_of_media_alone_is_counted_not_stored() {
    let file = Sample::ours().file();
    let items = items_of(file.as_bytes(), ReadOptions::default());
    let skips: Vec<_> = items
        .iter()
        .filter_map(|item| if let Item::Skipped(skip) = item { Some(skip) } else { None })
        .collect();
    assert_eq!(skips.len(), 1);
    assert_eq!(skips[0].reason, SkipReason::NoText);
    let place = usize::try_from(skips[0].source_start_byte).unwrap();
    assert!(file[place..].starts_with("Forwarded from Norhaven Pilots\nMedia is too big"));
}

#[test]
fn blank_lines_before_the_first_header_are_nothing() {
    let items = items_of(&b"\n\r\nForwarded from Pier Post\nOne.\n"[..], ReadOptions::default());
    assert!(matches!(&items[..], [Item::Document(document)] if document.text == "One."));
}

#[test]
fn posts_without_a_header_may_follow_one_with_a_header() {
    let body =
        "The tide tables for the coming month are printed and lie in the office for everybody to take.";
    let other =
        "The office is closed on Friday afternoon, since the whole crew takes part in the regatta then.";
    let file = format!("Forwarded from Pier Post\n🗓 Tides\n{body}\n{body}\n🗓 Hours\n{other}\n{other}\n");
    let documents = check(&file, &[format!("🗓 Tides\n{body}"), format!("🗓 Hours\n{other}")]);
    assert_eq!(documents[0].forwarded_from.as_deref(), Some("Pier Post"));
    assert_eq!(documents[1].forwarded_from, None);
}

#[test]
fn without_header_or_repeat_the_next_title_residue_or_link_bounds_a_post() {
    let file = "🎙 One\nRead in full\n💬 First.\nStill first.\nRead in full\n🗓 Two\nSecond.\n\
                Media is too big\n📰 Three\nThird.\n🎙 Four\n💬 Fourth.";
    let expected = [
        "🎙 One\nRead in full\n💬 First.\nStill first.\nRead in full",
        "🗓 Two\nSecond.",
        "📰 Three\nThird.",
        "🎙 Four\n💬 Fourth.",
    ];
    check(file, &expected.map(String::from));
}
