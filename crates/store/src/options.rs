//! What can be set of a store.

/// Sizes and limits of a [`Store`](crate::Store). The defaults suit a server with 1 GiB of memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// Whether a store is made where there is none. Default true.
    pub create: bool,
    /// Memory for pages of the engine, in bytes. Default 256 MiB.
    pub cache_bytes: u64,
    /// Memory for decoded documents, in bytes (counted by their texts and claims). Default 32 MiB.
    pub decoded_cache_bytes: u64,
    /// Writes that may wait for the committer; more wait in their callers. Default 256.
    pub queue_length: usize,
    /// Most changes that share one flush to disk. Default 64.
    pub group_length: usize,
    /// Room that a write leaves on the disk, in bytes. Default 64 MiB.
    pub min_free_bytes: u64,
    /// Changes that are kept in memory for watchers; slower ones read the log. Default 1024.
    pub recent_changes: usize,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            create: true,
            cache_bytes: 256 << 20,
            decoded_cache_bytes: 32 << 20,
            queue_length: 256,
            group_length: 64,
            min_free_bytes: 64 << 20,
            recent_changes: 1024,
        }
    }
}
