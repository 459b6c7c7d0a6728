//! A certificate authority for tests.

use std::{fs, path::PathBuf};

use dictum_client::ClientTls;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use tempfile::TempDir;

/// Issues certificates, as files.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

/// A certificate with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// PEM.
    pub certificate: PathBuf,
    /// PEM.
    pub key: PathBuf,
}

impl Default for Authority {
    fn default() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Self { issuer, folder: tempfile::tempdir().unwrap() };
        fs::write(authority.file(), authority.issuer.pem()).unwrap();
        authority
    }
}

impl Authority {
    /// Returns the file with the authority's own certificate.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Issues a certificate for this machine's loopback address and a name: a DNS name, or a URI.
    ///
    /// # Panics
    ///
    /// When `name` is neither.
    #[must_use]
    pub fn issue(&self, name: &str) -> Certificate {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let name = name
            .try_into()
            .map(|text| if name.contains("://") { SanType::URI(text) } else { SanType::DnsName(text) });
        params.subject_alt_names.push(name.unwrap());
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let serial = fs::read_dir(self.folder.path()).unwrap().count();
        let path = |kind: &str| self.folder.path().join(format!("{serial}.{kind}.pem"));
        let issued = Certificate { certificate: path("certificate"), key: path("key") };
        fs::write(&issued.certificate, certificate.pem()).unwrap();
        fs::write(&issued.key, key.serialize_pem()).unwrap();
        issued
    }

    /// Returns what a client needs that knows servers by this authority, and shows a certificate.
    ///
    /// # Panics
    ///
    /// When the files are gone.
    #[must_use]
    pub fn client(&self, certificate: Option<&Certificate>) -> ClientTls {
        let (certificate, key) = certificate.map(|c| (c.certificate.as_path(), c.key.as_path())).unzip();
        ClientTls::from_files(Some(&self.file()), certificate, key).unwrap()
    }
}
