//! The stored form of documents, extractions and log entries: a protobuf schema of this crate's own.
//!
//! The public proto is never stored, so that either can change without the other. Field numbers are for ever: add, never
//! reuse. What is read is checked; a value that does not fit is [`StoreError::Damaged`], never a panic.

use std::borrow::Cow;

use dictum_core::{
    Claim, ClaimId, Confidence, DateInterval, Diagnostic, DiagnosticKind, DocumentParts, Extraction, Form,
    Manner, Occasion, PrerequisiteList, QuestionAnswer, QuotedStatement, Residue, ResidueKind, Span, Speaker,
    Timestamp, UnknownSpeaker,
};
use prost::{Enumeration, Message, Oneof};

use crate::StoreError;

/// A document with its extraction.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct BundleRecord {
    #[prost(message, optional, tag = "1")]
    pub(crate) document: Option<DocumentRecord>,
    #[prost(message, optional, tag = "2")]
    pub(crate) extraction: Option<ExtractionRecord>,
}

/// A document. The text is empty in the log entry of a deletion.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct DocumentRecord {
    #[prost(string, tag = "1")]
    pub(crate) text: String,
    #[prost(string, optional, tag = "2")]
    pub(crate) channel: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) forwarded_from: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) url: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(crate) message_id: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(crate) reply_to_message_id: Option<String>,
    #[prost(message, optional, tag = "7")]
    pub(crate) publish_time: Option<TimeRecord>,
    #[prost(message, optional, tag = "8")]
    pub(crate) edit_time: Option<TimeRecord>,
    #[prost(string, optional, tag = "9")]
    pub(crate) source_title: Option<String>,
    #[prost(string, optional, tag = "10")]
    pub(crate) source_file: Option<String>,
    #[prost(uint64, tag = "11")]
    pub(crate) source_start_byte: u64,
    #[prost(uint64, tag = "12")]
    pub(crate) source_end_byte: u64,
    #[prost(message, repeated, tag = "13")]
    pub(crate) residue: Vec<ResidueRecord>,
}

/// An instant.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct TimeRecord {
    #[prost(sint64, tag = "1")]
    seconds: i64,
    #[prost(sint32, tag = "2")]
    nanoseconds: i32,
}

/// A range of the source file that is not in the text.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct ResidueRecord {
    #[prost(enumeration = "ResidueKindRecord", tag = "1")]
    kind: i32,
    #[prost(uint64, tag = "2")]
    source_start_byte: u64,
    #[prost(uint64, tag = "3")]
    source_end_byte: u64,
}

/// See [`ResidueKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
enum ResidueKindRecord {
    Unspecified = 0,
    Header = 1,
    Media = 2,
    RepeatedBody = 3,
    Furniture = 4,
}

/// What was found in a document.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExtractionRecord {
    #[prost(message, optional, tag = "1")]
    title: Option<SpanRecord>,
    #[prost(string, optional, tag = "2")]
    place: Option<String>,
    /// ISO 8601: a day or two days with a slash.
    #[prost(string, optional, tag = "3")]
    date: Option<String>,
    #[prost(string, repeated, tag = "4")]
    topics: Vec<String>,
    #[prost(string, optional, tag = "5")]
    language: Option<String>,
    /// Everybody that the claims name, once each; claims refer to them by their number, counted from 1.
    #[prost(message, repeated, tag = "6")]
    speakers: Vec<SpeakerRecord>,
    #[prost(message, repeated, tag = "7")]
    claims: Vec<ClaimRecord>,
    #[prost(message, repeated, tag = "8")]
    diagnostics: Vec<DiagnosticRecord>,
    #[prost(string, tag = "9")]
    rule_set: String,
}

/// A half-open range of bytes of the text.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct SpanRecord {
    #[prost(uint32, tag = "1")]
    start: u32,
    #[prost(uint32, tag = "2")]
    length: u32,
}

/// Somebody.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SpeakerRecord {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, optional, tag = "2")]
    role: Option<String>,
    #[prost(string, optional, tag = "3")]
    organization: Option<String>,
}

/// Somebody or nobody: the number of a speaker, or why nobody is named.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct WhoRecord {
    #[prost(uint32, tag = "1")]
    speaker: u32,
    #[prost(enumeration = "UnknownRecord", tag = "2")]
    unknown: i32,
}

/// See [`UnknownSpeaker`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
enum UnknownRecord {
    Unspecified = 0,
    NotNamed = 1,
    AmbiguousPronoun = 2,
    NoAntecedent = 3,
    AgentlessPassive = 4,
    SeveralCandidates = 5,
}

/// A claim.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ClaimRecord {
    #[prost(string, tag = "1")]
    rule_id: String,
    #[prost(float, tag = "2")]
    confidence: f32,
    #[prost(oneof = "FormRecord", tags = "3, 4, 5")]
    form: Option<FormRecord>,
    /// The last eight bytes of the id, kept so that ids stay even if their computation changed.
    #[prost(fixed64, tag = "6")]
    id_tail: u64,
}

/// See [`Form`].
#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum FormRecord {
    #[prost(message, tag = "3")]
    Statement(StatementRecord),
    #[prost(message, tag = "4")]
    QuestionAnswer(QuestionAnswerRecord),
    #[prost(message, tag = "5")]
    List(ListRecord),
}

/// See [`QuotedStatement`].
#[derive(Clone, PartialEq, Message)]
pub(crate) struct StatementRecord {
    #[prost(message, optional, tag = "1")]
    speaker: Option<WhoRecord>,
    #[prost(message, optional, tag = "2")]
    source: Option<SpanRecord>,
    #[prost(message, optional, tag = "3")]
    cue: Option<SpanRecord>,
    #[prost(message, optional, tag = "4")]
    content: Option<SpanRecord>,
    #[prost(message, repeated, tag = "5")]
    content_parts: Vec<SpanRecord>,
    #[prost(enumeration = "MannerRecord", tag = "6")]
    manner: i32,
    #[prost(uint32, repeated, tag = "7")]
    attribution_chain: Vec<u32>,
}

/// See [`Manner`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
enum MannerRecord {
    Unspecified = 0,
    Block = 1,
    Direct = 2,
    Indirect = 3,
    Mixed = 4,
    Attitude = 5,
}

/// See [`QuestionAnswer`].
#[derive(Clone, PartialEq, Message)]
pub(crate) struct QuestionAnswerRecord {
    #[prost(message, optional, tag = "1")]
    question: Option<SpanRecord>,
    #[prost(message, optional, tag = "2")]
    asker: Option<WhoRecord>,
    #[prost(message, optional, tag = "3")]
    answer: Option<SpanRecord>,
    #[prost(message, optional, tag = "4")]
    respondent: Option<WhoRecord>,
}

/// See [`PrerequisiteList`].
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ListRecord {
    #[prost(message, optional, tag = "1")]
    introducer: Option<SpanRecord>,
    #[prost(message, optional, tag = "2")]
    subject: Option<SpanRecord>,
    #[prost(message, repeated, tag = "3")]
    items: Vec<SpanRecord>,
    #[prost(message, optional, tag = "4")]
    speaker: Option<WhoRecord>,
    #[prost(message, optional, tag = "5")]
    source: Option<SpanRecord>,
    #[prost(uint32, repeated, tag = "6")]
    attribution_chain: Vec<u32>,
}

/// See [`Diagnostic`].
#[derive(Clone, PartialEq, Message)]
pub(crate) struct DiagnosticRecord {
    #[prost(enumeration = "DiagnosticKindRecord", tag = "1")]
    kind: i32,
    #[prost(message, optional, tag = "2")]
    span: Option<SpanRecord>,
    #[prost(string, tag = "3")]
    message: String,
}

/// See [`DiagnosticKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
enum DiagnosticKindRecord {
    Unspecified = 0,
    UnsupportedLanguage = 1,
    UnclosedQuote = 2,
    RhetoricalQuestion = 3,
    AnswerWithoutQuestion = 4,
    UnknownSpeaker = 5,
    ListWithoutItems = 6,
    PassedOver = 7,
}

/// An entry of the change log.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct LogRecord {
    #[prost(enumeration = "OpRecord", tag = "1")]
    pub(crate) op: i32,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) document_id: Vec<u8>,
    /// The revision of the change of this document before; 0 where there is none.
    #[prost(uint64, tag = "3")]
    pub(crate) previous_revision: u64,
    /// What the change replaced: the extraction before a new one; the document without its text before a deletion.
    #[prost(message, optional, tag = "4")]
    pub(crate) previous: Option<BundleRecord>,
    /// The document that took the place.
    #[prost(bytes = "vec", tag = "5")]
    pub(crate) superseded_by: Vec<u8>,
    /// Microseconds since 1970 on the clock of the writer: for people and for retention, never for order.
    #[prost(sint64, tag = "6")]
    pub(crate) written_micros: i64,
    /// Whether the document's claims were listed before the change.
    #[prost(bool, tag = "7")]
    pub(crate) was_listed: bool,
    /// The revision of the first write of the document; 0 in the entry of that write and in those of format 1.
    #[prost(uint64, tag = "8")]
    pub(crate) first_revision: u64,
}

/// What a log entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub(crate) enum OpRecord {
    Unspecified = 0,
    Written = 1,
    Reextracted = 2,
    Superseded = 3,
    Deleted = 4,
    /// Written, but not listed: a newer text under the same channel and message id was there before.
    WrittenOutdated = 5,
}

/// How many claims and documents have a value, and how its name is written.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct CounterRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) claims: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) documents: u64,
    #[prost(message, repeated, tag = "3")]
    pub(crate) forms: Vec<NameFormRecord>,
    /// The last revision that is counted.
    #[prost(uint64, tag = "4")]
    pub(crate) revision: u64,
}

/// One way to write a name.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct NameFormRecord {
    #[prost(string, tag = "1")]
    pub(crate) text: String,
    #[prost(uint64, tag = "2")]
    pub(crate) claims: u64,
}

/// Maps the variants of two enums onto each other.
macro_rules! pairs {
    ($domain:ident <=> $record:ident { $($variant:ident),+ }) => {
        impl From<$domain> for $record {
            fn from(value: $domain) -> Self {
                match value { $($domain::$variant => Self::$variant),+ }
            }
        }

        impl TryFrom<$record> for $domain {
            type Error = StoreError;

            fn try_from(record: $record) -> Result<Self, StoreError> {
                match record {
                    $($record::$variant => Ok(Self::$variant),)+
                    $record::Unspecified => Err(StoreError::damaged(concat!("no ", stringify!($domain)))),
                }
            }
        }

        impl $record {
            /// Reads the stored number.
            fn domain(number: i32) -> Result<$domain, StoreError> {
                Self::try_from(number).map_err(|_| unknown(stringify!($domain)))?.try_into()
            }
        }
    };
}

pairs!(ResidueKind <=> ResidueKindRecord { Header, Media, RepeatedBody, Furniture });
pairs!(UnknownSpeaker <=> UnknownRecord { NotNamed, AmbiguousPronoun, NoAntecedent, AgentlessPassive, SeveralCandidates });
pairs!(Manner <=> MannerRecord { Block, Direct, Indirect, Mixed, Attitude });
pairs!(DiagnosticKind <=> DiagnosticKindRecord {
    UnsupportedLanguage, UnclosedQuote, RhetoricalQuestion, AnswerWithoutQuestion, UnknownSpeaker, ListWithoutItems,
    PassedOver
});

fn unknown(what: &str) -> StoreError {
    StoreError::damaged(format!("a {what} that this version does not know"))
}

fn missing(what: &str) -> StoreError {
    StoreError::damaged(format!("no {what}"))
}

impl DocumentRecord {
    /// Returns the stored form of a document.
    pub(crate) fn of(parts: &DocumentParts) -> Self {
        let DocumentParts {
            text,
            channel,
            forwarded_from,
            url,
            message_id,
            reply_to_message_id,
            publish_time,
            edit_time,
            source_title,
            source_file,
            source_start_byte,
            source_end_byte,
            residue,
        } = parts;
        Self {
            text: text.clone(),
            channel: channel.clone(),
            forwarded_from: forwarded_from.clone(),
            url: url.clone(),
            message_id: message_id.clone(),
            reply_to_message_id: reply_to_message_id.clone(),
            publish_time: publish_time.map(TimeRecord::of),
            edit_time: edit_time.map(TimeRecord::of),
            source_title: source_title.clone(),
            source_file: source_file.clone(),
            source_start_byte: *source_start_byte,
            source_end_byte: *source_end_byte,
            residue: residue.iter().map(ResidueRecord::of).collect(),
        }
    }

    /// Returns the parts of the document.
    pub(crate) fn into_parts(self) -> Result<DocumentParts, StoreError> {
        Ok(DocumentParts {
            text: self.text,
            channel: self.channel,
            forwarded_from: self.forwarded_from,
            url: self.url,
            message_id: self.message_id,
            reply_to_message_id: self.reply_to_message_id,
            publish_time: self.publish_time.map(TimeRecord::into_domain).transpose()?,
            edit_time: self.edit_time.map(TimeRecord::into_domain).transpose()?,
            source_title: self.source_title,
            source_file: self.source_file,
            source_start_byte: self.source_start_byte,
            source_end_byte: self.source_end_byte,
            residue: self.residue.into_iter().map(ResidueRecord::into_domain).collect::<Result<_, _>>()?,
        })
    }
}

impl TimeRecord {
    fn of(time: Timestamp) -> Self {
        Self { seconds: time.as_second(), nanoseconds: time.subsec_nanosecond() }
    }

    fn into_domain(self) -> Result<Timestamp, StoreError> {
        Timestamp::new(self.seconds, self.nanoseconds).map_err(|_| StoreError::damaged("a time out of range"))
    }
}

impl ResidueRecord {
    fn of(residue: &Residue) -> Self {
        let Residue { kind, source_start_byte, source_end_byte } = *residue;
        Self { kind: ResidueKindRecord::from(kind).into(), source_start_byte, source_end_byte }
    }

    fn into_domain(self) -> Result<Residue, StoreError> {
        Ok(Residue {
            kind: ResidueKindRecord::domain(self.kind)?,
            source_start_byte: self.source_start_byte,
            source_end_byte: self.source_end_byte,
        })
    }
}

impl SpanRecord {
    fn of(span: Span) -> Self {
        // A span ends at u32::MAX at most, so neither number saturates.
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { start: number(span.start()), length: number(span.len()) }
    }

    fn into_domain(self) -> Result<Span, StoreError> {
        let start = self.start as usize;
        Span::new(start, start.saturating_add(self.length as usize))
            .map_err(|_| StoreError::damaged("a span too far"))
    }
}

fn spans(records: Vec<SpanRecord>) -> Result<Vec<Span>, StoreError> {
    records.into_iter().map(SpanRecord::into_domain).collect()
}

fn span(record: Option<SpanRecord>) -> Result<Option<Span>, StoreError> {
    record.map(SpanRecord::into_domain).transpose()
}

fn needed_span(record: Option<SpanRecord>, what: &str) -> Result<Span, StoreError> {
    span(record)?.ok_or_else(|| missing(what))
}

/// Everybody that the claims of a document name, in the order of the numbers that claims refer to them by.
#[derive(Default)]
struct People(Vec<SpeakerRecord>);

impl People {
    fn number(&mut self, speaker: &Speaker) -> u32 {
        let Speaker { name, role, organization } = speaker;
        let same = |record: &SpeakerRecord| {
            record.name == *name && record.role == *role && record.organization == *organization
        };
        let at = self.0.iter().position(same).unwrap_or_else(|| {
            self.0.push(SpeakerRecord {
                name: name.clone(),
                role: role.clone(),
                organization: organization.clone(),
            });
            self.0.len() - 1
        });
        u32::try_from(at + 1).unwrap_or(u32::MAX)
    }

    fn numbers(&mut self, speakers: &[Speaker]) -> Vec<u32> {
        speakers.iter().map(|speaker| self.number(speaker)).collect()
    }

    fn who(&mut self, speaker: &Result<Speaker, UnknownSpeaker>) -> Option<WhoRecord> {
        Some(match speaker {
            Ok(speaker) => WhoRecord { speaker: self.number(speaker), unknown: 0 },
            Err(unknown) => WhoRecord { speaker: 0, unknown: UnknownRecord::from(*unknown).into() },
        })
    }

    fn speaker(&self, number: u32) -> Result<Speaker, StoreError> {
        let at = (number as usize).checked_sub(1).ok_or_else(|| missing("speaker"))?;
        let SpeakerRecord { name, role, organization } =
            self.0.get(at).ok_or_else(|| missing("speaker"))?.clone();
        Ok(Speaker { name, role, organization })
    }

    fn speakers(&self, numbers: &[u32]) -> Result<Vec<Speaker>, StoreError> {
        numbers.iter().map(|number| self.speaker(*number)).collect()
    }

    fn known(&self, who: Option<WhoRecord>) -> Result<Result<Speaker, UnknownSpeaker>, StoreError> {
        let who = who.ok_or_else(|| missing("speaker"))?;
        if who.speaker == 0 {
            Ok(Err(UnknownRecord::domain(who.unknown)?))
        } else {
            Ok(Ok(self.speaker(who.speaker)?))
        }
    }
}

impl ExtractionRecord {
    /// Returns the stored form of `extraction`.
    pub(crate) fn of(extraction: &Extraction) -> Self {
        let Extraction { title, occasion, topics, language, claims, diagnostics, rule_set } = extraction;
        let Occasion { place, date } = occasion;
        let mut people = People::default();
        let claims = claims.iter().map(|claim| ClaimRecord::of(claim, &mut people)).collect();
        Self {
            title: title.map(SpanRecord::of),
            place: place.clone(),
            date: date.map(|date| date.to_string()),
            topics: topics.clone(),
            language: language.as_deref().map(str::to_owned),
            speakers: people.0,
            claims,
            diagnostics: diagnostics.iter().map(DiagnosticRecord::of).collect(),
            rule_set: rule_set.to_string(),
        }
    }

    /// Returns the extraction of the document with this id.
    pub(crate) fn into_domain(self, document_id: dictum_core::DocumentId) -> Result<Extraction, StoreError> {
        let people = People(self.speakers);
        let date = self.date.map(|date| date.parse::<DateInterval>()).transpose();
        Ok(Extraction {
            title: span(self.title)?,
            occasion: Occasion {
                place: self.place,
                date: date.map_err(|_| StoreError::damaged("a date out of form"))?,
            },
            topics: self.topics,
            language: self.language.map(Cow::Owned),
            claims: self
                .claims
                .into_iter()
                .map(|claim| claim.into_domain(document_id, &people))
                .collect::<Result<_, _>>()?,
            diagnostics: self
                .diagnostics
                .into_iter()
                .map(DiagnosticRecord::into_domain)
                .collect::<Result<_, _>>()?,
            rule_set: Cow::Owned(self.rule_set),
        })
    }
}

impl ClaimRecord {
    fn of(claim: &Claim, people: &mut People) -> Self {
        let Claim { id, form, rule_id, confidence } = claim;
        let mut tail = [0; 8];
        tail.copy_from_slice(&id.as_bytes()[16..]);
        Self {
            rule_id: rule_id.to_string(),
            confidence: confidence.get(),
            form: Some(FormRecord::of(form, people)),
            id_tail: u64::from_be_bytes(tail),
        }
    }

    fn into_domain(self, document_id: dictum_core::DocumentId, people: &People) -> Result<Claim, StoreError> {
        let mut id = [0; 24];
        id[..16].copy_from_slice(document_id.as_bytes());
        id[16..].copy_from_slice(&self.id_tail.to_be_bytes());
        Ok(Claim {
            id: ClaimId::from_bytes(id),
            form: self.form.ok_or_else(|| missing("form"))?.into_domain(people)?,
            rule_id: Cow::Owned(self.rule_id),
            confidence: Confidence::new(self.confidence)
                .ok_or_else(|| StoreError::damaged("a confidence above 1"))?,
        })
    }
}

impl FormRecord {
    fn of(form: &Form, people: &mut People) -> Self {
        match form {
            Form::QuotedStatement(statement) => {
                let QuotedStatement {
                    speaker,
                    source,
                    cue,
                    content,
                    content_parts,
                    manner,
                    attribution_chain,
                } = statement;
                Self::Statement(StatementRecord {
                    speaker: people.who(speaker),
                    source: source.map(SpanRecord::of),
                    cue: cue.map(SpanRecord::of),
                    content: Some(SpanRecord::of(*content)),
                    content_parts: content_parts.iter().copied().map(SpanRecord::of).collect(),
                    manner: MannerRecord::from(*manner).into(),
                    attribution_chain: people.numbers(attribution_chain),
                })
            }
            Form::QuestionAnswer(QuestionAnswer { question, asker, answer, respondent }) => {
                Self::QuestionAnswer(QuestionAnswerRecord {
                    question: Some(SpanRecord::of(*question)),
                    asker: people.who(asker),
                    answer: Some(SpanRecord::of(*answer)),
                    respondent: people.who(respondent),
                })
            }
            Form::PrerequisiteList(list) => {
                let PrerequisiteList { introducer, subject, items, speaker, source, attribution_chain } =
                    list;
                Self::List(ListRecord {
                    introducer: Some(SpanRecord::of(*introducer)),
                    subject: subject.map(SpanRecord::of),
                    items: items.iter().copied().map(SpanRecord::of).collect(),
                    speaker: people.who(speaker),
                    source: source.map(SpanRecord::of),
                    attribution_chain: people.numbers(attribution_chain),
                })
            }
        }
    }

    fn into_domain(self, people: &People) -> Result<Form, StoreError> {
        Ok(match self {
            Self::Statement(record) => Form::QuotedStatement(QuotedStatement {
                speaker: people.known(record.speaker)?,
                source: span(record.source)?,
                cue: span(record.cue)?,
                content: needed_span(record.content, "content")?,
                content_parts: spans(record.content_parts)?,
                manner: MannerRecord::domain(record.manner)?,
                attribution_chain: people.speakers(&record.attribution_chain)?,
            }),
            Self::QuestionAnswer(record) => Form::QuestionAnswer(QuestionAnswer {
                question: needed_span(record.question, "question")?,
                asker: people.known(record.asker)?,
                answer: needed_span(record.answer, "answer")?,
                respondent: people.known(record.respondent)?,
            }),
            Self::List(record) => Form::PrerequisiteList(PrerequisiteList {
                introducer: needed_span(record.introducer, "introducer")?,
                subject: span(record.subject)?,
                items: spans(record.items)?,
                speaker: people.known(record.speaker)?,
                source: span(record.source)?,
                attribution_chain: people.speakers(&record.attribution_chain)?,
            }),
        })
    }
}

impl DiagnosticRecord {
    fn of(diagnostic: &Diagnostic) -> Self {
        let Diagnostic { kind, span, message } = diagnostic;
        Self {
            kind: DiagnosticKindRecord::from(*kind).into(),
            span: span.map(SpanRecord::of),
            message: message.clone(),
        }
    }

    fn into_domain(self) -> Result<Diagnostic, StoreError> {
        Ok(Diagnostic {
            kind: DiagnosticKindRecord::domain(self.kind)?,
            span: span(self.span)?,
            message: self.message,
        })
    }
}
