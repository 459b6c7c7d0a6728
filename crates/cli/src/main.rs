//! `dictum`: the command line. Parses, runs one command, turns its outcome into an exit code.
//!
//! What a command does is in the module of its name; how claims are printed is in `claims`. Absent on purpose: rules,
//! formats, storage and gRPC, which are crates of their own.

mod bench;
mod claims;
mod cli;
mod count;
mod delete;
mod demo;
mod eval;
mod exchanges;
mod exit;
mod explain;
mod extract;
mod filter;
mod get;
mod ingest;
mod inputs;
mod json;
mod list;
mod names;
mod prerequisites;
mod probe;
mod reading;
mod reextract;
mod report;
mod search;
mod serve;
mod services;
mod settings;
mod speaker;
mod store;
mod table;
mod terminal;
mod token;
mod verify;
mod watch;

use std::{
    future::Future,
    io::{self, Write},
    process::ExitCode,
};

use clap::{CommandFactory, FromArgMatches};

use crate::{
    cli::{Cli, Command},
    exit::{Exit, Failure},
    settings::Parsed,
};

/// Claims are many small allocations, which this allocator is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    exit::code(settings::parse().and_then(|parsed| run(&parsed)))
}

fn run(parsed: &Parsed) -> Result<Exit, Failure> {
    let cli = Cli::from_arg_matches(&parsed.matches).unwrap_or_else(|error| error.exit());
    let command = cli.command;
    match command {
        Command::Demo => wait_for(demo::run()),
        Command::Sample => print(demo::SAMPLE.as_bytes()),
        Command::Extract(args) => extract::run(&args),
        Command::Serve(args) => wait_for(serve::run(*args)),
        Command::Config(_) => print(parsed.settings().as_bytes()),
        Command::Probe(args) => wait_for(probe::run(args)),
        Command::Token(args) => token::run(&args),
        Command::Ingest(args) => wait_for(ingest::run(&args)),
        Command::List(args) => wait_for(list::run(*args)),
        Command::Search(args) => wait_for(search::run(*args)),
        Command::Speakers(args) => wait_for(names::run(names::Kind::Speakers, args)),
        Command::Speaker(args) => wait_for(speaker::run(args)),
        Command::Topics(args) => wait_for(names::run(names::Kind::Topics, args)),
        Command::Channels(args) => wait_for(names::run(names::Kind::Channels, args)),
        Command::Count(args) => wait_for(count::run(*args)),
        Command::Delete(args) => wait_for(delete::run(&args)),
        Command::Prerequisites(args) => wait_for(prerequisites::run(*args)),
        Command::Exchanges(args) => wait_for(exchanges::run(args)),
        Command::Reextract(args) => wait_for(reextract::run(&args)),
        Command::Get(args) => wait_for(get::run(&args)),
        Command::Watch(args) => wait_for(watch::run(*args)),
        Command::Verify(args) => wait_for(verify::run(*args)),
        Command::Eval(args) => eval::run(&args),
        Command::Bench(args) => wait_for(bench::run(&args)),
        Command::Store { command } => wait_for(store::run(command)),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "dictum", &mut script);
            print(&script)
        }
    }
}

/// Runs a command that talks gRPC.
fn wait_for(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(Failure::Start)?.block_on(command)
}

fn print(data: &[u8]) -> Result<Exit, Failure> {
    io::stdout().lock().write_all(data)?;
    Ok(Exit::Done)
}
