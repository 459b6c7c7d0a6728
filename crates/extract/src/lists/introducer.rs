//! Is a list of conditions announced at this word, and where do its items start?

use std::ops::Range;

use dictum_core::Span;

use super::{
    items::{self, Opening},
    lexicon::{Anchor, Introducers, Known, LEXICON},
    sentence,
    words::{self, Word},
};

/// The items open within so many bytes of the noun.
const MAX_AHEAD: usize = 420;
/// "And those, I repeat, are our": a sentence that points back has its noun within so many bytes.
const MAX_POINTING: usize = 60;
/// A quotation that is broken off by its cue goes on within so many bytes.
const MAX_CUE: usize = 220;
/// The words of the anchor itself lie within so many bytes of its longest.
const NEAR: usize = 40;

/// The words that announce a list.
pub(super) struct Introducer {
    pub words: &'static Introducers,
    /// The words of the sentence up to the items.
    pub tokens: Vec<Word>,
    /// The anchor among them.
    pub anchor_at: Range<usize>,
    pub anchor: Anchor,
    /// From the verb or the count to the colon.
    pub span: Span,
    pub subject: Option<Span>,
    pub count: Option<usize>,
    pub opening: Opening,
    /// Where to look for the first item.
    pub items_from: usize,
    /// The sentence from its start.
    pub sentence_start: usize,
    /// Where a quotation is broken off before the items: the words that say whose it is.
    pub cue: Option<Range<usize>>,
    /// The items stand before it: "Those are our conditions."
    pub is_behind: bool,
    has_verb: bool,
    has_follow: bool,
}

impl Introducer {
    /// Returns whether a list must follow, so that its absence is worth telling.
    pub(super) fn is_sure(&self) -> bool {
        self.opening == Opening::Colon && self.anchor == Anchor::Noun && (self.has_verb || self.has_follow)
    }

    /// Returns whether the speaker calls the conditions his own: "our terms".
    pub(super) fn is_own(&self) -> bool {
        let near = self.anchor_at.start.saturating_sub(2)..self.anchor_at.end;
        self.words.first_person.find(&self.tokens, near).is_some()
    }

    /// Returns whether somebody sets the conditions here: "X named conditions".
    pub(super) fn is_set(&self) -> bool {
        self.anchor == Anchor::Noun && self.has_verb
    }

    /// Returns how sure the cue is.
    pub(super) fn confidence(&self) -> f32 {
        let cue = match self.anchor {
            Anchor::Noun => 0.85,
            Anchor::WeakNoun => 0.75,
            Anchor::Clause | Anchor::Question => 0.7,
        };
        cue + if self.has_verb || self.has_follow { 0.1 } else { 0.0 }
    }
}

/// Reads the sentence around an anchor that [`is_anchor`] accepts; `None` when no list opens in it.
pub(super) fn read(
    text: &str,
    stretch: Span,
    spoken: bool,
    hit: Range<usize>,
    owners: &[usize],
) -> Option<Introducer> {
    let sentence_start = sentence::start(text, hit.start, stretch.start());
    let ahead = sentence::floor(text, (hit.end + MAX_AHEAD).min(stretch.end()));
    let tokens = words::split(text, sentence_start..ahead);
    let at = tokens.iter().position(|word| word.start <= hit.start && hit.start < word.end)?;
    let (words, anchor, anchor_at) = language(&tokens, at, owners)?;
    let sentence = Sentence { text, tokens: &tokens, words, anchor, anchor_at, stretch, spoken };
    if sentence.means_something_else() {
        return None;
    }
    let (opening, opening_at, items_from) = sentence.opening(ahead)?;
    sentence.build(opening, opening_at, items_from, sentence_start)
}

/// Reads a sentence that names what was listed before it: "Those are our conditions."
pub(super) fn read_behind(
    text: &str,
    stretch: Span,
    hit: Range<usize>,
    owners: &[usize],
) -> Option<Introducer> {
    let sentence_start = sentence::start(text, hit.start, stretch.start());
    if hit.start - sentence_start > MAX_POINTING {
        return None;
    }
    let ahead = sentence::floor(text, (hit.end + MAX_AHEAD).min(stretch.end()));
    let tokens = words::split(text, sentence_start..ahead);
    let at = tokens.iter().position(|word| word.start <= hit.start && hit.start < word.end)?;
    let (words, anchor, anchor_at) = language(&tokens, at, owners)?;
    let pointing = words.behind.find(&tokens, 0..anchor_at.start).filter(|pointing| pointing.start <= 2)?;
    let from = tokens[anchor_at.end - 1].end;
    let rest = &text[from..sentence::end(text, from, ahead)];
    if !matches!(anchor, Anchor::Noun | Anchor::WeakNoun) || rest.contains([':', '：', ';', '；']) {
        return None;
    }
    let sentence = Sentence {
        text,
        tokens: &tokens,
        words,
        anchor,
        anchor_at: anchor_at.clone(),
        stretch,
        spoken: false,
    };
    let count = sentence.count();
    let span = Span::new(tokens[pointing.start].start, from).ok()?;
    Some(Introducer {
        words,
        tokens: tokens[..anchor_at.end].to_vec(),
        anchor_at,
        anchor,
        span,
        subject: None,
        count,
        opening: Opening::Marked,
        items_from: sentence_start,
        sentence_start,
        cue: None,
        is_behind: true,
        has_verb: true,
        has_follow: false,
    })
}

/// Looks at the word of the hit, then at those around it: most hits are in other words ("*place*d") or phrases.
pub(super) fn is_anchor(text: &str, stretch: Span, hit: &Range<usize>) -> bool {
    let low = sentence::floor(text, hit.start.saturating_sub(NEAR).max(stretch.start()));
    let high = sentence::floor(text, (hit.end + NEAR).min(stretch.end()));
    if let Some(word) = plain_word(&text.as_bytes()[low..high], hit.start - low) {
        let mut small = [0; 2 * NEAR];
        let small = &mut small[..word.len()];
        small.copy_from_slice(word);
        small.make_ascii_lowercase();
        match str::from_utf8(small).map_or(Known::No, |word| LEXICON.knows(word)) {
            Known::No => return false,
            Known::Alone => return true,
            Known::InPhrase => {}
        }
    }
    let tokens = words::split(text, low..high);
    let at = tokens.iter().position(|word| word.start <= hit.start && hit.start < word.end);
    at.is_some_and(|at| LEXICON.announces(&tokens, at))
}

/// Returns the word around `at` if it is of ASCII letters between other ASCII signs, and not too long to be one.
fn plain_word(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let start =
        bytes[..at].iter().rposition(|byte| !byte.is_ascii_alphanumeric()).map_or(0, |before| before + 1);
    let end =
        bytes[at..].iter().position(|byte| !byte.is_ascii_alphanumeric()).map_or(bytes.len(), |n| at + n);
    let is_border = |byte: Option<&u8>| byte.is_none_or(|byte| byte.is_ascii() && *byte != b'-');
    let is_plain = is_border(start.checked_sub(1).map(|before| &bytes[before])) && is_border(bytes.get(end));
    (is_plain && start < end && end - start <= 2 * NEAR).then(|| &bytes[start..end])
}

/// Decides whose word the anchor is: of the languages that have it, the one with the most small words around it.
fn language(
    tokens: &[Word],
    at: usize,
    owners: &[usize],
) -> Option<(&'static Introducers, Anchor, Range<usize>)> {
    let candidates = owners.iter().filter_map(|n| {
        let (_, words) = LEXICON.languages.get(*n)?;
        let lists = [
            (&words.nouns, Anchor::Noun),
            (&words.asks, Anchor::Question),
            (&words.running, Anchor::Clause),
            (&words.clauses, Anchor::Clause),
            (&words.weak_nouns, Anchor::WeakNoun),
        ];
        lists.iter().find_map(|(list, anchor)| list.around(tokens, at).map(|place| (words, *anchor, place)))
    });
    let candidates: Vec<_> = candidates.collect();
    if let [only] = &candidates[..] {
        return Some(only.clone());
    }
    let mut best: Option<(usize, &'static Introducers, Anchor, Range<usize>)> = None;
    for (words, anchor, place) in candidates {
        let near = at.saturating_sub(25)..(at + 25).min(tokens.len());
        let small = near.filter(|i| words.function_words.at(tokens, *i).is_some()).count();
        if best.as_ref().is_none_or(|(most, ..)| small > *most) {
            best = Some((small, words, anchor, place));
        }
    }
    best.map(|(_, words, anchor, place)| (words, anchor, place))
}

struct Sentence<'a> {
    text: &'a str,
    tokens: &'a [Word],
    words: &'static Introducers,
    anchor: Anchor,
    anchor_at: Range<usize>,
    stretch: Span,
    /// Somebody's words, as the form of the document tells.
    spoken: bool,
}

impl Sentence<'_> {
    /// "Weather conditions", "conditions in the camp", "met all conditions", "without preconditions".
    fn means_something_else(&self) -> bool {
        let (tokens, words, at) = (self.tokens, self.words, &self.anchor_at);
        if words.not_after.before(tokens, at.start) {
            return true;
        }
        let despite = words.despite.at(tokens, at.end).is_some();
        if words.not_before.at(tokens, at.end).is_some() && !despite {
            let same_clause = tokens
                .get(at.end)
                .is_some_and(|next| self.text[tokens[at.end - 1].end..next.start].trim().is_empty());
            if same_clause && !self.is_still_to_be(&(at.end..at.end + 1)) {
                return true;
            }
        }
        let near = at.start.saturating_sub(8)..(at.end + 2).min(tokens.len());
        let others = near.filter(|i| !at.contains(i));
        others.filter_map(|i| words.not_with.at(tokens, i).map(|len| i..i + len)).any(|bad| {
            // A word behind the end of the sentence does not count, nor "if … met", "must … fulfil".
            let (first, last) = (bad.start.min(at.start), bad.end.max(at.end).min(tokens.len()));
            // "The conditions for *lifting* the blockade": what they are for.
            if bad.start > at.end && words.subject_after.at(tokens, at.end).is_some() {
                return false;
            }
            !self.is_still_to_be(&bad)
                && !self.text[tokens[first].start..tokens[last - 1].end].contains([':', '.', ';', '：', '。'])
        }) || self.is_a_state()
    }

    /// "If the conditions are *met*", "करनी *चाहिए*": the words around say that it has not happened yet.
    fn is_still_to_be(&self, what: &Range<usize>) -> bool {
        let before = what.start.saturating_sub(7)..what.start.max(self.anchor_at.start);
        let after = what.end..(what.end + 3).min(self.tokens.len());
        let conditionals = &self.words.conditionals;
        conditionals.find(self.tokens, before).is_some()
            || conditionals.find(self.tokens, after.clone()).is_some_and(|hit| {
                let between = &self.text[self.tokens[what.end - 1].end..self.tokens[hit.start].start];
                !between.contains([',', ':', '.', ';', '：', '。'])
            })
    }

    /// "The conditions were poor: fog, ice": a state is described, unless somebody sets it.
    fn is_a_state(&self) -> bool {
        let (tokens, words) = (self.tokens, self.words);
        let near = self.anchor_at.end..(self.anchor_at.end + 8).min(tokens.len());
        words.copulas.find(tokens, near.clone()).is_some_and(|copula| {
            let behind = copula.end..(copula.end + 4).min(tokens.len());
            words.states.find(tokens, behind).is_some_and(|state| {
                let between = &self.text[tokens[self.anchor_at.end - 1].end..tokens[state.start].start];
                !between.contains([':', '.', ';', '：', '。'])
            })
        }) && !self.is_owned()
    }

    /// Finds where the items open: how, the byte of the sign, the byte after it.
    fn opening(&self, ahead: usize) -> Option<(Opening, usize, usize)> {
        let from = self.tokens[self.anchor_at.end - 1].end;
        let colon = self.sign(from, ahead);
        let copula = self.copula(from, colon.map_or(ahead, |(_, at, _)| at));
        if !matches!(colon, Some((Opening::Colon, ..))) && self.is_named_as() {
            return Some((Opening::As, from, from));
        }
        match (colon, copula) {
            // "are as follows:", "are:", "are the following:"
            (Some(sign @ (Opening::Colon, at, _)), Some((_, after)))
                if !self.text[after..at].contains([',', ';']) || self.tells_who(after, at) =>
            {
                Some(sign)
            }
            // "are simple. …", "are met, the minister said: …": the verb opens no list.
            (Some(sign), Some((_, after))) if self.says_nothing(after, sign.1) => Some(sign),
            (_, Some((at, after))) if self.anchor != Anchor::Clause => Some((Opening::Running, at, after)),
            (Some(sign), _) => Some(sign),
            (None, _) => self.running(from),
        }
    }

    /// "Named *as conditions* a, b and c".
    fn is_named_as(&self) -> bool {
        let at = self.anchor_at.start;
        let before = at.saturating_sub(2)..at;
        before.clone().any(|i| self.words.as_words.at(self.tokens, i).is_some_and(|len| i + len <= at))
            && self.words.set_verbs.find(self.tokens, 0..self.tokens.len()).is_some()
            && self.words.subject_after.at(self.tokens, self.anchor_at.end).is_none()
            && matches!(self.anchor, Anchor::Noun | Anchor::WeakNoun)
    }

    /// "Unless it included *a, b and c*", "only after *a, b and c*".
    fn running(&self, from: usize) -> Option<(Opening, usize, usize)> {
        let (tokens, words, at) = (self.tokens, self.words, &self.anchor_at);
        words.running.around(tokens, at.start)?;
        let near = at.end..(at.end + 4).min(tokens.len());
        let held = words.contains.find(tokens, near).map(|verb| tokens[verb.end - 1].end);
        Some((Opening::Clause, from, held.unwrap_or(from)))
    }

    /// Reads the cue that breaks off the quotation around the anchor, and where the quotation goes on:
    /// `"… three conditions," said the envoy. "First …"`, `«… условия, – сказал посол. – Первое …»`.
    fn broken_off(&self, end: usize) -> Option<(Range<usize>, usize)> {
        let text = self.text;
        let high = sentence::floor(text, (end + MAX_CUE).min(self.stretch.end()));
        let says = |range: Range<usize>| {
            let tokens = words::split(text, range);
            self.words.say_verbs.find(&tokens, 0..tokens.len()).is_some()
        };
        let rest = &text[end..high];
        let close = rest.chars().next()?;
        if matches!(close, '"' | '”' | '»' | '“' | '«') {
            let cue = end + close.len_utf8();
            let opens = cue + text[cue..high].find(['"', '“', '«', '„', '»'])?;
            let again = opens + text[opens..].chars().next().map_or(0, char::len_utf8);
            let between = text[cue..opens].trim_end();
            let whole = between.ends_with(sentence::is_sentence_end) || between.ends_with([':', ',']);
            return (whole && !between.contains('\n') && says(cue..opens)).then_some((cue..opens, again));
        }
        let dash = [" – ", " — ", " - "].iter().find_map(|dash| rest.strip_prefix(dash))?;
        let from = self.tokens[self.anchor_at.end - 1].end;
        let cue = [", –", ", —", ", -"].iter().find_map(|dash| text.get(from..end)?.find(dash))?;
        says(from + cue..end).then(|| (from + cue..end, high - dash.trim_start().len()))
    }

    /// "Are, according to the mayor, the following:", "sind laut Ada Fenwick, der Bürgermeisterin:".
    fn tells_who(&self, after: usize, sign: usize) -> bool {
        let from = self.tokens.iter().position(|word| word.start >= after).unwrap_or(self.tokens.len());
        let until = self.tokens.iter().position(|word| word.start >= sign).unwrap_or(self.tokens.len());
        self.words.according.find(self.tokens, from..until.min(from + 3)).is_some()
    }

    /// Returns whether the words from a copula to the sign are no items: one or two words, or a comma at once.
    fn says_nothing(&self, after: usize, sign: usize) -> bool {
        let between =
            self.text.get(after..sign).unwrap_or_default().trim_end_matches(sentence::is_sentence_end);
        between.trim_start().starts_with(',')
            || !between.contains([',', ';']) && between.split_whitespace().count() <= 2
    }

    /// Finds the colon, dash, enumerator or end of the sentence.
    fn sign(&self, from: usize, ahead: usize) -> Option<(Opening, usize, usize)> {
        let text = self.text;
        let near = self.anchor == Anchor::Clause;
        let end = sentence::end(text, from, ahead);
        for (offset, c) in text[from..end].char_indices() {
            let here = from + offset;
            let after = here + c.len_utf8();
            if near && offset > 40 {
                return None;
            }
            match c {
                ':' | '：'
                    if !text[after..].starts_with(|d: char| d.is_ascii_digit() || d == '/')
                        || text[after..].starts_with("1.") =>
                {
                    return Some((Opening::Colon, here, after));
                }
                '—' | '–' | '-' if text[..here].ends_with(' ') && text[after..].starts_with(' ') && !near =>
                {
                    // Two dashes enclose a remark; one opens a list.
                    let rest = &text[after..end];
                    let counted = self.count().is_some() || self.has_verb();
                    let cue = text[..here].trim_end().ends_with(','); // "…, – said the envoy"
                    if counted && !cue && !rest.contains([c, ':']) {
                        return Some((Opening::Running, here, after));
                    }
                }
                '(' | '（'
                    if text[after..].starts_with(['1', 'a', 'i', '一'])
                        && text[after + 1..].starts_with([')', '）']) =>
                {
                    return Some((Opening::Enumerator, here, here));
                }
                '1' | 'a' if text[after..].starts_with(") ") && text[..here].ends_with(' ') => {
                    return Some((Opening::Enumerator, here, here));
                }
                '①' => return Some((Opening::Enumerator, here, here)),
                '\n' if items::skip_blank(text, after, self.stretch.end()) > after
                    || !text[after..].starts_with(char::is_lowercase) =>
                {
                    return self.stop(here, after);
                }
                _ => {}
            }
        }
        if let Some((_, again)) = self.broken_off(end)
            && (!near || self.has_count() || self.has_follow() || self.is_owned())
        {
            return Some((Opening::Resumed, end, again));
        }
        if near && !self.has_follow() { None } else { self.stop(end, end) }
    }

    /// Returns whether a number stands before the noun, or a word for one.
    fn has_count(&self) -> bool {
        let before = self.anchor_at.start.saturating_sub(4)..self.anchor_at.start;
        self.count().is_some() || self.words.many.find(self.tokens, before).is_some()
    }

    /// The sentence or line ends: a list follows only where it was announced.
    fn stop(&self, at: usize, after: usize) -> Option<(Opening, usize, usize)> {
        if let Some((colon, behind)) = self.next_announces(after) {
            return Some((Opening::Colon, colon, behind));
        }
        let asked = self.text[..at].trim_end().ends_with(['?', '؟', '？']);
        if self.anchor == Anchor::Question || asked {
            return (self.anchor != Anchor::Clause).then_some((Opening::Marked, at, after));
        }
        (self.has_count() || self.has_follow() || self.has_verb() || self.is_heading(at)).then_some((
            Opening::Stop,
            at,
            after,
        ))
    }

    /// "… our terms. *They are:* …": the next sentence is a few words of reference and a colon.
    fn next_announces(&self, from: usize) -> Option<(usize, usize)> {
        let rest = &self.text[from..sentence::floor(self.text, (from + 60).min(self.stretch.end()))];
        let colon = rest.find([':', '：'])?;
        let said = &rest[..colon];
        if said.contains('\n') || said.contains(sentence::is_sentence_end) {
            return None;
        }
        let tokens = super::words::split(self.text, from..from + colon);
        let words = self.words;
        let refers = words.pronouns.at(&tokens, 0).is_some() || words.follow.at(&tokens, 0).is_some();
        let short = (1..=5).contains(&tokens.len());
        let ends = words.copulas.find(&tokens, 0..tokens.len()).is_some()
            || words.follow.find(&tokens, 0..tokens.len()).is_some();
        let behind = from + colon + rest[colon..].chars().next().map_or(1, char::len_utf8);
        (refers && short && ends).then_some((from + colon, behind))
    }

    /// A line such as "Conditions for a settlement" with nothing else on it.
    fn is_heading(&self, end: usize) -> bool {
        let start = self.tokens[0].start;
        let line = self.text[..end].rfind('\n').map_or(0, |n| n + 1);
        start >= line && self.anchor_at.start <= 4 && end - start < 120
    }

    /// Finds "are", "include" between the noun and the sign: the byte where it starts and the one after it.
    fn copula(&self, from: usize, until: usize) -> Option<(usize, usize)> {
        let tokens = self.tokens;
        let limit = tokens.iter().position(|word| word.start >= until).unwrap_or(tokens.len());
        let hit = self.words.copulas.find(tokens, self.anchor_at.end..limit)?;
        let (start, end) = (tokens[hit.start].start, tokens[hit.end - 1].end);
        let clear = !self.text[from..start].contains(['.', ';', '\n', '?', '!']);
        clear.then_some((start, end))
    }

    fn range_before(&self) -> Range<usize> {
        self.anchor_at.start.saturating_sub(12)..self.anchor_at.start
    }

    /// "Three conditions": the number within a few words before the noun.
    fn count(&self) -> Option<usize> {
        let before = self.anchor_at.start.saturating_sub(5)..self.anchor_at.start;
        let after = self.anchor_at.end..(self.anchor_at.end + 1).min(self.tokens.len());
        let digit = |i: usize| self.tokens[i].lower.parse::<usize>().ok().filter(|n| (2..=12).contains(n));
        let named = |range: Range<usize>| {
            self.words
                .numbers
                .iter()
                .enumerate()
                .find_map(|(n, forms)| forms.find_last(self.tokens, range.clone()).map(|_| n + 2))
        };
        let inside = self.anchor_at.clone(); // "need three things"
        before
            .clone()
            .rev()
            .find_map(digit)
            .or_else(|| named(before))
            .or_else(|| named(inside))
            .or_else(|| named(after))
    }

    fn verb(&self) -> Option<Range<usize>> {
        self.words.set_verbs.find_last(self.tokens, self.range_before())
    }

    fn has_verb(&self) -> bool {
        self.verb().is_some() || {
            let after = self.anchor_at.end..(self.anchor_at.end + 10).min(self.tokens.len());
            self.words.set_verbs.find(self.tokens, after).is_some()
        }
    }

    fn has_follow(&self) -> bool {
        let near = self.anchor_at.start.saturating_sub(4)..(self.anchor_at.end + 12).min(self.tokens.len());
        self.words.follow.find(self.tokens, near).is_some()
    }

    /// "Our conditions", "Norland's conditions": somebody owns them.
    fn is_owned(&self) -> bool {
        let before = self.anchor_at.start.saturating_sub(4)..self.anchor_at.start;
        self.words.first_person.find(self.tokens, 0..self.anchor_at.end).is_some()
            || self.words.pronouns.find(self.tokens, before.clone()).is_some()
            || before.clone().any(|i| {
                self.text[self.tokens[i].end..].starts_with("’s")
                    || self.text[self.tokens[i].end..].starts_with("'s")
            })
            || self.is_of_somebody()
    }

    /// "The demands of Ada Fenwick".
    fn is_of_somebody(&self) -> bool {
        let of = self.words.of_words.at(self.tokens, self.anchor_at.end).unwrap_or(0);
        let name = self.anchor_at.end + of;
        let is_name = |i: usize| {
            self.tokens.get(i).is_some_and(|word| word.capital)
                && self.words.not_names.at(self.tokens, i).is_none()
        };
        of > 0 && is_name(name) && is_name(name + 1)
    }

    /// "According to the mayor, the requirements are:": somebody tells them.
    fn is_told(&self, opening_at: usize) -> bool {
        let limit = self.tokens.iter().position(|word| word.start >= opening_at).unwrap_or(self.tokens.len());
        self.words.according.find(self.tokens, 0..limit).is_some()
            || self.words.say_verbs.find(self.tokens, 0..self.anchor_at.start).is_some()
    }

    fn subject(&self, opening_at: usize) -> Option<Span> {
        self.subject_after(opening_at).or_else(|| self.subject_before())
    }

    /// "Conditions for *the settlement*".
    fn subject_after(&self, opening_at: usize) -> Option<Span> {
        let (tokens, words) = (self.tokens, self.words);
        let limit = tokens.iter().position(|word| word.start >= opening_at).unwrap_or(tokens.len());
        let at = (self.anchor_at.end..limit.min(self.anchor_at.end + 6)).find_map(|i| {
            // "لاستئناف": the preposition is written as one with the first word.
            words
                .subject_after
                .at(tokens, i)
                .map(|len| if words.glued && words.verb_first { i } else { i + len })
        })?;
        let mut end = at;
        while end < limit {
            let stops = words.subject_end.at(tokens, end).is_some()
                || words.copulas.at(tokens, end).is_some()
                || (end > at
                    && self.text[tokens[end - 1].end..tokens[end].start]
                        .contains([',', '(', '—', '–', ';', '،', '，']));
            if stops {
                break;
            }
            end += 1;
        }
        (end > at).then(|| Span::new(tokens[at].start, tokens[end - 1].end).ok()).flatten()
    }

    /// "बातचीत के लिए तीन शर्तें": the words before a postposition.
    fn subject_before(&self) -> Option<Span> {
        let (tokens, words) = (self.tokens, self.words);
        let mark = words.subject_before.find_last(tokens, 0..self.anchor_at.start)?;
        let mut start = mark.start;
        while start > 0 {
            let clause = self.text[tokens[start - 1].end..tokens[start].start]
                .contains([',', ':', '，', '：', '،', '"', '“', '«']);
            let agent = words.agent_before.at(tokens, start - 1).is_some()
                || words.set_verbs.at(tokens, start - 1).is_some();
            let name = start < mark.start && !words.caseless && tokens[start - 1].capital;
            if clause && start < mark.start || agent || name {
                break;
            }
            start -= 1;
        }
        (start < mark.start)
            .then(|| Span::new(tokens[start].start, tokens[mark.start - 1].end).ok())
            .flatten()
    }

    fn build(
        self,
        opening: Opening,
        opening_at: usize,
        items_from: usize,
        sentence_start: usize,
    ) -> Option<Introducer> {
        let (has_verb, has_follow, count) = (self.has_verb(), self.has_follow(), self.count());
        let subject = self.subject(opening_at);
        let weak = self.anchor == Anchor::WeakNoun;
        let needed = self.words.conditionals.find(self.tokens, 0..self.anchor_at.start).is_some();
        let told = opening != Opening::Running && self.is_told(opening_at)
            || (has_follow || self.has_count()) && needed;
        // "Requirements for an agreement:" in somebody's statement.
        let stated = self.spoken && opening == Opening::Colon && subject.is_some();
        let told = told || opening == Opening::Resumed || stated;
        if weak && !(has_verb || self.is_owned() || told || has_follow && subject.is_some()) {
            return None;
        }
        if weak && opening == Opening::Marked && !self.is_owned() {
            return None; // "What are the requirements for a visa?"
        }
        if opening == Opening::Running
            && !(has_verb || has_follow || self.has_count() || subject.is_some() || self.is_owned())
        {
            return None;
        }
        let start = self.verb().map_or_else(|| self.phrase_start(), |verb| verb.start);
        let end = if opening == Opening::Colon { items_from } else { opening_at };
        let end = end.max(self.tokens[self.anchor_at.end - 1].end);
        let end = if matches!(opening, Opening::Running | Opening::Clause) { items_from } else { end };
        let slice = &self.text[self.tokens[start].start..end];
        let span =
            Span::new(self.tokens[start].start, self.tokens[start].start + slice.trim_end().len()).ok()?;
        let limit = self.tokens.iter().position(|word| word.start >= end).unwrap_or(self.tokens.len());
        let cue = (opening == Opening::Resumed).then(|| self.broken_off(opening_at)).flatten();
        Some(Introducer {
            words: self.words,
            tokens: self.tokens[..limit].to_vec(),
            anchor_at: self.anchor_at,
            anchor: self.anchor,
            span,
            subject,
            count,
            opening,
            items_from,
            sentence_start,
            cue: cue.map(|(cue, _)| cue),
            is_behind: false,
            has_verb,
            has_follow,
        })
    }

    /// The number, article or owner in front of the noun.
    fn phrase_start(&self) -> usize {
        let at = self.anchor_at.start;
        let lowest = at.saturating_sub(4);
        (lowest..at)
            .find(|&i| {
                let near = i..at;
                let digit = self.tokens[i].lower.chars().all(|c| c.is_ascii_digit());
                let known = self.words.numbers.iter().any(|n| n.at(self.tokens, i).is_some())
                    || self.words.many.at(self.tokens, i).is_some()
                    || self.words.first_person.at(self.tokens, i).is_some()
                    || self.words.follow.at(self.tokens, i).is_some()
                    || self.words.function_words.at(self.tokens, i).is_some();
                near.len() <= 4
                    && (digit || known)
                    && !self.text[self.tokens[i].start..self.tokens[at].start].contains([',', ':', ';'])
            })
            .unwrap_or(at)
    }
}
