//! Calls of `dictum.v1.ExtractionService`.

use dictum_proto::v1::{self, extraction_service_client::ExtractionServiceClient};
use tonic::transport::Channel;

use crate::{ClientError, Connection};

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

    fn service(&self, channel: Channel) -> ExtractionServiceClient<Channel> {
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
}
