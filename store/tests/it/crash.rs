//! After a crash at any moment everything acknowledged is there, once.

use model::Reading;

use crate::telegraph::{append, cells, copy_of, everything, messina, open, reading};

/// Everything that was sent is there, once, after one start and after another.
pub(crate) async fn check(folder: &std::path::Path, sent: &[Reading]) {
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
