//! What each line of a post is, before anything is opened or closed.

use dictum_core::Occasion;

use super::{
    labels::{self, Care, Label, Labelled},
    lines::{Line, Sign},
    title,
    words::{WORDS, after_start, ends_sentence},
};
use crate::people::People;

/// Longer lines are no headings and no links.
const MAX_HEADING_BYTES: usize = 140;
/// `Answer:` without a sign is looked for within so many bytes.
const MAX_PLAIN_LABEL_BYTES: usize = 40;

/// What a line is.
#[derive(Debug, Clone)]
pub(super) enum Role {
    /// Nothing that anybody says: blank, residue, the heading of the post.
    Skipped,
    /// A line of hashtags, or a separator.
    Tags,
    /// "Read in full": ends a statement.
    Link,
    /// 📍 with place and date.
    Pin(Occasion),
    /// The heading of what follows.
    Heading,
    /// 💬, perhaps with a label.
    Speech(Option<Labelled>),
    /// ❓, perhaps with a label.
    Question(Option<Labelled>),
    /// A label behind another sign.
    Label(Labelled),
    /// "Key points:"
    KeyPoints,
    /// Anything else.
    Content,
}

/// Returns the role of every line.
pub(super) fn of(lines: &[Line<'_>], heading: Option<usize>, people: &People) -> Vec<Role> {
    let mut roles = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let next = lines[at + 1..].iter().take(3).find(|next| !next.is_blank());
        roles.push(if heading == Some(at) { Role::Skipped } else { role(line, next, people) });
    }
    roles
}

fn role(line: &Line<'_>, next: Option<&Line<'_>>, people: &People) -> Role {
    if line.is_blank() {
        return Role::Skipped;
    }
    match line.sign {
        Sign::Speech => speech(line, people),
        Sign::Question => Role::Question(labels::read(line.body, line.body_start, Care::Low, people)),
        Sign::Title => Role::Heading,
        Sign::Pin => match title::place_and_date(line.body, title::is_pinned_place) {
            Some(occasion) => Role::Pin(occasion),
            None => Role::Content,
        },
        _ if is_link(line) => Role::Link,
        Sign::Announcement | Sign::Stress | Sign::Other => labelled(line, people)
            .or_else(|| is_key_points(line.body).then_some(Role::KeyPoints))
            .or_else(|| is_heading_of_next(line, next).then_some(Role::Heading))
            .unwrap_or(Role::Content),
        Sign::None if is_tags(line.body) => {
            if next.is_some_and(|next| next.sign == Sign::Speech) {
                Role::Heading
            } else {
                Role::Tags
            }
        }
        Sign::None => plain_label(line, people)
            .or_else(|| is_key_points(line.body).then_some(Role::KeyPoints))
            .or_else(|| is_heading_of_next(line, next).then_some(Role::Heading))
            .unwrap_or(Role::Content),
        Sign::Bullet => Role::Content,
    }
}

/// Reads a line behind 💬: with 💬 as well, `Question:` makes a question.
fn speech(line: &Line<'_>, people: &People) -> Role {
    let label = labels::read(line.body, line.body_start, Care::Low, people);
    let label = label.or_else(|| labels::read_open(line.body, line.body_start));
    match label {
        Some(label) if matches!(label.label, Label::Question) => Role::Question(Some(label)),
        label => Role::Speech(label),
    }
}

/// Reads a label behind ⚡️, ❗ and other signs that are no bullets.
fn labelled(line: &Line<'_>, people: &People) -> Option<Role> {
    let label = labels::read(line.body, line.body_start, Care::High, people)?;
    Some(match label.label {
        Label::Question => Role::Question(Some(label)),
        Label::Answer => Role::Speech(Some(label)),
        Label::Speaker(_) => Role::Label(label),
    })
}

/// Reads `Question:` and `Answer:` without a sign.
fn plain_label(line: &Line<'_>, people: &People) -> Option<Role> {
    let start = &line.body.as_bytes()[..line.body.len().min(MAX_PLAIN_LABEL_BYTES)];
    memchr::memchr(b':', start)?;
    let label = labels::read(line.body, line.body_start, Care::High, people)?;
    match label.label {
        Label::Question => Some(Role::Question(Some(label))),
        Label::Answer => Some(Role::Speech(Some(label))),
        Label::Speaker(_) => None,
    }
}

/// Whether the whole line is the text of a link.
pub(super) fn is_link(line: &Line<'_>) -> bool {
    let body = line.body.trim_start_matches(|c: char| matches!(c, '[' | '(') || c.is_whitespace());
    if body.len() > MAX_HEADING_BYTES || body.is_empty() {
        return false;
    }
    let is_address = !body.contains(char::is_whitespace)
        && (body.starts_with("http://")
            || body.starts_with("https://")
            || body.starts_with("t.me/")
            || body.starts_with('@'));
    let is_plain = !body.ends_with(['.', '!', '?']) || body.len() < 24;
    is_address || (is_plain && after_start(body, &WORDS.link_starts).is_some())
}

/// Whether a line is hashtags alone, or a separator.
pub(super) fn is_tags(body: &str) -> bool {
    let mut words = body.split_whitespace().peekable();
    let is_separator =
        body.chars().all(|c| matches!(c, '*' | '-' | '—' | '–' | '_' | '=' | '~' | '.') || c.is_whitespace());
    is_separator || (words.peek().is_some() && words.all(|word| word.starts_with('#') && word.len() > 1))
}

/// Whether a line is the heading of the 💬 after it: short, no sentence, and about a topic.
pub(super) fn is_heading_of_next(line: &Line<'_>, next: Option<&Line<'_>>) -> bool {
    let opens = next.is_some_and(|next| matches!(next.sign, Sign::Speech | Sign::Question));
    if !opens || line.body.is_empty() || line.body.len() > MAX_HEADING_BYTES || ends_sentence(line.body) {
        return false;
    }
    let body = line.body;
    body.contains('#')
        || (line.sign == Sign::None && body.starts_with(|c: char| !c.is_lowercase()))
        || WORDS.heading_starts.iter().any(|start| body.to_lowercase().starts_with(start))
}

/// Whether a line announces a list of statements.
fn is_key_points(body: &str) -> bool {
    body.len() <= MAX_HEADING_BYTES
        && body
            .trim_end_matches(|c: char| c.is_whitespace() || super::lines::is_sign(c) || c == '\u{FE0F}')
            .ends_with([':', '：'])
        && after_start(body, &WORDS.key_points).is_some()
}
