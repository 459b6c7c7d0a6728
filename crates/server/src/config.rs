//! The limits of a server, as flags and `DICTUM_…` variables.

use std::time::Duration;

use clap::{Args, Command, FromArgMatches, builder::Resettable};

use crate::SecurityConfig;

/// Limits and times of a server. Every one of them bounds what a client can make the process hold or wait for.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(next_help_heading = "Limits of the server")]
pub struct ServerConfig {
    /// Largest request and largest answer, in bytes; a larger one is refused with MESSAGE_TOO_LARGE.
    #[arg(long, env = "DICTUM_MAX_MESSAGE_BYTES", value_name = "BYTES", default_value_t = 32 << 20)]
    pub max_message_bytes: usize,

    /// Longest text of one document, in bytes; a longer one is refused with DOCUMENT_TOO_LARGE, alone.
    #[arg(long, env = "DICTUM_MAX_DOCUMENT_BYTES", value_name = "BYTES", default_value_t = 4 << 20)]
    pub max_document_bytes: usize,

    /// Most connections at a time; more wait until one closes.
    #[arg(long, env = "DICTUM_MAX_CONNECTIONS", value_name = "N", default_value_t = 1024)]
    pub max_connections: usize,

    /// Most calls under way at a time, over all connections; more are refused with OVERLOADED.
    #[arg(long, env = "DICTUM_MAX_CALLS", value_name = "N", default_value_t = 1024)]
    pub max_calls: usize,

    /// Most connections at a time from one address (of IPv6: one /64 network); more are closed.
    #[arg(long, env = "DICTUM_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N", default_value_t = 512)]
    pub max_connections_per_address: usize,

    /// Most calls under way at a time of one caller: an identity, or without identities an address; more are refused with
    /// OVERLOADED.
    #[arg(long, env = "DICTUM_MAX_CALLS_PER_CALLER", value_name = "N", default_value_t = 512)]
    pub max_calls_per_caller: usize,

    /// Most calls of one caller in a second; more are refused with RATE_LIMITED. 0 sets no limit.
    #[arg(long, env = "DICTUM_MAX_CALLS_PER_SECOND", value_name = "N", default_value_t = 0)]
    pub max_calls_per_second: u32,

    /// Most calls under way at a time on one connection; more wait in the client.
    #[arg(long, env = "DICTUM_MAX_STREAMS_PER_CONNECTION", value_name = "N", default_value_t = 256)]
    pub max_streams_per_connection: u32,

    /// Longest time until a call is answered, or its stream begins; a client's shorter deadline wins.
    #[arg(long, env = "DICTUM_MAX_CALL_TIME", value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    pub max_call_time: Duration,

    /// Longest time in which nothing moves on a stream: it is ended with STREAM_IDLE, or with its connection where the
    /// client does not read.
    #[arg(long, env = "DICTUM_MAX_STREAM_IDLE", value_name = "TIME", default_value = "2m", value_parser = parse_duration)]
    pub max_stream_idle: Duration,

    /// Most bytes of headers of one call, as HTTP/2 counts them.
    #[arg(long, env = "DICTUM_MAX_HEADER_BYTES", value_name = "BYTES", default_value_t = 16 << 10)]
    pub max_header_bytes: u32,

    /// How long a connection is silent before it is pinged.
    #[arg(long, env = "DICTUM_KEEPALIVE_INTERVAL", value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    pub keepalive_interval: Duration,

    /// How long a ping may stay unanswered before the connection is closed.
    #[arg(long, env = "DICTUM_KEEPALIVE_TIMEOUT", value_name = "TIME", default_value = "20s", value_parser = parse_duration)]
    pub keepalive_timeout: Duration,

    /// How long a new connection may take for its handshakes: TLS, and the first 24 bytes of HTTP/2 or the first headers of
    /// HTTP/1.
    #[arg(long, env = "DICTUM_HANDSHAKE_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    pub handshake_timeout: Duration,

    /// Age at which a connection is asked to close, so that clients spread over new instances; after this time again it is
    /// cut.
    #[arg(long, env = "DICTUM_MAX_CONNECTION_AGE", value_name = "TIME", default_value = "1h", value_parser = parse_duration)]
    pub max_connection_age: Duration,

    /// Window of one stream, in bytes: what a client may send ahead of what is read.
    #[arg(long, env = "DICTUM_STREAM_WINDOW_BYTES", value_name = "BYTES", default_value_t = 1 << 20)]
    pub stream_window_bytes: u32,

    /// Window of one connection, in bytes: what all its streams together may send ahead.
    #[arg(long, env = "DICTUM_CONNECTION_WINDOW_BYTES", value_name = "BYTES", default_value_t = 4 << 20)]
    pub connection_window_bytes: u32,

    /// How long a stopping server says NOT_SERVING before it stops to listen: the time balancers need to see it.
    #[arg(long, env = "DICTUM_DRAIN_DELAY", value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    pub drain_delay: Duration,

    /// How long calls under way may take to end after that; then they are cut.
    #[arg(long, env = "DICTUM_STOP_DEADLINE", value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    pub stop_deadline: Duration,

    /// Listen on addresses that other machines reach in plain text, or without identities: whoever reaches them can read,
    /// and without identities write.
    #[arg(long, env = "DICTUM_INSECURE")]
    pub insecure: bool,

    /// An origin whose pages may call over gRPC-web (`https://desk.example`), or `*`; none by default.
    #[arg(long = "cors-origin", env = "DICTUM_CORS_ORIGINS", value_name = "ORIGIN", value_delimiter = ',')]
    pub cors_origins: Vec<String>,

    /// TLS, identities and the audit log.
    #[command(flatten)]
    pub security: SecurityConfig,
}

/// The defaults of the flags, whatever the environment says.
impl Default for ServerConfig {
    fn default() -> Self {
        let command = Self::augment_args(Command::new("defaults")).mut_args(|arg| arg.env(Resettable::Reset));
        let matches = command.get_matches_from(["defaults"]);
        Self::from_arg_matches(&matches).expect("every flag has a default")
    }
}

/// Reads a duration as people write it: `250ms`, `30s`, `1h 30m`.
///
/// # Errors
///
/// Says what a duration looks like when `text` is none, or a negative one.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration: jiff::SignedDuration =
        text.parse().map_err(|_| "a duration is a number with a unit, such as 250ms, 30s, 1h".to_owned())?;
    Duration::try_from(duration).map_err(|_| "a duration is not negative".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("1h"), Ok(Duration::from_secs(3600)));
        assert!(parse_duration("30").is_err());
        assert!(parse_duration("-1s").is_err());
    }

    #[test]
    fn every_flag_has_a_default() {
        assert_eq!(ServerConfig::default().max_calls, 1024);
    }
}
