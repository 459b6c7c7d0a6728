//! Wire ⇄ domain. To the wire, every struct is taken apart whole: a new field fails to compile until it is sent.

use std::borrow::Cow;

use dictum_core::{
    Claim, ClaimId, Confidence, Diagnostic, DiagnosticKind, Document, DocumentParts, Extraction, Form,
    Manner, Occasion, PrerequisiteList, QuestionAnswer, QuotedStatement, Residue, ResidueKind, Span, Speaker,
    Timestamp, Units, UnknownSpeaker,
};

use crate::v1;

/// What is wrong with a message from the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// A field that must be there is not.
    #[error("is required")]
    Missing {
        /// The path of the field, such as `document.text`.
        field: String,
    },
    /// A field has a value it cannot have.
    #[error("{message}")]
    Invalid {
        /// The path of the field.
        field: String,
        /// What it must be.
        message: String,
    },
    /// The text of a document is empty.
    #[error("must hold at least one character")]
    TextEmpty {
        /// The path of the field.
        field: String,
    },
    /// The text of a document is over the limit.
    #[error("has {bytes} bytes, more than the {max_document_bytes} that are taken")]
    DocumentTooLarge {
        /// The path of the field.
        field: String,
        /// How long the text is.
        bytes: usize,
        /// How long it may be.
        max_document_bytes: usize,
    },
    /// The document id that was sent is not that of the content.
    #[error("is not the id of this channel, message id and text: {expected}")]
    DocumentIdMismatch {
        /// The path of the field.
        field: String,
        /// The true id.
        expected: String,
    },
    /// A span does not slice the text, or not to the text that was sent.
    #[error("{message}")]
    NotProved {
        /// The path of the field.
        field: String,
        /// Why.
        message: String,
    },
}

impl ConvertError {
    /// Returns the path of the field.
    #[must_use]
    pub fn field(&self) -> &str {
        match self {
            Self::Missing { field }
            | Self::Invalid { field, .. }
            | Self::TextEmpty { field }
            | Self::DocumentTooLarge { field, .. }
            | Self::DocumentIdMismatch { field, .. }
            | Self::NotProved { field, .. } => field,
        }
    }
}

/// Every one of these is INVALID_ARGUMENT and names its field.
impl From<ConvertError> for tonic::Status {
    fn from(error: ConvertError) -> Self {
        let reason = match error {
            ConvertError::Missing { .. } | ConvertError::Invalid { .. } => v1::ErrorReason::FieldInvalid,
            ConvertError::TextEmpty { .. } => v1::ErrorReason::TextEmpty,
            ConvertError::DocumentTooLarge { bytes, max_document_bytes, .. } => {
                return crate::field_violation_with(
                    v1::ErrorReason::DocumentTooLarge,
                    error.field(),
                    &error.to_string(),
                    &[("bytes", &bytes.to_string()), ("max_document_bytes", &max_document_bytes.to_string())],
                );
            }
            ConvertError::DocumentIdMismatch { .. } => v1::ErrorReason::DocumentIdMismatch,
            ConvertError::NotProved { .. } => v1::ErrorReason::ClaimNotProved,
        };
        crate::field_violation(reason, error.field(), &error.to_string())
    }
}

type Result<T> = std::result::Result<T, ConvertError>;

/// The longest name (channel, URL, title …) in bytes.
const MAX_NAME_BYTES: usize = 1024;
/// The longest URL and source title in bytes.
const MAX_LONG_NAME_BYTES: usize = 8 * 1024;

// ---------------------------------------------------------------------------------------------------- documents

/// Returns the document of a request, which must be there and have a text of at most `max_document_bytes`.
///
/// # Errors
///
/// Says what is missing or too long.
pub fn document_within(
    document: Option<v1::Document>,
    max_document_bytes: usize,
    field: &str,
) -> Result<v1::Document> {
    let document = document.ok_or_else(|| ConvertError::Missing { field: field.to_owned() })?;
    let bytes = document.text.len();
    if bytes > max_document_bytes {
        return Err(ConvertError::DocumentTooLarge {
            field: format!("{field}.text"),
            bytes,
            max_document_bytes,
        });
    }
    Ok(document)
}

/// Returns the document of a message; ids are computed, and compared with those that were sent.
///
/// # Errors
///
/// Names the field that is missing, too long or not what the content says.
pub fn document_from_wire(document: v1::Document, field: &str) -> Result<Document> {
    if document.text.is_empty() {
        return Err(ConvertError::TextEmpty { field: format!("{field}.text") });
    }
    if document.source_end_byte != 0 && document.source_end_byte < document.source_start_byte {
        return Err(invalid(field, "source_end_byte", "must not lie before source_start_byte"));
    }
    let name = |value: String, of: &str, max_bytes| {
        if value.len() > max_bytes {
            return Err(invalid(
                field,
                of,
                &format!("must be at most {max_bytes} bytes long, not {}", value.len()),
            ));
        }
        Ok((!value.is_empty()).then_some(value))
    };
    let sent_id = document.document_id;
    let parts = DocumentParts {
        text: document.text,
        channel: name(document.channel, "channel", MAX_NAME_BYTES)?,
        forwarded_from: name(document.forwarded_from, "forwarded_from", MAX_NAME_BYTES)?,
        url: name(document.url, "url", MAX_LONG_NAME_BYTES)?,
        message_id: name(document.message_id, "message_id", MAX_NAME_BYTES)?,
        reply_to_message_id: name(document.reply_to_message_id, "reply_to_message_id", MAX_NAME_BYTES)?,
        publish_time: timestamp_from_wire(document.publish_time, field, "publish_time")?,
        edit_time: timestamp_from_wire(document.edit_time, field, "edit_time")?,
        source_title: name(document.source_title, "source_title", MAX_LONG_NAME_BYTES)?,
        source_file: name(document.source_file, "source_file", MAX_NAME_BYTES)?,
        source_start_byte: document.source_start_byte,
        source_end_byte: document.source_end_byte,
        residue: document
            .residue
            .into_iter()
            .enumerate()
            .map(|(n, residue)| residue_from_wire(residue, &format!("{field}.residue[{n}]")))
            .collect::<Result<_>>()?,
    };
    let document = Document::new(parts);
    let id = document.id().to_string();
    if !sent_id.is_empty() && sent_id != id {
        return Err(ConvertError::DocumentIdMismatch { field: format!("{field}.document_id"), expected: id });
    }
    Ok(document)
}

/// Returns the message of a document.
#[must_use]
pub fn document_to_wire(document: &Document) -> v1::Document {
    let (document_id, content_hash) = (document.id().to_string(), document.content_hash().to_string());
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
    } = &**document;
    v1::Document {
        document_id,
        text: text.clone(),
        channel: or_empty(channel),
        forwarded_from: or_empty(forwarded_from),
        url: or_empty(url),
        message_id: or_empty(message_id),
        reply_to_message_id: or_empty(reply_to_message_id),
        publish_time: publish_time.map(timestamp_to_wire),
        edit_time: edit_time.map(timestamp_to_wire),
        source_title: or_empty(source_title),
        source_file: or_empty(source_file),
        source_start_byte: *source_start_byte,
        source_end_byte: *source_end_byte,
        residue: residue.iter().map(residue_to_wire).collect(),
        content_hash,
    }
}

fn residue_from_wire(residue: v1::Residue, field: &str) -> Result<Residue> {
    let kind = match residue.kind() {
        v1::ResidueKind::Header => ResidueKind::Header,
        v1::ResidueKind::Media => ResidueKind::Media,
        v1::ResidueKind::RepeatedBody => ResidueKind::RepeatedBody,
        v1::ResidueKind::Furniture => ResidueKind::Furniture,
        v1::ResidueKind::Unspecified => return Err(invalid(field, "kind", "must be one of the kinds")),
    };
    let v1::Residue { kind: _, source_start_byte, source_end_byte } = residue;
    if source_start_byte > source_end_byte {
        return Err(invalid(field, "source_end_byte", "must not lie before source_start_byte"));
    }
    Ok(Residue { kind, source_start_byte, source_end_byte })
}

fn residue_to_wire(residue: &Residue) -> v1::Residue {
    let Residue { kind, source_start_byte, source_end_byte } = *residue;
    let kind = match kind {
        ResidueKind::Header => v1::ResidueKind::Header,
        ResidueKind::Media => v1::ResidueKind::Media,
        ResidueKind::RepeatedBody => v1::ResidueKind::RepeatedBody,
        ResidueKind::Furniture => v1::ResidueKind::Furniture,
    };
    v1::Residue { kind: kind.into(), source_start_byte, source_end_byte }
}

/// Returns the message of an instant.
#[must_use]
pub fn timestamp_to_wire(instant: Timestamp) -> pbjson_types::Timestamp {
    let (mut seconds, mut nanos) = (instant.as_second(), instant.subsec_nanosecond());
    if nanos < 0 {
        (seconds, nanos) = (seconds - 1, nanos + 1_000_000_000); // the wire counts nanoseconds forward
    }
    pbjson_types::Timestamp { seconds, nanos }
}

/// Returns the instant of a message.
///
/// # Errors
///
/// Names the field `field.of` when it holds no instant of the years 0001 to 9999.
pub fn timestamp_from_wire(
    instant: Option<pbjson_types::Timestamp>,
    field: &str,
    of: &str,
) -> Result<Option<Timestamp>> {
    instant
        .map(|pbjson_types::Timestamp { seconds, nanos }| {
            (0..1_000_000_000)
                .contains(&nanos)
                .then(|| Timestamp::new(seconds, nanos).ok())
                .flatten()
                .ok_or_else(|| invalid(field, of, "must be an instant of the years 0001 to 9999"))
        })
        .transpose()
}

// ---------------------------------------------------------------------------------------------------- extractions

/// Returns what was found in `document`; every span is checked against its text.
///
/// # Errors
///
/// Names the field that is missing, cannot be, or is not proved by the text.
pub fn extraction_from_wire(
    extraction: v1::Extraction,
    document: &Document,
    field: &str,
) -> Result<Extraction> {
    let text = &document.text;
    let v1::Extraction { title, place, date, topics, language, rule_set, claims, diagnostics } = extraction;
    let mut extraction = Extraction {
        title: title.map(|title| span_from_wire(&title, text, &format!("{field}.title"))).transpose()?,
        occasion: Occasion {
            place: (!place.is_empty()).then_some(place),
            date: (!date.is_empty())
                .then(|| date.parse().map_err(|error| invalid(field, "date", &format!("{error}"))))
                .transpose()?,
        },
        topics,
        language: (!language.is_empty()).then_some(Cow::Owned(language)),
        claims: claims
            .into_iter()
            .enumerate()
            .map(|(n, claim)| claim_from_wire(claim, document, &format!("{field}.claims[{n}]")))
            .collect::<Result<_>>()?,
        diagnostics: diagnostics
            .into_iter()
            .enumerate()
            .map(|(n, diagnostic)| {
                diagnostic_from_wire(diagnostic, text, &format!("{field}.diagnostics[{n}]"))
            })
            .collect::<Result<_>>()?,
        rule_set: Cow::Owned(rule_set),
    };
    extraction.sort_claims();
    if let Some(pair) = extraction.claims.windows(2).find(|pair| pair[0].id == pair[1].id) {
        let message = format!("claim {} is there twice", pair[0].id);
        return Err(ConvertError::Invalid { field: format!("{field}.claims"), message });
    }
    Ok(extraction)
}

/// Returns the message of what was found in `document`.
#[must_use]
pub fn extraction_to_wire(
    extraction: &Extraction,
    document: &Document,
    view: v1::ClaimView,
    revision: u64,
) -> v1::Extraction {
    let units = Units::new(&document.text);
    let Extraction {
        title,
        occasion: Occasion { place, date },
        topics,
        language,
        claims,
        diagnostics,
        rule_set,
    } = extraction;
    v1::Extraction {
        title: title.map(|title| span_to_wire(title, &units, view)),
        place: or_empty(place),
        date: date.map(|date| date.to_string()).unwrap_or_default(),
        topics: topics.clone(),
        language: language.as_deref().unwrap_or_default().to_owned(),
        rule_set: rule_set.to_string(),
        claims: claims
            .iter()
            .map(|claim| claim_to_wire(claim, document, extraction, &units, view, revision))
            .collect(),
        diagnostics: diagnostics
            .iter()
            .map(|diagnostic| {
                let Diagnostic { kind, span, message } = diagnostic;
                v1::Diagnostic {
                    kind: diagnostic_kind_to_wire(*kind).into(),
                    span: span.map(|span| span_to_wire(span, &units, view)),
                    message: message.clone(),
                }
            })
            .collect(),
    }
}

fn diagnostic_from_wire(diagnostic: v1::Diagnostic, text: &str, field: &str) -> Result<Diagnostic> {
    let kind = match diagnostic.kind() {
        v1::DiagnosticKind::UnsupportedLanguage => DiagnosticKind::UnsupportedLanguage,
        v1::DiagnosticKind::UnclosedQuote => DiagnosticKind::UnclosedQuote,
        v1::DiagnosticKind::RhetoricalQuestion => DiagnosticKind::RhetoricalQuestion,
        v1::DiagnosticKind::AnswerWithoutQuestion => DiagnosticKind::AnswerWithoutQuestion,
        v1::DiagnosticKind::UnknownSpeaker => DiagnosticKind::UnknownSpeaker,
        v1::DiagnosticKind::ListWithoutItems => DiagnosticKind::ListWithoutItems,
        v1::DiagnosticKind::PassedOver => DiagnosticKind::PassedOver,
        v1::DiagnosticKind::Unspecified => return Err(invalid(field, "kind", "must be one of the kinds")),
    };
    let v1::Diagnostic { kind: _, span, message } = diagnostic;
    let span = span.map(|span| span_from_wire(&span, text, &format!("{field}.span"))).transpose()?;
    Ok(Diagnostic { kind, span, message })
}

fn diagnostic_kind_to_wire(kind: DiagnosticKind) -> v1::DiagnosticKind {
    match kind {
        DiagnosticKind::UnsupportedLanguage => v1::DiagnosticKind::UnsupportedLanguage,
        DiagnosticKind::UnclosedQuote => v1::DiagnosticKind::UnclosedQuote,
        DiagnosticKind::RhetoricalQuestion => v1::DiagnosticKind::RhetoricalQuestion,
        DiagnosticKind::AnswerWithoutQuestion => v1::DiagnosticKind::AnswerWithoutQuestion,
        DiagnosticKind::UnknownSpeaker => v1::DiagnosticKind::UnknownSpeaker,
        DiagnosticKind::ListWithoutItems => v1::DiagnosticKind::ListWithoutItems,
        DiagnosticKind::PassedOver => v1::DiagnosticKind::PassedOver,
    }
}

// ---------------------------------------------------------------------------------------------------- claims

/// Returns the claim of a message, every span checked against the text of `document`.
///
/// # Errors
///
/// Names the field that is missing, cannot be, or is not proved by the text.
pub fn claim_from_wire(claim: v1::Claim, document: &Document, field: &str) -> Result<Claim> {
    let text = &document.text;
    let v1::Claim { claim_id, document_id, form, provenance } = claim;
    let form = match form.ok_or_else(|| missing(field, "form"))? {
        v1::claim::Form::QuotedStatement(statement) => {
            Form::QuotedStatement(statement_from_wire(statement, text, &format!("{field}.quoted_statement"))?)
        }
        v1::claim::Form::QuestionAnswer(pair) => {
            Form::QuestionAnswer(pair_from_wire(pair, text, &format!("{field}.question_answer"))?)
        }
        v1::claim::Form::PrerequisiteList(list) => {
            Form::PrerequisiteList(list_from_wire(list, text, &format!("{field}.prerequisite_list"))?)
        }
    };
    let id = ClaimId::of(document.id(), &form);
    if !claim_id.is_empty() && claim_id != id.to_string() {
        return Err(invalid(field, "claim_id", &format!("is not the id of this form and these spans: {id}")));
    }
    if !document_id.is_empty() && document_id != document.id().to_string() {
        return Err(invalid(
            field,
            "document_id",
            &format!("is not the id of the document: {}", document.id()),
        ));
    }
    let provenance = provenance.ok_or_else(|| missing(field, "provenance"))?;
    let confidence = Confidence::new(provenance.confidence)
        .ok_or_else(|| invalid(field, "provenance.confidence", "must be from 0 to 1"))?;
    if provenance.rule_id.is_empty() {
        return Err(missing(field, "provenance.rule_id"));
    }
    Ok(Claim { id, form, rule_id: Cow::Owned(provenance.rule_id), confidence })
}

/// Returns the message of a claim of `document`; `units` must have counted the document's text.
#[must_use]
pub fn claim_to_wire(
    claim: &Claim,
    document: &Document,
    extraction: &Extraction,
    units: &Units<'_>,
    view: v1::ClaimView,
    revision: u64,
) -> v1::Claim {
    let Claim { id, form, rule_id, confidence } = claim;
    let form = match form {
        Form::QuotedStatement(statement) => {
            v1::claim::Form::QuotedStatement(statement_to_wire(statement, units, view))
        }
        Form::QuestionAnswer(pair) => v1::claim::Form::QuestionAnswer(pair_to_wire(pair, units, view)),
        Form::PrerequisiteList(list) => v1::claim::Form::PrerequisiteList(list_to_wire(list, units, view)),
    };
    let mut provenance = match view {
        v1::ClaimView::Basic => v1::Provenance::default(),
        v1::ClaimView::Unspecified | v1::ClaimView::Full => provenance_to_wire(document, extraction),
    };
    provenance.rule_id = rule_id.to_string();
    provenance.confidence = confidence.get();
    provenance.revision = revision;
    v1::Claim {
        claim_id: id.to_string(),
        document_id: document.id().to_string(),
        form: Some(form),
        provenance: Some(provenance),
    }
}

/// Returns what all claims of a document have in common of their provenance.
#[must_use]
pub fn provenance_to_wire(document: &Document, extraction: &Extraction) -> v1::Provenance {
    v1::Provenance {
        channel: or_empty(&document.channel),
        forwarded_from: or_empty(&document.forwarded_from),
        url: or_empty(&document.url),
        message_id: or_empty(&document.message_id),
        title: match extraction.title.and_then(|title| title.slice(&document.text)) {
            Some(title) => title.to_owned(),
            None => or_empty(&document.source_title),
        },
        place: or_empty(&extraction.occasion.place),
        date: extraction.occasion.date.map(|date| date.to_string()).unwrap_or_default(),
        publish_time: document.publish_time.map(timestamp_to_wire),
        topics: extraction.topics.clone(),
        language: extraction.language.as_deref().unwrap_or_default().to_owned(),
        source_file: or_empty(&document.source_file),
        source_start_byte: document.source_start_byte,
        rule_id: String::new(),
        rule_set: extraction.rule_set.to_string(),
        confidence: 0.0,
        edit_time: document.edit_time.map(timestamp_to_wire),
        reply_to_message_id: or_empty(&document.reply_to_message_id),
        content_hash: document.content_hash().to_string(),
        revision: 0,
    }
}

fn statement_from_wire(statement: v1::QuotedStatement, text: &str, field: &str) -> Result<QuotedStatement> {
    let manner = match statement.manner() {
        v1::Manner::Block => Manner::Block,
        v1::Manner::Direct => Manner::Direct,
        v1::Manner::Indirect => Manner::Indirect,
        v1::Manner::Mixed => Manner::Mixed,
        v1::Manner::Attitude => Manner::Attitude,
        v1::Manner::Unspecified => return Err(invalid(field, "manner", "must be one of the manners")),
    };
    let unknown = statement.unknown_speaker();
    let v1::QuotedStatement {
        speaker,
        unknown_speaker: _,
        source,
        cue,
        content,
        content_parts,
        manner: _,
        attribution_chain,
    } = statement;
    Ok(QuotedStatement {
        speaker: speaker_or_unknown(speaker, unknown, field, "speaker")?,
        source: optional_span(source, text, field, "source")?,
        cue: optional_span(cue, text, field, "cue")?,
        content: required_span(content, text, field, "content")?,
        content_parts: spans(&content_parts, text, field, "content_parts")?,
        manner,
        attribution_chain: speakers(attribution_chain, field)?,
    })
}

fn statement_to_wire(
    statement: &QuotedStatement,
    units: &Units<'_>,
    view: v1::ClaimView,
) -> v1::QuotedStatement {
    let QuotedStatement { speaker, source, cue, content, content_parts, manner, attribution_chain } =
        statement;
    let manner = match manner {
        Manner::Block => v1::Manner::Block,
        Manner::Direct => v1::Manner::Direct,
        Manner::Indirect => v1::Manner::Indirect,
        Manner::Mixed => v1::Manner::Mixed,
        Manner::Attitude => v1::Manner::Attitude,
    };
    let span = |span: Span| span_to_wire(span, units, view);
    v1::QuotedStatement {
        speaker: speaker.as_ref().ok().map(speaker_to_wire),
        unknown_speaker: unknown_to_wire(speaker).into(),
        source: source.map(span),
        cue: cue.map(span),
        content: Some(span(*content)),
        content_parts: content_parts.iter().copied().map(span).collect(),
        manner: manner.into(),
        attribution_chain: attribution_chain.iter().map(speaker_to_wire).collect(),
    }
}

fn pair_from_wire(pair: v1::QuestionAnswer, text: &str, field: &str) -> Result<QuestionAnswer> {
    let (unknown_asker, unknown_respondent) = (pair.unknown_asker(), pair.unknown_respondent());
    let v1::QuestionAnswer { question, asker, answer, respondent, unknown_asker: _, unknown_respondent: _ } =
        pair;
    Ok(QuestionAnswer {
        question: required_span(question, text, field, "question")?,
        asker: speaker_or_unknown(asker, unknown_asker, field, "asker")?,
        answer: required_span(answer, text, field, "answer")?,
        respondent: speaker_or_unknown(respondent, unknown_respondent, field, "respondent")?,
    })
}

fn pair_to_wire(pair: &QuestionAnswer, units: &Units<'_>, view: v1::ClaimView) -> v1::QuestionAnswer {
    let QuestionAnswer { question, asker, answer, respondent } = pair;
    v1::QuestionAnswer {
        question: Some(span_to_wire(*question, units, view)),
        asker: asker.as_ref().ok().map(speaker_to_wire),
        answer: Some(span_to_wire(*answer, units, view)),
        respondent: respondent.as_ref().ok().map(speaker_to_wire),
        unknown_asker: unknown_to_wire(asker).into(),
        unknown_respondent: unknown_to_wire(respondent).into(),
    }
}

fn list_from_wire(list: v1::PrerequisiteList, text: &str, field: &str) -> Result<PrerequisiteList> {
    let unknown = list.unknown_speaker();
    let v1::PrerequisiteList {
        introducer,
        subject,
        items,
        speaker,
        attribution_chain,
        source,
        unknown_speaker: _,
    } = list;
    if items.is_empty() {
        return Err(missing(field, "items"));
    }
    Ok(PrerequisiteList {
        introducer: required_span(introducer, text, field, "introducer")?,
        subject: optional_span(subject, text, field, "subject")?,
        items: spans(&items, text, field, "items")?,
        speaker: speaker_or_unknown(speaker, unknown, field, "speaker")?,
        source: optional_span(source, text, field, "source")?,
        attribution_chain: speakers(attribution_chain, field)?,
    })
}

fn list_to_wire(list: &PrerequisiteList, units: &Units<'_>, view: v1::ClaimView) -> v1::PrerequisiteList {
    let PrerequisiteList { introducer, subject, items, speaker, source, attribution_chain } = list;
    let span = |span: Span| span_to_wire(span, units, view);
    v1::PrerequisiteList {
        introducer: Some(span(*introducer)),
        subject: subject.map(span),
        items: items.iter().copied().map(span).collect(),
        speaker: speaker.as_ref().ok().map(speaker_to_wire),
        attribution_chain: attribution_chain.iter().map(speaker_to_wire).collect(),
        source: source.map(span),
        unknown_speaker: unknown_to_wire(speaker).into(),
    }
}

// ---------------------------------------------------------------------------------------------------- speakers

fn speaker_or_unknown(
    speaker: Option<v1::Speaker>,
    unknown: v1::UnknownSpeaker,
    field: &str,
    of: &str,
) -> Result<std::result::Result<Speaker, UnknownSpeaker>> {
    if let Some(speaker) = speaker {
        return speaker_from_wire(speaker, field, of).map(Ok);
    }
    Ok(Err(match unknown {
        v1::UnknownSpeaker::Unspecified | v1::UnknownSpeaker::NotNamed => UnknownSpeaker::NotNamed,
        v1::UnknownSpeaker::AmbiguousPronoun => UnknownSpeaker::AmbiguousPronoun,
        v1::UnknownSpeaker::NoAntecedent => UnknownSpeaker::NoAntecedent,
        v1::UnknownSpeaker::AgentlessPassive => UnknownSpeaker::AgentlessPassive,
        v1::UnknownSpeaker::SeveralCandidates => UnknownSpeaker::SeveralCandidates,
    }))
}

fn unknown_to_wire(speaker: &std::result::Result<Speaker, UnknownSpeaker>) -> v1::UnknownSpeaker {
    match speaker {
        Ok(_) => v1::UnknownSpeaker::Unspecified,
        Err(UnknownSpeaker::NotNamed) => v1::UnknownSpeaker::NotNamed,
        Err(UnknownSpeaker::AmbiguousPronoun) => v1::UnknownSpeaker::AmbiguousPronoun,
        Err(UnknownSpeaker::NoAntecedent) => v1::UnknownSpeaker::NoAntecedent,
        Err(UnknownSpeaker::AgentlessPassive) => v1::UnknownSpeaker::AgentlessPassive,
        Err(UnknownSpeaker::SeveralCandidates) => v1::UnknownSpeaker::SeveralCandidates,
    }
}

fn speakers(speakers: Vec<v1::Speaker>, field: &str) -> Result<Vec<Speaker>> {
    speakers
        .into_iter()
        .enumerate()
        .map(|(n, speaker)| speaker_from_wire(speaker, field, &format!("attribution_chain[{n}]")))
        .collect()
}

fn speaker_from_wire(speaker: v1::Speaker, field: &str, of: &str) -> Result<Speaker> {
    let v1::Speaker { name, role, organization } = speaker;
    if name.is_empty() {
        return Err(missing(field, &format!("{of}.name")));
    }
    let optional = |value: String| (!value.is_empty()).then_some(value);
    Ok(Speaker { name, role: optional(role), organization: optional(organization) })
}

fn speaker_to_wire(speaker: &Speaker) -> v1::Speaker {
    let Speaker { name, role, organization } = speaker;
    v1::Speaker { name: name.clone(), role: or_empty(role), organization: or_empty(organization) }
}

// ---------------------------------------------------------------------------------------------------- spans

fn required_span(span: Option<v1::TextSpan>, text: &str, field: &str, of: &str) -> Result<Span> {
    span_from_wire(&span.ok_or_else(|| missing(field, of))?, text, &format!("{field}.{of}"))
}

fn optional_span(span: Option<v1::TextSpan>, text: &str, field: &str, of: &str) -> Result<Option<Span>> {
    span.map(|span| span_from_wire(&span, text, &format!("{field}.{of}"))).transpose()
}

fn spans(spans: &[v1::TextSpan], text: &str, field: &str, of: &str) -> Result<Vec<Span>> {
    spans
        .iter()
        .enumerate()
        .map(|(n, span)| span_from_wire(span, text, &format!("{field}.{of}[{n}]")))
        .collect()
}

/// Bytes decide; the other units are not read.
fn span_from_wire(span: &v1::TextSpan, text: &str, field: &str) -> Result<Span> {
    let not_proved = |message: String| ConvertError::NotProved { field: field.to_owned(), message };
    let proved = Span::new(span.start_byte as usize, span.end_byte as usize)
        .map_err(|error| not_proved(error.to_string()))?;
    let slice = proved.slice(text).ok_or_else(|| {
        not_proved(format!("bytes {proved} do not slice a text of {} bytes between characters", text.len()))
    })?;
    if !span.text.is_empty() && span.text != slice {
        return Err(not_proved(format!("the document's text at bytes {proved} is another one")));
    }
    Ok(proved)
}

/// Returns the message of a span in every unit; without its text and the other units in the basic view.
#[must_use]
pub fn span_to_wire(span: Span, units: &Units<'_>, view: v1::ClaimView) -> v1::TextSpan {
    let bytes = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX); // a span's ends are u32 inside
    if view == v1::ClaimView::Basic {
        return v1::TextSpan {
            start_byte: bytes(span.start()),
            end_byte: bytes(span.end()),
            ..Default::default()
        };
    }
    let (start, end) = units.span(span);
    v1::TextSpan {
        text: span.slice(units.text()).unwrap_or_default().to_owned(),
        start_byte: start.byte,
        end_byte: end.byte,
        start_code_point: start.code_point,
        end_code_point: end.code_point,
        start_utf16: start.utf16,
        end_utf16: end.utf16,
    }
}

fn or_empty(value: &Option<String>) -> String {
    value.clone().unwrap_or_default()
}

fn missing(field: &str, of: &str) -> ConvertError {
    ConvertError::Missing { field: format!("{field}.{of}") }
}

fn invalid(field: &str, of: &str, message: &str) -> ConvertError {
    ConvertError::Invalid { field: format!("{field}.{of}"), message: message.to_owned() }
}
