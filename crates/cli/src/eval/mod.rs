//! `dictum eval`: how good the claims are, on labels of the user's own.
//!
//! `labels` reads what somebody labelled or predicted, `score` pairs and counts. Nothing here needs a server.

mod labels;
mod score;

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use serde::Serialize;

use self::{
    labels::Label,
    score::{Count, Score},
};
use crate::{
    cli::{EvalArgs, EvalOutput},
    exit::{Exit, Failure},
    terminal,
};

/// What the JSON output holds.
#[derive(Serialize)]
struct Report<'s> {
    kinds: BTreeMap<&'s str, Row>,
    rules: BTreeMap<&'s str, Row>,
}

/// The figures of one kind or rule.
#[derive(Serialize)]
struct Row {
    gold: u64,
    predicted: u64,
    exact: u64,
    matched: u64,
    precision: f64,
    recall: f64,
    f1: f64,
    speaker_right: u64,
    speaker_labelled: u64,
    f1_with_speaker: f64,
}

impl From<&Count> for Row {
    fn from(count: &Count) -> Self {
        Self {
            gold: count.gold,
            predicted: count.predicted,
            exact: count.exact,
            matched: count.matched,
            precision: count.precision(),
            recall: count.recall(),
            f1: count.f1(),
            speaker_right: count.speaker_right,
            speaker_labelled: count.speaker_labelled,
            f1_with_speaker: count.f1_with_speaker(),
        }
    }
}

/// Reads, scores, prints; incomplete when the floor is missed.
pub(crate) fn run(args: &EvalArgs) -> Result<Exit, Failure> {
    let mut gold = labels::read(&args.gold, None).map_err(Failure::Labels)?;
    let predicted = match &args.pred {
        Some(pred) => labels::read(pred, Some(&gold)),
        None => gold.extract(),
    };
    let mut predicted = predicted.map_err(Failure::Labels)?;
    if let Some(form) = &args.form {
        gold.keep_form(form);
        predicted.keep_form(form);
    }
    let score = score::score(&gold, &predicted, args.overlap);
    let mut out = terminal::stdout();
    match args.output {
        EvalOutput::Table => print_tables(&score, &mut out)?,
        EvalOutput::Json => {
            let report = Report { kinds: rows(&score.kinds), rules: rows(&score.rules) };
            serde_json::to_writer_pretty(&mut out, &report).map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    print_errors("missed", &score.missed, args.errors, &mut out)?;
    print_errors("extra", &score.extra, args.errors, &mut out)?;
    out.flush()?;
    let reached = score.all().f1_with_speaker();
    match args.floor {
        Some(floor) if reached < floor => {
            anstream::eprintln!(
                "dictum: F1 with the right speaker is {reached:.3}, below the floor of {floor}"
            );
            Ok(Exit::Incomplete)
        }
        _ => Ok(Exit::Done),
    }
}

fn rows(counts: &BTreeMap<String, Count>) -> BTreeMap<&str, Row> {
    counts.iter().map(|(name, count)| (name.as_str(), Row::from(count))).collect()
}

fn print_tables(score: &Score, out: &mut impl Write) -> io::Result<()> {
    let header =
        ["gold", "predicted", "exact", "matched", "precision", "recall", "F1", "speaker", "joint F1"];
    let mut kinds = table("kind", &header);
    for (name, count) in &score.kinds {
        kinds.add_row([
            name.clone(),
            count.gold.to_string(),
            count.predicted.to_string(),
            count.exact.to_string(),
            count.matched.to_string(),
            format!("{:.3}", count.precision()),
            format!("{:.3}", count.recall()),
            format!("{:.3}", count.f1()),
            format!("{}/{}", count.speaker_right, count.speaker_labelled),
            format!("{:.3}", count.f1_with_speaker()),
        ]);
    }
    writeln!(out, "{kinds}\n")?;
    let mut rules = table("rule", &["predicted", "matched", "precision", "speaker"]);
    for (name, count) in &score.rules {
        rules.add_row([
            name.clone(),
            count.predicted.to_string(),
            count.matched.to_string(),
            format!("{:.3}", count.precision()),
            format!("{}/{}", count.speaker_right, count.speaker_labelled),
        ]);
    }
    if !score.rules.is_empty() {
        writeln!(out, "{rules}")?;
    }
    Ok(())
}

fn table(first: &str, others: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(terminal::columns());
    table.set_header([first].iter().chain(others).copied());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn print_errors(
    title: &str,
    labels: &[(String, Label)],
    most: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    for (document, label) in labels.iter().take(most) {
        writeln!(
            out,
            "{title}\t{document}\t{}\t{}\t{}",
            label.kind,
            label.speaker_or_dash(),
            label.excerpt()
        )?;
    }
    Ok(())
}
