//! The services over real sockets: contract, errors, limits, streams, start and stop.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a test")]

mod api;
mod balance;
mod contract;
mod errors;
mod extraction;
mod ingest;
mod keeping;
mod life;
mod metrics;
mod protocol;
mod search;
mod security;
mod storage;
mod trace;
mod upload;
mod watch;
