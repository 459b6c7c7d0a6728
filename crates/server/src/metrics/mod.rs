//! What a process counts and measures, as Prometheus reads it.
//!
//! One [`Metrics`] a process. Whoever has something to count asks it for a place by type, so that a service that runs
//! twice in a process counts in one place. Gauges that must be asked for are refreshed when somebody scrapes. Names and
//! their meaning are in `docs/operations.md`; labels take only values that the program itself knows, never a client's.

mod calls;
mod endpoint;
mod process;

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use clap::Args;
use prometheus_client::{
    encoding::text::encode,
    metrics::info::Info,
    registry::{Metric, Registry},
};

pub(crate) use calls::{Call, CallMetrics, Methods};

/// Bounds of the buckets of every duration, in seconds: half a millisecond to a minute.
pub const SECONDS: [f64; 16] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// How long a scrape waits for one gauge that must be asked for; then it shows what it knew.
const REFRESH_TIME: Duration = Duration::from_secs(2);

/// Where metrics are served.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Metrics")]
pub struct MetricsConfig {
    /// Where Prometheus scrapes /metrics, or `off`. While another process has the default address, there are no metrics,
    /// which the log says; any other address must be free.
    #[arg(
        long,
        env = "DICTUM_METRICS_LISTEN",
        value_name = "ADDRESS",
        default_value_t = MetricsListen::DEFAULT
    )]
    pub metrics_listen: MetricsListen,
}

/// An address for metrics, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricsListen(Option<SocketAddr>);

impl MetricsListen {
    /// 9464 is what Prometheus' list of ports has for exporters of this kind.
    const DEFAULT: Self =
        Self(Some(SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9464)));
}

impl FromStr for MetricsListen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = (text != "off").then(|| text.parse()).transpose();
        address.map(Self).map_err(|_| "must be an address such as 127.0.0.1:9464, or off".to_owned())
    }
}

impl fmt::Display for MetricsListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("off"),
        }
    }
}

type Refresh = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The counters, gauges and histograms of one process. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Shared>);

struct Shared {
    registry: Mutex<Registry>,
    parts: Mutex<HashMap<TypeId, Box<dyn Any + Send + Sync>>>,
    refreshes: Mutex<Vec<Arc<Refresh>>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Returns the metrics of a process of this name and version.
    #[must_use]
    pub fn new(program: &'static str, version: &'static str) -> Self {
        let mut registry = Registry::default();
        let build = Info::new(vec![("program", program), ("version", version)]);
        registry.register("dictum_build", "The program that runs, and its version", build);
        registry.register_collector(Box::new(process::ProcessMetrics::new()));
        Self(Arc::new(Shared {
            registry: Mutex::new(registry),
            parts: Mutex::default(),
            refreshes: Mutex::default(),
        }))
    }

    /// Returns the metrics of type `T` of this process; `register` makes them when they are first asked for.
    pub fn of<T: Clone + Send + Sync + 'static>(&self, register: impl FnOnce(&Self) -> T) -> T {
        let known = |this: &Self| {
            let parts = this.0.parts.lock().unwrap_or_else(PoisonError::into_inner);
            parts.get(&TypeId::of::<T>()).and_then(|part| part.downcast_ref::<T>()).cloned()
        };
        if let Some(part) = known(self) {
            return part;
        }
        let part = register(self);
        let mut parts = self.0.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.insert(TypeId::of::<T>(), Box::new(part.clone()));
        part
    }

    /// Adds a metric; returns it. The name of a counter is given without `_total`.
    pub fn register<M: Metric + Clone>(&self, name: &str, help: &str, metric: M) -> M {
        let mut registry = self.0.registry.lock().unwrap_or_else(PoisonError::into_inner);
        registry.register(name, help, metric.clone());
        metric
    }

    /// Runs `refresh` before each scrape: it sets gauges to what somebody must be asked for.
    pub fn before_scrape<F>(&self, refresh: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let refresh: Refresh = Box::new(move || Box::pin(refresh()));
        self.0.refreshes.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::new(refresh));
    }

    /// Returns everything in the text format of OpenMetrics.
    pub async fn text(&self) -> String {
        let refreshes = self.0.refreshes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for refresh in refreshes {
            if tokio::time::timeout(REFRESH_TIME, refresh()).await.is_err() {
                tracing::warn!("a gauge was not refreshed in time");
            }
        }
        let mut text = String::new();
        let registry = self.0.registry.lock().unwrap_or_else(PoisonError::into_inner);
        encode(&mut text, &registry).expect("writing to a String does not fail");
        text
    }

    /// Serves the metrics at the configured address from now on; returns it, unless there is none.
    ///
    /// # Errors
    ///
    /// Says why it cannot listen there. That another process has the default address is none.
    pub async fn serve(&self, config: &MetricsConfig) -> io::Result<Option<SocketAddr>> {
        let Some(address) = config.metrics_listen.0 else { return Ok(None) };
        match endpoint::serve(self.clone(), address).await {
            Ok(address) => {
                tracing::info!(%address, "metrics are served");
                Ok(Some(address))
            }
            Err(error)
                if error.kind() == io::ErrorKind::AddrInUse
                    && config.metrics_listen == MetricsListen::DEFAULT =>
            {
                tracing::warn!(%address, "another process has the address: this one serves no metrics");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Returns a number as a gauge holds it.
#[must_use]
pub fn gauge_value(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::{counter::Counter, gauge::Gauge};

    use super::*;

    #[derive(Clone)]
    struct Doors(Counter);

    #[tokio::test]
    async fn a_part_is_registered_once_and_gauges_are_refreshed() {
        let metrics = Metrics::new("test", "1.2.3");
        let doors = |metrics: &Metrics| {
            metrics.of(|metrics| Doors(metrics.register("doors", "Doors opened", Counter::default())))
        };
        doors(&metrics).0.inc();
        doors(&metrics).0.inc();
        let open: Gauge = metrics.register("doors_open", "Doors that are open", Gauge::default());
        metrics.before_scrape(move || {
            let open = open.clone();
            async move {
                open.set(7);
            }
        });
        let text = metrics.text().await;
        for line in [
            "doors_total 2",
            "doors_open 7",
            "dictum_build_info{program=\"test\",version=\"1.2.3\"} 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}: {text}");
        }
    }

    #[test]
    fn an_address_is_one_or_off() {
        assert_eq!("off".parse::<MetricsListen>().unwrap().to_string(), "off");
        assert_eq!("[::1]:9464".parse::<MetricsListen>().unwrap().to_string(), "[::1]:9464");
        assert!("9464".parse::<MetricsListen>().is_err());
    }
}
