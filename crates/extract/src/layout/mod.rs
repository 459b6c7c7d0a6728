//! Posts of channels, line by line: title, occasion, block statements, question–answer pairs.
//!
//! A text without any sign of a post is offered to `turns` first, and is an article if it is no transcript either.
//! Quotations inside statements and narrative are not found here: the stretches say where to look for them.

mod labels;
mod lines;
mod roles;
mod statements;
mod title;
mod words;

use dictum_core::{Diagnostic, FormKind, Manner, Occasion, Span};

use self::{
    lines::{Line, Sign},
    roles::Role,
};
use crate::{
    Rule,
    people::{Naming, People},
    stretch::{Layout, Stretch, Voice},
    turns,
};

/// A heading is not longer than this.
const MAX_TITLE_BYTES: usize = 500;

const SIGNS: &str = "signs of the layout";
const LABELS: &str = "people.toml, layout.toml";

/// The rules of this module.
pub(crate) const RULES: &[Rule] = &[
    block(
        "block-labelled",
        "Paragraphs behind 💬 and a label that names the speaker, up to the next sign.",
        LABELS,
    ),
    block("block-titled", "Paragraphs behind 💬 in a post whose title names the speaker.", SIGNS),
    block("block-inherited", "Paragraphs behind 💬 without a label, after a statement with one.", SIGNS),
    block("block-unnamed", "Paragraphs behind 💬 in the first person, where nobody is named.", SIGNS),
    block(
        "block-label-alone",
        "Paragraphs behind a label with a role or an institution and another sign than 💬.",
        LABELS,
    ),
    block(
        "block-announced",
        "Paragraphs of a post without 💬 whose title announces somebody's words.",
        LABELS,
    ),
    block(
        "block-institution",
        "Paragraphs of a post without 💬 whose title announces an institution's words.",
        LABELS,
    ),
    block("block-point", "An item of a list of key points.", LABELS),
    pair(
        "pair-labelled",
        "A question with a sign or label, and the answer after it, whose label names the respondent.",
    ),
    pair(
        "pair-titled",
        "A question with a sign or label, and the answer after it; the title names the respondent.",
    ),
    pair("pair-unnamed", "A question with a sign or label, and the answer after it; nobody is named."),
];

const fn block(id: &'static str, description: &'static str, source: &'static str) -> Rule {
    Rule { id, form: FormKind::QuotedStatement, manner: Some(Manner::Block), description, source }
}

const fn pair(id: &'static str, description: &'static str) -> Rule {
    Rule { id, form: FormKind::QuestionAnswer, manner: None, description, source: SIGNS }
}

/// Reads the lines of a text.
pub(crate) fn read(text: &str, people: &mut People, diagnostics: &mut Vec<Diagnostic>) -> Layout {
    let lines = lines::split(text);
    let is_post = lines.iter().any(|line| matches!(line.sign, Sign::Speech | Sign::Question | Sign::Title));
    if !is_post && let Some(layout) = turns::read(text, people, diagnostics) {
        return layout;
    }
    let heading = heading(&lines, is_post, people);
    let roles = roles::of(&lines, heading.line, people);
    let mut occasion = heading.occasion.clone();
    for role in &roles {
        if let Role::Pin(pinned) = role {
            occasion = pinned.clone();
            break;
        }
    }
    let mut layout = statements::read(text, &lines, &roles, &heading, people, diagnostics);
    if layout.found.is_empty() && !is_post {
        // An article: one stretch, so that nothing is torn apart.
        layout.stretches = whole(text);
    }
    Layout { title: heading.title, occasion, ..layout }
}

fn whole(text: &str) -> Vec<Stretch> {
    let span = Span::new(0, text.len()).ok().filter(|span| !span.is_empty());
    span.map(|span| Stretch { span, voice: Voice::Narrator }).into_iter().collect()
}

/// The heading of a post and what it says.
#[derive(Debug, Default)]
struct Heading {
    /// Which line it is.
    line: Option<usize>,
    title: Option<Span>,
    /// Whose words it announces.
    speaker: Option<(Naming, dictum_core::Speaker)>,
    /// Whether it has a sign: a plain headline over an article announces less.
    has_sign: bool,
    asker: Option<dictum_core::Speaker>,
    occasion: Occasion,
}

/// Reads the first line that has content, if it is a heading.
fn heading(lines: &[Line<'_>], is_post: bool, people: &mut People) -> Heading {
    let content = |line: &&Line<'_>| !line.is_blank() && !roles::is_tags(line.body) && !roles::is_link(line);
    let mut rest = lines.iter().enumerate().filter(|(_, line)| content(line));
    let (Some((at, line)), follower) = (rest.next(), rest.next()) else { return Heading::default() };
    let is_label = || {
        let label = labels::read(line.body, line.body_start, labels::Care::High, people);
        label.is_some_and(|label| matches!(label.label, labels::Label::Speaker(_)))
    };
    let is_short = line.body.len() <= MAX_TITLE_BYTES && !line.body.is_empty();
    let is_open = is_short && follower.is_some() && !words::ends_sentence(line.body);
    let is_heading = match line.sign {
        Sign::Title => is_short,
        Sign::Announcement | Sign::Other | Sign::Stress => is_open && !is_label(),
        Sign::None => {
            let apart =
                lines.get(at + 1).is_some_and(Line::is_blank) || title::announced(line.body).is_some();
            is_open
                && (is_post || apart)
                && !is_label()
                && !roles::is_heading_of_next(line, lines.get(at + 1))
        }
        Sign::Speech | Sign::Question | Sign::Pin | Sign::Bullet => false,
    };
    if !is_heading {
        return Heading::default();
    }
    let announced = title::announced(line.body).map(|it| (it.naming, it.speaker));
    let label = || match labels::read(line.body, line.body_start, labels::Care::Low, people)?.label {
        labels::Label::Speaker(named) if named.naming != Naming::Role => Some((named.naming, named.speaker)),
        _ => None,
    };
    let speaker = announced.or_else(|| if line.sign == Sign::Title { label() } else { None });
    if let Some((_, speaker)) = &speaker {
        people.note(speaker);
    }
    Heading {
        line: Some(at),
        title: Span::new(line.body_start, line.end()).ok(),
        speaker,
        has_sign: line.sign != Sign::None,
        asker: title::asker(line.body),
        occasion: title::occasion(line.body),
    }
}
