//! Devices that nobody approved yet, the classes they can be given, and the doors through which everything comes.

use model::Lifecycle;
use serde_json::json;

use crate::city::{City, lamp, slug, tenant};

#[tokio::test]
async fn a_newcomer_is_shown_with_what_it_says_and_where_it_was_heard() {
    let city = City::open().await;
    let messina = tenant("messina");
    let mut quarantined = lamp(&messina, 3);
    quarantined.lifecycle = Lifecycle::Quarantined;
    quarantined.properties.insert("first_seen".into(), "2026-05-01T09:59:00Z".into());
    quarantined.properties.insert("first_seen_source".into(), "listener".into());
    let mut other = lamp(&messina, 4);
    other.lifecycle = Lifecycle::Quarantined;
    other.properties.insert("first_seen".into(), "one morning".into());
    city.live.put_assets(&messina, &[quarantined, other]);
    city.measure(3, 231.5).await;
    let token = city.token("admin", "messina").await;
    let (status, page) = city.get("/api/v1/newcomers?limit=1", &token).await;
    assert_eq!((status, &page["classes"]), (200, &json!({"lamp": 2})), "{page}");
    let one = &page["items"][0];
    assert_eq!((&one["id"], &one["source"], &one["topic"]), (&json!("lamp-00003"), &json!("listener"), &json!(null)));
    assert_eq!(one["first_heard"], "2026-05-01T09:59:00Z");
    assert_eq!(one["last_heard"], city.now().to_rfc3339());
    assert_eq!((&one["values"][0]["value"], &one["metrics"]), (&json!(231.5), &json!(1)), "{one}");
    let (_, rest) = city.get("/api/v1/newcomers?after=lamp-00003", &token).await;
    let last = &rest["items"][0];
    assert_eq!(
        (&last["id"], &last["first_heard"], &last["last_heard"]),
        (&json!("lamp-00004"), &json!(null), &json!(null))
    );
    assert_eq!(rest["next"], json!(null));
    assert_eq!(city.get("/api/v1/newcomers?class=pump", &token).await.1["items"], json!([]));
    assert_eq!(city.get("/api/v1/newcomers?q=00004", &token).await.1["items"].as_array().unwrap().len(), 1);
    let foreign = city.token("admin", "prato").await;
    assert_eq!(city.get("/api/v1/newcomers", &foreign).await.1["items"], json!([]));
    for role in ["operator", "crew", "analyst"] {
        let token = city.token(role, "messina").await;
        let (status, body) = city.get("/api/v1/newcomers", &token).await;
        assert_eq!((status, slug(&body)), (403, "not-allowed"), "{role}");
    }
    let (_, kinds) = city.get("/api/v1/asset-classes", &token).await;
    assert_eq!(kinds["items"][0]["title"], json!({"it": "Lampione", "en": "Lamp"}));
}

#[tokio::test]
async fn the_doors_of_a_city_are_accounted_for() {
    let city = City::open().await;
    let token = city.token("operator", "messina").await;
    let (status, page) = city.get("/api/v1/sources", &token).await;
    let door = &page["items"][0];
    assert_eq!((status, &door["name"]), (200, &json!("broker-of-messina")), "{page}");
    assert_eq!(
        (&door["connected"], &door["kind"], &door["last_message"]),
        (&json!(false), &json!("broker"), &json!(null))
    );
    assert_eq!(door["readings"]["refused"], json!({"schema": 2}));
    let sum: u64 = ["stored", "duplicate", "conflict", "ignored", "shed", "waiting"]
        .iter()
        .map(|key| door["messages"][key].as_u64().unwrap())
        .sum();
    assert_eq!(sum + 2, door["messages"]["received"].as_u64().unwrap());
    assert_eq!(page["counted_since"], city.now().minus(std::time::Duration::from_secs(60)).to_rfc3339());
    let crew = city.token("crew", "messina").await;
    assert_eq!(city.get("/api/v1/sources", &crew).await.0, 403);
}
