//! Alarms: list, detail, answers.

use std::time::Duration;

use model::alarm::Change;
use serde_json::json;

use crate::city::{City, next, raised, slug, tenant};

#[tokio::test]
async fn an_alarm_is_listed_told_in_full_and_acknowledged_once() {
    let city = City::open().await;
    let token = city.token("operator", "messina").await;
    let alarm = city.happen(raised(&tenant("messina"), "dark", "circuit-1", &[1, 2], city.now())).await;
    let (_, page) = city.get("/api/v1/alarms", &token).await;
    let item = &page["items"][0];
    assert_eq!(item["asset_name"], "Circuito 1");
    assert_eq!((item["priority"].as_u64(), item["state"].as_str()), (Some(2), Some("active_unacknowledged")));
    assert_eq!((item["member_count"].as_u64(), item["first_out"].as_str()), (Some(2), Some("lamp-00001")));
    assert_eq!(item["lon"], 15.501, "a circuit without a place is shown where its first lamp stands");
    let path = format!("/api/v1/alarms/{}", alarm.id);
    let (status, body) = city.post(&format!("{path}/acknowledge"), &token, &json!({"note": " squadra 3 "})).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!((body["state"].as_str(), body["note"].as_str()), (Some("active_acknowledged"), Some("squadra 3")));
    assert_eq!(body["acknowledged_by"], "operator@messina");
    let (status, body) = city.post(&format!("{path}/acknowledge"), &token, &json!({})).await;
    assert_eq!((status, slug(&body)), (409, "already-acknowledged"));
    let (_, detail) = city.get(&path, &token).await;
    assert_eq!(detail["members"][1]["name"], "Lampione 2");
    assert_eq!(detail["journal"][0]["kind"], "raised");
    assert_eq!(
        (detail["journal"][1]["actor"].as_str(), detail["version"].as_u64()),
        (Some("operator@messina"), Some(2))
    );
}

#[tokio::test]
async fn many_are_acknowledged_and_what_was_skipped_tells_why() {
    let city = City::open().await;
    let token = city.token("crew", "messina").await;
    let me = tenant("messina");
    let first = city.happen(raised(&me, "dark", "lamp-00001", &[], city.now())).await;
    let second = city.happen(raised(&me, "dark", "lamp-00002", &[], city.now())).await;
    city.happen(next(&second, city.now(), Change::Acknowledged { note: None })).await;
    let ids = json!({"ids": [first.id.to_string(), second.id.to_string(), first.id.to_string(), "junk"]});
    let (status, body) = city.post("/api/v1/alarms/acknowledge", &token, &ids).await;
    assert_eq!(status, 200);
    assert_eq!(body["done"], json!([first.id.to_string()]));
    assert_eq!(
        body["skipped"],
        json!([
            {"id": "junk", "reason": "not-found"},
            {"id": second.id.to_string(), "reason": "already-acknowledged"},
        ])
    );
    let too_many = json!({"ids": vec!["x"; 1001]});
    assert_eq!(city.post("/api/v1/alarms/acknowledge", &token, &too_many).await.0, 400);
}

#[tokio::test]
async fn alarms_are_found_by_state_and_words_page_by_page() {
    let city = City::open().await;
    let token = city.token("analyst", "messina").await;
    let me = tenant("messina");
    for number in 0..6 {
        let alarm = city.happen(raised(&me, "dark", &format!("lamp-{number:05}"), &[], city.now())).await;
        if number == 5 {
            let alarm = city.happen(next(&alarm, city.now(), Change::Returned { evidence: None })).await;
            city.happen(next(&alarm, city.now(), Change::Acknowledged { note: None })).await;
        }
        city.pass(Duration::from_secs(1));
    }
    for (query, count) in [
        ("", 5),
        ("state=closed", 1),
        ("state=all", 6),
        ("state=open,closed", 6),
        ("state=unacknowledged", 5),
        ("priority=1", 0),
        ("priority=1,2", 5),
        ("q=lampione%202", 1),
        ("q=DARK", 5),
        ("domain=water", 0),
    ] {
        let (status, page) = city.get(&format!("/api/v1/alarms?{query}"), &token).await;
        assert_eq!(status, 200, "{query} {page}");
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}");
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let (_, page) = city.get(&format!("/api/v1/alarms?limit=2&after={after}"), &token).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["asset"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, ["lamp-00004", "lamp-00003", "lamp-00002", "lamp-00001", "lamp-00000"]);
}
