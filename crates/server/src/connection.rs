//! Connections as a server takes them: so many at a time, none that stays mute, none that outlives the server.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{Stream, stream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Sleep, sleep},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;

/// Pause after an `accept` that failed: out of file descriptors, say, which only time cures.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
    pub(crate) room: Arc<Semaphore>,
    /// Time until the first byte.
    pub(crate) handshake_timeout: Duration,
    /// Ends every connection.
    pub(crate) cut: CancellationToken,
}

impl ConnectionLimits {
    async fn admit(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.room).acquire_owned().await.expect("the semaphore is never closed")
    }

    fn connection<Io>(&self, io: Io, permit: OwnedSemaphorePermit) -> Connection<Io> {
        Connection {
            io,
            _permit: permit,
            first_byte: Some(Box::pin(sleep(self.handshake_timeout))),
            cut: Box::pin(self.cut.clone().cancelled_owned()),
        }
    }
}

/// Returns the connections of `listener`. While all permits are out, new ones wait in the system's queue.
pub(crate) fn accept(
    listener: TcpListener,
    limits: ConnectionLimits,
) -> impl Stream<Item = io::Result<Connection<TcpStream>>> {
    stream::unfold((listener, limits), |(listener, limits)| async {
        let permit = limits.admit().await;
        let accepted = match listener.accept().await {
            // Without nodelay a small answer waits for the client's delayed acknowledgement: 40 ms.
            Ok((io, _)) => io.set_nodelay(true).map(|()| limits.connection(io, permit)),
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                sleep(ACCEPT_PAUSE).await;
                Err(error)
            }
        };
        Some((accepted, (listener, limits)))
    })
}

/// Returns connections that are made in this process, under the same limits.
pub(crate) fn admit<Io: Send + 'static>(
    incoming: impl Stream<Item = Io> + Unpin + Send,
    limits: ConnectionLimits,
) -> impl Stream<Item = io::Result<Connection<Io>>> {
    stream::unfold((incoming, limits), |(mut incoming, limits)| async {
        let permit = limits.admit().await;
        let io = futures_util::StreamExt::next(&mut incoming).await?;
        Some((Ok(limits.connection(io, permit)), (incoming, limits)))
    })
}

/// A connection that counts against the limit while it lives, and fails when it stays mute or is cut.
pub(crate) struct Connection<Io> {
    io: Io,
    _permit: OwnedSemaphorePermit,
    first_byte: Option<Pin<Box<Sleep>>>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<Io: AsyncRead + Unpin> AsyncRead for Connection<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled = buffer.filled().len();
        if let Poll::Ready(result) = Pin::new(&mut self.io).poll_read(cx, buffer) {
            if buffer.filled().len() > filled {
                self.first_byte = None;
            }
            return Poll::Ready(result);
        }
        if self.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        match &mut self.first_byte {
            Some(first_byte) => first_byte.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
            None => Poll::Pending,
        }
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Connection<Io> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

impl<Io: Connected> Connected for Connection<Io> {
    type ConnectInfo = Io::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.io.connect_info()
    }
}
