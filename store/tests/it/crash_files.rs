//! After a crash between two files of the embedded engine everything acknowledged is there, once.

use std::fs;

use model::Reading;

use crate::crash::check;
use crate::telegraph::{append, copy_of, open, reading};

#[tokio::test]
async fn a_kill_before_the_manifest_names_the_new_parts_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let sent: Vec<Reading> = (0..30).map(|n| reading(&format!("lamp-{}", n % 3), n, 1.0)).collect();
    append(&*store, &sent[..15]).await;
    store.flush().await.unwrap();
    append(&*store, &sent[15..]).await;
    let before = copy_of(folder.path());
    store.flush().await.unwrap();
    // The parts and the newest values are there, the manifest is not yet, nor was the log shortened.
    let crashed = copy_of(folder.path());
    fs::copy(before.path().join("manifest"), crashed.path().join("manifest")).unwrap();
    for entry in fs::read_dir(before.path().join("log")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, crashed.path().join("log").join(path.file_name().unwrap())).unwrap();
    }
    fs::write(crashed.path().join("manifest.tmp"), "half").unwrap();
    fs::write(crashed.path().join("parts/messina/2026-11-22/0000000099.parquet.tmp"), "half").unwrap();
    check(crashed.path(), &sent).await;
    assert!(!crashed.path().join("manifest.tmp").exists());
}

#[tokio::test]
async fn a_kill_before_the_old_log_is_removed_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let sent: Vec<Reading> = (0..30).map(|n| reading(&format!("lamp-{}", n % 3), n, 1.0)).collect();
    append(&*store, &sent).await;
    let before = copy_of(folder.path());
    store.flush().await.unwrap();
    let crashed = copy_of(folder.path());
    for entry in fs::read_dir(before.path().join("log")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, crashed.path().join("log").join(path.file_name().unwrap())).unwrap();
    }
    check(crashed.path(), &sent).await;
}
