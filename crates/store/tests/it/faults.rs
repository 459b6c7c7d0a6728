//! A disk that fails now and then, and a process that is stopped and goes on. Children are this test program, started
//! again; system calls are made to fail by strace, and where there is none the test says that it was skipped.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use dictum_store::Store;

use crate::sample::{document, small};

const FOLDER: &str = "DICTUM_FAULTS_FOLDER";
const DOCUMENTS: u64 = 400;
const IN_FLIGHT: u64 = 16;

/// Child: writes documents, tries each again until it is taken, and says what was acknowledged and what refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_goes_on() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = Store::open(folder, small()).await.unwrap();
    println!(); // What the test harness began is no line of ours.
    let writers: Vec<_> = (0..IN_FLIGHT)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for seed in (writer..DOCUMENTS).step_by(usize::try_from(IN_FLIGHT).unwrap()) {
                    while let Err(error) = store.write(document(seed)).await {
                        println!("refused {seed} {error}");
                    }
                    println!("written {seed}");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    store.close().await;
    println!("closed");
}

fn child(program: &mut Command, folder: &Path) -> Child {
    program
        .args(["--exact", "faults::child_that_goes_on", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Opens what a child left and compares it with what was acknowledged.
async fn assert_kept(folder: &Path, written: &BTreeSet<u64>) {
    let store = Store::open(folder, small()).await.unwrap();
    for seed in written {
        let found = store.get_document(document(*seed).document.id()).await.unwrap();
        assert_eq!(found.extracted, document(*seed));
    }
    let report = store.check().await.unwrap();
    assert!(report.is_clean(), "{:#?}", report.described);
    store.close().await;
}

async fn a_failing_call(inject: &str) {
    if Command::new("strace").args(["-o", "/dev/null", "true"]).status().is_ok_and(|status| status.success())
    {
        let folder = tempfile::tempdir().unwrap();
        let mut strace = Command::new("strace");
        strace
            .args(["-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fdatasync,sync_file_range"])
            .args(["-e", inject])
            .arg(std::env::current_exe().unwrap());
        let output = child(&mut strace, folder.path()).wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let numbers = |what: &str| -> BTreeSet<u64> {
            let lines =
                said.lines().filter_map(|line| line.strip_prefix(what)?.split(' ').next()?.parse().ok());
            lines.collect()
        };
        assert!(!numbers("refused ").is_empty(), "no call failed:\n{said}");
        assert_eq!(numbers("written ").len() as u64, DOCUMENTS, "writes work again after each:\n{said}");
        assert_kept(folder.path(), &numbers("written ")).await;
    } else {
        eprintln!("skipped: there is no strace, or it may not trace");
    }
}

#[tokio::test]
async fn a_failing_fdatasync_acknowledges_nothing_and_passes() {
    a_failing_call("inject=fdatasync:error=EIO:when=5+9").await;
}

#[tokio::test]
async fn a_write_that_the_engine_cannot_make_acknowledges_nothing_and_passes() {
    a_failing_call("inject=sync_file_range:error=EIO:when=5+17").await;
}

/// Returns whether all threads of a process stand still.
fn is_stopped(process: u32) -> bool {
    let state = |stat: &str| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'));
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    threads
        .flatten()
        .all(|thread| std::fs::read_to_string(thread.path().join("stat")).is_ok_and(|stat| state(&stat)))
}

#[tokio::test]
async fn a_process_that_is_stopped_goes_on_where_it_was() {
    if std::env::var(FOLDER).is_ok() {
        return; // A child runs one test alone, but its name may be a part of this one's.
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = child(&mut Command::new(std::env::current_exe().unwrap()), folder.path());
    let process = child.id();
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &process.to_string()]).status().unwrap();
        assert!(sent.success());
    };
    let mut written = BTreeSet::new();
    let output = BufReader::new(child.stdout.take().unwrap());
    for line in output.lines().map_while(Result::ok) {
        let Some(seed) = line.strip_prefix("written ").and_then(|seed| seed.parse().ok()) else { continue };
        written.insert(seed);
        if written.len() % 150 == 100 {
            signal("-STOP");
            while !is_stopped(process) {
                std::thread::yield_now();
            }
            let locked = Store::open(folder.path(), small()).await;
            assert!(matches!(locked, Err(dictum_store::StoreError::Locked { .. })), "{locked:?}");
            signal("-CONT");
        }
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(written.len() as u64, DOCUMENTS);
    assert_kept(folder.path(), &written).await;
}
