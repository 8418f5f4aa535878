//! What is kept of refused messages.

use std::time::Duration;

use model::{DeadLetter, LetterId, Reason, TenantId, Window};
use store::{DeadLetterCount, Letter, LetterFilter, LetterRoom, Store};

use crate::town::{at, open, open_with, reopen, tenant};

fn letter(tenant: &TenantId, number: i64, reason: Reason) -> DeadLetter {
    DeadLetter {
        tenant: tenant.clone(),
        source: "broker".to_owned(),
        topic: format!("city/lamp-{number}\u{0}"),
        received: at(number),
        retained: number % 2 == 0,
        reason,
        detail: "byte 7: NaN is no number".to_owned(),
        readings: u32::MAX,
        payload: vec![0, 255, b'{'].into(),
        bytes: 3,
    }
}

fn all(tenant: &TenantId) -> LetterFilter {
    LetterFilter::all(tenant.clone(), 1_000)
}

async fn letters(store: &dyn Store, filter: &LetterFilter) -> Vec<Letter> {
    store.dead_letters(filter).await.unwrap().letters
}

/// The moments at which they came last, in seconds.
async fn seconds(store: &dyn Store, filter: &LetterFilter) -> Vec<i64> {
    letters(store, filter).await.iter().map(|one| one.letter.received.since(at(0)).as_secs() as i64).collect()
}

#[tokio::test]
async fn a_letter_comes_back_after_a_restart_as_it_was_buried() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    store.bury(&[]).await.unwrap();
    store.bury(&[letter(&me, 1, Reason::Malformed), letter(&me, 2, Reason::Malformed)]).await.unwrap();
    let store = reopen(store, folder.path()).await;
    let kept = letters(&*store, &all(&me)).await;
    assert_eq!(
        kept.iter().map(|one| one.letter.clone()).collect::<Vec<_>>(),
        [letter(&me, 2, Reason::Malformed), letter(&me, 1, Reason::Malformed)]
    );
    assert_eq!((kept[0].times, kept[0].first, kept[0].wanted), (1, at(2), false));
}

#[tokio::test]
async fn a_list_shows_the_first_bytes_and_a_letter_has_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    let payload: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
    let long = DeadLetter { bytes: 200_000, payload: payload.into(), ..letter(&me, 1, Reason::Schema) };
    store.bury(std::slice::from_ref(&long)).await.unwrap();
    let shown = letters(&*store, &all(&me)).await.remove(0);
    assert_eq!((&shown.letter.payload[..], shown.letter.bytes), (long.head(), 200_000));
    let whole = store.dead_letter(&me, shown.id).await.unwrap().unwrap();
    assert_eq!(whole.letter, long);
    assert!(whole.letter.is_whole() && !shown.letter.is_whole());
    assert_eq!(store.dead_letter(&tenant("catania"), shown.id).await.unwrap(), None, "another city's letter");
}

#[tokio::test]
async fn letters_are_found_by_reason_source_topic_and_time_page_by_page() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let (me, ct) = (tenant("messina"), tenant("catania"));
    let reason = |n: i64| if n % 2 == 0 { Reason::Schema } else { Reason::Range };
    let mut buried: Vec<_> = (0..6).map(|n| letter(&me, n, reason(n))).collect();
    buried[4].source = "listener".to_owned();
    store.bury(&buried).await.unwrap();
    store.bury(&[letter(&ct, 9, Reason::Schema)]).await.unwrap();
    assert_eq!(seconds(&*store, &all(&me)).await, [5, 4, 3, 2, 1, 0]);
    assert_eq!(seconds(&*store, &LetterFilter { reason: Some(Reason::Schema), ..all(&me) }).await, [4, 2, 0]);
    assert_eq!(seconds(&*store, &LetterFilter { source: Some("listener".into()), ..all(&me) }).await, [4]);
    assert_eq!(seconds(&*store, &LetterFilter { topic: Some("city/lamp-3".into()), ..all(&me) }).await, [3]);
    assert!(seconds(&*store, &LetterFilter { topic: Some("lamp-3".into()), ..all(&me) }).await.is_empty());
    assert_eq!(seconds(&*store, &LetterFilter { since: Some(at(4)), ..all(&me) }).await, [5, 4]);
    assert_eq!(seconds(&*store, &all(&ct)).await, [9]);
    let mut filter = LetterFilter { limit: 4, ..all(&me) };
    let first = store.dead_letters(&filter).await.unwrap();
    filter.after = first.next;
    let second = store.dead_letters(&filter).await.unwrap();
    assert_eq!((first.letters.len(), second.letters.len(), second.next), (4, 2, None));
    let picked = LetterFilter { ids: vec![second.letters[0].id], ..all(&me) };
    assert_eq!(seconds(&*store, &picked).await, [1]);
    assert!(store.dead_letters(&LetterFilter { after: Some("x".into()), ..all(&me) }).await.is_err());
    let counts = store.dead_letter_counts(&me).await.unwrap();
    let short: Vec<_> = counts.iter().map(|c| (c.reason, c.letters, c.messages)).collect();
    assert_eq!(short, [(Reason::Schema, 3, 3), (Reason::Range, 3, 3)]);
    assert_eq!(store.dead_letter_counts(&tenant("palermo")).await.unwrap(), []);
}

#[tokio::test]
async fn the_same_poison_a_hundred_thousand_times_is_one_letter_that_knows_when_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    let payload = vec![7_u8; 2_000];
    for round in 0..25 {
        let same: Vec<_> = (0..4_000)
            .map(|n| DeadLetter {
                topic: "city/lamp".into(),
                retained: false,
                received: at(round * 4_000 + n),
                payload: payload.clone().into(),
                bytes: 2_000,
                ..letter(&me, 0, Reason::Malformed)
            })
            .collect();
        store.bury(&same).await.unwrap();
    }
    let kept = letters(&*store, &all(&me)).await;
    let [one] = kept.as_slice() else { panic!("{} letters", kept.len()) };
    assert_eq!((one.times, one.first, one.letter.received), (100_000, at(0), at(99_999)));
    let arrivals = store.letter_arrivals(&me, one.id).await.unwrap();
    assert_eq!((arrivals.len(), arrivals[0], arrivals[9_999]), (10_000, at(0), at(9_999)));
    let DeadLetterCount { letters, messages, bytes, .. } = store.dead_letter_counts(&me).await.unwrap()[0];
    assert_eq!((letters, messages), (1, 100_000));
    assert!(bytes < 400_000, "{bytes} bytes for one message");
}

#[tokio::test]
async fn it_is_told_when_what_was_refused_came_by_reason_and_source() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let (me, ct) = (tenant("messina"), tenant("catania"));
    let mut came: Vec<_> = (0..6).map(|n| letter(&me, n, Reason::Schema)).collect();
    came.push(DeadLetter { source: "http".into(), ..letter(&me, 5, Reason::Range) });
    // The same message twice is one letter and two arrivals.
    came.push(DeadLetter { received: at(25), ..letter(&me, 0, Reason::Schema) });
    came.push(letter(&ct, 1, Reason::Schema));
    store.bury(&came).await.unwrap();
    let window = Window::new(at(1), at(30)).unwrap();
    let tally = store.dead_letter_tally(&me, window, Duration::from_secs(2)).await.unwrap();
    let short: Vec<_> = tally.iter().map(|t| (t.reason, t.source.as_str(), t.stretch, t.messages)).collect();
    assert_eq!(
        short,
        [
            (Reason::Range, "http", 2, 1),
            (Reason::Schema, "broker", 0, 2),
            (Reason::Schema, "broker", 1, 2),
            (Reason::Schema, "broker", 2, 1),
            (Reason::Schema, "broker", 12, 1),
        ]
    );
}

#[tokio::test]
async fn the_oldest_letters_go_when_the_room_is_full_and_only_of_the_tenant_that_fills_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_with(folder.path(), LetterRoom { max_bytes: 100_000, max_days: 90 }).await;
    let (me, ct) = (tenant("messina"), tenant("catania"));
    store.bury(&[letter(&ct, 1, Reason::Schema)]).await.unwrap();
    for from in (0..600).step_by(300) {
        let many: Vec<_> = (from..from + 300)
            .map(|n| DeadLetter { payload: vec![1; 700].into(), bytes: 700, ..letter(&me, n, Reason::Schema) })
            .collect();
        store.bury(&many).await.unwrap();
    }
    let kept = seconds(&*store, &all(&me)).await;
    let taken = store.dead_letter_counts(&me).await.unwrap()[0].bytes;
    assert!((90_000..=100_000).contains(&taken), "{taken} bytes");
    assert_eq!(kept, (600 - kept.len() as i64..600).rev().collect::<Vec<_>>(), "the newest stay");
    assert_eq!(seconds(&*store, &all(&ct)).await, [1]);
    let taken_by_ct = store.dead_letter_counts(&ct).await.unwrap()[0].bytes;
    // What is taken out gives its room back.
    let ids: Vec<LetterId> = letters(&*store, &all(&me)).await.iter().map(|one| one.id).collect();
    assert_eq!(store.remove_letters(&ct, &ids).await.unwrap(), 0, "another city's letters");
    assert_eq!(store.remove_letters(&me, &ids).await.unwrap(), ids.len() as u64);
    store
        .bury(&[DeadLetter { payload: vec![1; 90_000].into(), bytes: 90_000, ..letter(&me, 9, Reason::Range) }])
        .await
        .unwrap();
    assert_eq!(seconds(&*store, &all(&me)).await, [9]);
    assert_eq!(store.dead_letter_counts(&ct).await.unwrap()[0].bytes, taken_by_ct);
}

#[tokio::test]
async fn a_letter_that_is_too_old_goes() {
    const DAY: i64 = 86_400;
    let folder = tempfile::tempdir().unwrap();
    let store = open_with(folder.path(), LetterRoom { max_bytes: 1 << 20, max_days: 30 }).await;
    let me = tenant("messina");
    store.bury(&[letter(&me, 0, Reason::Schema), letter(&me, 5 * DAY, Reason::Schema)]).await.unwrap();
    store.bury(&[letter(&me, 31 * DAY, Reason::Schema)]).await.unwrap();
    assert_eq!(seconds(&*store, &all(&me)).await, [31 * DAY, 5 * DAY]);
    assert_eq!(store.forget_old_letters(at(36 * DAY)).await.unwrap(), 1);
    assert_eq!(seconds(&*store, &all(&me)).await, [31 * DAY]);
}

#[tokio::test]
async fn a_letter_that_is_refused_again_stays_with_its_new_reason_and_joins_its_equal() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    let as_reason = |reason, number| DeadLetter { topic: "t".into(), retained: false, ..letter(&me, number, reason) };
    store.bury(&[as_reason(Reason::UnknownFormat, 1), as_reason(Reason::UnknownFormat, 2)]).await.unwrap();
    let id = letters(&*store, &all(&me)).await[0].id;
    assert_eq!(store.want_letters(&me, &[id]).await.unwrap(), 1);
    assert_eq!(store.wanted_letters(10).await.unwrap(), [(me.clone(), id)]);
    store.refuse_again(&me, id, Reason::Schema, "no device", 3).await.unwrap();
    assert!(store.wanted_letters(10).await.unwrap().is_empty());
    let kept = letters(&*store, &all(&me)).await;
    assert_eq!((kept[0].id, kept[0].letter.reason, kept[0].letter.readings, kept[0].times), (id, Reason::Schema, 3, 2));
    assert_eq!(kept[0].letter.detail, "no device");
    // The same message comes again and is refused as before; then both are read again.
    store.bury(&[as_reason(Reason::UnknownFormat, 9)]).await.unwrap();
    let again = letters(&*store, &all(&me)).await[0].id;
    assert_ne!(again, id);
    store.refuse_again(&me, again, Reason::Schema, "no device", 3).await.unwrap();
    let kept = letters(&*store, &all(&me)).await;
    assert_eq!(kept.iter().map(|one| (one.id, one.times)).collect::<Vec<_>>(), [(id, 3)]);
    assert_eq!(store.letter_arrivals(&me, id).await.unwrap(), [at(1), at(2), at(9)]);
    assert_eq!(kept[0].letter.received.since(kept[0].first), Duration::from_secs(8));
}
