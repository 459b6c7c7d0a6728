//! Who may connect and call, as flags and `DICTUM_…` variables; read at the start, and again when the files change.

use std::{
    fs,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use clap::{Args, ValueEnum};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

use crate::{access::AccessList, audit::Audit, stop::reload_requested, tls};

/// How often the files are looked at; a SIGHUP has them read at once.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// TLS, identities and the audit log of a server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
#[command(next_help_heading = "Security")]
pub struct SecurityConfig {
    /// The certificate chain of the server (PEM), its own first: connections are encrypted from then on. It, its key, the
    /// authority and the identities are read again when they change, and on SIGHUP.
    #[arg(long, env = "DICTUM_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// The private key of the certificate (PEM).
    #[arg(long, env = "DICTUM_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// The authorities whose client certificates are taken (PEM).
    #[arg(long, env = "DICTUM_TLS_CLIENT_CA", value_name = "FILE")]
    pub tls_client_ca: Option<PathBuf>,

    /// Refuse connections without a client certificate. Without --access, whoever has one may do everything.
    #[arg(long, env = "DICTUM_TLS_CLIENT_REQUIRED")]
    pub tls_client_required: bool,

    /// A file of who may call, one line an identity: NAME, SCOPES (read, ingest, admin), and blake3:HASH of a token or
    /// certificate:NAME of a client certificate. `dictum token` makes lines.
    #[arg(long, env = "DICTUM_ACCESS", value_name = "FILE")]
    pub access: Option<PathBuf>,

    /// A file to which writes and refusals are appended, one JSON object a line; opened again on SIGHUP.
    #[arg(long, env = "DICTUM_AUDIT_LOG", value_name = "FILE")]
    pub audit_log: Option<PathBuf>,

    /// Who may ask for the descriptors of the services.
    #[arg(long, env = "DICTUM_REFLECTION", value_name = "WHO", default_value = "identified")]
    pub reflection: Reflection,

    /// Who may ask whether the services are healthy; probes have no token.
    #[arg(long, env = "DICTUM_HEALTH", value_name = "WHO", default_value = "anybody")]
    pub health: Health,

    /// A second address, in plain text and for anybody, that answers health checks alone: for probes that speak no TLS.
    #[arg(long, env = "DICTUM_HEALTH_LISTEN", value_name = "ADDRESS")]
    pub health_listen: Option<SocketAddr>,
}

/// Who may use reflection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Reflection {
    /// Whoever connects.
    Anybody,
    /// Whoever has an identity; without --access, whoever connects.
    #[default]
    Identified,
    /// Nobody: the server does not answer it.
    Off,
}

/// Who may use health checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Health {
    /// Whoever connects.
    #[default]
    Anybody,
    /// Whoever has an identity; without --access, whoever connects.
    Identified,
}

impl SecurityConfig {
    /// Returns the settings of a server that only this process reaches: it knows its callers.
    #[must_use]
    pub fn within_process(&self) -> Self {
        Self {
            tls_cert: None,
            tls_key: None,
            tls_client_ca: None,
            tls_client_required: false,
            access: None,
            audit_log: None,
            health_listen: None,
            ..self.clone()
        }
    }

    /// Returns whether callers are known by the end of the handshake or by their token.
    pub(crate) fn identifies(&self) -> bool {
        self.access.is_some() || self.tls_client_required
    }

    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.tls_cert, &self.tls_key, &self.tls_client_ca, &self.access].into_iter().flatten()
    }
}

/// What is wrong with the settings of TLS, identities or the audit log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .mistakes.join("\n"))]
pub struct SecurityError {
    /// One line a mistake.
    pub mistakes: Vec<String>,
}

/// What came of the settings. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Security(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: SecurityConfig,
    loaded: RwLock<Loaded>,
    audit: Audit,
}

#[derive(Clone, Default)]
struct Loaded {
    tls: Option<TlsAcceptor>,
    access: Option<Arc<AccessList>>,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { tls, access } = self;
        f.debug_struct("Loaded").field("tls", &tls.is_some()).field("access", access).finish()
    }
}

impl Security {
    /// Reads the files.
    pub(crate) fn load(config: &SecurityConfig) -> Result<Self, SecurityError> {
        let mut mistakes = Vec::new();
        let loaded = Loaded::load(config).unwrap_or_else(|wrong| {
            mistakes.extend(wrong);
            Loaded::default()
        });
        let audit = match config.audit_log.as_deref().map(Audit::open).transpose() {
            Ok(audit) => audit.unwrap_or_default(),
            Err(error) => {
                mistakes.push(format!("the audit log cannot be opened: {error}"));
                Audit::default()
            }
        };
        if !mistakes.is_empty() {
            return Err(SecurityError { mistakes });
        }
        Ok(Self(Arc::new(Inner { config: config.clone(), loaded: RwLock::new(loaded), audit })))
    }

    pub(crate) fn config(&self) -> &SecurityConfig {
        &self.0.config
    }

    pub(crate) fn audit(&self) -> &Audit {
        &self.0.audit
    }

    /// Returns what encrypts the next connection.
    pub(crate) fn tls(&self) -> Option<TlsAcceptor> {
        self.0.loaded.read().unwrap_or_else(PoisonError::into_inner).tls.clone()
    }

    /// Returns who may call now.
    pub(crate) fn access(&self) -> Option<Arc<AccessList>> {
        self.0.loaded.read().unwrap_or_else(PoisonError::into_inner).access.clone()
    }

    /// Reads the files again whenever they change, and on SIGHUP, until the handle is dropped. What cannot be used is
    /// logged, and what was in force stays so.
    pub(crate) fn keep_fresh(&self) -> Option<AbortOnDropHandle<()>> {
        let config = &self.0.config;
        let has_files = config.files().next().is_some() || config.audit_log.is_some();
        has_files.then(|| AbortOnDropHandle::new(tokio::spawn(self.clone().refresh())))
    }

    async fn refresh(self) {
        let mut seen = self.fingerprint();
        loop {
            let asked = tokio::select! {
                () = reload_requested() => true,
                () = tokio::time::sleep(LOOK_EVERY) => false,
            };
            if asked && let Err(error) = self.0.audit.reopen() {
                tracing::error!(%error, "the audit log cannot be opened again");
            }
            let now = self.fingerprint();
            if now == seen && !asked {
                continue;
            }
            seen = now;
            match Loaded::load(&self.0.config) {
                Ok(loaded) => {
                    let identities = loaded.access.as_ref().map_or(0, |access| access.len());
                    *self.0.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded;
                    tracing::info!(identities, "certificates and identities were read again");
                }
                Err(mistakes) => mistakes.iter().for_each(|mistake| {
                    tracing::error!(mistake, "certificates and identities stay as they were");
                }),
            }
        }
    }

    fn fingerprint(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        for file in self.0.config.files() {
            hasher.update(&fs::read(file).unwrap_or_default());
        }
        hasher.finalize()
    }
}

impl Loaded {
    fn load(config: &SecurityConfig) -> Result<Self, Vec<String>> {
        let access = config.access.as_deref().map(AccessList::load).transpose();
        match (tls::load(config), access) {
            (Ok(tls), Ok(access)) => Ok(Self { tls, access: access.map(Arc::new) }),
            (tls, access) => Err([tls.err(), access.err()].into_iter().flatten().flatten().collect()),
        }
    }
}

/// Why a server does not listen on an address.
pub(crate) fn exposure(config: &SecurityConfig, insecure: bool, address: IpAddr) -> Option<&'static str> {
    if address.is_loopback() || insecure {
        None
    } else if config.tls_cert.is_none() {
        Some("in plain text")
    } else if !config.identifies() {
        Some("by anybody")
    } else {
        None
    }
}
