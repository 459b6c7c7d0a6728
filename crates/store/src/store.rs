//! The face of the store: opening it, and what can be asked of it.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

use dictum_core::{ClaimId, ContentHash, DocumentId, ExtractedDocument, Extraction, FormKind, Timestamp};
use tokio::sync::{mpsc, oneshot};

use crate::{
    BackupSummary, CheckReport, ClaimFilter, ListOrder, StoreError, StoreOptions, Watch, WatchFrom, backup,
    bundle::Payload,
    check,
    commit::{Command, Committer, PreparedDocument},
    compared, documents,
    engine::{Batch, Engine, panic_text},
    facet,
    head::{Head, HeadFile},
    index::{MAX_CLAIMS, entries},
    inner::Inner,
    key::{self, Tag},
    log::LogReader,
    model::{
        ComparedPage, DocumentPage, ExtractionDiff, FacetCount, FacetField, GroupReport, Page, Replaced,
        SpeakerProfile, Stats, StoredClaim, StoredDocument, ValuePage, Written,
    },
    people,
    project::diff,
    query::{self, MAX_PAGE_SIZE, Plan},
    terms::{self, FilterTerms},
    upgrade::{self, UpgradeProgress, Upgraded},
};

/// The version of the stored form that this version of Dictum writes and the newest that it reads.
pub const FORMAT_VERSION: u32 = 2;

const FORMAT_KEY: &str = "format-version";
const ID_KEY: &str = "store-id";

/// Texts over this are encoded on a thread that may block, smaller ones where they come in.
const INLINE_BYTES: usize = 64 << 10;

/// The claim store: documents with their claims, durable, indexed, with a log of every change.
///
/// A handle is cheap to clone. All handles and watches of one store share one committer and one cache. The directory is
/// locked as long as the store is open.
///
/// ```no_run
/// # async fn run(extracted: dictum_core::ExtractedDocument) -> Result<(), dictum_store::StoreError> {
/// use dictum_store::{ClaimFilter, ListOrder, Store, StoreOptions};
///
/// let store = Store::open("data", StoreOptions::default()).await?;
/// let written = store.write(extracted).await?; // Here it is on the disk.
/// let filter = ClaimFilter { topics: vec!["Harbour".into()], ..Default::default() };
/// let page = store.list_claims(&filter, ListOrder::TimeDescending, 100, None).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    commands: mpsc::Sender<Command>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in the directory `path`, which is made if it is absent.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] when another process has it open, [`StoreError::NewerFormat`] when a later version wrote
    /// it, [`StoreError::OlderFormat`] when it must be upgraded first, [`StoreError::LostTail`] and
    /// [`StoreError::Damaged`] when it is not what was written.
    pub async fn open(path: impl Into<PathBuf>, options: StoreOptions) -> Result<Self, StoreError> {
        let path = path.into();
        blocking(move || Self::open_blocking(&path, options)).await
    }

    fn open_blocking(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        let OpenFolder { inner, head_file, lock, head } = open_folder(path, options)?;
        let (commands, receiver) = mpsc::channel(inner.options.queue_length.max(1));
        let inner = Arc::new(inner);
        let committer = Committer::new(inner.clone(), head_file, lock, head)?;
        std::thread::Builder::new()
            .name("store-committer".to_owned())
            .spawn(move || committer.run(receiver))
            .map_err(|cause| StoreError::failed("start its committer", cause))?;
        Ok(Self { inner, commands })
    }

    /// Makes a store in the directory `path`, which must be absent or empty, out of a backup.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadBackup`] when the backup is cut off, changed or of a newer format; [`StoreError::BadArgument`]
    /// when the directory holds something. The directory is then left as it was.
    pub async fn restore(
        backup: impl Read + Send + 'static,
        path: impl Into<PathBuf>,
        options: StoreOptions,
    ) -> Result<BackupSummary, StoreError> {
        let path = path.into();
        blocking(move || backup::restore(backup, &path, &options)).await
    }

    /// Reads a backup to its end, checks every checksum in it, and says what is in it. Makes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadBackup`] and [`StoreError::Damaged`] when it could not be restored.
    pub async fn check_backup(backup: impl Read + Send + 'static) -> Result<BackupSummary, StoreError> {
        blocking(move || backup::check(backup)).await
    }

    /// Rewrites the closed store in `path` so that it takes less room; returns its bytes before and after. Needs room
    /// for both meanwhile. Cut off at any moment, it leaves a store that opens.
    ///
    /// # Errors
    ///
    /// The errors of [`Store::open`], and [`StoreError::Failed`].
    pub async fn compact(path: impl Into<PathBuf>, options: StoreOptions) -> Result<(u64, u64), StoreError> {
        let path = path.into();
        blocking(move || backup::compact(&path, &options)).await
    }

    /// Brings the closed store in `path` to the format of this version. Needs room for both meanwhile. Cut off at any
    /// moment, it leaves the old store, and the next call goes on where it was. `progress` is called now and then.
    ///
    /// # Errors
    ///
    /// The errors of [`Store::open`] but [`StoreError::OlderFormat`], and [`StoreError::Failed`].
    pub async fn upgrade(
        path: impl Into<PathBuf>,
        options: StoreOptions,
        progress: impl Fn(UpgradeProgress) + Send + 'static,
    ) -> Result<Upgraded, StoreError> {
        let path = path.into();
        blocking(move || upgrade::upgrade(&path, &options, &progress)).await
    }

    /// Finishes the writes under way, closes the store and unlocks its directory. Calls on other handles fail with
    /// [`StoreError::Closed`]; watches end.
    pub async fn close(&self) {
        let (sender, receiver) = oneshot::channel();
        if self.commands.send(Command::Close(sender)).await.is_ok() {
            let _ = receiver.await; // An error means that the committer has gone already.
        }
    }

    /// Writes a document with its claims, indexes and log entry: all or nothing. Returns once it is on the disk.
    ///
    /// Writing a document that is there changes nothing, even if the extraction differs: see
    /// [`Store::replace_extraction`]. A text under the channel and message id of another one supersedes it. A document
    /// that was deleted is stored anew. A caller that gives up waiting does not undo the write.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadArgument`] when a claim is not one of this document or a span leaves its text;
    /// [`StoreError::DiskFull`] and [`StoreError::Failed`] when nothing was written.
    pub async fn write(&self, extracted: ExtractedDocument) -> Result<Written, StoreError> {
        let prepare = |mut extracted: ExtractedDocument| {
            check_extraction(&extracted.document, &mut extracted.extraction)?;
            Ok(Box::new(PreparedDocument {
                payload: Payload::of(&extracted)?,
                entries: entries(&extracted.document, &extracted.extraction),
                extracted,
            }))
        };
        let prepared = if extracted.document.text.len() > INLINE_BYTES {
            blocking(move || prepare(extracted)).await?
        } else {
            prepare(extracted)?
        };
        self.ask(|sender| Command::Write(prepared, sender)).await
    }

    /// Puts a new extraction in the place of a document's old one. Claims that stay keep their ids; watchers see what
    /// was added, changed and retracted.
    ///
    /// # Errors
    ///
    /// [`StoreError::DocumentNotFound`], and the errors of [`Store::write`].
    pub async fn replace_extraction(
        &self,
        document_id: DocumentId,
        mut extraction: Extraction,
    ) -> Result<Replaced, StoreError> {
        let document = self.get_document(document_id).await?;
        check_extraction(&document.document, &mut extraction)?;
        self.ask(|sender| Command::Replace(document_id, Box::new(extraction), sender)).await
    }

    /// Returns what [`Store::replace_extraction`] would change, and changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::DocumentNotFound`] and reading errors.
    pub async fn diff_extraction(
        &self,
        document_id: DocumentId,
        extraction: &Extraction,
    ) -> Result<ExtractionDiff, StoreError> {
        let document = self.get_document(document_id).await?;
        Ok(diff(&document.extraction, extraction))
    }

    /// Deletes a document's text and claims; returns the revision of the deletion. Watchers are told what is retracted;
    /// the log keeps the claims' places and speakers, not the text, until it is compacted.
    ///
    /// # Errors
    ///
    /// [`StoreError::DocumentNotFound`] when there is none, [`StoreError::DiskFull`] and [`StoreError::Failed`].
    pub async fn delete_document(&self, document_id: DocumentId) -> Result<u64, StoreError> {
        self.ask(|sender| Command::Delete(document_id, sender)).await
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Command,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.commands.send(command(sender)).await.map_err(|_| StoreError::Closed)?;
        receiver.await.map_err(|_| StoreError::Closed)?
    }

    /// Returns a document with its claims, whether it is listed or superseded.
    ///
    /// # Errors
    ///
    /// [`StoreError::DocumentNotFound`], [`StoreError::DocumentDeleted`], and reading errors.
    pub async fn get_document(&self, document_id: DocumentId) -> Result<Arc<StoredDocument>, StoreError> {
        if let Some(document) = self.inner.decoded.get(document_id) {
            return Ok(document);
        }
        self.read(move |inner| inner.decoded.load(document_id, || inner.load(document_id))).await
    }

    /// Returns a claim with its document.
    ///
    /// # Errors
    ///
    /// [`StoreError::ClaimNotFound`], [`StoreError::DocumentDeleted`], and reading errors.
    pub async fn get_claim(&self, claim_id: ClaimId) -> Result<StoredClaim, StoreError> {
        let not_found = || StoreError::ClaimNotFound { claim_id };
        let document = self.get_document(claim_id.document_id()).await.map_err(|error| match error {
            StoreError::DocumentNotFound { .. } => not_found(),
            other => other,
        })?;
        let ordinal = document.extraction.claims.iter().position(|claim| claim.id == claim_id);
        ordinal.and_then(|ordinal| StoredClaim::new(document, ordinal)).ok_or_else(not_found)
    }

    /// Returns the documents whose text has this hash: the same text from several channels.
    ///
    /// # Errors
    ///
    /// Reading errors.
    pub async fn documents_with_content(&self, hash: ContentHash) -> Result<Vec<DocumentId>, StoreError> {
        self.read(move |inner| {
            let entries = inner.engine.prefix(&key::content_prefix(hash), false)?.take(MAX_PAGE_SIZE);
            let id = |key: &[u8]| key.last_chunk::<16>().map(|bytes| DocumentId::from_bytes(*bytes));
            entries.filter_map(|entry| entry.map(|(key, _)| id(&key)).transpose()).collect()
        })
        .await
    }

    /// Lists one page of claims. `page_size` is cut to 1 to [`MAX_PAGE_SIZE`].
    ///
    /// The pages of one list show the documents that were there when the first page was asked for: later ones are left
    /// out, whatever the size of the pages. A document that is deleted, superseded or extracted anew meanwhile is shown
    /// as it is by then. A page may be short while more follow: go on as long as there is a token.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadArgument`], [`StoreError::BadPageToken`], and reading errors.
    pub async fn list_claims(
        &self,
        filter: &ClaimFilter,
        order: ListOrder,
        page_size: usize,
        page_token: Option<&str>,
    ) -> Result<Page, StoreError> {
        let filter = filter.prepare()?;
        let page_size = page_size.clamp(1, MAX_PAGE_SIZE);
        let page_token = page_token.filter(|token| !token.is_empty()).map(str::to_owned);
        self.read(move |inner| query::list(inner, &filter, order, page_size, page_token.as_deref())).await
    }

    /// Lists one page of listed documents in the order in which they were first written, those without claims too.
    /// `page_size` is cut to 1 to [`MAX_PAGE_SIZE`]; a page of long texts is shorter.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadPageToken`] and reading errors.
    pub async fn list_documents(
        &self,
        page_size: usize,
        page_token: Option<&str>,
    ) -> Result<DocumentPage, StoreError> {
        let page_size = page_size.clamp(1, MAX_PAGE_SIZE);
        let page_token = page_token.filter(|token| !token.is_empty()).map(str::to_owned);
        self.read(move |inner| documents::list(inner, page_size, page_token.as_deref())).await
    }

    /// Returns how a list with this filter would be answered, in words.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadArgument`] and reading errors.
    pub async fn explain(&self, filter: &ClaimFilter, order: ListOrder) -> Result<String, StoreError> {
        let filter = filter.prepare()?;
        self.read(move |inner| {
            let filter = people::resolve(inner, &filter)?;
            Ok(Plan::of(inner, &filter, order)?.explain())
        })
        .await
    }

    /// Counts the claims that the filter lets through.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadArgument`] and reading errors.
    pub async fn count_claims(&self, filter: &ClaimFilter) -> Result<u64, StoreError> {
        let filter = filter.prepare()?;
        self.read(move |inner| query::count(inner, &filter)).await
    }

    /// Counts the claims that the filter lets through by a field; the most frequent values first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadArgument`] and reading errors.
    pub async fn facets(
        &self,
        filter: &ClaimFilter,
        field: FacetField,
        limit: usize,
    ) -> Result<Vec<FacetCount>, StoreError> {
        let filter = filter.prepare()?;
        self.read(move |inner| facet::facets(inner, &filter, field, limit)).await
    }

    /// Lists the speakers and respondents of listed claims of whose names a form starts with `prefix`, folded; the forms
    /// of one person are joined.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadPageToken`] and reading errors.
    pub async fn list_speakers(
        &self,
        prefix: &str,
        page_size: usize,
        page_token: Option<&str>,
    ) -> Result<ValuePage, StoreError> {
        let prefix = crate::fold::fold(prefix);
        let page_size = page_size.clamp(1, MAX_PAGE_SIZE);
        let page_token = page_token.filter(|token| !token.is_empty()).map(str::to_owned);
        self.read(move |inner| people::list(inner, &prefix, page_size, page_token.as_deref())).await
    }

    /// Returns what is known of a speaker by any form of the name: counts, forms, months, topics.
    ///
    /// # Errors
    ///
    /// [`StoreError::SpeakerNotFound`] and reading errors.
    pub async fn get_speaker(&self, name: &str) -> Result<SpeakerProfile, StoreError> {
        let name = name.to_owned();
        self.read(move |inner| people::get(inner, &name)).await
    }

    /// Lists the prerequisite lists that the filter lets through, the oldest first, each with what changed since the one
    /// before it on the same subject; only those on a subject with all words of `subject`.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadArgument`], also where the filter names no speaker or another form; [`StoreError::BadPageToken`],
    /// and reading errors.
    pub async fn compare_prerequisites(
        &self,
        filter: &ClaimFilter,
        subject: &str,
        page_size: usize,
        page_token: Option<&str>,
    ) -> Result<ComparedPage, StoreError> {
        let bad = |field, reason: &str| StoreError::BadArgument { field, reason: reason.to_owned() };
        if filter.speakers.is_empty() {
            return Err(bad("filter.speaker", "lists are compared for a speaker: it must be set"));
        }
        if !filter.manners.is_empty() || filter.forms.iter().any(|form| *form != FormKind::PrerequisiteList) {
            return Err(bad("filter.form", "only prerequisite lists are compared"));
        }
        let filter = ClaimFilter { forms: vec![FormKind::PrerequisiteList], ..filter.clone() }.prepare()?;
        let page_size = page_size.clamp(1, MAX_PAGE_SIZE);
        let page_token = page_token.filter(|token| !token.is_empty()).map(str::to_owned);
        let subject = subject.to_owned();
        self.read(move |inner| {
            compared::prerequisites(inner, &filter, &subject, page_size, page_token.as_deref())
        })
        .await
    }

    /// Lists the question–answer pairs of the occasion of a document in their order: of all documents of its channel with
    /// the same date and place. Returns the document too.
    ///
    /// # Errors
    ///
    /// [`StoreError::DocumentNotFound`], [`StoreError::BadPageToken`], and reading errors.
    pub async fn list_exchanges(
        &self,
        document_id: DocumentId,
        page_size: usize,
        page_token: Option<&str>,
    ) -> Result<(Arc<StoredDocument>, Page), StoreError> {
        let page_size = page_size.clamp(1, MAX_PAGE_SIZE);
        let page_token = page_token.filter(|token| !token.is_empty()).map(str::to_owned);
        self.read(move |inner| compared::exchanges(inner, document_id, page_size, page_token.as_deref()))
            .await
    }

    /// Lists the topics of listed documents whose folded names start with `prefix`.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadPageToken`] and reading errors.
    pub async fn list_topics(
        &self,
        prefix: &str,
        page_size: usize,
        page_token: Option<&str>,
    ) -> Result<ValuePage, StoreError> {
        self.list_values(Tag::Topic, prefix, page_size, page_token).await
    }

    /// Lists the channels of listed documents, likewise.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadPageToken`] and reading errors.
    pub async fn list_channels(
        &self,
        prefix: &str,
        page_size: usize,
        page_token: Option<&str>,
    ) -> Result<ValuePage, StoreError> {
        self.list_values(Tag::Channel, prefix, page_size, page_token).await
    }

    async fn list_values(
        &self,
        tag: Tag,
        prefix: &str,
        page_size: usize,
        page_token: Option<&str>,
    ) -> Result<ValuePage, StoreError> {
        let prefix = crate::fold::fold(prefix);
        let page_size = page_size.clamp(1, MAX_PAGE_SIZE);
        let page_token = page_token.filter(|token| !token.is_empty()).map(str::to_owned);
        self.read(move |inner| facet::list_values(inner, tag, &prefix, page_size, page_token.as_deref()))
            .await
    }

    /// Follows the changes of the claims that the filter lets through.
    ///
    /// A claim that comes into the filter is added, one that leaves it is retracted. Every change of the log is looked
    /// at once and in order, from memory or, by a watch that is behind, from the log. A document that was deleted since
    /// is passed over where it was written, and retracted where it was deleted.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadArgument`], [`StoreError::RevisionCompacted`], [`StoreError::RevisionAhead`].
    pub async fn watch(&self, filter: &ClaimFilter, from: WatchFrom) -> Result<Watch, StoreError> {
        let asked = filter.prepare()?;
        let inner = self.inner.clone();
        let after = match from {
            WatchFrom::Now => inner.revision(),
            WatchFrom::After(revision) => {
                let newest_revision = inner.revision();
                if revision > newest_revision {
                    return Err(StoreError::RevisionAhead { revision, newest_revision });
                }
                let oldest_revision = self.read(Inner::oldest_revision).await?;
                if revision < oldest_revision {
                    return Err(StoreError::RevisionCompacted { revision, oldest_revision });
                }
                revision
            }
        };
        self.read(move |inner| people::resolve(inner, &asked).map(|filter| (asked, filter)))
            .await
            .map(|(asked, filter)| Watch::new(inner, asked, filter, after))
    }

    /// Returns which of the claims are listed and let through by the filter, each with its number in `ids`, in their
    /// order: for indexes outside the store, which may name claims that no longer stand.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadArgument`] and reading errors.
    pub async fn confirm_claims(
        &self,
        filter: &ClaimFilter,
        ids: Vec<ClaimId>,
    ) -> Result<Vec<(usize, StoredClaim)>, StoreError> {
        let filter = filter.prepare()?;
        self.read(move |inner| query::confirm(inner, &filter, &ids)).await
    }

    /// Returns the filter as terms, for indexes outside the store.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadArgument`] and reading errors.
    pub async fn filter_terms(&self, filter: &ClaimFilter) -> Result<FilterTerms, StoreError> {
        let filter = filter.prepare()?;
        self.read(move |inner| terms::of_filter(inner, &filter)).await
    }

    /// Returns the id of the store, made at random when it was made: 32 hexadecimal digits. A backup keeps it.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.inner.store_id()))
    }

    /// Returns the newest durable revision; 0 for an empty store.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.inner.revision()
    }

    /// Has the committer tell `observer` of every group, from its own thread; the first observer stays.
    pub fn observe(&self, observer: impl Fn(GroupReport) + Send + Sync + 'static) {
        let _ = self.inner.observer.set(Box::new(observer)); // there is one already
    }

    /// Returns numbers about the store.
    ///
    /// # Errors
    ///
    /// Reading errors.
    pub async fn stats(&self) -> Result<Stats, StoreError> {
        let queued = self.commands.max_capacity() - self.commands.capacity();
        self.read(move |inner| {
            let all = inner.unwritten.counter(&inner.engine, Tag::All, "")?;
            let (decoded_documents, decoded_hits, decoded_misses) = inner.decoded.counts();
            Ok(Stats {
                documents: all.documents,
                claims: all.claims,
                revision: inner.revision(),
                oldest_revision: inner.oldest_revision()?,
                disk_bytes: folder_bytes(&inner.path)
                    .map_err(|cause| StoreError::failed("measure its files", cause))?,
                free_bytes: inner.free_bytes()?,
                decoded_documents,
                decoded_hits,
                decoded_misses,
                queued_writes: queued as u64,
            })
        })
        .await
    }

    /// Writes a backup of the store as it is at one revision, while writes go on; `writer` may block.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`] when the writer fails, and reading errors.
    pub async fn backup(&self, writer: impl Write + Send + 'static) -> Result<BackupSummary, StoreError> {
        self.read(move |inner| backup::write(inner, writer)).await
    }

    /// Checks every checksum, every index entry both ways, the log, and every span against its text. Nobody should
    /// write meanwhile: what changes under the check is reported as a problem.
    ///
    /// # Errors
    ///
    /// Reading errors of the engine; what the check itself finds is in the report.
    pub async fn check(&self) -> Result<CheckReport, StoreError> {
        self.ask(Command::WriteIndexes).await?;
        self.read(check::check).await
    }

    /// Removes the log entries up to `revision`, but for the newest: watches can then start no earlier.
    ///
    /// # Errors
    ///
    /// [`StoreError::DiskFull`] and [`StoreError::Failed`]; what was removed by then stays so.
    pub async fn trim_log(&self, revision: u64) -> Result<(), StoreError> {
        while self.ask(|sender| Command::TrimLog(revision, sender)).await? {}
        Ok(())
    }

    /// Returns up to `limit` listed documents whose time lies before `time`, the oldest first: for retention by age.
    ///
    /// # Errors
    ///
    /// Reading errors.
    pub async fn documents_before(
        &self,
        time: Timestamp,
        limit: usize,
    ) -> Result<Vec<DocumentId>, StoreError> {
        self.read(move |inner| query::documents_before(inner, time, limit)).await
    }

    /// Runs a reading task where it may block.
    async fn read<T: Send + 'static>(
        &self,
        task: impl FnOnce(&Inner) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = self.inner.clone();
        blocking(move || task(&inner)).await
    }
}

/// Runs a task on a thread that may block; a panic of the engine becomes an error.
pub(crate) async fn blocking<T: Send + 'static>(
    task: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(task).await {
        Ok(result) => result,
        Err(failed) => Err(match failed.try_into_panic() {
            Ok(panic) => StoreError::damaged(panic_text(panic.as_ref())),
            Err(_) => StoreError::Closed,
        }),
    }
}

/// A store without its committer.
pub(crate) struct OpenFolder {
    pub(crate) inner: Inner,
    pub(crate) head_file: HeadFile,
    pub(crate) lock: File,
    pub(crate) head: Head,
}

/// Locks the directory, opens what is in it and checks it against `HEAD`.
pub(crate) fn open_folder(path: &Path, options: StoreOptions) -> Result<OpenFolder, StoreError> {
    if !options.create && !path.join("HEAD").exists() {
        return Err(StoreError::BadArgument { field: "path", reason: "there is no store".to_owned() });
    }
    fs::create_dir_all(path).map_err(|cause| StoreError::failed("make its directory", cause))?;
    let lock = lock_folder(path)?;
    backup::finish_compaction(path)?;
    let (mut head_file, recorded) = HeadFile::open(&path.join("HEAD"))?;
    let engine = Engine::open(&path.join("sled"), options.cache_bytes)?;
    let inner = Inner::new(path.to_owned(), options, engine);
    // Everything that reads the engine is guarded: on damaged files it panics.
    let head = catch_unwind(AssertUnwindSafe(|| open_keys(&inner, recorded)))
        .unwrap_or_else(|panic| Err(StoreError::damaged(panic_text(panic.as_ref()))))?;
    if recorded.is_none() {
        inner.engine.sync()?;
        head_file.write(head)?;
        head_file.sync()?;
        sync_folder(path)?;
    }
    inner.catch_up(head.revision);
    Ok(OpenFolder { inner, head_file, lock, head })
}

/// Checks what is in the engine and counts what is not counted yet; returns the newest entry of the log.
fn open_keys(inner: &Inner, recorded: Option<Head>) -> Result<Head, StoreError> {
    inner.set_store_id(open_meta(&inner.engine, recorded.is_some())?);
    let newest = LogReader { engine: &inner.engine }.newest()?;
    match recorded {
        Some(head) => LogReader { engine: &inner.engine }.check_head(head, newest)?,
        None if newest.revision > 0 => return Err(StoreError::damaged("its HEAD file is missing")),
        None => {}
    }
    inner.recount()
}

/// Locks the directory for this process.
pub(crate) fn lock_folder(path: &Path) -> Result<File, StoreError> {
    let failed = |cause| StoreError::failed("lock its directory", cause);
    let file =
        File::options().create(true).truncate(false).write(true).open(path.join("LOCK")).map_err(failed)?;
    match fs2::FileExt::try_lock_exclusive(&file) {
        Ok(()) => Ok(file),
        Err(cause) if cause.raw_os_error() == fs2::lock_contended_error().raw_os_error() => {
            Err(StoreError::Locked { path: path.to_owned() })
        }
        Err(cause) => Err(failed(cause)),
    }
}

/// Checks the format of the store, or makes a new store. Returns the store's id.
fn open_meta(engine: &Engine, has_head: bool) -> Result<[u8; 16], StoreError> {
    let Some(format) = format_of(engine)? else {
        if has_head {
            return Err(StoreError::damaged("its keys are missing"));
        }
        let store_id = random_id();
        write_meta(engine, store_id)?;
        return Ok(store_id);
    };
    match format {
        FORMAT_VERSION => read_id(engine),
        found if found > FORMAT_VERSION => Err(StoreError::NewerFormat { found, supported: FORMAT_VERSION }),
        found => Err(StoreError::OlderFormat { found, supported: FORMAT_VERSION }),
    }
}

/// Returns the format of what is in an engine; `None` for an empty one.
pub(crate) fn format_of(engine: &Engine) -> Result<Option<u32>, StoreError> {
    engine.get(key::meta(FORMAT_KEY))?.map(|format| read_format(&format)).transpose()
}

fn read_format(format: &[u8]) -> Result<u32, StoreError> {
    let format = format.try_into().map(u32::from_be_bytes);
    format.map_err(|_| StoreError::damaged("its format is no number"))
}

pub(crate) fn read_id(engine: &Engine) -> Result<[u8; 16], StoreError> {
    let id = engine.get(key::meta(ID_KEY))?.and_then(|id| id.as_ref().try_into().ok());
    id.ok_or_else(|| StoreError::damaged("its id is missing"))
}

/// Writes what a new store says of itself.
pub(crate) fn write_meta(engine: &Engine, store_id: [u8; 16]) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    batch.insert(key::meta(FORMAT_KEY), &FORMAT_VERSION.to_be_bytes());
    batch.insert(key::meta(ID_KEY), &store_id);
    engine.apply(batch)
}

/// Returns an id that no other store has: hashed by the standard library's random keys.
fn random_id() -> [u8; 16] {
    use std::hash::{BuildHasher, RandomState};
    let mut id = [0; 16];
    for (half, chunk) in id.chunks_exact_mut(8).enumerate() {
        chunk.copy_from_slice(&RandomState::new().hash_one(half).to_be_bytes());
    }
    id
}

/// Makes the names of new files in a directory survive the loss of power.
pub(crate) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let sync = || File::open(path.join("sled"))?.sync_all().and_then(|()| File::open(path)?.sync_all());
    sync().map_err(|cause| StoreError::failed("sync its directory", cause))
}

pub(crate) fn folder_bytes(path: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let metadata = match entry.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue, // an index beside it drops files
            metadata => metadata?,
        };
        bytes += if metadata.is_dir() { folder_bytes(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

/// Puts the claims into their order and checks that they are claims of this document.
pub(crate) fn check_extraction(
    document: &dictum_core::Document,
    extraction: &mut Extraction,
) -> Result<(), StoreError> {
    let bad = |reason: String| Err(StoreError::BadArgument { field: "extraction.claims", reason });
    if extraction.claims.len() > MAX_CLAIMS as usize {
        return bad(format!("a document has at most {MAX_CLAIMS} claims, not {}", extraction.claims.len()));
    }
    extraction.sort_claims();
    let mut ids = std::collections::HashSet::new();
    for claim in &extraction.claims {
        if claim.id != ClaimId::of(document.id(), &claim.form) {
            return bad(format!(
                "claim `{}` does not have the id of its form and spans in this document",
                claim.id
            ));
        }
        if !ids.insert(claim.id) {
            return bad(format!("claim `{}` comes twice", claim.id));
        }
        if let Some(span) = claim.form.spans().into_iter().find(|span| span.slice(&document.text).is_none()) {
            return bad(format!("span {span} of claim `{}` is no part of the text", claim.id));
        }
    }
    match extraction.title.filter(|title| title.slice(&document.text).is_none()) {
        Some(title) => Err(StoreError::BadArgument {
            field: "extraction.title",
            reason: format!("span {title} is no part of the text"),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_newer_format_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        Store::open(folder.path(), StoreOptions::default()).await.unwrap().close().await;
        let engine = Engine::open(&folder.path().join("sled"), 1 << 20).unwrap();
        let mut batch = Batch::default();
        batch.insert(key::meta(FORMAT_KEY), &(FORMAT_VERSION + 1).to_be_bytes());
        engine.apply(batch).unwrap();
        engine.close();
        let error = Store::open(folder.path(), StoreOptions::default()).await.unwrap_err();
        assert!(
            matches!(error, StoreError::NewerFormat { found, supported: FORMAT_VERSION } if found > FORMAT_VERSION)
        );
        assert!(error.to_string().ends_with("use a newer version"));
    }
}
