//! Signing in, out and by a printed link; roles.

use std::time::Duration;

use control_room_api::issue_sign_in_link;
use model::UserName;
use serde_json::json;

use crate::city::{City, PASSWORD, answer, slug};

#[tokio::test]
async fn a_person_signs_in_is_known_and_signs_out() {
    let city = City::open().await;
    let token = city.token("operator", "messina").await;
    let (status, session) = city.get("/api/v1/session", &token).await;
    assert_eq!(status, 200);
    assert_eq!(session["user"], "operator@messina");
    assert_eq!(session["role"], "operator");
    assert_eq!(session["tenant_name"], "Comune di Messina");
    assert!(session.get("token").is_none(), "the token is told once");
    let gone = reqwest::Client::new().delete(city.url("/api/v1/session")).bearer_auth(&token).send().await.unwrap();
    assert_eq!(gone.status(), 204);
    let (status, body) = city.get("/api/v1/session", &token).await;
    assert_eq!((status, slug(&body)), (401, "not-signed-in"));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_answered_alike() {
    let city = City::open().await;
    let mut answers = Vec::new();
    for name in ["operator@messina", "nobody@messina", "Not A Name!"] {
        let (status, body) = city.post("/api/v1/session", "", &json!({"username": name, "password": "wrong"})).await;
        answers.push((status, body["type"].clone(), body["title"].clone(), body["detail"].clone()));
    }
    assert_eq!(answers[0].0, 401);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn guessing_ends_with_429_until_time_has_passed() {
    let city = City::open().await;
    let wrong = json!({"username": "operator@messina", "password": "wrong"});
    for _ in 0..5 {
        assert_eq!(city.post("/api/v1/session", "", &wrong).await.0, 401);
    }
    let right = json!({"username": "operator@messina", "password": PASSWORD});
    let (status, body) = city.post("/api/v1/session", "", &right).await;
    assert_eq!((status, slug(&body)), (429, "too-many-attempts"));
    city.pass(Duration::from_secs(301));
    assert_eq!(city.post("/api/v1/session", "", &right).await.0, 200);
}

#[tokio::test]
async fn a_printed_link_opens_once_and_in_time() {
    let city = City::open().await;
    let user = UserName::new("operator@messina").unwrap();
    let base = city.url("/");
    let link = issue_sign_in_link(&*city.store, &user, &base, &city.clock).await.unwrap();
    let (before, code) = link.split_once("/signin?code=").unwrap();
    assert_eq!(before, city.url(""));
    let body = json!({ "code": code });
    let (status, session) = city.post("/api/v1/session/link", "", &body).await;
    assert_eq!((status, session["user"].as_str()), (200, Some("operator@messina")));
    let (status, again) = city.post("/api/v1/session/link", "", &body).await;
    assert_eq!((status, slug(&again)), (401, "bad-credentials"));
    let link = issue_sign_in_link(&*city.store, &user, &base, &city.clock).await.unwrap();
    city.pass(Duration::from_secs(3601));
    let late = json!({ "code": link.split_once("code=").unwrap().1 });
    assert_eq!(city.post("/api/v1/session/link", "", &late).await.0, 401);
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let city = City::open().await;
    let token = city.token("operator", "messina").await;
    city.pass(Duration::from_secs(13 * 3600));
    assert_eq!(city.get("/api/v1/session", &token).await.0, 401);
}

#[tokio::test]
async fn a_role_does_what_it_is_for_and_no_more() {
    let city = City::open().await;
    let sql = json!({"sql": "select count(*) as n from readings"});
    for (role, may_query, may_acknowledge) in
        [("operator", true, true), ("crew", false, true), ("analyst", true, false), ("admin", true, true)]
    {
        let token = city.token(role, "messina").await;
        let (status, body) = city.post("/api/v1/sql", &token, &sql).await;
        assert_eq!(status, if may_query { 200 } else { 403 }, "{role} {body}");
        let (status, _) = city.post("/api/v1/alarms/acknowledge", &token, &json!({"ids": []})).await;
        assert_eq!(status, if may_acknowledge { 200 } else { 403 }, "{role}");
    }
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let city = City::open().await;
    let body = json!({"username": "operator@messina", "password": PASSWORD});
    let response = reqwest::Client::new().post(city.url("/api/v1/session")).json(&body).send().await.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["specola_session=", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let pair = cookie.split(';').next().unwrap().to_owned();
    let client = reqwest::Client::new();
    let get = client.get(city.url("/api/v1/session")).header("cookie", &pair);
    assert_eq!(answer(get).await.0, 200);
    let delete = |origin: Option<String>| {
        let request = client.delete(city.url("/api/v1/session")).header("cookie", &pair);
        match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        }
    };
    for origin in [None, Some("https://evil.example".to_owned()), Some("null".to_owned())] {
        let (status, body) = answer(delete(origin)).await;
        assert_eq!((status, slug(&body)), (403, "foreign-origin"));
    }
    assert_eq!(answer(delete(Some(city.url("")))).await.0, 204);
}
