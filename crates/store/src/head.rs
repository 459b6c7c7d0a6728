//! The file `HEAD`: the last acknowledged revision, kept apart from the engine.
//!
//! After damage the engine may open with its newest changes missing and not say so. `HEAD` says how far the log must
//! reach. It has two slots of 512 bytes that are written in turn, so that a write cut off by a loss of power leaves the
//! other one whole.
//!
//! A slot: magic `DICTHEAD` (8) | revision (8, big-endian) | chain hash (16) | CRC-32 of those 32 bytes (4).

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
};

use crate::StoreError;

const MAGIC: &[u8; 8] = b"DICTHEAD";
const SLOT_BYTES: usize = 512;

/// What is known to be durable: a revision, and the hash over the log up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Head {
    pub(crate) revision: u64,
    pub(crate) chain: [u8; 16],
}

/// The open file.
pub(crate) struct HeadFile {
    file: File,
    next_slot: usize,
}

impl HeadFile {
    /// Opens or makes the file and returns what it says; `None` for a file that was just made.
    pub(crate) fn open(path: &Path) -> Result<(Self, Option<Head>), StoreError> {
        let failed = |cause| StoreError::failed("open its HEAD file", cause);
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        (&mut file).take(2 * SLOT_BYTES as u64).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.is_empty() {
            return Ok((Self { file, next_slot: 0 }, None));
        }
        let slot = |at: usize| bytes.get(at * SLOT_BYTES..).and_then(parse);
        let (next_slot, head) = match (slot(0), slot(1)) {
            (Some(a), Some(b)) if a.revision >= b.revision => (1, a),
            (Some(a), None) => (1, a),
            (_, Some(b)) => (0, b),
            (None, None) => return Err(StoreError::damaged("its HEAD file cannot be read")),
        };
        Ok((Self { file, next_slot }, Some(head)))
    }

    /// Writes `head`: from now on the end of this process does not undo it.
    pub(crate) fn write(&mut self, head: Head) -> Result<(), StoreError> {
        self.write_slot(head).map_err(|cause| StoreError::failed("write its HEAD file", cause))
    }

    fn write_slot(&mut self, head: Head) -> io::Result<()> {
        let mut slot = [0; SLOT_BYTES];
        slot[..8].copy_from_slice(MAGIC);
        slot[8..16].copy_from_slice(&head.revision.to_be_bytes());
        slot[16..32].copy_from_slice(&head.chain);
        let crc = crc32fast::hash(&slot[..32]);
        slot[32..36].copy_from_slice(&crc.to_be_bytes());
        self.file.seek(SeekFrom::Start((self.next_slot * SLOT_BYTES) as u64))?;
        self.file.write_all(&slot)?;
        self.next_slot = 1 - self.next_slot;
        Ok(())
    }

    /// Waits until what was written is on the disk.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(|cause| StoreError::failed("write its HEAD file", cause))
    }
}

/// Makes `HEAD` survive the loss of power on a thread of its own: nobody waits for it, and what comes while it works is
/// done in one go.
pub(crate) struct HeadSync {
    requests: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    failed: Arc<Mutex<Option<io::Error>>>,
}

impl HeadSync {
    pub(crate) fn start(head_file: &HeadFile) -> io::Result<Self> {
        let file = head_file.file.try_clone()?;
        let (requests, receiver) = mpsc::channel();
        let failed = Arc::new(Mutex::new(None));
        let told = failed.clone();
        let thread = std::thread::Builder::new().name("store-head".to_owned()).spawn(move || {
            while receiver.recv().is_ok() {
                while receiver.try_recv().is_ok() {}
                if let Err(error) = file.sync_data() {
                    told.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            }
        })?;
        Ok(Self { requests: Some(requests), thread: Some(thread), failed })
    }

    /// Asks for it.
    pub(crate) fn request(&self) {
        if let Some(requests) = &self.requests {
            let _ = requests.send(()); // The thread ends only with `self`.
        }
    }

    /// Returns the first failure since the last call.
    pub(crate) fn failure(&self) -> Result<(), StoreError> {
        match self.failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(cause) => Err(StoreError::failed("write its HEAD file", cause)),
            None => Ok(()),
        }
    }
}

impl Drop for HeadSync {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // It does not panic.
        }
    }
}

fn parse(slot: &[u8]) -> Option<Head> {
    let (body, rest) = slot.split_first_chunk::<32>()?;
    let crc = u32::from_be_bytes(*rest.first_chunk()?);
    if !body.starts_with(MAGIC) || crc32fast::hash(body) != crc {
        return None;
    }
    let mut head = Head { revision: u64::from_be_bytes(body[8..16].try_into().ok()?), chain: [0; 16] };
    head.chain.copy_from_slice(&body[16..]);
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_write_leaves_the_head_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("HEAD");
        let (mut file, head) = HeadFile::open(&path).unwrap();
        assert_eq!(head, None);
        for revision in 1..=3 {
            file.write(Head { revision, chain: [7; 16] }).unwrap();
        }
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[20] ^= 1; // Slot 0 holds revision 3.
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(HeadFile::open(&path).unwrap().1, Some(Head { revision: 2, chain: [7; 16] }));
        bytes[SLOT_BYTES + 20] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(HeadFile::open(&path).is_err());
    }
}
