//! What the thin binaries share: their settings, their `probe` command and their exit code.

use std::{env, error::Error, ffi::OsString, net::SocketAddr, process::ExitCode};

use clap::{CommandFactory, FromArgMatches, Subcommand};

use crate::{EXIT_USAGE, ProbeError, ServeError, ServerConfig, effective, probe, with_file};

/// Returns the settings of this process from flags, variables and file. `C` must flatten
/// [`SettingsConfig`](crate::SettingsConfig).
///
/// # Errors
///
/// Returns the exit code of a process that has nothing more to do: all mistakes were written to standard error, or the
/// settings that `--print-config` asks for to standard output.
pub fn configure<C: CommandFactory + FromArgMatches>() -> Result<C, ExitCode> {
    let arguments: Vec<OsString> = env::args_os().collect();
    let (command, file) = with_file(C::command(), &arguments).map_err(|error| {
        error.mistakes.iter().for_each(|mistake| eprintln!("error: {mistake}"));
        ExitCode::from(EXIT_USAGE)
    })?;
    let matches = command.clone().get_matches_from(arguments);
    if matches.get_flag("print_config") {
        for setting in effective(&command, &matches, &file) {
            println!("{setting}");
        }
        return Err(ExitCode::SUCCESS);
    }
    C::from_arg_matches(&matches).map_err(|error| error.exit())
}

/// What a service's binary does besides serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask a running server whether it is healthy: exit code 0 if so, else 1.
    Probe {
        /// The server [default: the one that listens where this binary would].
        #[arg(long, value_name = "URL")]
        endpoint: Option<String>,

        /// The service, such as dictum.v1.IngestService; empty asks for the whole server.
        #[arg(long, default_value = "", value_name = "NAME")]
        service: String,
    },
}

impl Command {
    /// Does it; `listen` is where this binary would listen. A server with TLS is asked at its address for health checks.
    ///
    /// # Errors
    ///
    /// Says why the server is not healthy.
    pub async fn run(self, listen: SocketAddr, config: &ServerConfig) -> Result<(), ProbeError> {
        let Self::Probe { endpoint, service } = self;
        let here = config.security.health_listen.unwrap_or(listen);
        probe(&endpoint.unwrap_or_else(|| endpoint_of(here)), &service).await
    }
}

/// Returns where a server on this machine that listens on `listen` is reached: one that listens on every address, on the
/// loopback one.
#[must_use]
pub fn endpoint_of(mut listen: SocketAddr) -> String {
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{listen}")
}

/// Returns the exit code of a process; says on standard error why it failed, with all causes.
#[must_use]
pub fn exit_code(outcome: Result<(), Box<dyn Error>>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    let is_setting = error.downcast_ref::<ServeError>().is_some_and(ServeError::is_about_settings);
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  caused by: {error}");
        cause = error.source();
    }
    if is_setting { ExitCode::from(EXIT_USAGE) } else { ExitCode::FAILURE }
}
