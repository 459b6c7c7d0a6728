//! Claims as a person reads them: a heading per document, a row per claim.

use std::io::{self, Write};

use anstream::adapter::strip_str;
use anstyle::{AnsiColor, Style};
use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle,
    Width, presets::NOTHING,
};
use dictum_proto::{
    timestamp_from_wire,
    v1::{self, claim::Form},
};

use crate::{ingest::FileOutcome, terminal};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const STATEMENT: Style = AnsiColor::Cyan.on_default();
const QUOTE: Style = AnsiColor::Green.on_default();
const PAIR: Style = AnsiColor::Magenta.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const LIST: Style = AnsiColor::Yellow.on_default();

/// The longest part of a claim that a table shows, in characters: `--output json` has all of it.
const MAX_CHARS: usize = 240;
/// Columns of "question and answer" and of long offsets with the confidence, with a blank on each side.
const KIND_COLUMNS: u16 = 21;

/// A box without inner verticals: a row is one thing.
const BOX: TableStyle = TableStyle::new()
    .top_border(LineStyle::new('╭', '─', '─', '╮'))
    .content_lines(ContentLineStyle::new('│', ' ', '│'))
    .row_separator(LineStyle::new('├', '╌', '╌', '┤'))
    .bottom_border(LineStyle::new('╰', '─', '─', '╯'));

/// Returns the claims of one document as a table with styles, for a terminal of this width; `highlights` are spans of the
/// document's text that stand out.
pub(crate) fn document(claims: &[v1::Claim], highlights: &[v1::TextSpan], columns: u16) -> String {
    let mut table = Table::new();
    table
        .load_style(BOX)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(columns)
        .add_rows(claims.iter().filter_map(|claim| row(claim, highlights)));
    let people = columns / 4;
    let borders = 4; // left, right and between the three columns
    let widths = [KIND_COLUMNS, people, columns.saturating_sub(KIND_COLUMNS + people + borders)];
    table.set_constraints(widths.map(|width| ColumnConstraint::Absolute(Width::Fixed(width))));
    let provenance = claims.first().and_then(|claim| claim.provenance.as_ref());
    let heading = provenance.map(|provenance| heading(provenance, columns)).unwrap_or_default();
    format!("{heading}{}\n", dim_borders(&table.to_string()))
}

/// Returns what became of the documents of each source file.
pub(crate) fn outcomes(files: &[FileOutcome], columns: u16) -> String {
    let rows = files.iter().map(|outcome| {
        let FileOutcome { file, format, stored, duplicates, rejected, passed_over, claims } = outcome;
        let rejected = if *rejected > 0 { format!("{BAD}{rejected}{BAD:#}") } else { "0".to_owned() };
        let passed_over = if passed_over.is_empty() { "0" } else { passed_over };
        [
            plain(file),
            (*format).to_owned(),
            stored.to_string(),
            duplicates.to_string(),
            rejected,
            passed_over.to_owned(),
            claims.to_string(),
        ]
    });
    grid(["file", "format", "stored", "duplicates", "rejected", "passed over", "claims"], 2, rows, columns)
}

/// Returns names with their counts and the days on which they were seen first and last.
pub(crate) fn names(names: &[v1::NameSummary], columns: u16) -> String {
    let day = |time: Option<pbjson_types::Timestamp>| {
        let time = timestamp_from_wire(time, "", "").ok().flatten();
        time.map(|time| time.to_string().chars().take(10).collect()).unwrap_or_default()
    };
    let rows = names.iter().map(|summary| {
        let v1::NameSummary { name, forms, claim_count, document_count, first_time, last_time } = summary;
        let others =
            forms.iter().filter(|form| *form != name).map(|form| format!("\n{DIM}{}{DIM:#}", clip(form)));
        let name = format!("{BOLD}{}{BOLD:#}{}", clip(name), others.collect::<String>());
        [name, claim_count.to_string(), document_count.to_string(), day(*first_time), day(*last_time)]
    });
    grid(["name", "claims", "documents", "first", "last"], 1, rows, columns)
}

/// Returns what is known of a speaker.
pub(crate) fn speaker(speaker: &v1::GetSpeakerResponse, columns: u16) -> String {
    let v1::GetSpeakerResponse { summary, forms, months, topics } = speaker;
    let without_forms =
        summary.iter().map(|summary| v1::NameSummary { forms: Vec::new(), ..summary.clone() });
    let summary = names(&without_forms.collect::<Vec<_>>(), columns);
    let forms = forms.iter().map(|form| [clip(&form.form), why(form.join()), form.claim_count.to_string()]);
    let most = months.iter().map(|month| month.claim_count).max().unwrap_or(1).max(1);
    let bar = |count: u64| "█".repeat(usize::try_from((count * 30).div_ceil(most)).unwrap_or(1));
    let months = months
        .iter()
        .map(|month| [month.value.clone(), bar(month.claim_count), month.claim_count.to_string()]);
    let topics = topics.iter().map(|topic| [clip(&topic.value), topic.claim_count.to_string()]);
    let mut text = summary + &grid(["form of the name", "why", "claims"], 2, forms, columns);
    if months.len() > 0 {
        text += &grid(["month", "", "claims"], 2, months, columns);
    }
    if topics.len() > 0 {
        text += &grid(["topic", "claims"], 1, topics, columns);
    }
    text
}

fn why(join: v1::NameJoin) -> String {
    let why = match join {
        v1::NameJoin::Unspecified => "",
        v1::NameJoin::Itself => "the name",
        v1::NameJoin::Spelling => "other spelling",
        v1::NameJoin::Title => "with a title",
        v1::NameJoin::Transliteration => "other letters",
        v1::NameJoin::Initials => "initials; nobody else fits, something is shared",
        v1::NameJoin::MiddleName => "without middle names; nobody else fits, something is shared",
        v1::NameJoin::Surname => "surname, beside the name in each of its documents",
    };
    why.to_owned()
}

/// Returns a prerequisite list with what changed since the one before it.
pub(crate) fn compared(list: &v1::ComparedList, columns: u16) -> String {
    let Some(Form::PrerequisiteList(now)) = list.claim.as_ref().and_then(|claim| claim.form.as_ref()) else {
        return String::new();
    };
    let words = |span: &Option<v1::TextSpan>| span.as_ref().map(|span| clip(&span.text)).unwrap_or_default();
    let change = |change: &v1::ItemChange| {
        let (item, earlier) = (words(&change.item), words(&change.earlier_item));
        match change.kind() {
            v1::ItemChangeKind::Added => ["+".to_owned(), format!("{QUOTE}{item}{QUOTE:#}")],
            v1::ItemChangeKind::Dropped => ["-".to_owned(), format!("{BAD}{earlier}{BAD:#}")],
            v1::ItemChangeKind::Reworded => {
                ["~".to_owned(), format!("{LIST}{item}{LIST:#}\n{DIM}was: {earlier}{DIM:#}")]
            }
            v1::ItemChangeKind::Kept | v1::ItemChangeKind::Unspecified => ["=".to_owned(), item],
        }
    };
    let first = now.items.iter().map(|item| [String::new(), clip(&item.text)]);
    let rows: Vec<[String; 2]> = match list.changes.as_slice() {
        [] => first.collect(),
        changes => changes.iter().map(change).collect(),
    };
    let subject = match &now.subject {
        Some(subject) => format!("for {}", clip(&subject.text)),
        None => text(now.introducer.as_ref(), &[], BOLD),
    };
    let provenance = list.claim.as_ref().and_then(|claim| claim.provenance.as_ref());
    let heading = provenance.map(|provenance| heading(provenance, columns)).unwrap_or_default();
    format!("{heading}{}\n", grid(["", &subject], 2, rows.into_iter(), columns))
}

/// Returns how many claims there are, and how many with each value.
pub(crate) fn counts(counted: &v1::CountClaimsResponse, columns: u16) -> String {
    let values = counted.counts.iter().map(|count| [clip(&count.value), count.claim_count.to_string()]);
    let all = [format!("{BOLD}all{BOLD:#}"), counted.claim_count.to_string()];
    grid(["", "claims"], 1, values.chain([all]), columns)
}

/// Returns a table of as many texts as `texts` says, then numbers.
fn grid<const N: usize>(
    titles: [&str; N],
    texts: usize,
    rows: impl Iterator<Item = [String; N]>,
    columns: u16,
) -> String {
    let mut table = Table::new();
    table
        .load_style(BOX)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(columns)
        .add_row(titles.map(|title| format!("{BOLD}{title}{BOLD:#}")))
        .add_rows(rows);
    for numbers in table.column_iter_mut().skip(texts) {
        numbers.set_cell_alignment(CellAlignment::Right);
    }
    dim_borders(&table.to_string())
}

/// Returns the table with its lines in the background.
fn dim_borders(table: &str) -> String {
    let mut dimmed = String::with_capacity(2 * table.len());
    for line in table.lines() {
        match line.strip_prefix('│').and_then(|rest| rest.strip_suffix('│')) {
            Some(cells) => dimmed.push_str(&format!("{DIM}│{DIM:#}{cells}{DIM}│{DIM:#}\n")),
            None => dimmed.push_str(&format!("{DIM}{line}{DIM:#}\n")),
        }
    }
    dimmed
}

/// Prints a table; styles are taken out where standard output does not show them.
pub(crate) fn print(out: &mut impl Write, table: &str) -> io::Result<()> {
    if terminal::styled() { write!(out, "{table}") } else { write!(out, "{}", strip_str(table)) }
}

/// Returns "1 claim", "2 claims".
pub(crate) fn count(n: u64, singular: &str) -> String {
    if n == 1 { format!("{n} {singular}") } else { format!("{n} {singular}s") }
}

/// Returns what the document is, over as many lines as it takes.
fn heading(provenance: &v1::Provenance, columns: u16) -> String {
    let occasion = [provenance.place.as_str(), provenance.date.as_str()].join(" ");
    let topics = provenance.topics.iter().map(|topic| format!("#{topic}")).collect::<Vec<_>>().join(" ");
    let channel = if provenance.channel.is_empty() { &provenance.source_file } else { &provenance.channel };
    let origin = joined(&[channel, occasion.trim(), &topics, &provenance.language], " · ");
    let lines = [(BOLD, clip(&provenance.title)), (DIM, clip(&origin))];

    let mut heading = Table::new();
    heading
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(columns)
        .add_rows(
            lines
                .into_iter()
                .filter(|(_, line)| !line.is_empty())
                .map(|(style, line)| [format!("{style}{line}{style:#}")]),
        );
    for lines in heading.column_iter_mut() {
        lines.set_padding((0, 0));
    }
    if heading.is_empty() { String::new() } else { format!("{}\n", heading.trim_fmt()) }
}

fn joined(parts: &[&str], with: &str) -> String {
    parts.iter().filter(|part| !part.is_empty()).map(|part| plain(part)).collect::<Vec<_>>().join(with)
}

/// Returns what a claim is, whose it is, what it says; `None` for a form that this program does not know.
fn row(claim: &v1::Claim, highlights: &[v1::TextSpan]) -> Option<[String; 3]> {
    let text = |span: Option<&v1::TextSpan>, style: Style| text(span, highlights, style);
    let (kind, people, words, place) = match claim.form.as_ref()? {
        Form::QuotedStatement(statement) => (
            statement_kind(statement.manner()),
            people(statement.speaker.as_ref(), &statement.attribution_chain),
            text(statement.content.as_ref(), Style::new()),
            statement.content.as_ref()?.start_byte..statement.content.as_ref()?.end_byte,
        ),
        Form::QuestionAnswer(pair) => (
            format!("{PAIR}question and answer{PAIR:#}"),
            pair_people(pair),
            format!(
                "{DIM}Q: {}{DIM:#}\nA: {}",
                text(pair.question.as_ref(), DIM),
                text(pair.answer.as_ref(), Style::new())
            ),
            pair.question.as_ref()?.start_byte..pair.answer.as_ref()?.end_byte,
        ),
        Form::PrerequisiteList(list) => (
            format!("{LIST}prerequisites{LIST:#}"),
            people(list.speaker.as_ref(), &list.attribution_chain),
            items(list, highlights),
            list.items.first()?.start_byte..list.items.last()?.end_byte,
        ),
    };
    let confidence = claim.provenance.as_ref().map_or(0.0, |provenance| provenance.confidence);
    let proof = format!("{DIM}{}–{} · {confidence:.2}{DIM:#}", place.start, place.end);
    Some([format!("{kind}\n{proof}"), people, words])
}

fn statement_kind(manner: v1::Manner) -> String {
    let (style, name) = match manner {
        v1::Manner::Block | v1::Manner::Unspecified => (STATEMENT, "statement"),
        v1::Manner::Direct => (QUOTE, "quotation"),
        v1::Manner::Indirect => (QUOTE, "reported"),
        v1::Manner::Mixed => (QUOTE, "partly quoted"),
        v1::Manner::Attitude => (QUOTE, "attitude"),
    };
    format!("{style}{name}{style:#}")
}

fn people(speaker: Option<&v1::Speaker>, chain: &[v1::Speaker]) -> String {
    let reporters =
        chain.iter().map(|reporter| format!("\n{DIM}reported by {}{DIM:#}", plain(&reporter.name)));
    person(speaker) + &reporters.collect::<String>()
}

fn pair_people(pair: &v1::QuestionAnswer) -> String {
    let asker = match &pair.asker {
        Some(asker) => format!("\n{DIM}asked by {}{DIM:#}", plain(&asker.name)),
        None => String::new(),
    };
    person(pair.respondent.as_ref()) + &asker
}

fn person(speaker: Option<&v1::Speaker>) -> String {
    let Some(speaker) = speaker else {
        return format!("{DIM}unknown{DIM:#}");
    };
    let said_in_role = speaker.role.to_lowercase().contains(&speaker.organization.to_lowercase());
    let organization = if said_in_role { "" } else { speaker.organization.as_str() };
    let office = joined(&[&speaker.role, organization], ", ");
    let name = format!("{BOLD}{}{BOLD:#}", plain(&speaker.name));
    if office.is_empty() { name } else { format!("{name}\n{DIM}{office}{DIM:#}") }
}

fn items(list: &v1::PrerequisiteList, highlights: &[v1::TextSpan]) -> String {
    let introducer = match &list.subject {
        Some(subject) => format!("{DIM}for {}:{DIM:#}", clip(&subject.text)),
        None => format!("{DIM}{}{DIM:#}", text(list.introducer.as_ref(), highlights, DIM)),
    };
    let item = |item| text(Some(item), highlights, Style::new());
    let items = list.items.iter().enumerate().map(|(n, span)| format!("\n{}. {}", n + 1, item(span)));
    introducer + &items.collect::<String>()
}

/// Returns the text of a span on one line, in `style`, its highlights in bold; a long one from before the first of them.
fn text(span: Option<&v1::TextSpan>, highlights: &[v1::TextSpan], style: Style) -> String {
    let Some(span) = span else { return String::new() };
    let mut marked = String::with_capacity(span.text.len());
    let mut from = 0;
    for highlight in highlights {
        let (Some(start), Some(end)) = (
            highlight.start_byte.checked_sub(span.start_byte).map(|start| start as usize),
            highlight.end_byte.checked_sub(span.start_byte).map(|end| end as usize),
        ) else {
            continue;
        };
        let (Some(before), Some(word)) = (span.text.get(from..start), span.text.get(start..end)) else {
            continue; // In another part of the claim, or inside the highlight before.
        };
        let before = unmarked(before);
        if from == 0 && before.chars().count() > MAX_CHARS / 2 {
            let skipped = before.char_indices().rev().nth(MAX_CHARS / 3).map_or(0, |(at, _)| at);
            let word = before[skipped..].find(' ').map_or(skipped, |blank| skipped + blank);
            marked.push_str(&format!("…{}", &before[word..]));
        } else {
            marked.push_str(&before);
        }
        marked.extend([MARK_START.to_string(), unmarked(word), MARK_END.to_string()]);
        from = end;
    }
    marked.push_str(&unmarked(span.text.get(from..).unwrap_or_default()));
    let mut line = clip(&marked);
    if line.matches(MARK_START).count() > line.matches(MARK_END).count() {
        line.push(MARK_END);
    }
    line.replace(MARK_START, &BOLD.to_string()).replace(MARK_END, &format!("{BOLD:#}{style}"))
}

/// Signs for private use, which stand for the ends of a highlight until the line is cut.
const MARK_START: char = '\u{E000}';
const MARK_END: char = '\u{E001}';

fn unmarked(text: &str) -> String {
    text.replace([MARK_START, MARK_END], " ")
}

/// Returns the text on one line, cut at a word when it is long.
pub(crate) fn clip(text: &str) -> String {
    let line = plain(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((cut, _)) = line.char_indices().nth(MAX_CHARS) else {
        return line;
    };
    let head = &line[..cut];
    format!("{} …", head.rsplit_once(' ').map_or(head, |(words, _)| words))
}

/// Returns the text without control characters: what others wrote must not steer the reader's terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        assert_eq!(clip("a\u{1b}[31m b\r\n\u{9b}2Jc"), "a [31m b 2Jc");
    }

    #[test]
    fn long_texts_are_cut_between_words() {
        let clipped = clip(&"word ".repeat(100));
        assert!(clipped.ends_with("word …") && clipped.chars().count() <= MAX_CHARS + 2, "{clipped}");
    }

    #[test]
    fn highlighted_words_are_bold_and_a_long_text_starts_before_the_first() {
        let long = format!("{}the north pier holds", "word ".repeat(60));
        let start = u32::try_from(long.find("pier").unwrap()).unwrap();
        let span = v1::TextSpan { text: long, start_byte: 7, ..Default::default() };
        let highlight = v1::TextSpan { start_byte: 7 + start, end_byte: 7 + start + 4, ..Default::default() };
        let found = text(Some(&span), std::slice::from_ref(&highlight), DIM);
        assert!(found.ends_with(&format!("the north {BOLD}pier{BOLD:#}{DIM} holds")), "{found}");
        assert!(found.starts_with("… word") && found.chars().count() < MAX_CHARS, "{found}");
        let elsewhere = v1::TextSpan { start_byte: 3, end_byte: 9, ..Default::default() };
        let hostile = v1::TextSpan { text: "a\u{E000}b".to_owned(), start_byte: 7, ..Default::default() };
        assert_eq!(text(Some(&hostile), &[elsewhere], DIM), "a b");
    }
}
