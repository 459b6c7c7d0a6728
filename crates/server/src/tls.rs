//! TLS: the certificate of the server, and the authority whose client certificates it takes.

use std::{fs, path::Path, sync::Arc};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig, ServerConnection,
        crypto::ring::default_provider,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
    },
};

use crate::SecurityConfig;

/// Returns what encrypts new connections; `None` where no certificate is set. Says everything that is wrong.
pub(crate) fn load(config: &SecurityConfig) -> Result<Option<TlsAcceptor>, Vec<String>> {
    let (certificate, key) = match (&config.tls_cert, &config.tls_key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) if config.tls_client_ca.is_none() => return Ok(None),
        _ => {
            return Err(vec![
                "--tls-cert and --tls-key belong together, and --tls-client-ca needs both".to_owned(),
            ]);
        }
    };
    if config.tls_client_required && config.tls_client_ca.is_none() {
        return Err(vec!["--tls-client-required needs --tls-client-ca".to_owned()]);
    }
    let certificates = certificates(certificate);
    let key = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| format!("{}: no private key could be read: {error}", key.display()));
    let roots = config.tls_client_ca.as_deref().map(roots).transpose();
    let (certificates, key, roots) = match (certificates, key, roots) {
        (Ok(certificates), Ok(key), Ok(roots)) => (certificates, key, roots),
        (certificates, key, roots) => {
            return Err([certificates.err(), key.err(), roots.err()].into_iter().flatten().collect());
        }
    };
    acceptor(certificates, key, roots, config.tls_client_required).map(Some).map_err(|mistake| vec![mistake])
}

fn acceptor(
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    roots: Option<RootCertStore>,
    required: bool,
) -> Result<TlsAcceptor, String> {
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match roots {
        None => builder.with_no_client_auth(),
        Some(roots) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = if required { verifier } else { verifier.allow_unauthenticated() };
            builder.with_client_cert_verifier(verifier.build().map_err(|error| error.to_string())?)
        }
    };
    let mut config = builder
        .with_single_cert(certificates, key)
        .map_err(|error| format!("certificate and key of TLS cannot be used: {error}"))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let pem = fs::read(path).map_err(|error| wrong(&error))?;
    let found = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(found) if found.is_empty() => Err(wrong(&"there is no certificate in it")),
        found => found.map_err(|error| wrong(&error)),
    }
}

fn roots(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(roots)
}

/// Returns the names that the client's certificate is made out for, once the handshake has verified it: DNS names and
/// URIs (SPIFFE ids, say). `None` when it has shown none.
pub(crate) fn peer_names(connection: &ServerConnection) -> Option<Vec<String>> {
    let certificate = connection.peer_certificates()?.first()?;
    let certificate = webpki::EndEntityCert::try_from(certificate).ok()?;
    let names = certificate.valid_dns_names().chain(certificate.valid_uri_names());
    Some(names.map(str::to_owned).collect())
}
