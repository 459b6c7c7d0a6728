//! What a caller shows to a server, and by what it knows the server.

use std::{fmt, fs, path::Path};

use http::HeaderValue;
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use crate::ClientError;

/// How a caller knows the server, and the certificate that it shows itself. The default trusts the authorities of the
/// machine and shows none.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ClientTls {
    authority: Option<Vec<u8>>,
    certificate: Option<(Vec<u8>, Vec<u8>)>,
}

impl ClientTls {
    /// Reads PEM files: the authorities to trust instead of the machine's, and a certificate with its key.
    ///
    /// # Errors
    ///
    /// Names the file that cannot be read.
    pub fn from_files(
        authority: Option<&Path>,
        certificate: Option<&Path>,
        key: Option<&Path>,
    ) -> Result<Self, ClientError> {
        let certificate = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
            (None, None) => None,
            _ => return Err(credentials("a certificate and its key belong together")),
        };
        Ok(Self { authority: authority.map(read).transpose()?, certificate })
    }

    /// Returns the settings of a connection to the server of this name.
    pub(crate) fn config(&self, server_name: &str) -> ClientTlsConfig {
        let config = ClientTlsConfig::new().domain_name(server_name);
        let config = match &self.authority {
            Some(pem) => config.ca_certificate(Certificate::from_pem(pem)),
            None => config.with_native_roots(),
        };
        match &self.certificate {
            Some((certificate, key)) => config.identity(Identity::from_pem(certificate, key)),
            None => config,
        }
    }
}

/// Keys are not for logs.
impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { authority, certificate } = self;
        f.debug_struct("ClientTls")
            .field("authority", &authority.is_some())
            .field("certificate", &certificate.is_some())
            .finish()
    }
}

/// A secret that says who calls. It is sent only over TLS and to this machine, unless the options say otherwise.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(HeaderValue);

impl Token {
    /// Returns the token, without white space around it.
    ///
    /// # Errors
    ///
    /// When it is empty, or holds what no header can.
    pub fn new(token: &str) -> Result<Self, ClientError> {
        let token = token.trim();
        let value = HeaderValue::from_str(&format!("Bearer {token}")).ok().filter(|_| !token.is_empty());
        let mut value = value.ok_or_else(|| credentials("a token is a word of visible characters"))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// Reads the token from a file.
    ///
    /// # Errors
    ///
    /// Names the file that cannot be read.
    pub fn from_file(path: &Path) -> Result<Self, ClientError> {
        Self::new(&String::from_utf8_lossy(&read(path)?))
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ClientError> {
    fs::read(path).map_err(|error| credentials(&format!("{}: {error}", path.display())))
}

fn credentials(message: &str) -> ClientError {
    ClientError::Credentials { message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_shown() {
        let token = Token::new(" dictum_ab \n").unwrap();
        assert_eq!(format!("{token:?}"), "Token");
        assert_eq!(token.header(), "Bearer dictum_ab");
        assert!(token.header().is_sensitive());
        assert!(Token::new(" ").is_err() && Token::new("a\nb").is_err());
    }

    #[test]
    fn a_certificate_needs_its_key() {
        let error = ClientTls::from_files(None, Some(Path::new("a")), None).unwrap_err();
        assert!(error.to_string().contains("belong together"));
    }
}
