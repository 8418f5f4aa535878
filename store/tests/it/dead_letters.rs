//! What is kept of refused messages.

use model::{DeadLetter, Reason, TenantId};
use store::DeadLetterCount;

use crate::town::{at, open, open_with, reopen, tenant};

fn letter(tenant: &TenantId, number: i64, reason: Reason) -> DeadLetter {
    DeadLetter {
        tenant: tenant.clone(),
        source: "broker".to_owned(),
        topic: format!("city/lamp-{number}\u{0}"),
        received: at(number),
        reason,
        detail: "byte 7: NaN is no number".to_owned(),
        readings: u32::MAX,
        head: vec![0, 255, b'{'],
        bytes: 70_000,
    }
}

fn topics(letters: &[DeadLetter]) -> Vec<i64> {
    letters.iter().map(|letter| letter.received.since(at(0)).as_secs() as i64).collect()
}

#[tokio::test]
async fn a_letter_comes_back_after_a_restart_as_it_was_buried() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    store.bury(&[]).await.unwrap();
    store.bury(&[letter(&me, 1, Reason::Malformed)]).await.unwrap();
    let store = reopen(store, folder.path()).await;
    assert_eq!(store.dead_letters(&me, None, 10).await.unwrap(), [letter(&me, 1, Reason::Malformed)]);
}

#[tokio::test]
async fn only_the_first_bytes_of_a_message_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    let long = DeadLetter { head: vec![7; 5_000], bytes: 5_000, ..letter(&me, 1, Reason::TooLarge) };
    store.bury(&[long]).await.unwrap();
    let kept = store.dead_letters(&me, None, 1).await.unwrap();
    assert_eq!((kept[0].head.len(), kept[0].bytes), (DeadLetter::HEAD_BYTES, 5_000));
}

#[tokio::test]
async fn the_newest_letters_come_first_and_one_reason_can_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let (me, ct) = (tenant("messina"), tenant("catania"));
    let reason = |n: i64| if n % 2 == 0 { Reason::Schema } else { Reason::Range };
    let letters: Vec<_> = (0..6).map(|n| letter(&me, n, reason(n))).collect();
    store.bury(&letters).await.unwrap();
    store.bury(&[letter(&ct, 9, Reason::Schema)]).await.unwrap();
    assert_eq!(topics(&store.dead_letters(&me, None, 3).await.unwrap()), [5, 4, 3]);
    assert_eq!(topics(&store.dead_letters(&me, Some(Reason::Schema), 10).await.unwrap()), [4, 2, 0]);
    assert_eq!(topics(&store.dead_letters(&ct, None, 10).await.unwrap()), [9]);
    let count = |reason, letters| DeadLetterCount { reason, letters };
    assert_eq!(store.dead_letter_counts(&me).await.unwrap(), [count(Reason::Schema, 3), count(Reason::Range, 3)]);
    assert_eq!(store.dead_letter_counts(&tenant("palermo")).await.unwrap(), []);
}

#[tokio::test]
async fn the_oldest_letters_go_when_there_are_too_many() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_with(folder.path(), 100).await;
    let me = tenant("messina");
    for from in (0..600).step_by(300) {
        let letters: Vec<_> = (from..from + 300).map(|n| letter(&me, n, Reason::Schema)).collect();
        store.bury(&letters).await.unwrap();
    }
    let kept = topics(&store.dead_letters(&me, None, 1_000).await.unwrap());
    assert_eq!(kept, (500..600).rev().collect::<Vec<_>>());
    assert_eq!(store.dead_letter_counts(&me).await.unwrap()[0].letters, 100);
}
