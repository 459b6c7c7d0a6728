//! A connection to one server, and how patient its calls are.

use std::{sync::Arc, time::Duration};

use tonic::transport::{Channel, Endpoint};
use tower::retry::budget::TpsBudget;

use crate::ClientError;

/// How patient and how large calls are.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientOptions {
    /// Time to connect.
    pub connect_timeout: Duration,
    /// Time for one attempt of one call; streams have none.
    pub call_timeout: Duration,
    /// How often a call, or a stream that makes no progress, is tried at most.
    pub max_attempts: u32,
    /// The pause before the second attempt; it doubles with every further one.
    pub first_pause: Duration,
    /// The longest pause.
    pub max_pause: Duration,
    /// Largest answer, in bytes.
    pub max_message_bytes: usize,
    /// Documents of one stream that may wait for their acknowledgement.
    pub ingest_window: usize,
    /// Bytes of those documents; one document may always wait.
    pub ingest_window_bytes: usize,
    /// How long a connection with calls under way is silent before it is pinged. Servers of other makes close
    /// connections that ping more often than every 30 seconds or so.
    pub keepalive_interval: Duration,
    /// How long a ping may stay unanswered.
    pub keepalive_timeout: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(30),
            max_attempts: 5,
            first_pause: Duration::from_millis(100),
            max_pause: Duration::from_secs(5),
            max_message_bytes: 32 << 20,
            ingest_window: 64,
            ingest_window_bytes: 32 << 20,
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(10),
        }
    }
}

impl ClientOptions {
    /// Returns the settings of a transport to `endpoint`, such as `http://127.0.0.1:50051`.
    ///
    /// # Errors
    ///
    /// Fails when `endpoint` is no address.
    pub fn endpoint(&self, endpoint: &str) -> Result<Endpoint, ClientError> {
        Ok(Endpoint::from_shared(endpoint.to_owned())
            .map_err(|_| ClientError::Endpoint { endpoint: endpoint.to_owned() })?
            .connect_timeout(self.connect_timeout)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(self.keepalive_interval)
            .keep_alive_timeout(self.keepalive_timeout)
            .user_agent(concat!("dictum-client/", env!("CARGO_PKG_VERSION")))
            .expect("the text holds no control characters"))
    }
}

/// Retries in a second that are allowed whatever happens, and those that calls earn: one in five.
const RETRIES_PER_SECOND: u32 = 2;
const RETRIES_PER_CALL: f32 = 0.2;

/// A connection to one server, made when it is first used and again whenever it breaks. Cheap to clone; the clones share
/// the connection and the budget of retries.
#[derive(Debug, Clone)]
pub struct Connection {
    pub(crate) channel: Channel,
    pub(crate) options: Arc<ClientOptions>,
    pub(crate) budget: Arc<TpsBudget>,
}

impl Connection {
    /// Returns a connection to `endpoint`, such as `http://127.0.0.1:50051`. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// Fails when `endpoint` is no address.
    pub fn new(endpoint: &str, options: ClientOptions) -> Result<Self, ClientError> {
        let channel = options.endpoint(endpoint)?.connect_lazy();
        Ok(Self::over(channel, options))
    }

    /// Returns a connection over a channel that somebody else made: in memory, say.
    #[must_use]
    pub fn over(channel: Channel, options: ClientOptions) -> Self {
        let budget = TpsBudget::new(Duration::from_secs(10), RETRIES_PER_SECOND, RETRIES_PER_CALL);
        Self { channel, options: Arc::new(options), budget: Arc::new(budget) }
    }
}
