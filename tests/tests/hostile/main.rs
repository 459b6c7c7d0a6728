//! Hostile clients against `dictum serve`, a process of its own: it stays up, its memory stays flat, and an honest client
//! is served meanwhile and afterwards. The example `hostile` does the same at full size and measures.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a test")]

use std::{fs, net::SocketAddr};

use dictum_client::{ClientOptions, Connection, IngestClient, StorageClient, Token};
use dictum_proto::v1;
use dictum_server::{NewToken, Scope};
use dictum_tests::{
    Access, Process, document,
    hostile::{Attack, Pace, attack},
};
use futures_util::{TryStreamExt, stream};
use serde_json::Value;
use tempfile::TempDir;

/// What the process may hold more after an attack than before.
const MAX_GROWTH_BYTES: u64 = 96 << 20;

struct Besieged {
    process: Process,
    said: std::thread::JoinHandle<String>,
    honest: Connection,
    folder: TempDir,
    _access: Access,
}

impl Besieged {
    /// Starts a server with a hundred documents whose honest client comes from another address.
    async fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut access = Access::default();
        let token = NewToken::generate().unwrap();
        access.line(&token.line("honest", &[Scope::Admin]));
        let data = folder.path().join("data");
        let (data, list) = (data.to_str().unwrap().to_owned(), access.file());
        let mut all = vec!["--data", &data, "--log-format", "json", "--log", "debug"];
        if !flags.contains(&"--open") {
            all.extend(["--access", list.to_str().unwrap()]);
        }
        all.extend(flags.iter().filter(|flag| **flag != "--open"));
        let (process, said) = Process::serve_telling(&all);
        let options =
            ClientOptions { token: Some(Token::new(token.secret()).unwrap()), ..Default::default() };
        let endpoint =
            options.endpoint(&process.endpoint).unwrap().local_address(Some([127, 0, 0, 2].into()));
        let honest = Connection::over(endpoint.connect_lazy(), options);
        let besieged = Self { process, said, honest, folder, _access: access };
        let client = IngestClient::new(besieged.honest.clone());
        client.ingest_documents(stream::iter((0..100).map(document))).try_collect::<Vec<_>>().await.unwrap();
        besieged
    }

    fn address(&self) -> SocketAddr {
        self.process.endpoint.trim_start_matches("http://").parse().unwrap()
    }

    async fn serves(&self) {
        let client = StorageClient::new(self.honest.clone());
        let page =
            client.list_claims(v1::ListClaimsRequest { page_size: 10, ..Default::default() }).await.unwrap();
        assert_eq!(page.claims.len(), 10);
    }

    /// Attacks while the honest client calls; then looks what is left of it.
    async fn withstands(self, kind: Attack, rounds: usize) {
        self.serves().await;
        let before = self.process.resident_bytes();
        let attacking = tokio::spawn(attack(kind, self.address(), rounds, Pace::unbounded()));
        while !attacking.is_finished() {
            self.serves().await;
        }
        let held = attacking.await.unwrap();
        for _ in 0..20 {
            self.serves().await;
        }
        let grown = self.process.resident_bytes().saturating_sub(before);
        assert!(grown < MAX_GROWTH_BYTES, "{kind:?}: {} MiB more", grown >> 20);
        drop(held);
        self.serves().await;
        self.ends_well();
    }

    /// Stops the process; returns the events that it logged.
    fn ends_well(self) -> Vec<Value> {
        drop(self.honest);
        assert_eq!(self.process.end_with("TERM").code(), Some(0));
        let said = self.said.join().unwrap();
        assert!(!said.contains("panicked"), "{said}");
        said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

async fn withstands(kind: Attack, rounds: usize) {
    let flags = ["--handshake-timeout", "1s", "--max-connections-per-address", "100"];
    Besieged::start(&flags).await.withstands(kind, rounds).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rapid_resets() {
    withstands(Attack::RapidReset, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_without_end() {
    withstands(Attack::HeaderFlood, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_do_not_come() {
    withstands(Attack::SlowHeaders, 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections() {
    withstands(Attack::Silence, 300).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_of_control_frames() {
    withstands(Attack::ControlFlood, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn huge_messages() {
    withstands(Attack::HugeMessage, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_messages() {
    Besieged::start(&["--open"]).await.withstands(Attack::GzipBomb, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_connections_from_one_address() {
    withstands(Attack::Connections, 500).await;
}

/// Readers that stop keep their places until their connections are cut; the honest client has places of its own.
#[tokio::test(flavor = "multi_thread")]
async fn readers_that_stop() {
    let flags = ["--open", "--max-calls-per-caller", "100", "--max-stream-idle", "2s"];
    Besieged::start(&flags).await.withstands(Attack::StoppedReader, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_do_not_come() {
    Besieged::start(&["--open", "--max-calls-per-caller", "300"])
        .await
        .withstands(Attack::HalfClosed, 10)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage() {
    withstands(Attack::Garbage, 50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tokens() {
    withstands(Attack::WrongTokens, 5).await;
}

/// A connection whose client does not read is cut after its patience, and gives its places back.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_is_cut() {
    let flags = ["--open", "--max-calls", "50", "--max-calls-per-caller", "50", "--max-stream-idle", "1s"];
    let besieged = Besieged::start(&flags).await;
    let held = attack(Attack::StoppedReader, besieged.address(), 1, Pace::unbounded()).await;
    // All places are taken by who does not read, until the server cuts him: the client tries again until then.
    besieged.serves().await;
    drop(held);
    besieged.ends_well();
}

/// What a client calls a file, a channel or a document is a name, not a path, and no line of a log.
#[tokio::test(flavor = "multi_thread")]
async fn names_are_neither_paths_nor_lines_of_logs() {
    let besieged = Besieged::start(&[]).await;
    let forged = "../../../outside\n{\"level\":\"ERROR\",\"message\":\"forged\"}\r\u{1b}[2J\u{0}";
    let client = IngestClient::new(besieged.honest.clone());
    let mut sent = document(1);
    (sent.channel, sent.message_id) = (forged.to_owned(), forged.to_owned());
    let _ = client.ingest_document(sent).await; // refused or stored: the log is what matters
    let header = v1::UploadHeader {
        file_name: "../../../outside".to_owned(),
        channel: forged.to_owned(),
        ..Default::default()
    };
    let chunks = stream::iter(["💬 Mayor Ada Fenwick: It opens.".as_bytes().to_vec()]);
    if let Ok(events) = client.upload_file(header, chunks).await {
        let _ = events.try_collect::<Vec<_>>().await;
    }
    let storage = StorageClient::new(besieged.honest.clone());
    storage.get_claim(forged.to_owned()).await.unwrap_err();
    let inside: Vec<_> =
        fs::read_dir(besieged.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(inside, ["data"]);
    let events = besieged.ends_well();
    assert!(events.len() > 10);
    assert!(events.iter().all(|event| event["message"] != "forged"));
}
