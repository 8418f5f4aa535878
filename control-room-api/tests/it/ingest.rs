//! Readings that machines hand in: who may, in which form, and what is answered.

use control_room_api::{Config, IntakeLimits, Parcel, Refused, RefusedLine, Taken};
use model::Reason;
use serde_json::json;

use crate::city::{City, Fate, answer, slug};

const WAYS: [&str; 6] = [
    "/api/v1/ingest",
    "/api/v1/ingest/a/b/c",
    "/log-reports",
    "/ngsi-ld/notify",
    "/ngsi-ld/v1/entities",
    "/ngsi-ld/v1/entityOperations/upsert",
];

fn post(city: &City, path: &str, token: &str, kind: &str, body: &str) -> reqwest::RequestBuilder {
    let request = reqwest::Client::new().post(city.url(path)).header("content-type", kind).body(body.to_owned());
    if token.is_empty() { request } else { request.bearer_auth(token) }
}

#[tokio::test]
async fn only_a_machine_with_its_token_may_send() {
    let city = City::open().await;
    let forged = "A".repeat(43);
    for path in WAYS {
        for token in ["", "nonsense", &forged] {
            let (status, body) = answer(post(&city, path, token, "application/json", "{}")).await;
            assert_eq!((status, slug(&body)), (401, "not-signed-in"), "{path}");
        }
        for role in ["operator", "crew", "analyst", "admin"] {
            let token = city.token(role, "messina").await;
            let (status, body) = answer(post(&city, path, &token, "application/json", "{}")).await;
            assert_eq!((status, slug(&body)), (403, "not-allowed"), "{path} {role}");
        }
    }
    let machine = city.machine("messina").await;
    let cookie = post(&city, WAYS[0], "", "text/csv", "x").header("cookie", format!("specola_session={machine}"));
    let (status, _) = answer(cookie.header("origin", city.url(""))).await;
    assert_eq!(status, 403, "a browser may not send");
    assert!(city.shelf.taken.lock().unwrap().is_empty(), "something was taken from somebody who may not send");
}

#[tokio::test]
async fn a_machine_may_send_and_nothing_else() {
    let city = City::open().await;
    let machine = city.machine("messina").await;
    for path in [
        "/api/v1/city",
        "/api/v1/assets",
        "/api/v1/assets/lamp-00001",
        "/api/v1/assets/lamp-00001/history",
        "/api/v1/alarms",
        "/api/v1/live",
        "/api/v1/session",
    ] {
        let (status, body) = city.get(path, &machine).await;
        assert_eq!((status, slug(&body)), (403, "not-allowed"), "{path}");
    }
    assert_eq!(city.post("/api/v1/sql", &machine, &json!({"sql": "select 1"})).await.0, 403);
    assert_eq!(city.post("/api/v1/alarms/acknowledge", &machine, &json!({"ids": []})).await.0, 403);
    let body = json!({"username": "sender@messina", "password": crate::city::PASSWORD});
    let (status, body) = city.post("/api/v1/session", "", &body).await;
    assert_eq!((status, slug(&body)), (403, "not-allowed"), "a machine does not sign in");
    assert_eq!(answer(post(&city, WAYS[0], &machine, "text/csv", "x")).await.0, 200);
}

#[tokio::test]
async fn the_tenant_is_that_of_the_token_and_a_token_ends() {
    let city = City::open().await;
    for tenant in ["prato", "messina"] {
        let machine = city.machine(tenant).await;
        assert_eq!(answer(post(&city, WAYS[0], &machine, "text/csv", "x")).await.0, 200);
        assert_eq!(city.shelf.taken.lock().unwrap().pop().unwrap().0, tenant);
    }
    let machine = city.machine("messina").await;
    city.pass(model::Duration::from_secs(3600));
    assert_eq!(answer(post(&city, WAYS[0], &machine, "text/csv", "x")).await.0, 401);
}

#[tokio::test]
async fn the_type_says_what_a_body_is() {
    let city = City::open().await;
    let machine = city.machine("messina").await;
    let base = "/api/v1/ingest";
    for (path, kind, status, parcel) in [
        (base, "application/json", 200, Parcel::JsonLines),
        (base, "Application/X-NDJSON; charset=UTF-8", 200, Parcel::JsonLines),
        (base, "text/csv", 200, Parcel::Csv),
        ("/api/v1/ingest?decimal=point", "text/csv; header=present", 200, Parcel::Csv),
        ("/api/v1/ingest?decimal=comma", "text/csv; charset=\"utf-8\"", 200, Parcel::CsvComma),
        (base, "application/ld+json", 200, Parcel::NgsiLd),
        (
            "/api/v1/ingest/senml/porto%20nord/json",
            "anything/at-all",
            200,
            Parcel::Topic("senml/porto nord/json".into()),
        ),
        ("/log-reports?clientAddress=x", "application/json", 201, Parcel::TalqV2),
        ("/ngsi-ld/notify", "application/json", 200, Parcel::NgsiLd),
        ("/ngsi-ld/v1/entities", "application/ld+json", 201, Parcel::NgsiLd),
        ("/ngsi-ld/v1/entityOperations/upsert", "application/ld+json", 201, Parcel::NgsiLd),
    ] {
        let (found, body) = answer(post(&city, path, &machine, kind, "abc")).await;
        assert_eq!(found, status, "{path} {kind}: {body}");
        assert_eq!(body, json!({"accepted": 3, "refused": [], "lines": []}));
        let (_, taken, bytes) = city.shelf.taken.lock().unwrap().pop().unwrap();
        assert_eq!((taken, bytes.as_ref()), (parcel, &b"abc"[..]), "{path} {kind}");
    }
    for (path, kind, status) in [
        (base, "text/plain", 415),
        (base, "", 415),
        (base, "text/csv; charset=iso-8859-1", 415),
        ("/api/v1/ingest?decimal=comma", "application/json", 400),
        ("/api/v1/ingest?decimal=7", "text/csv", 400),
        ("/api/v1/ingest?colour=red", "text/csv", 400),
        ("/api/v1/ingest/$SYS/x", "x/y", 400),
        ("/api/v1/ingest/a/+/b", "x/y", 400),
        ("/api/v1/ingest/a/%23", "x/y", 400),
        ("/api/v1/ingest/a%00b", "x/y", 400),
    ] {
        assert_eq!(answer(post(&city, path, &machine, kind, "abc")).await.0, status, "{path} {kind}");
    }
    let packed = post(&city, base, &machine, "text/csv", "abc").header("content-encoding", "zstd");
    assert_eq!(answer(packed).await.0, 415);
    assert!(city.shelf.taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_became_of_a_body_is_told() {
    let city = City::open().await;
    let machine = city.machine("messina").await;
    let send = || answer(post(&city, "/api/v1/ingest", &machine, "text/csv", "abc"));
    let refused = |reason, readings| Refused { reason, readings, detail: "line 7: why".into() };
    let lines = vec![RefusedLine { line: 7, reason: Reason::Schema, detail: "why".into() }];
    let judged = |accepted, refused| Fate::Judged(Taken { accepted, refused, lines: lines.clone() });

    *city.shelf.fate.lock().unwrap() = judged(5, vec![refused(Reason::Schema, 2)]);
    let (status, body) = send().await;
    let told = json!({"accepted": 5, "refused": [{"reason": "schema", "readings": 2, "detail": "line 7: why"}],
        "lines": [{"line": 7, "reason": "schema", "detail": "why"}]});
    assert_eq!((status, body), (200, told));

    *city.shelf.fate.lock().unwrap() = judged(0, vec![refused(Reason::Schema, 2)]);
    let (status, body) = send().await;
    assert_eq!((status, slug(&body), &body["detail"]), (422, "refused", &json!("schema: line 7: why")));
    assert_eq!((&body["intake"]["accepted"], &body["intake"]["lines"][0]["line"]), (&json!(0), &json!(7)));

    *city.shelf.fate.lock().unwrap() = judged(0, vec![refused(Reason::TooLarge, 0)]);
    let (status, body) = send().await;
    assert_eq!((status, slug(&body)), (413, "too-large"));

    *city.shelf.fate.lock().unwrap() = Fate::Away;
    let response = post(&city, "/api/v1/ingest", &machine, "text/csv", "abc").send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
}

#[tokio::test]
async fn a_disk_that_never_answers_is_no_success_and_a_crowd_waits_its_turn() {
    let intake = IntakeLimits { answer_seconds: 1, requests: 1, ..IntakeLimits::default() };
    let city = City::with(Config { intake, ..Config::default() }, 1).await;
    let machine = city.machine("messina").await;
    *city.shelf.fate.lock().unwrap() = Fate::Never;
    let send = || answer(post(&city, "/api/v1/ingest", &machine, "text/csv", "abc"));
    // The second one waits for the turn of the first, and is answered like it.
    let ((first, a), (second, b)) = tokio::join!(send(), send());
    assert_eq!((first, slug(&a), second, slug(&b)), (503, "not-kept", 503, "not-kept"));
    *city.shelf.fate.lock().unwrap() = Fate::Kept;
    assert_eq!(send().await.0, 200);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let intake = IntakeLimits { body_mib: 1, ..IntakeLimits::default() };
    let city = City::with(Config { intake, ..Config::default() }, 1).await;
    let machine = city.machine("messina").await;
    let small = "x".repeat(1 << 20);
    assert_eq!(answer(post(&city, "/api/v1/ingest", &machine, "text/csv", &small)).await.0, 200);
    let (status, body) = answer(post(&city, "/api/v1/ingest", &machine, "text/csv", &format!("{small}x"))).await;
    assert_eq!((status, slug(&body)), (413, "too-large"));
    // The limit of people's requests stays what it was.
    let operator = city.token("operator", "messina").await;
    assert_eq!(answer(post(&city, "/api/v1/sql", &operator, "application/json", &" ".repeat(300 << 10))).await.0, 413);
}
