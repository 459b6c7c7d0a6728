//! One server: services on a listener, until it is told to stop.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::Stream;
use http::{HeaderName, HeaderValue};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tonic::{
    body::Body,
    server::NamedService,
    service::{Routes, RoutesBuilder},
    transport::server::Connected,
};
use tonic_health::{ServingStatus, server::HealthReporter};
use tonic_web::GrpcWebLayer;
use tower::Service;
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer, ExposeHeaders};

use crate::{
    InProcessListener, ServerConfig, Stopping,
    call::{CallLayer, CallLimits},
    connection::{self, Connection, ConnectionLimits},
};

/// How long streams that were told to end may take to say so before their connections are cut.
const LAST_WORDS: Duration = Duration::from_millis(500);

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
    #[error("{address} can be reached by other machines, in plain text: say --insecure if they may")]
    Exposed {
        /// Where it would listen.
        address: SocketAddr,
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
        matches!(self, Self::Origin { .. } | Self::Exposed { .. })
    }
}

/// Services, with health and reflection for them, that will share a listener.
#[derive(Debug)]
pub struct Server {
    config: ServerConfig,
    descriptor_set: &'static [u8],
    routes: RoutesBuilder,
    service_names: Vec<&'static str>,
    stopping: Stopping,
}

impl Server {
    /// Returns a server without services; `descriptor_set` describes those that will be added.
    #[must_use]
    pub fn new(config: ServerConfig, descriptor_set: &'static [u8]) -> Self {
        Self {
            config,
            descriptor_set,
            routes: Routes::builder(),
            service_names: Vec::new(),
            stopping: Stopping::default(),
        }
    }

    /// Returns what tells long streams that this server is stopping.
    #[must_use]
    pub fn stopping(&self) -> Stopping {
        self.stopping.clone()
    }

    /// Adds a service, which health and reflection know from then on.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "nobody takes a server for a number")]
    pub fn add<S>(mut self, service: S) -> Self
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
        self.service_names.push(S::NAME);
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
            && !address.ip().is_loopback()
            && !self.config.insecure
        {
            return Err(ServeError::Exposed { address });
        }
        let limits = self.connection_limits();
        let incoming = connection::accept(listener, limits.clone());
        self.run(incoming, limits, stop).await
    }

    /// Serves as [`serve`](Self::serve) does, for connections from this process.
    ///
    /// # Errors
    ///
    /// Says why it could not start or go on.
    pub async fn serve_in_process(
        self,
        listener: InProcessListener,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let limits = self.connection_limits();
        let incoming = connection::admit(listener.incoming(), limits.clone());
        self.run(incoming, limits, stop).await
    }

    fn connection_limits(&self) -> ConnectionLimits {
        ConnectionLimits {
            room: Arc::new(Semaphore::new(self.config.max_connections)),
            handshake_timeout: self.config.handshake_timeout,
            cut: CancellationToken::new(),
        }
    }

    async fn run<Io>(
        mut self,
        incoming: impl Stream<Item = io::Result<Connection<Io>>>,
        connections: ConnectionLimits,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServeError>
    where
        Io: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    {
        let health = self.add_health_and_reflection().await?;
        let cut_streams = CancellationToken::new();
        let calls = CallLayer(Arc::new(CallLimits {
            room: Arc::new(Semaphore::new(self.config.max_calls)),
            max_calls: self.config.max_calls,
            max_call_time: self.config.max_call_time,
            max_message_bytes: self.config.max_message_bytes,
            stopping: self.stopping.token(),
            cut: cut_streams.clone(),
        }));
        let serving = transport(&self.config)
            .layer(cors(&self.config.cors_origins)?)
            .layer(GrpcWebLayer::new())
            .layer(calls)
            .add_routes(self.routes.routes())
            .serve_with_incoming_shutdown(incoming, self.stopping.token().cancelled_owned());
        tokio::pin!(serving);

        tokio::select! {
            ended = &mut serving => return Ok(ended?),
            () = stop => {}
        }
        for name in self.service_names.iter().chain(&[""]) {
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

    async fn add_health_and_reflection(&mut self) -> Result<HealthReporter, ServeError> {
        let (health, health_service) = tonic_health::server::health_reporter();
        for name in &self.service_names {
            health.set_service_status(name, ServingStatus::Serving).await;
        }
        let reflection = || {
            let builder = tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(self.descriptor_set)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                .with_service_name("grpc.health.v1.Health");
            self.service_names.iter().fold(builder, |builder, name| builder.with_service_name(*name))
        };
        // Both versions: some clients in use know only the older one.
        let (v1, v1alpha) = (reflection().build_v1()?, reflection().build_v1alpha()?);
        self.routes.add_service(health_service).add_service(v1).add_service(v1alpha);
        Ok(health)
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
