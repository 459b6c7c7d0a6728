//! Real processes of the workspace's own binaries.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, OnceLock},
    thread,
};

/// The binaries, built once before the first is started: `cargo test -p dictum-tests` does not build them by itself.
fn binary(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let packages = ["dictum-ingest", "dictum-extraction", "dictum-storage", "dictum-cli"];
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--locked"]).args(packages.iter().flat_map(|name| ["-p", name]));
        if !cfg!(debug_assertions) {
            build.arg("--release"); // a measurement
        }
        assert!(build.status().unwrap().success(), "the binaries could not be built");
        let this = env::current_exe().unwrap(); // target/debug/deps/services-…
        this.parent().and_then(|deps| deps.parent()).unwrap().to_owned()
    });
    folder.join(name)
}

/// A process that listens on a free port.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Where it listens.
    pub endpoint: String,
    /// Where it serves metrics, if a flag asks for it.
    pub metrics: Option<String>,
    log: Arc<Mutex<String>>,
}

impl Process {
    /// Starts the binary `name` on a free port and waits until it says that it listens.
    ///
    /// # Errors
    ///
    /// Returns what the process wrote to standard error when it ended instead.
    ///
    /// # Panics
    ///
    /// When it cannot be started at all.
    pub fn start(name: &str, flags: &[&str]) -> Result<Self, String> {
        Self::start_as(name, &[&["--listen", "127.0.0.1:0"], flags].concat())
    }

    /// Starts the binary `name` as these flags say and waits until it says that it listens.
    ///
    /// # Errors
    ///
    /// Returns what the process wrote to standard error when it ended instead.
    ///
    /// # Panics
    ///
    /// When it cannot be started at all.
    pub fn start_as(name: &str, flags: &[&str]) -> Result<Self, String> {
        Self::listening(Command::new(binary(name)).args(["--log-format", "json"]).args(flags))
            .map(|(process, _)| process)
    }

    /// Starts `dictum serve` with these flags on a free port; the thread returns, at the end, what it said.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn serve_telling(flags: &[&str]) -> (Self, thread::JoinHandle<String>) {
        let listen = ["serve", "--listen", "127.0.0.1:0"];
        Self::listening(Command::new(binary("dictum")).args(listen).args(flags)).unwrap()
    }

    /// Starts `dictum serve`, all services in one process, on a free port and waits until it says that it listens.
    ///
    /// # Errors
    ///
    /// Returns what the process wrote to standard error when it ended instead.
    ///
    /// # Panics
    ///
    /// When it cannot be started at all.
    pub fn serve(data: &str) -> Result<Self, String> {
        Self::listening(Command::new(binary("dictum")).args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data",
            data,
        ]))
        .map(|(process, _)| process)
    }

    fn listening(command: &mut Command) -> Result<(Self, thread::JoinHandle<String>), String> {
        // Without a word they would all want the one default address.
        command.env("DICTUM_METRICS_LISTEN", "off");
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut metrics = None;
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        for line in lines.by_ref() {
            let line = line.unwrap();
            if let Some(address) = address(&line, "is listening") {
                let log = Arc::new(Mutex::new(said));
                let kept = Arc::clone(&log);
                // A full pipe would stop the process: somebody has to read.
                let rest = thread::spawn(move || {
                    lines.map_while(Result::ok).for_each(|line| *kept.lock().unwrap() += &(line + "\n"));
                    kept.lock().unwrap().clone()
                });
                return Ok((Self { child, endpoint: format!("http://{address}"), metrics, log }, rest));
            }
            metrics = metrics.or_else(|| address(&line, "metrics are served"));
            said += &line;
            said.push('\n');
        }
        child.wait().unwrap();
        Err(said)
    }

    /// Sends a signal by name, such as `TERM`, and waits for the end.
    ///
    /// # Panics
    ///
    /// When the signal cannot be sent.
    pub fn end_with(mut self, signal: &str) -> ExitStatus {
        self.signal(signal);
        self.child.wait().unwrap()
    }

    /// Sends a signal by name.
    ///
    /// # Panics
    ///
    /// When it cannot be sent.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Returns the memory that the process holds, in bytes.
    ///
    /// # Panics
    ///
    /// Where there is no `/proc`.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kib: u64 = line.split_whitespace().next().unwrap().parse().unwrap();
        kib << 10
    }

    /// Returns what the process has written to standard error so far.
    ///
    /// # Panics
    ///
    /// When the reader of its log panicked.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Returns what the process shows to Prometheus.
    ///
    /// # Panics
    ///
    /// When it serves no metrics, or none in time.
    #[must_use]
    pub fn scrape(&self) -> String {
        let mut io = TcpStream::connect(self.metrics.as_deref().unwrap()).unwrap();
        io.write_all(b"GET /metrics HTTP/1.1\r\nHost: metrics\r\n\r\n").unwrap();
        let mut answer = String::new();
        io.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        body.to_owned()
    }

    /// Returns the id of the process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Runs the binary `name` to its end.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn run(name: &str, arguments: &[&str]) -> std::process::Output {
        Command::new(binary(name)).args(arguments).output().unwrap()
    }
}

/// A test that fails leaves no process behind.
impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}

/// Reads the address from a log event with these words, or from the greeting of `dictum serve`.
fn address(line: &str, words: &str) -> Option<String> {
    if let Some((_, rest)) = line.split_once("dictum listens on http://") {
        return rest.split_whitespace().next().map(str::to_owned);
    }
    let event: serde_json::Value = serde_json::from_str(line).ok()?;
    event.get("message")?.as_str().filter(|message| message.ends_with(words))?;
    Some(event.get("address")?.as_str()?.to_owned())
}
