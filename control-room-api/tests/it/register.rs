//! Changes of the register of assets: for administrators only, in every form, with every mistake told.

use serde_json::json;

use crate::city::{City, answer, slug};

async fn import(city: &City, token: &str, query: &str, kind: &str, body: &'static str) -> (u16, serde_json::Value) {
    let request = reqwest::Client::new().post(city.url(&format!("/api/v1/assets/import{query}")));
    answer(request.bearer_auth(token).header("content-type", kind).body(body)).await
}

#[tokio::test]
async fn only_an_administrator_changes_the_register() {
    let city = City::open().await;
    for role in ["operator", "crew", "analyst"] {
        let token = city.token(role, "messina").await;
        let refused = [
            import(&city, &token, "", "text/csv", "id\n").await,
            city.get("/api/v1/assets/export", &token).await,
            city.post("/api/v1/assets/approve", &token, &json!({"all": true})).await,
            city.post("/api/v1/assets/lamp-00001/stage", &token, &json!({"stage": "retired"})).await,
        ];
        for (status, body) in refused {
            assert_eq!((status, slug(&body)), (403, "not-allowed"), "{role}");
        }
    }
    for (status, body) in [
        import(&city, "", "", "text/csv", "id\n").await,
        city.post("/api/v1/assets/approve", "", &json!({"all": true})).await,
    ] {
        assert_eq!((status, slug(&body)), (401, "not-signed-in"));
    }
    assert!(city.office.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_file_is_handed_in_with_its_form_and_wishes_in_the_name_of_its_tenant() {
    let city = City::open().await;
    let token = city.token("admin", "prato").await;
    let (status, body) = import(&city, &token, "?dry_run=true", "text/csv; charset=utf-8", "id\n").await;
    assert_eq!((status, body["added"].as_u64()), (200, Some(1)), "{body}");
    let (status, _) = import(&city, &token, "?retire_missing=true", "application/geo+json", "{}").await;
    assert_eq!(status, 200);
    let asked = city.office.asked.lock().unwrap().clone();
    assert_eq!(
        asked,
        [
            "prato admin@prato ImportOrder { sheet: Csv, text: \"id\\n\", dry_run: true, retire_missing: false }",
            "prato admin@prato ImportOrder { sheet: GeoJson, text: \"{}\", dry_run: false, retire_missing: true }",
        ]
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_told() {
    let city = City::open().await;
    let token = city.token("admin", "messina").await;
    let (status, body) = import(&city, &token, "", "text/csv", "wrong").await;
    assert_eq!((status, slug(&body), body["detail"].as_str()), (422, "bad-assets", Some("line 3: write better")));
    let (status, body) = import(&city, &token, "", "application/xml", "<a/>").await;
    assert_eq!((status, slug(&body)), (415, "not-assets"));
    let (status, body) = import(&city, &token, "?dryrun=true", "text/csv", "id\n").await;
    assert_eq!((status, slug(&body)), (400, "bad-request"));
    let request = reqwest::Client::new().post(city.url("/api/v1/assets/import")).bearer_auth(&token);
    let (status, body) = answer(request.header("content-type", "text/csv").body(vec![b'i', 0xff])).await;
    assert_eq!((status, slug(&body)), (422, "bad-assets"));
    let request = reqwest::Client::new().post(city.url("/api/v1/assets/import")).bearer_auth(&token);
    let (status, body) = answer(request.header("content-type", "text/csv").body(vec![b'x'; (64 << 20) + 1])).await;
    assert_eq!((status, slug(&body)), (413, "too-large"));
    // A file beyond the usual limit of a body is taken.
    let request = reqwest::Client::new().post(city.url("/api/v1/assets/import")).bearer_auth(&token);
    assert_eq!(answer(request.header("content-type", "text/csv").body(vec![b'x'; 1 << 20])).await.0, 200);
}

#[tokio::test]
async fn assets_are_given_out_in_the_form_that_is_asked_for() {
    let city = City::open().await;
    let token = city.token("admin", "messina").await;
    for (query, kind, text) in [
        ("", "application/geo+json", "messina GeoJson"),
        ("?format=geojson", "application/geo+json", "messina GeoJson"),
        ("?format=csv", "text/csv; charset=utf-8", "messina Csv"),
    ] {
        let request = reqwest::Client::new().get(city.url(&format!("/api/v1/assets/export{query}")));
        let response = request.bearer_auth(&token).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], kind);
        assert!(response.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
        assert_eq!(response.text().await.unwrap(), text);
    }
    let (status, body) = city.get("/api/v1/assets/export?format=xlsx", &token).await;
    assert_eq!((status, slug(&body)), (400, "bad-request"));
}

#[tokio::test]
async fn an_approval_says_exactly_one_thing() {
    let city = City::open().await;
    let token = city.token("admin", "messina").await;
    for body in
        [json!({}), json!({"ids": ["a"], "all": true}), json!({"class": "lamp", "ids": []}), json!({"class": "A"})]
    {
        let (status, answer) = city.post("/api/v1/assets/approve", &token, &body).await;
        assert_eq!((status, slug(&answer)), (400, "bad-request"), "{body}");
    }
    for body in [json!({"ids": ["a", "b"]}), json!({"class": "lamp"}), json!({"all": true})] {
        assert_eq!(city.post("/api/v1/assets/approve", &token, &body).await.1["changed"], 2);
    }
    let asked = city.office.asked.lock().unwrap().clone();
    assert_eq!(
        asked,
        [
            "messina admin@messina Ids([\"a\", \"b\"])",
            "messina admin@messina Class(\"lamp\")",
            "messina admin@messina All",
        ]
    );
}

#[tokio::test]
async fn an_asset_enters_a_stage_of_its_life() {
    let city = City::open().await;
    let token = city.token("admin", "messina").await;
    let stage = |id: &str| format!("/api/v1/assets/{id}/stage");
    let (status, body) = city.post(&stage("lamp-00001"), &token, &json!({"stage": "out-of-service"})).await;
    assert_eq!((status, body["changed"].as_u64()), (200, Some(1)));
    let (status, body) = city.post(&stage("lamp-00001"), &token, &json!({"stage": "dead"})).await;
    assert_eq!((status, slug(&body)), (400, "bad-request"));
    assert!(body["detail"].as_str().unwrap().contains("installed"), "{body}");
    let (status, body) = city.post(&stage("nobody"), &token, &json!({"stage": "retired"})).await;
    assert_eq!((status, slug(&body)), (404, "not-found"));
    assert_eq!(*city.office.asked.lock().unwrap(), ["messina admin@messina lamp-00001 OutOfService"]);
}
