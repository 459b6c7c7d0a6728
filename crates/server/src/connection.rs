//! Connections as a server takes them: so many at a time and from one address, encrypted where that is set, none that
//! takes its time to begin, none that outlives the server, none whose client has stopped to read.

use std::{
    collections::HashMap,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use futures_util::{Stream, stream};
use prometheus_client::metrics::gauge::Gauge;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Sleep, sleep},
};
use tokio_rustls::{Accept, TlsAcceptor, server::TlsStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;

use crate::{
    ServerConfig,
    audit::{Audit, Entry},
    callers::network,
    security::Security,
    tls,
};

/// Pause after an `accept` that failed: out of file descriptors, say, which only time cures.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What every connection of HTTP/2 begins with.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How often within its patience a connection looks whether its client still reads.
const LOOKS: u32 = 4;

/// Returns a listener on `address`; port 0 takes a free one, which `local_addr` tells.
///
/// # Errors
///
/// Returns the system's error: the address is taken, or not this machine's.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// What every connection of one server shares.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionLimits {
    /// One permit a connection.
    room: Arc<Semaphore>,
    /// Connections by address.
    addresses: Arc<Addresses>,
    /// Time for the handshakes.
    handshake_timeout: Duration,
    /// Time for which a client may leave unread what waits for it.
    patience: Duration,
    /// Age at which a connection is cut.
    max_age: Duration,
    /// Encrypts, and writes down who was refused; `None` inside this process and for health checks.
    security: Option<Security>,
    /// Ends every connection.
    pub(crate) cut: CancellationToken,
    /// How many are open.
    open: Gauge,
}

impl ConnectionLimits {
    pub(crate) fn new(config: &ServerConfig, security: Option<Security>) -> Self {
        Self {
            room: Arc::new(Semaphore::new(config.max_connections)),
            addresses: Arc::new(Addresses {
                max_connections: config.max_connections_per_address,
                open: Mutex::default(),
            }),
            handshake_timeout: config.handshake_timeout,
            patience: config.max_stream_idle,
            max_age: config.max_connection_age.saturating_mul(2), // asked to close at half of it
            security,
            cut: CancellationToken::new(),
            open: Gauge::default(),
        }
    }

    /// Shows in `open` how many there are.
    pub(crate) fn counted(self, open: Gauge) -> Self {
        Self { open, ..self }
    }

    async fn admit(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.room).acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Returns a connection that came over the network, unless its address has too many.
    fn accepted(
        &self,
        io: TcpStream,
        address: SocketAddr,
        permit: OwnedSemaphorePermit,
    ) -> Option<Connection<TcpStream>> {
        let Some(place) = self.addresses.admit(network(address.ip())) else {
            self.audit().refused(&Entry {
                address: Some(address.ip()),
                reason: Some("too many connections"),
                ..Entry::default()
            });
            return None;
        };
        // Without nodelay a small answer waits for the client's delayed acknowledgement: 40 ms.
        if let Err(error) = io.set_nodelay(true) {
            tracing::debug!(%error, "a connection was gone before it was taken");
            return None;
        }
        let tls = self.security.as_ref().and_then(Security::tls);
        Some(self.connection(io, tls.as_ref(), Some(place), permit))
    }

    fn connection<Io: AsyncRead + AsyncWrite + Unpin>(
        &self,
        io: Io,
        tls: Option<&TlsAcceptor>,
        place: Option<AddressPlace>,
        permit: OwnedSemaphorePermit,
    ) -> Connection<Io> {
        let address = place.as_ref().map(|place| place.address);
        Connection {
            io: match tls {
                Some(tls) => Wire::Handshake(Box::new(tls.accept(io))),
                None => Wire::Plain(io),
            },
            link: Link(Arc::new(LinkState { address, ..LinkState::default() })),
            opening: Some(Opening::new(self.handshake_timeout)),
            cut: Box::pin(self.cut.clone().cancelled_owned()),
            look: Box::pin(sleep(self.patience / LOOKS)),
            accepted: Instant::now(),
            limits: self.clone(),
            _place: place,
            _permit: permit,
            _counted: Counted::new(&self.open),
        }
    }

    fn audit(&self) -> Audit {
        self.security.as_ref().map(Security::audit).cloned().unwrap_or_default()
    }
}

/// Counts connections by address.
#[derive(Debug)]
struct Addresses {
    max_connections: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

impl Addresses {
    fn admit(self: &Arc<Self>, address: IpAddr) -> Option<AddressPlace> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        if *count >= self.max_connections {
            return None;
        }
        *count += 1;
        Some(AddressPlace { addresses: Arc::clone(self), address })
    }
}

/// One connection of an address.
#[derive(Debug)]
struct AddressPlace {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

impl Drop for AddressPlace {
    fn drop(&mut self) {
        let mut open = self.addresses.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// Returns the connections of `listener`. While all permits are out, new ones wait in the system's queue.
pub(crate) fn accept(
    listener: TcpListener,
    limits: ConnectionLimits,
) -> impl Stream<Item = io::Result<Connection<TcpStream>>> {
    stream::unfold((listener, limits), |(listener, limits)| async {
        loop {
            let permit = limits.admit().await;
            let accepted = match listener.accept().await {
                Ok((io, address)) => match limits.accepted(io, address, permit) {
                    Some(connection) => Ok(connection),
                    None => continue,
                },
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                    Err(error)
                }
            };
            return Some((accepted, (listener, limits)));
        }
    })
}

/// Returns connections that are made in this process, under the same limits.
pub(crate) fn admit<Io: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    incoming: impl Stream<Item = Io> + Unpin + Send,
    limits: ConnectionLimits,
) -> impl Stream<Item = io::Result<Connection<Io>>> {
    stream::unfold((incoming, limits), |(mut incoming, limits)| async {
        let permit = limits.admit().await;
        let io = futures_util::StreamExt::next(&mut incoming).await?;
        Some((Ok(limits.connection(io, None, None, permit)), (incoming, limits)))
    })
}

/// What the calls of a connection know of it. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Link(Arc<LinkState>);

#[derive(Debug, Default)]
struct LinkState {
    /// The network of the client; `None` inside this process.
    address: Option<IpAddr>,
    /// The names in the client's certificate.
    peer_names: OnceLock<Vec<String>>,
    /// When each answer gave something to send that was not asked for more since; 0 for one that waits for its handler.
    answers: Mutex<HashMap<u64, Arc<AtomicU64>>>,
    answers_so_far: AtomicU64,
}

impl Link {
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.0.address
    }

    pub(crate) fn peer_names(&self) -> Option<&[String]> {
        self.0.peer_names.get().map(Vec::as_slice)
    }

    /// Returns what an answer says of its progress, as long as it lives.
    pub(crate) fn answer(&self) -> Sending {
        let number = self.0.answers_so_far.fetch_add(1, Ordering::Relaxed);
        let since = Arc::default();
        let mut answers = self.0.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(number, Arc::clone(&since));
        drop(answers);
        Sending { link: self.clone(), number, since }
    }

    /// Returns whether something has waited for the client for longer than that.
    fn is_stuck(&self, patience: Duration) -> bool {
        let now = milliseconds();
        let patience = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        let answers = self.0.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers
            .values()
            .map(|since| since.load(Ordering::Relaxed))
            .any(|since| since != 0 && now - since.min(now) > patience)
    }
}

/// The progress of one answer.
#[derive(Debug)]
pub(crate) struct Sending {
    link: Link,
    number: u64,
    since: Arc<AtomicU64>,
}

impl Sending {
    /// Something was handed to the transport, which will ask for more once the client has read it.
    pub(crate) fn handed_over(&self) {
        self.since.store(milliseconds(), Ordering::Relaxed);
    }

    /// The transport asks for more.
    pub(crate) fn asked(&self) {
        self.since.store(0, Ordering::Relaxed);
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let mut answers = self.link.0.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.remove(&self.number);
    }
}

/// Returns the time since the first call of this, and never 0.
pub(crate) fn milliseconds() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed().as_millis();
    u64::try_from(elapsed).unwrap_or(u64::MAX).saturating_add(1)
}

/// What the bytes go through.
enum Wire<Io> {
    Plain(Io),
    Handshake(Box<Accept<Io>>),
    Encrypted(Box<TlsStream<Io>>),
    /// The handshake has failed.
    Closed,
}

/// A connection that counts against the limits while it lives, and fails when it does not begin in time, when its client
/// does not read, when it is too old, or when it is cut. The TLS is inside: limits see what the client says in it.
pub(crate) struct Connection<Io> {
    io: Wire<Io>,
    link: Link,
    opening: Option<Opening>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    look: Pin<Box<Sleep>>,
    accepted: Instant,
    limits: ConnectionLimits,
    _place: Option<AddressPlace>,
    _permit: OwnedSemaphorePermit,
    _counted: Counted,
}

/// One of the open connections.
struct Counted(Gauge);

impl Counted {
    fn new(open: &Gauge) -> Self {
        open.inc();
        Self(open.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Connection<Io> {
    /// Goes on with the handshake of TLS, where there is one.
    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Wire::Handshake(accept) => match ready!(Pin::new(&mut **accept).poll(cx)) {
                Ok(stream) => {
                    if let Some(names) = tls::peer_names(stream.get_ref().1) {
                        let _ = self.link.0.peer_names.set(names); // a connection has one handshake
                    }
                    self.io = Wire::Encrypted(Box::new(stream));
                    Poll::Ready(Ok(()))
                }
                Err(error) => {
                    self.io = Wire::Closed;
                    tracing::debug!(%error, "a handshake failed");
                    self.limits.audit().refused(&Entry {
                        address: self.link.address(),
                        reason: Some(&error.to_string()),
                        ..Entry::default()
                    });
                    Poll::Ready(Err(error))
                }
            },
            Wire::Closed => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
            Wire::Plain(_) | Wire::Encrypted(_) => Poll::Ready(Ok(())),
        }
    }

    /// Returns why this connection ends now, if it does.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(io::ErrorKind::ConnectionAborted.into());
        }
        if let Some(opening) = &mut self.opening
            && opening.deadline.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(io::ErrorKind::TimedOut.into());
        }
        while self.look.as_mut().poll(cx).is_ready() {
            if self.link.is_stuck(self.limits.patience) || self.accepted.elapsed() > self.limits.max_age {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            self.look.set(sleep(self.limits.patience / LOOKS));
        }
        Poll::Pending
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncRead for Connection<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let filled = buffer.filled().len();
        let read = match this.poll_handshake(cx) {
            Poll::Ready(Ok(())) => match &mut this.io {
                Wire::Plain(io) => Pin::new(io).poll_read(cx, buffer),
                Wire::Encrypted(io) => Pin::new(&mut **io).poll_read(cx, buffer),
                Wire::Handshake(_) | Wire::Closed => Poll::Pending,
            },
            other => other,
        };
        if read.is_ready() {
            let begun = |opening: &mut Opening| opening.has_begun(&buffer.filled()[filled..]);
            if this.opening.as_mut().is_some_and(begun) {
                this.opening = None;
            }
            return read;
        }
        this.poll_end(cx).map(Err)
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Connection<Io> {
    /// Returns what bytes are written to, once there is no handshake any longer.
    fn poll_writer(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Pin<&mut (dyn AsyncWrite + Unpin + '_)>>> {
        ready!(self.poll_handshake(cx))?;
        Poll::Ready(match &mut self.io {
            Wire::Plain(io) => Ok(Pin::new(io)),
            Wire::Encrypted(io) => Ok(Pin::new(&mut **io)),
            Wire::Handshake(_) | Wire::Closed => Err(io::ErrorKind::NotConnected.into()),
        })
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Connection<Io> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_writer(cx))?.poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_writer(cx))?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.io {
            Wire::Handshake(_) | Wire::Closed => Poll::Ready(Ok(())), // nothing was said that has an end
            Wire::Plain(_) | Wire::Encrypted(_) => ready!(self.poll_writer(cx))?.poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_writer(cx))?.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Wire::Plain(io) => io.is_write_vectored(),
            Wire::Encrypted(_) | Wire::Handshake(_) | Wire::Closed => true, // as rustls is
        }
    }
}

impl<Io> Connected for Connection<Io> {
    type ConnectInfo = Link;

    fn connect_info(&self) -> Link {
        self.link.clone()
    }
}

/// How a connection begins, and until when it must have.
struct Opening {
    deadline: Pin<Box<Sleep>>,
    /// Bytes of the preface that were seen; `None` when it is not HTTP/2.
    preface: Option<usize>,
    /// The last four bytes.
    tail: u32,
}

impl Opening {
    fn new(time: Duration) -> Self {
        Self { deadline: Box::pin(sleep(time)), preface: Some(0), tail: 0 }
    }

    /// Returns whether with these bytes the whole preface is there, or the first headers of HTTP/1.
    fn has_begun(&mut self, bytes: &[u8]) -> bool {
        bytes.iter().any(|&byte| {
            self.preface = self.preface.filter(|&seen| byte == PREFACE[seen]).map(|seen| seen + 1);
            self.tail = self.tail << 8 | u32::from(byte);
            match self.preface {
                Some(seen) => seen == PREFACE.len(),
                None => self.tail == u32::from_be_bytes(*b"\r\n\r\n"),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_has_begun_with_its_preface_or_its_first_headers() {
        let check = |pieces: &[&[u8]]| {
            let mut opening = Opening::new(Duration::from_secs(1));
            pieces.iter().any(|piece| opening.has_begun(piece))
        };
        assert!(check(&[PREFACE]));
        assert!(check(&[&PREFACE[..7], &PREFACE[7..23], &PREFACE[23..]]));
        assert!(!check(&[&PREFACE[..23]]), "a byte is missing");
        assert!(!check(&[&PREFACE[..18]]), "the preface holds an empty line too");
        assert!(check(&[b"POST / HTTP/1.1\r\nhost: a\r", b"\n\r\n"]));
        assert!(!check(&[b"POST / HTTP/1.1\r\nhost: a\r\n", b"x: y\r\n"]));
    }

    #[test]
    fn an_address_has_its_own_places() {
        let addresses = Arc::new(Addresses { max_connections: 1, open: Mutex::default() });
        let (one, other): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let place = addresses.admit(one).unwrap();
        assert!(addresses.admit(one).is_none());
        assert!(addresses.admit(other).is_some());
        drop(place);
        assert!(addresses.admit(one).is_some());
        assert!(addresses.open.lock().unwrap().is_empty());
    }
}
