//! `dictum`: the command line. Parses, runs one command, turns its outcome into an exit code.
//!
//! What a command does is in the module of its name; how claims are printed is in `claims`. Absent on purpose: rules,
//! formats, storage and gRPC, which are crates of their own.

mod claims;
mod cli;
mod eval;
mod exit;
mod extract;
mod inputs;
mod json;
mod report;
mod table;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

/// Printing many claims is many small allocations; this allocator makes `extract` about a third faster.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Extract(args) => extract::run(&args),
        Command::Eval(args) => eval::run(&args),
    };
    exit::code(outcome)
}
