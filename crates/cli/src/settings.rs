//! Settings of `serve` from flags, variables and a file, and what came of them: `dictum config`.

use std::{env, ffi::OsString};

use clap::{ArgMatches, CommandFactory};
use dictum_server::{FileKeys, effective, with_file};

use crate::{cli::Cli, exit::Failure};

/// The commands that read a file of settings.
const WITH_FILE: [&str; 2] = ["serve", "config"];

/// The command line of this process, with the values of the file as defaults.
pub(crate) struct Parsed {
    /// What was said.
    pub(crate) matches: ArgMatches,
    command: clap::Command,
    file: FileKeys,
}

/// Reads the command line; leaves the process where clap has the last word: help, or wrong usage.
pub(crate) fn parse() -> Result<Parsed, Failure> {
    let arguments: Vec<OsString> = env::args_os().collect();
    let mut command = Cli::command();
    let mut file = FileKeys::default();
    let named = arguments.get(1).and_then(|name| WITH_FILE.into_iter().find(|known| name == known));
    if let Some(name) = named {
        let subcommand = command.find_subcommand(name).expect("it is one of ours").clone();
        let (subcommand, keys) = with_file(subcommand, &arguments[1..])
            .map_err(|error| Failure::Usage { message: error.to_string() })?;
        command = command.mut_subcommand(name, |_| subcommand);
        file = keys;
    }
    let matches = command.clone().try_get_matches_from(arguments).unwrap_or_else(|error| error.exit());
    Ok(Parsed { matches, command, file })
}

impl Parsed {
    /// Returns a line a setting of the command that was named.
    pub(crate) fn settings(&self) -> String {
        let named = self.matches.subcommand();
        let command = named.and_then(|(name, matches)| Some((self.command.find_subcommand(name)?, matches)));
        let settings = command.map(|(command, matches)| effective(command, matches, &self.file));
        settings.into_iter().flatten().map(|setting| format!("{setting}\n")).collect()
    }
}
