//! Direct, mixed and indirect quotations in running text.
//!
//! Paragraph by paragraph: marks are paired (`marks`), the rest is read as words (`tokens`, `words`), sentences are
//! searched for cues (`sentence`, `reports`), speakers are resolved (`speakers`). Quotations without a cue of their own
//! keep the speaker of those before them.

mod cases;
mod choice;
mod grammar;
mod marked;
mod marks;
mod reports;
mod sentence;
mod speakers;
mod tokens;
mod words;

use dictum_core::{
    Diagnostic, DiagnosticKind, Form, FormKind, Manner, QuotedStatement, Span, Speaker, UnknownSpeaker,
};

use self::{
    marks::Quote,
    reports::Report,
    sentence::{Range, Sentence},
    speakers::Speakers,
    tokens::{Kind, Token},
    words::{Classes, Forms, Words},
};
use crate::{
    Loss, LossReason, Options, Rule,
    explain::Losses,
    people::People,
    stretch::{Found, Stretch, Voice},
};

/// The rules of this module.
pub(crate) const RULES: &[Rule] = &[
    rule("quote-cue-before", Some(Manner::Direct), "A cue and marks after it: `X said: “…”`."),
    rule("quote-cue-after", None, "Marks and a cue after them: `“…,” X said`, `“…,” said X`."),
    rule("quote-cue-inside", None, "A cue cuts the content: `“…,” X said, “…”`."),
    rule(
        "quote-cue-in-marks",
        Some(Manner::Direct),
        "A cue cuts the content inside its marks: `«…, — сказал X. — …»`.",
    ),
    rule(
        "quote-dialogue",
        Some(Manner::Direct),
        "A paragraph of speech with a dash and a cue: `— …, — сказал X.`",
    ),
    rule("quote-label", Some(Manner::Direct), "A name, a colon and marks."),
    rule("quote-signature", Some(Manner::Direct), "Marks, a dash and a name: `“…” — X`."),
    rule(
        FLOATING_RULE,
        Some(Manner::Direct),
        "A sentence in marks that keeps the speaker of the one before.",
    ),
    rule("report-that", None, "A cue and its clause: `X said that …`."),
    rule("report-clause", None, "A cue and its clause without a joining word: `X said …`."),
    rule("report-question", None, "A cue and a question: `X asked whether …`."),
    rule("report-infinitive", None, "A cue and an act: `X promised to …`, `X asked Y to …`."),
    rule("report-object", None, "A cue and a thing: `X outlined the plan`."),
    rule("report-preposition", None, "A cue and a topic: `X spoke about the plan`."),
    rule("report-clause-first", None, "The clause stands before its cue: `…, X said.`"),
    rule("report-phrase", None, "`According to X, …`, `As X noted, …`"),
    rule("report-gerund", None, "A cue in `-ing` after the clause of its subject: `…, noting that …`."),
    rule("report-passive", None, "A passive cue: `X was asked whether …`, `the plan was announced`."),
    rule("report-noun", None, "A noun that reports: `his promise to …`."),
];

const fn rule(id: &'static str, manner: Option<Manner>, description: &'static str) -> Rule {
    Rule { id, form: FormKind::QuotedStatement, manner, description, source: "cues.toml, words.toml" }
}

impl reports::Rule {
    /// Returns the id that users see.
    const fn id(self) -> &'static str {
        match self {
            Self::CueBefore => "quote-cue-before",
            Self::CueAfter => "quote-cue-after",
            Self::CueInside => "quote-cue-inside",
            Self::That => "report-that",
            Self::Clause => "report-clause",
            Self::Question => "report-question",
            Self::Infinitive => "report-infinitive",
            Self::Object => "report-object",
            Self::Preposition => "report-preposition",
            Self::ClauseFirst => "report-clause-first",
            Self::Phrase => "report-phrase",
            Self::Gerund => "report-gerund",
            Self::Passive => "report-passive",
            Self::Noun => "report-noun",
            Self::Label => "quote-label",
            Self::InsideMarks => "quote-cue-in-marks",
            Self::Dialogue => "quote-dialogue",
            Self::Signature => "quote-signature",
        }
    }
}

/// Reports below this are more often wrong than right.
const MIN_CONFIDENCE: f32 = 0.4;
/// How sure a label in capitals inside marks is.
const INNER_LABEL: f32 = 0.8;
/// The id of the rule for quotations that keep the speaker of the one beside them.
const FLOATING_RULE: &str = "quote-floating";
/// How sure a quotation is that keeps the speaker of the one before it, in its paragraph and in the next.
const FLOATING: (f32, f32) = (0.85, 0.6);

/// The same where nobody is known to say it.
const UNATTRIBUTED: f32 = 0.5;
/// Bytes of a turn in a dialogue of marks alone.
const LONGEST_TURN_BYTES: usize = 80;
/// Tokens of a sentence that tells what somebody does while they speak.
const LONGEST_ACTION: usize = 14;

/// Finds quotations in the stretches.
pub(crate) fn find(
    text: &str,
    language: Option<&str>,
    stretches: &[Stretch],
    people: &mut People,
    options: &Options,
    diagnostics: &mut Vec<Diagnostic>,
    losses: &mut Losses,
) -> Vec<Found> {
    let Some(words) = choice::words(language, text) else { return Vec::new() };
    let mut found = Vec::new();
    for stretch in stretches {
        let Some(part) = stretch.span.slice(text) else { continue };
        let mut reader = Reader {
            text,
            words,
            voice: &stretch.voice,
            options,
            speakers: Speakers::new(text, words, people),
            quotes: Vec::new(),
            tokens: Vec::new(),
            previous: None,
            open: None,
            found: &mut found,
            diagnostics,
            losses,
        };
        for (start, end) in paragraphs(part, stretch.span.start()) {
            reader.read_paragraph(start, end);
        }
    }
    join_neighbours(text, &mut found);
    found
}

/// Joins a quotation without a cue to the one right before or after it, where nothing but marks stands between them:
/// one statement, over one or more paragraphs.
fn join_neighbours(text: &str, found: &mut Vec<Found>) {
    found.sort_by_key(|found| found.form.extent().start());
    let mut joined: Vec<Found> = Vec::with_capacity(found.len());
    for next in found.drain(..) {
        match joined.last_mut() {
            Some(last) if can_join(text, last, &next) => join(last, next),
            _ => joined.push(next),
        }
    }
    *found = joined;
}

fn can_join(text: &str, first: &Found, second: &Found) -> bool {
    let (Form::QuotedStatement(a), Form::QuotedStatement(b)) = (&first.form, &second.form) else {
        return false;
    };
    let floating = first.rule == FLOATING_RULE || second.rule == FLOATING_RULE;
    let direct = a.manner == Manner::Direct && b.manner == Manner::Direct;
    let between = text.get(a.content.end()..b.content.start()).unwrap_or("x");
    floating
        && direct
        && a.source == b.source
        && a.speaker == b.speaker
        && !between.chars().any(char::is_alphanumeric)
}

/// Lengthens `first` to the end of `second`; the one with a cue keeps rule, cue and confidence.
fn join(first: &mut Found, second: Found) {
    let (Form::QuotedStatement(a), Form::QuotedStatement(b)) = (&mut first.form, second.form) else { return };
    let long = |start: Span, end: Span| Span::new(start.start(), end.end()).unwrap_or(start);
    let (last, next) = (*a.parts().last().unwrap_or(&a.content), *b.parts().first().unwrap_or(&b.content));
    let mut parts: Vec<Span> = a.parts().iter().copied().take(a.parts().len() - 1).collect();
    parts.push(long(last, next));
    parts.extend(b.parts().iter().skip(1));
    a.content = long(a.content, b.content);
    a.content_parts = if parts.len() > 1 { parts } else { Vec::new() };
    if first.rule == FLOATING_RULE {
        a.cue = b.cue;
        first.rule = second.rule;
        first.confidence = second.confidence;
    }
}

/// Splits into paragraphs: lines, or what stands between empty lines where the lines are broken to one width.
fn paragraphs(part: &str, offset: usize) -> Vec<(usize, usize)> {
    let wrapped = is_wrapped(part);
    let mut all: Vec<(usize, usize)> = Vec::new();
    let mut open = false;
    for (at, line) in lines(part) {
        let (at, end) = (offset + at, offset + at + line.len());
        if line.is_empty() {
            open = false;
        } else if let (true, true, Some(last)) = (wrapped, open, all.last_mut()) {
            last.1 = end;
        } else {
            all.push((at, end));
            open = true;
        }
    }
    all
}

/// Returns the lines without the blanks at their ends, and where they start.
fn lines(part: &str) -> impl Iterator<Item = (usize, &str)> {
    let ends = memchr::memchr_iter(b'\n', part.as_bytes()).chain([part.len()]);
    let mut next = 0;
    ends.filter_map(move |end| {
        let start = next;
        next = end + 1;
        // Nearly all lines end in a sign.
        let line = part.get(start..end).filter(|line| start < part.len() || !line.is_empty())?;
        let is_trimmed = line.as_bytes().last().is_some_and(u8::is_ascii_graphic);
        Some((start, if is_trimmed { line } else { line.trim_end() }))
    })
}

/// Returns whether the lines look broken to one width: most that another line follows are of middle length, and few
/// open with marks, as in a list of quotations.
fn is_wrapped(part: &str) -> bool {
    let mut followed = 0;
    let mut middling = 0;
    let mut opened = 0;
    let mut previous: Option<usize> = None;
    for (_, line) in lines(part).take(400) {
        let length = line.len();
        if length > 0
            && let Some(before) = previous
        {
            followed += 1;
            middling += usize::from((45..=90).contains(&before));
            opened += usize::from(line.starts_with(marks::is_mark));
        }
        previous = (length > 0).then_some(length);
    }
    followed >= 3 && middling * 5 >= followed * 4 && opened * 2 < followed
}

/// A report whose marks are still open at the end of a paragraph.
#[derive(Debug, Clone, Copy)]
struct OpenQuote {
    family: marks::Family,
    /// Its place in `found`, once somebody is known to say it.
    report: Option<usize>,
    /// Where the words start.
    start: usize,
}

/// Who said the last thing in the paragraph before.
#[derive(Debug, Clone)]
struct Previous {
    speaker: Result<Speaker, UnknownSpeaker>,
    source: Option<Span>,
    /// The paragraph ends with a cue for what follows.
    announces: bool,
    /// It was in marks.
    direct: bool,
}

struct Reader<'a, 'r> {
    text: &'a str,
    words: &'static Words,
    voice: &'r Voice,
    options: &'r Options,
    speakers: Speakers<'a, 'r>,
    quotes: Vec<Quote>,
    tokens: Vec<Token>,
    previous: Option<Previous>,
    open: Option<OpenQuote>,
    found: &'r mut Vec<Found>,
    diagnostics: &'r mut Vec<Diagnostic>,
    losses: &'r mut Losses,
}

impl Reader<'_, '_> {
    fn read_paragraph(&mut self, start: usize, end: usize) {
        let mut quotes = std::mem::take(&mut self.quotes);
        let mut tokens = std::mem::take(&mut self.tokens);
        quotes.clear();
        tokens.clear();
        marks::pair(self.text, start, end, &mut quotes);
        tokens::read(self.text, (start, end), &quotes, self.words, &mut tokens);
        self.read_tokens(&quotes, &tokens);
        self.quotes = quotes;
        self.tokens = tokens;
    }

    fn read_tokens(&mut self, quotes: &[Quote], tokens: &[Token]) {
        let mut paragraph =
            Paragraph { taken: vec![false; quotes.len()], floating: Vec::new(), last: None, actor: None };
        let continued = self.continue_quote(quotes, tokens, &mut paragraph);
        let first_found = self.found.len();
        let whole = Sentence {
            text: self.text,
            tokens,
            quotes,
            words: self.words,
            start: 0,
            end: tokens.len(),
            voiced: *self.voice != Voice::Narrator,
        };
        let mut start = if self.read_dialogue(&whole, &mut paragraph) { tokens.len() } else { 0 };
        while start < tokens.len() {
            let sentence = Sentence { start, end: sentence_end(&whole, start), ..whole };
            self.read_sentence(&sentence, &mut paragraph);
            if sentence.end == tokens.len()
                && let Some(source) = reports::announced(&sentence)
            {
                paragraph.last = Some(self.announced(&sentence, source));
            }
            start = sentence.end;
        }
        self.settle_floating(&whole, &mut paragraph, first_found);
        self.note_open_quote(quotes, tokens, &paragraph, continued);
        if self.losses.are_wanted() {
            self.note_unattributed(quotes, &paragraph);
        }
        self.previous = paragraph.last.take();
    }

    /// Tells which marks of the paragraph hold nobody's words.
    fn note_unattributed(&mut self, quotes: &[Quote], paragraph: &Paragraph) {
        for (quote, taken) in quotes.iter().zip(&paragraph.taken) {
            if !taken && let Ok(span) = Span::new(quote.start, quote.end) {
                self.losses.note(|| Loss { span, rule: None, reason: LossReason::Unattributed });
            }
        }
    }

    /// Tells which cues of the sentence are those of no report.
    fn note_idle_cues(&mut self, sentence: &Sentence<'_>, reports: &[Report]) {
        let span = |range: &Range| {
            Span::new(sentence.tokens[range.start].start, sentence.tokens[range.end - 1].end).ok()
        };
        for at in sentence.start..sentence.end {
            let token = sentence.at(at);
            let any = Forms::VERB.or(Forms::NOUN);
            if !token.cues(any) || reports.iter().any(|report| report.cue.contains(&at)) {
                continue;
            }
            let winner = reports.iter().find_map(|report| {
                let content = report.content.iter().find(|content| content.contains(&at))?;
                Some((report.rule.id(), span(content)?))
            });
            let attitude = token.cues(Forms::VERB) && self.words.verb(token.word).attitude;
            let reason = match winner {
                Some((rule, span)) => LossReason::Overlapped { rule, span },
                None if attitude && !self.options.attitudes => LossReason::Attitude,
                None => LossReason::NothingReported,
            };
            if let Some(span) = span(&(at..at + 1)) {
                self.losses.note(|| Loss { span, rule: None, reason });
            }
        }
    }

    /// Returns who is announced to speak in the next paragraph.
    fn announced(&mut self, sentence: &Sentence<'_>, source: Range) -> Previous {
        let (start, end) = (sentence.tokens[source.start].start, sentence.tokens[source.end - 1].end);
        let speaker = self.speakers.resolve(sentence, Some(&source), false);
        Previous { speaker, source: Span::new(start, end).ok(), announces: true, direct: false }
    }

    /// Adds marks that open again at the start of the paragraph to the quotation before; returns whether it did.
    fn continue_quote(
        &mut self,
        quotes: &[Quote],
        tokens: &[Token],
        paragraph: &mut Paragraph,
    ) -> Option<OpenQuote> {
        let open = self.open.take()?;
        let first = quotes
            .first()
            .filter(|quote| quote.start == tokens[0].start && quote.family == open.family)
            .filter(|quote| inner_label(self.text, quote).is_none());
        let Some(first) = first else {
            self.unclosed(open.start);
            return None;
        };
        if let Some(report) = open.report
            && let Some(Found { form: Form::QuotedStatement(statement), .. }) = self.found.get_mut(report)
        {
            let end = trimmed(self.text, first.inner_start, first.inner_end)
                .map_or(first.inner_end, |(_, end)| end);
            if statement.content_parts.is_empty()
                && let Ok(longer) = Span::new(statement.content.start(), end)
            {
                statement.content = longer;
            }
            paragraph.taken[0] = true;
            paragraph.last = Some(Previous {
                speaker: statement.speaker.clone(),
                source: statement.source,
                announces: false,
                direct: true,
            });
        }
        Some(open)
    }

    /// Remembers marks that are open at the end of the paragraph.
    fn note_open_quote(
        &mut self,
        quotes: &[Quote],
        tokens: &[Token],
        paragraph: &Paragraph,
        continued: Option<OpenQuote>,
    ) {
        let Some((place, last)) = quotes.iter().enumerate().next_back().filter(|(_, quote)| !quote.closed)
        else {
            return;
        };
        if tokens.last().is_none_or(|token| token.kind != Kind::Quote) {
            return;
        }
        let goes_on = continued.filter(|_| place == 0);
        let report = goes_on
            .and_then(|open| open.report)
            .or_else(|| paragraph.taken[place].then(|| self.found.len().checked_sub(1)).flatten());
        let start = goes_on.map_or(last.start, |open| open.start);
        self.open = Some(OpenQuote { family: last.family, report, start });
    }

    fn unclosed(&mut self, start: usize) {
        self.diagnostics.push(Diagnostic {
            kind: DiagnosticKind::UnclosedQuote,
            span: Span::new(start, start + self.text[start..].chars().next().map_or(0, char::len_utf8)).ok(),
            message: "the quotation mark is never closed: the words up to the end of the paragraph were read"
                .into(),
        });
    }

    fn read_sentence(&mut self, sentence: &Sentence<'_>, paragraph: &mut Paragraph) {
        let seen = Seen::of(sentence);
        if !seen.may_report() {
            paragraph.actor = None;
            if seen.has_name {
                paragraph.actor = actor(sentence);
                self.speakers.end_sentence(sentence);
            } else {
                self.speakers.end_nameless_sentence();
            }
            return;
        }
        let reports = match self.words.grammar() {
            Some(grammar) => marked::find(sentence, grammar),
            None => reports::find(sentence, self.options.attitudes),
        };
        if self.losses.are_wanted() {
            self.note_idle_cues(sentence, &reports);
        }
        for report in reports.iter().filter(|report| report.confidence >= MIN_CONFIDENCE) {
            for range in &report.content {
                for token in &sentence.tokens[range.clone()] {
                    if token.kind == Kind::Quote {
                        paragraph.taken[token.quote] = true;
                    }
                }
            }
        }
        for at in sentence.start..sentence.end {
            let token = &sentence.tokens[at];
            if token.kind != Kind::Quote || paragraph.taken[token.quote] {
                continue;
            }
            if self.read_inner_label(sentence, at) {
                paragraph.taken[token.quote] = true;
            } else if self.read_inside(sentence, at, paragraph) {
                continue;
            } else if !seen.has_word && floats(sentence, at) {
                let before = match paragraph.actor.take() {
                    Some(actor) => Some(self.acting(sentence, &actor)),
                    None => paragraph.last.clone(),
                };
                paragraph.floating.push((at, before));
            }
        }
        paragraph.actor = if !seen.has_word || !reports.is_empty() { None } else { actor(sentence) };
        for report in reports {
            self.emit(sentence, &report, paragraph);
        }
        self.speakers.end_sentence(sentence);
    }

    /// Returns who did something right before marks without a cue, as the one who speaks.
    fn acting(&mut self, sentence: &Sentence<'_>, actor: &Range) -> Previous {
        let (start, end) = (sentence.tokens[actor.start].start, sentence.tokens[actor.end - 1].end);
        let before = Sentence { start: actor.start, ..*sentence };
        let speaker = self.speakers.resolve(&before, Some(actor), false);
        Previous { speaker, source: Span::new(start, end).ok(), announces: false, direct: true }
    }

    /// Reads a turn of a transcript in marks: `"FENWICK: We will open it.`
    fn read_inner_label(&mut self, sentence: &Sentence<'_>, at: usize) -> bool {
        let Some(quote) = sentence.quote(at).filter(|_| at == 0) else { return false };
        let Some(label) = inner_label(self.text, quote) else { return false };
        let Some((start, end)) = trimmed(self.text, quote.inner_start + label.len() + 1, quote.inner_end)
        else {
            return false;
        };
        let source = Span::new(quote.inner_start, quote.inner_start + label.len()).ok();
        let content = Span::new(start, end).ok();
        let speaker = Speaker { name: label.trim().to_owned(), ..Speaker::default() };
        self.push(
            Ok(speaker),
            source,
            None,
            content.into_iter().collect(),
            Manner::Direct,
            "quote-label",
            INNER_LABEL,
        );
        true
    }

    /// Reads a quotation that its cue cuts inside the marks; returns whether it is one.
    fn read_inside(&mut self, sentence: &Sentence<'_>, at: usize, paragraph: &mut Paragraph) -> bool {
        let Some(grammar) = self.words.grammar().filter(|grammar| grammar.cue_inside_marks) else {
            return false;
        };
        let Some(quote) = sentence.quote(at) else { return false };
        let mut tokens = Vec::new();
        tokens::read(self.text, (quote.inner_start, quote.inner_end), &[], self.words, &mut tokens);
        let inside = Sentence { tokens: &tokens, quotes: &[], start: 0, end: tokens.len(), ..*sentence };
        let Some(report) = marked::cut_by_cue(&inside, grammar, 0, reports::Rule::InsideMarks) else {
            return false;
        };
        paragraph.taken[sentence.at(at).quote] = true;
        self.emit(&inside, &report, paragraph);
        true
    }

    /// Reads a paragraph that starts with a dash as speech; returns whether it is.
    fn read_dialogue(&mut self, whole: &Sentence<'_>, paragraph: &mut Paragraph) -> bool {
        let Some(grammar) = self.words.grammar().filter(|grammar| grammar.dialogue_dash) else {
            return false;
        };
        if whole.at(0).kind != Kind::Dash {
            return false;
        }
        let Some(report) = marked::cut_by_cue(whole, grammar, 1, reports::Rule::Dialogue) else {
            return false;
        };
        self.emit(whole, &report, paragraph);
        true
    }

    fn emit(&mut self, sentence: &Sentence<'_>, report: &Report, paragraph: &mut Paragraph) {
        let speaker = match &report.source {
            Some(source) if cases::is_oblique(sentence, source, report.cue.start) => {
                self.speakers.resolve_oblique(sentence, source)
            }
            source => self.speakers.resolve(sentence, source.as_ref(), report.agentless),
        };
        let bytes = |range: &Range| (sentence.tokens[range.start].start, sentence.tokens[range.end - 1].end);
        let span = |range: &Range| {
            let (start, end) = bytes(range);
            Span::new(start, end).ok()
        };
        let source = report.source.as_ref().and_then(span);
        let direct = matches!(report.rule, reports::Rule::InsideMarks | reports::Rule::Dialogue)
            || report
                .content
                .iter()
                .all(|range| range.len() == 1 && sentence.at(range.start).kind == Kind::Quote);
        if report.confidence < MIN_CONFIDENCE {
            let (confidence, minimum) = (report.confidence, MIN_CONFIDENCE);
            self.lose(sentence, report, LossReason::BelowConfidence { confidence, minimum });
            return;
        }
        paragraph.last = Some(Previous { speaker: speaker.clone(), source, announces: false, direct });
        if self.is_own_report(sentence, report, &speaker) {
            self.lose(sentence, report, LossReason::OwnWords);
            return;
        }
        let quoted = report
            .content
            .iter()
            .any(|range| sentence.tokens[range.clone()].iter().any(|token| token.kind == Kind::Quote));
        let manner = match (report.attitude, direct, quoted) {
            (true, ..) => Manner::Attitude,
            (_, true, _) => Manner::Direct,
            (_, _, true) => Manner::Mixed,
            _ => Manner::Indirect,
        };
        let parts: Vec<Span> =
            report.content.iter().filter_map(|range| self.content_span(sentence, range)).collect();
        self.push(speaker, source, span(&report.cue), parts, manner, report.rule.id(), report.confidence);
    }

    /// Tells of a report that becomes no claim.
    fn lose(&mut self, sentence: &Sentence<'_>, report: &Report, reason: LossReason) {
        let content = report.content.first().zip(report.content.last()).and_then(|(first, last)| {
            Span::new(sentence.tokens[first.start].start, sentence.tokens[last.end - 1].end).ok()
        });
        if let Some(span) = content {
            self.losses.note(|| Loss { span, rule: Some(report.rule.id()), reason });
        }
    }

    /// Returns whether the voice of the stretch reports itself: "we have stressed that …".
    fn is_own_report(
        &self,
        sentence: &Sentence<'_>,
        report: &Report,
        speaker: &Result<Speaker, UnknownSpeaker>,
    ) -> bool {
        let first_person = report
            .source
            .as_ref()
            .is_some_and(|source| source.len() == 1 && sentence.at(source.start).is(Classes::FIRST_PERSON));
        match self.voice {
            Voice::Narrator => false,
            // Inside a statement a wrong speaker is worse than none.
            Voice::Unknown => first_person || speaker.is_err(),
            Voice::Of(voice) => {
                first_person || speaker.as_ref().map_or(true, |speaker| speaker.name == voice.name)
            }
        }
    }

    /// Returns the bytes of one piece: without the outer marks where it is nothing else.
    fn content_span(&self, sentence: &Sentence<'_>, range: &Range) -> Option<Span> {
        let (first, last) = (sentence.at(range.start), sentence.at(range.end - 1));
        let (start, end) = match sentence.quote(range.start) {
            Some(quote) if range.len() == 1 => (quote.inner_start, quote.inner_end),
            _ => (first.start, last.end),
        };
        let (start, end) = trimmed(self.text, start, end)?;
        Span::new(start, end).ok()
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one claim")]
    fn push(
        &mut self,
        speaker: Result<Speaker, UnknownSpeaker>,
        source: Option<Span>,
        cue: Option<Span>,
        mut parts: Vec<Span>,
        manner: Manner,
        rule: &'static str,
        confidence: f32,
    ) {
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return };
        let Ok(content) = Span::new(first.start(), last.end()) else { return };
        if parts.len() == 1 {
            parts.clear();
        }
        let attribution_chain = match self.voice {
            Voice::Of(voice) => vec![voice.clone()],
            Voice::Narrator | Voice::Unknown => Vec::new(),
        };
        let statement = QuotedStatement {
            speaker,
            source,
            cue,
            content,
            content_parts: parts,
            manner,
            attribution_chain,
        };
        self.found.push(Found { form: Form::QuotedStatement(statement), rule, confidence });
    }

    /// Gives quotations without a cue of their own the speaker beside them.
    fn settle_floating(&mut self, whole: &Sentence<'_>, paragraph: &mut Paragraph, first_found: usize) {
        let next = self.found.get(first_found).and_then(|found| match &found.form {
            Form::QuotedStatement(statement) if statement.manner == Manner::Direct => Some(Previous {
                speaker: statement.speaker.clone(),
                source: statement.source,
                announces: false,
                direct: true,
            }),
            _ => None,
        });
        let mut carried: Option<Previous> = None;
        for (at, before) in std::mem::take(&mut paragraph.floating) {
            let token = whole.at(at);
            let here = before.or_else(|| carried.clone());
            // Marks right behind marks in one paragraph are turns of a dialogue where they are short.
            let short = token.end - token.start <= LONGEST_TURN_BYTES;
            let beside = |at: Option<usize>| short && at.is_some_and(|at| is_closed_quote(whole, at));
            let (after, ahead) = (beside(at.checked_sub(1)), beside(Some(at + 1)));
            let unknown = Previous {
                speaker: Err(UnknownSpeaker::NotNamed),
                source: None,
                announces: false,
                direct: false,
            };
            let (from, confidence) = match (here, &next, &self.previous) {
                _ if after => (unknown, FLOATING.1),
                (None, ..) if ahead => (unknown, FLOATING.1),
                (Some(here), ..) => (here, FLOATING.0),
                (None, Some(next), _) => (next.clone(), FLOATING.0),
                (None, None, Some(previous)) if previous.announces => (previous.clone(), FLOATING.0),
                (None, None, Some(previous)) if previous.direct => (previous.clone(), FLOATING.1),
                _ if whole.quote_ends_sentence(at) => (unknown, UNATTRIBUTED),
                _ => continue,
            };
            let Some(part) = self.content_span(whole, &(at..at + 1)) else { continue };
            paragraph.taken[token.quote] = true;
            carried = Some(from.clone());
            paragraph.last = paragraph.last.take().or_else(|| Some(from.clone()));
            let own = matches!((self.voice, &from.speaker), (Voice::Of(voice), Ok(speaker)) if voice.name == speaker.name);
            if !own {
                self.push(
                    from.speaker,
                    from.source,
                    None,
                    vec![part],
                    Manner::Direct,
                    "quote-floating",
                    confidence,
                );
            }
        }
    }
}

/// What a sentence holds: one look at each token spares the others in sentences where no rule can start.
struct Seen {
    classes: Classes,
    forms: Forms,
    has_quote: bool,
    has_word: bool,
    has_name: bool,
}

impl Seen {
    fn of(sentence: &Sentence<'_>) -> Self {
        let mut seen = Self {
            classes: Classes::NONE,
            forms: Forms::NONE,
            has_quote: false,
            has_word: false,
            has_name: false,
        };
        for token in &sentence.tokens[sentence.start..sentence.end] {
            seen.classes = seen.classes.or(token.word.classes);
            seen.forms = seen.forms.or(token.word.forms);
            seen.has_quote |= token.kind == Kind::Quote;
            seen.has_word |= token.is_wordlike();
            seen.has_name |= token.kind == Kind::Name;
        }
        seen
    }

    /// Returns whether somebody may be reported to say something: a cue, a phrase that attributes, or marks.
    fn may_report(&self) -> bool {
        self.forms != Forms::NONE || self.has_quote || self.classes.any(Classes::PHRASE.or(Classes::AS))
    }
}

/// What is known of a paragraph while it is read.
struct Paragraph {
    /// Which quotations somebody is known to say, or are part of a report.
    taken: Vec<bool>,
    /// Quotations without a cue, with who spoke before them.
    floating: Vec<(usize, Option<Previous>)>,
    last: Option<Previous>,
    /// Who does something in the sentence before, where nobody speaks.
    actor: Option<Range>,
}

/// Returns the person whom a sentence of narration starts with: `|Fenwick| closed the door.`
fn actor(sentence: &Sentence<'_>) -> Option<Range> {
    let name = |at: &usize| sentence.at(*at).kind == Kind::Name && !sentence.at(*at).is(Classes::FUNCTION);
    let length = (sentence.start..sentence.end).take_while(name).count();
    let verb = sentence.at(sentence.start + length);
    let short = sentence.end - sentence.start <= LONGEST_ACTION;
    let acts = verb.is(Classes::VERB) && verb.kind == Kind::Word && !verb.is(Classes::AUXILIARY);
    ((1..=3).contains(&length)
        && short
        && acts
        && sentence.tokens[sentence.start..sentence.end].iter().all(|t| t.kind != Kind::Quote))
    .then(|| sentence.start..sentence.start + length)
}

/// Returns the label in capitals that opens the words in marks: `"FENWICK: We will open it.`
fn inner_label<'t>(text: &'t str, quote: &Quote) -> Option<&'t str> {
    let inner = text.get(quote.inner_start..quote.inner_end)?;
    inner.get(..inner.find(':')?).filter(|label| is_turn_label(label))
}

/// Returns whether the words can name who speaks in a transcript: a few words in capitals.
fn is_turn_label(label: &str) -> bool {
    let letters = label.chars().filter(|c| c.is_alphabetic());
    label.len() <= 40 && letters.clone().count() >= 2 && letters.clone().all(char::is_uppercase)
}

fn is_closed_quote(sentence: &Sentence<'_>, at: usize) -> bool {
    sentence.quote(at).is_some_and(|quote| quote.closed)
}

/// Returns whether the quotation at `at`, alone in its sentence, stands for itself as one.
fn floats(sentence: &Sentence<'_>, at: usize) -> bool {
    let Some(quote) = sentence.quote(at) else { return false };
    let inner = sentence.text[quote.inner_start..quote.inner_end].trim_start();
    let words = inner.split(' ').take(3).count();
    (words >= 3 || sentence.quote_ends_sentence(at)) && inner.starts_with(|c: char| !c.is_lowercase())
}

/// Returns the token after the sentence that starts at `start`.
fn sentence_end(paragraph: &Sentence<'_>, start: usize) -> usize {
    let tokens = paragraph.tokens;
    let mut at = start;
    while at < tokens.len() {
        let next = tokens.get(at + 1);
        let ends = match tokens[at].kind {
            Kind::Stop => match next {
                Some(next) if next.kind == Kind::Close || next.kind == Kind::Stop => false,
                Some(next) => !matches!(next.kind, Kind::Word | Kind::Comma | Kind::Semicolon) && at > start,
                None => true,
            },
            Kind::Close => {
                at > start
                    && tokens[at - 1].kind == Kind::Stop
                    && next.is_none_or(|next| {
                        matches!(next.kind, Kind::Name | Kind::Number | Kind::Quote | Kind::Open)
                    })
            }
            Kind::Quote => next.is_some_and(|next| quote_ends(paragraph, start, at, next)),
            Kind::Name => {
                // "in the U.S. The mayor …"
                let dotted = paragraph.text.as_bytes()[tokens[at].end - 1] == b'.'
                    && tokens[at].end - tokens[at].start > 2
                    && tokens[at].word == words::Word::default();
                let capital = dotted
                    && next.is_some_and(|next| {
                        next.kind == Kind::Name && next.is(Classes::FUNCTION.or(Classes::DETERMINER))
                    });
                capital || short_form_ends(paragraph, start, at)
            }
            _ => false,
        };
        at += 1;
        if ends {
            return at;
        }
    }
    tokens.len()
}

/// Returns whether the short form at `at` ends a sentence: a quotation that is one follows: `said Ada Fenwick of Alder,
/// Calif. “We are …”`
fn short_form_ends(paragraph: &Sentence<'_>, start: usize, at: usize) -> bool {
    let token = paragraph.tokens[at];
    paragraph.text.as_bytes()[token.end - 1] == b'.'
        && token.end - token.start > 2
        && !token.is(Classes::HONORIFIC)
        && paragraph.tokens[start..at].iter().any(|token| token.kind == Kind::Quote)
        && paragraph.quote_ends_sentence(at + 1)
        && floats(paragraph, at + 1)
}

fn quote_ends(paragraph: &Sentence<'_>, start: usize, at: usize, next: &Token) -> bool {
    if !paragraph.quote_ends_sentence(at)
        || !matches!(next.kind, Kind::Name | Kind::Quote | Kind::Number | Kind::Sign | Kind::Open)
    {
        return false;
    }
    let tail = Sentence { start, end: paragraph.end.min(at + 32), ..*paragraph };
    let attributed = match paragraph.words.grammar() {
        Some(grammar) => marked::attribution_follows(&tail, grammar, at + 1),
        None => reports::attribution_follows(&tail, at + 1),
    };
    next.kind == Kind::Quote || !attributed
}

/// Returns the range without blanks at its ends; `None` if nothing is left.
fn trimmed(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let inner = text.get(start..end)?;
    let start = start + (inner.len() - inner.trim_start().len());
    let end = start + inner.trim().len();
    (start < end).then_some((start, end))
}
