//! After a crash at any moment everything acknowledged is there, once.

use std::fs;

use model::Reading;

use crate::telegraph::{append, cells, copy_of, everything, messina, open, reading};

async fn check(folder: &std::path::Path, sent: &[Reading]) {
    // Twice: recovery itself must leave something that recovers.
    for _ in 0..2 {
        let store = open(folder).await;
        let mut expected: Vec<_> = sent.to_vec();
        expected.sort_by(|a, b| (&a.series, a.time).cmp(&(&b.series, b.time)));
        assert_eq!(everything(&*store).await, expected.iter().map(cells).collect::<Vec<_>>());
        assert_eq!(append(&*store, sent).await.duplicates, sent.len());
        let newest = expected.iter().map(|reading| reading.time).max();
        assert_eq!(store.newest(&messina()).into_iter().map(|reading| reading.time).max(), newest);
        assert_eq!(store.lost(), []);
    }
}

#[tokio::test]
async fn a_kill_between_two_appends_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let mut sent = Vec::new();
    for n in 0..6 {
        let readings: Vec<Reading> = (0..4).map(|lamp| reading(&format!("lamp-{lamp}"), n * 40_000, 1.0)).collect();
        append(&*store, &readings).await;
        sent.extend(readings);
        if n % 2 == 1 {
            store.flush().await.unwrap();
        }
        let crashed = copy_of(folder.path());
        check(crashed.path(), &sent).await;
    }
}

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
