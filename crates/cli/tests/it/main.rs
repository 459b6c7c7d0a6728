//! The command line as a process: what goes in, what comes out, and how it ends.

mod bad_input;
mod demo;
mod dictum;
mod kill;
mod one_directory;
mod same_claims;
