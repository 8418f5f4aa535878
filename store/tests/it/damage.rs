//! Damage costs what is damaged, is reported, and never stops the start.

use std::fs;
use std::path::{Path, PathBuf};

use model::Reading;
use proptest::prelude::*;

use crate::telegraph::{append, copy_of, everything, messina, open, raw, reading};

fn only_file(folder: &Path) -> PathBuf {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

/// A log of ten commits of three readings each, and where each commit ends.
async fn logged() -> (tempfile::TempDir, Vec<Reading>, Vec<u64>) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let (mut sent, mut ends) = (Vec::new(), Vec::new());
    for n in 0..10 {
        let readings: Vec<Reading> = (0..3).map(|lamp| reading(&format!("lamp-{lamp}"), n, n as f64)).collect();
        append(&*store, &readings).await;
        ends.push(fs::metadata(only_file(&folder.path().join("log"))).unwrap().len());
        sent.extend(readings);
    }
    (copy_of(folder.path()), sent, ends)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_log_cut_anywhere_gives_a_prefix_of_what_was_appended(cut in 0.0..1.0_f64, junk in proptest::collection::vec(any::<u8>(), 0..40)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (folder, sent, ends) = logged().await;
            let file = only_file(&folder.path().join("log"));
            let mut bytes = fs::read(&file).unwrap();
            bytes.truncate((bytes.len() as f64 * cut) as usize);
            let whole = ends.iter().filter(|end| **end <= bytes.len() as u64).count();
            bytes.extend(junk);
            fs::write(&file, bytes).unwrap();
            for _ in 0..2 {
                let store = open(folder.path()).await;
                assert_eq!(everything(&*store).await.len(), whole * 3);
                assert_eq!(raw(&*store, "lamp-1").await.len(), whole);
            }
            // What was lost can be sent again, and is kept once and for all.
            let store = open(folder.path()).await;
            assert_eq!(append(&*store, &sent).await.kept.len(), 30 - whole * 3);
            drop(store);
            assert_eq!(everything(&*open(folder.path()).await).await.len(), 30);
        });
    }

    #[test]
    fn a_byte_changed_in_the_log_costs_the_commit_it_is_in_and_is_reported(place in 0.0..1.0_f64, bit in 0..8_u8) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (folder, _, ends) = logged().await;
            let file = only_file(&folder.path().join("log"));
            let mut bytes = fs::read(&file).unwrap();
            // Behind the head of the segment and before the last commit: the last one cannot be told from an unfinished write.
            let at = 32 + ((ends[8] - 33) as f64 * place) as usize;
            bytes[at] ^= 1 << bit;
            fs::write(&file, bytes).unwrap();
            let store = open(folder.path()).await;
            let hit = ends.iter().position(|end| (at as u64) < *end).unwrap() as i32;
            let left: Vec<f64> = raw(&*store, "lamp-1").await.iter().filter_map(|reading| reading.value.as_number()).collect();
            assert_eq!(left, (0..10).filter(|n| *n != hit).map(f64::from).collect::<Vec<_>>());
            assert_eq!(store.lost().len(), 1, "{:?}", store.lost());
            assert!(fs::read_dir(folder.path().join("damaged")).unwrap().count() == 1);
        });
    }
}

#[tokio::test]
async fn a_damaged_part_is_set_aside_and_the_others_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    append(&*store, &(0..100).map(|n| reading("lamp", n, 1.0)).collect::<Vec<_>>()).await;
    store.flush().await.unwrap();
    let part = only_file(&folder.path().join("parts/messina/2026-11-22"));
    append(&*store, &(0..50).map(|n| reading("pole", n, 1.0)).collect::<Vec<_>>()).await;
    store.flush().await.unwrap();
    drop(store);
    let mut bytes = fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(&part, bytes).unwrap();
    let store = open(folder.path()).await;
    assert_eq!(everything(&*store).await.len(), 50);
    assert_eq!(store.lost().len(), 1);
    assert_eq!(raw(&*store, "lamp").await, []);
    // Newest values and the register of series outlive it.
    assert_eq!(store.newest(&messina()).len(), 2);
    assert!(folder.path().join("damaged").read_dir().unwrap().count() == 1);
    // What is sent again is kept again.
    assert_eq!(append(&*store, &[reading("lamp", 3, 1.0)]).await.kept.len(), 1);
}

#[tokio::test]
async fn a_part_that_is_cut_or_missing_is_reported() {
    for cut in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path()).await;
        append(&*store, &[reading("lamp", 0, 1.0)]).await;
        store.flush().await.unwrap();
        append(&*store, &[reading("lamp", 1, 2.0)]).await;
        drop(store);
        let part = only_file(&folder.path().join("parts/messina/2026-11-22"));
        if cut {
            fs::write(&part, "PAR1").unwrap()
        } else {
            fs::remove_file(&part).unwrap()
        }
        let store = open(folder.path()).await;
        assert_eq!(store.lost().len(), 1);
        assert_eq!(raw(&*store, "lamp").await, [reading("lamp", 1, 2.0)]);
    }
}

#[tokio::test]
async fn a_lost_manifest_and_lost_newest_values_are_put_together_again() {
    for (file, damage) in [("manifest", true), ("manifest", false), ("newest", true), ("newest", false)] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path()).await;
        for n in 0..12 {
            append(&*store, &[reading("lamp", n, 1.0), reading("pole", n, 1.0)]).await;
            if n < 10 {
                store.flush().await.unwrap();
            }
        }
        drop(store);
        let path = folder.path().join(file);
        if damage {
            fs::write(&path, "nothing of worth").unwrap()
        } else {
            fs::remove_file(&path).unwrap()
        }
        for _ in 0..2 {
            let store = open(folder.path()).await;
            assert_eq!(everything(&*store).await.len(), 24, "{file}");
            assert_eq!(store.newest(&messina()).len(), 2);
            assert_eq!(append(&*store, &[reading("lamp", 4, 1.0), reading("pole", 11, 1.0)]).await.duplicates, 2);
        }
        let store = open(folder.path()).await;
        append(&*store, &[reading("lamp", 12, 1.0)]).await;
        store.flush().await.unwrap();
        drop(store);
        let store = open(folder.path()).await;
        assert_eq!(store.lost(), []);
        assert_eq!(everything(&*store).await.len(), 25, "{file}");
    }
}

#[tokio::test]
async fn garbage_in_place_of_the_log_never_stops_the_start() {
    for garbage in [Vec::new(), vec![0; 5_000], b"SpecLog\n".repeat(9), vec![0xff; 31]] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("log")).unwrap();
        fs::write(folder.path().join("log/0000000000000001.log"), &garbage).unwrap();
        fs::write(folder.path().join("log/0000000000000002.log"), &garbage).unwrap();
        let store = open(folder.path()).await;
        assert_eq!(append(&*store, &[reading("lamp", 0, 1.0)]).await.kept.len(), 1);
        drop(store);
        assert_eq!(everything(&*open(folder.path()).await).await.len(), 1);
    }
}
