//! Calls over several servers: names are looked up again and again, servers that are not healthy get no calls.
//!
//! Not tonic's own balancer: it goes on to call endpoints that are dead, and a third of the calls failed with one dead
//! endpoint in two. Here each server is asked by `grpc.health.v1.Health/Watch` how it is, and a call that breaks has the
//! server asked again. Of two healthy servers, taken at random, the one with fewer calls under way gets the call.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderValue;
use http_body::{Frame, SizeHint};
use tokio::{
    net::lookup_host,
    sync::{Notify, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tonic::{
    Code, Status,
    body::Body,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{ClientError, ClientOptions, address::Address, transport::Transport};

/// How long a server is left alone that did not say how it is: doubles up to the second.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// The servers of an endpoint. Cheap to clone; looking up ends with the last clone.
#[derive(Debug, Clone)]
pub(crate) struct Balancer {
    servers: watch::Receiver<Servers>,
    patience: Duration,
    _lookups: Arc<Task>,
}

/// What is known of the servers.
#[derive(Debug, Clone, Default)]
struct Servers {
    /// The names were looked up at least once.
    looked_up: bool,
    known: Arc<Vec<Arc<Server>>>,
}

#[derive(Debug)]
struct Server {
    channel: Channel,
    state: AtomicU8,
    under_way: AtomicUsize,
    /// Has the watcher ask again.
    suspected: Notify,
}

const UNKNOWN: u8 = 0;
const HEALTHY: u8 = 1;
const UNHEALTHY: u8 = 2;

/// A task that ends with what started it.
#[derive(Debug)]
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Balancer {
    /// Returns the servers of these addresses. Must be called within a runtime.
    pub(crate) fn new(
        addresses: Vec<Address>,
        options: &ClientOptions,
        authorization: Option<HeaderValue>,
    ) -> Result<Self, ClientError> {
        for address in &addresses {
            address.endpoint(None, options)?; // what is wrong with it is told now
        }
        let (sender, servers) = watch::channel(Servers::default());
        let lookups = Lookups { addresses, options: options.clone(), authorization, servers: sender };
        let patience = options.connect_timeout;
        Ok(Self { servers, patience, _lookups: Arc::new(Task(tokio::spawn(lookups.run()))) })
    }

    /// Returns the server for the next call. Waits for a healthy one while some have not said yet how they are; where
    /// none is healthy, any of them says best why.
    pub(crate) async fn pick(&self) -> Result<Picked, Status> {
        let mut servers = self.servers.clone();
        let picked = timeout(self.patience, async {
            loop {
                let now = servers.borrow_and_update().clone();
                if let Some(server) = least_loaded(&now.known, HEALTHY) {
                    return Some(server);
                }
                let settled = now.known.iter().all(|server| server.state() != UNKNOWN);
                if now.looked_up && settled || servers.changed().await.is_err() {
                    return None;
                }
            }
        });
        let picked = picked.await.ok().flatten();
        let any = || {
            let known = Arc::clone(&self.servers.borrow().known);
            (!known.is_empty()).then(|| Arc::clone(&known[fastrand::usize(..known.len())]))
        };
        let server = picked
            .or_else(any)
            .ok_or_else(|| Status::unavailable("the name of the server has no address"))?;
        server.under_way.fetch_add(1, Ordering::Relaxed);
        Ok(Picked(server))
    }
}

fn least_loaded(servers: &[Arc<Server>], state: u8) -> Option<Arc<Server>> {
    let fit: Vec<&Arc<Server>> = servers.iter().filter(|server| server.state() == state).collect();
    if fit.is_empty() {
        return None;
    }
    let any = || fit[fastrand::usize(..fit.len())];
    let (one, other) = (any(), any());
    let load = |server: &Server| server.under_way.load(Ordering::Relaxed);
    Some(Arc::clone(if load(other) < load(one) { other } else { one }))
}

impl Server {
    fn state(&self) -> u8 {
        self.state.load(Ordering::Relaxed)
    }
}

/// A server with one call more under way, until this is dropped.
#[derive(Debug)]
pub(crate) struct Picked(Arc<Server>);

impl Picked {
    pub(crate) fn channel(&self) -> Channel {
        self.0.channel.clone()
    }

    /// A call broke: the server is asked how it is before it gets the next one, if there are others.
    pub(crate) fn suspect(&self) {
        self.0.state.store(UNHEALTHY, Ordering::Relaxed);
        self.0.suspected.notify_one();
    }

    /// Returns the body of an answer, with whose end the call ends.
    pub(crate) fn until_end_of(self, body: Body) -> Body {
        Body::new(Counted { body, _picked: self })
    }
}

impl Drop for Picked {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Counted {
    body: Body,
    _picked: Picked,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Keeps the servers in step with what their names say.
struct Lookups {
    addresses: Vec<Address>,
    options: ClientOptions,
    authorization: Option<HeaderValue>,
    servers: watch::Sender<Servers>,
}

impl Lookups {
    async fn run(self) {
        // Of each address, what it came to when it was last found: a name server that is away takes nothing from us.
        let mut found: Vec<Vec<IpAddr>> = vec![Vec::new(); self.addresses.len()];
        let mut watched: HashMap<SocketAddr, (Arc<Server>, Task)> = HashMap::new();
        loop {
            for (address, found) in self.addresses.iter().zip(&mut found) {
                match lookup_host((address.host.as_str(), address.port)).await {
                    Ok(addresses) => *found = addresses.map(|address| address.ip()).collect(),
                    Err(error) => {
                        tracing::warn!(host = address.host, %error, "a server could not be looked up");
                    }
                }
            }
            let wanted: HashMap<SocketAddr, Endpoint> = self
                .addresses
                .iter()
                .zip(&found)
                .flat_map(|(address, found)| found.iter().map(move |ip| (address, *ip)))
                .filter_map(|(address, ip)| {
                    let endpoint = address.endpoint(Some(ip), &self.options).ok()?;
                    Some((SocketAddr::new(ip, address.port), endpoint))
                })
                .collect();
            let before = watched.len();
            watched.retain(|address, _| wanted.contains_key(address));
            let mut changed = watched.len() != before;
            for (address, endpoint) in wanted {
                watched.entry(address).or_insert_with(|| {
                    changed = true;
                    self.watch(&endpoint)
                });
            }
            let known =
                changed.then(|| Arc::new(watched.values().map(|(server, _)| Arc::clone(server)).collect()));
            self.servers.send_modify(|servers| {
                servers.looked_up = true;
                if let Some(known) = known {
                    servers.known = known;
                }
            });
            sleep(self.options.lookup_interval).await;
        }
    }

    fn watch(&self, endpoint: &Endpoint) -> (Arc<Server>, Task) {
        let server = Arc::new(Server {
            channel: endpoint.connect_lazy(),
            state: AtomicU8::new(UNKNOWN),
            under_way: AtomicUsize::new(0),
            suspected: Notify::new(),
        });
        let transport = Transport::one(server.channel.clone(), self.authorization.clone());
        let watching = watch_health(Arc::clone(&server), HealthClient::new(transport), self.servers.clone());
        (server, Task(tokio::spawn(watching)))
    }
}

/// Follows how a server is, as long as somebody wants to know.
async fn watch_health(server: Arc<Server>, client: HealthClient<Transport>, servers: watch::Sender<Servers>) {
    let set = |state: u8| {
        if server.state.swap(state, Ordering::Relaxed) != state {
            servers.send_modify(|_| ()); // wakes who waits for a healthy one
        }
    };
    let mut pause = FIRST_PAUSE;
    loop {
        let mut client = client.clone();
        match client.watch(HealthCheckRequest::default()).await {
            Ok(answers) => {
                let mut answers = answers.into_inner();
                loop {
                    let answer = tokio::select! {
                        answer = answers.message() => answer,
                        () = server.suspected.notified() => break,
                    };
                    match answer {
                        Ok(Some(answer)) => {
                            let serves = answer.status() == ServingStatus::Serving;
                            set(if serves { HEALTHY } else { UNHEALTHY });
                            pause = FIRST_PAUSE;
                        }
                        // Connections have an age: the next question says whether the server is gone.
                        Ok(None) | Err(_) => break,
                    }
                }
            }
            // It answers: it is there, and its health is not for us to know.
            Err(status)
                if matches!(
                    status.code(),
                    Code::Unimplemented | Code::Unauthenticated | Code::PermissionDenied
                ) =>
            {
                set(HEALTHY);
                pause = MAX_PAUSE;
            }
            Err(_) => set(UNHEALTHY),
        }
        let jittered = pause.mul_f64(0.5 + fastrand::f64() / 2.0);
        tokio::select! {
            () = sleep(jittered) => {}
            () = server.suspected.notified() => {}
        }
        pause = (pause * 2).min(MAX_PAUSE);
    }
}
