//! What every server of Dictum does: configuration, logs, limits, TLS, identities, health, reflection, gRPC-web,
//! drain.
//!
//! Absent on purpose: claims, documents, stores. A service is a tonic service that somebody else wrote; a process is
//! a listener, some services, and [`Server::serve`].

mod access;
mod answer;
mod audit;
mod call;
mod callers;
mod config;
mod connection;
mod failure;
mod gate;
mod in_process;
mod logs;
mod metrics;
mod probe;
mod process;
mod security;
mod serve;
mod settings;
mod stop;
mod telemetry;
mod tls;
mod trace;

pub use access::{Access, Identity, NewToken, Scope, is_identity_name};
pub use config::{ServerConfig, parse_duration};
pub use connection::bind;
pub use failure::{ERROR_DOMAIN, internal, shutting_down};
pub use gate::Caller;
pub use in_process::{InProcess, InProcessListener, in_process};
pub use logs::{LogConfig, LogFormat, start_logs};
pub use metrics::{Metrics, MetricsConfig, MetricsListen, SECONDS, gauge_value};
pub use probe::{ProbeError, probe, probe_through};
pub use process::{Command, configure, endpoint_of, exit_code};
pub use security::{Health, Reflection, SecurityConfig, SecurityError};
pub use serve::{ServeError, Server};
pub use settings::{
    EXIT_USAGE, FileKeys, Origin, Setting, SettingsConfig, SettingsError, effective, with_file,
};
pub use stop::{Stopping, stop_requested};
pub use telemetry::{Telemetry, TelemetryConfig, TelemetryError};
pub use trace::{TraceConfig, trace_item};
