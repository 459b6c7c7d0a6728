//! No version in `Cargo.lock` is one that a published advisory names. `cargo deny check advisories` would need a database
//! from the network; this holds the line that was looked up, and is extended with each advisory that concerns us.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a test")]

use std::{fs, path::Path};

/// The lowest versions without a known advisory, by name; a name that is not there is fine.
const FLOORS: [(&str, [u64; 3], &str); 10] = [
    ("bytes", [1, 11, 1], "RUSTSEC-2026-0007"),
    ("h2", [0, 4, 16], "RUSTSEC-2026-0258, 2024-0332, 2024-0003"),
    ("hyper", [1, 0, 0], "earlier lines are not kept up"),
    ("ring", [0, 17, 12], "RUSTSEC-2025-0009"),
    ("rustls", [0, 23, 18], "RUSTSEC-2024-0399"),
    ("rustls-webpki", [0, 103, 13], "RUSTSEC-2026-0104, 0099, 0098, 0049"),
    ("tokio", [1, 44, 2], "RUSTSEC-2025-0023"),
    ("tonic", [0, 12, 3], "RUSTSEC-2024-0376"),
    ("tracing-subscriber", [0, 3, 20], "RUSTSEC-2025-0055"),
    ("crossbeam-channel", [0, 5, 15], "RUSTSEC-2025-0024"),
];

/// Crates that nobody keeps up, with who brings them: a new one needs a reason here.
const UNMAINTAINED: [(&str, &str); 2] = [("fxhash", "sled"), ("instant", "sled")];

fn packages() -> Vec<toml::Table> {
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock")).unwrap();
    let lock: toml::Table = lock.parse().unwrap();
    lock["package"].as_array().unwrap().iter().map(|package| package.as_table().unwrap().clone()).collect()
}

fn version(text: &str) -> [u64; 3] {
    let mut numbers = text.split(['.', '-', '+']).map(|number| number.parse().unwrap_or_default());
    std::array::from_fn(|_| numbers.next().unwrap_or_default())
}

#[test]
fn no_version_is_below_its_floor() {
    let packages = packages();
    for (name, floor, why) in FLOORS {
        for package in packages.iter().filter(|package| package["name"].as_str() == Some(name)) {
            let found = package["version"].as_str().unwrap();
            assert!(version(found) >= floor, "{name} {found} is below {floor:?}: {why}");
        }
    }
    // The list speaks of what is there: names that went are taken out.
    let gone: Vec<&str> = FLOORS
        .iter()
        .map(|(name, ..)| *name)
        .filter(|name| !packages.iter().any(|package| package["name"].as_str() == Some(name)))
        .collect();
    assert_eq!(gone, [""; 0]);
}

#[test]
fn what_nobody_keeps_up_is_brought_by_whom_we_know() {
    let packages = packages();
    for (name, by) in UNMAINTAINED {
        let users: Vec<&str> = packages
            .iter()
            .filter(|package| {
                let needs = package.get("dependencies").and_then(|needs| needs.as_array());
                needs
                    .into_iter()
                    .flatten()
                    .any(|need| need.as_str().is_some_and(|need| need.split(' ').next() == Some(name)))
            })
            .map(|package| package["name"].as_str().unwrap())
            .collect();
        assert!(
            users.iter().all(|user| *user == by || user.starts_with("parking_lot")),
            "{name} is used by {users:?}"
        );
    }
}
