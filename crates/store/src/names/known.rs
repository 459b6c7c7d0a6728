//! The forms of speakers' names that the store has, by what forms of one person share: kept in memory, derived.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use super::bucket;

/// Folded forms by bucket. The committer alone changes it, as it counts.
#[derive(Debug, Default)]
pub(crate) struct KnownForms {
    buckets: RwLock<HashMap<String, BTreeSet<String>>>,
    /// Counts the changes, so that watches can see cheaply that there was none.
    generation: AtomicU64,
}

impl KnownForms {
    pub(crate) fn insert(&self, form: &str) {
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        buckets.entry(bucket(form)).or_default().insert(form.to_owned());
        self.generation.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn remove(&self, form: &str) {
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        let bucket = bucket(form);
        if let Some(forms) = buckets.get_mut(&bucket) {
            forms.remove(form);
            if forms.is_empty() {
                buckets.remove(&bucket);
            }
        }
        self.generation.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn clear(&self) {
        self.buckets.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Returns the known forms that may be one person with `name`, in their order.
    pub(crate) fn beside(&self, name: &str) -> Vec<String> {
        let buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
        buckets.get(&bucket(name)).map(|forms| forms.iter().cloned().collect()).unwrap_or_default()
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}
