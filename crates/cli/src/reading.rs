//! What the source files of a command hold, one thing after another, in order.

use std::{
    io::{self, Read},
    sync::Arc,
};

use dictum_core::Document;
use dictum_formats::{Documents, Format, Item, Rejection, Summary};
use indicatif::{ProgressBar, ProgressBarIter};

use crate::{
    cli::InputArgs,
    inputs::{self, Input, InputError},
};

/// One thing found in a source file.
#[expect(clippy::large_enum_variant, reason = "nearly everything that is found is a document")]
#[derive(Debug)]
pub(crate) enum Found {
    /// A document.
    Document {
        /// The source file, for messages.
        file: Arc<str>,
        /// The document.
        document: Document,
    },
    /// The end of a source file that could be read.
    End(FileEnd),
    /// A part, or a whole source file, that cannot become a document.
    Rejected(Rejected),
}

/// What a source file came to.
#[derive(Debug)]
pub(crate) struct FileEnd {
    /// The source file, for messages.
    pub(crate) file: Arc<str>,
    /// The format that it was read as.
    pub(crate) format: Format,
    /// What came out of it.
    pub(crate) summary: Summary,
}

impl FileEnd {
    /// Returns "2 × no text, 1 × service message" of the parts that hold no document, or nothing.
    pub(crate) fn passed_over(&self) -> String {
        let counts = self.summary.skipped.iter().map(|(reason, n)| format!("{n} × {reason}"));
        counts.collect::<Vec<_>>().join(", ")
    }
}

/// What was not taken, and why.
#[derive(Debug)]
pub(crate) struct Rejected {
    /// The source file, for messages.
    pub(crate) file: Arc<str>,
    /// The kind of reason, such as `INVALID_UTF8`.
    pub(crate) reason: String,
    /// The reason for a person, with the place.
    pub(crate) message: String,
}

/// Reads every source file that the arguments name; memory holds one document.
pub(crate) fn read<'a>(args: &'a InputArgs, progress: &'a ProgressBar) -> impl Iterator<Item = Found> + 'a {
    inputs::expand(&args.files).into_iter().flat_map(move |input| SourceFile::open(input, args, progress))
}

/// The things of one source file.
struct SourceFile {
    name: Arc<str>,
    state: State,
}

enum State {
    Open(Box<Documents<ProgressBarIter<Box<dyn Read + Send>>>>),
    Unreadable(InputError),
    /// The file was read and holds no document.
    Empty(String),
    Ended,
}

impl SourceFile {
    fn open(input: Result<Input, InputError>, args: &InputArgs, progress: &ProgressBar) -> Self {
        match input.and_then(|input| Ok((input.open()?, input))) {
            Ok((reader, input)) => {
                let documents =
                    dictum_formats::read(progress.wrap_read(reader), args.read_options(input.source_file()));
                Self { name: input.name().into(), state: State::Open(Box::new(documents)) }
            }
            Err(error) => Self { name: error.name().into(), state: State::Unreadable(error) },
        }
    }

    fn rejected(&self, reason: &str, message: String) -> Found {
        Found::Rejected(Rejected { file: Arc::clone(&self.name), reason: reason.to_owned(), message })
    }
}

impl Iterator for SourceFile {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        let item = match &mut self.state {
            State::Open(documents) => told(documents),
            State::Empty(message) => {
                let message = std::mem::take(message);
                self.state = State::Ended;
                return Some(self.rejected("NO_DOCUMENT", message));
            }
            State::Unreadable(error) => {
                let message = error.to_string();
                self.state = State::Ended;
                return Some(self.rejected("UNREADABLE", message));
            }
            State::Ended => return None,
        };
        Some(match item {
            Some(Ok(Told::Document(document))) => Found::Document { file: Arc::clone(&self.name), document },
            Some(Ok(Told::Rejected(rejection))) => {
                let reason = rejection.reason.kind().replace('-', "_").to_uppercase();
                self.rejected(&reason, rejection.to_string())
            }
            Some(Err(error)) => self.rejected("UNREADABLE", error.to_string()),
            None => {
                let State::Open(documents) = std::mem::replace(&mut self.state, State::Ended) else {
                    return None;
                };
                let (format, summary) = (documents.format(), documents.summary().clone());
                let end = FileEnd { file: Arc::clone(&self.name), format, summary };
                if end.summary.documents == 0 && end.summary.rejected == 0 {
                    let message = format!("the file holds no document: {}", end.passed_over());
                    self.state = State::Empty(message);
                }
                Found::End(end)
            }
        })
    }
}

/// What is told one by one; the rest is counted.
#[expect(clippy::large_enum_variant, reason = "nearly everything is a document")]
enum Told {
    Document(Document),
    Rejected(Rejection),
}

fn told(documents: &mut Documents<impl Read>) -> Option<io::Result<Told>> {
    documents.find_map(|item| match item {
        Ok(Item::Document(document)) => Some(Ok(Told::Document(document))),
        Ok(Item::Rejected(rejection)) => Some(Ok(Told::Rejected(rejection))),
        Ok(Item::Skipped(_)) => None,
        Err(error) => Some(Err(error)),
    })
}
