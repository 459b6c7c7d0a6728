//! The committer: the one thread that changes the store.
//!
//! It takes what waits (a group), turns it into small atomic batches of whole documents, makes the group durable with
//! one flush and one sync, writes `HEAD`, and only then answers. Nothing that a reader or a watcher does can hold it up.

use std::{
    collections::HashSet,
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use dictum_core::{Document, DocumentId, ExtractedDocument, Extraction, Timestamp};
use tokio::sync::{mpsc, oneshot};
use tracing::{error, info, warn};

use crate::{
    StoreError,
    bundle::{self, Bundle, Payload, RawBundle, Standing},
    engine::{Batch, panic_text},
    head::{Head, HeadFile, HeadSync},
    index::{Entries, Indexed},
    inner::Inner,
    key,
    log::{self, LogReader, LoggedChange, Version, without_text},
    model::{ChangeCause, GroupReport, Replaced, StoredDocument, WriteOutcome, Written},
    project::diff,
    record::{BundleRecord, DocumentRecord, ExtractionRecord, LogRecord, OpRecord},
    unwritten::Round,
};

/// Keys of one batch: readers of the engine wait while one is applied (about eight documents).
const BATCH_KEYS: usize = 40;
/// Log entries that are removed in one go.
const TRIMMED_ENTRIES: u64 = 400;

/// A new document, with everything made ready that needs no revision.
pub(crate) struct PreparedDocument {
    pub(crate) extracted: ExtractedDocument,
    pub(crate) payload: Payload,
    pub(crate) entries: Entries,
}

/// What the committer is asked for.
pub(crate) enum Command {
    Write(Box<PreparedDocument>, oneshot::Sender<Result<Written, StoreError>>),
    Replace(DocumentId, Box<Extraction>, oneshot::Sender<Result<Replaced, StoreError>>),
    Delete(DocumentId, oneshot::Sender<Result<u64, StoreError>>),
    /// Removes some log entries up to this revision; answers whether more are left.
    TrimLog(u64, oneshot::Sender<Result<bool, StoreError>>),
    /// Writes what is not in the indexes yet.
    WriteIndexes(oneshot::Sender<Result<(), StoreError>>),
    Close(oneshot::Sender<()>),
}

/// A change in the batch or applied, with what its document was and is found by.
struct Staged {
    change: LoggedChange,
    before: Option<Indexed>,
    after: Option<Indexed>,
}

/// Answers a caller once it is known whether the group is durable.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// The state of the one writer.
pub(crate) struct Committer {
    inner: Arc<Inner>,
    head_file: HeadFile,
    head_sync: HeadSync,
    /// Held as long as the store is open.
    lock: File,
    /// The newest entry of the log, durable or not.
    head: Head,
    batch: Batch,
    /// What the batch changes, and is therefore not yet to be read from the engine.
    touched: HashSet<Vec<u8>>,
    staged: Vec<Staged>,
    /// How far the writing of the indexes is.
    round: Round,
    /// Why what is in memory may not be what is on disk: a write failed half-way.
    unsure: Option<StoreError>,
    /// How long the disk took for the group.
    sync_time: Option<Duration>,
}

impl Committer {
    pub(crate) fn new(
        inner: Arc<Inner>,
        head_file: HeadFile,
        lock: File,
        head: Head,
    ) -> Result<Self, StoreError> {
        let head_sync = HeadSync::start(&head_file)
            .map_err(|cause| StoreError::failed("start the thread of its HEAD file", cause))?;
        Ok(Self {
            inner,
            head_sync,
            head_file,
            lock,
            head,
            batch: Batch::default(),
            touched: HashSet::new(),
            staged: Vec::new(),
            round: Round::default(),
            unsure: None,
            sync_time: None,
        })
    }

    /// Serves commands until it is told to close or nobody is left to send any.
    pub(crate) fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut closing = None;
        while closing.is_none() {
            let Some(first) = commands.blocking_recv() else { break };
            let mut group = vec![first];
            while group.len() < self.inner.options.group_length
                && let Ok(command) = commands.try_recv()
            {
                group.push(command);
            }
            closing = self.commit(group);
        }
        drop(commands); // Whoever waits in the queue is told that the store is closed.
        self.close();
        if let Some(closing) = closing {
            let _ = closing.send(()); // The caller may have gone.
        }
    }

    /// Makes a group durable and answers its callers; returns the one who asked to close.
    fn commit(&mut self, group: Vec<Command>) -> Option<oneshot::Sender<()>> {
        let mut closing = None;
        let mut answers: Vec<Answer> = Vec::with_capacity(group.len());
        let ready = self.make_ready();
        for command in group {
            let stage = |this: &mut Self, answers: &mut Vec<Answer>| match command {
                Command::Write(document, sender) => {
                    let id = document.extracted.document.id();
                    let written =
                        ready.clone().and_then(|()| this.guarded(|this| this.stage_write(*document)));
                    answer_later(written, sender, answers, id);
                }
                Command::Replace(id, extraction, sender) => {
                    let replaced =
                        ready.clone().and_then(|()| this.guarded(|this| this.stage_replace(id, *extraction)));
                    answer_later(replaced, sender, answers, id);
                }
                Command::Delete(id, sender) => {
                    let deleted = ready.clone().and_then(|()| this.guarded(|this| this.stage_delete(id)));
                    answer_later(deleted, sender, answers, id);
                }
                Command::TrimLog(revision, sender) => {
                    let trimmed = ready.clone().and_then(|()| this.guarded(|this| this.trim_log(revision)));
                    let _ = sender.send(trimmed); // The caller may have gone.
                }
                Command::WriteIndexes(sender) => {
                    let written = ready.clone().and_then(|()| this.guarded(Self::write_indexes));
                    let _ = sender.send(written); // The caller may have gone.
                }
                Command::Close(sender) => closing = Some(sender),
            };
            stage(self, &mut answers);
        }
        let durable = ready.and_then(|()| self.guarded(Self::make_durable));
        let changes = self.staged.len();
        match &durable {
            Ok(()) => self.publish(),
            Err(cause) => self.fail(cause),
        }
        for answer in answers {
            answer(durable.clone());
        }
        if changes > 0 && durable.is_ok() {
            self.finish(changes);
        }
        if let Some(observer) = self.inner.observer.get() {
            let sync_time = self.sync_time.take();
            observer(GroupReport { changes, sync_time, failed: durable.is_err() });
        }
        closing
    }

    /// Checks that a group can be written at all.
    fn make_ready(&mut self) -> Result<(), StoreError> {
        let needed_bytes = self.inner.options.min_free_bytes;
        let free_bytes = self.inner.free_bytes()?;
        if free_bytes < needed_bytes {
            warn!(free_bytes, needed_bytes, "the disk is full: writes are refused");
            return Err(StoreError::DiskFull { free_bytes, needed_bytes });
        }
        if let Err(cause) = self.head_sync.failure() {
            self.unsure.get_or_insert(cause);
        }
        if self.unsure.is_some() {
            self.guarded(Self::recover)?;
            info!(revision = self.head.revision, "the store writes again");
        }
        Ok(())
    }

    /// Runs `work` so that a panic of the engine becomes an error.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let before = self.head;
        let (result, panicked) = match catch_unwind(AssertUnwindSafe(|| work(self))) {
            Ok(result) => (result, false),
            Err(panic) => (Err(StoreError::damaged(panic_text(panic.as_ref()))), true),
        };
        if let Err(error) = &result
            && (panicked || self.head != before || matches!(error, StoreError::Failed { .. }))
        {
            self.unsure.get_or_insert_with(|| error.clone());
        }
        result
    }

    fn fail(&mut self, cause: &StoreError) {
        if !matches!(cause, StoreError::DiskFull { .. }) {
            error!(error = cause as &dyn std::error::Error, "a group of changes was not made durable");
            self.unsure.get_or_insert_with(|| cause.clone());
        }
        self.batch = Batch::default();
        self.touched.clear();
        self.staged.clear();
        if self.unsure.is_some()
            && let Err(error) = self.guarded(Self::recover)
        {
            warn!(error = &error as &dyn std::error::Error, "the engine does not open again yet");
        }
    }

    /// Opens the engine again and takes from it what is true.
    fn recover(&mut self) -> Result<(), StoreError> {
        self.inner.engine.reopen()?;
        self.inner.decoded.clear();
        self.round = Round::default();
        self.head = self.inner.recount()?;
        self.inner.engine.sync()?;
        self.head_file.write(self.head)?;
        self.head_file.sync()?;
        self.inner.catch_up(self.head.revision);
        self.unsure = None;
        Ok(())
    }

    fn make_durable(&mut self) -> Result<(), StoreError> {
        if let Some(cause) = &self.unsure {
            return Err(cause.clone());
        }
        self.apply()?;
        if self.staged.is_empty() {
            return Ok(()); // Duplicates alone: what they repeat is durable.
        }
        let Inner { engine, unwritten, known, .. } = &*self.inner;
        for Staged { change, before, after } in &mut self.staged {
            unwritten.count(engine, change.revision, before.take(), after.take(), known)?;
        }
        let started = Instant::now();
        engine.sync()?;
        self.sync_time = Some(started.elapsed());
        self.head_file.write(self.head)
    }

    /// Does what answers do not wait for: makes `HEAD` survive the loss of power (what it says is on the disk already),
    /// and goes on with the writing of the indexes.
    fn finish(&mut self, changes: usize) {
        let finished = self.guarded(|this| {
            this.head_sync.request();
            let Inner { engine, unwritten, .. } = &*this.inner;
            unwritten.write_some(engine, &mut this.round, changes, this.head.revision)
        });
        if let Err(cause) = finished {
            self.fail(&cause);
        }
    }

    /// Writes all that is not in the indexes yet.
    fn write_indexes(&mut self) -> Result<(), StoreError> {
        self.round = Round::default();
        let Inner { engine, unwritten, .. } = &*self.inner;
        unwritten.write_all(engine, self.inner.revision())?;
        engine.sync()
    }

    fn apply(&mut self) -> Result<(), StoreError> {
        self.touched.clear();
        if self.batch.len() == 0 {
            return Ok(());
        }
        self.inner.engine.apply(std::mem::take(&mut self.batch))
    }

    fn publish(&mut self) {
        let changes = self.staged.drain(..).map(|staged| staged.change).collect();
        self.inner.publish(changes, self.head.revision);
    }

    fn close(&mut self) {
        if let Err(error) = self.guarded(Self::write_indexes) {
            warn!(
                error = &error as &dyn std::error::Error,
                "the store was closed in a hurry: it will count again"
            );
        }
        if let Err(error) = self.guarded(|this| this.inner.engine.close_for_long()) {
            warn!(error = &error as &dyn std::error::Error, "the next opening will take longer");
        }
        let _ = fs2::FileExt::unlock(&self.lock); // Closing the file unlocks it as well.
        self.inner.close_watches();
    }

    /// Applies the batch first if it changes any of `keys`, so that the engine can be asked about them.
    fn touch(&mut self, keys: impl IntoIterator<Item = Vec<u8>>) -> Result<(), StoreError> {
        let keys: Vec<_> = keys.into_iter().collect();
        if self.batch.len() >= BATCH_KEYS || keys.iter().any(|key| self.touched.contains(key)) {
            self.apply()?;
        }
        self.touched.extend(keys);
        Ok(())
    }

    fn stage_write(&mut self, prepared: PreparedDocument) -> Result<Written, StoreError> {
        let PreparedDocument { extracted, payload, entries } = prepared;
        let document = &extracted.document;
        let document_id = document.id();
        let message = message_key(document);
        self.touch([key::document(document_id).to_vec()].into_iter().chain(message.map(|key| key.to_vec())))?;

        let engine = &self.inner.engine;
        let (mut previous_revision, mut deleted_at) = (0, None);
        if let Some((first_revision, value)) = bundle::find(engine, document_id)? {
            let raw = RawBundle::read(first_revision, &value)?;
            deleted_at = Some(first_revision);
            if let Bundle::Present(stored) = raw.decode()? {
                let claims = stored.extraction.claims.len();
                let revision = stored.revision;
                return Ok(Written { document_id, revision, outcome: WriteOutcome::Duplicate, claims });
            }
            previous_revision = raw.standing.revision;
        }
        let other = match message {
            Some(key) => engine.get(key)?.and_then(|value| key::document_id_of(&value)),
            None => None,
        };
        let other = match other {
            Some(id) => {
                self.touch([key::document(id).to_vec()])?;
                self.read_document(id)?
            }
            None => None,
        };
        let newer = other.as_ref().filter(|other| is_newer(&other.document, &extracted.document));
        let superseded_by = newer.map(|other| other.document.id());
        let outcome = match (&other, superseded_by) {
            (_, Some(newer)) => WriteOutcome::Outdated { newer },
            (Some(older), None) => {
                self.stage_superseded(older, document_id)?;
                WriteOutcome::Superseded { older: older.document.id() }
            }
            (None, None) => WriteOutcome::Stored,
        };

        let op = if superseded_by.is_some() { OpRecord::WrittenOutdated } else { OpRecord::Written };
        let revision = self.log(&LogRecord { previous_revision, ..log_record(op, document_id) });
        let stored = StoredDocument { extracted, first_revision: revision, revision, superseded_by };
        let claims = stored.extraction.claims.len();
        if let Some(first_revision) = deleted_at {
            self.batch.remove(&key::bundle(first_revision));
        }
        self.batch
            .insert(&key::bundle(revision), bundle::encode(document_id, Standing::of(&stored), &payload));
        self.batch.insert(&key::document(document_id), &revision.to_be_bytes());
        self.batch.insert(key::content(stored.document.content_hash(), document_id), &[]);
        let mut change = logged(revision, document_id, ChangeCause::Written);
        let mut after = None;
        if superseded_by.is_none() {
            if let Some(key) = message {
                self.batch.insert(&key, document_id.as_bytes());
            }
            after = Some(Indexed::with(entries, document_id, &stored.document, &stored.extraction, revision));
            change.after = Some(Arc::new(stored));
        }
        self.staged.push(Staged { change, before: None, after });
        Ok(Written { document_id, revision, outcome, claims })
    }

    /// Takes a document out of the lists; it stays to be found by id.
    fn stage_superseded(&mut self, older: &StoredDocument, by: DocumentId) -> Result<(), StoreError> {
        let document_id = older.document.id();
        let revision = self.log(&LogRecord {
            previous_revision: older.revision,
            superseded_by: by.as_bytes().to_vec(),
            was_listed: true,
            first_revision: older.first_revision,
            ..log_record(OpRecord::Superseded, document_id)
        });
        let standing = Standing { revision, superseded_by: Some(by), ..Standing::of(older) };
        let key = key::bundle(older.first_revision);
        let value = self.inner.engine.get(key)?.ok_or(StoreError::DocumentNotFound { document_id })?;
        let payload = RawBundle::read(older.first_revision, &value)?.payload();
        self.batch.insert(&key, bundle::encode(document_id, standing, &payload));
        let before = Version::of(older);
        let found_by = Some(before.indexed(document_id));
        let change = LoggedChange {
            before: Some(Arc::new(before)),
            ..logged(revision, document_id, ChangeCause::Superseded { by })
        };
        self.staged.push(Staged { change, before: found_by, after: None });
        Ok(())
    }

    fn stage_replace(
        &mut self,
        document_id: DocumentId,
        extraction: Extraction,
    ) -> Result<Replaced, StoreError> {
        self.touch([key::document(document_id).to_vec()])?;
        let old = self.read_document(document_id)?.ok_or(StoreError::DocumentNotFound { document_id })?;
        let diff = diff(&old.extraction, &extraction);
        if old.extraction == extraction {
            return Ok(Replaced { revision: old.revision, diff });
        }
        let extracted = ExtractedDocument { document: old.document.clone(), extraction };
        let payload = Payload::of(&extracted)?;
        let listed = old.superseded_by.is_none();
        let previous =
            BundleRecord { document: None, extraction: Some(ExtractionRecord::of(&old.extraction)) };
        let revision = self.log(&LogRecord {
            previous_revision: old.revision,
            previous: Some(previous),
            was_listed: listed,
            first_revision: old.first_revision,
            ..log_record(OpRecord::Reextracted, document_id)
        });
        let new = Arc::new(StoredDocument { extracted, revision, ..*old });
        let value = bundle::encode(document_id, Standing::of(&new), &payload);
        self.batch.insert(&key::bundle(new.first_revision), value);
        let change = logged(revision, document_id, ChangeCause::Reextracted);
        let mut staged = Staged { change, before: None, after: None };
        if listed {
            let before = Version::of(&old);
            staged.before = Some(before.indexed(document_id));
            staged.after = Some(Indexed::of(document_id, &new.document, &new.extraction, new.first_revision));
            staged.change.before = Some(Arc::new(before));
            staged.change.after = Some(new);
        }
        self.staged.push(staged);
        Ok(Replaced { revision, diff })
    }

    fn stage_delete(&mut self, document_id: DocumentId) -> Result<u64, StoreError> {
        self.touch([key::document(document_id).to_vec()])?;
        let old = self.read_document(document_id)?.ok_or(StoreError::DocumentNotFound { document_id })?;
        let message = message_key(&old.document);
        self.touch(message.map(|key| key.to_vec()))?;
        let listed = old.superseded_by.is_none();
        let previous = BundleRecord {
            document: Some(DocumentRecord::of(&without_text(&old.document))),
            extraction: Some(ExtractionRecord::of(&old.extraction)),
        };
        let revision = self.log(&LogRecord {
            previous_revision: old.revision,
            previous: Some(previous),
            was_listed: listed,
            first_revision: old.first_revision,
            ..log_record(OpRecord::Deleted, document_id)
        });
        let standing = Standing { revision, ..Standing::of(&old) };
        let value = bundle::encode_deleted(document_id, standing);
        self.batch.insert(&key::bundle(old.first_revision), value);
        self.batch.remove(key::content(old.document.content_hash(), document_id));
        let change = logged(revision, document_id, ChangeCause::Deleted);
        let mut staged = Staged { change, before: None, after: None };
        if listed {
            let before = Version::of(&old);
            staged.before = Some(before.indexed(document_id));
            if let Some(key) = message {
                self.batch.remove(&key);
            }
            staged.change.before = Some(Arc::new(before));
        }
        self.staged.push(staged);
        Ok(revision)
    }

    /// Removes up to [`TRIMMED_ENTRIES`] log entries up to `revision`, never the newest; returns whether more are left.
    fn trim_log(&mut self, revision: u64) -> Result<bool, StoreError> {
        self.apply()?;
        self.write_indexes()?; // What is in the indexes is not read from the log again.
        let engine = &self.inner.engine;
        let first = self.inner.oldest_revision()? + 1;
        let end = (revision + 1).min(self.inner.revision()).min(first + TRIMMED_ENTRIES);
        let mut batch = Batch::default();
        (first..end).for_each(|revision| batch.remove(&key::log(revision)));
        engine.apply(batch)?;
        engine.sync()?;
        Ok(end == first + TRIMMED_ENTRIES)
    }

    /// Returns the document as the engine has it, unless it was deleted.
    fn read_document(&self, document_id: DocumentId) -> Result<Option<Arc<StoredDocument>>, StoreError> {
        match self.inner.load(document_id) {
            Ok(document) => Ok(Some(document)),
            Err(StoreError::DocumentNotFound { .. } | StoreError::DocumentDeleted { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Adds an entry to the log and returns its revision.
    fn log(&mut self, record: &LogRecord) -> u64 {
        let (head, value) = log::append(self.head, record);
        self.head = head;
        self.batch.insert(&key::log(head.revision), value);
        head.revision
    }
}

/// Returns the key under which a document is found by its message.
pub(crate) fn message_key(document: &Document) -> Option<[u8; 17]> {
    key::message(document.channel.as_deref(), document.message_id.as_deref())
}

impl Inner {
    /// Counts what blocks and counters on the disk lack and returns the newest entry of the log.
    pub(crate) fn recount(&self) -> Result<Head, StoreError> {
        let log = LogReader { engine: &self.engine };
        let counted = self.unwritten.forget(&self.engine)?;
        let head = log.newest()?;
        for revision in counted + 1..=head.revision {
            let (before, after) = log.indexed(revision)?;
            self.unwritten.count(&self.engine, revision, before, after, &self.known)?;
        }
        self.unwritten.list_names(&self.engine, &self.known)?;
        Ok(head)
    }
}

fn answer_later<T: Send + 'static>(
    staged: Result<T, StoreError>,
    sender: oneshot::Sender<Result<T, StoreError>>,
    answers: &mut Vec<Answer>,
    document_id: DocumentId,
) {
    match staged {
        Ok(value) => answers.push(Box::new(move |durable| {
            let _ = sender.send(durable.map(|()| value)); // The caller may have gone.
        })),
        Err(error) => {
            if matches!(error, StoreError::Failed { .. } | StoreError::Damaged { .. }) {
                error!(%document_id, error = &error as &dyn std::error::Error, "a change was not made");
            }
            let _ = sender.send(Err(error));
        }
    }
}

/// Returns whether `other` is newer than `document` by what they say themselves; without that, what comes later is.
fn is_newer(other: &Document, document: &Document) -> bool {
    let time = |document: &Document| document.edit_time.or(document.publish_time);
    matches!((time(other), time(document)), (Some(other), Some(new)) if other > new)
}

fn log_record(op: OpRecord, document_id: DocumentId) -> LogRecord {
    LogRecord {
        op: op.into(),
        document_id: document_id.as_bytes().to_vec(),
        written_micros: Timestamp::now().as_microsecond(),
        ..LogRecord::default()
    }
}

fn logged(revision: u64, document_id: DocumentId, cause: ChangeCause) -> LoggedChange {
    LoggedChange { revision, document_id, cause, before: None, after: None }
}
