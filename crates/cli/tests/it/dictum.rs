//! Runs `dictum`, alone or as a server on a free port.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
};

use serde_json::Value;

/// Returns a command of `dictum` that hears nothing of the environment's settings.
pub(crate) fn dictum(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dictum"));
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DICTUM_")) {
        command.env_remove(name);
    }
    // Without a word all servers would want the one default address.
    command.env("DICTUM_METRICS_LISTEN", "off");
    command.args(args).env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// What a finished command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command to its end.
pub(crate) fn run(args: &[&str]) -> Said {
    said(dictum(args).output().unwrap())
}

/// Runs a command to its end that must succeed; returns what it printed.
pub(crate) fn succeed(args: &[&str]) -> String {
    let said = run(args);
    assert_eq!(said.code, Some(0), "dictum {args:?}: {}", said.stderr);
    said.stdout
}

pub(crate) fn said(Output { status, stdout, stderr }: Output) -> Said {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

/// A `dictum serve` of its own; killed when it is dropped, as kill -9 does.
pub(crate) struct Server {
    child: Child,
    pub(crate) endpoint: String,
}

impl Server {
    /// Starts a server on a free port.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_at(data, "127.0.0.1:0")
    }

    /// Starts a server on this address.
    pub(crate) fn start_at(data: &Path, address: &str) -> Self {
        let mut child = dictum(&["serve", "--listen", address, "--data", data.to_str().unwrap()])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let listens =
            |line: String| Some(line.split_once("listens on ")?.1.split_whitespace().next()?.to_owned());
        let endpoint =
            lines.find_map(|line| listens(line.unwrap())).expect("the server says where it listens");
        thread::spawn(move || lines.for_each(drop)); // so that the server never waits for a reader of its logs
        Self { child, endpoint }
    }

    /// Ends the server without a word.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}

/// Returns the claims of NDJSON by document, in order, without the store's revision.
pub(crate) fn by_document(ndjson: &str) -> BTreeMap<String, Vec<Value>> {
    let mut documents: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in ndjson.lines() {
        let mut claim: Value = serde_json::from_str(line).unwrap();
        claim["provenance"].as_object_mut().unwrap().remove("revision");
        let document_id = claim["documentId"].as_str().unwrap().to_owned();
        documents.entry(document_id).or_default().push(claim);
    }
    documents
}

/// Returns the bundled sample.
pub(crate) fn sample() -> String {
    succeed(&["sample"])
}

/// Returns the channel dump with its name and its variants: without headers, without U+FE0F, with CRLF, each body once.
pub(crate) fn variants(dump: &str) -> Vec<(&'static str, String)> {
    vec![
        ("without headers", lines(dump, |line| (!line.starts_with("Forwarded from ")).then_some(line))),
        ("without U+FE0F", dump.replace('\u{FE0F}', "")),
        ("with CRLF", dump.replace('\n', "\r\n")),
        ("each body once", bodies_once(dump)),
    ]
}

fn lines<'t>(text: &'t str, keep: impl FnMut(&'t str) -> Option<&'t str>) -> String {
    text.lines().filter_map(keep).map(|line| format!("{line}\n")).collect()
}

/// Takes the second copy out of every post `L1 R R`.
fn bodies_once(dump: &str) -> String {
    let mut once = String::new();
    for post in dump
        .split_inclusive('\n')
        .collect::<Vec<_>>()
        .chunk_by(|_, next| !next.starts_with("Forwarded from "))
    {
        let lines: Vec<&str> = post.iter().map(|line| line.trim_end()).collect();
        let body = lines.iter().position(|line| !is_residue(line)).unwrap_or(0);
        let repeated = (lines.len() - body).saturating_sub(1) / 2;
        let (first, second) = (body + 1, body + 1 + repeated);
        let doubled = repeated > 0 && lines[first..second] == lines[second..];
        for line in if doubled { &lines[..second] } else { &lines[..] } {
            once.push_str(line);
            once.push('\n');
        }
    }
    once
}

fn is_residue(line: &str) -> bool {
    line.starts_with("Forwarded from ") || line == "Media is too big" || line == "VIEW IN TELEGRAM"
}
