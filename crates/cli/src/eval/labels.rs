//! Reading labelled and predicted claims: claim lines, labelled texts, TOML cases.

use std::{collections::BTreeMap, fs, ops::Range, path::Path};

use anyhow::{Context, Result, bail};
use dictum_core::{Document, DocumentParts, Form, Manner, Span};
use dictum_extract::{Options, extract};
use dictum_proto::v1;
use serde::Deserialize;

/// Labels by document, with the texts where the file gives them.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    /// By the document's id, or its name in the file.
    pub documents: BTreeMap<String, LabelledDocument>,
}

/// The labels of one document.
#[derive(Debug, Default)]
pub(crate) struct LabelledDocument {
    /// The text, where the file gives it.
    pub text: Option<String>,
    /// The labels, in the order of the file.
    pub labels: Vec<Label>,
}

/// One labelled or predicted claim.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Label {
    /// `direct`, `question-answer` …: what the table groups by.
    pub kind: String,
    /// Whether it can match another: quoted statements of any manner can.
    pub form: &'static str,
    /// What must overlap: content; question and answer; items. Places of words, in code points.
    pub parts: Vec<Words>,
    /// The speaker's name; `None` where the label does not say, empty for nobody.
    pub speaker: Option<String>,
    /// The words that name the speaker, such as "she": a label can hold these instead of the name.
    pub source: Option<String>,
    /// The rule that found it.
    pub rule: Option<String>,
}

/// The words of one part of a claim.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Words {
    /// Where each word starts, in code points of the document's text, ascending.
    pub starts: Vec<usize>,
    /// The part itself, for messages.
    pub text: String,
}

impl Words {
    /// Finds the words of `part`, which starts at code point `offset` of the document.
    fn new(part: &str, offset: usize) -> Self {
        let mut starts = Vec::new();
        let mut in_word = false;
        for (n, c) in part.chars().enumerate() {
            let is_word = c.is_alphanumeric() || c == '_';
            if is_word && !in_word {
                starts.push(offset + n);
            }
            in_word = is_word;
        }
        Self { starts, text: part.to_owned() }
    }

    fn of_code_points(text: &str, range: Range<usize>) -> Self {
        let part: String = text.chars().skip(range.start).take(range.len()).collect();
        Self::new(&part, range.start)
    }

    fn of_span(text: &str, span: Span) -> Self {
        let offset = text.get(..span.start()).map_or(0, |before| before.chars().count());
        Self::new(span.slice(text).unwrap_or_default(), offset)
    }

    fn of_wire(span: Option<&v1::TextSpan>) -> Self {
        span.map(|span| Self::new(&span.text, span.start_code_point as usize)).unwrap_or_default()
    }
}

impl Label {
    /// Returns the name, or a dash for nobody.
    pub(crate) fn speaker_or_dash(&self) -> &str {
        self.speaker.as_deref().filter(|name| !name.is_empty()).unwrap_or("-")
    }

    /// Returns the first words of the claim on one line.
    pub(crate) fn excerpt(&self) -> String {
        let all = self.parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(" | ");
        let line = all.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().take(160).collect()
    }
}

impl Labels {
    /// Leaves out claims of any other form.
    pub(crate) fn keep_form(&mut self, form: &str) {
        for document in self.documents.values_mut() {
            document.labels.retain(|label| label.form == form);
        }
    }

    /// Extracts claims from the texts, with the rules of this program.
    pub(crate) fn extract(&self) -> Result<Self> {
        let mut documents = BTreeMap::new();
        for (id, labelled) in &self.documents {
            let Some(text) = &labelled.text else {
                bail!("document {id} has no text in the file; give PRED, or labels with their texts");
            };
            documents.insert(id.clone(), LabelledDocument { text: None, labels: extract_labels(text) });
        }
        Ok(Self { documents })
    }
}

fn extract_labels(text: &str) -> Vec<Label> {
    let document = Document::new(DocumentParts { text: text.to_owned(), ..Default::default() });
    let extraction = extract(&document, &Options::default());
    let words = |span: &Span| Words::of_span(text, *span);
    extraction
        .claims
        .iter()
        .map(|claim| Label {
            kind: kind_of(&claim.form).to_owned(),
            form: form_of(kind_of(&claim.form)),
            parts: match &claim.form {
                Form::QuotedStatement(it) => vec![join(it.parts().iter().map(words))],
                Form::QuestionAnswer(it) => vec![words(&it.question), words(&it.answer)],
                Form::PrerequisiteList(it) => vec![join(it.items.iter().map(words))],
            },
            speaker: Some(claim.form.speaker().map(|speaker| speaker.name.clone()).unwrap_or_default()),
            source: match &claim.form {
                Form::QuotedStatement(it) => it.source,
                Form::QuestionAnswer(_) => None,
                Form::PrerequisiteList(it) => it.source,
            }
            .and_then(|source| source.slice(text))
            .map(str::to_owned),
            rule: Some(claim.rule_id.to_string()),
        })
        .collect()
}

/// Reads a file of labels, in whichever of the three shapes it is; `texts` serves lines that leave out the text.
pub(crate) fn read(path: &Path, texts: Option<&Labels>) -> Result<Labels> {
    let failed = || format!("could not read labels from {}", path.display());
    read_content(path, texts).with_context(failed)
}

fn read_content(path: &Path, texts: Option<&Labels>) -> Result<Labels> {
    let content = fs::read_to_string(path)?;
    if path.extension().is_some_and(|extension| extension == "toml") {
        return read_cases(&content);
    }
    let mut labels = Labels::default();
    for (n, line) in content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        read_line(line, texts, &mut labels).with_context(|| format!("line {}", n + 1))?;
    }
    Ok(labels)
}

// ------------------------------------------------------------------------------------------ claims and labelled texts

/// A line of labelled texts.
#[derive(Deserialize)]
struct TextLine {
    id: String,
    text: Option<String>,
    #[serde(alias = "pred")]
    gold: Vec<TextLabel>,
}

/// A label of a labelled text; offsets are code points.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum TextLabel {
    Quote {
        content_start: usize,
        content_end: usize,
        content: Option<String>,
        speaker: Option<String>,
        qtype: Option<String>,
    },
    Qa {
        question_start: usize,
        question_end: usize,
        answer_start: usize,
        answer_end: usize,
        speaker: Option<String>,
    },
    List {
        items: Vec<(usize, usize)>,
        speaker: Option<String>,
    },
}

fn read_line(line: &str, texts: Option<&Labels>, labels: &mut Labels) -> Result<()> {
    let value: serde_json::Value = serde_json::from_str(line).context("is not JSON")?;
    if value.get("claimId").is_some() {
        let claim: v1::Claim = serde_json::from_value(value).context("is not a claim")?;
        let label = label_of_claim(&claim)?;
        labels.documents.entry(claim.document_id).or_default().labels.push(label);
    } else {
        let line: TextLine =
            serde_json::from_value(value).context("is neither a claim nor a labelled text")?;
        let known = texts.and_then(|texts| texts.documents.get(&line.id)?.text.as_deref());
        let text = line.text.as_deref().or(known);
        let found = line.gold.iter().map(|label| label_of_text(label, text)).collect::<Result<Vec<_>>>()?;
        let document = labels.documents.entry(line.id).or_default();
        document.labels.extend(found);
        document.text = line.text.or(document.text.take());
    }
    Ok(())
}

fn label_of_claim(claim: &v1::Claim) -> Result<Label> {
    let (kind, parts, speaker, source) =
        match claim.form.as_ref().context("the claim has none of the three forms")? {
            v1::claim::Form::QuotedStatement(it) => {
                let kind = match it.manner() {
                    v1::Manner::Block => "block",
                    v1::Manner::Direct => "direct",
                    v1::Manner::Mixed => "mixed",
                    v1::Manner::Attitude => "attitude",
                    v1::Manner::Indirect | v1::Manner::Unspecified => "indirect",
                };
                let content = match it.content_parts.as_slice() {
                    [] => Words::of_wire(it.content.as_ref()),
                    parts => join(parts.iter().map(|part| Words::of_wire(Some(part)))),
                };
                (kind, vec![content], &it.speaker, it.source.as_ref())
            }
            v1::claim::Form::QuestionAnswer(it) => (
                "question-answer",
                vec![Words::of_wire(it.question.as_ref()), Words::of_wire(it.answer.as_ref())],
                &it.respondent,
                None,
            ),
            v1::claim::Form::PrerequisiteList(it) => (
                "prerequisite-list",
                vec![join(it.items.iter().map(|item| Words::of_wire(Some(item))))],
                &it.speaker,
                it.source.as_ref(),
            ),
        };
    Ok(Label {
        kind: kind.to_owned(),
        form: form_of(kind),
        parts,
        speaker: Some(speaker.as_ref().map(|speaker| speaker.name.clone()).unwrap_or_default()),
        source: source.map(|source| source.text.clone()),
        rule: claim.provenance.as_ref().map(|provenance| provenance.rule_id.clone()),
    })
}

fn label_of_text(label: &TextLabel, text: Option<&str>) -> Result<Label> {
    let words = |start: usize, end: usize| {
        let text = text.context("the line has labels but no text")?;
        if start > end {
            bail!("a label starts at {start}, behind its end at {end}");
        }
        Ok(Words::of_code_points(text, start..end))
    };
    let (kind, parts, speaker) = match label {
        TextLabel::Quote { content_start, content_end, content, speaker, qtype } => {
            let content = match (text, content) {
                (None, Some(content)) => Words::new(content, *content_start),
                _ => words(*content_start, *content_end)?,
            };
            (qtype.as_deref().unwrap_or("quote"), vec![content], speaker)
        }
        TextLabel::Qa { question_start, question_end, answer_start, answer_end, speaker } => {
            let parts = vec![words(*question_start, *question_end)?, words(*answer_start, *answer_end)?];
            ("question-answer", parts, speaker)
        }
        TextLabel::List { items, speaker } => {
            let items = items.iter().map(|(start, end)| words(*start, *end)).collect::<Result<Vec<_>>>()?;
            ("prerequisite-list", vec![join(items.into_iter())], speaker)
        }
    };
    Ok(Label {
        kind: kind.to_owned(),
        form: form_of(kind),
        parts,
        speaker: speaker.clone(),
        source: None,
        rule: None,
    })
}

// ------------------------------------------------------------------------------------------ TOML cases

/// A file of cases; fields that scoring does not need are not read.
#[derive(Deserialize)]
struct Cases {
    test: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    text: String,
    claims: Vec<CaseClaim>,
}

#[derive(Deserialize)]
struct CaseClaim {
    form: String,
    speaker: Option<String>,
    content: Option<Part>,
    parts: Option<Vec<Part>>,
    question: Option<Part>,
    answer: Option<Part>,
    items: Option<Vec<Part>>,
}

impl CaseClaim {
    /// Returns whether the case says all that is scored; a test may compare less.
    fn is_whole(&self) -> bool {
        match form_of(&self.form) {
            "question-answer" => self.question.is_some() && self.answer.is_some(),
            "prerequisite-list" => self.items.is_some(),
            _ => self.content.is_some() || self.parts.is_some(),
        }
    }
}

/// Words of the text, or a byte span of it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Words(String),
    Bytes([usize; 2]),
}

fn read_cases(content: &str) -> Result<Labels> {
    let cases: Cases = toml::from_str(content)?;
    let mut labels = Labels::default();
    for case in cases.test {
        if !case.claims.iter().all(CaseClaim::is_whole) {
            continue;
        }
        let found = case.claims.iter().map(|claim| label_of_case(claim, &case.text)).collect::<Result<_>>();
        let found = found.with_context(|| format!("case {}", case.name))?;
        labels.documents.insert(case.name, LabelledDocument { text: Some(case.text), labels: found });
    }
    Ok(labels)
}

fn label_of_case(claim: &CaseClaim, text: &str) -> Result<Label> {
    let mut from = 0; // parts come in text order: the next is looked for behind the one before
    let mut words = |part: &Part| -> Result<Words> {
        let span = match part {
            Part::Bytes([start, end]) => Span::new(*start, *end)?,
            Part::Words(words) => {
                let start = text[from..].find(words.as_str()).map(|at| from + at);
                let start = start.or_else(|| text.find(words.as_str()));
                let start = start.with_context(|| format!("the text does not hold {words:?}"))?;
                Span::new(start, start + words.len())?
            }
        };
        from = span.end();
        Ok(Words::of_span(text, span))
    };
    let one = |part: &Option<Part>, words: &mut dyn FnMut(&Part) -> Result<Words>| {
        words(part.as_ref().context("the case leaves out what is scored")?)
    };
    let parts = match form_of(&claim.form) {
        "question-answer" => vec![one(&claim.question, &mut words)?, one(&claim.answer, &mut words)?],
        "prerequisite-list" => {
            let items = claim.items.as_deref().context("the case leaves out the items")?;
            vec![join(items.iter().map(&mut words).collect::<Result<Vec<_>>>()?.into_iter())]
        }
        _ => match &claim.parts {
            Some(parts) => vec![join(parts.iter().map(&mut words).collect::<Result<Vec<_>>>()?.into_iter())],
            None => vec![one(&claim.content, &mut words)?],
        },
    };
    let (kind, speaker) = (claim.form.clone(), claim.speaker.clone());
    Ok(Label { form: form_of(&kind), kind, parts, speaker, source: None, rule: None })
}

// ------------------------------------------------------------------------------------------ kinds

fn kind_of(form: &Form) -> &'static str {
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

fn form_of(kind: &str) -> &'static str {
    match kind {
        "question-answer" => "question-answer",
        "prerequisite-list" => "prerequisite-list",
        _ => "quoted-statement",
    }
}

fn join(parts: impl Iterator<Item = Words>) -> Words {
    let mut joined = Words::default();
    for part in parts {
        joined.starts.extend(part.starts);
        if !joined.text.is_empty() {
            joined.text.push_str(" … ");
        }
        joined.text.push_str(&part.text);
    }
    joined.starts.sort_unstable();
    joined
}
