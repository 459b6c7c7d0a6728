//! One server: services on a listener, until it is told to stop.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::Stream;
use http::{HeaderName, HeaderValue};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tonic::{
    body::Body,
    server::NamedService,
    service::{Routes, RoutesBuilder},
    transport::server::Connected,
};
use tonic_health::{
    ServingStatus,
    pb::health_server::{Health, HealthServer},
    server::HealthReporter,
};
use tonic_web::GrpcWebLayer;
use tower::Service;
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer, ExposeHeaders};

use crate::{
    Access, InProcessListener, Metrics, Reflection, SecurityError, ServerConfig, Stopping,
    call::{CallLayer, CallLimits},
    connection::{self, Connection, ConnectionLimits},
    gate::Gate,
    metrics::{CallMetrics, Methods, gauge_value},
    security::{Security, exposure},
};

/// How long streams that were told to end may take to say so before their connections are cut.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The health service, which is counted as ours are.
const HEALTH: &str = "grpc.health.v1.Health";

/// Resets that a client may have waiting before its connection is closed (rapid reset), and those that we may cause.
const MAX_PENDING_RESETS: usize = 20;
const MAX_LOCAL_RESETS: usize = 256;

/// Why a server could not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The descriptors of the services do not describe them: a mistake of the program.
    #[error("could not set up reflection")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// An origin of the configuration cannot stand in a header.
    #[error("`{origin}` is not an origin such as https://desk.example")]
    Origin {
        /// What the configuration says.
        origin: String,
    },
    /// The address can be reached by other machines, and nobody said that they may.
    #[error(
        "{address} can be reached by other machines, {how}: give --tls-cert and --tls-key, and --access, or say --insecure"
    )]
    Exposed {
        /// Where it would listen.
        address: SocketAddr,
        /// In plain text, or by anybody.
        how: &'static str,
    },
    /// Certificates, identities or the audit log cannot be used.
    #[error(transparent)]
    Security(#[from] SecurityError),
    /// A service does not say who may call its methods: a mistake of the program.
    #[error("{what}")]
    Access {
        /// What is missing.
        what: String,
    },
    /// The address for health checks cannot be listened on.
    #[error("could not listen on {address} for health checks")]
    HealthListen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A thread that the service needs cannot be started.
    #[error("could not start a thread")]
    Thread(#[source] std::io::Error),
    /// The transport failed.
    #[error("the transport failed")]
    Transport(#[from] tonic::transport::Error),
}

impl ServeError {
    /// Returns whether other settings would help.
    #[must_use]
    pub fn is_about_settings(&self) -> bool {
        matches!(self, Self::Origin { .. } | Self::Exposed { .. } | Self::Security(_))
    }
}

/// Services, with health and reflection for them, that will share a listener.
pub struct Server {
    config: ServerConfig,
    descriptor_set: &'static [u8],
    routes: RoutesBuilder,
    services: Vec<(&'static str, Access)>,
    ready: Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>, // locked never: it makes the server Sync
    stopping: Stopping,
    metrics: CallMetrics,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("services", &self.services).finish_non_exhaustive()
    }
}

impl Server {
    /// Returns a server without services that counts in `metrics`; `descriptor_set` describes those that will be added.
    #[must_use]
    pub fn new(config: ServerConfig, descriptor_set: &'static [u8], metrics: &Metrics) -> Self {
        Self {
            config,
            descriptor_set,
            routes: Routes::builder(),
            services: Vec::new(),
            ready: Mutex::new(Box::pin(std::future::ready(()))),
            stopping: Stopping::default(),
            metrics: CallMetrics::of(metrics),
        }
    }

    /// Returns what tells long streams that this server is stopping.
    #[must_use]
    pub fn stopping(&self) -> Stopping {
        self.stopping.clone()
    }

    /// Adds a service, which health and reflection know from then on; `access` says of each of its methods who may call
    /// it.
    #[must_use]
    pub fn add<S>(mut self, service: S, access: Access) -> Self
    where
        S: Service<http::Request<Body>, Response = http::Response<Body>, Error = std::convert::Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.routes.add_service(service);
        self.services.push((S::NAME, access));
        self
    }

    /// Lets health say NOT_SERVING of every service until `ready` returns; calls are answered meanwhile. Of the server as
    /// a whole it says SERVING from the start: a process that waits must not be taken for one that hangs.
    #[must_use]
    pub fn ready_when(mut self, ready: impl Future<Output = ()> + Send + 'static) -> Self {
        self.ready = Mutex::new(Box::pin(ready));
        self
    }

    /// Serves until `stop` returns, then drains: says NOT_SERVING, waits the drain delay, stops to listen, ends streams,
    /// lets calls end, and after the stop deadline cuts what is left.
    ///
    /// # Errors
    ///
    /// Says why it could not start or go on.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        if let Ok(address) = listener.local_addr()
            && let Some(how) = exposure(&self.config.security, self.config.insecure, address.ip())
        {
            return Err(ServeError::Exposed { address, how });
        }
        let security = Security::load(&self.config.security)?;
        let _fresh = security.keep_fresh();
        let CallMetrics { connections, connections_limit, calls_limit, .. } = &self.metrics;
        connections_limit.set(gauge_value(self.config.max_connections as u64));
        calls_limit.set(gauge_value(self.config.max_calls as u64));
        let limits = ConnectionLimits::new(&self.config, Some(security.clone())).counted(connections.clone());
        let incoming = connection::accept(listener, limits.clone());
        self.run(incoming, limits, security, stop).await
    }

    /// Serves as [`serve`](Self::serve) does, for connections from this process: everybody may everything.
    ///
    /// # Errors
    ///
    /// Says why it could not start or go on.
    pub async fn serve_in_process(
        mut self,
        listener: InProcessListener,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        self.config.security = self.config.security.within_process();
        let security = Security::load(&self.config.security)?;
        let limits = ConnectionLimits::new(&self.config, None);
        let incoming = connection::admit(listener.incoming(), limits.clone());
        self.run(incoming, limits, security, stop).await
    }

    async fn run<Io>(
        mut self,
        incoming: impl Stream<Item = io::Result<Connection<Io>>>,
        connections: ConnectionLimits,
        security: Security,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServeError>
    where
        Io: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    {
        let gate = Gate::new(&self.services, self.descriptor_set, &self.config, security)?;
        let (health, health_checks) = self.add_health_and_reflection().await?;
        let _health_checks = self.serve_health_checks(health_checks).await?;
        let cut_streams = CancellationToken::new();
        let calls = self.calls(gate, &cut_streams);
        let serving = transport(&self.config)
            .layer(cors(&self.config.cors_origins)?)
            .layer(GrpcWebLayer::new())
            .layer(calls)
            .add_routes(self.routes.routes())
            .serve_with_incoming_shutdown(incoming, self.stopping.token().cancelled_owned());
        tokio::pin!(serving);

        let ready = self.ready.into_inner().unwrap_or_else(PoisonError::into_inner);
        let until_stop = async {
            tokio::pin!(stop);
            tokio::select! {
                () = &mut stop => return,
                () = ready => {}
            }
            for (name, _) in &self.services {
                health.set_service_status(name, ServingStatus::Serving).await;
            }
            stop.await;
        };
        tokio::select! {
            ended = &mut serving => return Ok(ended?),
            () = until_stop => {}
        }
        for name in self.services.iter().map(|(name, _)| *name).chain([""]) {
            health.set_service_status(name, ServingStatus::NotServing).await;
        }
        tokio::select! {
            ended = &mut serving => return Ok(ended?),
            () = sleep(self.config.drain_delay) => {}
        }
        self.stopping.begin();
        if let Ok(ended) = timeout(self.config.stop_deadline, &mut serving).await {
            return Ok(ended?);
        }
        tracing::warn!("calls were still under way at the stop deadline: they are cut");
        cut_streams.cancel();
        if let Ok(ended) = timeout(LAST_WORDS, &mut serving).await {
            return Ok(ended?);
        }
        connections.cut.cancel();
        // A connection that was cut ends at its next poll; one whose task is stuck dies with the process.
        let _ = timeout(LAST_WORDS, serving).await;
        Ok(())
    }

    fn calls(&self, gate: Gate, cut_streams: &CancellationToken) -> CallLayer {
        CallLayer(Arc::new(CallLimits {
            gate,
            max_call_time: self.config.max_call_time,
            max_stream_idle: self.config.max_stream_idle,
            max_message_bytes: self.config.max_message_bytes,
            stopping: self.stopping.token(),
            cut: cut_streams.clone(),
            methods: self.methods(),
        }))
    }

    /// Returns what is counted: the methods of the services and of health.
    fn methods(&self) -> Methods {
        let descriptors = [self.descriptor_set, tonic_health::pb::FILE_DESCRIPTOR_SET];
        let services: Vec<&str> = self.services.iter().map(|(name, _)| *name).chain([HEALTH]).collect();
        Methods::new(&self.metrics, &descriptors, &services)
    }

    async fn add_health_and_reflection(
        &mut self,
    ) -> Result<(HealthReporter, HealthServer<impl Health>), ServeError> {
        let (health, health_service) = tonic_health::server::health_reporter();
        for (name, _) in &self.services {
            health.set_service_status(name, ServingStatus::NotServing).await;
        }
        self.routes.add_service(health_service.clone());
        if self.config.security.reflection != Reflection::Off {
            let reflection = || {
                let builder = tonic_reflection::server::Builder::configure()
                    .register_encoded_file_descriptor_set(self.descriptor_set)
                    .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                    .with_service_name(HEALTH);
                self.services.iter().fold(builder, |builder, (name, _)| builder.with_service_name(*name))
            };
            // Both versions: some clients in use know only the older one.
            let (v1, v1alpha) = (reflection().build_v1()?, reflection().build_v1alpha()?);
            self.routes.add_service(v1).add_service(v1alpha);
        }
        Ok((health, health_service))
    }

    /// Answers health checks on an address of their own, where one is set, until the handle is dropped.
    async fn serve_health_checks(
        &self,
        service: HealthServer<impl Health>,
    ) -> Result<Option<AbortOnDropHandle<()>>, ServeError> {
        let Some(address) = self.config.security.health_listen else { return Ok(None) };
        let wrong = |source| ServeError::HealthListen { address, source };
        let listener = connection::bind(address).await.map_err(wrong)?;
        tracing::info!(address = %listener.local_addr().map_err(wrong)?, "health checks are answered");
        let limits = ConnectionLimits::new(&self.config, None);
        let serving = transport(&self.config)
            .layer(self.calls(Gate::of_health(&self.config), &self.stopping.token()))
            .add_service(service)
            .serve_with_incoming(connection::accept(listener, limits));
        Ok(Some(AbortOnDropHandle::new(tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "health checks are not answered any longer");
            }
        }))))
    }
}

/// tonic's own defaults bound neither streams nor ages nor dead peers.
fn transport(config: &ServerConfig) -> tonic::transport::Server {
    tonic::transport::Server::builder()
        .accept_http1(true) // for gRPC-web; anything else over HTTP/1 is refused
        .max_concurrent_streams(config.max_streams_per_connection)
        .initial_stream_window_size(config.stream_window_bytes)
        .initial_connection_window_size(config.connection_window_bytes)
        .http2_keepalive_interval(Some(config.keepalive_interval))
        .http2_keepalive_timeout(Some(config.keepalive_timeout))
        .http2_max_header_list_size(config.max_header_bytes)
        .http2_max_pending_accept_reset_streams(Some(MAX_PENDING_RESETS))
        .http2_max_local_error_reset_streams(Some(MAX_LOCAL_RESETS))
        .max_connection_age(config.max_connection_age)
}

/// Lets pages of these origins read answers and their statuses; without origins no page of another site can call.
fn cors(origins: &[String]) -> Result<CorsLayer, ServeError> {
    let exposed = ["grpc-status", "grpc-message", "grpc-status-details-bin"].map(HeaderName::from_static);
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        let parse = |origin: &String| {
            HeaderValue::from_str(origin).map_err(|_| ServeError::Origin { origin: origin.clone() })
        };
        AllowOrigin::list(origins.iter().map(parse).collect::<Result<Vec<_>, _>>()?)
    };
    Ok(CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(ExposeHeaders::list(exposed)))
}
