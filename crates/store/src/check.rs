//! The check of a whole store: every checksum, every index entry both ways, the log, `HEAD`, every span.

use std::sync::Arc;

use dictum_core::DocumentId;

use crate::{
    StoreError,
    bundle::{self, Bundle, RawBundle},
    commit::message_key,
    index::{EntryValue, Indexed},
    inner::Inner,
    key::{self, Position, Tag},
    log::{self, LogReader},
    model::StoredDocument,
    postings::{self, Lookup, Posting, UnwrittenPostings},
    store::check_extraction,
    unwritten,
};

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
    documents: u64,
    content: u64,
    messages: u64,
    index: Entries,
}

/// A set of index entries: equal sums of their hashes mean equal sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Entries {
    count: u64,
    sum: u128,
}

impl Entries {
    fn add(&mut self, tag: Tag, value: &str, position: Position, first_revision: u64, ordinals: &[u32]) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&key::index(tag, value, position));
        hasher.update(&first_revision.to_be_bytes());
        for ordinal in ordinals {
            hasher.update(&ordinal.to_be_bytes());
        }
        let mut hash = [0; 16];
        hasher.finalize_xof().fill(&mut hash);
        self.sum = self.sum.wrapping_add(u128::from_be_bytes(hash));
        self.count += 1;
    }
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
                Ok(id) => self.inner.engine.get(key::document(id))?.is_some(),
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
            let Some(first_revision) = key::revision_of(&key) else {
                self.report.problem("a document's key is too short");
                continue;
            };
            let raw = match RawBundle::read(first_revision, &value) {
                Ok(raw) => raw,
                Err(error) => {
                    self.report.problem(error.to_string());
                    continue;
                }
            };
            let id = raw.document_id;
            self.expected.documents += 1;
            self.entry(id, "its id", key::document(id).to_vec(), &first_revision.to_be_bytes())?;
            match raw.decode() {
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
        let Indexed { position, first_revision, entries } = indexed(document);
        for ((tag, value), entry) in &entries {
            self.expected.index.add(*tag, value, position, first_revision, &entry.ordinals);
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

    /// Reads every index entry and compares them with the documents, and the sum of each value with its counter.
    fn index(&mut self) -> Result<(), StoreError> {
        let mut found = Entries::default();
        let mut current: Option<(Tag, String)> = None;
        let mut last: Option<Position> = None;
        let (mut claims, mut documents) = (0, 0);
        for entry in self.inner.engine.prefix(&[key::INDEX], false)? {
            let (key, bytes) = entry?;
            let (Some((tag, value, start)), Ok(postings)) =
                (key::parse_index(&key), postings::decode(&key, &bytes))
            else {
                self.report.problem("an index block cannot be read");
                continue;
            };
            if current.as_ref().is_none_or(|(t, v)| *t != tag || v != value) {
                self.counter(current.take(), claims, documents)?;
                current = Some((tag, value.to_owned()));
                (claims, documents, last) = (0, 0, None);
            }
            for Posting { time, value: EntryValue { first_revision, ordinals } } in postings {
                if last.is_some_and(|last| time <= last) || start.is_some_and(|start| time < start) {
                    self.report.problem(format!("the index of `{value}` ({tag:?}) is out of order"));
                }
                found.add(tag, value, time, first_revision, &ordinals);
                claims += ordinals.len() as u64;
                documents += 1;
                last = Some(time);
            }
        }
        self.counter(current, claims, documents)?;
        self.report.index_entries = found.count;
        if found != self.expected.index {
            let before = self.report.problems;
            self.compare_index()?;
            if self.report.problems == before {
                self.report.problem("the index is not that of the documents");
            }
        }
        Ok(())
    }

    /// Finds out which index entries are missing and which should not be there.
    fn compare_index(&mut self) -> Result<(), StoreError> {
        let nothing = Arc::new(UnwrittenPostings::new());
        for entry in self.inner.engine.prefix(&[key::BUNDLE], false)? {
            let (key, value) = entry?;
            let raw = key::revision_of(&key).map(|revision| RawBundle::read(revision, &value));
            let Some(Ok(Bundle::Present(document))) = raw.map(|raw| raw.and_then(|raw| raw.decode())) else {
                continue; // Reported already, or deleted.
            };
            if document.superseded_by.is_some() {
                continue;
            }
            let Indexed { position, entries, .. } = indexed(&document);
            for ((tag, value), entry) in &entries {
                let mut lookup = Lookup::new(nothing.clone(), *tag, value);
                if !lookup.find(&self.inner.engine, position).is_ok_and(|found| found == entry.ordinals) {
                    let id = position.document_id;
                    self.report.problem(format!("document {id} is not found by `{value}` ({tag:?})"));
                }
            }
        }
        for entry in self.inner.engine.prefix(&[key::INDEX], false)? {
            let (key, bytes) = entry?;
            let (Some((tag, value, _)), Ok(postings)) =
                (key::parse_index(&key), postings::decode(&key, &bytes))
            else {
                continue; // Reported already.
            };
            for Posting { time, value: found } in postings {
                let id = time.document_id;
                let is_right = match bundle::load(&self.inner.engine, id) {
                    Ok(Some(Bundle::Present(document))) if document.superseded_by.is_none() => {
                        let Indexed { position, first_revision, entries } = indexed(&document);
                        let entry = entries.get(&(tag, value.to_owned()));
                        (position, first_revision) == (time, found.first_revision)
                            && entry.is_some_and(|entry| entry.ordinals == found.ordinals)
                    }
                    _ => false,
                };
                if !is_right {
                    self.report
                        .problem(format!("the index of `{value}` ({tag:?}) is wrong about document {id}"));
                }
            }
        }
        Ok(())
    }

    fn counter(&mut self, of: Option<(Tag, String)>, claims: u64, documents: u64) -> Result<(), StoreError> {
        let Some((tag, value)) = of else { return Ok(()) };
        match self.inner.unwritten.counter(&self.inner.engine, tag, &value) {
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
            if let Err(error) = unwritten::decode(&key, &value) {
                self.report.problem(error.to_string());
            }
        }
        for tag in Tag::ALL {
            let mut start = String::new();
            loop {
                let found = self.inner.unwritten.list(&self.inner.engine, tag, &start, 1000);
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
        let Expected { documents, content, messages, .. } = self.expected;
        for (what, prefix, expected) in [
            ("id", key::DOCUMENT, documents),
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

/// Returns what a listed document is found by.
fn indexed(document: &StoredDocument) -> Indexed {
    let id = document.document.id();
    Indexed::of(id, &document.document, &document.extraction, document.first_revision)
}
