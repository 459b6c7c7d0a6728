//! Who may call: identities with their scopes, read from a file of hashed tokens and names of certificates.
//!
//! One line an identity: its name, its scopes, its proof. The file holds no secret: of a token it has the hash alone.
//!
//! ```text
//! # name         scopes        proof
//! press-desk     read,ingest   blake3:7f4c…
//! ingest-1       read,ingest   certificate:ingest.dictum.example
//! ```

use std::{
    fmt::{self, Display},
    fs,
    path::Path,
    str::FromStr,
    sync::Arc,
};

use tokio_rustls::rustls::crypto::ring::default_provider;

/// What an identity may do. Each method of a service names the scopes of which one is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Read what is stored, and have texts extracted.
    Read,
    /// Add documents.
    Ingest,
    /// Everything, deleting and replacing among it.
    Admin,
}

impl Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Ingest => "ingest",
            Self::Admin => "admin",
        })
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "read" => Ok(Self::Read),
            "ingest" => Ok(Self::Ingest),
            "admin" => Ok(Self::Admin),
            _ => Err("a scope is read, ingest or admin".to_owned()),
        }
    }
}

/// The methods of one service, each with the scopes of which one is enough; `admin` always is.
pub type Access = &'static [(&'static str, &'static [Scope])];

/// Somebody who may call.
#[derive(Debug, PartialEq, Eq)]
pub struct Identity {
    name: Arc<str>,
    scopes: Vec<Scope>,
}

impl Identity {
    /// Returns the name that logs carry: letters, digits, `.`, `-` and `_`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    pub(crate) fn may(&self, enough: &[Scope]) -> bool {
        self.scopes.iter().any(|scope| *scope == Scope::Admin || enough.contains(scope))
    }

    /// Returns somebody whom the certificate authority alone vouches for: it may do everything.
    pub(crate) fn of_authority(name: &str) -> Self {
        Self { name: name.into(), scopes: vec![Scope::Admin] }
    }
}

/// Longest name of an identity.
const MAX_NAME_BYTES: usize = 64;

/// Returns whether this can be the name of an identity: it stands in logs and in answers.
#[must_use]
pub fn is_identity_name(name: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// A secret of 256 bits, to be shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct NewToken(String);

/// What a token starts with, so that people and scanners see what it is.
const TOKEN_PREFIX: &str = "dictum_";

impl NewToken {
    /// Returns a token that nobody has seen.
    ///
    /// # Errors
    ///
    /// When the system has no randomness.
    pub fn generate() -> Result<Self, String> {
        let mut secret = [0; 32];
        default_provider()
            .secure_random
            .fill(&mut secret)
            .map_err(|_| "the system gives no randomness".to_owned())?;
        Ok(Self(format!("{TOKEN_PREFIX}{}", blake3::Hash::from_bytes(secret).to_hex())))
    }

    /// Returns the token: what a caller sends.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Returns the line for the file of identities.
    #[must_use]
    pub fn line(&self, name: &str, scopes: &[Scope]) -> String {
        let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        format!("{name} {} blake3:{}", scopes.join(","), blake3::hash(self.0.as_bytes()).to_hex())
    }
}

/// The identities of a file.
#[derive(Debug, Default)]
pub(crate) struct AccessList {
    entries: Vec<(Proof, Arc<Identity>)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Proof {
    /// The hash of a token.
    Token(blake3::Hash),
    /// A DNS name or a URI that a certificate is made out for.
    Certificate(String),
}

impl AccessList {
    /// Reads a file; returns every mistake in it.
    pub(crate) fn load(path: &Path) -> Result<Self, Vec<String>> {
        let text = fs::read_to_string(path).map_err(|error| vec![format!("{}: {error}", path.display())])?;
        Self::parse(&text).map_err(|mistakes| {
            mistakes.into_iter().map(|mistake| format!("{}: {mistake}", path.display())).collect()
        })
    }

    fn parse(text: &str) -> Result<Self, Vec<String>> {
        let (mut list, mut mistakes) = (Self::default(), Vec::new());
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            match parse_line(line) {
                Ok((proof, _)) if list.entries.iter().any(|(known, _)| *known == proof) => {
                    mistakes.push(format!("line {number}: another line has this proof"));
                }
                Ok(entry) => list.entries.push(entry),
                Err(mistake) => mistakes.push(format!("line {number}: {mistake}")),
            }
        }
        if mistakes.is_empty() { Ok(list) } else { Err(mistakes) }
    }

    /// Returns who has this token. Takes as long for a wrong one as for a right one: each hash is compared in constant
    /// time, and all of them are.
    pub(crate) fn by_token(&self, token: &[u8]) -> Option<Arc<Identity>> {
        let hash = blake3::hash(token);
        let mut found = None;
        for (proof, identity) in &self.entries {
            if let Proof::Token(known) = proof
                && *known == hash
            {
                found = Some(identity);
            }
        }
        found.cloned()
    }

    /// Returns whom a certificate with these names is made out for.
    pub(crate) fn by_certificate(&self, names: &[String]) -> Option<Arc<Identity>> {
        let known = |proof: &Proof| matches!(proof, Proof::Certificate(name) if names.contains(name));
        self.entries.iter().find(|(proof, _)| known(proof)).map(|(_, identity)| Arc::clone(identity))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

fn parse_line(line: &str) -> Result<(Proof, Arc<Identity>), String> {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let [name, scopes, proof] = parts[..] else {
        return Err("a line has a name, scopes and a proof".to_owned());
    };
    if !is_identity_name(name) {
        return Err(format!("a name has letters, digits, `.`, `-` and `_` alone, {MAX_NAME_BYTES} at most"));
    }
    let scopes = scopes.split(',').map(str::parse).collect::<Result<Vec<Scope>, _>>()?;
    let proof = match proof.split_once(':') {
        Some(("blake3", hash)) => {
            Proof::Token(hash.parse().map_err(|_| "a hash has 64 hexadecimal digits".to_owned())?)
        }
        Some(("certificate", name)) if !name.is_empty() => Proof::Certificate(name.to_owned()),
        _ => return Err("a proof is blake3:HASH or certificate:NAME".to_owned()),
    };
    Ok((proof, Arc::new(Identity { name: name.into(), scopes })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_by_itself_alone() {
        let (one, other) = (NewToken::generate().unwrap(), NewToken::generate().unwrap());
        let text = format!("# who\n{} # the desk\n\n", one.line("desk", &[Scope::Read, Scope::Ingest]));
        let list = AccessList::parse(&text).unwrap();
        let identity = list.by_token(one.secret().as_bytes()).unwrap();
        assert_eq!((identity.name(), one.secret().len()), ("desk", 7 + 64));
        assert!(identity.may(&[Scope::Ingest]) && !identity.may(&[Scope::Admin]));
        let hash = blake3::hash(one.secret().as_bytes()).to_hex();
        for wrong in [other.secret(), "", hash.as_str(), &one.secret()[1..]] {
            assert!(list.by_token(wrong.as_bytes()).is_none(), "{wrong}");
        }
        assert!(!text.contains(one.secret()), "the file holds no secret");
    }

    #[test]
    fn a_certificate_is_known_by_a_whole_name() {
        let list = AccessList::parse("ingest read certificate:ingest.example").unwrap();
        assert!(list.by_certificate(&["x".to_owned(), "ingest.example".to_owned()]).is_some());
        for wrong in ["*.example", "INGEST.example", "ingest.example.evil", "ingest"] {
            assert!(list.by_certificate(&[wrong.to_owned()]).is_none(), "{wrong}");
        }
    }

    #[test]
    fn admin_may_everything() {
        assert!(Identity::of_authority("x").may(&[]));
        let list = AccessList::parse("a read certificate:a").unwrap();
        assert!(!list.by_certificate(&["a".to_owned()]).unwrap().may(&[]));
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let text = "desk read\ndesk write blake3:00\nde\u{1b}sk read certificate:a\na read certificate:a\nb read certificate:a\n\
                    c read blake3:zz\nd read sha256:00\ne read certificate:";
        let mistakes = AccessList::parse(text).unwrap_err();
        let lines: Vec<&str> = mistakes.iter().map(|mistake| mistake.split(':').next().unwrap()).collect();
        assert_eq!(lines, ["line 1", "line 2", "line 3", "line 5", "line 6", "line 7", "line 8"]);
        assert!(!mistakes.concat().contains('\u{1b}'));
    }
}
