//! Whose conditions are they? The words around the introducer decide: who sets them, who says so, whose voice it is.
//!
//! Scripts with capitals: names are runs of capitalised words, weighed by the verbs and prepositions next to them.
//! Other scripts: the words at the place of the subject, before or after the verb.

use std::ops::Range;

use dictum_core::{Span, Speaker, UnknownSpeaker};

use super::{
    introducer::Introducer,
    items::Items,
    lexicon::Introducers,
    sentence,
    words::{self, Word},
};
use crate::{
    people::{self, Naming, People},
    stretch::{Stretch, Voice},
};

/// A quotation around the introducer opens within so many bytes before it.
const MAX_QUOTE: usize = 1_500;
/// "…," said the mayor: the cue ends within so many bytes behind the quotation.
const MAX_CUE: usize = 220;
/// Sentences before the introducer that may name whom a pronoun means.
const MAX_SENTENCES_BACK: usize = 3;
/// A label is no longer.
const MAX_LABEL: usize = 100;

/// The answer.
pub(super) struct Whose {
    pub speaker: Result<Speaker, UnknownSpeaker>,
    pub source: Option<Span>,
    pub chain: Vec<Speaker>,
}

/// Somebody named in the text.
#[derive(Debug, Clone)]
struct Named {
    speaker: Speaker,
    span: Span,
    weight: i32,
}

pub(super) fn read(
    text: &str,
    stretch: &Stretch,
    people: &mut People,
    introducer: &Introducer,
    items: &Items,
) -> Whose {
    let reader = Reader { text, words: introducer.words, stretch: stretch.span };
    let mut outer: Option<(Speaker, Option<Span>)> = match &stretch.voice {
        Voice::Of(speaker) => Some((speaker.clone(), None)),
        Voice::Narrator | Voice::Unknown => None,
    };
    let mut tokens: &[Word] = &introducer.tokens;
    let mut anchor = introducer.anchor_at.clone();
    if let Some((label, after)) = reader.label(introducer.sentence_start, introducer.span.start()) {
        outer = Some((label.speaker, Some(label.span)));
        let cut = tokens.iter().position(|word| word.start >= after).unwrap_or(0).min(anchor.start);
        tokens = &tokens[cut..];
        anchor = anchor.start - cut..anchor.end - cut;
    }
    if let Some((opens, closes)) = reader.quotation(introducer, items) {
        if let Some(cue) = reader.cue_of_quotation(introducer.sentence_start.min(opens), opens, closes) {
            outer = Some((people.complete(cue.speaker), Some(cue.span)));
        } else if outer.is_none() {
            outer = reader.earlier(opens).map(|named| (people.complete(named.speaker), None));
        }
        let cut = tokens.iter().position(|word| word.start >= opens).unwrap_or(0).min(anchor.start);
        tokens = &tokens[cut..];
        anchor = anchor.start - cut..anchor.end - cut;
    }
    if let Some(cue) = introducer.cue.clone().and_then(|cue| reader.speaker_of_cue(cue)) {
        outer = Some((people.complete(cue.speaker), Some(cue.span)));
    }
    let first_item = items.spans.iter().map(|span| span.start()).min().unwrap_or(introducer.sentence_start);
    if introducer.is_behind
        && let Some(named) =
            reader.speaker_of_cue(sentence::start(text, first_item, stretch.span.start())..first_item)
    {
        outer = Some((people.complete(named.speaker), Some(named.span)));
    }
    let tail = items.tail.as_ref().and_then(|tail| reader.in_tail(tail.clone()));
    let from = if introducer.is_behind { first_item } else { introducer.sentence_start };
    let mut whose = reader.decide(tokens, anchor, outer, tail, from, introducer.is_own());
    if let Ok(speaker) = whose.speaker {
        let speaker = people.complete(speaker);
        people.note(&speaker);
        whose.chain.retain(|reporter| !same(reporter, &speaker));
        whose.speaker = Ok(speaker);
    }
    whose
}

/// Returns whether two names mean one person: one is the end or the whole of the other.
fn same(a: &Speaker, b: &Speaker) -> bool {
    let last = |name: &str| name.rsplit(' ').next().unwrap_or(name).to_lowercase();
    a.name == b.name || last(&a.name) == last(&b.name)
}

struct Reader<'t> {
    text: &'t str,
    words: &'static Introducers,
    stretch: Span,
}

impl Reader<'_> {
    fn decide(
        &self,
        tokens: &[Word],
        anchor: Range<usize>,
        outer: Option<(Speaker, Option<Span>)>,
        tail: Option<Named>,
        sentence_start: usize,
        own: bool,
    ) -> Whose {
        let mut named = self.named(tokens, &anchor);
        named.sort_by_key(|n| (n.weight, n.span.start())); // the best one last
        let setter = named.last().filter(|n| n.weight >= 4).cloned();
        let mine = self.words.first_person.find(tokens, 0..anchor.end).is_some();
        let reporter = |whose: &Speaker| {
            named
                .iter()
                .rev()
                .find(|n| {
                    n.weight >= 4 && !same(&n.speaker, whose) && n.span.start() < tokens[anchor.start].start
                })
                .map(|n| n.speaker.clone())
        };
        let outer_chain = |speaker: &Speaker| -> Vec<Speaker> {
            outer.iter().map(|(who, _)| who.clone()).filter(|who| !same(who, speaker)).collect()
        };
        if mine && (own && outer.is_some() || setter.as_ref().is_none_or(|s| s.weight < 8)) {
            if let Some((speaker, source)) = outer {
                return Whose { speaker: Ok(speaker), source, chain: Vec::new() };
            }
            if let Some(cue) = tail {
                return Whose { speaker: Ok(cue.speaker), source: Some(cue.span), chain: Vec::new() };
            }
        }
        if let Some(setter) = setter {
            let mut chain = outer_chain(&setter.speaker);
            chain.extend(reporter(&setter.speaker).filter(|r| chain.iter().all(|c| !same(c, r))));
            chain.extend(tail.map(|cue| cue.speaker).filter(|who| !same(who, &setter.speaker)));
            return Whose { speaker: Ok(setter.speaker), source: Some(setter.span), chain };
        }
        if let Some(cue) = tail {
            return Whose {
                chain: outer_chain(&cue.speaker),
                speaker: Ok(cue.speaker),
                source: Some(cue.span),
            };
        }
        if let Some(subject) = self.plain_subject(tokens, &anchor) {
            if self
                .words
                .pronouns
                .at(&words::split(self.text, subject.span.start()..subject.span.end()), 0)
                .is_some()
            {
                return match self.earlier(sentence_start) {
                    Some(who) => Whose {
                        chain: outer_chain(&who.speaker),
                        speaker: Ok(who.speaker),
                        source: Some(subject.span),
                    },
                    None => match outer {
                        Some((speaker, _)) => Whose { speaker: Ok(speaker), source: None, chain: Vec::new() },
                        None => Whose {
                            speaker: Err(UnknownSpeaker::NoAntecedent),
                            source: Some(subject.span),
                            chain: Vec::new(),
                        },
                    },
                };
            }
            return Whose {
                chain: outer_chain(&subject.speaker),
                speaker: Ok(subject.speaker),
                source: Some(subject.span),
            };
        }
        if let Some((speaker, source)) = outer {
            return Whose { speaker: Ok(speaker), source, chain: Vec::new() };
        }
        if let Some(weak) = named.last().filter(|n| n.weight > 0) {
            return Whose { speaker: Ok(weak.speaker.clone()), source: Some(weak.span), chain: Vec::new() };
        }
        match self.earlier(sentence_start) {
            Some(who) => Whose { speaker: Ok(who.speaker), source: None, chain: Vec::new() },
            None => Whose { speaker: Err(UnknownSpeaker::NotNamed), source: None, chain: Vec::new() },
        }
    }

    /// Reads `Role Name:` at the start of the line that holds `at`; returns it and the byte behind the colon.
    fn label(&self, at: usize, before: usize) -> Option<(Named, usize)> {
        let low = self.stretch.start().max(sentence::floor(self.text, at.saturating_sub(MAX_LABEL)));
        let start = self.text[low..at].rfind('\n').map_or(low, |n| low + n + 1);
        let high = sentence::floor(self.text, (start + MAX_LABEL).min(before.max(start)));
        let line = &self.text[start..high];
        let colon = line.find([':', '：'])?;
        let raw = &line[..colon];
        let lead = raw.len() - raw.trim_start_matches(|c: char| !words::is_word_char(c)).len();
        let tokens = words::split(self.text, start + lead..start + colon);
        let (first, last) = (tokens.first()?, tokens.last()?);
        let span = Span::new(first.start, last.end).ok()?;
        let after = start + colon + line[colon..].chars().next().map_or(1, char::len_utf8);
        if raw.contains(['.', '!', '?', ';']) && !raw.contains(". ") || tokens.len() > 12 {
            return None;
        }
        let busy = self.words.set_verbs.find(&tokens, 0..tokens.len()).is_some()
            || self.words.nouns.find(&tokens, 0..tokens.len()).is_some()
            || self.words.say_verbs.find(&tokens, 0..tokens.len()).is_some();
        if busy {
            return None;
        }
        if self.words.caseless {
            let speaker = self.split_role(&tokens)?;
            return (tokens.len() <= 12).then_some((Named { speaker, span, weight: 10 }, after));
        }
        let mut speaker = self.speaker(&tokens, span)?;
        speaker.name = people::in_small_letters(&speaker.name);
        let capitals = tokens.iter().enumerate().all(|(i, w)| {
            w.capital
                || self.words.function_words.at(&tokens, i).is_some()
                || self.words.particles.at(&tokens, i).is_some()
                || self.words.roles.at(&tokens, i).is_some()
                || tokens.len() > 2 && i > 0
        });
        (capitals
            && tokens
                .last()
                .is_some_and(|w| w.capital || self.words.roles.at(&tokens, tokens.len() - 1).is_some()))
        .then_some((Named { speaker, span, weight: 10 }, after))
    }

    /// Returns where the quotation around the introducer opens and closes.
    fn quotation(&self, introducer: &Introducer, items: &Items) -> Option<(usize, usize)> {
        let at = introducer.tokens[introducer.anchor_at.start].start;
        let low = sentence::floor(self.text, at.saturating_sub(MAX_QUOTE).max(self.stretch.start()));
        let low = self.text[low..at].rfind("\n\n").map_or(low, |n| low + n + 2);
        let opens = sentence::open_quotation(self.text, low..at)?;
        let end = items.spans.iter().map(|s| s.end()).max()?.max(introducer.span.end());
        let high = sentence::floor(self.text, (end + MAX_CUE).min(self.stretch.end()));
        let closes = self.text[end..high].find(['”', '»', '"', '“', '」', '«']).map_or(end, |n| end + n);
        Some((opens, closes))
    }

    /// Reads who says the quotation: before it, or behind it.
    fn cue_of_quotation(&self, start: usize, opens: usize, closes: usize) -> Option<Named> {
        let start = sentence::start(self.text, opens, self.stretch.start()).min(start.min(opens));
        let before = self.speaker_of_cue(start..opens);
        before.or_else(|| {
            let after = closes + self.text[closes..].chars().next().map_or(0, char::len_utf8);
            let high = sentence::floor(self.text, (after + MAX_CUE).min(self.stretch.end()));
            let end = sentence::end(self.text, after.min(high), high);
            let line = self.text[after.min(end)..end].find('\n').map_or(end, |n| after + n);
            self.speaker_of_cue(after.min(line)..line)
        })
    }

    /// Reads `said the mayor`, `X told reporters`, `— X` in a few words beside a quotation.
    fn speaker_of_cue(&self, range: Range<usize>) -> Option<Named> {
        let tokens = words::split(self.text, range);
        if tokens.is_empty() {
            return None;
        }
        let nowhere = tokens.len()..tokens.len();
        let mut named = self.named(&tokens, &nowhere);
        named.sort_by_key(|n| (n.weight, std::cmp::Reverse(n.span.start())));
        let best = named.pop().filter(|n| n.weight >= 0);
        best.or_else(|| self.plain_subject(&tokens, &nowhere)).and_then(|named| self.resolved(named))
    }

    /// A pronoun becomes whom it means.
    fn resolved(&self, named: Named) -> Option<Named> {
        let tokens = words::split(self.text, named.span.start()..named.span.end());
        if self.words.pronouns.at(&tokens, 0).is_none() {
            return Some(named);
        }
        let who = self.earlier(sentence::start(self.text, named.span.start(), self.stretch.start()))?;
        Some(Named { speaker: who.speaker, ..named })
    }

    fn in_tail(&self, tail: Range<usize>) -> Option<Named> {
        self.speaker_of_cue(tail)
    }

    /// Returns the last person who set or said something in the sentences before `at`.
    fn earlier(&self, at: usize) -> Option<Named> {
        let mut end = at;
        for _ in 0..MAX_SENTENCES_BACK {
            let trimmed = self.text[self.stretch.start()..end].trim_end();
            end = self.stretch.start() + trimmed.len();
            let inner = sentence::floor(self.text, end.saturating_sub(1));
            if inner <= self.stretch.start() {
                return None;
            }
            let start = sentence::start(self.text, inner, self.stretch.start());
            let tokens = words::split(self.text, start..end);
            let nowhere = tokens.len()..tokens.len();
            let mut named = self.named(&tokens, &nowhere);
            named.sort_by_key(|n| (n.weight, std::cmp::Reverse(n.span.start())));
            if let Some(best) = named.pop().filter(|n| n.weight > 0) {
                return Some(best);
            }
            if let Some(subject) = self.plain_subject(&tokens, &nowhere) {
                let tokens = words::split(self.text, subject.span.start()..subject.span.end());
                if self.words.pronouns.at(&tokens, 0).is_none() {
                    return Some(subject);
                }
            }
            end = start;
        }
        None
    }

    /// Finds who is named, with weights; the anchor may lie behind the last word.
    fn named(&self, tokens: &[Word], anchor: &Range<usize>) -> Vec<Named> {
        if self.words.caseless {
            self.named_by_place(tokens, anchor)
        } else {
            self.named_by_capitals(tokens, anchor)
        }
    }

    fn named_by_capitals(&self, tokens: &[Word], anchor: &Range<usize>) -> Vec<Named> {
        let mut found = Vec::new();
        let mut i = 0;
        while i < tokens.len() {
            let end = self.run(tokens, i, anchor);
            if end == i {
                i += 1;
                continue;
            }
            if let Some(named) = self.weigh(tokens, i..end, anchor) {
                found.push(named);
            }
            i = end;
        }
        found
    }

    /// Returns the end of the run of name words that starts at `i`.
    fn run(&self, tokens: &[Word], i: usize, anchor: &Range<usize>) -> usize {
        let words = self.words;
        let name = |k: usize| {
            tokens[k].capital
                && !anchor.contains(&k)
                && words.not_names.at(tokens, k).is_none()
                && words.first_person.at(tokens, k).is_none()
                && words.pronouns.at(tokens, k).is_none()
                && (k > i
                    || words.function_words.at(tokens, k).is_none()
                        && words.ordinals.iter().all(|o| o.at(tokens, k).is_none()))
        };
        if !name(i) {
            return i;
        }
        let mut end = i + 1;
        while end < tokens.len() {
            let gap = &self.text[tokens[end - 1].end..tokens[end].start];
            let close = gap.chars().all(|c| matches!(c, ' ' | '\u{A0}' | '.' | '#' | '\u{2011}'))
                && gap.matches('.').count() <= 1
                && (!gap.contains('.') || tokens[end - 1].lower.chars().count() <= 3);
            if close && name(end) {
                end += 1;
            } else if close
                && end + 1 < tokens.len()
                && words.particles.at(tokens, end).is_some()
                && name(end + 1)
            {
                end += 2;
            } else {
                break;
            }
        }
        end
    }

    fn weigh(&self, tokens: &[Word], run: Range<usize>, anchor: &Range<usize>) -> Option<Named> {
        let words = self.words;
        // "*NATO* spokeswoman Helga Brandvold": the name comes behind the role.
        let role = words.roles.at(tokens, run.end).map(|len| run.end..run.end + len);
        let names_another = role.is_some_and(|role| {
            tokens.get(role.end).is_some_and(|word| word.capital)
                && self.text[tokens[run.end - 1].end..tokens[role.end].start]
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'))
        });
        if names_another {
            return None;
        }
        let complement = self.complement(tokens, &run);
        let start = complement.unwrap_or_else(|| self.with_role(tokens, run.start));
        let span = Span::new(tokens[start].start, tokens[run.end - 1].end).ok()?;
        let speaker = self.speaker(&tokens[start..run.end], span)?;
        let mut weight = i32::from(run.len() > 1)
            + 2 * i32::from(start < run.start || words.roles.find(tokens, run.clone()).is_some());
        let gap_before = if start > 0 { &self.text[tokens[start - 1].end..tokens[start].start] } else { "" };
        let article = start > 0
            && words.function_words.at(tokens, start - 1).is_some()
            && words.prepositions.at(tokens, start - 1).is_none();
        let front = if article { start - 1 } else { start };
        if words.according.before(tokens, front) {
            weight += 8;
        } else if words.by.before(tokens, front) {
            weight += if anchor.start < start && self.verb_near(tokens, start.saturating_sub(5)..start) {
                9
            } else {
                1
            };
        } else if complement.is_none()
            && front > 0
            && words.prepositions.before(tokens, front)
            && gap_before.trim().is_empty()
        {
            let of_anchor = front >= 1 && front - 1 == anchor.end;
            weight -= if of_anchor { -4 } else { 8 };
        }
        let after = run.end;
        let possessive = self.text[tokens[run.end - 1].end..].starts_with(['’', '\''])
            && !self.text[tokens[run.end - 1].end..].starts_with("'\"");
        if possessive {
            let owns = (after..(after + 7).min(tokens.len())).any(|k| anchor.start == k);
            weight += if owns { 9 } else { -6 };
        } else if self.verb_after(tokens, after) {
            weight += 9;
        } else if start > 0 && self.verb_before(tokens, front) {
            weight += 8;
        } else if self.text[tokens[run.end - 1].end..].starts_with(':') {
            weight += 6;
        }
        if self.in_apposition(tokens, &run) {
            weight -= 9;
        }
        Some(Named { speaker, span, weight })
    }

    /// Returns whether the name describes the one before: "Ada Fenwick, the *U.N.* envoy, said".
    fn in_apposition(&self, tokens: &[Word], run: &Range<usize>) -> bool {
        let comma = |k: usize| self.text[tokens[k - 1].end..tokens[k].start].contains(',');
        let opens = (run.start.saturating_sub(4).max(1)..=run.start).rev().find(|&k| comma(k));
        let closes = (run.end..tokens.len().min(run.end + 7)).find(|&k| comma(k));
        let (Some(opens), Some(closes)) = (opens, closes) else { return false };
        let described = opens < run.start
            && tokens[opens - 1].capital
            && self.words.function_words.at(tokens, opens).is_some();
        described && !self.verb_near(tokens, opens..closes)
    }

    /// Returns the role in front of its complement and a name: "ministro de Exteriores Juan Pérez".
    fn complement(&self, tokens: &[Word], run: &Range<usize>) -> Option<usize> {
        let long = run.len() >= 3 && self.words.prepositions.before(tokens, run.start);
        let near = run.start.saturating_sub(4)..run.start;
        long.then(|| self.words.roles.find(tokens, near).map(|role| role.start)).flatten()
    }

    /// Returns whether a verb of setting or saying follows, an apposition and small words aside.
    fn verb_after(&self, tokens: &[Word], mut at: usize) -> bool {
        if at < tokens.len() && self.text[tokens[at - 1].end..tokens[at].start].contains([',', '(', '—', '–'])
        {
            // "Ada Fenwick, the mayor of Saltmarsh, named": the verb is behind the next comma.
            let close = (at + 1..tokens.len().min(at + 16))
                .find(|&k| self.text[tokens[k - 1].end..tokens[k].start].contains([',', ')', '—', '–']));
            let direct = self.is_verb(tokens, at);
            if direct {
                return true;
            }
            match close {
                Some(k) => at = k,
                None => return false,
            }
        }
        let mut skipped = 0;
        while at < tokens.len() && skipped <= 5 {
            if self.is_verb(tokens, at) {
                return true;
            }
            if skipped > 0
                && self.text[tokens[at - 1].end..tokens[at].start].contains(['.', ';', ':', '"', '“', '«'])
            {
                return false;
            }
            let small = self
                .words
                .fillers
                .at(tokens, at)
                .or_else(|| self.words.not_names.at(tokens, at))
                .or_else(|| self.words.prepositions.at(tokens, at));
            let Some(len) = small else {
                // One unknown small word may be an adverb.
                if tokens[at].capital || skipped > 2 {
                    return false;
                }
                at += 1;
                skipped += 1;
                continue;
            };
            at += len;
            skipped += 1;
        }
        false
    }

    fn verb_before(&self, tokens: &[Word], start: usize) -> bool {
        (1..=3.min(start)).any(|back| {
            let at = start - back;
            let between = (at + 1..start).all(|k| {
                self.words.fillers.at(tokens, k).is_some()
                    || self.words.function_words.at(tokens, k).is_some()
                        && self.words.prepositions.at(tokens, k).is_none()
            });
            self.is_verb(tokens, at) && between && !self.has_subject(tokens, at)
        })
    }

    /// Returns whether a name stands right before the verb, "Ada Fenwick *said*", but not "Am Montag *sagte*".
    fn has_subject(&self, tokens: &[Word], verb: usize) -> bool {
        let mut start = verb;
        while start > 0 && tokens[start - 1].capital && self.words.not_names.at(tokens, start - 1).is_none() {
            start -= 1;
        }
        let preposition = start > 0
            && (self.words.prepositions.before(tokens, start)
                || self.words.function_words.before(tokens, start));
        start < verb
            && !preposition
            && self.text[tokens[verb - 1].end..tokens[verb].start].trim().is_empty()
            && self.words.function_words.at(tokens, start).is_none()
    }

    fn is_verb(&self, tokens: &[Word], at: usize) -> bool {
        self.words.set_verbs.at(tokens, at).is_some() || self.words.say_verbs.at(tokens, at).is_some()
    }

    fn verb_near(&self, tokens: &[Word], range: Range<usize>) -> bool {
        range.clone().any(|k| self.is_verb(tokens, k))
    }

    /// Moves the start of a name to the left over its role: "министр обороны Иван Петров".
    fn with_role(&self, tokens: &[Word], start: usize) -> usize {
        let lowest = start.saturating_sub(8);
        let mut best = start;
        if self.words.prepositions.before(tokens, start) {
            return start; // "the minister of Saltmarsh": the town is no minister
        }
        let has_role =
            self.words.roles.at(tokens, start).is_some() || self.words.roles.at(tokens, start + 1).is_some();
        let comma = start > 0 && self.text[tokens[start - 1].end..tokens[start].start].contains(',');
        if has_role && comma {
            return start;
        }
        for at in (lowest..start).rev() {
            let gap = &self.text[tokens[at].end..tokens[at + 1].start];
            if gap.contains(['.', ';', ':', '"', '“', '«', '('])
                || self.is_verb(tokens, at)
                || gap.contains(',') && at + 1 < start
            {
                break;
            }
            if self.words.roles.at(tokens, at).is_some() {
                best = at;
            }
        }
        best
    }

    /// Splits the words of a name with its role.
    fn speaker(&self, tokens: &[Word], span: Span) -> Option<Speaker> {
        let phrase = span.slice(self.text)?;
        if let Some((naming, speaker)) = people::read(phrase) {
            let name = words::split(&speaker.name, 0..speaker.name.len());
            let with_role = naming == Naming::Person
                && self.words.roles.find(&name, 0..name.len().saturating_sub(1)).is_some();
            // "ministra degli *Esteri Chiara Bellandi*": the name begins with the role's complement.
            let of = name.len() > 2
                && tokens.len() > name.len()
                && self.words.prepositions.at(tokens, tokens.len() - name.len() - 1).is_some();
            if !with_role && !of {
                return Some(speaker);
            }
        }
        self.split_role(tokens)
    }

    /// Splits at the last role word; the name comes after it, behind the role's complement.
    fn split_role(&self, tokens: &[Word]) -> Option<Speaker> {
        let (first, last) = (tokens.first()?, tokens.last()?);
        let whole = || self.text[first.start..last.end].to_owned();
        let Some(role) = self.words.roles.find_last(tokens, 0..tokens.len()) else {
            return Some(Speaker { name: whole(), ..Speaker::default() });
        };
        let name = self.name_after(tokens, role.end);
        if name >= tokens.len() {
            return Some(Speaker { name: whole(), role: Some(whole()), organization: None });
        }
        Some(Speaker {
            name: self.text[tokens[name].start..last.end].to_owned(),
            role: Some(self.text[first.start..tokens[name - 1].end].to_owned()),
            organization: None,
        })
    }

    /// Returns the first word of the name behind a role that ends before `at`.
    fn name_after(&self, tokens: &[Word], at: usize) -> usize {
        if self.words.caseless {
            // "رئيسة *الوفد* ليلى منصور": words with an article go with the role.
            let definite = |i: &usize| self.words.verb_first && tokens[*i].lower.starts_with("ال");
            return (at..tokens.len().saturating_sub(1)).find(|i| !definite(i)).unwrap_or(at);
        }
        let run = tokens.iter().rposition(|word| !word.capital).map_or(at, |i| (i + 1).max(at));
        let small = run > 0 && self.words.particles.at(tokens, run - 1).is_some() && run > at;
        let of = run > 0 && self.words.prepositions.at(tokens, run - 1).is_some();
        match tokens.len() - run {
            0 => tokens.len(),
            // "Министр Норландии Иван Петров": the last two words are the name.
            n if n >= 3 && (of || run == at) => tokens.len() - 2,
            _ if small && !of => run - 1,
            _ if of => tokens.len(),
            _ => run,
        }
    }

    /// Names without capitals: the words before the agent mark, after or before the verb.
    fn named_by_place(&self, tokens: &[Word], anchor: &Range<usize>) -> Vec<Named> {
        let words = self.words;
        let head = anchor.start.min(tokens.len());
        let mut found = Vec::new();
        let mut push = |range: Range<usize>, weight: i32| {
            let range = self.without_small(tokens, range);
            if range.is_empty() || range.len() > 12 {
                return;
            }
            let slice = &tokens[range];
            let span = Span::new(slice[0].start, slice[slice.len() - 1].end).ok();
            if let (Some(span), Some(speaker)) = (span, self.split_role(slice)) {
                found.push(Named { speaker, span, weight });
            }
        };
        for i in 0..tokens.len() {
            if words.agent_before.at(tokens, i).is_some() {
                push(self.clause_start(tokens, i)..i, 10);
            }
            if let Some(len) = words.according.at(tokens, i) {
                if words.verb_first {
                    push(i + len..self.phrase_end(tokens, i + len, tokens.len()), 9);
                } else {
                    let before = self.clause_start(tokens, i)..i;
                    let after = i + len..self.phrase_end(tokens, i + len, tokens.len());
                    push(if before.is_empty() { after } else { before }, 9);
                }
            }
        }
        let agents = (0..tokens.len()).any(|i| words.agent_before.at(tokens, i).is_some());
        // "मीना कपूर *की* शर्तें", but not "युद्धविराम की शर्तें": two or three words, or a role.
        let owner = head.checked_sub(1).filter(|i| words.owner_before.at(tokens, *i).is_some());
        if let Some(owner) = owner.filter(|_| !agents) {
            let clause = self.clause_start(tokens, owner)..owner;
            let start = clause.clone().rev().find(|i| words.function_words.at(tokens, *i).is_some());
            let name = start.map_or(clause.start, |i| i + 1)..owner;
            if (2..=3).contains(&name.len()) || words.roles.find(tokens, name.clone()).is_some() {
                push(name, 5);
            }
        }
        if !words.agent_before.is_empty() {
            return found;
        }
        for i in 0..tokens.len() {
            let Some(len) = words.set_verbs.at(tokens, i).or_else(|| words.say_verbs.at(tokens, i)) else {
                continue;
            };
            if words.verb_first && i < head {
                push(i + len..self.phrase_end(tokens, i + len, head), 9);
            }
            if i <= head || anchor.start >= tokens.len() {
                let before = self.clause_start(tokens, i)..i;
                push(before, if words.verb_first { 4 } else { 9 });
            }
            if anchor.start >= tokens.len() && words.verb_first {
                push(i + len..self.phrase_end(tokens, i + len, tokens.len()), 9);
            }
        }
        found
    }

    /// Returns the first word of the clause that ends before `at`.
    fn clause_start(&self, tokens: &[Word], at: usize) -> usize {
        let mut start = at;
        while start > 0 {
            let broken = start < at
                && self.text[tokens[start - 1].end..tokens[start].start]
                    .contains([',', '.', ':', ';', '\n', '"', '“', '«', '」', '，', '。', '：', '،', '।']);
            if broken
                || self.is_verb(tokens, start - 1)
                || self.words.agent_before.at(tokens, start - 1).is_some()
            {
                break;
            }
            start -= 1;
        }
        start
    }

    /// Returns the end of the name that starts at `from`: a comma, a small word, a number or `limit`.
    fn phrase_end(&self, tokens: &[Word], from: usize, limit: usize) -> usize {
        let mut end = from;
        while end < limit.min(tokens.len()) {
            let broken = end > from
                && !self.text[tokens[end - 1].end..tokens[end].start].chars().all(char::is_whitespace);
            let small = self.words.function_words.at(tokens, end).is_some()
                || self.words.subject_after.at(tokens, end).is_some()
                    && !self.words.roles.before(tokens, end)
                    // "رئيسة الوفد *ليلى*": behind a role and its complement stands a name.
                    && !(end >= from + 2 && self.words.roles.before(tokens, end - 1))
                || self.words.fillers.at(tokens, end).is_some()
                || self.words.numbers.iter().any(|n| n.at(tokens, end).is_some());
            if broken || small {
                break;
            }
            end += 1;
        }
        end
    }

    /// Takes small words, days and fillers off both ends.
    fn without_small(&self, tokens: &[Word], range: Range<usize>) -> Range<usize> {
        let words = self.words;
        let small = |i: usize| {
            words
                .function_words
                .at(tokens, i)
                .or_else(|| words.fillers.at(tokens, i))
                .or_else(|| words.not_names.at(tokens, i))
        };
        let (mut start, mut end) = (range.start, range.end);
        while start < end {
            match small(start) {
                Some(len) => start += len,
                None => break,
            }
        }
        while end > start {
            match (1..=3.min(end - start)).rev().find(|n| small(end - n) == Some(*n)) {
                Some(len) => end -= len,
                None => break,
            }
        }
        start.min(end)..end
    }

    /// The subject without a name: "the union", "she"; before the verb, or between it and the noun.
    fn plain_subject(&self, tokens: &[Word], anchor: &Range<usize>) -> Option<Named> {
        let words = self.words;
        let head = anchor.start.min(tokens.len());
        let verb = (0..tokens.len())
            .filter(|i| *i < head)
            .find(|i| words.set_verbs.at(tokens, *i).is_some())
            .or_else(|| (0..tokens.len()).find(|i| self.is_verb(tokens, *i)));
        let Some(verb) = verb else {
            // "Their conditions are: …"
            let owner = (head.saturating_sub(4)..head).find(|i| words.pronouns.at(tokens, *i).is_some())?;
            return Some(Named {
                speaker: Speaker::default(),
                span: Span::new(tokens[owner].start, tokens[owner].end).ok()?,
                weight: 0,
            });
        };
        let mut range = self.clause_start(tokens, verb)..verb;
        while range.end > range.start && words.fillers.find_last(tokens, range.end - 1..range.end).is_some() {
            range.end -= 1;
        }
        if range.is_empty() && verb + 1 < head {
            let end = (verb + 1..head)
                .find(|i| words.numbers.iter().any(|n| n.at(tokens, *i).is_some()))
                .unwrap_or(head);
            range = verb + 1..end.min(verb + 6);
        }
        if let Some(pronoun) = range.clone().rev().find(|i| words.pronouns.at(tokens, *i).is_some()) {
            let span = Span::new(tokens[pronoun].start, tokens[pronoun].end).ok()?;
            return Some(Named { speaker: Speaker::default(), span, weight: 0 });
        }
        let starts_small = words.prepositions.at(tokens, range.start).is_some()
            || words.first_person.find(tokens, range.clone()).is_some();
        if range.is_empty() || range.len() > 7 || starts_small || range.contains(&anchor.start) {
            return None;
        }
        let slice = &tokens[self.without_small(tokens, range)];
        // "The committee's report sets out the conditions": a paper sets nothing.
        if !slice.is_empty() && words.papers.at(slice, slice.len() - 1).is_some() {
            return None;
        }
        let span = Span::new(slice.first()?.start, slice.last()?.end).ok()?;
        let speaker = self.speaker(slice, span)?;
        Some(Named { speaker, span, weight: 1 })
    }
}
