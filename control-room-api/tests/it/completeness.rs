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

    let crew = city.token("crew", "messina").await;
    assert_eq!(city.get("/api/v1/completeness", &crew).await.0, 403);
    let other = city.token("admin", "prato").await;
    assert_eq!(city.get(&format!("/api/v1/completeness?from={from}"), &other).await.1["devices"], 0);
    for query in ["from=2000-01-01T00:00:00Z", "from=x", "to=2000-01-01T00:00:00Z&from=2000-01-02T00:00:00Z"] {
        let (status, body) = city.get(&format!("/api/v1/completeness?{query}"), &token).await;
        assert_eq!((status, slug(&body)), (400, "bad-request"), "{query} {body}");
    }
}
