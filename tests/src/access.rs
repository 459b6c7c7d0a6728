//! A file of identities for tests.

use std::{fmt::Write, fs, path::PathBuf};

use dictum_client::Token;
use dictum_server::{NewToken, Scope};
use tempfile::TempDir;

use crate::BenchConfig;

/// Who may call.
#[derive(Debug)]
pub struct Access {
    folder: TempDir,
    lines: String,
}

impl Default for Access {
    fn default() -> Self {
        let access = Self { folder: tempfile::tempdir().unwrap(), lines: String::new() };
        access.write();
        access
    }
}

impl Access {
    /// Returns the file.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("access.txt")
    }

    /// Returns settings with this file.
    #[must_use]
    pub fn config(&self) -> BenchConfig {
        let mut config = BenchConfig::default();
        config.server.security.access = Some(self.file());
        config
    }

    /// Adds somebody with a new token.
    ///
    /// # Panics
    ///
    /// When the file cannot be written.
    #[must_use]
    pub fn token(&mut self, name: &str, scopes: &[Scope]) -> Token {
        let token = NewToken::generate().unwrap();
        self.line(&token.line(name, scopes));
        Token::new(token.secret()).unwrap()
    }

    /// Adds somebody with a new token; returns the file with the token.
    ///
    /// # Panics
    ///
    /// When a file cannot be written.
    #[must_use]
    pub fn token_file(&mut self, name: &str, scopes: &[Scope]) -> PathBuf {
        let token = NewToken::generate().unwrap();
        self.line(&token.line(name, scopes));
        let path = self.folder.path().join(format!("{name}.token"));
        fs::write(&path, token.secret()).unwrap();
        path
    }

    /// Adds a line.
    ///
    /// # Panics
    ///
    /// When the file cannot be written.
    pub fn line(&mut self, line: &str) {
        writeln!(self.lines, "{line}").unwrap();
        self.write();
    }

    /// Forgets everybody.
    ///
    /// # Panics
    ///
    /// When the file cannot be written.
    pub fn clear(&mut self) {
        self.lines.clear();
        self.write();
    }

    fn write(&self) {
        fs::write(self.file(), &self.lines).unwrap();
    }
}
