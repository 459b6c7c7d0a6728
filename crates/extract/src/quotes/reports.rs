//! Who is reported to say what in one sentence: cue by cue, without resolving who "he" is.

use super::{
    sentence::{Range, Sentence, VerbGroup},
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
}

/// Finds the reports of a sentence, left to right, none inside another's content.
pub(super) fn find(sentence: &Sentence<'_>, attitudes: bool) -> Vec<Report> {
    let mut finder = Finder { sentence, attitudes, reports: Vec::new(), last_subject: None };
    finder.phrases();
    finder.cues_after();
    finder.cues_before();
    finder.labels();
    finder.reports.sort_by_key(|report| report.content.first().map(|content| content.start));
    finder.reports
}

/// Returns whether the tokens from `at` on attribute what stands before them: `|he said.`
pub(super) fn attribution_follows(sentence: &Sentence<'_>, at: usize) -> bool {
    let finder = Finder { sentence, attitudes: false, reports: Vec::new(), last_subject: None };
    let ceiling = sentence.end.min(at + 24);
    (at..ceiling)
        .take_while(|at| sentence.at(*at).kind != Kind::Stop)
        .filter(|verb| sentence.at(*verb).cues(Forms::FINITE.or(Forms::PARTICIPLE)))
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
            self.reports.push(report);
        }
    }

    /// "According to X, …" and "…, according to X".
    fn phrases(&mut self) {
        let s = self.sentence;
        let mut at = s.start;
        while at < s.end {
            let token = s.at(at);
            if !token.is(Classes::PREPOSITION.or(Classes::AS).or(Classes::PHRASE)) {
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
            && self.clause_start(phrase) + 1 < phrase
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
            if s.before(phrase).kind == Kind::Comma && s.at(name_end).kind == Kind::Comma && only_adjunct {
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
        // An apposition to the name: "According to Ada Fenwick, the mayor, the bridge is safe".
        let end = s.clause_end(start);
        if start < end && start > name_end {
            content.push(start..end);
        }
        content
    }

    /// Returns where the clause that ends before `end` starts.
    fn clause_start(&self, end: usize) -> usize {
        let s = self.sentence;
        let mut start = (s.start.max(end.saturating_sub(super::sentence::LONGEST_CONTENT))..end)
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
    fn cues_after(&mut self) {
        let s = self.sentence;
        let mut at = s.start;
        while at < s.end {
            let token = s.at(at);
            if token.cues(Forms::FINITE.or(Forms::PARTICIPLE))
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
        let cue = s.words.verb(s.at(verb).word);
        let weight = cue.weight(Frame::After).max(cue.weight(Frame::Quote) * 0.9);
        if weight < 0.2 {
            return None;
        }
        let group = s.verb_group(verb);
        if group.infinitive || group.passive {
            return None;
        }
        if let Some(subject) = s.subject_before(group.start).filter(|subject| self.starts_tag(subject.start))
            && let Some(end) = self.tag_end(verb + 1)
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
        if !s.at(verb).cues(Forms::FINITE) || group.helped || !self.starts_tag(group.start) {
            return None;
        }
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
        Some(Tag {
            start: group.start,
            end: subject.end,
            source: subject,
            cue: group.start..verb + 1,
            weight,
        })
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
            Kind::Stop => {
                before - 1 > s.start && s.tokens[before - 2].kind == Kind::Quote || before - 1 > s.start
            }
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
                return Some(end);
            }
            let token = s.at(end);
            let names_venue =
                end > at && !matches!(s.before(end).kind, Kind::Comma | Kind::Colon) && closes(end + 1);
            if token.kind == Kind::Quote && !(names_venue || end > at && s.quote_ends_sentence(end))
                || token.is(Classes::THAT)
            {
                return None;
            }
            if token.kind == Kind::Quote {
                return Some(end + 1);
            }
            let finite = token.is(Classes::AUXILIARY) || token.is(Classes::SUBJECT_PRONOUN);
            let adjunct = end > at
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
        if quoted && !s.has_finite_verb(start..end - 1) {
            start = end - 1;
        }
        if start >= end
            || !quoted
                && !s.has_finite_verb(start..end)
                && !(start..end).any(|at| s.at(at).kind == Kind::Quote)
        {
            return None;
        }
        let mut content = vec![start..end];
        let mut rule = if quoted { Rule::CueAfter } else { Rule::ClauseFirst };
        if let Some(rest) = self.rest_after_tag(tag.end, quoted) {
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

    /// Returns the second piece of a content that a tag cuts.
    fn rest_after_tag(&self, tag_end: usize, quoted: bool) -> Option<Range> {
        let s = self.sentence;
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
        let fits = token.cues(Forms::FINITE)
            || group.helped && token.cues(Forms::PARTICIPLE.or(Forms::BASE))
            || gerund
            || token.cues(Forms::GERUND);
        if !fits {
            return None;
        }
        if group.passive && token.cues(Forms::PARTICIPLE) && !token.cues(Forms::GERUND) {
            return self.passive_report(verb, &group, cue);
        }
        let (mut content, frame, rule) = self.content_after(verb, cue)?;
        if gerund && group.start == s.start {
            // "Speaking of the bridge, |Ada Fenwick …": the main clause is no content.
            let comma = content.clone().find(|at| s.at(*at).kind == Kind::Comma);
            content.end = comma.unwrap_or(content.end);
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
        if group.infinitive {
            return self.last_subject.clone().or_else(|| s.main_subject(s.start, group.start));
        }
        if left.is(Classes::COORDINATOR)
            || left.kind == Kind::Comma && s.before(group.start - 1).is(Classes::COORDINATOR)
        {
            return self.last_subject.clone().or_else(|| s.main_subject(s.start, group.start));
        }
        let bare_base = s.at(verb).cues(Forms::BASE) && !group.helped;
        let subject = s.subject_before(group.start)?;
        if bare_base && !self.is_plural(&subject) {
            return None;
        }
        Some(subject)
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
        if left.is(Classes::OBJECT_PRONOUN) {
            return Some(group.start - 1..group.start); // "him saying that …"
        }
        if !joined {
            let near = s.subject_before(group.start)?;
            // "Fenwick presented the situation, noting …": things do not speak.
            return if self.speaks(&near) {
                Some(near)
            } else {
                s.main_subject(s.start, group.start).or(Some(near))
            };
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
                Some((at..s.clause_end(at), Frame::Infinitive, Rule::Infinitive))
            }
            _ if self.own_preposition(at, cue) => {
                let from = at + 1;
                let end = if s.quote(from).is_some() { self.quoted_end(from) } else { s.clause_end(from) };
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
                let clause = s.has_finite_verb(at + 1..end) && cue.weight(Frame::Clause) > 0.0;
                let (frame, rule) = if cue.weight(Frame::Stance) > 0.0 && self.names_stance(at..end) {
                    (Frame::Stance, Rule::Object)
                } else if clause {
                    (Frame::Clause, Rule::Clause)
                } else {
                    (Frame::Object, Rule::Object)
                };
                (end > verb + 1).then_some((at..end, frame, rule))
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

    /// `Ada Fenwick: “…”` and `“…” – Ada Fenwick`.
    fn labels(&mut self) {
        let s = self.sentence;
        for at in s.start..s.end.min(s.start + 12) {
            if s.at(at).kind != Kind::Colon {
                continue;
            }
            if s.at(at + 1).kind != Kind::Quote || self.taken(at + 1) {
                return;
            }
            let Some(name) = s
                .noun_phrase_before(at)
                .filter(|name| name.start == s.start && name.clone().any(|at| s.at(at).kind == Kind::Name))
            else {
                return;
            };
            self.push(Report {
                source: Some(name),
                cue: at..at + 1,
                content: vec![at + 1..at + 2],
                rule: Rule::Label,
                confidence: 0.85,
                attitude: false,
                agentless: false,
            });
            return;
        }
    }
}

/// Tokens before the noun that leads an object: "the West's *deliberate* policy".
const LONGEST_LEAD: usize = 8;
/// A report below this must not hide those inside what would be its content.
const TOO_WEAK: f32 = 0.2;
/// Tokens after the verb of a tag.
const LONGEST_TAG: usize = 24;
