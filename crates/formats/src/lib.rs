//! Bytes in, documents out: reads source files of every supported format, document by document.
//!
//! ```
//! use dictum_formats::{Item, ReadOptions, read};
//!
//! let file = "Forwarded from Harbour Office\nMedia is too big\nVIEW IN TELEGRAM\n💬 We open on Monday.\n";
//! for item in read(file.as_bytes(), ReadOptions::default()) {
//!     if let Item::Document(document) = item? {
//!         assert_eq!(document.text, "💬 We open on Monday.");
//!         assert_eq!(document.forwarded_from.as_deref(), Some("Harbour Office"));
//!     }
//! }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Reading is pulled: a document is read when it is asked for, and memory is bounded by
//! [`ReadOptions::max_document_bytes`], not by the file. What cannot become a document is reported with its place,
//! and the rest of the file goes on. Absent on purpose: claims, network, files (the caller opens them).

mod csv;
mod detect;
mod documents;
mod draft;
mod dump;
mod feed;
mod html;
mod item;
mod json;
mod markdown;
mod message;
mod names;
mod options;
mod plain;
mod source;
mod time;

pub use documents::{Documents, read};
pub use item::{Item, Rejection, RejectionReason, Skip, SkipReason, Summary};
pub use jiff::tz::TimeZone;
pub use options::{Format, ReadOptions, UnknownFormat};
