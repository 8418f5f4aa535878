//! How the embedded engine keeps its parts few.

use model::Reading;

use crate::kit::config;
use crate::telegraph::{append, everything, open, raw, reading, restart};

#[tokio::test]
async fn many_small_parts_of_a_day_become_few() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let mut sent = Vec::new();
    for n in 0..12 {
        let readings: Vec<Reading> = (0..5).map(|lamp| reading(&format!("lamp-{lamp}"), n, n as f64)).collect();
        append(&*store, &readings).await;
        store.flush().await.unwrap();
        sent.extend(readings);
    }
    let gauges = store.gauges();
    assert!(gauges.parts <= 8, "{} parts", gauges.parts);
    assert_eq!(gauges.part_readings, 60);
    assert_eq!(append(&*store, &sent).await.duplicates, 60);
    let store = restart(store, folder.path()).await;
    assert_eq!(store.lost(), []);
    assert_eq!(raw(&*store, "lamp-3").await.len(), 12);
    assert_eq!(append(&*store, &sent).await.duplicates, 60);
}

#[tokio::test]
async fn a_reader_survives_that_the_owner_merges_the_parts_away_that_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    for n in 0..8 {
        append(&*store, &[reading("lamp", n, 1.0)]).await;
        store.flush().await.unwrap();
    }
    let reader = store::open_read_only(config(folder.path())).await.unwrap();
    append(&*store, &[reading("lamp", 8, 1.0)]).await;
    store.flush().await.unwrap();
    assert!(store.gauges().parts < 8);
    assert_eq!(everything(&*reader).await.len(), 9);
    assert_eq!(raw(&*reader, "lamp").await.len(), 9);
}
