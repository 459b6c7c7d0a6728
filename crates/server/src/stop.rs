//! When and how a process is asked to stop.

use std::process;

use tokio::signal;
use tokio_util::sync::CancellationToken;

/// Tells long streams that the server is stopping. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Stopping {
    token: CancellationToken,
}

impl Stopping {
    /// Returns once the server begins to stop.
    pub async fn begun(&self) {
        self.token.cancelled().await;
    }

    /// Returns whether the server has begun to stop.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.token.is_cancelled()
    }

    pub(crate) fn begin(&self) {
        self.token.cancel();
    }

    pub(crate) fn token(&self) -> CancellationToken {
        self.token.clone()
    }
}

/// Exit code of a process that a second signal ended, as shells report an interrupt.
const EXIT_INTERRUPTED: i32 = 130;

/// Returns at the first SIGTERM or SIGINT. A second one ends the process at once.
pub async fn stop_requested() {
    signal_received().await;
    tracing::info!("stopping; a second signal leaves at once");
    tokio::spawn(async {
        signal_received().await;
        process::exit(EXIT_INTERRUPTED);
    });
}

/// Returns when a SIGHUP comes: settings in files are to be read again.
#[cfg(unix)]
pub(crate) async fn reload_requested() {
    use signal::unix::{SignalKind, signal};
    match signal(SignalKind::hangup()) {
        Ok(mut hangup) => drop(hangup.recv().await),
        Err(_) => std::future::pending().await, // the files are looked at all the same
    }
}

#[cfg(not(unix))]
pub(crate) async fn reload_requested() {
    std::future::pending().await
}

#[cfg(unix)]
async fn signal_received() {
    use signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be received: the process can only be killed");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal_received() {
    if signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
