//! The database goes away and comes back: nothing is lost, nothing doubled, and what needs no database goes on.

use std::time::{Duration, Instant};

use model::Reading;
use store::{Config, TimescaleConfig};

use crate::kit::on;
use crate::postgres::Server;
use crate::telegraph::{append, everything, messina, raw, reading, selection};

fn readings(from: i64, count: i64) -> Vec<Reading> {
    (from..from + count).map(|n| reading(&format!("lamp-{}", n.rem_euclid(7)), n.div_euclid(7), n as f64)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_the_folder_keeps_everything_and_then_it_gets_there() {
    let mut server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let config = on(folder.path(), server.database("city"));
    let store = store::open(config.clone()).await.unwrap();
    append(&*store, &readings(0, 700)).await;
    store.flush().await.unwrap();
    server.kill();
    for round in 1..6 {
        assert_eq!(append(&*store, &readings(round * 700, 700)).await.kept.len(), 700);
    }
    assert_eq!(append(&*store, &readings(5 * 700, 700)).await.duplicates, 700, "what is in the folder is known");
    assert_eq!(
        store.newest(&messina()).iter().map(|one| one.value.as_number()).max_by(|a, b| a.partial_cmp(b).unwrap()),
        Some(Some(4_199.0))
    );
    assert!(store.flush().await.is_err(), "nothing can be moved now");
    assert!(store.gauges().parts > 0);
    assert!(store.readings(&selection("messina", "lamp-1", 0, 100), 10).await.is_err(), "half an answer is none");
    // Readings that are late, some of them known to the database alone.
    let late: Vec<Reading> = [readings(0, 7), readings(-70, 7)].concat();
    append(&*store, &late).await;

    server.restart();
    let begun = Instant::now();
    while store.flush().await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the database is back and nothing moves");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(store.gauges().parts, 0);
    assert_eq!(server.ask("city", "select count(*) from specola.reading"), "4207");
    assert_eq!(everything(&*store).await.len(), 4_207);
    assert_eq!(raw(&*store, "lamp-1").await.len(), 601);
    assert_eq!(append(&*store, &readings(0, 4_200)).await.duplicates, 4_200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_opens_without_its_database_and_finds_it_later() {
    let mut server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let config = on(folder.path(), server.database("city"));
    let store = store::open(config.clone()).await.unwrap();
    append(&*store, &readings(0, 70)).await;
    store.flush().await.unwrap();
    append(&*store, &readings(70, 70)).await;
    store.close().await.unwrap();
    drop(store);
    server.kill();
    let store = store::open(config).await.unwrap();
    assert_eq!(store.newest(&messina()).len(), 7);
    assert_eq!(append(&*store, &readings(140, 70)).await.kept.len(), 70);
    server.restart();
    let begun = Instant::now();
    while store.flush().await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the database is back and nothing moves");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(everything(&*store).await.len(), 210);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_full_takes_nothing_more_and_says_why() {
    let mut server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let config = on(folder.path(), server.database("city"));
    let most = Config { timescale: TimescaleConfig { spool_max_gib: 0, ..config.timescale.clone() }, ..config };
    let store = store::open(most).await.unwrap();
    server.kill();
    append(&*store, &readings(0, 70)).await;
    assert!(store.flush().await.is_err());
    let batch = model::ReadingBatch::new(readings(70, 70)).unwrap();
    let refused = store.append(batch).await.unwrap_err();
    assert!(refused.is_temporary() && refused.with_causes().contains("spool_max_gib"), "{refused:?}");
}
