//! Bringing a store of an earlier format to the present one: a new folder of the engine is filled beside the old one,
//! and takes its place when it is whole.
//!
//! What was filled in stays when the process ends: documents go in by the order of their ids, log entries by revision,
//! indexes by first revision, so that the last key says where to go on.
//!
//! Format 1 differs in its keys: bundles under `01 document(16)`, an index entry for each value and document, the order
//! of writing under `07 first revision(8)`. Log, contents and messages were as they are.

use std::path::Path;

use crate::{
    StoreError, StoreOptions,
    backup::{Filling, derive, finish_compaction, replace_engine},
    bundle::RawBundle,
    engine::Engine,
    head::HeadFile,
    key,
    log::LogReader,
    store::{FORMAT_VERSION, folder_bytes, format_of, lock_folder, read_id, write_meta},
};

/// Entries after which what was filled in is made durable.
const DURABLE_EVERY: u64 = 2048;

/// How far an upgrade is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpgradeProgress {
    /// So many documents were copied, those of earlier runs left out.
    Documents(u64),
    /// So many entries of the change log were copied, likewise.
    LogEntries(u64),
    /// The indexes are being built.
    Indexes,
}

/// What an upgrade did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upgraded {
    /// The format before.
    pub from_format: u32,
    /// The format now.
    pub to_format: u32,
    /// Documents in the store, deleted ones included; 0 where nothing was to be done.
    pub documents: u64,
    /// Bytes on the disk before and after.
    pub bytes: (u64, u64),
}

pub(crate) fn upgrade(
    path: &Path,
    options: &StoreOptions,
    progress: &dyn Fn(UpgradeProgress),
) -> Result<Upgraded, StoreError> {
    if !path.join("HEAD").exists() {
        return Err(StoreError::BadArgument { field: "path", reason: "there is no store".to_owned() });
    }
    let _lock = lock_folder(path)?;
    finish_compaction(path)?;
    let bytes =
        |folder: &Path| folder_bytes(folder).map_err(|cause| StoreError::failed("measure its files", cause));
    let (current, building) = (path.join("sled"), path.join("sled.upgrade"));
    let bytes_before = bytes(&current)?;
    let (_, head) = HeadFile::open(&path.join("HEAD"))?;
    let old = Engine::open(&current, options.cache_bytes)?;
    let from_format = format_of(&old)?.ok_or_else(|| StoreError::damaged("its keys are missing"))?;
    if from_format > FORMAT_VERSION {
        return Err(StoreError::NewerFormat { found: from_format, supported: FORMAT_VERSION });
    }
    if from_format == FORMAT_VERSION {
        let bytes = (bytes_before, bytes_before);
        return Ok(Upgraded { from_format, to_format: FORMAT_VERSION, documents: 0, bytes });
    }
    let log = LogReader { engine: &old };
    let newest = log.newest()?;
    if let Some(head) = head {
        log.check_head(head, newest)?;
    }

    let new = Engine::open(&building, options.cache_bytes)?;
    if format_of(&new)? != Some(FORMAT_VERSION) {
        write_meta(&new, read_id(&old)?)?;
    }
    copy_documents(&old, &new, progress)?;
    copy_log(&old, &new, progress)?;
    progress(UpgradeProgress::Indexes);
    let documents = derive(&new, newest.revision)?;
    if (LogReader { engine: &new }).newest()? != newest {
        return Err(StoreError::damaged("the upgraded log is another one"));
    }
    new.sync()?;
    new.close_for_long()?;
    old.close();
    replace_engine(path, &building)?;
    let bytes = (bytes_before, bytes(&current)?);
    Ok(Upgraded { from_format, to_format: FORMAT_VERSION, documents, bytes })
}

fn copy_documents(old: &Engine, new: &Engine, progress: &dyn Fn(UpgradeProgress)) -> Result<(), StoreError> {
    progress(UpgradeProgress::Documents(0));
    let mut start = vec![key::BUNDLE];
    if let Some((last, _)) = new.prefix(&[key::DOCUMENT], true)?.next().transpose()? {
        start.extend(&last[1..]); // Inserted once more, which changes nothing.
    }
    let mut filling = Filling::new(new);
    for (entry, number) in old.range(start, key::after_prefix(&[key::BUNDLE]), false)?.zip(1u64..) {
        let (key, value) = entry?;
        let id = key.get(1..).and_then(key::document_id_of);
        let id = id.ok_or_else(|| StoreError::damaged("a document's key is too short"))?;
        filling.insert_document(&RawBundle::read_format_1(id, &value)?)?;
        if number.is_multiple_of(DURABLE_EVERY) {
            filling.apply()?;
            new.sync()?;
            progress(UpgradeProgress::Documents(number));
        }
    }
    filling.apply()?;
    new.sync()
}

fn copy_log(old: &Engine, new: &Engine, progress: &dyn Fn(UpgradeProgress)) -> Result<(), StoreError> {
    progress(UpgradeProgress::LogEntries(0));
    let copied = (LogReader { engine: new }).newest()?.revision;
    let mut filling = Filling::new(new);
    let rest = old.range(key::log(copied + 1).to_vec(), key::after_prefix(&[key::LOG]), false)?;
    for (entry, number) in rest.zip(1u64..) {
        let (key, value) = entry?;
        filling.insert(key.to_vec(), value.to_vec())?;
        if number.is_multiple_of(DURABLE_EVERY) {
            filling.apply()?;
            new.sync()?;
            progress(UpgradeProgress::LogEntries(number));
        }
    }
    filling.apply()?;
    new.sync()
}
