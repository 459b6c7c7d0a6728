//! From the words that announce a list to its items: numbers, letters, ordinals, bullets, semicolons, commas, sentences.
//!
//! Every search is bounded by [`MAX_LIST`] bytes and [`MAX_ITEMS`] items, so that a list costs no more than its text.

use std::{iter, ops::Range};

use dictum_core::Span;

use super::{
    lexicon::Introducers,
    sentence::{self, is_sentence_end, quotes_closing},
    words::{self, Word},
};

/// A list ends within so many bytes of its introducer.
pub(super) const MAX_LIST: usize = 6_000;
/// A longer item is a paragraph of something else.
const MAX_ITEM: usize = 1_200;
/// A longer sentence is no list of short things with commas between them.
const MAX_COMMA_LIST: usize = 2_400;
/// The ordinal that opens a list stands within so many bytes.
const MAX_ORDINAL: usize = 160;
/// A sentence without "must" or "should" that is a condition is no longer.
const MAX_PLAIN: usize = 160;
/// More sentences in a row are a text.
const MAX_SENTENCES: usize = 8;
/// "There are three of them, and they are well known": the sentence before the items of an answer is no longer.
const MAX_ANSWER_HEAD: usize = 80;
/// A longer comma list is an enumeration of names.
const MAX_ITEMS: usize = 40;

/// How the introducer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// A colon: anything may follow.
    Colon,
    /// A dash, or a copula: items follow in the same sentence.
    Running,
    /// The sentence or the line ends: only marked items, or sentences of a known number, follow.
    Stop,
    /// An enumerator follows at once.
    Enumerator,
    /// "As conditions a, b and c": items follow at once, perhaps with a verb behind them.
    As,
    /// "Unless it included a, b and c": items follow in the clause, joined by a word before the last.
    Clause,
    /// A question, or a sentence without a noun of condition: only marked items follow, or what answers it.
    Marked,
    /// A cue broke off the quotation, which goes on here.
    Resumed,
}

/// What is known before the items are read.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub text: &'a str,
    pub words: &'a Introducers,
    /// "three conditions".
    pub count: Option<usize>,
    pub opening: Opening,
    /// "Our terms": the speaker's own.
    pub owned: bool,
    /// "X named conditions": somebody sets them.
    pub set: bool,
    /// The list ends here at the latest: the end of the stretch.
    pub end: usize,
}

/// The items of a list.
pub(super) struct Items {
    pub spans: Vec<Span>,
    /// How they are told apart; also the rule's id.
    pub rule: &'static str,
    /// The words after the last item that say whose list it is: "…, the mayor said".
    pub tail: Option<Range<usize>>,
}

pub(super) const RULE_NUMBERED: &str = "list-numbered";
pub(super) const RULE_ORDINALS: &str = "list-ordinals";
pub(super) const RULE_BULLETS: &str = "list-bullets";
pub(super) const RULE_SEMICOLONS: &str = "list-semicolons";
pub(super) const RULE_COMMAS: &str = "list-commas";
pub(super) const RULE_SENTENCES: &str = "list-sentences";

/// Reads the items that start at or after `from`; `None` when there are not two.
pub(super) fn read(context: &Context<'_>, from: usize) -> Option<Items> {
    let limit = sentence::floor(context.text, context.end.min(from + MAX_LIST));
    let start = skip_blank(context.text, from, limit);
    if start >= limit {
        return None;
    }
    // « … three conditions, – said the envoy. – First: …»
    let resumed = skip_dash(context.text, start, limit);
    let marked = numbered(context, start, limit)
        .or_else(|| ordinals(context, resumed, limit))
        .or_else(|| bullets(context, start, limit));
    let items = match context.opening {
        _ if marked.is_some() => marked,
        Opening::Colon => lines(context, from, start, limit)
            .or_else(|| semicolons(context, start, limit))
            .or_else(|| commas(context, start, limit))
            .or_else(|| sentences(context, start, limit)),
        Opening::Running => semicolons(context, start, limit).or_else(|| commas(context, start, limit)),
        Opening::Stop => sentences(context, start, limit).or_else(|| clauses(context, start, limit)),
        Opening::Resumed => sentences(context, start, limit)
            .or_else(|| clauses(context, start, limit))
            .or_else(|| as_many(context, start, limit)),
        Opening::As => semicolons(context, start, limit)
            .or_else(|| commas(context, start, limit))
            .map(|items| without_verb(context, items)),
        Opening::Clause => running(context, start, limit),
        Opening::Marked => answer(context, start, limit),
        Opening::Enumerator => None,
    }?;
    let fine = |span: &Span| !span.is_empty() && span.len() <= MAX_ITEM;
    (items.spans.len() >= 2 && items.spans.len() <= MAX_ITEMS && items.spans.iter().all(fine))
        .then_some(items)
}

/// A number or letter that opens an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Enumerator {
    kind: u8,
    value: u32,
    /// Bytes, with the blanks after it.
    len: usize,
}

/// Reads `(1)`, `1)`, `1.`, `(a)`, `a)`, `(i)`, `①`, `1️⃣`, `一、` at `at`.
fn enumerators(text: &str, at: usize) -> impl Iterator<Item = Enumerator> {
    let rest = &text[at..sentence::floor(text, (at + 24).min(text.len()))];
    let bare = rest.trim_start_matches(['*', '_']);
    let stars = rest.len() - bare.len();
    let open = bare.starts_with(['(', '（', '[']);
    let body = bare.trim_start_matches(['(', '（', '[']);
    let opened = bare.len() - body.len();
    let sign = |kind: u8, value: u32, len: usize| {
        let after = &rest[len..];
        let blanks = after.len() - after.trim_start_matches(['*', '_', ' ', '\u{A0}', '\t']).len();
        Enumerator { kind, value, len: len + blanks }
    };
    let mut found = [None; 3];
    let run = body.chars().take_while(|c| c.is_alphanumeric()).map(char::len_utf8).sum::<usize>();
    let (token, closing) = body.split_at(run);
    let close = match closing.chars().next() {
        Some(c @ (')' | '）' | ']')) => Some((if open { 0 } else { 1 }, c.len_utf8())),
        Some('.') if !open && closing[1..].starts_with(|c: char| c.is_whitespace() || c == '*') => {
            Some((2, 1))
        }
        Some(c @ ('、' | '．')) if !open => Some((3, c.len_utf8())),
        Some('\u{FE0F}' | '\u{20E3}') if !open => {
            Some((4, closing.len() - closing.trim_start_matches(['\u{FE0F}', '\u{20E3}']).len()))
        }
        _ => None,
    };
    let circled = bare.chars().next().filter(|c| ('①'..='⑳').contains(c));
    if let Some(c) = circled {
        found[0] = Some(sign(60, c as u32 - '①' as u32 + 1, stars + c.len_utf8()));
    } else if let Some((shape, closing_len)) = close {
        let len = stars + opened + run + closing_len;
        let mut n = 0;
        for (base, value) in [(10, number(token)), (20, letter(token)), (30, roman(token))] {
            if let Some(value) = value {
                found[n] = Some(sign(base + shape, value, len));
                n += 1;
            }
        }
    }
    found.into_iter().flatten()
}

fn number(token: &str) -> Option<u32> {
    if token.is_empty() || token.len() > 6 {
        return None;
    }
    let chinese = "一二三四五六七八九十";
    if let Some(at) = chinese.chars().position(|c| token.chars().eq([c])) {
        return u32::try_from(at + 1).ok();
    }
    token.chars().try_fold(0, |sum: u32, c| {
        let digit = c.to_digit(10).or_else(|| match c {
            '०'..='९' => Some(c as u32 - '०' as u32),
            '٠'..='٩' => Some(c as u32 - '٠' as u32),
            '۰'..='۹' => Some(c as u32 - '۰' as u32),
            _ => None,
        })?;
        (sum < 100).then_some(sum * 10 + digit)
    })
}

fn letter(token: &str) -> Option<u32> {
    let mut chars = token.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else { return None };
    let alphabets = ["abcdefghijklmnopqrst", "абвгдежзиклмнопрст", "अबसद", "أبجدهوز"];
    let c = c.to_lowercase().next()?;
    alphabets
        .iter()
        .find_map(|letters| letters.chars().position(|l| l == c))
        .and_then(|at| u32::try_from(at + 1).ok())
}

fn roman(token: &str) -> Option<u32> {
    let numerals = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"];
    let at = numerals.iter().position(|n| token.eq_ignore_ascii_case(n))?;
    u32::try_from(at + 1).ok()
}

/// Items led by ascending numbers or letters, in one sentence or on lines.
fn numbered(context: &Context<'_>, start: usize, limit: usize) -> Option<Items> {
    let text = context.text;
    let first = enumerators(text, start).filter(|e| e.value == 1).collect::<Vec<_>>();
    first.into_iter().find_map(|first| {
        let mut starts = vec![(start, start + first.len)];
        let (mut at, mut blank_before) = (start + first.len, false);
        while let Some(c) = text[at..limit].chars().next() {
            let wanted = u32::try_from(starts.len()).unwrap_or(u32::MAX) + 1;
            let boundary = blank_before || words::is_ideograph(c) || matches!(c, '①'..='⑳' | '(' | '（');
            let next = boundary
                .then(|| enumerators(text, at).find(|e| e.kind == first.kind && e.value == wanted))
                .flatten();
            if let Some(next) = next {
                starts.push((at, at + next.len));
                at += next.len.max(c.len_utf8());
                continue;
            }
            if at - starts[starts.len() - 1].1 > MAX_ITEM {
                break;
            }
            blank_before = c.is_whitespace() || matches!(c, ';' | ',' | '；' | '，' | '。' | '؛' | '،');
            at += c.len_utf8();
        }
        from_starts(context, &starts, limit, RULE_NUMBERED)
    })
}

/// Cuts items at their starts; the last one ends with its line where the items stand on lines, else its sentence.
fn from_starts(
    context: &Context<'_>,
    starts: &[(usize, usize)],
    limit: usize,
    rule: &'static str,
) -> Option<Items> {
    let text = context.text;
    if starts.len() < 2 {
        return None;
    }
    let on_lines =
        starts[1..].iter().all(|(at, _)| text[..*at].trim_end_matches([' ', '\t', '\u{A0}']).ends_with('\n'));
    let mut spans = Vec::with_capacity(starts.len());
    for (n, (_, from)) in starts.iter().enumerate() {
        let end = match starts.get(n + 1) {
            Some((next, _)) if on_lines => paragraph_end(text, *from, *next),
            Some((next, _)) => *next,
            None if on_lines => paragraph_end(text, *from, limit),
            None => sentence::end(text, *from, sentence_limit(text, *from, limit)),
        };
        spans.push(trim(context, *from..end)?);
    }
    Some(Items { spans, rule, tail: None })
}

/// Items led by "first", "second", … at the start of a sentence or clause.
fn ordinals(context: &Context<'_>, start: usize, limit: usize) -> Option<Items> {
    let text = context.text;
    let words = context.words;
    if words.ordinals.is_empty() {
        return None;
    }
    let lead = |tokens: &[Word], i: usize, list: &super::words::Phrases| {
        let at = i + words.joins.at(tokens, i).unwrap_or(0);
        let len = list.at(tokens, at)?;
        (i == 0 || opens_clause(text, tokens, i)).then_some((i, at + len))
    };
    // Nearly no list has ordinals: its first words show that, before all of it is split.
    let head = words::split(text, start..sentence::floor(text, limit.min(start + MAX_ORDINAL)));
    lead(&head, 0, words.ordinals.first()?)?;
    let tokens = words::split(text, start..limit);
    let opening = lead(&tokens, 0, words.ordinals.first()?)?;
    let mut starts = vec![opening];
    let mut i = opening.1;
    while i < tokens.len() {
        let next = words.ordinals.get(starts.len()).and_then(|list| lead(&tokens, i, list));
        let next = next.or_else(|| {
            (context.count.is_none_or(|n| starts.len() < n)).then(|| lead(&tokens, i, &words.last)).flatten()
        });
        match next {
            Some(found) => {
                starts.push(found);
                i = found.1;
            }
            None if tokens[i].start - tokens[starts[starts.len() - 1].1 - 1].end > MAX_ITEM => break,
            None => i += 1,
        }
    }
    let places: Vec<(usize, usize)> = starts
        .iter()
        .filter(|(_, after)| *after < tokens.len())
        .map(|(at, after)| (tokens[*at].start, ordinal_end(text, &tokens, *after)))
        .collect();
    from_starts(context, &places, limit, RULE_ORDINALS)
}

/// Returns whether the word before `tokens[i]` ended a sentence or clause.
fn opens_clause(text: &str, tokens: &[Word], i: usize) -> bool {
    let gap = &text[tokens[i - 1].end..tokens[i].start];
    gap.contains(['.', ';', ',', ':', '!', '?', '\n', '—', '–', '।', '。', '；', '，', '؛', '،', '؟'])
}

/// Returns where the item starts behind its ordinal: behind a comma or colon.
fn ordinal_end(text: &str, tokens: &[Word], after: usize) -> usize {
    let gap_start = tokens[after - 1].end;
    let gap = &text[gap_start..tokens[after].start];
    gap_start + gap.len()
        - gap
            .trim_start_matches([' ', ',', ':', '.', ')', '-', '—', '–', '，', '：', '،', '、', '\u{A0}'])
            .len()
}

/// Signs that open an item of a list on lines.
const BULLETS: [&str; 29] = [
    "•", "▪", "▫", "◼", "◾", "🔹", "🔸", "🔷", "🔶", "🔺", "🔴", "🔵", "✅", "✔", "☑", "➖", "➡", "👉",
    "📌", "📍", "‣", "◦", "·", "■", "●", "–", "—", "*", "-",
];

/// Returns the length of the bullet at `at` with the blanks after it.
fn bullet(text: &str, at: usize) -> Option<(&'static str, usize)> {
    let rest = &text[at..];
    BULLETS.iter().find_map(|sign| {
        let after = rest.strip_prefix(sign)?.trim_start_matches('\u{FE0F}');
        let body = after.trim_start_matches([' ', '\t', '\u{A0}']);
        let glued = body.len() == after.len();
        let plain = matches!(*sign, "*" | "-" | "–" | "—" | "·");
        (!(body.is_empty() || glued && plain)).then_some((*sign, rest.len() - body.len()))
    })
}

/// Items led by the same bullet, one a line; blank lines between them are fine.
fn bullets(context: &Context<'_>, start: usize, limit: usize) -> Option<Items> {
    let text = context.text;
    let (sign, len) = bullet(text, start)?;
    let mut starts = vec![(start, start + len)];
    let mut line = start;
    let mut loose = false; // a blank line came
    while let Some(next) = next_line(text, line, limit) {
        line = next;
        let at = skip_inline_blank(text, line, limit);
        match bullet(text, at) {
            Some((same, len)) if same == sign => {
                starts.push((at, at + len));
                loose = false;
            }
            _ if at >= limit || text[at..].starts_with('\n') => loose = true,
            _ if loose => break,
            Some(_) => break,
            None => {}
        }
    }
    let spans: Option<Vec<Span>> = starts
        .iter()
        .enumerate()
        .map(|(n, (_, from))| {
            let until = starts.get(n + 1).map_or(limit, |next| next.0);
            // A line without a bullet belongs to the item above, unless it ended and this is the last one.
            let end = if n + 1 == starts.len() {
                line_end(text, *from, until)
            } else {
                paragraph_end(text, *from, until)
            };
            trim(context, *from..end)
        })
        .collect();
    Some(Items { spans: spans?, rule: RULE_BULLETS, tail: None })
}

/// Items on lines of their own without any sign, each ended by a semicolon or comma but the last: `a;⏎b;⏎c.`
fn lines(context: &Context<'_>, from: usize, start: usize, limit: usize) -> Option<Items> {
    let text = context.text;
    if !text[from..start].contains('\n') {
        return None;
    }
    let mut spans = Vec::new();
    let mut at = start;
    loop {
        let end = line_end(text, at, limit);
        let line = text[at..end].trim_end();
        let ends_well = line.ends_with([';', '；', '؛']) || line.ends_with([',', '،']);
        let tokens = words::split(text, at..end);
        let last_join = context.words.joins.before(&tokens, tokens.len());
        spans.push(trim(context, at..end)?);
        let next = skip_blank(text, end, limit);
        if !(ends_well || last_join) || next >= limit {
            break;
        }
        at = next;
    }
    let short = context.count.is_some_and(|n| n == 1) || spans.len() < 2;
    if short {
        unmarked_lines(context, start, limit)
    } else {
        Some(Items { spans, rule: RULE_SEMICOLONS, tail: None })
    }
}

/// Exactly as many short lines as the introducer counts.
fn unmarked_lines(context: &Context<'_>, start: usize, limit: usize) -> Option<Items> {
    let text = context.text;
    let count = context.count?;
    let mut spans = Vec::new();
    let mut at = start;
    while spans.len() < count {
        let end = line_end(text, at, limit);
        spans.push(trim(context, at..end)?);
        at = skip_blank(text, end, limit);
        if at >= limit {
            break;
        }
    }
    let fine = spans.len() == count && spans.iter().all(|span| span.len() < 200);
    fine.then_some(Items { spans, rule: RULE_BULLETS, tail: None })
}

/// Returns how many bytes a search for items that found none may have looked at.
pub(super) fn looked_at(context: &Context<'_>, from: usize) -> usize {
    let limit = sentence::floor(context.text, context.end.min(from + MAX_LIST));
    running_end(context.text, from, limit) - from
}

/// The sentence that starts at `start`, without what belongs to a quotation around it.
fn running_end(text: &str, start: usize, limit: usize) -> usize {
    sentence::end(text, start, sentence_limit(text, start, limit))
}

/// `a; b; and c`, to the end of the sentence.
fn semicolons(context: &Context<'_>, start: usize, limit: usize) -> Option<Items> {
    let end = running_end(context.text, start, limit);
    let cuts = sentence::splits(context.text, start..end, |c| matches!(c, ';' | '；' | '؛'));
    if cuts.len() < 2 {
        return None;
    }
    let (cuts, tail) = without_tail(context, cuts);
    let spans: Option<Vec<Span>> = cuts.into_iter().map(|cut| trim(context, cut)).collect();
    Some(Items { spans: spans?, rule: RULE_SEMICOLONS, tail })
}

/// `a, b and c`, to the end of the sentence.
fn commas(context: &Context<'_>, start: usize, limit: usize) -> Option<Items> {
    let text = context.text;
    let end = running_end(text, start, limit);
    if end - start > MAX_COMMA_LIST {
        return None;
    }
    let cuts = sentence::splits(text, start..end, |c| matches!(c, ',' | '，' | '、' | '،'));
    let (cuts, tail) = without_tail(context, cuts);
    let mut pieces = joined(context, cuts);
    if let Some((&last, front)) =
        pieces.clone().iter().map(|r| (r.start, r.end)).collect::<Vec<_>>().split_last()
    {
        let parts = at_joins(context, last.0..last.1);
        let wanted = context.count.map(|n| n.saturating_sub(front.len()));
        pieces.truncate(front.len());
        pieces.extend(choose(parts, wanted, last.0..last.1, text, context));
    }
    if let Some(count) = context.count {
        while pieces.len() > count.max(2) {
            merge_shortest(text, &mut pieces);
        }
        // "a and b, c and d": the pieces themselves are joined.
        if pieces.len() < count {
            pieces = pieces.into_iter().flat_map(|piece| split_all(context, piece)).collect();
            if pieces.len() != count {
                return None;
            }
        }
    }
    let spans: Option<Vec<Span>> = pieces.into_iter().map(|piece| trim(context, piece)).collect();
    let spans = spans?;
    let shortest = if context.words.caseless { 1 } else { 3 };
    let wordy = spans.iter().filter(|s| s.slice(text).is_some_and(|s| s.chars().count() > shortest)).count();
    (wordy == spans.len()).then_some(Items { spans, rule: RULE_COMMAS, tail })
}

/// Takes off a last piece that says who speaks: "…, the mayor said", "…, according to the mayor".
fn without_tail(
    context: &Context<'_>,
    mut cuts: Vec<Range<usize>>,
) -> (Vec<Range<usize>>, Option<Range<usize>>) {
    let tail = cuts.last().cloned().filter(|last| {
        let tokens = words::split(context.text, last.clone());
        let says = context.words.say_verbs.find(&tokens, 0..tokens.len()).is_some()
            || context.words.according.at(&tokens, 0).is_some();
        let names = tokens.iter().any(|w| w.capital)
            || context.words.pronouns.find(&tokens, 0..tokens.len()).is_some()
            || context.words.roles.find(&tokens, 0..tokens.len()).is_some();
        cuts.len() > 1
            && tokens.len() <= 12
            && says
            && (names || context.words.caseless)
            && join(context, &tokens, 0).is_none()
    });
    if tail.is_some() {
        cuts.pop();
    }
    (cuts, tail)
}

/// Joins pieces that a comma inside an item has cut: relative clauses, and names in a row.
fn joined(context: &Context<'_>, cuts: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let text = context.text;
    let relatives = &context.words.relatives;
    let mut pieces: Vec<Range<usize>> = Vec::new();
    // "que se retiren, que firmen y que paguen": where the first item starts so, the others may.
    let all_relative =
        cuts.first().is_some_and(|first| relatives.at(&words::split(text, first.clone()), 0).is_some());
    for cut in cuts {
        let tokens = words::split(text, cut.clone());
        let Some(last) = pieces.last_mut() else {
            pieces.push(cut);
            continue;
        };
        let relative = !all_relative && relatives.at(&tokens, 0).is_some();
        let only_names = !context.words.caseless
            && tokens.len() <= 6
            && tokens.iter().enumerate().all(|(i, w)| {
                w.capital
                    || context.words.joins.at(&tokens, i).is_some()
                    || context.words.function_words.at(&tokens, i).is_some()
            })
            && tokens.iter().any(|w| w.capital)
            && words::split(text, last.clone()).last().is_some_and(|w| w.capital);
        if relative || only_names || tokens.is_empty() {
            last.end = cut.end;
        } else {
            pieces.push(cut);
        }
    }
    pieces
}

/// Cuts a piece at every joining word outside quotation marks and brackets.
fn at_joins(context: &Context<'_>, piece: Range<usize>) -> Vec<Range<usize>> {
    let text = context.text;
    let tokens = words::split(text, piece.clone());
    let outside = sentence::outside(text, piece.clone());
    let mut parts = Vec::new();
    let mut from = piece.start;
    let mut i = 0;
    while i < tokens.len() {
        match join(context, &tokens, i) {
            Some((len, content)) if outside(tokens[i].start) => {
                if i > 0 && tokens[i].start > from {
                    parts.push(from..tokens[i].start);
                }
                from = content;
                i += len.max(1);
            }
            _ => i += 1,
        }
    }
    parts.push(from..piece.end);
    parts
}

/// Returns the number of words of the joining word at `i`, and the byte where what it joins starts.
fn join(context: &Context<'_>, tokens: &[Word], i: usize) -> Option<(usize, usize)> {
    let words = context.words;
    if let Some(len) = words.joins.at(tokens, i) {
        return tokens.get(i + len).map(|next| (len, next.start));
    }
    let prefix = words.join_prefix.as_str();
    let glued = !prefix.is_empty()
        && tokens
            .get(i)
            .is_some_and(|word| word.lower.starts_with(prefix) && word.lower.len() > 3 * prefix.len())
        && words.join_prefix_not.at(tokens, i).is_none();
    glued.then(|| (0, tokens[i].start + prefix.len()))
}

/// Decides at which joining word the last piece of a comma list is cut.
fn choose(
    parts: Vec<Range<usize>>,
    wanted: Option<usize>,
    whole: Range<usize>,
    text: &str,
    context: &Context<'_>,
) -> Vec<Range<usize>> {
    let leads = join(context, &words::split(text, whole.clone()), 0).is_some();
    let one = |item: Range<usize>| iter::once(item).collect();
    match (parts.len(), wanted) {
        (0 | 1, _) => parts,
        (n, Some(w)) if w == n => parts,
        (_, Some(w)) if w <= 1 => one(parts[0].start..whole.end),
        // With a joining word in front ("…, and c and d") the rest is one item.
        (_, None) if leads => one(parts[0].start..whole.end),
        (2, _) => parts,
        // Three parts for two items: the longer halves hold the inner "and".
        (_, _) => {
            let cut = best_cut(&parts, text);
            vec![parts[0].start..parts[cut - 1].end, parts[cut].start..whole.end]
        }
    }
}

/// Returns the cut that leaves two items of the most even number of words.
fn best_cut(parts: &[Range<usize>], text: &str) -> usize {
    let weight = |range: &[Range<usize>]| -> usize {
        range.iter().map(|r| text[r.clone()].split_whitespace().count()).sum()
    };
    (1..parts.len()).min_by_key(|cut| weight(&parts[..*cut]).abs_diff(weight(&parts[*cut..]))).unwrap_or(1)
}

fn split_all(context: &Context<'_>, piece: Range<usize>) -> Vec<Range<usize>> {
    at_joins(context, piece)
}

/// Joins the shortest piece (never the first) to the one before.
fn merge_shortest(text: &str, pieces: &mut Vec<Range<usize>>) {
    let shortest =
        (1..pieces.len()).min_by_key(|&i| text[pieces[i].clone()].split_whitespace().count()).unwrap_or(1);
    let end = pieces[shortest].end;
    pieces[shortest - 1].end = end;
    pieces.remove(shortest);
}

/// `a, b and c` in the same sentence, with nothing that announces a list: three pieces of two words or more, and a
/// joining word before the last.
fn running(context: &Context<'_>, start: usize, limit: usize) -> Option<Items> {
    let text = context.text;
    let items = commas(context, start, limit)?;
    let [.., before, last] = items.spans[..] else { return None };
    let tokens = words::split(text, before.end()..last.end());
    let joined = join(context, &tokens, 0).is_some();
    let wordy = items.spans.iter().all(|span| text[span.start()..span.end()].trim().contains(' '));
    (joined && wordy && items.spans.len() >= 3).then_some(items)
}

/// Pieces of the next sentence, if they are as many as the introducer counts.
fn as_many(context: &Context<'_>, start: usize, limit: usize) -> Option<Items> {
    let count = context.count?;
    semicolons(context, start, limit)
        .or_else(|| commas(context, start, limit))
        .filter(|items| items.spans.len() == count)
}

/// Takes a verb off the end of the last item: German has it there, "als Bedingungen a, b und c *genannt*".
fn without_verb(context: &Context<'_>, mut items: Items) -> Items {
    if let Some(last) = items.spans.pop() {
        let tokens = words::split(context.text, last.start()..last.end());
        let verb = tokens.len() > 2 && context.words.set_verbs.at(&tokens, tokens.len() - 1).is_some();
        let end = if verb { tokens[tokens.len() - 2].end } else { last.end() };
        items.spans.extend(Span::new(last.start(), end));
    }
    items
}

/// What answers a question for conditions: "There are three. …", "They are the following: …", "Yes. First, …".
fn answer(context: &Context<'_>, start: usize, limit: usize) -> Option<Items> {
    let (text, words) = (context.text, context.words);
    let head = &text[start..sentence::floor(text, limit.min(start + MAX_ANSWER_HEAD))];
    let sign = head.char_indices().find(|(_, c)| is_sentence_end(*c) || matches!(c, ':' | '：'));
    let (offset, c) = sign?;
    let tokens = words::split(text, start..start + offset);
    let count = (0..tokens.len()).find_map(|i| {
        let named = words.numbers.iter().position(|number| number.at(&tokens, i).is_some()).map(|n| n + 2);
        named.or_else(|| tokens[i].lower.parse().ok().filter(|n| (2..=12).contains(n)))
    });
    let after = start + offset + c.len_utf8();
    let next = skip_blank(text, after, limit);
    if next >= limit {
        return None;
    }
    if matches!(c, ':' | '：') {
        let any = 0..tokens.len();
        let refers = count.is_some()
            || [&words.pronouns, &words.copulas, &words.follow, &words.nouns, &words.weak_nouns]
                .iter()
                .any(|list| list.find(&tokens, any.clone()).is_some());
        return refers.then(|| read(&Context { opening: Opening::Colon, count, ..*context }, after))?;
    }
    match count {
        Some(_) => read(&Context { opening: Opening::Stop, count, ..*context }, after),
        None => numbered(context, next, limit)
            .or_else(|| ordinals(context, next, limit))
            .or_else(|| bullets(context, next, limit)),
    }
}

/// Reads the items that end right before `end`: "First … Second … *Those are our conditions.*"
pub(super) fn read_before(context: &Context<'_>, low: usize, end: usize) -> Option<Items> {
    let (text, words) = (context.text, context.words);
    let low = sentence::floor(text, low.max(end.saturating_sub(MAX_LIST / 2)));
    let is_sign = |c: char| c.is_whitespace() || matches!(c, '"' | '“' | '”' | '«' | '»' | '„');
    let end = low + text[low..end].trim_end_matches(is_sign).len();
    let closes = |items: &Items| {
        let last = items.spans.iter().map(|span| span.end()).max().unwrap_or(low);
        !text[last..end.max(last)].contains(words::is_word_char)
    };
    let tokens = words::split(text, low..end);
    let first = words.ordinals.first()?;
    let opens = |i: &usize| {
        *i == 0
            || text[tokens[i - 1].end..tokens[*i].start]
                .contains(['.', '!', '?', ':', '\n', '"', '“', '«', '。', '।', '؟'])
    };
    let firsts = (0..tokens.len()).rev().filter(|i| first.at(&tokens, *i).is_some()).filter(opens);
    let ordinal = firsts.take(2).find_map(|i| ordinals(context, tokens[i].start, end).filter(closes));
    let marked = ordinal.or_else(|| {
        let lines = text[low..end].match_indices('\n').map(|(n, _)| low + n + 1);
        let starts: Vec<usize> =
            iter::once(low).chain(lines).map(|at| skip_inline_blank(text, at, end)).collect();
        // The last line that opens a list: what a longer look back finds is another one.
        let one = |at: &usize| enumerators(text, *at).any(|sign| sign.value == 1);
        let sign = |at: usize| bullet(text, at).map(|(sign, _)| sign);
        let opens = |n: &usize| {
            one(&starts[*n])
                || sign(starts[*n]).is_some() && n.checked_sub(1).is_none_or(|n| sign(starts[n]).is_none())
        };
        let at = (0..starts.len()).rev().take(MAX_ITEMS).find(opens).map(|n| starts[n])?;
        numbered(context, at, end).or_else(|| bullets(context, at, end)).filter(closes)
    });
    marked.or_else(|| {
        let inner = sentence::floor(text, end.saturating_sub(1)).max(low);
        let start = sentence::start(text, inner, low);
        let tokens = words::split(text, start..end);
        let limit = words.limits.find_last(&tokens, 0..tokens.len())?;
        running(context, tokens[limit.end - 1].end, end)
            .filter(|items| context.count.is_none_or(|count| count == items.spans.len()))
            .filter(closes)
    })
}

/// As many sentences as the introducer counts, or as many as sound like conditions.
fn sentences(context: &Context<'_>, start: usize, limit: usize) -> Option<Items> {
    let text = context.text;
    let paragraph = paragraph_end(text, start, limit);
    let most = context.count.unwrap_or(MAX_SENTENCES);
    let mut all = Vec::new();
    let (mut at, mut ended) = (start, false);
    while at < paragraph && all.len() < most && !ended {
        let end = sentence::end(text, at, paragraph);
        if end - at > 2 * MAX_ITEM {
            return None;
        }
        all.push(Said::new(context, at..end)?);
        let next = skip_blank(text, end, paragraph);
        ended = quotes_closing(text, end.saturating_sub(4)..end)
            || next == end && !text[..end].ends_with(is_sentence_end);
        at = next;
    }
    let whole = ended || at >= paragraph; // nothing else is said in the paragraph or quotation
    let n_modal = all.iter().take_while(|said| said.modal).count();
    let plain = whole && all.iter().all(|said| said.plain);
    let n = match (context.count, context.opening) {
        (Some(count), Opening::Stop | Opening::Resumed) => {
            if all.len() == count && (n_modal == count || plain) { count } else { 0 }
        }
        (Some(count), _) => {
            if all.len() == count {
                count
            } else {
                0
            }
        }
        (None, _) if n_modal >= 2 => n_modal,
        // "X named the conditions. The plant keeps its name. The workers stay. Nobody is dismissed."
        (None, Opening::Stop)
            if context.set && plain && all.iter().all(|said| said.span.len() <= MAX_PLAIN) =>
        {
            all.len()
        }
        (None, _) => 0,
    };
    let enough = if n > n_modal && context.count.is_none() { n >= 3 } else { n >= 2 };
    let spans = all.iter().take(n).map(|said| said.span).collect();
    enough.then_some(Items { spans, rule: RULE_SENTENCES, tail: None })
}

/// A sentence that may be an item.
struct Said {
    span: Span,
    /// "Must", "should": it sounds like a condition.
    modal: bool,
    /// Nobody speaks in it, and it does not go on about somebody: "He added …".
    plain: bool,
}

impl Said {
    fn new(context: &Context<'_>, range: Range<usize>) -> Option<Self> {
        let words = context.words;
        let tokens = words::split(context.text, range.clone());
        let any = 0..tokens.len();
        let says = words.say_verbs.find(&tokens, any.clone()).is_some()
            || words.pronouns.at(&tokens, 0).is_some()
            || words.first_person.at(&tokens, 0).is_some()
            || words.nouns.find(&tokens, any.clone()).is_some();
        let modal = words.modals.find(&tokens, any).is_some();
        Some(Self { span: trim(context, range)?, modal, plain: !says })
    }
}

/// "Our terms are simple. Stop the shelling, open the road, let the doctors in": the whole next sentence, in three
/// pieces or more.
fn clauses(context: &Context<'_>, start: usize, limit: usize) -> Option<Items> {
    if !context.owned {
        return None;
    }
    semicolons(context, start, limit)
        .or_else(|| commas(context, start, limit))
        .filter(|items| items.spans.len() >= 3 && items.spans.iter().all(|span| span.len() < 160))
}

/// Returns the item without blanks, joining words, ordinals and end marks around it.
fn trim(context: &Context<'_>, range: Range<usize>) -> Option<Span> {
    let text = context.text;
    let (mut start, mut end) = (range.start, range.end);
    loop {
        let item = text.get(start..end)?;
        let inner = item.trim_start_matches(|c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    ',' | ';'
                        | ':'
                        | '.'
                        | '*'
                        | '،'
                        | '؛'
                        | '，'
                        | '；'
                        | '、'
                        | '：'
                        | '\u{FE0F}'
                        | '—'
                        | '–'
                )
        });
        start = end - inner.len();
        let inner = inner.trim_end_matches(|c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    ',' | ';'
                        | ':'
                        | '*'
                        | '.'
                        | '!'
                        | '،'
                        | '؛'
                        | '，'
                        | '；'
                        | '、'
                        | '。'
                        | '।'
                        | '۔'
                        | '—'
                        | '–'
                )
        });
        end = start + inner.len();
        let tokens = words::split(text, start..end);
        let joins = &context.words.joins;
        if let Some((len, content)) = join(context, &tokens, 0) {
            start = content;
            if len == 0 {
                break; // what follows the glued letter is a word
            }
            continue;
        }
        if let Some(len) = context.words.last.at(&tokens, 0).filter(|len| *len < tokens.len()) {
            let gap = &text[tokens[len - 1].end..tokens[len].start];
            if gap.contains([',', ':', '،', '，']) {
                start = tokens[len].start;
                continue;
            }
        }
        let trailing = (1..=3.min(tokens.len().saturating_sub(1)))
            .find(|n| joins.at(&tokens, tokens.len() - n) == Some(*n));
        if let Some(n) = trailing {
            end = tokens[tokens.len() - n].start;
            continue;
        }
        break;
    }
    let (start, end) = without_outer_quotes(text, start, end);
    Span::new(start, end).ok().filter(|span| !span.is_empty())
}

/// Takes off a quotation mark that is opened before or closed after the item.
fn without_outer_quotes(text: &str, mut start: usize, mut end: usize) -> (usize, usize) {
    const PAIRS: [(char, char); 5] = [('“', '”'), ('«', '»'), ('»', '«'), ('„', '“'), ('"', '"')];
    for (open, close) in PAIRS {
        let item = &text[start..end];
        let (opens, closes) = (item.matches(open).count(), item.matches(close).count());
        if open == close {
            if opens % 2 == 1 && item.ends_with(close) {
                end -= close.len_utf8();
            } else if opens % 2 == 1 && item.starts_with(open) {
                start += open.len_utf8();
            }
        } else if closes > opens && item.ends_with(close) {
            end -= close.len_utf8();
        } else if opens > closes && item.starts_with(open) {
            start += open.len_utf8();
        }
    }
    let item = &text[start..end];
    let inner = item.trim_end_matches([',', ';', '.', ' ']);
    (start, start + inner.len())
}

/// Returns the first byte from `from` on that is no blank, line breaks counting as blanks.
pub(super) fn skip_blank(text: &str, from: usize, limit: usize) -> usize {
    let rest = &text[from..limit.max(from)];
    from + rest.len() - rest.trim_start().len()
}

/// Skips the dash behind a cue that cuts a quotation.
fn skip_dash(text: &str, from: usize, limit: usize) -> usize {
    let rest = &text[from..limit.max(from)];
    ["– ", "— ", "- "]
        .iter()
        .find_map(|dash| rest.strip_prefix(dash))
        .map_or(from, |after| from + rest.len() - after.trim_start_matches([' ', '"', '“', '«']).len())
}

fn skip_inline_blank(text: &str, from: usize, limit: usize) -> usize {
    let rest = &text[from..limit.max(from)];
    from + rest.len() - rest.trim_start_matches([' ', '\t', '\u{A0}', '\r']).len()
}

fn line_end(text: &str, from: usize, limit: usize) -> usize {
    text[from..limit].find('\n').map_or(limit, |n| from + n)
}

fn next_line(text: &str, from: usize, limit: usize) -> Option<usize> {
    text[from..limit].find('\n').map(|n| from + n + 1).filter(|next| *next < limit)
}

/// Returns the first blank line from `from` on.
fn paragraph_end(text: &str, from: usize, limit: usize) -> usize {
    let mut at = from;
    while let Some(next) = next_line(text, at, limit) {
        if text[next..limit].trim_start_matches([' ', '\t', '\r']).starts_with('\n') {
            return next - 1;
        }
        at = next;
    }
    limit
}

/// Returns where a sentence must end that starts at `from`: at a blank line, or a line break before a new item, label
/// or paragraph. A break inside a hard-wrapped sentence does not end it.
fn sentence_limit(text: &str, from: usize, limit: usize) -> usize {
    let mut at = from;
    loop {
        let end = line_end(text, at, limit);
        if end >= limit {
            return limit;
        }
        let next = skip_inline_blank(text, end + 1, limit);
        let wrapped = end - at >= 40
            && next < limit
            && !text[next..].starts_with('\n')
            && bullet(text, next).is_none()
            && text[next..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '(' | '«' | '“' | '"'))
            && !text[at..end].trim_end().ends_with(is_sentence_end);
        if !wrapped {
            return end;
        }
        at = end + 1;
    }
}
