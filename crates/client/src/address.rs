//! Where servers are: one address, or several, each a URL of a name or an IP address.

use std::net::IpAddr;

use tonic::transport::{Endpoint, Uri};

use crate::{ClientError, ClientOptions};

/// One URL of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) uri: Uri,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Address {
    /// Reads addresses, separated by commas.
    pub(crate) fn parse_all(endpoint: &str) -> Result<Vec<Self>, ClientError> {
        endpoint.split(',').map(|url| Self::parse(url.trim())).collect()
    }

    fn parse(url: &str) -> Result<Self, ClientError> {
        let address = || {
            let uri: Uri = url.parse().ok()?;
            let port = match uri.scheme_str()? {
                "http" => 80,
                "https" => 443,
                _ => return None,
            };
            let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
            let port = uri.port_u16().unwrap_or(port);
            Some(Self { uri, host, port })
        };
        address().ok_or_else(|| ClientError::Endpoint { endpoint: url.to_owned() })
    }

    fn is_encrypted(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Returns whether there is nothing to look up and nothing to choose from.
    pub(crate) fn is_one_machine(&self) -> bool {
        self.ip().is_some() || self.host == "localhost"
    }

    fn is_this_machine(&self) -> bool {
        self.ip().map_or(self.host == "localhost", |ip| ip.is_loopback())
    }

    /// Returns the transport's settings: to one IP address of this name where it is looked up already.
    pub(crate) fn endpoint(
        &self,
        ip: Option<IpAddr>,
        options: &ClientOptions,
    ) -> Result<Endpoint, ClientError> {
        let wrong = || ClientError::Endpoint { endpoint: self.uri.to_string() };
        if options.token.is_some() && !self.is_encrypted() && !self.is_this_machine() && !options.insecure {
            return Err(ClientError::PlainToken { endpoint: self.uri.to_string() });
        }
        let endpoint = match ip {
            None => Endpoint::from(self.uri.clone()),
            Some(ip) => {
                let scheme = self.uri.scheme_str().unwrap_or_default();
                let address = std::net::SocketAddr::new(ip, self.port);
                let endpoint = Endpoint::from_shared(format!("{scheme}://{address}")).map_err(|_| wrong())?;
                endpoint.origin(self.uri.clone())
            }
        };
        let endpoint = endpoint
            .connect_timeout(options.connect_timeout)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(options.keepalive_interval)
            .keep_alive_timeout(options.keepalive_timeout)
            .user_agent(concat!("dictum-client/", env!("CARGO_PKG_VERSION")))
            .expect("the text holds no control characters");
        if !self.is_encrypted() {
            return Ok(endpoint);
        }
        endpoint.tls_config(options.tls.config(&self.host)).map_err(|error| {
            let cause =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            ClientError::Credentials { message: format!("TLS cannot be set up{cause}") }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Token;

    fn one(url: &str) -> Address {
        Address::parse_all(url).unwrap().remove(0)
    }

    #[test]
    fn addresses_are_urls_with_commas_between() {
        let addresses = Address::parse_all("http://a.example:1, https://[::1]:2,http://b").unwrap();
        let read: Vec<(&str, u16)> = addresses.iter().map(|a| (a.host.as_str(), a.port)).collect();
        assert_eq!(read, [("a.example", 1), ("::1", 2), ("b", 80)]);
        for wrong in ["", "a.example", "ftp://a", "http://a,,http://b", "http://"] {
            assert!(Address::parse_all(wrong).is_err(), "{wrong}");
        }
        assert!(one("http://127.0.0.1:1").is_one_machine() && !one("http://a.example").is_one_machine());
    }

    #[tokio::test]
    async fn a_token_does_not_travel_in_plain_text() {
        let mut options = ClientOptions { token: Some(Token::new("x").unwrap()), ..Default::default() };
        for near in ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"] {
            one(near).endpoint(None, &options).unwrap();
        }
        for far in ["http://a.example:1", "http://192.0.2.1:1", "http://localhost.example:1"] {
            let error = one(far).endpoint(None, &options).unwrap_err();
            assert!(matches!(error, ClientError::PlainToken { .. }), "{far}");
        }
        options.insecure = true;
        one("http://a.example:1").endpoint(None, &options).unwrap();
    }
}
