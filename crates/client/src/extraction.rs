//! Calls of `dictum.v1.ExtractionService`.

use dictum_proto::v1::{self, extraction_service_client::ExtractionServiceClient};
use futures_util::{Stream, TryStreamExt};

use crate::{ClientError, Connection, Transport};

/// Finds claims in documents.
#[derive(Debug, Clone)]
pub struct ExtractionClient {
    connection: Connection,
}

impl ExtractionClient {
    /// Returns a client over `connection`.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self { connection }
    }

    fn service(&self, channel: Transport) -> ExtractionServiceClient<Transport> {
        ExtractionServiceClient::new(channel)
            .max_decoding_message_size(self.connection.options.max_message_bytes)
    }

    /// Extracts the claims of one document.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn extract_claims(
        &self,
        request: v1::ExtractClaimsRequest,
    ) -> Result<v1::ExtractClaimsResponse, ClientError> {
        self.connection
            .call(
                request,
                |channel, request| async move { self.service(channel).extract_claims(request).await },
            )
            .await
    }

    /// Extracts the claims of documents as they come; answers come in the same order, and stop at the first broken
    /// connection: nothing is stored, so the caller knows best what to ask again.
    ///
    /// # Errors
    ///
    /// The service's status when the stream cannot begin; later ones come in the stream.
    pub async fn extract_claims_stream(
        &self,
        requests: impl Stream<Item = v1::ExtractClaimsStreamRequest> + Send + 'static,
    ) -> Result<
        impl Stream<Item = Result<v1::ExtractClaimsStreamResponse, ClientError>> + Send + Unpin + 'static,
        ClientError,
    > {
        let mut service = self.service(self.connection.channel.clone());
        Ok(service.extract_claims_stream(requests).await?.into_inner().map_err(ClientError::from))
    }

    /// Returns the rules of the server.
    ///
    /// # Errors
    ///
    /// The service's status, after retries.
    pub async fn describe_rules(&self) -> Result<v1::DescribeRulesResponse, ClientError> {
        self.connection
            .call(v1::DescribeRulesRequest {}, |channel, request| async move {
                self.service(channel).describe_rules(request).await
            })
            .await
    }
}
