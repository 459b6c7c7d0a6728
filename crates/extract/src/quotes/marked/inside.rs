//! Somebody's own words that a cue cuts: the inside of marks, or a paragraph that starts with a dash.

use super::{Finder, LONGEST_GAP};
use crate::quotes::{
    grammar::Grammar,
    reports::{Report, Rule},
    sentence::Sentence,
    tokens::Kind,
};

/// Reads somebody's own words from `from` to the end of the sentence, which a cue cuts or ends: the inside of marks, or
/// a paragraph that starts with a dash.
pub(in crate::quotes) fn cut_by_cue(
    sentence: &Sentence<'_>,
    grammar: &Grammar,
    from: usize,
    rule: Rule,
) -> Option<Report> {
    let finder = Finder { sentence, grammar, reports: Vec::new(), last_subject: None };
    let needs_dash = grammar.dash_before_inside_cue;
    let (before, tag) = (from + 1..sentence.end).find_map(|at| {
        let separated = match sentence.at(at).kind {
            Kind::Dash => true,
            Kind::Comma => !needs_dash && sentence.at(at + 1).kind != Kind::Dash,
            _ => false,
        };
        let tag = separated.then(|| finder.tag_at(at + 1)).flatten()?;
        let ends = matches!(sentence.at(tag.end).kind, Kind::Comma | Kind::Stop | Kind::Dash | Kind::Colon)
            || tag.end >= sentence.end
            || rule == Rule::Dialogue;
        ends.then_some((at, tag))
    })?;
    let mut end = before;
    while end > from && matches!(sentence.before(end).kind, Kind::Comma | Kind::Dash) {
        end -= 1;
    }
    let mut content = Vec::from_iter(std::iter::once(from..end));
    let mut rest = tag.end;
    // "— Да, — сказал он, вставая. — Иду": what stands between cue and dash is the narrator's.
    while needs_dash
        && rest < sentence.end
        && rest < tag.end + LONGEST_GAP
        && sentence.at(rest).kind != Kind::Dash
    {
        rest += 1;
    }
    let behind_tag = sentence.at(tag.end).kind;
    let mut dashed = false;
    while rest < sentence.end
        && matches!(sentence.at(rest).kind, Kind::Comma | Kind::Stop | Kind::Dash | Kind::Colon)
    {
        dashed |= sentence.at(rest).kind == Kind::Dash;
        rest += 1;
    }
    // Without a dash, a new sentence of a dialogue may be the narrator's.
    let speech_goes_on = dashed || !needs_dash && (rule != Rule::Dialogue || behind_tag == Kind::Comma);
    let resumes = rest < sentence.end && speech_goes_on;
    if resumes {
        content.push(rest..sentence.end);
    }
    (from < end).then_some(Report {
        source: tag.source,
        cue: tag.cue,
        content,
        rule,
        confidence: tag.weight,
        attitude: false,
        agentless: false,
    })
}
