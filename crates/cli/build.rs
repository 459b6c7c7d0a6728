//! Tells the program what it was built from, for `dictum --version`.

use std::{env, process::Command};

fn main() {
    println!("cargo:rerun-if-env-changed=DICTUM_COMMIT");
    let commit =
        env::var("DICTUM_COMMIT").ok().or_else(release_commit).unwrap_or_else(|| "not recorded".to_owned());
    println!("cargo:rustc-env=DICTUM_COMMIT={commit}");
    for (variable, of_cargo) in [("DICTUM_TARGET", "TARGET"), ("DICTUM_PROFILE", "PROFILE")] {
        println!("cargo:rustc-env={variable}={}", env::var(of_cargo).unwrap_or_default());
    }
}

/// Returns the commit of a release build, where git and the repository are at hand. Other builds do not ask: they would
/// be built anew after every commit.
fn release_commit() -> Option<String> {
    if env::var("PROFILE").as_deref() != Ok("release") {
        return None;
    }
    println!("cargo:rerun-if-changed={}", git(&["rev-parse", "--git-path", "logs/HEAD"])?);
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| line.trim().to_owned())
}
