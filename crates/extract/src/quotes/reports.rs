//! Who is reported to say what in one sentence: cue by cue, without resolving who "he" is.

use super::{
    sentence::{self, Range, Sentence, VerbGroup},
    tokens::Kind,
    words::{Classes, Cue, Forms, Frame},
};

/// One report, in places of tokens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Report {
    /// The words that name who says it; `None` where the text does not.
    pub source: Option<Range>,
    /// The words that attribute.
    pub cue: Range,
    /// What is said; more than one piece where the cue cuts it.
    pub content: Vec<Range>,
    /// The rule.
    pub rule: Rule,
    /// From 0 to 1.
    pub confidence: f32,
    /// The cue reports no act of saying.
    pub attitude: bool,
    /// Nobody is named because the cue is a passive.
    pub agentless: bool,
}

/// The rules of this module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// `X said: “…”`
    CueBefore,
    /// `“…,” X said`, `“…,” said X`
    CueAfter,
    /// `“…,” X said, “…”`
    CueInside,
    /// `X said that …`
    That,
    /// `X said …`
    Clause,
    /// `X asked whether …`
    Question,
    /// `X promised to …`
    Infinitive,
    /// `X outlined the plan`
    Object,
    /// `X spoke about the plan`
    Preposition,
    /// `…, X said.`
    ClauseFirst,
    /// `according to X, …`
    Phrase,
    /// `…, noting that …`
    Gerund,
    /// `X was asked whether …`
    Passive,
    /// `his statement that …`
    Noun,
    /// `X: “…”`
    Label,
    /// `«…, — сказал X. — …»`
    InsideMarks,
    /// `— …, — сказал X.`
    Dialogue,
    /// `“…” — X`
    Signature,
}

/// Finds the reports of a sentence, left to right, none inside another's content.
pub(super) fn find(sentence: &Sentence<'_>, attitudes: bool) -> Vec<Report> {
    // One look at each token spares the others in sentences where no rule can start.
    let (mut classes, mut forms, mut has_quote) = (Classes::NONE, Forms::NONE, false);
    for token in &sentence.tokens[sentence.start..sentence.end] {
        classes = classes.or(token.word.classes);
        forms = forms.or(token.word.forms);
        has_quote |= token.kind == Kind::Quote;
    }
    let mut finder = Finder { sentence, attitudes, reports: Vec::new(), last_subject: None };
    if classes.any(Classes::PHRASE) {
        finder.phrases();
    }
    if forms.any(Forms::VERB) || has_quote {
        finder.cues_after(has_quote);
    }
    if forms.any(Forms::VERB.or(Forms::NOUN)) {
        finder.cues_before();
    }
    if has_quote {
        finder.labels();
        finder.signature();
    }
    finder.reports.sort_by_key(|report| report.content.first().map(|content| content.start));
    finder.reports
}

/// Returns whether the tokens from `at` on attribute what stands before them: `|he said.`
pub(super) fn attribution_follows(sentence: &Sentence<'_>, at: usize) -> bool {
    let finder = Finder { sentence, attitudes: false, reports: Vec::new(), last_subject: None };
    let ceiling = sentence.end.min(at + 24);
    (at..ceiling)
        .take_while(|at| sentence.at(*at).kind != Kind::Stop)
        .filter(|verb| sentence.at(*verb).cues(Forms::VERB) || sentence.at(*verb).is(Classes::VERB))
        .any(|verb| finder.tag_after(verb).is_some_and(|tag| tag.start == at))
}

/// The words that attribute what stands before them.
#[derive(Debug, Clone)]
struct Tag {
    start: usize,
    end: usize,
    source: Range,
    cue: Range,
    weight: f32,
}

struct Finder<'s, 'a> {
    sentence: &'s Sentence<'a>,
    attitudes: bool,
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
        let empty = report
            .content
            .iter()
            .all(|range| !range.clone().any(|at| s.at(at).is_wordlike() || s.at(at).kind == Kind::Quote));
        if !empty && report.content.iter().all(|range| range.start < range.end) {
            self.last_subject = report.source.clone().or(self.last_subject.take());
            let confidence = self.confidence_of(&report);
            self.reports.push(Report { confidence, ..report });
        }
    }

    /// Returns how sure a report without marks is once its ends are known: the cue may be certain while the end of what
    /// it reports is a guess. A report that is emitted for its cue is emitted still.
    fn confidence_of(&self, report: &Report) -> f32 {
        let s = self.sentence;
        let mut tokens = report.content.iter().cloned().flatten();
        if report.confidence < super::MIN_CONFIDENCE || tokens.any(|at| s.at(at).kind == Kind::Quote) {
            return report.confidence;
        }
        let tokens = report.content.iter().cloned().flatten();
        let mut confidence = report.confidence;
        let end = report.content.last().map_or(s.end, |piece| piece.end);
        let stops = end >= s.end || matches!(s.at(end).kind, Kind::Stop | Kind::Semicolon | Kind::Colon);
        if !stops && !matches!(report.rule, Rule::ClauseFirst | Rule::CueInside | Rule::CueAfter) {
            confidence *= if s.at(end).kind == Kind::Comma { OPEN_END.0 } else { OPEN_END.1 };
        }
        if tokens.clone().any(|at| matches!(s.at(at).kind, Kind::Dash | Kind::Semicolon)) {
            confidence *= BROKEN;
        }
        if report.source.as_ref().is_some_and(|source| s.at(source.start).is(Classes::RELATIVE)) {
            confidence *= RELATIVE_SOURCE;
        }
        let background = Classes::RELATIVE.or(Classes::SUBORDINATOR).or(Classes::DETERMINER);
        let mut commas = tokens.clone().filter(|at| s.at(*at).kind == Kind::Comma).peekable();
        if commas.peek().is_none() {
            confidence *= ONE_PIECE;
        } else if commas.any(|comma| s.at(comma + 1).is(background)) {
            confidence *= BACKGROUND;
        }
        if tokens.filter(|at| s.at(*at).is_wordlike()).count() >= LONG_CONTENT.0 {
            confidence *= LONG_CONTENT.1;
        }
        confidence.clamp(super::MIN_CONFIDENCE, SUREST)
    }

    /// "According to X, …" and "…, according to X".
    fn phrases(&mut self) {
        let s = self.sentence;
        let mut at = s.start;
        while at < s.end {
            let token = s.at(at);
            if !token.is(Classes::PHRASE) {
                at += 1;
                continue;
            }
            let Some((after, phrase)) = s.phrase_at(at) else {
                at += 1;
                continue;
            };
            let Some(name_end) = self.end_of_phrase_name(after) else {
                at = after;
                continue;
            };
            let source = after..name_end;
            let content = self.content_of_phrase(at, name_end);
            if !content.is_empty() {
                self.push(Report {
                    source: Some(source),
                    cue: at..after,
                    content,
                    rule: Rule::Phrase,
                    confidence: phrase.weight,
                    attitude: false,
                    agentless: false,
                });
            }
            at = name_end;
        }
    }

    /// Returns where the name after "according to" ends: before a comma that ends no apposition, a stop or marks.
    fn end_of_phrase_name(&self, from: usize) -> Option<usize> {
        let s = self.sentence;
        let mut at = from;
        while at < s.end && at < from + 40 {
            match s.at(at).kind {
                Kind::Stop | Kind::Semicolon | Kind::Colon | Kind::Comma | Kind::Dash | Kind::Close => break,
                Kind::Quote if at > from && s.at(at).end - s.at(at).start > 60 => break,
                _ => at += 1,
            }
        }
        (at > from).then_some(at)
    }

    fn content_of_phrase(&self, phrase: usize, name_end: usize) -> Vec<Range> {
        let s = self.sentence;
        let follows = phrase > s.start
            && self.clause_start(phrase) < phrase
            && !s.before(phrase).is(Classes::COORDINATOR.or(Classes::CONTRAST));
        let mut content = Vec::new();
        if follows {
            let mut end = phrase;
            while end > s.start && matches!(s.before(end).kind, Kind::Comma | Kind::Dash | Kind::Open) {
                end -= 1;
            }
            let start = self.clause_start(end);
            let only_adjunct = !s.has_finite_verb(start..end)
                && s.at(name_end).kind == Kind::Comma
                && !(start..end).any(|at| s.at(at).kind == Kind::Quote);
            content.push(start..end);
            if s.before(phrase).kind == Kind::Comma
                && s.at(name_end).kind == Kind::Comma
                && (only_adjunct || s.at(name_end + 1).is(Classes::AUXILIARY.or(Classes::VERB)))
            {
                let rest = name_end + 1..s.clause_end(name_end + 1);
                if s.has_finite_verb(rest.clone()) {
                    content.push(rest);
                }
            }
            return content;
        }
        let mut start = name_end;
        while matches!(s.at(start).kind, Kind::Comma | Kind::Colon) {
            start += 1;
        }
        start = self.behind_apposition(start);
        let end = s.clause_end(start);
        if start < end && start > name_end {
            content.push(start..end);
        }
        content
    }

    /// Steps over what is put beside a name: "According to Ada Fenwick, |the mayor, |the bridge is safe".
    fn behind_apposition(&self, start: usize) -> usize {
        let s = self.sentence;
        let comma = |from: usize| (from..s.end).take(LONGEST_TAG).find(|at| s.at(*at).kind == Kind::Comma);
        let Some(end) = comma(start) else { return start };
        let next = end + 1..comma(end + 1).unwrap_or(s.end);
        let role = s.at(start).is(Classes::DETERMINER.or(Classes::SPEAKER_NOUN))
            && (start..end).any(|at| s.at(at).is(Classes::SPEAKER_NOUN))
            && !s.has_finite_verb(start..end);
        let beside = role || s.at(start).is(Classes::RELATIVE) && !s.at(start).is(Classes::THAT);
        if beside && s.has_finite_verb(next) { end + 1 } else { start }
    }

    /// Returns where the clause that ends before `end` starts.
    fn clause_start(&self, end: usize) -> usize {
        let s = self.sentence;
        let mut start = (s.start.max(end.saturating_sub(sentence::LONGEST_CONTENT))..end)
            .rev()
            .find(|at| s.at(*at).kind == Kind::Semicolon || self.taken(*at))
            .map_or(s.start, |at| at + 1);
        while start < end && matches!(s.at(start).kind, Kind::Comma | Kind::Dash | Kind::Sign | Kind::Stop) {
            start += 1;
        }
        if start > s.start && s.at(start).is(Classes::COORDINATOR) {
            start += 1;
        }
        start
    }

    /// "…, X said." and "…, said X", with or without more of the same content behind.
    ///
    /// Verbs that are no cues attribute marks alone.
    fn cues_after(&mut self, has_quote: bool) {
        let s = self.sentence;
        let mut at = s.start;
        while at < s.end {
            let token = s.at(at);
            if (token.cues(Forms::VERB) || has_quote && token.is(Classes::VERB))
                && !self.taken(at)
                && let Some(tag) = self.tag_after(at)
                && let Some(report) = self.report_after(&tag)
            {
                at = tag.end;
                self.push(report);
                continue;
            }
            at += 1;
        }
    }

    /// Reads a tag with its verb at `verb`: `, X said|,` or `, said X|.`
    fn tag_after(&self, verb: usize) -> Option<Tag> {
        let s = self.sentence;
        let group = s.verb_group(verb);
        if group.infinitive || group.passive {
            return None;
        }
        if let Some(subject) = s.subject_before(group.start).filter(|subject| self.starts_tag(subject.start))
            && !s.at(subject.start).is(Classes::RELATIVE)
            && !self.is_relative_subject(&subject)
            && let Some(weight) = self.tag_weight(verb, subject.start)
            && self.is_finite(verb, &group, &subject)
            && let Some(end) = self.tag_end(verb + 1).or_else(|| self.loose_tag_end(verb + 1, subject.start))
        {
            return Some(Tag {
                start: subject.start,
                end,
                source: subject,
                cue: group.start..verb + 1,
                weight,
            });
        }
        // Inverted: the subject stands behind.
        if group.helped || !self.starts_tag(group.start) || s.at(verb).is(Classes::CONTRACTION) {
            return None;
        }
        let weight = self.tag_weight(verb, group.start)?;
        let mut from = verb + 1;
        while s.at(from).is(Classes::ADVERB) {
            from += 1;
        }
        let subject = s.with_apposed_name(s.noun_phrase_from(from)?);
        let named = subject.clone().any(|at| {
            s.at(at).kind == Kind::Name
                || s.at(at).is(Classes::SPEAKER_NOUN
                    .or(Classes::SUBJECT_PRONOUN)
                    .or(Classes::DETERMINER)
                    .or(Classes::POSSESSIVE)
                    .or(Classes::INDEFINITE))
        });
        if !named
            || s.at(subject.start).is(Classes::OBJECT_PRONOUN)
                && !s.at(subject.start).is(Classes::SUBJECT_PRONOUN.or(Classes::POSSESSIVE))
        {
            return None;
        }
        if !self.is_finite(verb, &group, &subject) {
            return None;
        }
        let end = if self.quote_before(group.start) {
            self.end_of_apposition(subject.end)
        } else {
            // Without marks only a person or a body right behind a verb of saying is a subject: ", said the mayor."
            let first = s.at(subject.start);
            let who = first.kind == Kind::Name
                || first.is(Classes::SUBJECT_PRONOUN)
                    && !first.is(Classes::NEUTER.or(Classes::SECOND_PERSON))
                || subject.clone().any(|at| s.at(at).is(Classes::SPEAKER_NOUN))
                    && !first.is(Classes::POSSESSIVE);
            let end = self.tag_end(subject.end)?;
            if !who || weight < MIN_INVERTED {
                return None;
            }
            end
        };
        Some(Tag { start: group.start, end, source: subject, cue: group.start..verb + 1, weight })
    }

    /// Returns whether the phrase holds a noun and the subject of its relative clause: `— |a phrase nobody| said`.
    fn is_relative_subject(&self, phrase: &Range) -> bool {
        let s = self.sentence;
        let noun = s.before(phrase.end - 1);
        s.before(phrase.start).kind == Kind::Dash
            && phrase.len() > 2
            && s.before(phrase.end).is(Classes::INDEFINITE)
            && noun.kind == Kind::Word
            && !noun.is(Classes::DETERMINER.or(Classes::INDEFINITE).or(Classes::ADVERB))
    }

    /// Returns how sure a tag with this verb is; verbs that are no cues attribute only marks right before them.
    fn tag_weight(&self, verb: usize, start: usize) -> Option<f32> {
        let s = self.sentence;
        let token = s.at(verb);
        if token.cues(Forms::VERB) {
            let cue = s.words.verb(token.word);
            let weight = cue.weight(Frame::After).max(cue.weight(Frame::Quote) * 0.9);
            if weight >= 0.2 {
                return Some(weight);
            }
        }
        let any_verb = token.kind == Kind::Word && token.is(Classes::VERB) && !token.is(Classes::AUXILIARY);
        // A title inside a sentence is followed by verbs too.
        let opens = start < s.start + 2 || !s.before(start - 1).is_wordlike();
        (any_verb && opens && self.quote_before(start)).then_some(UNKNOWN_VERB)
    }

    /// Returns whether marks that a tag can follow end before `at`: `“…,” |he`.
    fn quote_before(&self, at: usize) -> bool {
        let s = self.sentence;
        let Some(quote) = at.checked_sub(1).and_then(|before| s.quote(before)) else { return false };
        s.text[quote.inner_start..quote.inner_end].trim_end().ends_with([',', '?', '!', '—', '-', '–', '…'])
    }

    /// Returns whether the verb is finite with this subject.
    fn is_finite(&self, verb: usize, group: &VerbGroup, subject: &Range) -> bool {
        let token = self.sentence.at(verb);
        if !token.cues(Forms::VERB) {
            return token.is(Classes::VERB);
        }
        token.cues(Forms::FINITE)
            || group.helped && token.cues(Forms::PARTICIPLE.or(Forms::BASE))
            || group.passive && token.cues(Forms::GERUND)
            || token.cues(Forms::BASE) && self.is_plural(subject)
    }

    /// Returns whether what stands before `at` can be content that a tag follows.
    fn starts_tag(&self, at: usize) -> bool {
        let s = self.sentence;
        let mut before = at;
        while before > s.start && s.before(before).is(Classes::ADVERB) {
            before -= 1;
        }
        let previous = s.before(before);
        match previous.kind {
            Kind::Quote | Kind::Dash => true,
            Kind::Comma => true,
            Kind::Stop => before - 1 > s.start,
            _ => {
                previous.is(Classes::AS)
                    && before - 1 > s.start
                    && matches!(s.before(before - 1).kind, Kind::Comma | Kind::Quote | Kind::Dash)
            }
        }
    }

    /// Returns the end of a tag whose verb ends before `at`: nothing but adjuncts may follow up to a comma or stop.
    fn tag_end(&self, at: usize) -> Option<usize> {
        let s = self.sentence;
        let mut end = at;
        if s.words.verb(s.before(at).word).addressee {
            end = s.skip_addressee(end);
        }
        let closes = |at: usize| {
            at >= s.end
                || matches!(
                    s.at(at).kind,
                    Kind::Comma | Kind::Stop | Kind::Dash | Kind::Semicolon | Kind::Colon | Kind::Close
                )
        };
        for _ in 0..LONGEST_TAG {
            if closes(end) {
                // "a voter raised in Chile, said": a participle, not the verb.
                let participle =
                    end > at && s.at(end).kind == Kind::Comma && s.report_verb(end + 1).is_some();
                return (!participle).then_some(end);
            }
            let token = s.at(end);
            let names_venue =
                end > at && !matches!(s.before(end).kind, Kind::Comma | Kind::Colon) && closes(end + 1);
            if token.kind == Kind::Quote && !(names_venue || end > at && s.quote_ends_sentence(end))
                || token.is(Classes::THAT) && !self.subordinated(at..end)
            {
                return None;
            }
            if token.kind == Kind::Quote {
                return Some(end + 1);
            }
            let finite =
                token.kind == Kind::Word && token.is(Classes::AUXILIARY.or(Classes::SUBJECT_PRONOUN));
            let timed = token.is(Classes::DETERMINER) && s.at(end + 1).is(Classes::TIME);
            let adjunct = end > at
                || timed
                || token
                    .is(Classes::PREPOSITION.or(Classes::TIME).or(Classes::ADVERB).or(Classes::SUBORDINATOR))
                || token.cues(Forms::GERUND)
                || self.is_gerund(end);
            if finite && !self.subordinated(at..end) || !adjunct {
                return None;
            }
            end += 1;
        }
        None
    }

    /// Returns the end of a tag right behind marks whatever follows it, unless that is a clause of its own:
    /// `“…,” she said| onstage`, but not `“The Hour,” she said she …`.
    fn loose_tag_end(&self, at: usize, start: usize) -> Option<usize> {
        let s = self.sentence;
        let next = s.at(at);
        if !self.quote_before(start) || next.is(Classes::THAT.or(Classes::SUBJECT_PRONOUN)) {
            return None;
        }
        let clause = s
            .noun_phrase_from(at)
            .is_some_and(|subject| s.at(subject.end).is(Classes::AUXILIARY.or(Classes::VERB)));
        (!clause).then_some(at)
    }

    /// Steps over what is put beside the speaker before more marks: `said Ada Fenwick|, the mayor|, “and …”`.
    fn end_of_apposition(&self, at: usize) -> usize {
        let s = self.sentence;
        if s.at(at).kind != Kind::Comma || s.at(at + 1).kind == Kind::Quote {
            return at;
        }
        let second = (at + 1..at + LONGEST_TAG)
            .find(|at| matches!(s.at(*at).kind, Kind::Comma | Kind::Stop | Kind::Quote));
        second.filter(|end| s.at(*end).kind == Kind::Comma && s.at(end + 1).kind == Kind::Quote).unwrap_or(at)
    }

    fn is_gerund(&self, at: usize) -> bool {
        self.sentence.at(at).kind == Kind::Word && self.sentence.word(at).ends_with("ing")
    }

    fn subordinated(&self, range: Range) -> bool {
        let s = self.sentence;
        range
            .into_iter()
            .any(|at| s.at(at).is(Classes::SUBORDINATOR.or(Classes::RELATIVE)) || self.is_gerund(at))
    }

    fn report_after(&self, tag: &Tag) -> Option<Report> {
        let s = self.sentence;
        let mut end = tag.start;
        while end > s.start
            && (matches!(s.before(end).kind, Kind::Comma | Kind::Dash | Kind::Stop)
                || s.before(end).is(Classes::ADVERB.or(Classes::AS))
                    && !self.taken(end - 1)
                    && s.quote(end - 1).is_none()
                    && matches!(s.before(end - 1).kind, Kind::Comma | Kind::Quote | Kind::Dash))
        {
            end -= 1;
        }
        if end == s.start {
            return None;
        }
        let quoted = s.quote(end - 1).is_some();
        let mut start = self.clause_start(end);
        if quoted && (!s.has_finite_verb(start..end - 1) || s.before(end - 1).kind == Kind::Colon) {
            start = end - 1;
        }
        let rest = self.rest_after_tag(tag.end, quoted);
        let is_clause = quoted
            || rest.is_some()
            || s.has_finite_verb(start..end)
            || (start..end).any(|at| s.at(at).kind == Kind::Quote);
        if start >= end || !is_clause || !quoted && rest.is_none() && !self.is_full_clause(start..end) {
            return None;
        }
        if !quoted && s.at(tag.end).kind == Kind::Colon {
            return None;
        }
        let full = quoted || self.is_full_clause(start..end);
        let rest = rest.filter(|rest| {
            let next = s.at(rest.start);
            let joined = next.is(Classes::COORDINATOR
                .or(Classes::SUBORDINATOR)
                .or(Classes::PREPOSITION)
                .or(Classes::AUXILIARY));
            !full || joined || next.kind == Kind::Quote
        });
        if let Some(rest) = &rest
            && !full
            && s.quote(rest.start).is_some()
        {
            // "A little later, he said, “…”"
            return Some(Report {
                source: Some(tag.source.clone()),
                cue: tag.cue.clone(),
                content: vec![rest.clone()],
                rule: Rule::CueBefore,
                confidence: tag.weight,
                attitude: false,
                agentless: false,
            });
        }
        let mut content: Vec<Range> = std::iter::once(start..end).collect();
        let mut rule = if quoted { Rule::CueAfter } else { Rule::ClauseFirst };
        if let Some(rest) = rest {
            content.push(rest);
            rule = Rule::CueInside;
        }
        let confidence = if quoted { (tag.weight + 1.0) / 2.0 } else { tag.weight };
        Some(Report {
            source: Some(tag.source.clone()),
            cue: tag.cue.clone(),
            content,
            rule,
            confidence,
            attitude: false,
            agentless: false,
        })
    }

    /// Returns whether the range can stand as a sentence: what starts like an adjunct needs a clause behind its comma.
    fn is_full_clause(&self, range: Range) -> bool {
        let s = self.sentence;
        let first = s.at(range.start);
        if (range.clone()).any(|at| s.at(at).kind == Kind::Quote) {
            return true;
        }
        let adjunct = first.is(Classes::PREPOSITION.or(Classes::SUBORDINATOR).or(Classes::TIME))
            || first.cues(Forms::GERUND)
            || first.kind == Kind::Name && s.word(range.start).ends_with("ing");
        if adjunct {
            let comma = range.clone().find(|at| s.at(*at).kind == Kind::Comma);
            return comma.is_some_and(|comma| s.has_finite_verb(comma + 1..range.end));
        }
        range.take(sentence::LONGEST_CONTENT).any(|at| {
            let token = s.at(at);
            let by_ending =
                token.is(Classes::VERB) && !token.is(Classes::AUXILIARY) && s.word(at).ends_with("ed");
            let subject = s.before(at).is(Classes::SUBJECT_PRONOUN)
                || s.before(at).kind == Kind::Name
                || s.before(at).is_wordlike() && !s.at(at + 1).is(Classes::PREPOSITION);
            token.is(Classes::AUXILIARY.or(Classes::CONTRACTION))
                || token.is(Classes::VERB) && (!by_ending || subject)
                || token.cues(Forms::FINITE) && !token.is(Classes::SPEAKER_NOUN.or(Classes::VENUE))
        })
    }

    /// Returns the second piece of a content that a tag cuts.
    fn rest_after_tag(&self, tag_end: usize, quoted: bool) -> Option<Range> {
        let s = self.sentence;
        if quoted && s.at(tag_end).kind == Kind::Quote {
            return Some(tag_end..self.quoted_end(tag_end));
        }
        if !matches!(s.at(tag_end).kind, Kind::Comma | Kind::Dash | Kind::Colon) {
            return None;
        }
        let from = tag_end + 1;
        let next = s.at(from);
        if next.kind == Kind::Quote {
            return Some(from..self.quoted_end(from));
        }
        if quoted
            || next.cues(Forms::GERUND)
            || next.is(Classes::RELATIVE)
            || self.is_gerund(from)
            || next.is(Classes::CONTRAST)
        {
            return None;
        }
        if next.is(Classes::COORDINATOR) && (s.report_verb(from + 1).is_some()) {
            return None;
        }
        if s.at(tag_end).kind == Kind::Dash || next.is(Classes::COORDINATOR) && s.starts_report(from + 1) {
            return None;
        }
        let end = s.clause_end(from);
        (s.has_finite_verb(from..end)).then_some(from..end)
    }

    /// Returns the end of a content that starts with marks at `at`.
    fn quoted_end(&self, at: usize) -> usize {
        let s = self.sentence;
        let next = s.at(at + 1);
        if s.quote_ends_sentence(at) || !(next.is_wordlike()) {
            return at + 1;
        }
        if next.is(Classes::COORDINATOR) && s.at(at + 2).kind == Kind::Quote {
            return self.quoted_end(at + 2);
        }
        if next.is(Classes::COORDINATOR.or(Classes::TIME).or(Classes::SUBORDINATOR))
            || next.is(Classes::PREPOSITION) && !next.is(Classes::OF)
        {
            return at + 1;
        }
        s.clause_end(at + 1).max(at + 1)
    }

    /// "X said that …", "X promised to …", "…, noting that …".
    fn cues_before(&mut self) {
        let s = self.sentence;
        let mut at = s.start;
        while at < s.end {
            let token = s.at(at);
            if !token.cues(Forms::VERB.or(Forms::NOUN)) || self.taken(at) {
                at += 1;
                continue;
            }
            let report = self.verb_report(at).or_else(|| self.noun_report(at));
            // "“…,” said Ada, and she laughed, “…”": the second piece has its speaker.
            let report = report.filter(|report| !report.content.iter().any(|piece| self.taken(piece.start)));
            match report {
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
        if !token.cues(Forms::VERB) {
            return None;
        }
        let cue = s.words.verb(token.word);
        if cue.attitude && !self.attitudes {
            return None;
        }
        let group = s.verb_group(verb);
        let gerund = token.cues(Forms::GERUND) && !group.passive;
        if group.passive && token.cues(Forms::PARTICIPLE) && !token.cues(Forms::GERUND) {
            return self.passive_report(verb, &group, cue);
        }
        let reduced =
            token.cues(Forms::PARTICIPLE) && cue.addressee && s.before(group.start).is(Classes::SUBORDINATOR);
        if reduced {
            return self.passive_report(verb, &group, cue); // "when asked whether …"
        }
        let (content, frame, rule) = self.content_after(verb, cue)?;
        // "He reads “The Long Night”": a title is nobody's words.
        let unmarked = s.before(content.start).is_wordlike();
        if rule == Rule::CueBefore && content.len() == 1 && unmarked && s.quote_is_title(content.start) {
            return None;
        }
        let source = if gerund { self.gerund_subject(&group) } else { self.finite_subject(&group, verb) }?;
        let mut confidence = cue.weight(frame);
        if gerund {
            confidence = confidence.min(cue.weight(Frame::Gerund));
        }
        if group.infinitive {
            confidence *= 0.6;
        } else if group.unreal {
            confidence *= 0.75;
        }
        if group.negated {
            confidence *= 0.7;
        }
        // "You say …" names nobody, and "it goes without saying" says nothing.
        let pronoun = if source.len() == 1 { s.at(source.start) } else { s.at(s.end) };
        if pronoun.is(Classes::SECOND_PERSON) || pronoun.is(Classes::NEUTER) && confidence < MIN_INVERTED {
            return None;
        }
        let relative = s.at(source.start).is(Classes::RELATIVE) && !s.at(source.start).is(Classes::EXPLETIVE);
        let thing = !relative && !self.speaks(&source);
        if thing && (confidence < THING || s.voiced) {
            return None; // "the real challenges that plague …"
        }
        if confidence < TOO_WEAK {
            return None;
        }
        let rule = if gerund { Rule::Gerund } else { rule };
        Some(Report {
            source: Some(source),
            cue: group.start..verb + 1,
            content: vec![content],
            rule,
            confidence,
            attitude: cue.attitude,
            agentless: false,
        })
    }

    /// Returns who does what a finite verb says.
    fn finite_subject(&self, group: &VerbGroup, verb: usize) -> Option<Range> {
        let s = self.sentence;
        let left = s.before(group.start);
        if left.is(Classes::CONTRACTION) {
            return Some(group.start - 1..group.start);
        }
        if group.infinitive && s.at(verb).cues(Forms::BASE) {
            return self.last_subject.clone().or_else(|| s.main_subject(s.start, group.start));
        }
        if left.is(Classes::COORDINATOR)
            || left.kind == Kind::Comma && s.before(group.start - 1).is(Classes::COORDINATOR)
        {
            return self.last_subject.clone().or_else(|| s.main_subject(s.start, group.start));
        }
        let subject = s.subject_before(group.start)?;
        if self.is_participle_of(&subject, verb, group) {
            return None;
        }
        if !group.passive && !self.is_finite(verb, group, &subject) {
            return None;
        }
        Some(subject)
    }

    /// Returns whether the verb belongs to a noun that is no subject: `he launched |a drive called| “…”`.
    fn is_participle_of(&self, subject: &Range, verb: usize, group: &VerbGroup) -> bool {
        let s = self.sentence;
        let left = s.before(subject.start);
        let governed = left.is(Classes::PREPOSITION.or(Classes::VERB).or(Classes::BE))
            && !left.is(Classes::SUBORDINATOR.or(Classes::TIME))
            || left.cues(Forms::FINITE.or(Forms::GERUND))
                && left.kind == Kind::Word
                && !left.is(Classes::SPEAKER_NOUN);
        let named = subject.clone().any(|at| {
            let token = s.at(at);
            let capital_only = token.is(Classes::DETERMINER.or(Classes::TIME));
            token.kind == Kind::Name && !capital_only || token.is(Classes::SUBJECT_PRONOUN)
        });
        // "A boat named “Northern Star”": words in marks right behind it are a name.
        let names = s.quote(verb + 1).is_some()
            && !subject.clone().any(|at| s.at(at).is(Classes::SPEAKER_NOUN.or(Classes::VENUE)));
        let no_clause = s.words.verb(s.at(verb).word).weight(Frame::Clause) < 0.3;
        let participle = group.start == verb && s.at(verb).cues(Forms::PARTICIPLE) && !named;
        participle && (governed || names && no_clause)
    }

    fn is_plural(&self, subject: &Range) -> bool {
        let s = self.sentence;
        let last = s.at(subject.end - 1);
        last.is(Classes::PLURAL
            .or(Classes::FIRST_PERSON)
            .or(Classes::SECOND_PERSON)
            .or(Classes::RELATIVE)
            .or(Classes::INDEFINITE))
            || s.word(subject.end - 1).ends_with('s')
            || last.kind == Kind::Close
            || last.is(Classes::SPEAKER_NOUN)
            || subject.clone().any(|at| s.at(at).is(Classes::COORDINATOR) || s.word(at).ends_with('s'))
    }

    /// Returns who does what a verb in "-ing" says: the subject before it.
    fn gerund_subject(&self, group: &VerbGroup) -> Option<Range> {
        let s = self.sentence;
        let left = s.before(group.start);
        let joined = matches!(left.kind, Kind::Comma | Kind::Quote | Kind::Dash)
            || left.is(Classes::COORDINATOR.or(Classes::SUBORDINATOR).or(Classes::PREPOSITION));
        if group.start == s.start {
            // "Noting that …, Ada Fenwick voted": the subject comes later.
            let comma = (group.start..s.end).find(|at| s.at(*at).kind == Kind::Comma)?;
            return s.main_subject(comma + 1, s.end);
        }
        if left.is(Classes::OBJECT_PRONOUN) && !left.is(Classes::POSSESSIVE) {
            return Some(group.start - 1..group.start); // "him saying that …"
        }
        if !joined {
            let phrase = s.subject_before(group.start)?;
            // "Fenwick presented the situation, noting …": things do not speak.
            if self.speaks(&phrase) || !s.has_finite_verb(s.start..phrase.start) {
                return Some(phrase);
            }
        }
        self.last_subject.clone().or_else(|| s.main_subject(s.start, group.start))
    }

    /// Returns whether a noun phrase can be somebody who speaks, or something that is said.
    fn speaks(&self, phrase: &Range) -> bool {
        let s = self.sentence;
        phrase.clone().any(|at| {
            let speaker = Classes::SPEAKER_NOUN
                .or(Classes::VENUE)
                .or(Classes::SUBJECT_PRONOUN)
                .or(Classes::OBJECT_PRONOUN);
            s.at(at).kind == Kind::Name && s.at(at + 1).kind != Kind::Possessive
                || s.at(at).is(speaker.or(Classes::INDEFINITE))
        })
    }

    /// Reads what follows the verb.
    fn content_after(&self, verb: usize, cue: &Cue) -> Option<(Range, Frame, Rule)> {
        let s = self.sentence;
        let mut at = verb + 1;
        while s.at(at).is(Classes::ADVERB)
            && s.at(at).kind == Kind::Word
            && !s.at(at).is(Classes::PREPOSITION)
        {
            at += 1;
        }
        if cue.addressee {
            at = s.skip_addressee(at);
        }
        at = s.skip_adjuncts(at, &cue.prepositions);
        let found = self.content_at(at, verb, cue)?;
        (cue.weight(found.1) > 0.0).then_some(found)
    }

    fn content_at(&self, at: usize, verb: usize, cue: &Cue) -> Option<(Range, Frame, Rule)> {
        let s = self.sentence;
        let token = s.at(at);
        match token.kind {
            Kind::Quote if cue.weight(Frame::Clause) < 0.3 => {
                let joined = s.at(at + 1).is(Classes::COORDINATOR) && s.at(at + 2).kind == Kind::Quote;
                Some((at..at + if joined { 3 } else { 1 }, Frame::Quote, Rule::CueBefore))
            }
            Kind::Quote => Some((at..self.quoted_end(at), Frame::Quote, Rule::CueBefore)),
            Kind::Comma | Kind::Colon if s.at(at + 1).kind == Kind::Quote => {
                Some((at + 1..self.quoted_end(at + 1), Frame::Quote, Rule::CueBefore))
            }
            Kind::Colon => Some((at + 1..s.clause_end(at + 1), Frame::Clause, Rule::Clause)),
            _ if token.is(Classes::THAT) && !s.is_demonstrative(at) => {
                let mut from = at + 1;
                if s.at(from).kind == Kind::Comma {
                    from += 1;
                }
                if s.quote(from).is_some() {
                    let end = self.quoted_end(from);
                    return Some((from..end, Frame::That, Rule::That));
                }
                Some((from..s.clause_end(from), Frame::That, Rule::That))
            }
            _ if token.is(Classes::INFINITIVE_MARK)
                && s.is_infinitive(at)
                && !self.own_preposition(at, cue) =>
            {
                Some((at..s.phrase_end(at), Frame::Infinitive, Rule::Infinitive))
            }
            _ if self.own_preposition(at, cue) => {
                let from = at + 1;
                let end = if s.quote(from).is_some() { self.quoted_end(from) } else { s.phrase_end(from) };
                (from < end).then_some((from..end, Frame::Preposition, Rule::Preposition))
            }
            _ if token.is(Classes::QUESTION_WORD) => {
                Some((at..s.clause_end(at), Frame::Question, Rule::Question))
            }
            _ if token.is_wordlike() || token.kind == Kind::Sign => {
                if token.is(Classes::PREPOSITION.or(Classes::SUBORDINATOR).or(Classes::COORDINATOR))
                    && !token.is(Classes::DETERMINER.or(Classes::ADVERB))
                    && cue.weight(Frame::Clause) < 0.8
                {
                    return None;
                }
                let end = s.clause_end(at);
                if cue.weight(Frame::Stance) > 0.0 && self.names_stance(at..end) {
                    return Some((at..end, Frame::Stance, Rule::Object));
                }
                if s.has_finite_verb(at + 1..end) && cue.weight(Frame::Clause) > 0.0 {
                    return Some((at..end, Frame::Clause, Rule::Clause));
                }
                let end = s.phrase_end(at);
                (end > verb + 1).then_some((at..end, Frame::Object, Rule::Object))
            }
            _ => None,
        }
    }

    /// Returns whether an object is led by a noun that holds what was said: "|the importance of trade".
    fn names_stance(&self, range: Range) -> bool {
        let s = self.sentence;
        let led = (range.start..range.end.min(range.start + LONGEST_LEAD)).find(|at| {
            let ends = Classes::STANCE.or(Classes::PREPOSITION).or(Classes::RELATIVE).or(Classes::AUXILIARY);
            s.at(*at).kind != Kind::Possessive && s.at(*at).is(ends)
        });
        led.is_some_and(|noun| {
            s.at(noun).is(Classes::STANCE)
                && s.at(noun + 1).is(Classes::PREPOSITION.or(Classes::INFINITIVE_MARK).or(Classes::THAT))
        })
    }

    fn own_preposition(&self, at: usize, cue: &Cue) -> bool {
        let token = self.sentence.at(at);
        token.is(Classes::PREPOSITION)
            && cue.prepositions.iter().any(|word| self.sentence.word(at).eq_ignore_ascii_case(word))
    }

    /// "It was stressed that …", "X was asked by Y whether …".
    fn passive_report(&self, verb: usize, group: &VerbGroup, cue: &Cue) -> Option<Report> {
        let s = self.sentence;
        let mut at = verb + 1;
        let mut source = None;
        if s.at(at).is(Classes::BY) {
            let agent = s.noun_phrase_from(at + 1)?;
            at = agent.end;
            source = Some(agent);
        }
        at = s.skip_adjuncts(at, &cue.prepositions);
        let (content, frame, _) = self.content_at(at, verb, cue)?;
        if !matches!(
            frame,
            Frame::That | Frame::Question | Frame::Preposition | Frame::Infinitive | Frame::Quote
        ) {
            return None;
        }
        let confidence = cue.weight(Frame::Passive) * if source.is_some() { 1.0 } else { 0.8 };
        let agentless = source.is_none();
        (confidence > 0.0).then(|| Report {
            source,
            cue: group.start..verb + 1,
            content: vec![content],
            rule: Rule::Passive,
            confidence,
            attitude: cue.attitude,
            agentless,
        })
    }

    /// "his promise to …", "Fenwick's statement that …".
    fn noun_report(&self, noun: usize) -> Option<Report> {
        let s = self.sentence;
        let token = s.at(noun);
        if !token.cues(Forms::NOUN) {
            return None;
        }
        let cue = s.words.noun(token.word);
        let source = self.possessor(noun);
        let (content, frame, _) = self.content_at(noun + 1, noun, cue)?;
        if !matches!(frame, Frame::That | Frame::Infinitive | Frame::Preposition) {
            return None;
        }
        let confidence = cue.weight(frame) * if source.is_some() { 1.0 } else { 0.5 };
        let agentless = source.is_none();
        (confidence >= super::MIN_CONFIDENCE).then(|| Report {
            source,
            cue: noun..noun + 1,
            content: vec![content],
            rule: Rule::Noun,
            confidence,
            attitude: cue.attitude,
            agentless,
        })
    }

    /// Returns whose noun it is: "his", "Fenwick" of "Fenwick's".
    fn possessor(&self, noun: usize) -> Option<Range> {
        let s = self.sentence;
        let mut at = noun;
        while at > s.start
            && noun - at < 3
            && s.before(at).kind == Kind::Word
            && !s.before(at).is(Classes::NO_NOUN.or(Classes::POSSESSIVE).or(Classes::DETERMINER))
        {
            at -= 1;
        }
        let left = s.before(at);
        if left.is(Classes::POSSESSIVE) {
            return Some(at - 1..at);
        }
        if left.kind == Kind::Possessive {
            return s.noun_phrase_before(at - 1);
        }
        None
    }

    /// `Ada Fenwick: “…”`, and any other words with a subject before a colon and marks.
    fn labels(&mut self) {
        let s = self.sentence;
        for at in s.start..s.end.min(s.start + sentence::LONGEST_CONTENT) {
            if s.at(at).kind != Kind::Colon || s.at(at + 1).kind != Kind::Quote || self.taken(at + 1) {
                continue;
            }
            let name = s
                .noun_phrase_before(at)
                .filter(|name| name.start == s.start && name.clone().any(|at| s.at(at).kind == Kind::Name));
            let confidence = if name.is_some() { LABEL.0 } else { LABEL.1 };
            let Some(source) =
                name.or_else(|| self.handle_before(at)).or_else(|| s.main_subject(s.start, at))
            else {
                continue;
            };
            self.push(Report {
                source: Some(source),
                cue: at..at + 1,
                content: std::iter::once(at + 1..at + 2).collect(),
                rule: Rule::Label,
                confidence,
                attitude: false,
                agentless: false,
            });
        }
    }
}

impl Finder<'_, '_> {
    /// Returns the account that ends before `at`: `|@fenwick|: “…”`.
    fn handle_before(&self, at: usize) -> Option<Range> {
        let s = self.sentence;
        let handle = at.checked_sub(1).filter(|handle| *handle >= s.start)?;
        s.text[s.at(handle).start..].starts_with('@').then_some(handle..at)
    }

    /// "“…” ― Ada Fenwick, mayor": marks alone, a dash and a name up to the end.
    fn signature(&mut self) {
        let s = self.sentence;
        let quote = s.start;
        if s.at(quote).kind != Kind::Quote || self.taken(quote) || s.end < quote + 3 {
            return;
        }
        let stops = usize::from(matches!(s.at(quote + 1).kind, Kind::Stop | Kind::Comma));
        let dash = quote + 1 + stops;
        let Some(source) = (s.at(dash).kind == Kind::Dash).then(|| s.signature_at(dash + 1)).flatten() else {
            return;
        };
        let long = s.at(quote).end - s.at(quote).start >= LONG_SIGNED_BYTES || s.quote_is_plain(quote);
        // "“The Long Night” – Ada Fenwick" is a book.
        if !long && (source.len() == 1 || !s.quote_ends_sentence(quote)) {
            return;
        }
        self.push(Report {
            source: Some(source),
            cue: dash..dash + 1,
            content: std::iter::once(quote..quote + 1).collect(),
            rule: Rule::Signature,
            confidence: SIGNATURE,
            attitude: false,
            agentless: false,
        });
    }
}

/// Returns who is announced to speak in the next paragraph, where the sentence ends in a colon.
pub(super) fn announced(sentence: &Sentence<'_>) -> Option<Range> {
    let colon = sentence.end.checked_sub(1).filter(|at| sentence.at(*at).kind == Kind::Colon)?;
    let finder = Finder { sentence, attitudes: false, reports: Vec::new(), last_subject: None };
    let cue = (sentence.start..colon).rev().take(24).find(|at| {
        let token = sentence.at(*at);
        token.cues(Forms::VERB) && sentence.words.verb(token.word).weight(Frame::Quote) > 0.0
    });
    cue.and_then(|verb| finder.finite_subject(&sentence.verb_group(verb), verb))
        .or_else(|| sentence.noun_phrase_before(colon).filter(|name| name.start == sentence.start))
        .or_else(|| sentence.main_subject(sentence.start, colon))
}

/// How sure a report stays that ends before a comma, and before any other word; measured on labelled news, as are those
/// below.
const OPEN_END: (f32, f32) = (0.85, 0.65);
/// The same where a dash or semicolon cuts the content.
const BROKEN: f32 = 0.75;
/// The same where "who" or "that" speaks.
const RELATIVE_SOURCE: f32 = 0.75;
/// The same where a comma may start what the narrator adds.
const BACKGROUND: f32 = 0.8;
/// The same for content of so many words and more.
const LONG_CONTENT: (usize, f32) = (25, 0.93);
/// How much surer a report without a comma is.
const ONE_PIECE: f32 = 1.1;
/// What no report without marks exceeds.
const SUREST: f32 = 0.97;
/// Tokens before the noun that leads an object: "the council's *firm* policy".
const LONGEST_LEAD: usize = 8;
/// A weaker cue needs a subject that can speak.
const THING: f32 = 0.6;
/// A report below this must not hide those inside what would be its content.
const TOO_WEAK: f32 = 0.2;
/// Tokens after the verb of a tag.
const LONGEST_TAG: usize = 24;
/// How sure a tag is whose verb is no cue: `“…,” he grunted`.
const UNKNOWN_VERB: f32 = 0.5;
/// A verb below this takes its subject behind it only after marks.
const MIN_INVERTED: f32 = 0.7;
/// Words in marks of this length are more than a title.
const LONG_SIGNED_BYTES: usize = 48;
/// How sure a name behind a dash is.
const SIGNATURE: f32 = 0.85;
/// How sure a colon before marks is: after a name, and after any other words.
const LABEL: (f32, f32) = (0.85, 0.7);
