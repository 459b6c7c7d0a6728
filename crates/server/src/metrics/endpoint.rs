//! The port that Prometheus scrapes: HTTP/1, `GET /metrics`, nothing else, and little for whoever misuses it.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::Metrics;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Connections at a time, and how long one lives: a scrape is short, and every scrape makes its own.
const MAX_CONNECTIONS: usize = 8;
const CONNECTION_TIME: Duration = Duration::from_secs(30);
const HEADER_TIME: Duration = Duration::from_secs(5);

/// Pause after an `accept` that failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Listens on `address` and answers scrapes until the process ends; returns where it listens.
pub(super) async fn serve(metrics: Metrics, address: SocketAddr) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let permit = Arc::clone(&room).acquire_owned().await.expect("the semaphore is never closed");
            match listener.accept().await {
                Ok((io, _)) => {
                    let metrics = metrics.clone();
                    tokio::spawn(async move {
                        let _ = timeout(CONNECTION_TIME, answer(metrics, io)).await; // nobody to tell
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "could not accept a scrape");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    });
    Ok(address)
}

async fn answer(metrics: Metrics, io: TcpStream) {
    let service = service_fn(move |request| {
        let metrics = metrics.clone();
        async move { Ok::<_, Infallible>(page(&metrics, &request).await) }
    });
    let served = http1::Builder::new()
        .keep_alive(false)
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .serve_connection(TokioIo::new(io), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a scrape broke off");
    }
}

async fn page(metrics: &Metrics, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, kind, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => (StatusCode::OK, OPEN_METRICS, metrics.text().await),
        (_, "/metrics") => {
            (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "metrics are read with GET\n".to_owned())
        }
        _ => (StatusCode::NOT_FOUND, "text/plain", "metrics are at /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response
}
