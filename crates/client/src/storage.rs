//! Calls of `dictum.v1.StorageService`.

use dictum_proto::v1::{self, storage_service_client::StorageServiceClient};
use futures_util::{Stream, TryStreamExt, stream};

use crate::{ClientError, Connection, Transport, watch};

/// Writes, reads, lists and follows what is stored.
#[derive(Debug, Clone)]
pub struct StorageClient {
    connection: Connection,
}

impl StorageClient {
    /// Returns a client over `connection`.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self { connection }
    }

    fn service(&self, channel: Transport) -> StorageServiceClient<Transport> {
        StorageServiceClient::new(channel)
            .max_decoding_message_size(self.connection.options.max_message_bytes)
    }

    /// Stores a document with what was found in it; returns when both are durable.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn write_document(
        &self,
        request: v1::WriteDocumentRequest,
    ) -> Result<v1::WriteDocumentResponse, ClientError> {
        self.connection
            .call(
                request,
                |channel, request| async move { self.service(channel).write_document(request).await },
            )
            .await
    }

    /// Returns one document.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn get_document(
        &self,
        request: v1::GetDocumentRequest,
    ) -> Result<v1::GetDocumentResponse, ClientError> {
        self.connection
            .call(
                request,
                |channel, request| async move { self.service(channel).get_document(request).await },
            )
            .await
    }

    /// Returns one claim.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn get_claim(&self, claim_id: String) -> Result<v1::GetClaimResponse, ClientError> {
        self.connection
            .call(v1::GetClaimRequest { claim_id }, |channel, request| async move {
                self.service(channel).get_claim(request).await
            })
            .await
    }

    /// Returns one page of claims.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn list_claims(
        &self,
        request: v1::ListClaimsRequest,
    ) -> Result<v1::ListClaimsResponse, ClientError> {
        self.connection
            .call(request, |channel, request| async move { self.service(channel).list_claims(request).await })
            .await
    }

    /// Returns one page of the claims with the wanted words.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn search_claims(
        &self,
        request: v1::SearchClaimsRequest,
    ) -> Result<v1::SearchClaimsResponse, ClientError> {
        self.connection
            .call(
                request,
                |channel, request| async move { self.service(channel).search_claims(request).await },
            )
            .await
    }

    /// Counts claims, by a field too if asked.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn count_claims(
        &self,
        request: v1::CountClaimsRequest,
    ) -> Result<v1::CountClaimsResponse, ClientError> {
        self.connection
            .call(
                request,
                |channel, request| async move { self.service(channel).count_claims(request).await },
            )
            .await
    }

    /// Returns one page of speakers.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn list_speakers(
        &self,
        request: v1::ListSpeakersRequest,
    ) -> Result<v1::ListSpeakersResponse, ClientError> {
        self.connection
            .call(
                request,
                |channel, request| async move { self.service(channel).list_speakers(request).await },
            )
            .await
    }

    /// Returns what is known of a speaker by any form of the name.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn get_speaker(&self, name: String) -> Result<v1::GetSpeakerResponse, ClientError> {
        self.connection
            .call(v1::GetSpeakerRequest { name }, |channel, request| async move {
                self.service(channel).get_speaker(request).await
            })
            .await
    }

    /// Returns one page of prerequisite lists, each beside the one before it.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn list_prerequisites(
        &self,
        request: v1::ListPrerequisitesRequest,
    ) -> Result<v1::ListPrerequisitesResponse, ClientError> {
        self.connection
            .call(request, |channel, request| async move {
                self.service(channel).list_prerequisites(request).await
            })
            .await
    }

    /// Returns one page of the questions and answers of an occasion.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn list_exchanges(
        &self,
        request: v1::ListExchangesRequest,
    ) -> Result<v1::ListExchangesResponse, ClientError> {
        self.connection
            .call(
                request,
                |channel, request| async move { self.service(channel).list_exchanges(request).await },
            )
            .await
    }

    /// Returns one page of topics.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn list_topics(
        &self,
        request: v1::ListTopicsRequest,
    ) -> Result<v1::ListTopicsResponse, ClientError> {
        self.connection
            .call(request, |channel, request| async move { self.service(channel).list_topics(request).await })
            .await
    }

    /// Returns one page of channels.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn list_channels(
        &self,
        request: v1::ListChannelsRequest,
    ) -> Result<v1::ListChannelsResponse, ClientError> {
        self.connection
            .call(
                request,
                |channel, request| async move { self.service(channel).list_channels(request).await },
            )
            .await
    }

    /// Deletes a document with its claims. A repeated attempt that finds it gone says NOT_FOUND.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn delete_document(
        &self,
        request: v1::DeleteDocumentRequest,
    ) -> Result<v1::DeleteDocumentResponse, ClientError> {
        self.connection
            .call(
                request,
                |channel, request| async move { self.service(channel).delete_document(request).await },
            )
            .await
    }

    /// Deletes the oldest documents, or says which.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn purge_documents(
        &self,
        request: v1::PurgeDocumentsRequest,
    ) -> Result<v1::PurgeDocumentsResponse, ClientError> {
        self.connection
            .call(
                request,
                |channel, request| async move { self.service(channel).purge_documents(request).await },
            )
            .await
    }

    /// Returns one page of documents.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn list_documents(
        &self,
        request: v1::ListDocumentsRequest,
    ) -> Result<v1::ListDocumentsResponse, ClientError> {
        self.connection
            .call(
                request,
                |channel, request| async move { self.service(channel).list_documents(request).await },
            )
            .await
    }

    /// Starts a backup of the whole store. The stream is not resumed: a backup that breaks off starts anew.
    ///
    /// # Errors
    ///
    /// The service's status, without retries.
    pub async fn backup_store(&self) -> Result<tonic::Streaming<v1::BackupStoreResponse>, ClientError> {
        let mut service = self.service(self.connection.channel.clone());
        Ok(service.backup_store(v1::BackupStoreRequest {}).await?.into_inner())
    }

    /// Puts a new extraction in the place of an old one, or says what that would change.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn replace_extraction(
        &self,
        request: v1::ReplaceExtractionRequest,
    ) -> Result<v1::ReplaceExtractionResponse, ClientError> {
        self.connection
            .call(request, |channel, request| async move {
                self.service(channel).replace_extraction(request).await
            })
            .await
    }

    /// Returns all claims from the page that `request` asks for to the last, page by page as they are read.
    pub fn list_all(
        &self,
        request: v1::ListClaimsRequest,
    ) -> impl Stream<Item = Result<v1::Claim, ClientError>> + Send + Unpin + 'static {
        let client = self.clone();
        let pages = stream::try_unfold(Some(request), move |request| {
            let client = client.clone();
            async move {
                let Some(mut request) = request else { return Ok(None) };
                let page = client.list_claims(request.clone()).await?;
                request.page_token = page.next_page_token;
                let next = (!request.page_token.is_empty()).then_some(request);
                Ok::<_, ClientError>(Some((stream::iter(page.claims.into_iter().map(Ok)), next)))
            }
        });
        Box::pin(pages.try_flatten())
    }

    /// Follows claims through broken connections and restarts of the server: nothing is lost and nothing repeated.
    ///
    /// The stream ends with an error where following cannot go on: a filter that is not taken, a revision that is no
    /// longer kept, a server that stays away.
    pub fn watch(
        &self,
        request: v1::WatchClaimsRequest,
    ) -> impl Stream<Item = Result<v1::WatchClaimsResponse, ClientError>> + Send + Unpin + 'static {
        watch::follow(self.connection.clone(), request)
    }
}
