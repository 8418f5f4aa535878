//! The city and its assets.

use std::collections::BTreeSet;

use model::{Asset, Lifecycle};
use serde_json::json;

use crate::city::{City, lamp, raised, tenant};

#[tokio::test]
async fn the_city_tells_where_it_is_and_what_stands_in_it() {
    let city = City::open().await;
    let token = city.token("crew", "messina").await;
    let (status, body) = city.get("/api/v1/city", &token).await;
    assert_eq!(status, 200);
    assert_eq!(body["name"], "Messina");
    assert_eq!(body["timezone"], "Europe/Rome");
    assert_eq!(body["bounds"][0], 15.5);
    assert_eq!(body["epoch"], city.live.epoch());
    assert_eq!(body["domains"], json!([{"id": "camera", "asset_count": 2}, {"id": "streetlight", "asset_count": 9}]));
}

#[tokio::test]
async fn pages_of_assets_follow_one_another_without_gap_or_repeat() {
    let city = City::open().await;
    let token = city.token("crew", "messina").await;
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let (_, page) = city.get(&format!("/api/v1/assets?limit=4&after={after}"), &token).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen.len(), 11);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>(), seen.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn assets_are_found_by_trade_place_and_words() {
    let city = City::open().await;
    let token = city.token("crew", "messina").await;
    for (query, count) in [
        ("domain=camera", 2),
        ("domain=NO SUCH", 0),
        ("area=Centro", 11),
        ("area=Centro'%20or%201=1--", 0),
        ("q=LAMPIONE%209", 1),
        ("bbox=15.4995,38,15.5015,39", 2),
        ("q=circuito", 1),
    ] {
        let (status, page) = city.get(&format!("/api/v1/assets?{}", query.replace(' ', "%20")), &token).await;
        assert_eq!(status, 200, "{query}");
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}");
    }
}

#[tokio::test]
async fn assets_are_found_by_their_stage_of_life_and_the_retired_only_so() {
    let city = City::open().await;
    let token = city.token("crew", "messina").await;
    let me = tenant("messina");
    let stages = [(1, Lifecycle::Planned), (2, Lifecycle::Quarantined), (3, Lifecycle::Retired)];
    let changed: Vec<_> = stages.map(|(number, lifecycle)| Asset { lifecycle, ..lamp(&me, number) }).into();
    city.live.put_assets(&me, &changed);
    for (query, expected) in [
        ("?lifecycle=planned", vec!["lamp-00001 planned"]),
        ("?lifecycle=quarantined", vec!["lamp-00002 quarantined"]),
        ("?lifecycle=retired", vec!["lamp-00003 retired"]),
        ("?limit=2", vec!["circuit-1 in-service", "lamp-00000 in-service"]),
    ] {
        let (_, page) = city.get(&format!("/api/v1/assets{query}"), &token).await;
        let told = |item: &serde_json::Value| {
            format!("{} {}", item["id"].as_str().unwrap(), item["lifecycle"].as_str().unwrap())
        };
        assert_eq!(page["items"].as_array().unwrap().iter().map(told).collect::<Vec<_>>(), expected, "{query}");
    }
    let (_, all) = city.get("/api/v1/assets", &token).await;
    assert_eq!(all["items"].as_array().unwrap().len(), 10);
    assert_eq!(city.get("/api/v1/assets?lifecycle=alive", &token).await.0, 400);
}

#[tokio::test]
async fn an_asset_tells_its_values_relations_and_alarms() {
    let city = City::open().await;
    let token = city.token("crew", "messina").await;
    city.measure(3, 229.5).await;
    city.happen(raised(&tenant("messina"), "dark", "circuit-1", &[3, 4], city.now())).await;
    let (status, lamp) = city.get("/api/v1/assets/lamp-00003", &token).await;
    assert_eq!(status, 200);
    assert_eq!((lamp["slot"].as_u64(), lamp["circuit"].as_str()), (Some(3), Some("circuit-1")));
    assert_eq!(lamp["properties"]["height"], "9 m");
    assert_eq!(lamp["relations"], json!([{"kind": "powered-by", "to": "circuit-1", "name": "Circuito 1"}]));
    let series = &lamp["series"][0];
    assert_eq!((series["value"].as_f64(), series["unit"].as_str()), (Some(229.5), Some("V")));
    assert!(series["stale_after_s"].as_f64().unwrap() > 0.0);
    assert_eq!(lamp["alarms"][0]["title"]["it"], "Circuito spento");
    assert_eq!(lamp["limits"], json!([]));
}

#[tokio::test]
async fn a_long_list_is_sent_compressed_to_whoever_can_read_it() {
    let city = City::open().await;
    let token = city.token("crew", "messina").await;
    let request = reqwest::Client::new().get(city.url("/api/v1/assets")).bearer_auth(&token);
    let response = request.header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert_eq!(response.bytes().await.unwrap()[..2], [0x1f, 0x8b]);
}
