//! Asks a server whether it is healthy: the check that containers and scripts run.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use tonic::{Code, body::Body, client::GrpcService, transport::Endpoint};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

/// How long connecting and the answer may take, each.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why a server is not healthy.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The address is none.
    #[error("`{endpoint}` is not an address such as http://127.0.0.1:50051")]
    Address {
        /// What was given.
        endpoint: String,
    },
    /// Nobody answers there.
    #[error("no server answers at {endpoint}")]
    Unreachable {
        /// The address.
        endpoint: String,
    },
    /// The server answers that it, or the service, does not serve.
    #[error("the server at {endpoint} answers {status}")]
    NotServing {
        /// The address.
        endpoint: String,
        /// What it answers.
        status: String,
    },
}

/// Returns when the server at `endpoint` says that `service` serves; an empty name asks for the whole server.
///
/// # Errors
///
/// Says why it is not healthy.
pub async fn probe(endpoint: &str, service: &str) -> Result<(), ProbeError> {
    let channel = Endpoint::from_shared(endpoint.to_owned())
        .map_err(|_| ProbeError::Address { endpoint: endpoint.to_owned() })?
        .connect_timeout(PATIENCE)
        .timeout(PATIENCE)
        .connect()
        .await
        .map_err(|_| ProbeError::Unreachable { endpoint: endpoint.to_owned() })?;
    probe_through(channel, endpoint, service).await
}

/// Asks as [`probe`] does, through a client's own way to `endpoint`.
///
/// # Errors
///
/// Says why it is not healthy.
pub async fn probe_through<T>(transport: T, endpoint: &str, service: &str) -> Result<(), ProbeError>
where
    T: GrpcService<Body>,
    T::Error: Into<Box<dyn Error + Send + Sync>>,
    T::ResponseBody: http_body::Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as http_body::Body>::Error: Into<Box<dyn Error + Send + Sync>> + Send,
{
    let request = HealthCheckRequest { service: service.to_owned() };
    let not_serving = |status: String| ProbeError::NotServing { endpoint: endpoint.to_owned(), status };
    match HealthClient::new(transport).check(request).await {
        Ok(response) if response.get_ref().status() == ServingStatus::Serving => Ok(()),
        Ok(response) => Err(not_serving(response.get_ref().status().as_str_name().to_owned())),
        Err(status) if status.code() == Code::Unavailable => {
            Err(ProbeError::Unreachable { endpoint: endpoint.to_owned() })
        }
        Err(status) => Err(not_serving(format!("{:?}", status.code()))),
    }
}
