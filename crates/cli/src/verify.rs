//! `dictum verify`: every claim against its document.

use std::{
    fmt,
    io::{self, Write},
};

use dictum_client::{ClientError, StorageClient};
use dictum_proto::{
    claim_from_wire, document_from_wire,
    v1::{Claim, ClaimFilter, ClaimView, GetDocumentRequest, ListClaimsRequest, TextSpan, claim::Form},
};
use futures_util::StreamExt;

use crate::{
    cli::VerifyArgs,
    exit::{Exit, Failure},
    table::count,
    terminal,
};

const PAGE_SIZE: i32 = 1000;

/// Says which claims are not proved by their documents.
pub(crate) async fn run(args: VerifyArgs) -> Result<Exit, Failure> {
    let endpoint = &args.server.endpoint;
    let connection = args.server.connect().map_err(|error| VerifyError::from(error).at(endpoint))?;
    let mut out = terminal::stdout();
    let checked = check(&StorageClient::new(connection), args.filter.into(), &mut out)
        .await
        .map_err(|error| error.at(endpoint))?;
    writeln!(out, "{checked}")?;
    out.flush()?;
    Ok(if checked.is_clean() { Exit::Done } else { Exit::Incomplete })
}

/// Why not everything could be checked.
#[derive(Debug)]
pub(crate) enum VerifyError {
    Server(ClientError),
    Output(io::Error),
}

impl From<ClientError> for VerifyError {
    fn from(error: ClientError) -> Self {
        Self::Server(error)
    }
}

impl From<io::Error> for VerifyError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl VerifyError {
    /// Returns the failure of a command that talks to this server.
    pub(crate) fn at(self, endpoint: &str) -> Failure {
        match self {
            Self::Server(source) => Failure::Server { endpoint: endpoint.to_owned(), source },
            Self::Output(error) => error.into(),
        }
    }
}

/// Fetches the claims that fit `filter` and their documents; writes a line for each that is not proved.
///
/// Texts are cut the way that Rust, Python and JavaScript cut them, apart from the code that computes the units.
pub(crate) async fn check(
    client: &StorageClient,
    filter: ClaimFilter,
    out: &mut impl Write,
) -> Result<Checked, VerifyError> {
    let mut claims = client.list_all(ListClaimsRequest {
        filter: Some(filter),
        page_size: PAGE_SIZE,
        view: ClaimView::Full.into(),
        ..Default::default()
    });
    let mut checked = Checked::default();
    let mut at_hand: Option<Text> = None;
    while let Some(claim) = claims.next().await {
        let claim = claim?;
        let text = match at_hand.take() {
            Some(text) if text.document_id == claim.document_id => text,
            _ => {
                checked.documents += 1;
                Text::fetch(client, &claim.document_id).await?
            }
        };
        checked.add(&text, &claim, out)?;
        at_hand = Some(text);
    }
    Ok(checked)
}

/// What was checked.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    documents: u64,
    claims: u64,
    spans: u64,
    wrong: u64,
}

impl Checked {
    /// Returns whether every claim is proved.
    pub(crate) fn is_clean(&self) -> bool {
        self.wrong == 0
    }

    fn add(&mut self, text: &Text, claim: &Claim, out: &mut impl Write) -> io::Result<()> {
        self.claims += 1;
        let spans = spans(claim);
        self.spans += spans.len() as u64;
        let result = spans.iter().try_for_each(|span| text.check(span)).and_then(|()| text.check_ids(claim));
        if let Err(problem) = result {
            self.wrong += 1;
            writeln!(out, "{}: {problem}", claim.claim_id)?;
        }
        Ok(())
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = [count(self.spans, "span"), count(self.claims, "claim"), count(self.documents, "document")];
        write!(f, "checked {}: ", of.join(" of "))?;
        if self.is_clean() {
            f.write_str("each slices to its text in bytes, code points and UTF-16 units")
        } else {
            write!(f, "{} not proved", count(self.wrong, "claim"))
        }
    }
}

/// A document's text, cut up in all units.
struct Text {
    document_id: String,
    document: Result<dictum_core::Document, String>,
    text: String,
    code_points: Vec<char>,
    utf16: Vec<u16>,
}

impl Text {
    async fn fetch(client: &StorageClient, document_id: &str) -> Result<Self, ClientError> {
        let request = GetDocumentRequest { document_id: document_id.to_owned(), with_extraction: false };
        let document = client.get_document(request).await?.document.unwrap_or_default();
        let text = document.text.clone();
        Ok(Self {
            document_id: document_id.to_owned(),
            document: document_from_wire(document, "document")
                .map_err(|error| format!("{}: {error}", error.field())),
            code_points: text.chars().collect(),
            utf16: text.encode_utf16().collect(),
            text,
        })
    }

    fn check(&self, span: &TextSpan) -> Result<(), String> {
        let place = format!("bytes {}..{}", span.start_byte, span.end_byte);
        if self.text.get(span.start_byte as usize..span.end_byte as usize) != Some(&span.text) {
            return Err(format!("{place}: the document has another text there"));
        }
        let code_points = self.code_points.get(span.start_code_point as usize..span.end_code_point as usize);
        if !code_points.is_some_and(|code_points| code_points.iter().copied().eq(span.text.chars())) {
            return Err(format!("{place}: the code points lead to another text"));
        }
        let utf16 = self.utf16.get(span.start_utf16 as usize..span.end_utf16 as usize);
        if !utf16.is_some_and(|utf16| utf16.iter().copied().eq(span.text.encode_utf16())) {
            return Err(format!("{place}: the UTF-16 units lead to another text"));
        }
        Ok(())
    }

    /// Ids come from content: they are computed again.
    fn check_ids(&self, claim: &Claim) -> Result<(), String> {
        let document = self.document.as_ref().map_err(Clone::clone)?;
        claim_from_wire(claim.clone(), document, "claim")
            .map(|_| ())
            .map_err(|error| format!("{}: {error}", error.field()))
    }
}

fn spans(claim: &Claim) -> Vec<&TextSpan> {
    match &claim.form {
        Some(Form::QuotedStatement(statement)) => [&statement.source, &statement.cue, &statement.content]
            .into_iter()
            .flatten()
            .chain(&statement.content_parts)
            .collect(),
        Some(Form::QuestionAnswer(pair)) => [&pair.question, &pair.answer].into_iter().flatten().collect(),
        Some(Form::PrerequisiteList(list)) => {
            [&list.introducer, &list.subject, &list.source].into_iter().flatten().chain(&list.items).collect()
        }
        None => Vec::new(),
    }
}
