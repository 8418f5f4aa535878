//! How complete a city is, over HTTP.

use std::time::Duration;

use model::ReadingBatch;

use crate::city::{City, reading, slug, tenant};

#[tokio::test]
async fn the_device_with_a_hole_is_named() {
    let city = City::open().await;
    let (now, messina) = (city.now(), tenant("messina"));
    let minute = |n: u64| now.minus(Duration::from_secs(60 * n));
    let even = (0..60).map(|n| reading(&messina, 1, 230.0, minute(n)));
    // Twenty minutes are missing in the middle.
    let holed = (0..60).filter(|n| !(20..40).contains(n)).map(|n| reading(&messina, 2, 230.0, minute(n)));
    city.store.append(ReadingBatch::new(even.chain(holed).collect()).unwrap()).await.unwrap();
    let token = city.token("analyst", "messina").await;
    let from = minute(59).to_rfc3339();
    let (status, body) = city.get(&format!("/api/v1/completeness?from={from}"), &token).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!((body["devices"].as_u64(), body["devices_with_holes"].as_u64()), (Some(2), Some(1)), "{body}");
    let hole = &body["holes"][0];
    assert_eq!((hole["device"].as_str(), hole["missed"].as_u64()), (Some("dev-00002"), Some(20)), "{body}");
    assert_eq!(
        (hole["longest_gap_s"].as_f64(), body["expected"].as_u64()),
        (Some(21.0 * 60.0), Some(118)),
        "the one of this moment is not in the window"
    );
    assert!((body["ratio"].as_f64().unwrap() - 98.0 / 118.0).abs() < 1e-9, "{body}");

    assert_eq!((hole["asset"].as_str(), hole["area"].as_str()), (Some("lamp-00002"), Some("Centro")));
    for share in [&body["domains"][0], &body["areas"][0]] {
        assert_eq!((share["devices"].as_u64(), share["missed"].as_u64()), (Some(2), Some(20)), "{share}");
    }
    assert_eq!(body["domains"][0]["name"], "streetlight");

    let (status, gaps) = city.get(&format!("/api/v1/completeness/dev-00002?from={from}"), &token).await;
    assert_eq!((status, gaps["gaps"].as_array().map(Vec::len)), (200, Some(1)), "{gaps}");
    let gap = &gaps["gaps"][0];
    assert_eq!(
        (gap["from"].as_str(), gap["to"].as_str()),
        (Some(&*minute(40).to_rfc3339()), Some(&*minute(19).to_rfc3339()))
    );
    assert_eq!((gap["missed"].as_u64(), gaps["series"][0]["usual_s"].as_f64()), (Some(20), Some(60.0)), "{gaps}");
    assert_eq!(gaps["series"][0]["missed"], hole["missed"], "both count the same");
    let (_, whole) = city.get(&format!("/api/v1/completeness/dev-00001?from={from}"), &token).await;
    assert_eq!(whole["gaps"].as_array().map(Vec::len), Some(0), "{whole}");
    assert_eq!(city.get("/api/v1/completeness/dev-00009", &token).await.0, 404);

    let table = reqwest::Client::new().get(city.url(&format!("/api/v1/completeness/export?from={from}")));
    let table = table.bearer_auth(&token).send().await.unwrap();
    assert_eq!(table.headers()["content-type"], "text/csv; charset=utf-8");
    let table = table.text().await.unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("device,asset,name,domain,area,readings"), "{table}");
    assert!(
        lines[1].starts_with("dev-00002,lamp-00002,Lampione 2,streetlight,Centro,39,59,20,0.661017,1260,0"),
        "{table}"
    );
    assert_eq!(lines.len(), 3, "{table}");

    let crew = city.token("crew", "messina").await;
    assert_eq!(city.get("/api/v1/completeness", &crew).await.0, 403);
    let other = city.token("admin", "prato").await;
    assert_eq!(city.get(&format!("/api/v1/completeness?from={from}"), &other).await.1["devices"], 0);
    for query in ["from=2000-01-01T00:00:00Z", "from=x", "to=2000-01-01T00:00:00Z&from=2000-01-02T00:00:00Z"] {
        let (status, body) = city.get(&format!("/api/v1/completeness?{query}"), &token).await;
        assert_eq!((status, slug(&body)), (400, "bad-request"), "{query} {body}");
    }
}

#[tokio::test]
async fn what_is_told_of_a_device_counts_before_its_rhythm() {
    let city = City::open().await;
    let (now, prato) = (city.now(), tenant("prato"));
    let minute = |n: u64| now.minus(Duration::from_secs(60 * n));
    let even = (1..=60).map(|n| reading(&prato, 0, 230.0, minute(n)));
    city.store.append(ReadingBatch::new(even.collect()).unwrap()).await.unwrap();
    let token = city.token("analyst", "prato").await;
    let from = minute(60).to_rfc3339();
    let (status, body) = city.get(&format!("/api/v1/completeness?from={from}"), &token).await;
    // A reading every minute, where one every half minute is expected.
    assert_eq!((status, body["readings"].as_u64(), body["missed"].as_u64()), (200, Some(60), Some(60)), "{body}");
}

#[tokio::test]
async fn who_is_silent_or_has_gaps_is_told_to_who_may_ask() {
    let city = City::open().await;
    let token = city.token("operator", "messina").await;
    let (status, body) = city.get("/api/v1/gaps", &token).await;
    assert_eq!(status, 200, "{body}");
    let counts = ["followed", "silent", "devices_with_gaps"].map(|name| body[name].as_u64());
    assert_eq!(counts, [Some(3), Some(1), Some(2)], "{body}");
    let holed = &body["devices"][1];
    assert_eq!((holed["device"].as_str(), holed["learned"].as_bool()), (Some("dev-00002"), Some(true)), "{body}");
    assert_eq!(
        (holed["gaps"][0]["until"].as_str(), holed["gaps"][0]["missed"].as_u64()),
        (Some("1970-01-01T00:05:00Z"), Some(4))
    );
    let (_, one) = city.get("/api/v1/gaps?limit=1", &token).await;
    assert_eq!((one["devices"].as_array().unwrap().len(), one["devices_with_gaps"].as_u64()), (1, Some(2)));
    let other = city.token("admin", "prato").await;
    assert_eq!(city.get("/api/v1/gaps", &other).await.1["devices_with_gaps"], 0);
    let crew = city.token("crew", "messina").await;
    assert_eq!(city.get("/api/v1/gaps", &crew).await.0, 403);
    assert_eq!(city.get("/api/v1/gaps?limit=0", &token).await.0, 400);
}

#[tokio::test]
async fn changes_of_the_register_are_told_to_administrators_page_by_page() {
    let city = City::open().await;
    let token = city.token("admin", "messina").await;
    let (status, body) = city.get("/api/v1/assets/changes?limit=1", &token).await;
    assert_eq!((status, body["next"].as_i64()), (200, Some(9)), "{body}");
    let entry = &body["items"][0];
    assert_eq!(
        (entry["who"].as_str(), entry["at"].as_str()),
        (Some("messina"), Some("1970-01-01T00:00:00Z")),
        "{body}"
    );
    assert_eq!(entry["change"]["fields"][0]["after"], "b", "{body}");
    let (_, body) = city.get("/api/v1/assets/changes?before=9&asset=lamp-7", &token).await;
    assert_eq!((body["items"][0]["number"].as_i64(), body["next"].as_i64()), (Some(8), None), "{body}");
    assert_eq!(body["items"][0]["change"]["id"], "lamp-7", "{body}");
    let analyst = city.token("analyst", "messina").await;
    assert_eq!(city.get("/api/v1/assets/changes", &analyst).await.0, 403);
    assert_eq!(city.get("/api/v1/assets/changes?limit=1001", &token).await.0, 400);
}
