//! Calls of `dictum.v1.IngestService`, and the stream that survives broken connections.

use std::collections::VecDeque;

use dictum_proto::v1::{
    self, Document, IngestDocumentsRequest, IngestDocumentsResponse, IngestResult,
    ingest_service_client::IngestServiceClient,
};
use futures_util::{
    Stream, StreamExt, TryStreamExt,
    stream::{Fuse, FusedStream},
};
use tokio::{sync::mpsc, time::sleep};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::{ClientError, Connection, Transport, error::may_pass, retry::pause};

/// Hands documents in.
#[derive(Debug, Clone)]
pub struct IngestClient {
    connection: Connection,
}

/// What became of one document of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Acknowledgement {
    /// The place of the document in the stream, from 0.
    pub sequence: u64,
    /// Stored, already there, or rejected and why.
    pub result: IngestResult,
}

impl IngestClient {
    /// Returns a client over `connection`.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self { connection }
    }

    fn service(&self, channel: Transport) -> IngestServiceClient<Transport> {
        IngestServiceClient::new(channel).max_decoding_message_size(self.connection.options.max_message_bytes)
    }

    /// Ingests one document; returns when it and its claims are durable.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn ingest_document(&self, document: Document) -> Result<IngestResult, ClientError> {
        let request = v1::IngestDocumentRequest { document: Some(document) };
        let response =
            self.connection
                .call(request, |channel, request| async move {
                    self.service(channel).ingest_document(request).await
                })
                .await?;
        Ok(response.result.unwrap_or_default())
    }

    /// Sends a source file whole and returns what is found in it, the summary last. A file that was cut can be sent
    /// again: what was stored is found to be a duplicate.
    ///
    /// # Errors
    ///
    /// The service's status when the file is not taken at all; later ones come in the stream.
    pub async fn upload_file(
        &self,
        header: v1::UploadHeader,
        chunks: impl Stream<Item = Vec<u8>> + Send + 'static,
    ) -> Result<
        impl Stream<Item = Result<v1::UploadFileResponse, ClientError>> + Send + Unpin + 'static,
        ClientError,
    > {
        let part = |part| v1::UploadFileRequest { part: Some(part) };
        let header = part(v1::upload_file_request::Part::Header(header));
        let chunks = chunks.map(move |chunk| part(v1::upload_file_request::Part::Chunk(chunk)));
        let requests = futures_util::stream::iter([header]).chain(chunks);
        let answers = self.service(self.connection.channel.clone()).upload_file(requests).await?;
        Ok(answers.into_inner().map_err(ClientError::from))
    }

    /// Has stored documents extracted anew, or asks what that would change; the summary comes last. A stream that breaks
    /// off can be asked for again.
    ///
    /// # Errors
    ///
    /// The service's status when nothing is begun; later ones come in the stream.
    pub async fn reextract_documents(
        &self,
        request: v1::ReextractDocumentsRequest,
    ) -> Result<
        impl Stream<Item = Result<v1::ReextractDocumentsResponse, ClientError>> + Send + Unpin + 'static,
        ClientError,
    > {
        let answers = self.service(self.connection.channel.clone()).reextract_documents(request).await?;
        Ok(answers.into_inner().map_err(ClientError::from))
    }

    /// Ingests documents as they come, and returns their acknowledgements in the same order.
    ///
    /// At most the options' window of documents is under way. When the connection breaks, or a service behind the server
    /// is away, what was not acknowledged is sent again; nothing is lost, and ids from content keep anything from being
    /// stored twice. The stream ends with an error after `max_attempts` attempts without an acknowledgement, or at once
    /// where another attempt cannot help. Dropping it stops the work.
    pub fn ingest_documents(
        &self,
        documents: impl Stream<Item = Document> + Send + Unpin + 'static,
    ) -> impl Stream<Item = Result<Acknowledgement, ClientError>> + Send + Unpin + 'static {
        let (acknowledgements, receiver) = mpsc::channel(self.connection.options.ingest_window);
        let upload = Upload {
            client: self.clone(),
            documents: documents.fuse(),
            unacknowledged: VecDeque::new(),
            unacknowledged_bytes: 0,
            next_sequence: 0,
            failures: 0,
            acknowledgements,
        };
        tokio::spawn(upload.run());
        ReceiverStream::new(receiver)
    }
}

struct Upload<S> {
    client: IngestClient,
    documents: Fuse<S>,
    unacknowledged: VecDeque<IngestDocumentsRequest>,
    unacknowledged_bytes: usize,
    next_sequence: u64,
    failures: u32,
    acknowledgements: mpsc::Sender<Result<Acknowledgement, ClientError>>,
}

/// Why an attempt ended before everything was acknowledged.
enum Ended {
    /// The stream broke.
    Broken(Status),
    /// Nobody waits for acknowledgements any longer.
    Unwanted,
}

impl From<Status> for Ended {
    fn from(status: Status) -> Self {
        Self::Broken(status)
    }
}

impl<S: Stream<Item = Document> + Send + Unpin> Upload<S> {
    async fn run(mut self) {
        while let Err(ended) = self.attempt().await {
            let Ended::Broken(status) = ended else { return };
            self.failures += 1;
            let options = &self.client.connection.options;
            if !may_pass(&status) || self.failures >= options.max_attempts {
                let _ = self.acknowledgements.send(Err(status.into())).await; // nobody listens: nothing to tell
                return;
            }
            tracing::debug!(%status, failures = self.failures, "sending again what was not acknowledged");
            sleep(pause(options, self.failures, &status)).await;
        }
    }

    /// Sends what is not acknowledged, then what comes; returns when everything is acknowledged.
    async fn attempt(&mut self) -> Result<(), Ended> {
        if self.failures > 0 && self.unacknowledged.is_empty() {
            // A server ends streams on which nothing moves: the next one waits until there is something to send.
            tokio::select! {
                document = self.documents.next() => match document {
                    Some(document) => drop(self.number(document)),
                    None => return Ok(()),
                },
                () = self.acknowledgements.closed() => return Err(Ended::Unwanted),
            }
        }
        let window = self.client.connection.options.ingest_window;
        let (sender, receiver) = mpsc::channel(window);
        for request in &self.unacknowledged {
            sender.try_send(request.clone()).expect("the channel has room for the window");
        }
        let mut requests = Some(sender);
        let mut service = self.client.service(self.client.connection.channel.clone());
        let mut answers = service.ingest_documents(ReceiverStream::new(receiver)).await?.into_inner();
        loop {
            if self.documents.is_terminated() {
                requests = None; // tells the server that no more will come
                if self.unacknowledged.is_empty() {
                    return Ok(());
                }
            }
            let may_send = requests.is_some() && self.has_room();
            tokio::select! {
                answer = answers.message() => match answer? {
                    Some(answer) => self.acknowledge(answer).await?,
                    None => return Err(Status::unavailable("the server ended the stream").into()),
                },
                document = self.documents.next(), if may_send => {
                    if let (Some(document), Some(requests)) = (document, &requests) {
                        let request = self.number(document);
                        // Fails when the server has hung up: the next answer says why.
                        let _ = requests.try_send(request);
                    }
                }
                () = self.acknowledgements.closed() => return Err(Ended::Unwanted),
            }
        }
    }

    fn has_room(&self) -> bool {
        let options = &self.client.connection.options;
        self.unacknowledged.is_empty()
            || (self.unacknowledged.len() < options.ingest_window
                && self.unacknowledged_bytes < options.ingest_window_bytes)
    }

    fn number(&mut self, document: Document) -> IngestDocumentsRequest {
        self.unacknowledged_bytes += document.text.len();
        let request = IngestDocumentsRequest { sequence: self.next_sequence, document: Some(document) };
        self.next_sequence += 1;
        self.unacknowledged.push_back(request.clone());
        request
    }

    async fn acknowledge(&mut self, answer: IngestDocumentsResponse) -> Result<(), Ended> {
        let IngestDocumentsResponse { sequence, result } = answer;
        let expected = self.unacknowledged.pop_front().filter(|request| request.sequence == sequence);
        let Some(request) = expected else {
            let message = format!("the server acknowledged document {sequence} out of turn");
            return Err(Status::data_loss(message).into());
        };
        self.unacknowledged_bytes -= request.document.map_or(0, |document| document.text.len());
        self.failures = 0;
        let acknowledgement = Acknowledgement { sequence, result: result.unwrap_or_default() };
        self.acknowledgements.send(Ok(acknowledgement)).await.map_err(|_| Ended::Unwanted)
    }
}
