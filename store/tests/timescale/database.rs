//! What is in the database itself.

use model::{Quality, Reading, ReadingBatch, Value};
use store::{Cell, LetterFilter, Receipt};

use crate::kit::{self, ask};
use crate::telegraph::{self, append, at, everything, messina, open, raw, reading, reading_of, restart, series_of};

#[tokio::test]
async fn readings_stand_in_the_database_by_day_and_narrow_and_people_can_read_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    append(&*store, &[reading("lamp", 0, 1.5), reading("lamp", 90_000, 2.5)]).await;
    append(&*store, &[reading_of(series_of("messina", "door", "state"), 1, Value::Text("open".into()))]).await;
    store.flush().await.unwrap();
    assert_eq!(store.gauges().parts, 0, "the folder still has what the database took");
    let select = "select device, metric, time, value, text, unit, quality from specola.readings order by 1, 3";
    let expected = "door|state|2026-11-22 00:00:01+00||open|W|good\nlamp|power|2026-11-22 00:00:00+00|1.5||W|good\n\
                    lamp|power|2026-11-23 01:00:00+00|2.5||W|good";
    assert_eq!(ask(folder.path(), &format!("set timezone = 'UTC'; {select}")), expected);
    assert_eq!(ask(folder.path(), "select count(*) from specola.reading_20261122"), "2");
    assert_eq!(ask(folder.path(), "select count(*) from specola.series"), "2");
}

#[tokio::test]
async fn the_database_itself_shows_each_city_only_its_own_rows() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    for tenant in ["messina", "catania"] {
        append(&*store, &[reading_of(series_of(tenant, "lamp", "power"), 0, Value::Number(1.0))]).await;
    }
    store.flush().await.unwrap();
    for (set, expected) in [
        ("", "0"),
        ("set specola.city = '';", "0"),
        ("set specola.city = '1';", "1"),
        ("set specola.city = '2';", "1"),
        ("set specola.city = '3';", "0"),
    ] {
        for table in ["reading", "series", "readings", "reading_of_city"] {
            let sql = format!("set role specola_reader; {set} select count(*) from specola.{table}");
            assert_eq!(ask(folder.path(), &sql), expected, "{sql}");
        }
    }
    let write = "set role specola_reader; set specola.city = '1'; select has_table_privilege('specola.reading', 'insert,update,delete,truncate')";
    assert_eq!(ask(folder.path(), write), "f");
}

#[tokio::test]
async fn a_new_folder_learns_from_the_database_what_is_newest_and_what_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let mut stale = reading("lamp", 60, 9.0);
    stale.quality = Quality::Stale;
    let sent = [reading("lamp", 0, 1.0), reading("lamp", 50, 2.0), stale, reading("pole", 7, 3.0)];
    append(&*store, &sent).await;
    store.flush().await.unwrap();
    store.close().await.unwrap();
    let fresh = tempfile::tempdir().unwrap();
    kit::copied(folder.path(), fresh.path());
    let store = open(fresh.path()).await;
    let mut newest = store.newest(&messina());
    newest.sort_by(|a, b| a.series.cmp(&b.series));
    assert_eq!(newest, [reading("lamp", 50, 2.0), reading("pole", 7, 3.0)]);
    assert_eq!(append(&*store, &sent).await.duplicates, 4);
    assert_eq!(append(&*store, &[reading("lamp", 61, 4.0)]).await.kept.len(), 1);
    store.flush().await.unwrap();
    assert_eq!(everything(&*store).await.len(), 5);
}

#[tokio::test]
async fn a_reading_that_the_database_refuses_becomes_a_dead_letter_and_the_others_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    append(&*store, &[reading("lamp", 0, 1.0)]).await;
    store.flush().await.unwrap();
    ask(folder.path(), "alter table specola.reading add constraint no_13 check (value is distinct from 13)");
    let sent: Vec<Reading> = (1..2_505).map(|n| reading("lamp", n, if n == 1_700 { 13.0 } else { 1.0 })).collect();
    append(&*store, &sent).await;
    store.flush().await.unwrap();
    let kept = raw(&*store, "lamp").await;
    assert_eq!(kept.len(), 2_504);
    assert!(kept.iter().all(|reading| reading.value != Value::Number(13.0)));
    let letters = store.dead_letters(&LetterFilter::all(messina(), 10)).await.unwrap().letters;
    assert_eq!(letters.len(), 1);
    let said = String::from_utf8(letters[0].letter.payload.to_vec()).unwrap();
    assert!(said.contains("\"value\":13.0") && said.contains("lamp"), "{said}");
    assert_eq!(store.gauges().parts, 0);
}

#[tokio::test]
async fn rows_that_moved_before_a_crash_are_seen_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let sent: Vec<Reading> = (0..50).map(|n| reading("lamp", n, n as f64)).collect();
    append(&*store, &sent).await;
    let before = telegraph::copy_of(folder.path());
    store.flush().await.unwrap();
    store.close().await.unwrap();
    // The crash came after the database had everything and before the folder knew it.
    let store = open(before.path()).await;
    let fresh = Receipt { kept: vec![reading("lamp", 50, 0.0)], ..Receipt::default() };
    assert_eq!(append(&*store, &[reading("lamp", 50, 0.0)]).await, fresh);
    store.flush().await.unwrap();
    assert_eq!(everything(&*store).await.len(), 51);
    assert_eq!(raw(&*store, "lamp").await.len(), 51);
    assert_eq!(
        store
            .history(&telegraph::selection("messina", "lamp", 0, 100), 3)
            .await
            .unwrap()
            .iter()
            .map(|b| b.count)
            .sum::<u64>(),
        51
    );
    assert_eq!(append(&*store, &sent).await.duplicates, 50);
}

#[tokio::test]
async fn a_query_takes_only_what_it_needs_out_of_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).await;
    for day in 0..3 {
        let readings: Vec<Reading> =
            (0..30).map(|n| reading(&format!("lamp-{}", n % 3), day * 86_400 + n, n as f64)).collect();
        append(&*store, &readings).await;
        if day == 1 {
            store.flush().await.unwrap();
            store = restart(store, folder.path()).await;
        }
    }
    let count = async |sql: &str| telegraph::ask(&*store, sql).await.unwrap().rows[0][0].clone();
    assert_eq!(count("select count(*) from readings").await, Cell::Integer(90));
    for (condition, expected) in [
        ("device = 'lamp-1'", 30),
        ("device in ('lamp-1', 'lamp-2', 'nobody')", 60),
        ("metric = 'power' and device <> 'lamp-0'", 60),
        ("metric = 'nothing'", 0),
        ("time >= '2026-11-23T00:00:00Z'", 60),
        ("time < '2026-11-23T00:00:05Z' and time >= '2026-11-22T00:00:29Z'", 6),
        ("time = '2026-11-22T00:00:07Z'", 1),
        ("time between '2026-11-22T00:00:07Z' and '2026-11-22T00:00:08Z' or device = 'lamp-2'", 31),
        ("value >= 29 and quality = 'good' and unit = 'W' and received > time", 3),
        ("text is not null or flag", 0),
    ] {
        assert_eq!(
            count(&format!("select count(*) from readings where {condition}")).await,
            Cell::Integer(expected),
            "{condition}"
        );
    }
    let joined = "select count(*) from readings a join readings b using (device, metric, time) where a.value = b.value";
    assert_eq!(count(joined).await, Cell::Integer(90));
    assert_eq!(store.newest(&messina()).iter().map(|one| one.time).max(), Some(at(2 * 86_400 + 29)));
    store.close().await.unwrap();
    assert!(store.append(ReadingBatch::new(vec![reading("lamp", 1, 1.0)]).unwrap()).await.is_err());
}

#[tokio::test]
async fn with_timescaledb_the_days_are_chunks_and_each_city_sees_its_own_rows() {
    // Debian has no TimescaleDB: a server that has it is named from outside.
    let Ok(url) = std::env::var("SPECOLA_TEST_TIMESCALE_URL") else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = store::open(kit::on(folder.path(), url)).await.unwrap();
    let device = format!("lamp-{}", std::process::id());
    let sent: Vec<Reading> = (0..500).map(|n| reading(&device, n * 600, n as f64)).collect();
    append(&*store, &sent).await;
    store.flush().await.unwrap();
    assert_eq!(raw(&*store, &device).await, sent);
    assert_eq!(append(&*store, &sent).await.duplicates, 500);
    let sql = format!(
        "select count(*), max(value) from readings where device = '{device}' and time >= '2026-11-23T00:00:00Z'"
    );
    let rows = telegraph::ask(&*store, &sql).await.unwrap().rows;
    assert_eq!(rows, [[Cell::Integer(356), Cell::Number(499.0)]]);
    let foreign =
        store.query(&model::TenantId::new("catania").unwrap(), &sql, store::QueryLimits::default()).await.unwrap();
    assert_eq!(foreign.rows[0][0], Cell::Integer(0));
}
