//! History: reduced without losing a peak.

use std::time::Duration;

use model::ReadingBatch;

use crate::city::{City, raised, reading, tenant};

#[tokio::test]
async fn a_day_is_reduced_and_keeps_its_peak_trough_and_alarms() {
    let city = City::open().await;
    let me = tenant("messina");
    let begin = city.now().minus(Duration::from_secs(86_400));
    let volts = |n: u64| match n {
        4_321 => 999.0,
        8_000 => -7.0,
        _ => 230.0,
    };
    let readings = (0..8_640).map(|n| reading(&me, 1, volts(n), begin.plus(Duration::from_secs(10 * n)))).collect();
    city.store.append(ReadingBatch::new(readings).unwrap()).await.unwrap();
    let noon = begin.plus(Duration::from_secs(43_200));
    city.happen(raised(&me, "dark", "lamp-00001", &[], noon)).await;
    let token = city.token("operator", "messina").await;
    let (status, body) = city.get("/api/v1/assets/lamp-00001/history?points=100", &token).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!((body["metric"].as_str(), body["unit"].as_str()), (Some("voltage"), Some("V")));
    assert_eq!(body["bucket_s"], 864.0);
    let points = body["points"].as_array().unwrap();
    assert!(points.len() <= 100 && points.len() >= 99, "{}", points.len());
    let all = |key: &str| points.iter().map(|point| point[key].as_f64().unwrap()).collect::<Vec<_>>();
    assert_eq!(all("max").into_iter().fold(f64::MIN, f64::max), 999.0);
    assert_eq!(all("min").into_iter().fold(f64::MAX, f64::min), -7.0);
    assert_eq!(all("count").into_iter().sum::<f64>(), 8_640.0);
    let mark = &body["alarms"][0];
    assert_eq!(
        (mark["raised_ms"].as_i64(), mark["message"].as_str()),
        (Some(noon.as_millis()), Some("Circuito spento"))
    );
}

#[tokio::test]
async fn a_short_span_has_no_bucket_below_a_second() {
    let city = City::open().await;
    city.measure(2, 231.0).await;
    let token = city.token("operator", "messina").await;
    let from = city.now().minus(Duration::from_secs(30)).to_rfc3339();
    let to = city.now().plus(Duration::from_secs(30)).to_rfc3339();
    let path = format!("/api/v1/assets/lamp-00002/history?metric=voltage&from={from}&to={to}&points=4000");
    let (_, body) = city.get(&path, &token).await;
    assert_eq!(body["bucket_s"], 1.0);
    assert_eq!(body["points"][0]["last"], 231.0);
    let (_, none) = city.get("/api/v1/assets/lamp-00002/history?metric=unheard", &token).await;
    assert_eq!(none["points"].as_array().unwrap().len(), 0);
}
