//! The door for messages that come by another way than MQTT: it answers when they are safe, and says what became of them.

use std::sync::Arc;

use bytes::Bytes;
use ingest::config::Queue;
use ingest::{Arrival, Config, Door, NotSafe, Report, SourceKind};
use model::{Reason, TenantId};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::kit::{LONG, Running, tenant, until};

fn hand_in(door: &Door, topic: &str, payload: impl Into<Bytes>) -> JoinHandle<Result<Report, NotSafe>> {
    let (door, topic, payload) = (door.clone(), topic.to_owned(), payload.into());
    tokio::spawn(async move { door.take(&tenant(), &topic, payload).await })
}

async fn report(task: JoinHandle<Result<Report, NotSafe>>) -> Result<Report, NotSafe> {
    timeout(LONG, task).await.expect("no answer in time").unwrap()
}

#[tokio::test]
async fn the_answer_comes_after_the_confirmation_and_never_before() {
    let mut ingest = Running::start(Config::default()).await;
    let task = hand_in(&ingest.handle.door(), "http/csv", "device,a,b\nd,1,2\nd,x\nd,3,4\n");
    let arrival = ingest.arrival().await;
    assert_eq!((arrival.readings.len(), arrival.refused.len()), (4, 1));
    sleep(std::time::Duration::from_millis(50)).await;
    assert!(!task.is_finished(), "an answer before the readings were safe");
    Arrival::confirm(arrival.owed);
    let report = report(task).await.unwrap();
    assert_eq!((report.accepted, report.refused.len(), report.is_refusal()), (4, 1, false));
    assert_eq!((report.lines[0].line, report.lines[0].reason), (3, Reason::Schema));
    ingest.end().await;
}

#[tokio::test]
async fn what_is_given_up_is_not_safe() {
    let mut ingest = Running::start(Config::default()).await;
    let task = hand_in(&ingest.handle.door(), "senml/d/json", r#"[{"n":"a","v":1}]"#);
    drop(ingest.arrival().await);
    assert_eq!(report(task).await, Err(NotSafe));
    let door = ingest.handle.door();
    ingest.end().await;
    assert_eq!(report(hand_in(&door, "http/csv", "device,a\nd,1")).await, Err(NotSafe));
}

#[tokio::test]
async fn a_message_that_is_refused_whole_says_why() {
    let mut ingest = Running::start(Config { max_message_bytes: 100, ..Config::default() }).await;
    for (topic, payload, reason) in [
        ("nobody/knows", "x".to_owned(), Reason::UnknownFormat),
        ("senml/d/json", "{}".to_owned(), Reason::Schema),
        ("senml/d/json", "[".to_owned(), Reason::Malformed),
        ("senml/d/json", " ".repeat(101), Reason::TooLarge),
        ("http/json-lines", "\n{\"device\":1}\n".to_owned(), Reason::Schema),
    ] {
        let task = hand_in(&ingest.handle.door(), topic, payload);
        Arrival::confirm(ingest.arrival().await.owed);
        let report = report(task).await.unwrap();
        assert!(report.is_refusal(), "{topic}: {report:?}");
        assert_eq!(report.refused[0].reason, reason, "{topic}: {report:?}");
    }
    ingest.end().await;
}

#[tokio::test]
async fn a_body_of_many_lines_becomes_messages_of_whole_lines_and_one_answer() {
    let config = Config { max_message_bytes: 1_000, ..Config::default() };
    let mut ingest = Running::start(config).await;
    let mut table = "device,metric,value\n".to_owned();
    for row in 0..500 {
        // Line 2 + row: every hundredth has a decimal comma.
        table.push_str(&format!("d{row},m,\"{row}{}\"\n", if row % 100 == 50 { ",5" } else { ".5" }));
    }
    table.push_str(&format!("long,m,{}\n", "x".repeat(2_000)));
    let task = hand_in(&ingest.handle.door(), "http/csv", table);
    let mut devices = Vec::new();
    while !task.is_finished() {
        let Ok(Some(arrival)) = timeout(std::time::Duration::from_millis(200), ingest.arrivals.recv()).await else {
            continue;
        };
        devices.extend(arrival.readings.iter().map(|reading| reading.series.device.to_string()));
        Arrival::confirm(arrival.owed);
    }
    let report = report(task).await.unwrap();
    let expected = (0..500).filter(|row| row % 100 != 50).map(|row| format!("d{row}")).collect::<Vec<_>>();
    assert_eq!(devices, expected);
    assert_eq!(report.accepted, 495);
    let lines = report.lines.iter().map(|line| (line.line, line.reason)).collect::<Vec<_>>();
    assert_eq!(
        lines,
        [
            (52, Reason::Schema),
            (152, Reason::Schema),
            (252, Reason::Schema),
            (352, Reason::Schema),
            (452, Reason::Schema),
            (502, Reason::TooLarge),
        ]
    );
    ingest.end().await;
}

#[tokio::test]
async fn what_comes_through_the_door_is_counted_for_its_tenant() {
    let mut ingest = Running::start(Config::default()).await;
    let other = TenantId::new("prato").unwrap();
    let door = ingest.handle.door();
    let mine = hand_in(&door, "http/csv", "device,a\nd,1\nd,2\n");
    let theirs = tokio::spawn({
        let (door, other) = (door.clone(), other.clone());
        async move { door.take(&other, "http/csv", "nonsense".into()).await }
    });
    let mut tenants = Vec::new();
    while tenants.len() < 2 {
        let arrival = ingest.arrival().await;
        tenants.extend(arrival.readings.iter().map(|reading| reading.series.tenant.clone()));
        Arrival::confirm(arrival.owed);
    }
    assert_eq!(tenants, [tenant(), tenant()]);
    report(mine).await.unwrap();
    let refusal = if theirs.is_finished() {
        theirs
    } else {
        Arrival::confirm(ingest.arrival().await.owed);
        theirs
    };
    assert!(report(refusal).await.unwrap().is_refusal());
    let sources = ingest.handle.sources();
    let of = |tenant: &TenantId| {
        let found = sources.iter().find(|source| source.kind == SourceKind::Http && source.tenant == *tenant).unwrap();
        (found.name.clone(), found.connected, found.received, found.refused, found.readings)
    };
    assert_eq!(of(&tenant()), ("http".to_owned(), true, 1, 0, 2));
    assert_eq!(of(&other), ("http".to_owned(), true, 1, 1, 0));
    ingest.end().await;
}

#[tokio::test]
async fn a_sender_who_stops_waiting_leaves_the_books_in_order() {
    let config = Config { queue: Queue { messages: 1, ..Queue::default() }, batch_messages: 1, ..Config::default() };
    let mut ingest = Running::start(config).await;
    let door = ingest.handle.door();
    let patient: Vec<_> = (0..40).map(|n| hand_in(&door, "http/csv", format!("device,a\nd{n},1\n"))).collect();
    until(|| ingest.handle.sources().iter().any(|source| source.received > 10)).await;
    for task in patient.iter().skip(20) {
        task.abort();
    }
    let mut readings = 0;
    while let Ok(Some(arrival)) = timeout(std::time::Duration::from_millis(500), ingest.arrivals.recv()).await {
        readings += arrival.readings.len() as u64;
        Arrival::confirm(arrival.owed);
    }
    let http = ingest.handle.sources().into_iter().find(|source| source.kind == SourceKind::Http).unwrap();
    assert_eq!((http.received, http.readings), (readings, readings));
    assert!(readings >= 20, "{readings}");
    let _held: Arc<[_]> = patient.into();
    ingest.end().await;
}
