//! Reports in languages that mark where a reported clause starts: with a comma, a conjunction or a mood.
//!
//! No verb is known here but cues, so nothing fires without such a mark: `X заявил, что …`, `“…”, dijo X`,
//! `selon X, …`. What differs between languages is in `grammar` and in the classes of words.

use super::{
    grammar::Grammar,
    reports::{Report, Rule},
    sentence::{LONGEST_CONTENT, Range, Sentence},
    tokens::Kind,
    words::{Classes, Cue, Forms, Frame, Phrase, same_word},
};

/// Tokens that one noun phrase may span.
const LONGEST_PHRASE: usize = 24;
/// Tokens between a cue and the mark of its clause.
const LONGEST_GAP: usize = 28;
/// Tokens of helpers around a cue.
const LONGEST_GROUP: usize = 6;
/// Bytes of words in marks that name something inside a noun phrase: "the newspaper «Маяк»".
const LONGEST_TITLE_BYTES: usize = 80;
/// Words that a quotation holds at least where only its place says that it is one.
const SHORTEST_QUOTE_WORDS: usize = 4;

/// What stands between a verb and its subject, or between helpers.
const LIGHT: Classes = Classes::ADVERB.or(Classes::OBJECT_PRONOUN).or(Classes::TIME).or(Classes::ADDRESSEE);
/// What no noun phrase holds.
const OUTSIDE_PHRASES: Classes = Classes::AUXILIARY
    .or(Classes::NEGATION)
    .or(Classes::SUBORDINATOR)
    .or(Classes::RELATIVE)
    .or(Classes::SUBJECT_PRONOUN)
    .or(Classes::QUESTION_WORD)
    .or(Classes::TIME)
    .or(Classes::THAT)
    .or(Classes::AS)
    .or(Classes::ADDRESSEE)
    .or(Classes::VERB);

/// Finds the reports of a sentence, left to right, none inside another's content.
pub(super) fn find(sentence: &Sentence<'_>, grammar: &Grammar) -> Vec<Report> {
    let mut finder = Finder { sentence, grammar, reports: Vec::new(), last_subject: None };
    finder.phrases();
    finder.tags();
    finder.cues();
    finder.reports.sort_by_key(|report| report.content.first().map(|content| content.start));
    finder.reports
}

/// Returns whether the tokens from `at` on attribute what stands before them: `|— сказал он.`
pub(super) fn attribution_follows(sentence: &Sentence<'_>, grammar: &Grammar, at: usize) -> bool {
    let finder = Finder { sentence, grammar, reports: Vec::new(), last_subject: None };
    finder.tag_behind(at).is_some()
}

/// Reads somebody's own words from `from` to the end of the sentence, which a cue cuts or ends: the inside of marks, or
/// a paragraph that starts with a dash.
pub(super) fn cut_by_cue(
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

/// The words that attribute what stands before them.
#[derive(Debug, Clone)]
struct Tag {
    end: usize,
    source: Option<Range>,
    cue: Range,
    weight: f32,
}

struct Finder<'s, 'a> {
    sentence: &'s Sentence<'a>,
    grammar: &'s Grammar,
    reports: Vec<Report>,
    last_subject: Option<Range>,
}

impl Finder<'_, '_> {
    fn taken(&self, at: usize) -> bool {
        self.reports.iter().any(|report| {
            report.cue.contains(&at)
                || report.source.as_ref().is_some_and(|source| source.contains(&at))
                || report.content.iter().any(|content| content.contains(&at))
        })
    }

    fn push(&mut self, report: Report) {
        let s = self.sentence;
        let says_something =
            |range: &Range| range.clone().any(|at| s.at(at).is_wordlike() || s.at(at).kind == Kind::Quote);
        if !report.content.is_empty() && report.content.iter().all(says_something) {
            self.last_subject = report.source.clone().or(self.last_subject.take());
            self.reports.push(report);
        }
    }

    fn is_border(&self, at: usize) -> bool {
        at <= self.sentence.start
            || matches!(
                self.sentence.before(at).kind,
                Kind::Comma
                    | Kind::Dash
                    | Kind::Stop
                    | Kind::Colon
                    | Kind::Semicolon
                    | Kind::Open
                    | Kind::Sign
            )
    }

    fn is_delimiter(&self, at: usize) -> bool {
        at >= self.sentence.end
            || matches!(
                self.sentence.at(at).kind,
                Kind::Comma | Kind::Dash | Kind::Stop | Kind::Colon | Kind::Semicolon | Kind::Close
            )
    }

    /// Returns whether the token at `at` can stand between a verb and its subject.
    fn is_light(&self, at: usize) -> bool {
        let token = self.sentence.at(at);
        token.is(LIGHT) && !token.is(Classes::DETERMINER.or(Classes::SUBJECT_PRONOUN))
    }

    /// Returns whether the token at `at` is a finite cue and no noun.
    fn is_finite_cue(&self, at: usize) -> bool {
        let token = self.sentence.at(at);
        token.cues(Forms::FINITE)
            && !(token.kind == Kind::Name && self.grammar.nouns_have_capitals && at > self.sentence.start)
    }

    // --- noun phrases ---

    /// Returns the noun phrase that starts at `start`; whether its words can speak is another question.
    fn phrase_from(&self, start: usize) -> Option<Range> {
        let s = self.sentence;
        if s.at(start).is(Classes::SUBJECT_PRONOUN) {
            return Some(start..start + 1);
        }
        let ceiling = s.end.min(start + LONGEST_PHRASE);
        let mut at = start;
        let mut named = false; // a capital letter so far
        while at < ceiling {
            let token = s.at(at);
            let opened = at > start;
            let fits = match token.kind {
                Kind::Open => match (at..ceiling.min(at + 12)).find(|at| s.at(*at).kind == Kind::Close) {
                    Some(close) if opened => {
                        at = close + 1;
                        continue;
                    }
                    _ => false,
                },
                Kind::Quote => {
                    opened && token.end - token.start <= LONGEST_TITLE_BYTES && s.before(at).is_wordlike()
                }
                Kind::Number => opened,
                Kind::Name => {
                    let article = !opened && token.is(Classes::DETERMINER);
                    (!token.is(OUTSIDE_PHRASES) || article) && !self.is_finite_cue(at)
                }
                Kind::Word => self.word_fits(at, opened, named),
                _ => false,
            };
            if !fits {
                break;
            }
            named |= token.kind == Kind::Name;
            at += 1;
        }
        let loose = Classes::PREPOSITION.or(Classes::COORDINATOR).or(Classes::DETERMINER).or(Classes::OF);
        while at > start && s.before(at).is(loose) && s.before(at).kind == Kind::Word {
            at -= 1;
        }
        (at > start).then_some(start..at)
    }

    fn word_fits(&self, at: usize, opened: bool, named: bool) -> bool {
        let s = self.sentence;
        let (token, previous, next) = (s.at(at), s.before(at), s.at(at + 1));
        let outside = token.is(OUTSIDE_PHRASES) && !token.is(Classes::SPEAKER_NOUN.or(Classes::DETERMINER));
        if outside || token.cues(Forms::FINITE) {
            return false;
        }
        let adjunct =
            next.is(Classes::TIME.or(Classes::VENUE)) || !next.is_wordlike() && next.kind != Kind::Quote;
        if token.is(Classes::OF) && opened {
            return !adjunct;
        }
        if token.is(Classes::DETERMINER.or(Classes::POSSESSIVE)) {
            return !next.is(Classes::TIME)
                && (!opened
                    || previous.is(Classes::OF
                        .or(Classes::PREPOSITION)
                        .or(Classes::COORDINATOR)
                        .or(Classes::DETERMINER)));
        }
        if token.is(Classes::PREPOSITION) {
            return false;
        }
        if token.is(Classes::COORDINATOR) {
            let speaks = next.kind == Kind::Name || next.is(Classes::SPEAKER_NOUN.or(Classes::DETERMINER));
            return opened && speaks && !token.is(Classes::CONTRAST) && !self.is_finite_cue(at + 1);
        }
        if token.is(Classes::ADVERB) {
            return false;
        }
        // "Ада Фенвик журналистам": behind a name, a plain word belongs to the verb.
        let only_first = at == s.start + 1 || previous.is(Classes::SPEAKER_NOUN);
        let behind_name =
            named && previous.kind == Kind::Name && (self.grammar.nouns_have_capitals || !only_first);
        !behind_name || token.is(Classes::SPEAKER_NOUN.or(Classes::HONORIFIC))
    }

    /// Returns whether the phrase can name somebody who speaks.
    fn can_speak(&self, phrase: &Range) -> bool {
        let s = self.sentence;
        phrase.clone().any(|at| {
            let token = s.at(at);
            let noun = token.kind == Kind::Name
                && !token
                    .is(Classes::NO_SPEAKER.or(Classes::TIME).or(Classes::FUNCTION).or(Classes::DETERMINER));
            noun || token.is(Classes::SPEAKER_NOUN.or(Classes::SUBJECT_PRONOUN).or(Classes::HONORIFIC))
        })
    }

    fn is_first_or_second_person(&self, phrase: &Range) -> bool {
        phrase.len() == 1
            && self.sentence.at(phrase.start).is(Classes::FIRST_PERSON.or(Classes::SECOND_PERSON))
    }

    /// Returns the phrase with the apposition behind it: `Ада Фенвик|, министр портов|,`.
    fn with_apposition(&self, phrase: Range) -> Range {
        let s = self.sentence;
        if s.at(phrase.end).kind != Kind::Comma {
            return phrase;
        }
        let Some(beside) = self.phrase_from(phrase.end + 1) else { return phrase };
        let named = |range: &Range| range.clone().any(|at| s.at(at).kind == Kind::Name);
        let role = |range: &Range| range.clone().any(|at| s.at(at).is(Classes::SPEAKER_NOUN));
        let name_behind = role(&phrase)
            && !self.ends_in_name(&phrase)
            && beside.len() > 1
            && beside.clone().all(|at| s.at(at).kind == Kind::Name);
        let role_behind = named(&phrase)
            && !role(&phrase)
            && role(&beside)
            && !s.at(beside.start).is(Classes::SUBJECT_PRONOUN);
        if (name_behind || role_behind) && self.is_delimiter(beside.end) {
            phrase.start..beside.end
        } else {
            phrase
        }
    }

    fn ends_in_name(&self, phrase: &Range) -> bool {
        !self.grammar.nouns_have_capitals
            && phrase.len() > 1
            && self.sentence.before(phrase.end).kind == Kind::Name
            && self.sentence.before(phrase.end - 1).kind == Kind::Name
    }

    /// Returns the subject that ends before `end`, where only light words and adjuncts may follow it.
    fn subject_before(&self, end: usize) -> Option<Range> {
        let s = self.sentence;
        if s.before(end).kind == Kind::Comma {
            return self.subject_across_commas(end - 1);
        }
        let floor = s.start.max(end.saturating_sub(LONGEST_PHRASE));
        let clause = (floor..end)
            .rev()
            .find(|at| {
                let token = s.at(*at);
                matches!(
                    token.kind,
                    Kind::Comma | Kind::Dash | Kind::Stop | Kind::Colon | Kind::Semicolon | Kind::Sign
                ) || token.is(Classes::THAT.or(Classes::SUBORDINATOR).or(Classes::RELATIVE))
                    && !token.is(Classes::DETERMINER)
                    || token.is(Classes::COORDINATOR) && s.at(*at + 1).is(Classes::SUBJECT_PRONOUN)
            })
            .map_or(floor, |at| at + 1);
        let mut behind_preposition = false;
        for start in clause..end {
            let token = s.at(start);
            let left = s.before(start);
            if token.is(Classes::PREPOSITION.or(Classes::OF)) {
                behind_preposition = true;
                continue;
            }
            let article = Classes::DETERMINER.or(Classes::POSSESSIVE);
            if behind_preposition {
                // The noun of "на встрече", and names that follow one another: "в Нижнем Броде".
                let still = token.is(article) || token.is(Classes::TIME);
                let pair = token.kind == Kind::Name && s.at(start + 1).kind == Kind::Name && start + 2 < end;
                behind_preposition = still || pair && !self.grammar.nouns_have_capitals;
                continue;
            }
            let opens = start == clause
                || token.kind == Kind::Name
                || token.is(Classes::SPEAKER_NOUN.or(article).or(Classes::SUBJECT_PRONOUN))
                || s.at(start + 1).is(Classes::SPEAKER_NOUN)
                || left.is(Classes::COORDINATOR.or(LIGHT));
            if !opens || self.is_light(start) {
                continue;
            }
            if let Some(phrase) = self.phrase_from(start)
                && self.only_adjuncts(phrase.end, end)
            {
                return Some(phrase);
            }
        }
        None
    }

    /// Returns whether nothing but light words and short adjuncts stand there: "в понедельник", "este lunes".
    fn only_adjuncts(&self, from: usize, to: usize) -> bool {
        let s = self.sentence;
        let mut at = from;
        while at < to {
            let token = s.at(at);
            if token.is(LIGHT.or(Classes::AUXILIARY).or(Classes::NEGATION)) {
                at += 1;
                continue;
            }
            let adjunct = token.is(Classes::PREPOSITION.or(Classes::DETERMINER))
                && (at + 1..to.min(at + 4)).any(|at| s.at(at).is(Classes::TIME.or(Classes::VENUE)));
            if !adjunct {
                return false;
            }
            at = (at + 1..to)
                .find(|at| s.at(*at).is(Classes::TIME.or(Classes::VENUE)))
                .map_or(to, |at| at + 1);
        }
        true
    }

    /// Finds the noun before what is put in between commas: `NAME , министр , |заявила`.
    fn subject_across_commas(&self, comma: usize) -> Option<Range> {
        let s = self.sentence;
        let floor = s.start.max(comma.saturating_sub(LONGEST_PHRASE));
        let open = (floor..comma).rev().find(|at| s.at(*at).kind == Kind::Comma)?;
        let put_in = open + 1..comma;
        let first = s.at(put_in.start);
        let relative = first.is(Classes::RELATIVE) || s.at(put_in.start + 1).is(Classes::RELATIVE);
        if put_in.is_empty() || s.before(open).kind == Kind::Comma {
            return None;
        }
        let phrase = self.subject_before(open).filter(|phrase| phrase.end == open)?;
        if relative {
            return Some(phrase);
        }
        let role = self.phrase_from(put_in.start).filter(|role| role.end == comma);
        if role.is_some_and(|role| self.can_speak(&role)) {
            return Some(phrase.start..comma);
        }
        // ", выступая на форуме,": an adverbial clause without a subject of its own.
        let own_clause =
            first.is(Classes::SUBORDINATOR.or(Classes::COORDINATOR).or(Classes::SUBJECT_PRONOUN));
        (!own_clause && !put_in.clone().any(|at| self.is_finite_cue(at))).then_some(phrase)
    }

    // --- "according to" ---

    /// "По словам X, …", "…, selon X", "как заявил X, …".
    fn phrases(&mut self) {
        let s = self.sentence;
        let mut at = s.start;
        while at < s.end {
            let token = s.at(at);
            if !token.is(Classes::PHRASE.or(Classes::AS)) || self.taken(at) {
                at += 1;
                continue;
            }
            let named = self.named_by_phrase(at).or_else(|| self.named_by_clause(at));
            let Some((cue, source, end, weight)) = named else {
                at += 1;
                continue;
            };
            let content = self.content_around(at, end);
            let attributed = !content.is_empty();
            if attributed {
                self.push(Report {
                    source: Some(source),
                    cue,
                    content,
                    rule: Rule::Phrase,
                    confidence: weight,
                    attitude: false,
                    agentless: false,
                });
            }
            at = end.max(at + 1);
        }
    }

    /// Reads "selon X" at `at`: cue, source, the token after them, weight.
    fn named_by_phrase(&self, at: usize) -> Option<(Range, Range, usize, f32)> {
        let s = self.sentence;
        let (after, phrase) = s.phrase_at(at)?;
        if phrase.only_behind && (!self.is_border(at) || at == s.start) {
            return None;
        }
        let source = self.phrase_object(after, phrase)?;
        Some((at..after, source.clone(), source.end, phrase.weight))
    }

    fn phrase_object(&self, after: usize, phrase: &Phrase) -> Option<Range> {
        let s = self.sentence;
        let first = s.at(after);
        if first.is(Classes::OBJECT_PRONOUN.or(Classes::SUBJECT_PRONOUN)) && !first.is(Classes::DETERMINER)
            || first.is(Classes::POSSESSIVE) && !s.at(after + 1).is_wordlike()
        {
            return Some(after..after + 1);
        }
        let source = self.phrase_from(after).map(|source| self.with_apposition(source))?;
        (self.can_speak(&source) && !self.holds_work(&source) || !phrase.needs_speaker).then_some(source)
    }

    fn holds_work(&self, phrase: &Range) -> bool {
        phrase.clone().take(2).any(|at| self.sentence.at(at).is(Classes::NO_SPEAKER))
    }

    /// Reads "как заявил X" or "wie X sagte" at `at`.
    fn named_by_clause(&self, at: usize) -> Option<(Range, Range, usize, f32)> {
        let s = self.sentence;
        if !s.at(at).is(Classes::AS) || !self.is_border(at) {
            return None;
        }
        if let Some(tag) = self.inverted_tag(at + 1) {
            let source = tag.source?;
            let end = self.adjuncts_end(tag.end);
            return self.is_delimiter(end).then_some((at..tag.cue.end, source, end, tag.weight));
        }
        // The verb stands last: "wie Ministerin Fenwick am Montag mitteilte".
        let source = self.phrase_from(at + 1).filter(|source| self.can_speak(source))?;
        let verb = (source.end..s.end.min(source.end + 8))
            .find(|at| self.is_finite_cue(*at) || self.is_delimiter(*at))?;
        let cue = self.is_finite_cue(verb).then(|| s.words.verb(s.at(verb).word))?;
        self.is_delimiter(verb + 1).then_some((verb..verb + 1, source, verb + 1, cue.weight(Frame::After)))
    }

    /// Returns what a phrase from `start` to `end` attributes: the clause behind it, before it, or around it.
    fn content_around(&self, start: usize, end: usize) -> Vec<Range> {
        let s = self.sentence;
        let before_end = self.without_delimiters_behind(start);
        let before = self.clause_start(before_end)..before_end;
        let comma_behind = matches!(s.at(end).kind, Kind::Comma | Kind::Dash | Kind::Colon);
        let mut from = end;
        while from < s.end && matches!(s.at(from).kind, Kind::Comma | Kind::Dash | Kind::Colon) {
            from += 1;
        }
        let loose =
            self.grammar.phrase_without_comma || self.sentence.at(end - 1).is(Classes::OBJECT_PRONOUN);
        let behind = match s.quote(from) {
            Some(_) if comma_behind => from..from + 1,
            _ if (comma_behind || loose) && from < s.end => from..self.clause_end(from),
            _ => from..from,
        };
        let opens = before.len() < 2
            && !before.clone().any(|at| s.at(at).kind == Kind::Quote)
            && before
                .clone()
                .all(|at| !s.at(at).is_wordlike() || s.at(at).is(Classes::COORDINATOR.or(LIGHT)));
        if opens || self.taken_between(&before) {
            return if behind.len() > 1 || s.quote(behind.start).is_some() && !behind.is_empty() {
                vec![behind]
            } else {
                Vec::new()
            };
        }
        if !self.is_border(start) && !self.grammar.phrase_without_comma {
            return Vec::new();
        }
        if behind.is_empty() || !self.is_border(start) && comma_behind {
            return vec![before];
        }
        if s.at(behind.start).is(Classes::RELATIVE.or(Classes::COORDINATOR).or(Classes::CONTRAST))
            && before.len() > 3
        {
            return vec![before];
        }
        vec![before, behind]
    }

    fn taken_between(&self, range: &Range) -> bool {
        range.clone().any(|at| self.taken(at))
    }

    fn without_delimiters_behind(&self, from: usize) -> usize {
        let s = self.sentence;
        let mut end = from;
        while end > s.start && matches!(s.before(end).kind, Kind::Comma | Kind::Dash | Kind::Open) {
            end -= 1;
        }
        end
    }

    /// Returns where the clause that ends before `end` starts.
    fn clause_start(&self, end: usize) -> usize {
        let s = self.sentence;
        let mut start = (s.start.max(end.saturating_sub(LONGEST_CONTENT))..end)
            .rev()
            .find(|at| s.at(*at).kind == Kind::Semicolon || self.taken(*at))
            .map_or(s.start, |at| at + 1);
        while start < end && matches!(s.at(start).kind, Kind::Comma | Kind::Dash | Kind::Sign | Kind::Stop) {
            start += 1;
        }
        start
    }

    // --- cues behind their content ---

    /// "«…», — сказал X", "…, dijo X."
    fn tags(&mut self) {
        let s = self.sentence;
        let mut at = s.start + 1;
        while at < s.end {
            if !matches!(s.at(at).kind, Kind::Comma | Kind::Dash | Kind::Quote) || self.taken(at) {
                at += 1;
                continue;
            }
            let report = if s.at(at).kind == Kind::Quote {
                self.tag_behind(at + 1).and_then(|tag| self.quote_report(at, &tag))
            } else if s.before(at).is_wordlike() || s.before(at).kind == Kind::Close {
                self.clause_first(at)
            } else {
                None
            };
            match report {
                Some((report, end)) => {
                    self.push(report);
                    at = end.max(at + 1);
                }
                None => at += 1,
            }
        }
        if let Some(tag) = s.quote(s.start).and_then(|_| self.tag_behind(s.start + 1))
            && !self.taken(s.start)
            && let Some((report, _)) = self.quote_report(s.start, &tag)
        {
            self.push(report);
        }
    }

    /// Reads a tag behind marks that end before `at`.
    fn tag_behind(&self, at: usize) -> Option<Tag> {
        let s = self.sentence;
        let quote = at.checked_sub(1).and_then(|at| s.quote(at))?;
        let inner = s.text[quote.inner_start..quote.inner_end].trim_end();
        let mut from = at;
        while from < s.end && matches!(s.at(from).kind, Kind::Comma | Kind::Dash) {
            from += 1;
        }
        let parted = from > at || inner.ends_with([',', '!', '?', '…', '.']);
        if !parted {
            return None;
        }
        if let Some((after, phrase)) = s.phrase_at(from) {
            let source = self.phrase_object(after, phrase)?;
            return Some(Tag {
                end: source.end,
                source: Some(source),
                cue: from..after,
                weight: phrase.weight,
            });
        }
        self.tag_at(from).or_else(|| self.straight_tag(from))
    }

    /// Reads a tag that starts at `at`: `|сказал X`, `|a déclaré X`, `|a-t-il dit`.
    fn tag_at(&self, at: usize) -> Option<Tag> {
        let tag = self.inverted_tag(at)?;
        // "…, сказал X, что …" reports what follows.
        let s = self.sentence;
        let next = s.at(tag.end);
        let goes_on =
            next.is(Classes::THAT) || next.kind == Kind::Comma && s.at(tag.end + 1).is(Classes::THAT);
        (!goes_on).then_some(tag)
    }

    fn inverted_tag(&self, at: usize) -> Option<Tag> {
        let s = self.sentence;
        let mut subject = None;
        let mut helped = false;
        let mut verb = at;
        loop {
            let token = s.at(verb);
            if verb >= at + LONGEST_GROUP || token.is(Classes::NEGATION.or(Classes::HYPOTHETICAL)) {
                return None;
            }
            if self.is_finite_cue(verb) || helped && token.cues(Forms::PARTICIPLE) {
                break;
            }
            if token.is(Classes::SUBJECT_PRONOUN) && helped {
                subject = Some(verb..verb + 1);
            } else if token.is(Classes::AUXILIARY) {
                helped = true;
            } else if helped && self.grammar.participle_last && subject.is_none() {
                let phrase = self.phrase_from(verb).filter(|phrase| self.can_speak(phrase))?;
                verb = (phrase.end..s.end.min(phrase.end + LONGEST_GAP))
                    .take_while(|at| !self.is_delimiter(*at))
                    .find(|at| s.at(*at).cues(Forms::PARTICIPLE))?;
                subject = Some(phrase);
                break;
            } else if !token.is(LIGHT) {
                return None;
            }
            verb += 1;
        }
        let cue = s.words.verb(s.at(verb).word);
        let weight = cue.weight(Frame::After);
        if weight == 0.0 || cue.negated {
            return None;
        }
        let mut end = verb + 1;
        while self.is_light(end) {
            end += 1;
        }
        if subject.is_none() {
            let within = s.at(end).is(Classes::WITHIN);
            let phrase = self
                .phrase_from(end + usize::from(within))
                .filter(|phrase| self.can_speak(phrase) || within && !s.at(phrase.start).is(Classes::VENUE))
                .filter(|phrase| !self.is_first_or_second_person(phrase))
                .map(|phrase| self.with_apposition(phrase));
            end = phrase.as_ref().map_or(verb + 1, |phrase| phrase.end);
            subject = phrase;
        }
        if let Some(particle) = &cue.particle {
            end = (end..s.end.min(end + 12))
                .take_while(|at| !self.is_delimiter(*at))
                .find(|at| same_word(particle, s.word(*at)))?
                + 1;
        }
        let absent = self.grammar.subject_may_be_absent && self.is_delimiter(end);
        (subject.is_some() || absent).then_some(Tag { end, source: subject, cue: at..verb + 1, weight })
    }

    /// Reads a tag whose subject stands first: `„…“, |er sagte.`
    fn straight_tag(&self, at: usize) -> Option<Tag> {
        let s = self.sentence;
        let source = self.phrase_from(at).filter(|source| self.can_speak(source))?;
        let mut verb = source.end;
        let mut helped = false;
        while verb < source.end + LONGEST_GROUP
            && s.at(verb).is(LIGHT.or(Classes::AUXILIARY))
            && !s.at(verb).cues(Forms::FINITE)
        {
            helped |= s.at(verb).is(Classes::AUXILIARY);
            verb += 1;
        }
        let token = s.at(verb);
        if !(self.is_finite_cue(verb) || helped && token.cues(Forms::PARTICIPLE)) {
            return None;
        }
        let cue = s.words.verb(token.word);
        let ends = matches!(s.at(verb + 1).kind, Kind::Stop | Kind::Comma | Kind::Dash) || verb + 1 >= s.end;
        let goes_on = s.at(verb + 1).kind == Kind::Comma && s.at(verb + 2).is(Classes::THAT);
        (ends && !goes_on && cue.weight(Frame::After) > 0.0 && cue.particle.is_none()).then_some(Tag {
            end: verb + 1,
            source: Some(source),
            cue: verb..verb + 1,
            weight: cue.weight(Frame::After),
        })
    }

    /// Makes the report of the marks at `at` with the tag behind them, and returns where it ends.
    fn quote_report(&self, at: usize, tag: &Tag) -> Option<(Report, usize)> {
        let s = self.sentence;
        let start = self.clause_start(at);
        let alone = start >= at
            || matches!(s.before(at).kind, Kind::Colon | Kind::Dash)
            || self.is_sentence(at) && matches!(s.before(at).kind, Kind::Comma | Kind::Stop);
        if !alone && self.is_title(at) && s.at(at + 1).kind == Kind::Comma && s.at(at + 2).kind != Kind::Dash
        {
            return None; // `Die Zeitung „Anker“, sagte X, …` may be a clause: the other rules decide
        }
        let first = if alone { at..at + 1 } else { start..at + 1 };
        let mut content = vec![first];
        let mut end = tag.end;
        let mut rule = Rule::CueAfter;
        let rest = self.adjuncts_end(tag.end);
        let mut from = rest;
        while from < s.end && matches!(s.at(from).kind, Kind::Comma | Kind::Dash | Kind::Colon) {
            from += 1;
        }
        if from > rest && s.at(from).kind == Kind::Quote {
            content.push(from..from + 1);
            end = from + 1;
            rule = Rule::CueInside;
        }
        let report = Report {
            source: tag.source.clone(),
            cue: tag.cue.clone(),
            content,
            rule,
            confidence: tag.weight,
            attitude: false,
            agentless: false,
        };
        Some((report, end))
    }

    /// Returns whether the words in marks at `at` read like a sentence.
    fn is_sentence(&self, at: usize) -> bool {
        self.quote_words(at) >= SHORTEST_QUOTE_WORDS
            && self.sentence.quote(at).is_some_and(|quote| {
                let inner = self.sentence.text[quote.inner_start..quote.inner_end].trim_start();
                inner.starts_with(|c: char| !c.is_lowercase())
            })
    }

    /// Returns whether the words in marks at `at` stand behind the noun that they name.
    fn is_title(&self, at: usize) -> bool {
        self.sentence.before(at).is_wordlike() && self.quote_words(at) < SHORTEST_QUOTE_WORDS
    }

    fn quote_words(&self, at: usize) -> usize {
        self.sentence.quote(at).map_or(0, |quote| {
            self.sentence.text[quote.inner_start..quote.inner_end]
                .split_whitespace()
                .take(SHORTEST_QUOTE_WORDS)
                .count()
        })
    }

    /// "…, сообщили власти.", "…, dijo X, …": the clause has no marks.
    fn clause_first(&self, comma: usize) -> Option<(Report, usize)> {
        let s = self.sentence;
        let mut from = comma;
        while matches!(s.at(from).kind, Kind::Comma | Kind::Dash) && from < s.end {
            from += 1;
        }
        let tag = self.tag_at(from)?;
        let end = self.adjuncts_end(tag.end);
        let start = self.clause_start(comma);
        let ends = end >= s.end || matches!(s.at(end).kind, Kind::Stop | Kind::Semicolon | Kind::Close);
        if comma < start + 2
            || tag.source.is_none()
            || s.at(start).is(Classes::SUBORDINATOR.or(Classes::COORDINATOR))
        {
            return None;
        }
        let mut content = Vec::from_iter(std::iter::once(start..comma));
        if !ends {
            if s.at(end).kind != Kind::Comma || start > s.start {
                return None;
            }
            let rest = end + 1..self.clause_end(end + 1);
            let goes_on =
                s.at(rest.start).is(Classes::RELATIVE.or(Classes::COORDINATOR).or(Classes::SUBORDINATOR))
                    || s.at(rest.start).cues(Forms::GERUND);
            if !goes_on && rest.len() > 2 {
                content.push(rest);
            }
        }
        let report = Report {
            source: tag.source,
            cue: tag.cue,
            content,
            rule: Rule::ClauseFirst,
            confidence: tag.weight * 0.9,
            attitude: false,
            agentless: false,
        };
        Some((report, end))
    }

    /// Steps over "в понедельник", "lors d'une conférence", "журналистам" behind a tag.
    fn adjuncts_end(&self, from: usize) -> usize {
        let s = self.sentence;
        let mut at = from;
        while at < from + LONGEST_PHRASE {
            let token = s.at(at);
            let short_quote = token.kind == Kind::Quote && self.is_title(at);
            let open = token.is_wordlike() || short_quote;
            if !open
                || at >= s.end
                || token.is(Classes::RELATIVE.or(Classes::THAT).or(Classes::SUBORDINATOR))
                || self.is_finite_cue(at)
            {
                break;
            }
            at += 1;
        }
        at
    }

    // --- cues before their content ---

    /// "X заявил, что …", "X dijo: «…»", "X sagte, er habe …".
    fn cues(&mut self) {
        let s = self.sentence;
        let mut at = s.start;
        while at < s.end {
            if !s.at(at).cues(Forms::VERB) || self.taken(at) {
                at += 1;
                continue;
            }
            match self.verb_report(at) {
                Some(report) => {
                    at = report.content.last().map_or(at + 1, |content| content.end.max(at + 1));
                    self.push(report);
                }
                None => at += 1,
            }
        }
    }

    fn verb_report(&self, verb: usize) -> Option<Report> {
        let s = self.sentence;
        let token = s.at(verb);
        if token.kind == Kind::Name && verb > s.start && self.grammar.nouns_have_capitals {
            return None;
        }
        let cue = s.words.verb(token.word);
        let group = self.group(verb)?;
        let gerund = token.cues(Forms::GERUND) && !token.cues(Forms::FINITE);
        let (mark, frame) = self.mark_after(verb, cue)?;
        let negated = group.negated || (verb + 1..mark).any(|at| s.at(at).is(Classes::NEGATION));
        if negated != cue.negated || group.unreal && !gerund {
            return None;
        }
        let agentless = cue.weight(Frame::Passive) > 0.0;
        let source = if agentless {
            None
        } else if gerund {
            self.last_subject.clone().or_else(|| self.first_subject())
        } else {
            self.source_of(verb, &group, mark)
        };
        if let Some(source) = &source
            && (self.is_first_or_second_person(source)
                || s.voiced && s.at(source.start).is(Classes::FIRST_PERSON))
        {
            return None;
        }
        let known = source.is_some() || agentless;
        let absent = self.grammar.subject_may_be_absent && self.is_border(group.start);
        if !known && !absent {
            return None;
        }
        let (content, rule) = self.content_from(mark, frame)?;
        Some(Report {
            source,
            cue: group.start..verb + 1,
            content: vec![content],
            rule: if gerund {
                Rule::Gerund
            } else if agentless {
                Rule::Passive
            } else {
                rule
            },
            confidence: if agentless { cue.weight(Frame::Passive) } else { cue.weight(frame) },
            attitude: cue.attitude,
            agentless,
        })
    }

    /// Reads the helpers before a cue; `None` where its form needs a helper that is not there.
    fn group(&self, verb: usize) -> Option<Group> {
        let s = self.sentence;
        let token = s.at(verb);
        let mut group = Group { start: verb, helper: None, negated: false, unreal: false };
        while group.start > s.start && verb - group.start < LONGEST_GROUP {
            let left = s.before(group.start);
            let helps = left.is(Classes::AUXILIARY
                .or(Classes::NEGATION)
                .or(Classes::OBJECT_PRONOUN)
                .or(Classes::HYPOTHETICAL))
                || left.is(Classes::ADVERB) && left.kind == Kind::Word
                || left.is(Classes::SUBJECT_PRONOUN) && s.before(group.start - 1).is(Classes::AUXILIARY);
            if !helps
                || left.is(Classes::DETERMINER) && !left.is(Classes::OBJECT_PRONOUN)
                || left.is(Classes::AS)
            {
                break;
            }
            group.start -= 1;
            if left.is(Classes::AUXILIARY) {
                group.helper = Some(group.start);
            }
            group.negated |= left.is(Classes::NEGATION);
            group.unreal |= left.is(Classes::HYPOTHETICAL);
        }
        let clause = (s.start.max(verb.saturating_sub(LONGEST_PHRASE))..group.start).rev().take_while(|at| {
            !matches!(s.at(*at).kind, Kind::Comma | Kind::Semicolon | Kind::Stop | Kind::Colon)
        });
        for at in clause {
            let token = s.at(at);
            group.unreal |= token.is(Classes::HYPOTHETICAL);
            if self.grammar.participle_last && group.helper.is_none() && token.is(Classes::AUXILIARY) {
                group.helper = Some(at);
            }
        }
        let far_helper = group.helper.filter(|at| *at < group.start);
        if far_helper.is_some() {
            group.negated |= (far_helper?..verb).any(|at| s.at(at).is(Classes::NEGATION));
        }
        let fits = token.cues(Forms::FINITE.or(Forms::GERUND))
            || token.cues(Forms::PARTICIPLE) && group.helper.is_some();
        fits.then_some(group)
    }

    /// Returns who does what the cue says.
    fn source_of(&self, verb: usize, group: &Group, mark: usize) -> Option<Range> {
        let s = self.sentence;
        // Between helper and participle: "a-t-il dit", "hat Ministerin Fenwick gesagt".
        let speaks = |phrase: &Range| self.can_speak(phrase) || self.is_plain_subject(phrase);
        let helper = group.helper.unwrap_or(group.start);
        if let Some(pronoun) = (group.start..verb).find(|at| s.at(*at).is(Classes::SUBJECT_PRONOUN)) {
            return Some(pronoun..pronoun + 1);
        }
        let start = helper.min(group.start);
        if s.before(start).is(Classes::COORDINATOR)
            && s.at(start - 1).kind == Kind::Word
            && self.last_subject.is_some()
        {
            return self.last_subject.clone();
        }
        let inverted = || {
            let mut from = if helper < group.start { helper + 1 } else { verb + 1 };
            while from < mark && self.is_light(from) {
                from += 1;
            }
            let from = from + usize::from(s.at(from).is(Classes::WITHIN));
            self.phrase_from(from)
                .filter(|phrase| phrase.end <= mark && self.can_speak(phrase))
                .map(|phrase| self.with_apposition(phrase))
                .filter(|phrase| phrase.end <= mark)
        };
        self.subject_before(start).filter(speaks).or_else(inverted)
    }

    /// Returns who the sentence starts with: the subject of a cue that is no finite verb.
    fn first_subject(&self) -> Option<Range> {
        self.phrase_from(self.sentence.start).filter(|phrase| self.can_speak(phrase))
    }

    /// Returns whether the phrase can be a subject that no list knows: "рыбаки", "el vecino".
    fn is_plain_subject(&self, phrase: &Range) -> bool {
        let s = self.sentence;
        let nouns = phrase.clone().filter(|at| {
            s.at(*at).kind == Kind::Word && !s.at(*at).is(Classes::DETERMINER.or(Classes::POSSESSIVE))
        });
        self.is_border(phrase.start)
            && (1..=3).contains(&nouns.count())
            && !s.at(phrase.start).is(Classes::EXPLETIVE)
    }

    /// Finds the mark of what the cue reports: a conjunction, a colon, marks, a comma before a reported mood.
    fn mark_after(&self, verb: usize, cue: &Cue) -> Option<(usize, Frame)> {
        let s = self.sentence;
        let mut particle = cue.particle.as_deref();
        let mut at = verb + 1;
        while at < s.end && at <= verb + LONGEST_GAP {
            let token = s.at(at);
            if particle.is_some_and(|word| token.is_wordlike() && same_word(word, s.word(at))) {
                particle = None;
            }
            let weighs =
                |frame: Frame| (particle.is_none() && cue.weight(frame) > 0.0).then_some((at, frame));
            match token.kind {
                Kind::Stop | Kind::Semicolon => return None,
                Kind::Colon => return weighs(Frame::Quote),
                Kind::Quote if at == verb + 1 || self.quote_words(at) >= SHORTEST_QUOTE_WORDS => {
                    return weighs(Frame::Quote).filter(|_| self.quote_words(at) >= SHORTEST_QUOTE_WORDS);
                }
                Kind::Comma => match self.mark_behind_comma(at + 1, cue) {
                    Some((place, frame)) => return particle.is_none().then_some((place, frame)),
                    None => return None,
                },
                Kind::Dash => return None,
                _ if token.is(Classes::THAT) && !self.grammar.comma_before_clause => {
                    return weighs(Frame::That);
                }
                _ if token.is(Classes::QUESTION_WORD)
                    && !self.grammar.comma_before_clause
                    && cue.weight(Frame::Question) > 0.0 =>
                {
                    return weighs(Frame::Question);
                }
                _ if self.starts_clause(at) || token.is(Classes::AUXILIARY) || self.is_finite_cue(at) => {
                    return None;
                }
                _ if !self.grammar.comma_before_clause && self.is_object(at, verb) => return None,
                _ => at += 1,
            }
        }
        None
    }

    /// Returns whether a word that opens a dependent clause, and no article, stands at `at`.
    fn starts_clause(&self, at: usize) -> bool {
        let token = self.sentence.at(at);
        token.is(Classes::RELATIVE.or(Classes::SUBORDINATOR)) && !token.is(Classes::DETERMINER)
    }

    /// Returns whether a thing stands right behind the verb, so that "que" belongs to it: "dijo unas palabras que".
    fn is_object(&self, at: usize, verb: usize) -> bool {
        let s = self.sentence;
        at == verb + 1
            && s.at(at).is(Classes::DETERMINER)
            && !s.at(at + 1).is(Classes::TIME)
            && !self.phrase_from(at).is_some_and(|phrase| self.can_speak(&phrase))
    }

    fn mark_behind_comma(&self, next: usize, cue: &Cue) -> Option<(usize, Frame)> {
        let s = self.sentence;
        let token = s.at(next);
        let weighs = |at: usize, frame: Frame| (cue.weight(frame) > 0.0).then_some((at, frame));
        if token.kind == Kind::Quote {
            return weighs(next, Frame::Quote).filter(|_| self.quote_words(next) >= SHORTEST_QUOTE_WORDS);
        }
        if token.is(Classes::THAT) {
            return weighs(next, Frame::That);
        }
        if token.is(Classes::QUESTION_WORD) {
            return weighs(next, Frame::Question);
        }
        if self.is_reported_mood(next) {
            return weighs(next, Frame::Clause);
        }
        // ", además, que": one short piece between commas.
        let short =
            (next..next + 12).find(|at| s.at(*at).kind != Kind::Word && s.at(*at).kind != Kind::Name)?;
        let opens = token.is(Classes::RELATIVE.or(Classes::SUBORDINATOR).or(Classes::COORDINATOR));
        (s.at(short).kind == Kind::Comma && s.at(short + 1).is(Classes::THAT) && !opens)
            .then(|| weighs(short + 1, Frame::That))
            .flatten()
    }

    /// Returns whether the clause from `from` on has a verb in the mood of reported speech.
    fn is_reported_mood(&self, from: usize) -> bool {
        let s = self.sentence;
        let first = s.at(from);
        if first.is(Classes::SUBORDINATOR.or(Classes::COORDINATOR)) {
            return false;
        }
        let mood = (from..s.end.min(from + LONGEST_PHRASE))
            .take_while(|at| !self.is_delimiter(*at))
            .find(|at| s.at(*at).is(Classes::REPORTED_MOOD) && s.at(*at).kind == Kind::Word);
        // "…, die gewonnen habe, …": in a relative clause the verb stands last.
        mood.is_some_and(|verb| !first.is(Classes::RELATIVE) || !self.is_delimiter(verb + 1))
    }

    /// Returns what is reported from its mark on.
    fn content_from(&self, mark: usize, frame: Frame) -> Option<(Range, Rule)> {
        let s = self.sentence;
        let (from, rule) = match (s.at(mark).kind, frame) {
            (Kind::Colon, _) if s.at(mark + 1).kind == Kind::Quote => {
                return Some((mark + 1..mark + 2, Rule::CueBefore));
            }
            (Kind::Colon, _) => (mark + 1, Rule::Clause),
            (Kind::Quote, _) => return Some((mark..mark + 1, Rule::CueBefore)),
            (_, Frame::That) => (mark + 1, Rule::That),
            (_, Frame::Question) => (mark, Rule::Question),
            _ => (mark, Rule::Clause),
        };
        let end = self.clause_end(from);
        (end > from + 1 || end > from && s.at(from).kind == Kind::Quote).then_some((from..end, rule))
    }

    /// Returns where the clause that starts at `from` ends: before the place returned.
    fn clause_end(&self, from: usize) -> usize {
        let s = self.sentence;
        let ceiling = s.end.min(from + LONGEST_CONTENT);
        let mut at = from;
        while at < ceiling {
            match s.at(at).kind {
                Kind::Stop | Kind::Semicolon => return at,
                Kind::Quote
                    if s.quote_ends_sentence(at)
                        && !matches!(s.at(at + 1).kind, Kind::Comma | Kind::Word | Kind::Dash) =>
                {
                    return at + 1;
                }
                Kind::Open => {
                    if let Some(close) = (at..ceiling.min(at + 40)).find(|at| s.at(*at).kind == Kind::Close) {
                        at = close;
                    }
                }
                Kind::Comma | Kind::Dash if at > from && self.breaks_at(at + 1) => return at,
                Kind::Word if at > from && s.at(at).is(Classes::COORDINATOR) && self.cue_at(at + 1) => {
                    return at;
                }
                _ => {}
            }
            at += 1;
        }
        ceiling
    }

    /// Returns whether a new report, or the words that attribute this one, start behind a comma.
    fn breaks_at(&self, next: usize) -> bool {
        let s = self.sentence;
        let token = s.at(next);
        if token.cues(Forms::GERUND) || s.phrase_at(next).is_some() {
            return true;
        }
        if token.is(Classes::AS) {
            return self.named_by_clause(next).is_some();
        }
        if token.is(Classes::COORDINATOR) {
            let subject = self.phrase_from(next + 1);
            return self.cue_at(next + 1) || subject.is_some_and(|subject| self.cue_at(subject.end));
        }
        let from = next + usize::from(token.kind == Kind::Dash);
        self.tag_at(from).is_some_and(|tag| {
            let end = self.adjuncts_end(tag.end);
            tag.source.is_some() && self.is_delimiter(end)
        })
    }

    /// Returns whether a finite cue with something to report stands at `at`, behind helpers.
    fn cue_at(&self, at: usize) -> bool {
        let s = self.sentence;
        let mut verb = at;
        while verb < at + LONGEST_GROUP
            && s.at(verb).is(LIGHT.or(Classes::AUXILIARY))
            && !self.is_finite_cue(verb)
        {
            verb += 1;
        }
        let finite = self.is_finite_cue(verb) || verb > at && s.at(verb).cues(Forms::PARTICIPLE);
        finite && self.mark_after(verb, s.words.verb(s.at(verb).word)).is_some()
    }
}

/// A cue with its helpers.
#[derive(Debug, Clone, Copy)]
struct Group {
    start: usize,
    /// Its auxiliary, which may stand further left than `start`.
    helper: Option<usize>,
    negated: bool,
    unreal: bool,
}
