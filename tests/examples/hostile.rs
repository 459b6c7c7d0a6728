//! Measures what hostile clients do to an honest one: `cargo run --release -p dictum-tests --example hostile`.
//!
//! A server (`dictum serve`, release), an honest client at a fixed rate from another address, and an attacker in a process
//! of its own that is held to half a core. Latencies are counted from when a call was due.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made says so by a panic")]

use std::{
    env, fs,
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use dictum_client::{ClientOptions, Connection, IngestClient, StorageClient};
use dictum_proto::v1::ListClaimsRequest;
use dictum_tests::{
    Process, document,
    hostile::{Attack, Pace, attack},
};
use futures_util::{TryStreamExt, stream};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

const CALLS_PER_SECOND: u32 = 200;
const SHARE_OF_A_CORE: f64 = 0.5;
/// Connections, calls of a hundred, and turns of the other attacks before they begin anew.
const CONNECTIONS: usize = 5_000;
const CALLS: usize = 20;
const TURNS: usize = 100;

fn main() {
    let arguments: Vec<String> = env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("attack") => runtime().block_on(attack_for_ever(&arguments[2], arguments[3].parse().unwrap())),
        seconds => {
            let seconds = seconds.map_or(8, |seconds| seconds.parse().unwrap());
            runtime().block_on(measure(Duration::from_secs(seconds)));
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

async fn attack_for_ever(name: &str, address: SocketAddr) {
    let kind = Attack::ALL.into_iter().find(|kind| format!("{kind:?}") == name).unwrap();
    let pace = Pace::of(SHARE_OF_A_CORE);
    loop {
        let rounds = match kind {
            Attack::StoppedReader | Attack::HalfClosed => CALLS,
            _ if kind.holds() => CONNECTIONS,
            _ => TURNS,
        };
        let held = attack(kind, address, rounds, pace).await;
        if kind.holds() {
            sleep(Duration::from_secs(60)).await;
        }
        drop(held);
    }
}

async fn measure(time: Duration) {
    println!(
        "| attack | honest p50 | honest p99 | failed | memory | memory after |\n|---|---|---|---|---|---|"
    );
    for kind in [None].into_iter().chain(Attack::ALL.map(Some)) {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (process, said) = Process::serve_telling(&["--data", data.to_str().unwrap(), "--log", "off"]);
        drop(said);
        let honest = honest(&process);
        let ingest = IngestClient::new(honest.clone());
        ingest.ingest_documents(stream::iter((0..1000).map(document))).try_collect::<Vec<_>>().await.unwrap();
        calls(&honest, Duration::from_secs(1)).await; // warm
        let attacker = kind.map(|kind| Attacker::start(kind, &process.endpoint));
        if attacker.is_some() {
            sleep(Duration::from_secs(2)).await; // until it holds what it holds
        }
        let (mut latencies, failed) = calls(&honest, time).await;
        let during = process.resident_bytes();
        drop(attacker);
        calls(&honest, Duration::from_secs(1)).await;
        latencies.sort();
        let at = |share: usize| latencies.get(latencies.len() * share / 100).copied().unwrap_or_default();
        let milliseconds = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
        println!(
            "| {} | {} | {} | {failed} of {} | {} MiB | {} MiB |",
            kind.map_or_else(|| "none".to_owned(), |kind| format!("{kind:?}")),
            milliseconds(at(50)),
            milliseconds(at(99)),
            latencies.len() + failed,
            during >> 20,
            process.resident_bytes() >> 20,
        );
    }
}

fn honest(process: &Process) -> Connection {
    let options = ClientOptions { max_attempts: 1, ..Default::default() };
    let endpoint = options.endpoint(&process.endpoint).unwrap().local_address(Some([127, 0, 0, 2].into()));
    Connection::over(endpoint.connect_lazy(), options)
}

async fn calls(honest: &Connection, time: Duration) -> (Vec<Duration>, usize) {
    let (began, mut under_way) = (Instant::now(), JoinSet::new());
    let mut n = 0;
    while began.elapsed() < time {
        let due = began + Duration::from_secs(1) * n / CALLS_PER_SECOND;
        n += 1;
        sleep_until(due).await;
        let client = StorageClient::new(honest.clone());
        under_way.spawn(async move {
            let request = ListClaimsRequest { page_size: 10, ..Default::default() };
            client.list_claims(request).await.map(|_| due.elapsed())
        });
    }
    let outcomes = under_way.join_all().await;
    let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    (outcomes.into_iter().flatten().collect(), failed)
}

struct Attacker(Child);

impl Attacker {
    fn start(kind: Attack, endpoint: &str) -> Self {
        let address = endpoint.trim_start_matches("http://");
        let program = fs::canonicalize(env::current_exe().unwrap()).unwrap();
        let child = Command::new(program)
            .args(["attack", &format!("{kind:?}"), address])
            .stdout(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
