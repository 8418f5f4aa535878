//! Refused messages over HTTP: who may see them, read them again, discard them.

use model::{DeadLetter, Reason, Timestamp};
use serde_json::json;

use crate::city::{City, slug, tenant};

async fn bury(city: &City, name: &str, topic: &str, reason: Reason, payload: &[u8]) {
    let letter = DeadLetter {
        tenant: tenant(name),
        source: "listener".into(),
        topic: topic.into(),
        received: city.now(),
        retained: false,
        reason,
        detail: "byte 0: x".into(),
        readings: 0,
        bytes: payload.len() as u64,
        payload: payload.to_vec().into(),
    };
    city.store.bury(&[letter]).await.unwrap();
}

#[tokio::test]
async fn a_letter_is_listed_shown_read_again_and_gone() {
    let city = City::open().await;
    bury(&city, "messina", "meteo/1", Reason::UnknownFormat, b"{\"t\":\xff1}").await;
    bury(&city, "messina", "meteo/1", Reason::UnknownFormat, b"{\"t\":\xff1}").await;
    bury(&city, "messina", "acqua/9", Reason::Malformed, b"?").await;
    bury(&city, "prato", "meteo/1", Reason::UnknownFormat, b"{}").await;
    let token = city.token("analyst", "messina").await;
    let (status, page) = city.get("/api/v1/dead-letters?reason=unknown_format&topic=meteo/", &token).await;
    assert_eq!(status, 200, "{page}");
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let letter = &page["items"][0];
    assert_eq!((&letter["times"], &letter["head"]), (&json!(2), &json!("{\"t\":\u{fffd}1}")));
    assert!(letter["advice"]["it"].as_str().unwrap().contains("rotta"), "{letter}");
    assert_eq!(page["counts"][1]["reason"], "unknown_format");
    assert_eq!(page["counts"][1]["messages"], 2);

    let path = format!("/api/v1/dead-letters/{}", letter["id"].as_str().unwrap());
    let (_, whole) = city.get(&path, &token).await;
    assert_eq!((&whole["payload"], &whole["whole"]), (&json!("eyJ0Ijr/MX0="), &json!(true)));
    assert_eq!(whole["arrivals"].as_array().unwrap().len(), 1, "both came at the same moment");

    let ids = json!({"ids": [letter["id"]], "dry_run": true});
    let (_, tried) = city.post("/api/v1/dead-letters/replay", &token, &ids).await;
    assert_eq!((&tried["letters"][0]["fate"], &tried["stored"]), (&json!("understood"), &json!(0)));
    let (_, done) = city.post("/api/v1/dead-letters/replay", &token, &json!({"reason": "unknown_format"})).await;
    assert_eq!(
        (&done["letters"][0]["fate"], &done["stored"], &done["more"]),
        (&json!("understood"), &json!(1), &json!(false))
    );
    assert_eq!(city.get(&path, &token).await.0, 404);

    let (_, gone) = city.post("/api/v1/dead-letters/discard", &token, &json!({"topic": "acqua"})).await;
    assert_eq!(gone["discarded"], 1);
    let (_, page) = city.get("/api/v1/dead-letters", &token).await;
    assert!(page["items"].as_array().unwrap().is_empty(), "{page}");
    let other = city.store.dead_letter_counts(&tenant("prato")).await.unwrap();
    assert_eq!(other[0].letters, 1, "another city's letters stay");
}

#[tokio::test]
async fn only_who_sets_things_up_sees_what_was_refused_and_only_their_own() {
    let city = City::open().await;
    bury(&city, "prato", "segreto", Reason::Schema, b"{}").await;
    let id = {
        let filter = store::LetterFilter::all(tenant("prato"), 1);
        city.store.dead_letters(&filter).await.unwrap().letters[0].id.to_string()
    };
    let path = format!("/api/v1/dead-letters/{id}");
    for role in ["operator", "crew"] {
        let token = city.token(role, "prato").await;
        for path in ["/api/v1/dead-letters", &path] {
            let (status, body) = city.get(path, &token).await;
            assert_eq!((status, slug(&body)), (403, "not-allowed"), "{role} {path}");
        }
        for act in ["replay", "discard"] {
            let path = format!("/api/v1/dead-letters/{act}");
            assert_eq!(city.post(&path, &token, &json!({"ids": [id]})).await.0, 403, "{role} {act}");
        }
    }
    let foreign = city.token("admin", "messina").await;
    assert_eq!(city.get(&path, &foreign).await.0, 404);
    let (_, body) = city.post("/api/v1/dead-letters/discard", &foreign, &json!({"ids": [id]})).await;
    assert_eq!(body["discarded"], 0);
    assert_eq!(city.get(&path, "").await.0, 401);
    let own = city.token("admin", "prato").await;
    assert_eq!(city.get(&path, &own).await.0, 200);
}

#[tokio::test]
async fn a_choice_that_is_none_is_refused_and_a_wrong_word_is_named() {
    let city = City::open().await;
    let token = city.token("admin", "messina").await;
    for (path, body) in [
        ("replay", json!({})),
        ("discard", json!({})),
        ("discard", json!({"reason": "schema", "dry_run": true})),
        ("replay", json!({"ids": ["x"]})),
        ("replay", json!({"reason": "bored"})),
    ] {
        let (status, answer) = city.post(&format!("/api/v1/dead-letters/{path}"), &token, &body).await;
        assert_eq!((status, slug(&answer)), (400, "bad-request"), "{body} {answer}");
    }
    for query in ["since=yesterday", "after=x", "limit=0", "reason=bored"] {
        let (status, answer) = city.get(&format!("/api/v1/dead-letters?{query}"), &token).await;
        assert_eq!((status, slug(&answer)), (400, "bad-request"), "{query} {answer}");
    }
    assert_eq!(city.get("/api/v1/dead-letters/nothing", &token).await.0, 404);
    let long = Timestamp::from_nanos(i64::MAX).to_rfc3339();
    assert_eq!(city.get(&format!("/api/v1/dead-letters?since={long}"), &token).await.0, 200);
}

#[tokio::test]
async fn it_is_shown_when_what_was_refused_came() {
    let city = City::open().await;
    bury(&city, "messina", "a", Reason::Schema, b"1").await;
    city.pass(std::time::Duration::from_secs(3_600));
    for payload in [b"2", b"3"] {
        bury(&city, "messina", "a", Reason::Schema, payload).await;
    }
    bury(&city, "messina", "a", Reason::Malformed, b"4").await;
    bury(&city, "prato", "a", Reason::Malformed, b"5").await;
    city.pass(std::time::Duration::from_secs(60));
    let token = city.token("admin", "messina").await;
    let (status, line) = city.get("/api/v1/dead-letters/timeline?stretches=24", &token).await;
    assert_eq!((status, line["stretch_s"].as_f64()), (200, Some(3_600.0)), "{line}");
    let first = &line["lines"][0];
    assert_eq!(
        (&first["reason"], &first["source"], &first["messages"]),
        (&json!("schema"), &json!("listener"), &json!(3))
    );
    let counts: Vec<u64> = first["counts"].as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).collect();
    assert_eq!((counts.len(), counts[22], counts[23]), (24, 1, 2), "{counts:?}");
    assert_eq!((line["lines"].as_array().unwrap().len(), &line["lines"][1]["messages"]), (2, &json!(1)));
    for query in ["stretches=0", "from=2020-01-01T00:00:00Z", "from=2030-01-01T00:00:00Z"] {
        let (status, answer) = city.get(&format!("/api/v1/dead-letters/timeline?{query}"), &token).await;
        assert_eq!((status, slug(&answer)), (400, "bad-request"), "{query} {answer}");
    }
    let operator = city.token("operator", "messina").await;
    assert_eq!(city.get("/api/v1/dead-letters/timeline", &operator).await.0, 403);
}
