//! The audit log: who wrote what, and who was refused. One JSON object a line; never a word of a text.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Map, Value};

/// Refusals that are written in one second: whoever is refused must not be able to fill the disk.
const REFUSALS_A_SECOND: u32 = 100;

/// Where it is written; nowhere by default. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Audit(Option<Arc<Log>>);

#[derive(Debug)]
struct Log {
    path: PathBuf,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    second: Instant,
    refusals: u32,
}

/// One line. Members that are not there are left out.
#[derive(Debug, Default)]
pub(crate) struct Entry<'a> {
    /// What came of it: `STORED`, `REFUSED`.
    pub(crate) outcome: &'a str,
    pub(crate) caller: Option<&'a str>,
    pub(crate) address: Option<IpAddr>,
    /// The method, such as `/dictum.v1.StorageService/DeleteDocument`.
    pub(crate) method: Option<&'a str>,
    pub(crate) document_id: Option<&'a str>,
    /// A reason of the contract, a status code, or what the handshake came to.
    pub(crate) reason: Option<&'a str>,
}

/// Longest text of one member: a path is the caller's, and may be anything.
const MAX_MEMBER_CHARS: usize = 200;

impl Entry<'_> {
    fn line(&self) -> Vec<u8> {
        let Self { outcome, caller, address, method, document_id, reason } = *self;
        let address = address.map(|address| address.to_string());
        let members = [
            ("outcome", Some(outcome)),
            ("caller", caller),
            ("address", address.as_deref()),
            ("method", method),
            ("documentId", document_id),
            ("reason", reason),
        ];
        let mut object = Map::new();
        object.insert("time".to_owned(), jiff::Timestamp::now().to_string().into());
        for (name, text) in members {
            if let Some(text) = text {
                let text: String = text.chars().take(MAX_MEMBER_CHARS).collect();
                object.insert(name.to_owned(), text.into());
            }
        }
        line(object)
    }
}

fn line(object: Map<String, Value>) -> Vec<u8> {
    let mut line = Value::Object(object).to_string().into_bytes(); // control characters are escaped
    line.push(b'\n');
    line
}

impl Audit {
    /// Returns one that appends to a file.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let inner = Inner { file: open(path)?, second: Instant::now(), refusals: 0 };
        Ok(Self(Some(Arc::new(Log { path: path.to_owned(), inner: Mutex::new(inner) }))))
    }

    /// Writes down what was done.
    pub(crate) fn record(&self, entry: &Entry<'_>) {
        if let Some(log) = &self.0 {
            log.inner().append(&entry.line());
        }
    }

    /// Writes down a refusal, or counts it where there are too many.
    pub(crate) fn refused(&self, entry: &Entry<'_>) {
        let Some(log) = &self.0 else { return };
        let mut inner = log.inner();
        if inner.second.elapsed() >= Duration::from_secs(1) {
            inner.report_left_out();
            (inner.second, inner.refusals) = (Instant::now(), 0);
        }
        inner.refusals += 1;
        if inner.refusals <= REFUSALS_A_SECOND {
            inner.append(&Entry { outcome: "REFUSED", ..*entry }.line());
        }
    }

    /// Opens the file again: it may have been moved away to start a new one.
    pub(crate) fn reopen(&self) -> io::Result<()> {
        if let Some(log) = &self.0 {
            log.inner().file = open(&log.path)?;
        }
        Ok(())
    }
}

impl Log {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn append(&mut self, line: &[u8]) {
        if let Err(error) = self.file.write_all(line) {
            tracing::error!(%error, "the audit log cannot be written");
        }
    }

    fn report_left_out(&mut self) {
        let left_out = self.refusals.saturating_sub(REFUSALS_A_SECOND);
        if left_out > 0 {
            let mut object = Map::new();
            object.insert("time".to_owned(), jiff::Timestamp::now().to_string().into());
            object.insert("outcome".to_owned(), "LEFT_OUT".into());
            object.insert("refusals".to_owned(), left_out.into());
            self.append(&line(object));
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.report_left_out();
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(audit: impl FnOnce(&Audit)) -> Vec<Value> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        audit(&Audit::open(&path).unwrap());
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn what_others_wrote_stays_in_its_member() {
        let forged = "x\n{\"outcome\":\"STORED\"}\u{1b}[2J";
        let lines = written(|audit| {
            audit.record(&Entry { outcome: "STORED", method: Some(forged), ..Entry::default() });
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["method"], forged);
        assert!(lines[0].get("caller").is_none());
    }

    #[test]
    fn refusals_do_not_fill_the_disk_and_are_counted() {
        let lines = written(|audit| (0..1000).for_each(|_| audit.refused(&Entry::default())));
        let left_out: u64 = lines.iter().filter_map(|line| line["refusals"].as_u64()).sum();
        let refused = lines.iter().filter(|line| line["outcome"] == "REFUSED").count() as u64;
        assert_eq!(refused + left_out, 1000);
        assert!(refused < 1000);
    }
}
