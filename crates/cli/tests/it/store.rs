//! `dictum store`: a data directory is checked, backed up, restored and compacted.

use std::{fs, path::Path};

use serde_json::Value;

use crate::dictum::{Server, run, succeed};

fn store(args: &[&str], data: &Path) -> Value {
    let args = [&["store"], args, &["--data", data.to_str().unwrap(), "--output", "json"]].concat();
    serde_json::from_str(&succeed(&args)).unwrap()
}

#[test]
fn a_data_directory_is_looked_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (data, restored, backup) = (path("data"), path("restored"), path("dictum.bak"));
    let backup_name = backup.to_str().unwrap();
    fs::write(path("posts.txt"), succeed(&["sample"])).unwrap();
    let server = Server::start(&data);
    succeed(&["ingest", path("posts.txt").to_str().unwrap(), "--endpoint", &server.endpoint]);
    let in_use = run(&["store", "check", "--data", data.to_str().unwrap()]);
    assert_eq!(in_use.code, Some(75), "{in_use:?}");
    server.kill();

    let checked = store(&["check"], &data);
    assert_eq!(checked["problems"], 0);
    assert!(checked["claims"].as_u64() > Some(5), "{checked}");
    let stats = store(&["stats"], &data);
    assert_eq!(stats["claims"], checked["claims"]);

    let written = store(&["backup", backup_name], &data);
    assert_eq!(written["bytes"].as_u64(), Some(backup.metadata().unwrap().len()));
    assert_eq!(store(&["restore", backup_name], &restored), written);
    assert_eq!(store(&["check"], &restored), checked);
    let compacted = store(&["compact"], &data);
    assert!(compacted["bytesAfter"].as_u64() > Some(0), "{compacted}");
    assert_eq!(store(&["check"], &data), checked);
}

#[test]
fn a_server_that_goes_on_is_looked_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (data, restored, backup) = (path("data"), path("restored"), path("dictum.bak"));
    fs::write(path("posts.txt"), succeed(&["sample"])).unwrap();
    let server = Server::start(&data);
    let at = |args: &[&str]| run(&[args, &["--endpoint", &server.endpoint]].concat());
    at(&["ingest", path("posts.txt").to_str().unwrap()]);

    let backup_name = backup.to_str().unwrap();
    let written = at(&["store", "backup", backup_name, "--online", "--output", "json"]);
    let written: Value = serde_json::from_str(&written.stdout).unwrap();
    assert_eq!(store(&["restore", backup_name], &restored), written);
    let claims = at(&["list", "--all", "--output", "ndjson"]).stdout;
    assert_eq!(store(&["check"], &restored)["claims"], claims.lines().count());

    let same = at(&["reextract"]);
    assert_eq!((same.code, same.stdout.as_str()), (Some(0), ""), "{same:?}");
    assert!(same.stderr.contains(" 0 of them changed"), "{same:?}");
    let before = ["delete", "--published-before", "2100-01-01T00:00:00Z"];
    let named = at(&[&before[..], &["--dry-run"]].concat());
    assert!(named.stdout.lines().count() > 1, "{named:?}");
    let deleted = at(&before);
    assert_eq!(deleted.code, Some(0), "{deleted:?}");
    assert_eq!(at(&before).stderr.trim_end().split_once(',').unwrap().0, "deleted 0 documents");
    server.kill();
}

#[test]
fn what_cannot_be_done_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (absent, damaged) = (path("absent"), path("damaged.bak"));
    fs::write(&damaged, "DICTUMBK and then nothing of the kind").unwrap();
    for (args, code, words) in [
        (vec!["check", "--data", &absent], 73, "there is no store"),
        (vec!["restore", &damaged, "--data", &absent], 65, "could not read the backup"),
        (vec!["restore", &path("nothing.bak"), "--data", &absent], 74, "nothing.bak"),
    ] {
        let said = run(&[&["store"][..], &args].concat());
        assert_eq!(said.code, Some(code), "{said:?}");
        assert!(said.stderr.contains(words) && said.stdout.is_empty(), "{said:?}");
    }
    assert!(!Path::new(&absent).exists());
}
