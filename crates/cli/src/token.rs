//! `dictum token`: a secret for a caller, and the line that tells a server whose it is.

use std::{fs::OpenOptions, io, io::Write};

use dictum_server::NewToken;

use crate::{
    cli::TokenArgs,
    exit::{Exit, Failure},
    terminal,
};

/// Adds the line, then prints the secret.
pub(crate) fn run(args: &TokenArgs) -> Result<Exit, Failure> {
    let token = NewToken::generate().map_err(|message| Failure::Start(io::Error::other(message)))?;
    let line = token.line(&args.name, &args.scopes);
    match &args.access {
        None => anstream::eprintln!("for the file of --access:\n{line}"),
        Some(path) => {
            let added = OpenOptions::new().append(true).create(true).open(path).and_then(|mut file| {
                file.write_all(format!("{line}\n").as_bytes()) // at once: the server may be reading
            });
            added.map_err(|source| Failure::File { path: path.clone(), source })?;
        }
    }
    let mut out = terminal::stdout();
    writeln!(out, "{}", token.secret())?;
    out.flush()?;
    Ok(Exit::Done)
}
