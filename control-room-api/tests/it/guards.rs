//! What is refused: nobody's requests, another tenant's things, bad input; and what every answer carries.

use serde_json::json;

use crate::city::{City, answer, raised, slug, tenant};

#[tokio::test]
async fn nothing_is_told_to_nobody() {
    let city = City::open().await;
    let forged = "A".repeat(43);
    for path in [
        "/api/v1/city",
        "/api/v1/assets",
        "/api/v1/assets/lamp-00001",
        "/api/v1/assets/lamp-00001/history",
        "/api/v1/alarms",
        "/api/v1/alarms/0190b3a0-0000-7000-8000-000000000000",
        "/api/v1/live",
        "/api/v1/session",
    ] {
        let (status, body) = answer(reqwest::Client::new().get(city.url(path))).await;
        assert_eq!((status, slug(&body)), (401, "not-signed-in"), "{path}");
        assert_eq!(city.get(path, &forged).await.0, 401, "{path}");
        assert_eq!(city.get(path, "nonsense").await.0, 401, "{path}");
    }
    assert_eq!(city.post("/api/v1/sql", "", &json!({"sql": "select 1"})).await.0, 401);
    assert_eq!(city.post("/api/v1/alarms/acknowledge", "", &json!({"ids": []})).await.0, 401);
}

#[tokio::test]
async fn what_belongs_to_another_tenant_is_not_found_like_what_does_not_exist() {
    let city = City::open().await;
    let alarm = city.happen(raised(&tenant("messina"), "dark", "circuit-1", &[1, 2], city.now())).await;
    city.measure(7, 230.0).await;
    let stranger = city.token("admin", "prato").await;
    let same = |a: &serde_json::Value, b: &serde_json::Value| {
        ["type", "title", "status", "detail"].iter().all(|key| a[key] == b[key])
    };
    for (foreign, unknown) in [
        ("/api/v1/assets/lamp-00007".to_owned(), "/api/v1/assets/no-such-lamp".to_owned()),
        ("/api/v1/assets/lamp-00007/history".to_owned(), "/api/v1/assets/no-such-lamp/history".to_owned()),
        (format!("/api/v1/alarms/{}", alarm.id), "/api/v1/alarms/0190b3a0-0000-7000-8000-000000000000".to_owned()),
        (format!("/api/v1/alarms/{}", alarm.id), "/api/v1/alarms/not-an-id".to_owned()),
    ] {
        let (a, b) = (city.get(&foreign, &stranger).await, city.get(&unknown, &stranger).await);
        assert_eq!((a.0, b.0), (404, 404), "{foreign}");
        assert!(same(&a.1, &b.1), "{a:?} {b:?}");
    }
    let (status, body) = city.post(&format!("/api/v1/alarms/{}/acknowledge", alarm.id), &stranger, &json!({})).await;
    assert_eq!((status, slug(&body)), (404, "not-found"));
    let (_, many) =
        city.post("/api/v1/alarms/acknowledge", &stranger, &json!({"ids": [alarm.id.to_string(), "nonsense"]})).await;
    assert_eq!(many["done"], json!([]));
    assert!(many["skipped"].as_array().unwrap().iter().all(|one| one["reason"] == "not-found"), "{many}");
    let (_, alarms) = city.get("/api/v1/alarms?state=all", &stranger).await;
    assert_eq!(alarms["items"], json!([]));
    let (_, assets) = city.get("/api/v1/assets", &stranger).await;
    assert_eq!(assets["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn bad_input_is_explained_and_breaks_nothing() {
    let city = City::open().await;
    let token = city.token("operator", "messina").await;
    for path in [
        "/api/v1/assets?limit=0",
        "/api/v1/assets?limit=20001",
        "/api/v1/assets?bbox=1,2,3",
        "/api/v1/assets?bbox=9,9,1,1",
        "/api/v1/assets?bbox=nan,0,1,1",
        "/api/v1/assets?colour=red",
        "/api/v1/alarms?state=loud",
        "/api/v1/alarms?priority=9",
        "/api/v1/assets/lamp-00001/history?points=4001",
        "/api/v1/assets/lamp-00001/history?from=yesterday",
        "/api/v1/assets/lamp-00001/history?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z",
        "/api/v1/assets/lamp-00001/history?from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z",
        "/api/v1/live",
    ] {
        let (status, body) = city.get(path, &token).await;
        assert_eq!((status, slug(&body)), (400, "bad-request"), "{path} {body}");
    }
    let client = reqwest::Client::new();
    let sql = |body: String, kind: &'static str| {
        client.post(city.url("/api/v1/sql")).bearer_auth(&token).header("content-type", kind).body(body)
    };
    let json = "application/json";
    assert_eq!(answer(sql("{".into(), json)).await.0, 400);
    assert_eq!(answer(sql("{}".into(), json)).await.0, 422);
    assert_eq!(answer(sql("{\"sql\":1}".into(), json)).await.0, 422);
    assert_eq!(answer(sql("[".repeat(100_000), json)).await.0, 422);
    assert_eq!(answer(sql("select 1".into(), "text/plain")).await.0, 415);
    assert_eq!(answer(sql(" ".repeat(300 * 1024), json)).await.0, 413);
    assert_eq!(answer(client.put(city.url("/api/v1/sql")).bearer_auth(&token)).await.0, 405);
    assert_eq!(city.get("/api/v1/no-such-thing", &token).await.0, 404);
    assert_eq!(city.get("/api/v1/session", &token).await.0, 200);
}

#[tokio::test]
async fn every_answer_carries_the_policy_of_our_pages() {
    let city = City::open().await;
    for path in ["/", "/status", "/api/v1/city", "/alarms"] {
        let response = reqwest::get(city.url(path)).await.unwrap();
        let header = |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'self'; worker-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("object-src 'none'"), "{policy}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "no-referrer");
    }
}

#[tokio::test]
async fn figures_are_for_this_machine_or_for_those_who_are_known() {
    let city = City::open().await;
    let metrics = |forwarded: bool, token: &str| {
        let mut request = reqwest::Client::new().get(city.url("/metrics"));
        if forwarded {
            request = request.header("x-forwarded-for", "192.0.2.7");
        }
        if token.is_empty() { request } else { request.bearer_auth(token) }
    };
    let text = metrics(false, "").send().await.unwrap().text().await.unwrap();
    assert_eq!(text, "specola_up 1\n");
    assert_eq!(answer(metrics(true, "")).await.0, 401);
    let token = city.token("operator", "messina").await;
    assert_eq!(metrics(true, &token).send().await.unwrap().status(), 200);
    let (status, body) = answer(reqwest::Client::new().get(city.url("/status"))).await;
    assert_eq!((status, body["ready"].as_bool()), (200, Some(true)));
}
