//! One data directory belongs to one process.

use crate::dictum::{Server, run};

#[test]
fn a_second_server_on_one_directory_says_so_and_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let first = Server::start(folder.path());
    let second = run(&["serve", "--listen", "127.0.0.1:0", "--data", data]);
    assert_eq!(second.code, Some(75), "{second:?}");
    assert!(second.stderr.contains(data) && second.stderr.contains("in use"), "{second:?}");

    first.kill();
    Server::start(folder.path()); // what was locked is free again, after kill -9 too
}
