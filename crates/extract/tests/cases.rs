//! Runs the cases of `tests/data/*.toml`: a text, and the claims that must come out of it, no more and no fewer.
//!
//! A part of a claim is given as the exact words or as a half-open byte span; a part that is not given is not compared.
//! An empty string says that the part must be absent. A failing case is named with all that was found.

use std::{fs, path::Path};

use dictum_core::{Claim, Document, DocumentParts, Extraction, Form, Manner, Span, Speaker, UnknownSpeaker};
use dictum_extract::{Options, extract, rules};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    test: Vec<Case>,
}

/// One text and what must be found in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    text: String,
    claims: Vec<Expected>,
    /// Compare the claims of this form alone: `prerequisite-list`.
    only: Option<String>,
    #[serde(default)]
    attitudes: bool,
    title: Option<Part>,
    place: Option<String>,
    date: Option<String>,
    topics: Option<Vec<String>>,
    language: Option<String>,
    /// The kinds of all diagnostics, in order.
    diagnostics: Option<Vec<String>>,
}

/// One claim; what is left out is not compared.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Expected {
    /// `block`, `direct`, `indirect`, `mixed`, `attitude`, `question-answer`, `prerequisite-list`.
    form: String,
    rule: Option<String>,
    /// Name of the speaker or respondent; "" for nobody.
    speaker: Option<String>,
    /// Why nobody is named, as in [`UnknownSpeaker`].
    unknown: Option<String>,
    role: Option<String>,
    organization: Option<String>,
    /// Names, outermost first.
    chain: Option<Vec<String>>,
    source: Option<Part>,
    cue: Option<Part>,
    content: Option<Part>,
    parts: Option<Vec<Part>>,
    question: Option<Part>,
    asker: Option<String>,
    answer: Option<Part>,
    introducer: Option<Part>,
    subject: Option<Part>,
    items: Option<Vec<Part>>,
}

/// Words of the text, or a byte span of it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Part {
    Words(String),
    Bytes([usize; 2]),
}

impl Part {
    fn is(&self, span: Option<Span>, text: &str) -> bool {
        match (self, span) {
            (Self::Words(words), None) => words.is_empty(),
            (Self::Words(words), Some(span)) => span.slice(text) == Some(words),
            (Self::Bytes(_), None) => false,
            (Self::Bytes([start, end]), Some(span)) => (span.start(), span.end()) == (*start, *end),
        }
    }
}

#[test]
fn every_case_finds_what_it_must() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut files: Vec<_> = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut failures, mut n_cases) = (Vec::new(), 0);
    for file in files {
        let cases: Cases = toml::from_str(&fs::read_to_string(&file).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        n_cases += cases.test.len();
        for case in cases.test {
            if let Err(reason) = check(&case) {
                failures.push(format!("{} / {}: {reason}", file.file_stem().unwrap().display(), case.name));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {n_cases} cases fail\n\n{}", failures.len(), failures.join("\n\n"));
}

fn check(case: &Case) -> Result<(), String> {
    let document = Document::new(DocumentParts { text: case.text.clone(), ..Default::default() });
    let mut extraction = extract(&document, &Options { attitudes: case.attitudes, ..Options::default() });
    if let Some(form) = &case.only {
        extraction.claims.retain(|claim| form_name(&claim.form) == form);
    }
    let differs = difference(case, &extraction);
    differs.map_or(Ok(()), |what| Err(format!("{what}\nfound:{}", describe(&extraction, &case.text))))
}

/// Returns the first thing that is not as it must be.
fn difference(case: &Case, extraction: &Extraction) -> Option<String> {
    let text = &case.text;
    let occasion = &extraction.occasion;
    let date = occasion.date.map(|date| date.to_string()).unwrap_or_default();
    let kinds: Vec<String> = extraction.diagnostics.iter().map(|d| format!("{:?}", d.kind)).collect();
    let wrong = |name: &str, differs: bool| differs.then(|| format!("{name} differs"));
    wrong("title", case.title.as_ref().is_some_and(|title| !title.is(extraction.title, text)))
        .or_else(|| {
            wrong(
                "place",
                case.place.as_deref().is_some_and(|it| it != occasion.place.as_deref().unwrap_or("")),
            )
        })
        .or_else(|| wrong("date", case.date.as_deref().is_some_and(|it| it != date)))
        .or_else(|| wrong("topics", case.topics.as_ref().is_some_and(|it| *it != extraction.topics)))
        .or_else(|| {
            wrong(
                "language",
                case.language.as_deref().is_some_and(|it| it != extraction.language.as_deref().unwrap_or("")),
            )
        })
        .or_else(|| wrong("diagnostics", case.diagnostics.as_ref().is_some_and(|it| *it != kinds)))
        .or_else(|| wrong("the number of claims", case.claims.len() != extraction.claims.len()))
        .or_else(|| {
            let pairs = case.claims.iter().zip(&extraction.claims).enumerate();
            pairs
                .filter_map(|(n, (expected, claim))| {
                    Some(format!("claim {n}: {}", claim_difference(expected, claim, text)?))
                })
                .next()
        })
}

/// Returns which part of a claim is not as it must be.
fn claim_difference(expected: &Expected, claim: &Claim, text: &str) -> Option<String> {
    let form = &claim.form;
    let is = |part: &Option<Part>, span: Option<Span>| part.as_ref().is_none_or(|part| part.is(span, text));
    let all = |parts: &Option<Vec<Part>>, spans: &[Span]| {
        parts.as_ref().is_none_or(|parts| {
            parts.len() == spans.len()
                && parts.iter().zip(spans).all(|(part, span)| part.is(Some(*span), text))
        })
    };
    let name =
        |who: &Result<Speaker, UnknownSpeaker>| who.as_ref().map(|s| s.name.clone()).unwrap_or_default();
    let who = match form {
        Form::QuotedStatement(it) => &it.speaker,
        Form::QuestionAnswer(it) => &it.respondent,
        Form::PrerequisiteList(it) => &it.speaker,
    };
    let field = |value: &Option<String>, found: Option<String>| {
        value.as_ref().is_none_or(|it| *it == found.unwrap_or_default())
    };
    let speaker = who.as_ref().ok();
    let chain: Vec<String> = form.attribution_chain().iter().map(|speaker| speaker.name.clone()).collect();
    let mut checks = vec![
        ("form", expected.form == form_name(form)),
        ("rule", expected.rule.as_ref().is_none_or(|rule| *rule == claim.rule_id)),
        ("speaker", field(&expected.speaker, Some(name(who)))),
        ("unknown", field(&expected.unknown, who.as_ref().err().map(|why| format!("{why:?}")))),
        ("role", field(&expected.role, speaker.and_then(|s| s.role.clone()))),
        ("organization", field(&expected.organization, speaker.and_then(|s| s.organization.clone()))),
        ("chain", expected.chain.as_ref().is_none_or(|it| *it == chain)),
    ];
    match form {
        Form::QuotedStatement(it) => checks.extend([
            ("source", is(&expected.source, it.source)),
            ("cue", is(&expected.cue, it.cue)),
            ("content", is(&expected.content, Some(it.content))),
            ("parts", all(&expected.parts, it.parts())),
        ]),
        Form::QuestionAnswer(it) => checks.extend([
            ("question", is(&expected.question, Some(it.question))),
            ("asker", field(&expected.asker, Some(name(&it.asker)))),
            ("answer", is(&expected.answer, Some(it.answer))),
        ]),
        Form::PrerequisiteList(it) => checks.extend([
            ("source", is(&expected.source, it.source)),
            ("introducer", is(&expected.introducer, Some(it.introducer))),
            ("subject", is(&expected.subject, it.subject)),
            ("items", all(&expected.items, &it.items)),
        ]),
    }
    checks.iter().find(|(_, right)| !right).map(|(part, _)| format!("{part} differs"))
}

fn form_name(form: &Form) -> &'static str {
    match form {
        Form::QuotedStatement(it) => match it.manner {
            Manner::Block => "block",
            Manner::Direct => "direct",
            Manner::Indirect => "indirect",
            Manner::Mixed => "mixed",
            Manner::Attitude => "attitude",
        },
        Form::QuestionAnswer(_) => "question-answer",
        Form::PrerequisiteList(_) => "prerequisite-list",
    }
}

/// Writes what was found, for the person who mends the case.
fn describe(extraction: &Extraction, text: &str) -> String {
    let mut out = format!(
        "\n  title {:?}, {:?}, topics {:?}, language {:?}, diagnostics {:?}",
        extraction.title.and_then(|title| title.slice(text)),
        extraction.occasion,
        extraction.topics,
        extraction.language,
        extraction.diagnostics.iter().map(|d| d.kind).collect::<Vec<_>>(),
    );
    let words = |span: Span| format!("{span} {:?}", span.slice(text).unwrap_or("?"));
    let some = |span: Option<Span>| span.map_or("-".to_owned(), words);
    for claim in &extraction.claims {
        let details = match &claim.form {
            Form::QuotedStatement(it) => format!(
                "speaker {:?}\n    source {} cue {} chain {:?}\n    content {}",
                it.speaker,
                some(it.source),
                some(it.cue),
                it.attribution_chain,
                it.parts().iter().map(|part| words(*part)).collect::<Vec<_>>().join(" … "),
            ),
            Form::QuestionAnswer(it) => format!(
                "asker {:?} respondent {:?}\n    question {}\n    answer {}",
                it.asker,
                it.respondent,
                words(it.question),
                words(it.answer),
            ),
            Form::PrerequisiteList(it) => format!(
                "speaker {:?} chain {:?}\n    introducer {} subject {}\n    items {}",
                it.speaker,
                it.attribution_chain,
                words(it.introducer),
                some(it.subject),
                it.items.iter().map(|item| words(*item)).collect::<Vec<_>>().join(" | "),
            ),
        };
        out.push_str(&format!("\n  {} {} {details}", form_name(&claim.form), claim.rule_id));
    }
    out
}

#[test]
fn rules_have_one_id_each_and_every_claim_names_one() {
    let mut ids: Vec<&str> = rules().iter().map(|rule| rule.id).collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "two rules have one id: {ids:?}");
    assert!(
        ids.iter().all(|id| id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
    );
}
