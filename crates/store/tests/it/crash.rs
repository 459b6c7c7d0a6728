//! `kill -9` at random moments, and damage to the files of a closed store. Both run the store in a child process: this
//! test program, started again.
//!
//! `DICTUM_CRASH_KILLS` (20 when unset) and `DICTUM_CRASH_DAMAGES` (30 when unset) set how often.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use dictum_store::{ClaimFilter, ListOrder, Store, StoreError};

use crate::sample::{Dice, document, small};

const FOLDER: &str = "DICTUM_CRASH_FOLDER";
const FIRST_SEED: &str = "DICTUM_CRASH_FIRST_SEED";
const IN_FLIGHT: u64 = 64;

fn number(variable: &str, unset: u64) -> u64 {
    std::env::var(variable).map_or(unset, |value| value.parse().unwrap())
}

/// Starts a test of this program as a child on a directory.
fn start(test: &str, folder: &Path, first_seed: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(FIRST_SEED, first_seed.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Child: writes documents, 64 at a time, deletes some, and says what was acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_writes() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let first = number(FIRST_SEED, 0);
    let store = Store::open(folder, small()).await.unwrap();
    println!("\nopen");
    let writers: Vec<_> = (0..IN_FLIGHT)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for seed in (first + writer..).step_by(usize::try_from(IN_FLIGHT).unwrap()) {
                    let id = store.write(document(seed)).await.unwrap().document_id;
                    println!("written {seed}");
                    if seed % 8 == 3 {
                        println!("deleting {seed}");
                        store.delete_document(id).await.unwrap();
                        println!("deleted {seed}");
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

/// Reads what a child says and kills it after `lines` lines.
fn kill_after(mut child: Child, lines: usize, acknowledged: &mut BTreeMap<u64, State>) {
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut killed = false;
    for (at, line) in output.lines().map_while(Result::ok).enumerate() {
        if let Some((what, seed)) = line.split_once(' ')
            && let Ok(seed) = seed.parse()
        {
            match what {
                "written" => drop(acknowledged.insert(seed, State::Written)),
                "deleting" => drop(acknowledged.insert(seed, State::PerhapsDeleted)),
                "deleted" => drop(acknowledged.insert(seed, State::Deleted)),
                _ => {}
            }
        }
        if at >= lines && !killed {
            child.kill().unwrap(); // What it said before is still read.
            killed = true;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Written,
    PerhapsDeleted,
    Deleted,
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_by_kill_9() {
    if std::env::var(FOLDER).is_ok() {
        return; // A child runs one test alone, but its name may be a part of this one's.
    }
    let kills = number("DICTUM_CRASH_KILLS", 20);
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice::new(kills);
    let mut acknowledged = BTreeMap::new();
    let mut next_seed = 0;
    for kill in 0..kills {
        let mut new = BTreeMap::new();
        let lines = dice.below(400);
        kill_after(start("crash::child_that_writes", folder.path(), next_seed), lines, &mut new);
        acknowledged.extend(&new);
        next_seed = acknowledged.keys().last().map_or(0, |last| last + 1 + 2 * IN_FLIGHT);

        let store = Store::open(folder.path(), small()).await.unwrap();
        // The check looks at what was there before; what was acknowledged then is compared once more at the end.
        let compared = if kill + 1 == kills { &acknowledged } else { &new };
        for (seed, state) in compared {
            let expected = document(*seed);
            match (state, store.get_document(expected.document.id()).await) {
                (State::Written | State::PerhapsDeleted, Ok(found)) => assert_eq!(found.extracted, expected),
                (State::Deleted | State::PerhapsDeleted, Err(StoreError::DocumentDeleted { .. })) => {}
                (state, found) => panic!("kill {kill}: document {seed} is {state:?}, found {found:?}"),
            }
        }
        let report = store.check().await.unwrap();
        assert!(report.is_clean(), "kill {kill}: {:#?}", report.described);
        store.close().await;
    }
    println!("{kills} kills, {} acknowledged documents, none lost, none torn", acknowledged.len());
}

/// Child: opens a store that may be damaged and says all that is in it, or that it is damaged.
#[tokio::test]
async fn child_that_reads() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    match read_all(Path::new(&folder)).await {
        Ok(digest) => println!("\nwhole {digest}"),
        Err(error) => println!("\ndamaged {error}"),
    }
}

/// Returns a digest of everything in a store that passes its check.
async fn read_all(folder: &Path) -> Result<String, StoreError> {
    let store = Store::open(folder, small()).await?;
    let report = store.check().await?;
    let mut lines = vec![format!("{report:?}")];
    for order in [ListOrder::TimeAscending, ListOrder::WrittenDescending] {
        let page = store.list_claims(&ClaimFilter::default(), order, 1000, None).await?;
        for stored in &page.claims {
            lines.push(format!("{:?} {:?}", stored.claim(), stored.document()));
        }
    }
    store.close().await;
    if !report.is_clean() {
        return Err(StoreError::Damaged { what: report.described.join("; "), cause: None });
    }
    Ok(dictum_core::ContentHash::of(&lines.join("\n")).to_string())
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn files(folder: &Path) -> BTreeSet<std::path::PathBuf> {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { [path].into() }).collect()
}

/// Flips a bit of a file or cuts it; returns what it did.
fn damage(folder: &Path, dice: &mut Dice) -> String {
    let files: Vec<_> = files(folder).into_iter().filter(|file| file.metadata().unwrap().len() > 0).collect();
    // Most of the bytes, and so most of the damage, are in the largest file.
    let largest = files.iter().max_by_key(|file| file.metadata().unwrap().len()).unwrap();
    let file = if dice.one_in(4) { dice.pick(&files) } else { largest };
    let name = file.strip_prefix(folder).unwrap().display().to_string();
    let mut bytes = std::fs::read(file).unwrap();
    // Files end in room that was set aside: only what was written counts.
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
    let at = dice.below(used);
    let cut = dice.one_in(4);
    if cut {
        bytes.truncate(at);
    } else {
        bytes[at] ^= 1 << dice.below(8);
    }
    std::fs::write(file, &bytes).unwrap();
    format!("{name} {} at {at} of {used}", if cut { "cut" } else { "flipped" })
}

#[tokio::test]
async fn damage_is_told_or_does_no_harm() {
    if std::env::var(FOLDER).is_ok() {
        return;
    }
    let damages = number("DICTUM_CRASH_DAMAGES", 30);
    let whole = tempfile::tempdir().unwrap();
    let store = Store::open(whole.path(), small()).await.unwrap();
    for seed in 0..120 {
        let id = store.write(document(seed)).await.unwrap().document_id;
        if seed % 8 == 3 {
            store.delete_document(id).await.unwrap();
        }
    }
    store.close().await;
    let expected = format!("whole {}", read_all(whole.path()).await.unwrap());

    let mut dice = Dice::new(damages);
    let (mut told, mut harmless, mut broke) = (0, 0, 0);
    for _ in 0..damages {
        let folder = tempfile::tempdir().unwrap();
        copy(whole.path(), folder.path());
        let what = damage(folder.path(), &mut dice);
        let output = start("crash::child_that_reads", folder.path(), 0).wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        match said.lines().find(|line| line.starts_with("whole ") || line.starts_with("damaged ")) {
            Some(line) if line == expected => harmless += 1,
            Some(line) if line.starts_with("damaged ") => told += 1,
            Some(_) => panic!("{what}: something else is in the store, and it says nothing"),
            None => broke += 1, // The process ended: nobody takes that for an answer.
        }
    }
    println!("{damages} damages: {told} told, {harmless} harmless, {broke} ended the process");
}
