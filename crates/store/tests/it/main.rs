//! Tests of the store through its public face.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a test")]

mod crash;
mod faults;
mod formats;
mod full_disk;
mod lifecycle;
mod list;
mod maintenance;
mod sample;
mod watch;
