//! The demo as a newcomer meets it.

use std::time::{Duration, Instant};

use crate::city::{Home, get, sign_in, wait_for};

#[test]
fn the_demo_city_lives_within_seconds_and_something_goes_wrong_in_it() {
    let home = Home::new("");
    let words = ["demo", "--data", "data", "--rules", "rules", "--no-history", "--http-port", "0", "--mqtt-port", "0"];
    let started = Instant::now();
    let running = home.start(&words);
    let link =
        running.said.iter().find(|line| line.contains("/signin?code=")).expect("a sign-in link is printed").clone();
    let token = sign_in(&running, &link);
    let (status, body) = get(running.http, "/api/v1/assets?limit=20000", Some(&token)).unwrap();
    let took = started.elapsed();
    assert_eq!(status, 200);
    let assets: serde_json::Value = serde_json::from_str(&body).unwrap();
    let assets = assets["items"].as_array().unwrap();
    assert!(assets.len() >= 8_000, "only {} assets", assets.len());
    let domains: std::collections::BTreeSet<&str> =
        assets.iter().map(|asset| asset["domain"].as_str().unwrap()).collect();
    assert_eq!(
        domains.into_iter().collect::<Vec<_>>(),
        ["camera", "environment", "streetlight", "structural", "water"]
    );
    assert!(took < crate::city::PATIENCE, "it took {took:?} from the start of the program to all assets");

    let alarm = wait_for("something to go wrong", || {
        let (_, body) = get(running.http, "/api/v1/alarms?state=open", Some(&token))?;
        let page: serde_json::Value = serde_json::from_str(&body).unwrap();
        page["items"].as_array().unwrap().first().cloned()
    });
    assert!(alarm["title"]["it"].as_str().is_some_and(|title| !title.is_empty()), "{alarm:#}");
    let (code, took) = running.terminate();
    assert_eq!(code, Some(0), "{}", home.log());
    assert!(took < Duration::from_secs(10), "it took {took:?} to stop");
}
