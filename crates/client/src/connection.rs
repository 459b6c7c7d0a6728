//! A connection to a server or to several, and how patient its calls are.

use std::{sync::Arc, time::Duration};

use tonic::transport::{Channel, Endpoint};
use tower::retry::budget::TpsBudget;

use crate::{ClientError, ClientTls, Token, address::Address, balance::Balancer, transport::Transport};

/// How patient and how large calls are, and who makes them.
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
    /// How often names of servers are looked up.
    pub lookup_interval: Duration,
    /// How `https://` servers are known, and what is shown to them.
    pub tls: ClientTls,
    /// Who calls.
    pub token: Option<Token>,
    /// Send the token in plain text to other machines too.
    pub insecure: bool,
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
            lookup_interval: Duration::from_secs(15),
            tls: ClientTls::default(),
            token: None,
            insecure: false,
        }
    }
}

impl ClientOptions {
    /// Returns the settings of a transport to `endpoint`, such as `http://127.0.0.1:50051`; the token is no part of them.
    ///
    /// # Errors
    ///
    /// Fails when `endpoint` is not one address, or what should be shown to it cannot be used.
    pub fn endpoint(&self, endpoint: &str) -> Result<Endpoint, ClientError> {
        match &Address::parse_all(endpoint)?[..] {
            [address] => address.endpoint(None, self),
            _ => Err(ClientError::Endpoint { endpoint: endpoint.to_owned() }),
        }
    }
}

/// Retries in a second that are allowed whatever happens, and those that calls earn: one in five.
const RETRIES_PER_SECOND: u32 = 2;
const RETRIES_PER_CALL: f32 = 0.2;

/// A connection to a server or to several, made when it is first used and again whenever it breaks. Cheap to clone; the
/// clones share the connections and the budget of retries.
#[derive(Debug, Clone)]
pub struct Connection {
    pub(crate) channel: Transport,
    pub(crate) options: Arc<ClientOptions>,
    pub(crate) budget: Arc<TpsBudget>,
}

impl Connection {
    /// Returns a connection to `endpoint`, such as `http://127.0.0.1:50051`, or several with commas between them. Nothing
    /// is sent yet.
    ///
    /// Names are looked up again and again, and calls go to those of all addresses that say that they are healthy. This
    /// takes a tokio runtime.
    ///
    /// # Errors
    ///
    /// Fails when `endpoint` is no address, or what should be shown to it cannot be used.
    pub fn new(endpoint: &str, options: ClientOptions) -> Result<Self, ClientError> {
        let addresses = Address::parse_all(endpoint)?;
        let authorization = options.token.as_ref().map(Token::header);
        let channel = match &addresses[..] {
            [address] if address.is_one_machine() => {
                Transport::one(address.endpoint(None, &options)?.connect_lazy(), authorization)
            }
            _ => Transport::many(Balancer::new(addresses, &options, authorization.clone())?, authorization),
        };
        Ok(Self::through(channel, options))
    }

    /// Returns a connection over a channel that somebody else made: in memory, say.
    #[must_use]
    pub fn over(channel: Channel, options: ClientOptions) -> Self {
        let authorization = options.token.as_ref().map(Token::header);
        Self::through(Transport::one(channel, authorization), options)
    }

    /// Returns what calls go through, for clients of other services: with the token, and balanced.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.channel.clone()
    }

    fn through(channel: Transport, options: ClientOptions) -> Self {
        let budget = TpsBudget::new(Duration::from_secs(10), RETRIES_PER_SECOND, RETRIES_PER_CALL);
        Self { channel, options: Arc::new(options), budget: Arc::new(budget) }
    }
}
