//! The filter of claims as flags.

use clap::{Args, ValueEnum};
use dictum_core::{Confidence, Date, Timestamp};
use dictum_proto::{timestamp_to_wire, v1};

use crate::cli::confidence;

/// Which claims: all that fit every flag given.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Which claims")]
pub(crate) struct FilterArgs {
    /// Of this speaker or respondent, by any known form of the name; case, accents and title do not count.
    #[arg(long, value_name = "NAME", env = "DICTUM_SPEAKER")]
    speaker: Option<String>,

    /// Of a speaker whose name is written as --speaker says, without its other forms.
    #[arg(long, requires = "speaker", env = "DICTUM_EXACT_SPEAKER")]
    exact_speaker: bool,

    /// Of this form.
    #[arg(long, value_enum, env = "DICTUM_FORM")]
    form: Option<Form>,

    /// Of this manner: only quoted statements have one.
    #[arg(long, value_enum, env = "DICTUM_MANNER")]
    manner: Option<Manner>,

    /// With this hashtag, written without #.
    #[arg(long, value_name = "TOPIC", env = "DICTUM_TOPIC")]
    topic: Option<String>,

    /// Published in this channel.
    #[arg(long, value_name = "NAME", env = "DICTUM_CHANNEL")]
    channel: Option<String>,

    /// In this language, as a BCP 47 tag such as `en`.
    #[arg(long, value_name = "TAG", env = "DICTUM_LANGUAGE")]
    language: Option<String>,

    /// Of this document.
    #[arg(long, value_name = "ID", env = "DICTUM_DOCUMENT")]
    document: Option<String>,

    /// Of an occasion on this day or later, such as 2026-05-12.
    #[arg(long, value_name = "DATE", env = "DICTUM_FROM_DATE")]
    from_date: Option<Date>,

    /// Of an occasion on this day or earlier.
    #[arg(long, value_name = "DATE", env = "DICTUM_TO_DATE")]
    to_date: Option<Date>,

    /// Published at this instant or later, such as 2026-05-12T08:00:00Z.
    #[arg(long, value_name = "TIME", env = "DICTUM_FROM_PUBLISH_TIME")]
    from_publish_time: Option<Timestamp>,

    /// Published before this instant.
    #[arg(long, value_name = "TIME", env = "DICTUM_TO_PUBLISH_TIME")]
    to_publish_time: Option<Timestamp>,

    /// Of a speaker with this role.
    #[arg(long, value_name = "ROLE", env = "DICTUM_ROLE")]
    role: Option<String>,

    /// Of a speaker for this organization.
    #[arg(long, value_name = "NAME", env = "DICTUM_ORGANIZATION")]
    organization: Option<String>,

    /// Reported by this person.
    #[arg(long, value_name = "NAME", env = "DICTUM_REPORTER")]
    reporter: Option<String>,

    /// At least this sure, from 0 to 1.
    #[arg(long, value_name = "NUMBER", value_parser = confidence, env = "DICTUM_MIN_CONFIDENCE")]
    min_confidence: Option<Confidence>,

    /// Found by this rule.
    #[arg(long, value_name = "RULE", env = "DICTUM_RULE")]
    rule: Option<String>,
}

/// The three forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    QuotedStatement,
    QuestionAnswer,
    PrerequisiteList,
}

/// The manners of a quoted statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Manner {
    Block,
    Direct,
    Indirect,
    Mixed,
    Attitude,
}

impl From<FilterArgs> for v1::ClaimFilter {
    fn from(args: FilterArgs) -> Self {
        let text = Option::unwrap_or_default;
        let day = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
        Self {
            speaker: text(args.speaker),
            form: args.form.map_or(v1::ClaimForm::Unspecified, Into::into).into(),
            manner: args.manner.map_or(v1::Manner::Unspecified, Into::into).into(),
            topic: text(args.topic),
            channel: text(args.channel),
            language: text(args.language),
            document_id: text(args.document),
            from_date: day(args.from_date),
            to_date: day(args.to_date),
            from_publish_time: args.from_publish_time.map(timestamp_to_wire),
            to_publish_time: args.to_publish_time.map(timestamp_to_wire),
            role: text(args.role),
            organization: text(args.organization),
            reporter: text(args.reporter),
            min_confidence: args.min_confidence.map_or(0.0, Confidence::get),
            rule_id: text(args.rule),
            exact_speaker: args.exact_speaker,
        }
    }
}

impl From<Form> for v1::ClaimForm {
    fn from(form: Form) -> Self {
        match form {
            Form::QuotedStatement => Self::QuotedStatement,
            Form::QuestionAnswer => Self::QuestionAnswer,
            Form::PrerequisiteList => Self::PrerequisiteList,
        }
    }
}

impl From<Manner> for v1::Manner {
    fn from(manner: Manner) -> Self {
        match manner {
            Manner::Block => Self::Block,
            Manner::Direct => Self::Direct,
            Manner::Indirect => Self::Indirect,
            Manner::Mixed => Self::Mixed,
            Manner::Attitude => Self::Attitude,
        }
    }
}
