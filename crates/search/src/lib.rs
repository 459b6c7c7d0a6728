//! Full text search over the claims of a store.
//!
//! The index is derived: it lives in a directory of its own, follows the store's change log, and is built anew whenever
//! it is missing, unreadable, of another version or of another store. It knows only what is durable, is never asked
//! whether a claim stands (the store is), and no write waits for it. Absent on purpose: gRPC, claims' bodies.
//!
//! | file | what is in it |
//! |---|---|
//! | `search` | the face: pages of hits, checked against the store |
//! | `query`, `words` | what is looked for; words, folded and stemmed |
//! | `index` | the only file that names tantivy |
//! | `feed` | the thread that follows the store |

mod feed;
mod index;
mod query;
mod search;
mod words;

pub use search::{Hit, Hits, Search, SearchError};
