//! Tests of the store through its public face.

mod lifecycle;
mod list;
mod sample;
mod watch;
