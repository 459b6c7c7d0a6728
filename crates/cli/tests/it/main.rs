//! The command line as a process: what goes in, what comes out, and how it ends.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

mod accuracy;
mod bad_input;
mod compared;
mod corpus;
mod demo;
mod dictum;
mod explain;
mod kill;
mod names;
mod one_directory;
mod same_claims;
mod store;
