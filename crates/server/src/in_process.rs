//! gRPC inside one process: the same calls, messages and limits, over memory instead of a socket.
//!
//! So that a process which runs several services needs no second port that others could reach, and can stop the
//! services in the order of their dependence.

use std::{io, sync::Arc};

use futures_util::Stream;
use hyper_util::rt::TokioIo;
use tokio::{io::DuplexStream, sync::mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};

/// Bytes that one direction of a connection holds before its writer waits.
const PIPE_BYTES: usize = 256 << 10;

/// Connections that may wait to be taken.
const BACKLOG: usize = 16;

/// Returns the two ends of a listener in memory.
#[must_use]
pub fn in_process() -> (InProcess, InProcessListener) {
    let (connections, accepted) = mpsc::channel(BACKLOG);
    (InProcess { connections: Arc::new(connections) }, InProcessListener { accepted })
}

/// Connects to the server that holds the other end.
#[derive(Debug, Clone)]
pub struct InProcess {
    connections: Arc<mpsc::Sender<DuplexStream>>,
}

impl InProcess {
    /// Returns a channel of `endpoint`'s settings that connects in memory when it is first used.
    #[must_use]
    pub fn channel(&self, endpoint: &Endpoint) -> Channel {
        let connections = Arc::clone(&self.connections);
        endpoint.connect_with_connector_lazy(tower::service_fn(move |_| {
            let connections = Arc::clone(&connections);
            async move {
                let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
                let refused = |_| io::Error::from(io::ErrorKind::ConnectionRefused);
                connections.send(theirs).await.map_err(refused)?;
                Ok::<_, io::Error>(TokioIo::new(ours))
            }
        }))
    }
}

/// Takes the connections: see [`Server::serve_in_process`](crate::Server::serve_in_process).
#[derive(Debug)]
pub struct InProcessListener {
    accepted: mpsc::Receiver<DuplexStream>,
}

impl InProcessListener {
    pub(crate) fn incoming(self) -> impl Stream<Item = DuplexStream> + Unpin + Send {
        ReceiverStream::new(self.accepted)
    }
}
