//! The embedded claim store: documents with their claims, durable, indexed, with a log of every change.
//!
//! Its face is async and speaks in the types of `dictum-core`; nothing of the engine shows. `docs/store.md` describes
//! the stored bytes, what is guaranteed, and what was measured. Absent on purpose: gRPC, extraction, search in texts.
//!
//! | file | what is in it |
//! |---|---|
//! | `store` | the face |
//! | `commit` | the one thread that writes |
//! | `query`, `facet`, `documents`, `people`, `watch` | the ways to read |
//! | `compared`, `compare` | lists beside earlier ones, questions and answers of an occasion |
//! | `names` | which forms of a name are one person |
//! | `backup`, `check` | the whole store at once |
//! | `key`, `index`, `postings`, `unwritten`, `bundle`, `log`, `head`, `record` | the stored bytes, and what is about to become them |
//! | `upgrade` | bringing an older store to the present format |
//! | `engine` | the only file that names sled |

mod backup;
mod bundle;
mod check;
mod commit;
mod compare;
mod compared;
mod decoded;
mod documents;
mod engine;
mod error;
mod facet;
mod filter;
mod fold;
mod head;
mod index;
mod inner;
mod key;
mod log;
mod model;
mod names;
mod options;
mod people;
mod postings;
mod project;
mod query;
mod record;
mod store;
mod terms;
mod token;
mod unwritten;
mod upgrade;
mod watch;

pub use backup::BackupSummary;
pub use check::CheckReport;
pub use compare::{ItemChange, compare};
pub use error::{Cause, StoreError};
pub use filter::{ClaimFilter, MAX_FILTER_VALUES, TimeRange};
pub use model::{
    Change, ChangeCause, ClaimChange, ComparedList, ComparedPage, DocumentPage, ExtractionDiff, FacetCount,
    FacetField, GroupReport, ListOrder, Page, Replaced, SpeakerForm, SpeakerProfile, Stats, StoredClaim,
    StoredDocument, ValuePage, ValueSummary, WatchEvent, WriteOutcome, Written,
};
pub use names::NameJoin;
pub use options::StoreOptions;
pub use query::MAX_PAGE_SIZE;
pub use store::{FORMAT_VERSION, Store};
pub use terms::FilterTerms;
pub use upgrade::{UpgradeProgress, Upgraded};
pub use watch::{Watch, WatchFrom};
