//! What hostile clients do: used by the tests of `tests/tests/hostile`, and by the example `hostile`, which measures.

use std::{
    any::Any,
    future::poll_fn,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use h2::{Reason, client::SendRequest};
use http::Request;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

/// One kind of hostile client. Each takes `rounds` turns and returns what it still holds open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// Opens calls and takes them back at once.
    RapidReset,
    /// Headers that never end, frame after frame.
    HeaderFlood,
    /// Headers of which a piece is missing, over HTTP/2 and HTTP/1.
    SlowHeaders,
    /// Connections that say nothing.
    Silence,
    /// Frames that cost the server something and the client nothing: pings, settings, window updates, empty data.
    ControlFlood,
    /// A message that says it is 4 GiB long, and one that is far too long.
    HugeMessage,
    /// A compressed message.
    GzipBomb,
    /// Connections that begin well, and then only take room.
    Connections,
    /// Calls whose answers are never read.
    StoppedReader,
    /// Calls whose requests never come.
    HalfClosed,
    /// Bytes that mean nothing, to a port and behind a good beginning.
    Garbage,
    /// Calls with tokens that nobody has.
    WrongTokens,
}

impl Attack {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::RapidReset,
        Self::HeaderFlood,
        Self::SlowHeaders,
        Self::Silence,
        Self::ControlFlood,
        Self::HugeMessage,
        Self::GzipBomb,
        Self::Connections,
        Self::StoppedReader,
        Self::HalfClosed,
        Self::Garbage,
        Self::WrongTokens,
    ];

    /// Returns whether it harms by what it holds open, not by what it sends again and again.
    #[must_use]
    pub fn holds(self) -> bool {
        matches!(
            self,
            Self::SlowHeaders | Self::Silence | Self::Connections | Self::StoppedReader | Self::HalfClosed
        )
    }
}

/// What an attack holds open.
pub type Held = Vec<Box<dyn Any + Send>>;

/// Holds an attacker that runs on one thread to a share of a core.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    share: f64,
    began: Instant,
}

impl Pace {
    /// As fast as it goes.
    #[must_use]
    pub fn unbounded() -> Self {
        Self::of(f64::INFINITY)
    }

    /// So much of a core.
    #[must_use]
    pub fn of(share: f64) -> Self {
        Self { share, began: Instant::now() }
    }

    async fn keep(&self) {
        let used = || {
            let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
            Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
        };
        while self.share.is_finite()
            && used().is_some_and(|used| used > self.began.elapsed().mul_f64(self.share))
        {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Attacks. That the server hangs up is what it should do, and no error here.
pub async fn attack(attack: Attack, address: SocketAddr, rounds: usize, pace: Pace) -> Held {
    let mut held = Held::new();
    for round in 0..rounds {
        pace.keep().await;
        let turn = async {
            match attack {
                Attack::RapidReset => rapid_reset(address, pace).await,
                Attack::HeaderFlood => header_flood(address).await,
                Attack::SlowHeaders => slow_headers(address, round, &mut held).await,
                Attack::Silence => {
                    TcpStream::connect(address).await.map(|socket| held.push(Box::new(socket)))
                }
                Attack::ControlFlood => control_flood(address, round).await,
                Attack::HugeMessage => huge_message(address, round).await,
                Attack::GzipBomb => gzip_bomb(address).await,
                Attack::Connections => begin(address).await.map(|socket| held.push(Box::new(socket))),
                Attack::StoppedReader => stopped_reader(address, &mut held).await,
                Attack::HalfClosed => half_closed(address, &mut held).await,
                Attack::Garbage => garbage(address, round).await,
                Attack::WrongTokens => wrong_tokens(address, pace).await,
            }
        };
        // The server may just not answer: an attacker does not wait for that.
        let _ = timeout(Duration::from_secs(5), turn).await;
    }
    held
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A connection of HTTP/2 that has begun well.
async fn begin(address: SocketAddr) -> io::Result<TcpStream> {
    let mut socket = TcpStream::connect(address).await?;
    socket.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await?;
    Ok(socket)
}

/// Sends the same again and again until the server hangs up, or it is enough.
async fn repeat(mut socket: TcpStream, bytes: &[u8], times: usize) -> io::Result<()> {
    let (mut reader, mut writer) = socket.split();
    let write = async {
        for _ in 0..times {
            writer.write_all(bytes).await?;
        }
        writer.shutdown().await
    };
    let read = async {
        let mut sink = vec![0; 16 << 10];
        while reader.read(&mut sink).await? > 0 {}
        Ok::<(), io::Error>(())
    };
    tokio::try_join!(write, read).map(|_| ())
}

/// HPACK of a POST to this path, as literals without an index.
fn headers(path: &str) -> Vec<u8> {
    let mut block = vec![0x83, 0x86]; // :method POST, :scheme http
    for (index, value) in [(4_u8, path), (1, "dictum"), (31 - 16, "")] {
        if !value.is_empty() {
            block.extend([index, u8::try_from(value.len()).unwrap()]);
            block.extend(value.bytes());
        }
    }
    block.extend(b"\x00\x0ccontent-type\x10application/grpc");
    block
}

async fn client(address: SocketAddr) -> io::Result<SendRequest<Bytes>> {
    let socket = TcpStream::connect(address).await?;
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(1024); // answers that nobody reads fill it at once
    let (requests, connection) = builder.handshake(socket).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    Ok(requests)
}

fn post(address: SocketAddr, path: &str) -> Request<()> {
    Request::post(format!("http://{address}{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .unwrap()
}

const LIST: &str = "/dictum.v1.StorageService/ListClaims";
const INGEST: &str = "/dictum.v1.IngestService/IngestDocument";

async fn rapid_reset(address: SocketAddr, pace: Pace) -> io::Result<()> {
    let mut requests = client(address).await?;
    for n in 0..1000 {
        if n % 50 == 0 {
            pace.keep().await;
        }
        requests = requests.ready().await.map_err(io::Error::other)?;
        let sent = requests.send_request(post(address, LIST), false);
        sent.map_err(io::Error::other)?.1.send_reset(Reason::CANCEL);
    }
    Ok(())
}

async fn header_flood(address: SocketAddr) -> io::Result<()> {
    let mut socket = begin(address).await?;
    socket.write_all(&frame(HEADERS, 0, 1, &headers(LIST))).await?;
    let more = b"\x00\x08x-filler\x7f\x81\x0a".iter().copied().chain([b'a'; 1408]).collect::<Vec<u8>>();
    repeat(socket, &frame(CONTINUATION, 0, 1, &more), 500).await
}

async fn slow_headers(address: SocketAddr, round: usize, held: &mut Held) -> io::Result<()> {
    let socket = if round.is_multiple_of(2) {
        let mut socket = begin(address).await?;
        let frame = frame(HEADERS, 0x4, 1, &headers(LIST));
        socket.write_all(&frame[..frame.len() / 2]).await?;
        socket
    } else {
        let mut socket = TcpStream::connect(address).await?;
        socket.write_all(b"POST / HTTP/1.1\r\nhost: dictum\r\nx-slow: ").await?;
        socket
    };
    held.push(Box::new(socket));
    Ok(())
}

async fn control_flood(address: SocketAddr, round: usize) -> io::Result<()> {
    let flood = match round % 4 {
        0 => frame(PING, 0, 0, &[0; 8]),
        1 => frame(SETTINGS, 0, 0, &[]),
        2 => frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes()),
        _ => frame(DATA, 0, 1, &[]),
    };
    let mut socket = begin(address).await?;
    if round % 4 == 3 {
        socket.write_all(&frame(HEADERS, 0x4, 1, &headers(INGEST))).await?;
    }
    repeat(socket, &flood.repeat(100), 100).await
}

/// A gRPC message that says it is so long.
fn message(compressed: bool, length: u32, bytes: &[u8]) -> Bytes {
    let mut message = vec![u8::from(compressed)];
    message.extend(length.to_be_bytes());
    message.extend(bytes);
    message.into()
}

async fn huge_message(address: SocketAddr, round: usize) -> io::Result<()> {
    let mut requests = client(address).await?;
    let (answer, mut body) = requests.send_request(post(address, INGEST), false).map_err(io::Error::other)?;
    let length = if round.is_multiple_of(2) { u32::MAX } else { 64 << 20 };
    body.send_data(message(false, length, &[]), false).map_err(io::Error::other)?;
    let part = Bytes::from(vec![0; 64 << 10]);
    let send = async {
        for _ in 0..1024 {
            body.reserve_capacity(part.len());
            match poll_fn(|cx| body.poll_capacity(cx)).await {
                Some(Ok(_)) => body.send_data(part.clone(), false).map_err(io::Error::other)?,
                _ => break,
            }
        }
        Ok::<(), io::Error>(())
    };
    tokio::select! {
        sent = send => sent,
        _ = answer => Ok(()),
    }
}

async fn gzip_bomb(address: SocketAddr) -> io::Result<()> {
    // A gzip member whose deflate stream repeats one zero byte as often as a block can say.
    let bomb: Vec<u8> =
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xed\xc1\x01\x0d\x00\x00\x00\xc2\xa0\xf7\x4f\x6d\x0e\x37\xa0"
            .iter()
            .copied()
            .chain([0; 4096])
            .collect();
    let mut requests = client(address).await?;
    let mut request = post(address, INGEST);
    request.headers_mut().insert("grpc-encoding", "gzip".parse().unwrap());
    let (answer, mut body) = requests.send_request(request, false).map_err(io::Error::other)?;
    let length = u32::try_from(bomb.len()).unwrap();
    body.send_data(message(true, length, &bomb), true).map_err(io::Error::other)?;
    let answer = answer.await.map_err(io::Error::other)?;
    assert_eq!(answer.headers()["grpc-status"], "12", "compressed requests are not taken");
    Ok(())
}

/// A hundred calls whose answers come up to the window of the client, and stay there.
async fn stopped_reader(address: SocketAddr, held: &mut Held) -> io::Result<()> {
    let mut requests = client(address).await?;
    for _ in 0..100 {
        requests = requests.ready().await.map_err(io::Error::other)?;
        let (answer, mut body) =
            requests.send_request(post(address, LIST), false).map_err(io::Error::other)?;
        body.send_data(message(false, 0, &[]), true).map_err(io::Error::other)?;
        held.push(Box::new((answer, body)));
    }
    held.push(Box::new(requests));
    Ok(())
}

async fn half_closed(address: SocketAddr, held: &mut Held) -> io::Result<()> {
    let mut requests = client(address).await?;
    for _ in 0..100 {
        requests = requests.ready().await.map_err(io::Error::other)?;
        let sent = requests.send_request(post(address, INGEST), false).map_err(io::Error::other)?;
        held.push(Box::new(sent));
    }
    held.push(Box::new(requests));
    Ok(())
}

async fn garbage(address: SocketAddr, round: usize) -> io::Result<()> {
    let mut random = fastrand::Rng::with_seed(round as u64);
    let noise: Vec<u8> = (0..4096).map(|_| random.u8(..)).collect();
    let socket =
        if round.is_multiple_of(2) { TcpStream::connect(address).await? } else { begin(address).await? };
    repeat(socket, &noise, 4).await
}

async fn wrong_tokens(address: SocketAddr, pace: Pace) -> io::Result<()> {
    let mut requests = client(address).await?;
    for n in 0..200 {
        if n % 20 == 0 {
            pace.keep().await;
        }
        requests = requests.ready().await.map_err(io::Error::other)?;
        let mut request = post(address, LIST);
        request.headers_mut().insert("authorization", format!("Bearer dictum_{n:064x}").parse().unwrap());
        let (answer, _) = requests.send_request(request, true).map_err(io::Error::other)?;
        answer.await.map_err(io::Error::other)?;
    }
    Ok(())
}
