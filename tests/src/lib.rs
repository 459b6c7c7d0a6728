//! The bench on which the whole of Dictum is tested: services in this process, and real processes, each on a free port
//! with a store of its own.

#![expect(clippy::unwrap_used, reason = "this crate is for tests only: a panic is the report")]

mod access;
mod authority;
pub mod hostile;
mod process;
mod services;

pub use access::Access;
pub use authority::{Authority, Certificate};
pub use process::Process;
pub use services::{Bench, BenchConfig, Running, document, metrics, start};
