//! The check of a whole store: every checksum, every index entry both ways, the log, `HEAD`, every span.

use crate::{
    StoreError,
    bundle::{Bundle, RawBundle},
    commit::{index_keys, message_key},
    counter,
    index::EntryValue,
    inner::Inner,
    key::{self, Tag},
    log::{self, LogReader},
    model::StoredDocument,
    store::check_extraction,
};
use dictum_core::DocumentId;

/// Problems that are described; more are counted.
const MAX_DESCRIBED: usize = 100;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// The newest revision.
    pub revision: u64,
    /// Documents that are listed.
    pub listed_documents: u64,
    /// Documents that another text took the place of.
    pub superseded_documents: u64,
    /// Marks of deleted documents.
    pub deleted_documents: u64,
    /// Claims of all documents.
    pub claims: u64,
    /// Index entries.
    pub index_entries: u64,
    /// Entries of the change log.
    pub log_entries: u64,
    /// How many problems there are.
    pub problems: u64,
    /// The first 100 of them, in words.
    pub described: Vec<String>,
}

impl CheckReport {
    /// Returns whether the store is whole.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problems == 0
    }

    fn problem(&mut self, what: impl Into<String>) {
        self.problems += 1;
        if self.described.len() < MAX_DESCRIBED {
            self.described.push(what.into());
        }
    }
}

/// Checks a store that nobody writes to meanwhile.
pub(crate) fn check(inner: &Inner) -> Result<CheckReport, StoreError> {
    let mut check = Check { inner, report: CheckReport::default(), expected: Expected::default() };
    check.report.revision = inner.revision();
    check.log()?;
    check.documents()?;
    check.index()?;
    check.counters()?;
    check.counts()?;
    Ok(check.report)
}

/// How many keys there must be.
#[derive(Default)]
struct Expected {
    index: u64,
    written: u64,
    content: u64,
    messages: u64,
}

struct Check<'i> {
    inner: &'i Inner,
    report: CheckReport,
    expected: Expected,
}

impl Check<'_> {
    fn log(&mut self) -> Result<(), StoreError> {
        let mut before: Option<(u64, [u8; 16])> = None;
        for entry in self.inner.engine.prefix(&[key::LOG], false)? {
            let (key, value) = entry?;
            let Some(revision) = key::revision_of(&key) else {
                self.report.problem("a log key is too short");
                continue;
            };
            self.report.log_entries += 1;
            let (chain, record) = match log::decode(revision, &value) {
                Ok(read) => read,
                Err(error) => {
                    self.report.problem(error.to_string());
                    before = None;
                    continue;
                }
            };
            match before {
                Some((last, _)) if revision != last + 1 => {
                    self.report.problem(format!("the log goes from revision {last} to {revision}"));
                }
                Some((_, chain)) if !log::follows(chain, &value) => {
                    self.report.problem(format!("revision {revision} does not follow the one before it"));
                }
                _ => {}
            }
            before = Some((revision, chain));
            let is_there = match log::document_id(&record.document_id) {
                Ok(id) => self.inner.engine.get(key::bundle(id))?.is_some(),
                Err(_) => false,
            };
            if !is_there {
                self.report.problem(format!("the document of revision {revision} is missing"));
            }
        }
        let newest = before.map_or(0, |(revision, _)| revision);
        if newest != self.report.revision {
            self.report
                .problem(format!("the log ends at {newest}, the store is at {}", self.report.revision));
        }
        Ok(())
    }

    fn documents(&mut self) -> Result<(), StoreError> {
        for entry in self.inner.engine.prefix(&[key::BUNDLE], false)? {
            let (key, value) = entry?;
            let Some(id) = key.get(1..).and_then(key::document_id_of) else {
                self.report.problem("a document's key is too short");
                continue;
            };
            match RawBundle::read(id, &value).and_then(|raw| raw.decode()) {
                Err(error) => self.report.problem(error.to_string()),
                Ok(Bundle::Deleted(standing)) => {
                    self.report.deleted_documents += 1;
                    self.last_change(id, standing.revision)?;
                }
                Ok(Bundle::Present(document)) => self.document(id, &document)?,
            }
        }
        Ok(())
    }

    fn document(&mut self, id: DocumentId, document: &StoredDocument) -> Result<(), StoreError> {
        self.last_change(id, document.revision)?;
        self.report.claims += document.extraction.claims.len() as u64;
        let mut sorted = document.extraction.clone();
        if let Err(error) = check_extraction(&document.document, &mut sorted) {
            self.report.problem(format!("document {id}: {error}"));
        }
        if sorted.claims != document.extraction.claims {
            self.report.problem(format!("the claims of document {id} are out of order"));
        }
        self.expected.content += 1;
        self.entry(id, "its content", key::content(document.document.content_hash(), id), &[])?;
        if document.superseded_by.is_some() {
            self.report.superseded_documents += 1;
            return Ok(());
        }
        self.report.listed_documents += 1;
        for (key, value) in index_keys(document) {
            match key.first() {
                Some(&key::WRITTEN) => self.expected.written += 1,
                _ => self.expected.index += 1,
            }
            self.entry(id, "an index", key, &value)?;
        }
        if let Some(key) = message_key(&document.document) {
            self.expected.messages += 1;
            self.entry(id, "its message", key.to_vec(), id.as_bytes())?;
        }
        Ok(())
    }

    fn last_change(&mut self, id: DocumentId, revision: u64) -> Result<(), StoreError> {
        if revision <= self.inner.oldest_revision()? {
            return Ok(()); // Its entry was compacted away.
        }
        let record = LogReader { engine: &self.inner.engine }.record(revision);
        if !record.is_ok_and(|record| record.document_id == id.as_bytes()) {
            self.report.problem(format!("revision {revision} of document {id} is not in the log"));
        }
        Ok(())
    }

    fn entry(&mut self, id: DocumentId, of: &str, key: Vec<u8>, value: &[u8]) -> Result<(), StoreError> {
        if self.inner.engine.get(key)?.is_none_or(|found| *found != *value) {
            self.report.problem(format!("document {id} is not found by {of}"));
        }
        Ok(())
    }

    /// Reads every index entry and compares the sum of each value with its counter.
    fn index(&mut self) -> Result<(), StoreError> {
        let mut current: Option<(Tag, String)> = None;
        let (mut claims, mut documents) = (0, 0);
        for entry in self.inner.engine.prefix(&[key::INDEX], false)? {
            let (key, value) = entry?;
            self.report.index_entries += 1;
            let (Some((tag, name, position)), Some(value)) =
                (key::parse_index(&key), EntryValue::decode(&value))
            else {
                self.report.problem("an index entry cannot be read");
                continue;
            };
            if current.as_ref().is_none_or(|(t, n)| *t != tag || n != name) {
                self.counter(current.take(), claims, documents)?;
                current = Some((tag, name.to_owned()));
                (claims, documents) = (0, 0);
            }
            claims += value.ordinals.len() as u64;
            documents += 1;
            if self.inner.engine.get(key::bundle(position.document_id))?.is_none() {
                self.report
                    .problem(format!("an index entry leads to {}, which is missing", position.document_id));
            }
        }
        self.counter(current, claims, documents)
    }

    fn counter(&mut self, of: Option<(Tag, String)>, claims: u64, documents: u64) -> Result<(), StoreError> {
        let Some((tag, value)) = of else { return Ok(()) };
        match self.inner.counters.get(&self.inner.engine, tag, &value) {
            Ok(counter) if (counter.claims, counter.documents) == (claims, documents) => {}
            Ok(_) => self.report.problem(format!("the counter of `{value}` ({tag:?}) is wrong")),
            Err(error) => self.report.problem(error.to_string()),
        }
        Ok(())
    }

    /// Reads every counter and looks for its index entries.
    fn counters(&mut self) -> Result<(), StoreError> {
        for entry in self.inner.engine.prefix(&[key::COUNTER], false)? {
            let (key, value) = entry?;
            if let Err(error) = counter::decode(&key, &value) {
                self.report.problem(error.to_string());
            }
        }
        for tag in Tag::ALL {
            let mut start = String::new();
            loop {
                let found = self.inner.counters.list(&self.inner.engine, tag, &start, 1000);
                let found = match found {
                    Ok(found) => found,
                    Err(error) => {
                        self.report.problem(error.to_string());
                        break;
                    }
                };
                for (value, _) in &found {
                    if self.inner.engine.prefix(&key::index_prefix(tag, value), false)?.next().is_none() {
                        self.report.problem(format!("the counter of `{value}` ({tag:?}) counts nothing"));
                    }
                }
                match found.last() {
                    Some((value, _)) if found.len() == 1000 => start = format!("{value}\0"),
                    _ => break,
                }
            }
        }
        Ok(())
    }

    /// Every expected key was found; equal numbers mean that there is no other.
    fn counts(&mut self) -> Result<(), StoreError> {
        let Expected { index, written, content, messages } = self.expected;
        for (what, prefix, expected) in [
            ("index", key::INDEX, index),
            ("order of writing", key::WRITTEN, written),
            ("content", key::CONTENT, content),
            ("message", key::MESSAGE, messages),
        ] {
            let mut found = 0;
            for entry in self.inner.engine.prefix(&[prefix], false)? {
                entry?;
                found += 1;
            }
            if found != expected {
                self.report.problem(format!("there are {found} {what} entries for {expected} due"));
            }
        }
        Ok(())
    }
}
