//! What a sentence shows without a parser: who stands before a verb, where a clause ends, what can be skipped.
//!
//! Every look back and ahead is bounded, so that the cost stays linear in the text.

use super::{
    marks::Quote,
    tokens::{Kind, Token},
    words::{Classes, Cue, Ending, Forms, Frame, Phrase, Word, Words, same_word},
};

/// Tokens that a subject, with what is put in beside it, may span.
const LONGEST_SUBJECT: usize = 48;
/// Tokens that the content of one indirect statement may span.
pub(super) const LONGEST_CONTENT: usize = 240;
/// Capitalised words of one name.
const LONGEST_NAME: usize = 5;
/// Tokens of a name with what is put beside it.
const LONGEST_SIGNATURE: usize = 24;
/// Tokens between a verb and its "that".
const LONGEST_ADJUNCT: usize = 16;

/// Half-open range of token places.
pub(super) type Range = std::ops::Range<usize>;

/// One sentence: a range of a paragraph's tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sentence<'a> {
    /// The text of the document.
    pub text: &'a str,
    /// The tokens of the paragraph.
    pub tokens: &'a [Token],
    /// The quotations of the paragraph.
    pub quotes: &'a [Quote],
    /// The words of the language.
    pub words: &'static Words,
    /// The first token.
    pub start: usize,
    /// The token after the last.
    pub end: usize,
    /// The text is somebody's statement: what is added with ", which …" is theirs, not of those whom they quote.
    pub voiced: bool,
}

/// A verb with its helpers: "has repeatedly said".
#[derive(Debug, Clone, Copy)]
pub(super) struct VerbGroup {
    /// The first helper, or the verb.
    pub start: usize,
    /// "was asked".
    pub passive: bool,
    /// "might say", "to say".
    pub unreal: bool,
    /// "did not say".
    pub negated: bool,
    /// After "to".
    pub infinitive: bool,
    /// Has a helper, so that the base form is finite.
    pub helped: bool,
}

const OUTSIDE: Token = Token {
    start: 0,
    end: 0,
    kind: Kind::Sign,
    word: Word { classes: Classes::NONE, forms: Forms::NONE, verb: 0, noun: 0 },
    quote: 0,
};

impl<'a> Sentence<'a> {
    /// Returns the token at `at`; outside the sentence, a sign that fits nothing.
    pub(super) fn at(&self, at: usize) -> Token {
        if at >= self.start && at < self.end { self.tokens[at] } else { OUTSIDE }
    }

    /// Returns the token before `at`.
    pub(super) fn before(&self, at: usize) -> Token {
        at.checked_sub(1).map_or(OUTSIDE, |at| self.at(at))
    }

    /// Returns the words of a token.
    pub(super) fn word(&self, at: usize) -> &'a str {
        let token = self.at(at);
        &self.text[token.start..token.end]
    }

    /// Returns the quotation that the token at `at` is.
    pub(super) fn quote(&self, at: usize) -> Option<&'a Quote> {
        let token = self.at(at);
        (token.kind == Kind::Quote).then(|| &self.quotes[token.quote])
    }

    /// Returns the name, with what is put beside it, that fills the sentence from `at` on: `— |Ada Fenwick, mayor|.`
    pub(super) fn signature_at(&self, at: usize) -> Option<Range> {
        let mut end = self.end;
        while end > at && matches!(self.before(end).kind, Kind::Stop | Kind::Sign) {
            end -= 1;
        }
        let source = at..end.min(at + LONGEST_SIGNATURE);
        let name_end = source.clone().find(|at| self.at(*at).kind != Kind::Name).unwrap_or(source.end);
        let named = name_end > at && !(at..name_end).any(|at| self.at(at).is(Classes::FUNCTION));
        let beside = name_end == end || matches!(self.at(name_end).kind, Kind::Comma | Kind::Open);
        let clause = (name_end..end).any(|at| {
            let token = self.at(at);
            token.is(Classes::AUXILIARY) || token.kind == Kind::Quote || token.cues(Forms::FINITE)
        });
        (named && beside && !clause && source.end == end && name_end - at <= LONGEST_NAME).then_some(source)
    }

    /// Returns whether the words in marks at `at` end a sentence.
    pub(super) fn quote_ends_sentence(&self, at: usize) -> bool {
        self.quote(at).is_some_and(|quote| {
            let inner =
                self.text[quote.inner_start..quote.inner_end].trim_end_matches(['"', '\'', '’', '”', ' ']);
            inner.ends_with(['.', '?', '!', '…'])
        })
    }

    /// Returns whether the words in marks at `at` look like a title: most words of length have capitals, nothing ends it.
    pub(super) fn quote_is_title(&self, at: usize) -> bool {
        let (capitals, small) = self.long_words_in_quote(at);
        let several =
            self.quote(at).is_some_and(|quote| self.text[quote.inner_start..quote.inner_end].contains(' '));
        capitals >= 1
            && small == 0
            && several
            && !self.quote_ends_sentence(at)
            && !self.quote_ends_in_comma(at)
    }

    /// Returns whether the words in marks at `at` are written as in a sentence, not as in a title.
    pub(super) fn quote_is_plain(&self, at: usize) -> bool {
        let (capitals, small) = self.long_words_in_quote(at);
        capitals <= 1 && small >= 2
    }

    /// Counts the words of four letters and more with a capital and without.
    fn long_words_in_quote(&self, at: usize) -> (usize, usize) {
        let Some(quote) = self.quote(at) else { return (0, 0) };
        let words = self.text[quote.inner_start..quote.inner_end].split_whitespace().take(12);
        words.filter(|word| word.len() >= 4).fold((0, 0), |(capitals, small), word| {
            if word.starts_with(char::is_uppercase) { (capitals + 1, small) } else { (capitals, small + 1) }
        })
    }

    /// Returns whether the words in marks at `at` go on with a sentence: a small letter opens them.
    pub(super) fn quote_goes_on(&self, at: usize) -> bool {
        self.quote(at).is_some_and(|quote| {
            self.text[quote.inner_start..quote.inner_end].trim_start().starts_with(char::is_lowercase)
        })
    }

    fn quote_ends_in_comma(&self, at: usize) -> bool {
        self.quote(at)
            .is_some_and(|quote| self.text[quote.inner_start..quote.inner_end].trim_end().ends_with(','))
    }

    /// Reads the helpers before the verb at `verb`.
    pub(super) fn verb_group(&self, verb: usize) -> VerbGroup {
        let mut group = VerbGroup {
            start: verb,
            passive: false,
            unreal: false,
            negated: false,
            infinitive: false,
            helped: false,
        };
        let mut nearest_helper = true;
        while group.start > self.start && verb - group.start < 6 {
            let token = self.before(group.start);
            if token.kind == Kind::Quote || !token.is(Classes::HELPER) || token.is(Classes::CONTRACTION) {
                break;
            }
            if token.is(Classes::INFINITIVE_MARK) {
                group.infinitive = true;
            }
            if token.is(Classes::AUXILIARY.or(Classes::INFINITIVE_MARK)) {
                group.passive |= nearest_helper && token.is(Classes::BE);
                nearest_helper = false;
                group.helped = true;
            }
            group.unreal |= token.is(Classes::HYPOTHETICAL.or(Classes::INFINITIVE_MARK));
            group.negated |= token.is(Classes::NEGATION);
            group.start -= 1;
            if group.infinitive {
                break;
            }
        }
        group.start = self.skip_adjunct_back(group.start);
        group
    }

    /// Steps back over "on Monday", "last week", "in a statement" before the verb.
    fn skip_adjunct_back(&self, at: usize) -> usize {
        let mut start = at;
        while start > self.start && self.before(start).is(Classes::TIME) {
            start -= 1;
        }
        let timed = start < at;
        if !timed && !self.before(start).is(Classes::VENUE) {
            return at;
        }
        if !timed {
            start -= 1;
        }
        for _ in 0..3 {
            let token = self.before(start);
            if token.is(Classes::PREPOSITION) {
                let noun = self.before(start - 1);
                return if noun.is_wordlike() && !noun.is(Classes::NO_NOUN) { start - 1 } else { at };
            }
            if token.kind != Kind::Word || token.is(Classes::NO_NOUN) {
                break;
            }
            start -= 1;
        }
        let bare = timed
            && at - start <= 3
            && self.before(start).is_wordlike()
            && !self.before(start).is(Classes::NO_NOUN);
        if bare { start } else { at }
    }

    /// Returns the noun phrase that ends before `end`, or `None`.
    pub(super) fn noun_phrase_before(&self, end: usize) -> Option<Range> {
        let floor = self.start.max(end.saturating_sub(LONGEST_SUBJECT));
        let last = self.before(end);
        if end == self.start || last.kind == Kind::Possessive {
            return None;
        }
        if last.is(Classes::SUBJECT_PRONOUN.or(Classes::CONTRACTION)) {
            return Some(end - 1..end);
        }
        let mut at = end;
        while at > floor {
            let token = self.at(at - 1);
            match token.kind {
                // "Will said": somebody's name; "When asked" is not.
                Kind::Name
                    if token.is(Classes::FUNCTION)
                        && !token.is(Classes::SUBJECT_PRONOUN)
                        && (at < end || !token.is(Classes::AUXILIARY)) =>
                {
                    break;
                }
                Kind::Name | Kind::Number | Kind::Possessive => at -= 1,
                Kind::Close => match self.open_before(at - 1, floor) {
                    Some(open) if open > floor => at = open,
                    _ => break,
                },
                Kind::Quote
                    if at < end
                        && self.at(at).kind == Kind::Name
                        && self.before(at - 1).kind == Kind::Name =>
                {
                    at -= 1; // a nickname
                }
                Kind::Word | Kind::Sign
                    if token.kind == Kind::Sign
                        && !matches!(&self.text[token.start..token.end], "&" | "%") =>
                {
                    break;
                }
                Kind::Word | Kind::Sign => match self.step_into_noun_phrase(at, end) {
                    Some(next) => at = next,
                    None => break,
                },
                _ => break,
            }
        }
        while at < end && (self.at(at).kind == Kind::Possessive || self.at(at).is(Classes::COORDINATOR)) {
            at += 1;
        }
        if self.before(at).is(Classes::PREPOSITION) && self.clause_opener(at - 1) {
            // "During the meeting Mayor Ada Fenwick said": the name is no part of what the preposition takes.
            let border = (at + 1..end).find(|at| {
                self.at(*at).kind == Kind::Name
                    && self.before(*at).kind == Kind::Word
                    && !self.before(*at).is(Classes::DETERMINER
                        .or(Classes::POSSESSIVE)
                        .or(Classes::PREPOSITION)
                        .or(Classes::COORDINATOR))
            });
            at = border.unwrap_or(at);
        }
        (at < end && self.can_be_subject(&(at..end))).then_some(at..end)
    }

    /// Returns how far the word before `at` takes the phrase to the left.
    fn step_into_noun_phrase(&self, at: usize, end: usize) -> Option<usize> {
        let token = self.at(at - 1);
        let left = self.before(at - 1);
        let left_is_noun = left.is_wordlike() && !left.is(Classes::NO_NOUN) || left.kind == Kind::Close;
        if token.is(Classes::DETERMINER.or(Classes::POSSESSIVE)) {
            return Some(at - 1);
        }
        // "their own work |said": a verb's form behind an article or a possessive is a noun.
        let noun = token.is(Classes::VERB)
            && (left.is(Classes::DETERMINER.or(Classes::POSSESSIVE)) || left.kind == Kind::Possessive);
        if at == end && token.is(Classes::NO_NOUN) && !noun {
            return None;
        }
        if self.at(at).is(Classes::DETERMINER.or(Classes::POSSESSIVE)) && at < end {
            // Only "of the", "for the" may stand before an article.
            let joins = token.is(Classes::PREPOSITION) && left_is_noun;
            return (joins && !self.clause_opener(at - 1)).then_some(at - 1);
        }
        if token.is(Classes::PREPOSITION) && !token.is(Classes::TIME) {
            return (left_is_noun && !self.clause_opener(at - 1)).then_some(at - 1);
        }
        if token.is(Classes::COORDINATOR) {
            let both_names = left.kind == Kind::Name && self.at(at).kind == Kind::Name;
            let both_nouns = left.kind == Kind::Word && left_is_noun && self.at(at).kind == Kind::Word;
            // "the Alder senator and Harbour candidate"
            let both_roles = left.is(Classes::SPEAKER_NOUN) && self.before(end).is(Classes::SPEAKER_NOUN);
            return ((both_names || both_nouns || both_roles) && !token.is(Classes::CONTRAST))
                .then_some(at - 1);
        }
        if token.is(Classes::VERB) && !token.is(Classes::AUXILIARY) {
            // "the unnamed official": an ending alone makes no verb behind an article.
            let attribute = at < end && left.is(Classes::DETERMINER.or(Classes::POSSESSIVE));
            return (attribute || at == end && noun).then_some(at - 1);
        }
        // "the mussel farming advocates |say": a plural right before its verb.
        let plural = at == end && left.kind == Kind::Word && left_is_noun && self.plural_noun(at - 1);
        let verb =
            token.cues(Forms::FINITE) && !plural && !token.is(Classes::SPEAKER_NOUN.or(Classes::VENUE));
        if verb && !left.is(Classes::DETERMINER.or(Classes::POSSESSIVE)) && left.kind != Kind::Possessive {
            return None;
        }
        (!token.is(Classes::NO_NOUN)).then_some(at - 1)
    }

    /// Returns whether the preposition at `at` opens the sentence or clause rather than belonging to a noun.
    fn clause_opener(&self, at: usize) -> bool {
        at == self.start
            || matches!(self.before(at).kind, Kind::Comma | Kind::Colon | Kind::Semicolon | Kind::Dash)
    }

    fn open_before(&self, close: usize, floor: usize) -> Option<usize> {
        (floor..close).rev().take(12).find(|at| self.at(*at).kind == Kind::Open)
    }

    fn can_be_subject(&self, phrase: &Range) -> bool {
        let last = self.at(phrase.end - 1);
        // "one in five"
        let share = phrase.clone().any(|at| self.at(at).is(Classes::PREPOSITION))
            && self.at(phrase.start).is(Classes::DETERMINER);
        let unfinished = last.is(Classes::POSSESSIVE)
            || last.is(Classes::DETERMINER)
                && last.kind == Kind::Word
                && !share
                && !last.is(Classes::INDEFINITE.or(Classes::SPEAKER_NOUN));
        if unfinished && !last.is(Classes::OBJECT_PRONOUN) {
            return false;
        }
        phrase.clone().any(|at| {
            let token = self.at(at);
            token.is_wordlike() && !token.is(Classes::DETERMINER.or(Classes::TIME).or(Classes::PREPOSITION))
                || token.is(Classes::INDEFINITE.or(Classes::SPEAKER_NOUN))
        })
    }

    /// Returns the subject of a verb at `at` behind what describes it: `|one official| who saw the letter said`,
    /// `|a report| published on Monday said`.
    pub(super) fn described_subject(&self, at: usize) -> Option<Range> {
        let floor = self.start.max(at.saturating_sub(LONGEST_SUBJECT / 2));
        for place in (floor + 1..at).rev() {
            let token = self.at(place);
            if matches!(
                token.kind,
                Kind::Stop | Kind::Semicolon | Kind::Colon | Kind::Comma | Kind::Dash | Kind::Quote
            ) || token.is(Classes::SUBORDINATOR) && !token.is(Classes::RELATIVE.or(Classes::PREPOSITION))
            {
                return None;
            }
            let describes = token.is(Classes::RELATIVE) && !self.before(place).is(Classes::PREPOSITION)
                || token.kind == Kind::Word
                    && (token.is(Classes::VERB) || token.cues(Forms::PARTICIPLE))
                    && !token.is(Classes::AUXILIARY)
                    && !self.before(place).is(Classes::HELPER.or(Classes::SUBJECT_PRONOUN));
            if !describes {
                continue;
            }
            let Some(phrase) = self.noun_phrase_before(place) else { continue };
            let opens = phrase.start == self.start
                || matches!(
                    self.before(phrase.start).kind,
                    Kind::Comma | Kind::Colon | Kind::Dash | Kind::Semicolon
                )
                || self
                    .before(phrase.start)
                    .is(Classes::COORDINATOR.or(Classes::SUBORDINATOR).or(Classes::THAT));
            if opens && !self.at(phrase.start).is(Classes::SUBJECT_PRONOUN) {
                return Some(phrase);
            }
        }
        None
    }

    /// Returns the subject of the verb group that starts at `at`: "NAME, a doctor, said" included.
    pub(super) fn subject_before(&self, at: usize) -> Option<Range> {
        let mut at = at;
        while at > self.start && self.before(at).kind == Kind::Sign {
            at -= 1; // "Ada Fenwick 🇦🇶 said"
        }
        if self.before(at).is(Classes::REFLEXIVE) && self.before(at - 1).is_wordlike() {
            at -= 1; // "Fenwick herself said"
        }
        let left = self.before(at);
        if left.kind == Kind::Comma || left.kind == Kind::Dash {
            return self.subject_across_commas(at - 1);
        }
        if left.is(Classes::RELATIVE) && !left.is(Classes::THAT) {
            return Some(at - 1..at);
        }
        let phrase = self.noun_phrase_before(at)?;
        Some(self.with_partner(phrase))
    }

    /// Adds whom a sentence names before: `|Fenwick and| her aides said`, `|Ada Fenwick of Alder,| Northshire said`.
    fn with_partner(&self, phrase: Range) -> Range {
        let left = self.before(phrase.start);
        let joined = left.is(Classes::COORDINATOR) && !left.is(Classes::CONTRAST);
        let place = left.kind == Kind::Comma && phrase.clone().all(|at| self.at(at).kind == Kind::Name);
        if !joined && !place {
            return phrase;
        }
        let Some(first) = self.noun_phrase_before(phrase.start - 1) else { return phrase };
        let opens = first.start == self.start
            || first.start == self.start + 1 && self.at(self.start).is(Classes::COORDINATOR);
        let named = self.at(first.start).kind == Kind::Name
            || first.clone().any(|at| self.at(at).is(Classes::SPEAKER_NOUN));
        let town = first.clone().any(|at| self.at(at).is(Classes::PREPOSITION))
            && first.clone().all(|at| self.at(at).kind == Kind::Name || self.at(at).is(Classes::PREPOSITION))
            && !self.at(first.start).cues(Forms::GERUND);
        if opens && named && (joined || town) { first.start..phrase.end } else { phrase }
    }

    /// Finds the noun before what is put in between commas: `NAME , a doctor , |said`.
    fn subject_across_commas(&self, comma: usize) -> Option<Range> {
        let floor = self.start.max(comma.saturating_sub(LONGEST_SUBJECT));
        if let Some(head) = self.relative_head(floor, comma) {
            return Some(head);
        }
        let mut found: Option<Range> = None;
        let mut segment_end = comma;
        for at in (floor..comma).rev() {
            let token = self.at(at);
            if matches!(token.kind, Kind::Stop | Kind::Semicolon | Kind::Colon) {
                break;
            }
            if token.kind == Kind::Quote && found.is_none() {
                break;
            }
            if token.kind != Kind::Comma && token.kind != Kind::Dash {
                continue;
            }
            if !self.is_put_in(at + 1..segment_end) {
                break;
            }
            let Some(phrase) = self.noun_phrase_before(at) else { continue };
            // "Ada Fenwick, 33, |of Alder|, says": the place is put in too.
            if phrase.start > floor
                && self.before(phrase.start).is(Classes::PREPOSITION)
                && self.clause_opener(phrase.start - 1)
            {
                continue;
            }
            let first = self.at(phrase.start);
            let named = phrase.clone().any(|at| self.at(at).kind == Kind::Name);
            if found.is_none() || named {
                found = Some(phrase.clone());
            }
            if first.is(Classes::SUBJECT_PRONOUN) {
                break;
            }
            segment_end = at;
            // Further to the left only while what was found may itself be put in: "Fenwick, mayor of Alder, Ohio,".
            if self.before(phrase.start).kind != Kind::Comma {
                break;
            }
        }
        let found = found.map(|phrase| self.with_name_put_in(phrase, comma));
        // "Sen. Ada Fenwick (Alder), said": a comma too many.
        found.or_else(|| {
            let phrase = self.noun_phrase_before(comma)?;
            (phrase.start == self.start && self.at(phrase.start).kind == Kind::Name).then_some(phrase)
        })
    }

    /// Returns the noun before a relative clause that ends before the comma at `comma`, commas of its own included:
    /// `|Ada Fenwick|, who was in Alder, Northshire, on Monday, said`.
    fn relative_head(&self, floor: usize, comma: usize) -> Option<Range> {
        let stops = [Kind::Stop, Kind::Semicolon, Kind::Colon, Kind::Quote];
        let relative =
            (floor + 1..comma).rev().take_while(|at| !stops.contains(&self.at(*at).kind)).find(|at| {
                let token = self.at(*at);
                token.is(Classes::RELATIVE)
                    && !token.is(Classes::THAT)
                    && self.before(*at).kind == Kind::Comma
            })?;
        let own_verb = (relative + 1..comma).take(8).any(|at| {
            let token = self.at(at);
            token.is(Classes::AUXILIARY.or(Classes::VERB)) || token.cues(Forms::FINITE)
        });
        // Behind a comma of its own the main clause may have begun.
        let begun = (relative + 1..comma).any(|at| {
            self.at(at).kind == Kind::Comma
                && (self.at(at + 1).is(Classes::AUXILIARY.or(Classes::VERB).or(Classes::SUBJECT_PRONOUN))
                    || self.at(at + 1).cues(Forms::FINITE))
        });
        if !own_verb || begun {
            return None;
        }
        self.noun_phrase_before(relative - 1)
    }

    /// Adds the name that is put in behind a role: `the head of the council, |Ada Fenwick|, said`.
    fn with_name_put_in(&self, role: Range, comma: usize) -> Range {
        let name = role.end + 1..comma;
        let named = role.clone().any(|at| self.at(at).kind == Kind::Name && at > role.start);
        let role_first = self.at(role.start).is(Classes::DETERMINER) || !named;
        let is_name = (2..=LONGEST_NAME).contains(&name.len())
            && name.clone().all(|at| self.at(at).kind == Kind::Name && !self.at(at).is(Classes::FUNCTION));
        let speaks = role.clone().any(|at| self.at(at).is(Classes::SPEAKER_NOUN));
        if role_first && speaks && is_name { role.start..comma } else { role }
    }

    /// Returns whether the tokens can be an apposition, a relative clause or an adjunct rather than a clause.
    fn is_put_in(&self, segment: Range) -> bool {
        let first = self.at(segment.start);
        if first.is(Classes::RELATIVE) || first.is(Classes::PREPOSITION) || first.cues(Forms::GERUND) {
            return true;
        }
        // "Ada Fenwick, a farmer who |has| grown old": the relative clause may hold what it will.
        !segment.take_while(|at| !self.at(*at).is(Classes::RELATIVE)).any(|at| {
            let token = self.at(at);
            token.is(Classes::AUXILIARY) || token.is(Classes::SUBJECT_PRONOUN)
        })
    }

    /// Returns the noun phrase that starts at `start` and follows a verb: `said |Ada Fenwick, the mayor`.
    pub(super) fn noun_phrase_from(&self, start: usize) -> Option<Range> {
        let first = self.at(start);
        if first.is(Classes::SUBJECT_PRONOUN.or(Classes::OBJECT_PRONOUN)) && !first.is(Classes::POSSESSIVE)
            || first.is(Classes::FEMALE) && first.is(Classes::POSSESSIVE) && !self.at(start + 1).is_wordlike()
        {
            return Some(start..start + 1);
        }
        let ceiling = self.end.min(start + LONGEST_SUBJECT);
        let mut at = start;
        while at < ceiling {
            let token = self.at(at);
            let previous = self.before(at);
            let opened = at > start;
            let stop = match token.kind {
                Kind::Name if token.is(Classes::FUNCTION) => opened && !previous.is(Classes::OF),
                Kind::Name => opened && previous.kind == Kind::Word && self.plural_noun(at - 1),
                Kind::Number | Kind::Possessive => false,
                Kind::Open => match (at..ceiling.min(at + 12)).find(|at| self.at(*at).kind == Kind::Close) {
                    Some(close) => {
                        at = close + 1;
                        continue;
                    }
                    None => true,
                },
                Kind::Word if token.is(Classes::DETERMINER.or(Classes::POSSESSIVE)) => {
                    opened
                        && !previous.is(Classes::PREPOSITION.or(Classes::DETERMINER).or(Classes::COORDINATOR))
                }
                Kind::Word if token.is(Classes::COORDINATOR) => {
                    let next = self.at(at + 1);
                    token.is(Classes::CONTRAST)
                        || !(previous.kind == Kind::Name && next.kind == Kind::Name
                            || previous.is(Classes::SPEAKER_NOUN) && next.is(Classes::SPEAKER_NOUN))
                }
                Kind::Word if token.is(Classes::TIME) => true,
                Kind::Word if token.is(Classes::OF) => !opened,
                Kind::Word if token.is(Classes::PREPOSITION) => {
                    !opened
                        || token.is(Classes::INFINITIVE_MARK)
                        || !previous.is(Classes::SPEAKER_NOUN)
                        || self.at(at + 1).is(Classes::TIME)
                }
                Kind::Word => {
                    let participle = token.is(Classes::VERB) && previous.is(Classes::DETERMINER);
                    token.is(Classes::NO_NOUN) && !participle
                        || token.cues(Forms::FINITE)
                            && opened
                            && !token.is(Classes::SPEAKER_NOUN.or(Classes::VENUE))
                            && !previous.is(Classes::DETERMINER.or(Classes::POSSESSIVE))
                            && previous.kind != Kind::Possessive
                }
                _ => true,
            };
            if stop {
                break;
            }
            at += 1;
        }
        while at > start && self.before(at).is(Classes::PREPOSITION.or(Classes::COORDINATOR)) {
            at -= 1;
        }
        (at > start && self.can_be_subject(&(start..at))).then_some(start..at)
    }

    fn plural_noun(&self, at: usize) -> bool {
        let token = self.at(at);
        token.kind == Kind::Word
            && !token.is(Classes::HONORIFIC)
            && self.words.ends_in(Ending::Plural, self.word(at))
    }

    /// Adds the name that is put beside a role: `said the mayor, |Ada Fenwick`.
    pub(super) fn with_apposed_name(&self, phrase: Range) -> Range {
        let has_name = phrase
            .clone()
            .any(|at| self.at(at).kind == Kind::Name && self.at(at + 1).kind != Kind::Possessive);
        if has_name || self.at(phrase.end).kind != Kind::Comma || self.at(phrase.end + 1).kind != Kind::Name {
            return phrase;
        }
        match self.noun_phrase_from(phrase.end + 1) {
            Some(name) if (name.clone()).all(|at| self.at(at).kind == Kind::Name) && name.len() > 1 => {
                phrase.start..name.end
            }
            _ => phrase,
        }
    }

    /// Returns the noun that the relative pronoun at `at` stands for: `|Ada Fenwick|, who said`.
    pub(super) fn antecedent(&self, at: usize) -> Option<Range> {
        let end = if self.before(at).kind == Kind::Comma { at - 1 } else { at };
        self.noun_phrase_before(end)
    }

    /// Returns whether the range holds a finite verb, so that it can be a clause.
    pub(super) fn has_finite_verb(&self, range: Range) -> bool {
        range.take(LONGEST_CONTENT).any(|at| {
            let token = self.at(at);
            token.is(Classes::AUXILIARY.or(Classes::VERB)) || token.cues(Forms::FINITE)
        })
    }

    /// Returns the subject of the first finite verb from `from` on.
    pub(super) fn main_subject(&self, from: usize, to: usize) -> Option<Range> {
        let mut aside = from; // what is put in with ", who …," has verbs of its own
        let verb = (from..to).take(LONGEST_CONTENT).find(|at| {
            let token = self.at(*at);
            if token.is(Classes::RELATIVE) && self.before(*at).kind == Kind::Comma {
                aside = (*at..to).find(|at| self.at(*at).kind == Kind::Comma).unwrap_or(*at);
            }
            *at >= aside
                && (token.is(Classes::AUXILIARY.or(Classes::VERB)) || token.cues(Forms::FINITE))
                && *at > from
                && token.kind == Kind::Word
                && !self.before(*at).is(Classes::RELATIVE)
        })?;
        self.subject_before(self.verb_group(verb).start)
    }

    /// Returns whether a new report starts at `at`: `|he said`, `|the mayor has argued that`.
    pub(super) fn starts_report(&self, at: usize) -> bool {
        let Some(subject) = self.noun_phrase_from(at) else { return false };
        self.report_verb(subject.end).is_some()
    }

    /// Returns the finite cue that stands at `at` behind helpers.
    pub(super) fn report_verb(&self, at: usize) -> Option<usize> {
        let mut verb = at;
        while verb < at + 5
            && self.at(verb).is(Classes::HELPER)
            && !self.at(verb).is(Classes::INFINITIVE_MARK)
        {
            verb += 1;
        }
        let token = self.at(verb);
        let finite = token.cues(Forms::FINITE.or(Forms::BASE)) || verb > at && token.cues(Forms::PARTICIPLE);
        let passive = verb > at && self.before(verb).is(Classes::BE);
        let cue = finite.then(|| self.words.verb(token.word))?;
        (!passive && !cue.attitude && cue.weight(Frame::That).max(cue.weight(Frame::Clause)) >= 0.4)
            .then_some(verb)
    }

    /// Returns the place after the phrase ("according to") that stands at `at`, and the phrase.
    pub(super) fn phrase_at(&self, at: usize) -> Option<(usize, &'static Phrase)> {
        if !self.at(at).is(Classes::PHRASE) {
            return None;
        }
        let first = self.word(at);
        self.words.phrases().iter().filter(|phrase| phrase.may_start_with(first)).find_map(|phrase| {
            let fits = phrase
                .words
                .iter()
                .enumerate()
                .all(|(n, word)| self.at(at + n).is_wordlike() && same_word(word, self.word(at + n)));
            fits.then_some((at + phrase.words.len(), phrase))
        })
    }

    /// Returns where the clause that starts at `from` ends: before the place returned.
    pub(super) fn clause_end(&self, from: usize) -> usize {
        let end = self.end_of(from, false);
        // What a relative pronoun stands for is outside: "the vote, which she said |was a mistake|, was long ago".
        if self.at(from).is(Classes::AUXILIARY) {
            return (from..end).find(|at| self.at(*at).kind == Kind::Comma).unwrap_or(end);
        }
        end
    }

    /// Returns where the noun phrase or the infinitive that starts at `from` ends: at the next verb of the subject.
    pub(super) fn phrase_end(&self, from: usize) -> usize {
        self.end_of(from, true)
    }

    fn end_of(&self, from: usize, phrase: bool) -> usize {
        let ceiling = self.end.min(from + LONGEST_CONTENT);
        let mut at = from;
        while at < ceiling {
            let token = self.at(at);
            match token.kind {
                Kind::Stop | Kind::Semicolon => return at,
                Kind::Quote
                    if self.quote_ends_sentence(at)
                        && self.at(at + 1).kind != Kind::Comma
                        && !(self.at(at + 1).kind == Kind::Word) =>
                {
                    return at + 1;
                }
                // The comma may stand inside the marks: "was “overblown,” |adding that".
                Kind::Quote if self.quote_ends_in_comma(at) && self.breaks_after_comma(at + 1) => {
                    return at + 1;
                }
                Kind::Open => {
                    if let Some(close) =
                        (at..ceiling.min(at + 40)).find(|at| self.at(*at).kind == Kind::Close)
                    {
                        at = close;
                    }
                }
                Kind::Dash if at > from && self.at(at + 1).is(Classes::COORDINATOR) => return at,
                Kind::Comma | Kind::Dash if at > from && self.breaks_after_comma(at + 1) => return at,
                // "suggesting the pier be closed, |was tepid|": only a comma before it could make it a clause's own verb.
                Kind::Comma
                    if at > from
                        && self.at(at + 1).is(Classes::AUXILIARY)
                        && !self.at(at + 1).is(Classes::CONTRACTION)
                        && !(from..at).any(|at| matches!(self.at(at).kind, Kind::Comma | Kind::Dash)) =>
                {
                    return at;
                }
                Kind::Word | Kind::Name if at > from && self.breaks_at_word(at) => return at,
                Kind::Word if phrase && at > from && self.breaks_phrase(at) => return at,
                _ => {}
            }
            at += 1;
        }
        ceiling
    }

    fn breaks_after_comma(&self, next: usize) -> bool {
        let token = self.at(next);
        if self.phrase_at(next).is_some() {
            return true;
        }
        if token.cues(Forms::GERUND) && self.words.verb(token.word).weight(Frame::Gerund) > 0.3 {
            return true;
        }
        if self.voiced && token.is(Classes::RELATIVE) {
            return true;
        }
        if self.adds_background(next) {
            return true;
        }
        if token.is(Classes::COORDINATOR.or(Classes::SUBORDINATOR)) {
            return self.starts_report(next + 1)
                || token.is(Classes::COORDINATOR) && self.report_verb(next + 1).is_some();
        }
        // "…, |whose| leaders have said": a clause beside a noun.
        !(token.is(Classes::RELATIVE) && token.is(Classes::POSSESSIVE)) && self.starts_report(next)
    }

    /// Returns whether the narrator explains from here to the end what was said: "would sign it, |a measure that …".
    ///
    /// Another comma may close the apposition, so that the clause goes on, or show a list: then it stays in.
    fn adds_background(&self, at: usize) -> bool {
        // Measured on news: ", which …" and ", while …" belong to the speaker as often as not.
        let token = self.at(at);
        token.is(Classes::COMPARISON)
            || token.is(Classes::BACKGROUND)
                && !(at..self.end.min(at + LONGEST_CONTENT))
                    .take_while(|at| self.at(*at).kind != Kind::Stop)
                    .any(|at| matches!(self.at(at).kind, Kind::Comma | Kind::Quote))
    }

    /// Returns whether a phrase ends at the word: "|and made", "|in a statement".
    fn breaks_phrase(&self, at: usize) -> bool {
        let token = self.at(at);
        if token.is(Classes::COORDINATOR) {
            let next = self.at(at + 1);
            return next.kind == Kind::Word
                && (next.is(Classes::VERB)
                    || next.cues(Forms::FINITE) && !next.is(Classes::SPEAKER_NOUN.or(Classes::VENUE)));
        }
        token.is(Classes::PREPOSITION)
            && !token.is(Classes::OF)
            && self.skip_venue(at).is_some_and(|end| end <= at + 5)
    }

    fn breaks_at_word(&self, at: usize) -> bool {
        let token = self.at(at);
        let comments =
            token.is(Classes::RELATIVE) && token.is(Classes::EXPLETIVE) && !token.is(Classes::THAT);
        if self.voiced && comments && self.at(at + 1).is(Classes::VERB) {
            return true; // "… isolated blocs which seems a sound idea"
        }
        if token.is(Classes::COORDINATOR) {
            let next = self.at(at + 1);
            let gerund = next.cues(Forms::GERUND) && self.words.verb(next.word).weight(Frame::Gerund) > 0.3;
            // "would expand it and |push| for more": a base form goes on with what was said.
            let verb =
                self.report_verb(at + 1).filter(|verb| self.at(*verb).cues(Forms::FINITE) || *verb > at + 1);
            return gerund || verb.is_some() || self.starts_report(at + 1);
        }
        token.is(Classes::CONTRAST) && self.starts_report(at + 1) || self.phrase_at(at).is_some()
    }

    /// Steps over what stands between a cue and its content: "on Monday", "in a statement", ", without proof,".
    pub(super) fn skip_adjuncts(&self, from: usize, cue: &Cue) -> usize {
        let mut at = from;
        while at < from + 2 * LONGEST_ADJUNCT {
            let token = self.at(at);
            let own = token.is(Classes::PREPOSITION) && cue.preposition(self.word(at)).is_some();
            let adjunct = token.is(Classes::PREPOSITION) && !own && !token.is(Classes::INFINITIVE_MARK)
                || token.kind == Kind::Comma && self.at(at + 1).kind != Kind::Quote
                || token.is(Classes::INFINITIVE_MARK) && !own && !self.is_infinitive(at)
                || own;
            if adjunct && let Some(content) = self.content_mark_after(at + 1) {
                return content;
            }
            if own {
                break;
            }
            if token.is(Classes::TIME.or(Classes::ADVERB))
                && token.is_wordlike()
                && self.at(at + 1).kind != Kind::Possessive
            {
                at += 1;
            } else if token.is(Classes::DETERMINER)
                && self.at(at + 1).is(Classes::TIME)
                && self.at(at + 2).is(Classes::THAT)
            {
                at += 2; // "said earlier |this year| that"
            } else if token.is(Classes::PREPOSITION)
                && let Some(next) = self.skip_venue(at)
            {
                at = next;
            } else {
                break;
            }
        }
        at
    }

    /// Returns whether "to" at `at` stands before a verb.
    pub(super) fn is_infinitive(&self, at: usize) -> bool {
        let next = self.at(at + 1);
        next.kind == Kind::Word
            && !next.is(Classes::DETERMINER
                .or(Classes::POSSESSIVE)
                .or(Classes::OBJECT_PRONOUN)
                .or(Classes::VENUE)
                .or(Classes::SPEAKER_NOUN))
    }

    /// Returns where "that", a colon or marks follow before any finite verb.
    fn content_mark_after(&self, from: usize) -> Option<usize> {
        for at in from..from + LONGEST_ADJUNCT {
            let token = self.at(at);
            match token.kind {
                Kind::Colon => return Some(at),
                Kind::Quote if self.before(at).kind == Kind::Comma => return Some(at),
                Kind::Stop | Kind::Semicolon | Kind::Quote => return None,
                _ if token.is(Classes::THAT) && self.is_relative_that(at) => {}
                _ if token.is(Classes::THAT) && !self.is_demonstrative(at) => return Some(at),
                _ if token.is(Classes::AUXILIARY.or(Classes::SUBJECT_PRONOUN)) => return None,
                _ if at >= self.end => return None,
                _ => {}
            }
        }
        None
    }

    /// Returns whether a verb follows "that" at `at`, so that it stands for a noun: "in a story |that| appeared".
    pub(super) fn is_relative_that(&self, at: usize) -> bool {
        let next = self.at(at + 1);
        next.kind == Kind::Word
            && (next.is(Classes::AUXILIARY.or(Classes::VERB)) || next.cues(Forms::FINITE))
            && !next.is(Classes::TIME.or(Classes::SPEAKER_NOUN).or(Classes::VENUE).or(Classes::CONTRACTION))
            && !(self.plural_noun(at + 1) && self.at(at + 2).is(Classes::AUXILIARY.or(Classes::VERB)))
    }

    /// Returns whether "that" at `at` points at a noun ("that day") or stands for one.
    pub(super) fn is_demonstrative(&self, at: usize) -> bool {
        let next = self.at(at + 1);
        let time = next.is(Classes::TIME) && self.at(at + 2).kind != Kind::Possessive;
        self.before(at).is(Classes::PREPOSITION)
            || time && (next.kind == Kind::Word || !self.at(at + 2).is_wordlike())
    }

    /// Returns the place after "in an interview with X", "on Twitter", "at a rally on Monday"; `None` for other phrases.
    fn skip_venue(&self, at: usize) -> Option<usize> {
        let phrase = self.noun_phrase_from(at + 1);
        let next = self.at(at + 1);
        if next.is(Classes::TIME) || next.kind == Kind::Number && self.word(at + 1).len() == 4 {
            return Some(at + 2);
        }
        let phrase = phrase?;
        let venue = phrase.clone().any(|at| self.at(at).is(Classes::VENUE.or(Classes::TIME)));
        venue.then_some(phrase.end)
    }

    /// Steps over whom the words are said to: `told |reporters in Alder| that`.
    pub(super) fn skip_addressee(&self, from: usize) -> usize {
        let first = self.at(from);
        if first.is(Classes::OBJECT_PRONOUN)
            && !(first.is(Classes::POSSESSIVE)
                && self.at(from + 1).kind == Kind::Word
                && !self.at(from + 1).is(Classes::NO_NOUN))
        {
            return from + 1;
        }
        if first.is(Classes::SUBJECT_PRONOUN.or(Classes::THAT).or(Classes::QUESTION_WORD))
            || !first.is_wordlike()
        {
            return from;
        }
        match self.noun_phrase_from(from) {
            Some(phrase) if !self.at(phrase.end).is(Classes::AUXILIARY.or(Classes::VERB)) => phrase.end,
            _ => from,
        }
    }
}
