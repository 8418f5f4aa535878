//! Devices that tell where they are: on the map at once, also when their asset was there before without a place, and still there after a restart.

use serde_json::Value;

use crate::city::{Mosquitto, Running, get, sign_in, wait_for};
use crate::prelude::Prelude;

/// Longitude and latitude of an asset; `None` while it is not there, nulls while it has no place.
fn place(running: &Running, token: &str, asset: &str) -> Option<(Value, Value)> {
    let (status, body) = get(running.http, "/api/v1/assets", Some(token))?;
    assert_eq!(status, 200, "{body}");
    let page: Value = serde_json::from_str(&body).unwrap();
    let found = page["items"].as_array().unwrap().iter().find(|found| found["id"] == asset)?;
    Some((found["lon"].clone(), found["lat"].clone()))
}

#[test]
fn a_device_that_tells_where_it_is_gets_its_place_on_the_map_and_keeps_it() {
    let broker = Mosquitto::start();
    let home = Prelude::city().broker(broker.port).home();
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    let added = home.run(&["user", "add", "anna", "--config", "specola.toml"]);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let token = sign_in(&running, &String::from_utf8_lossy(&added.stdout));
    let at = |lon: f64, lat: f64| (Value::from(lon), Value::from(lat));
    let becomes = |running: &Running, asset: &str, expected: (Value, Value)| {
        wait_for(&format!("{asset} to be at {expected:?}"), || {
            (place(running, &token, asset)? == expected).then_some(())
        });
    };

    // Told with the first message.
    let entity = |lon: f64| {
        format!(r#"{{"id":"urn:boa","type":"Buoy","t":1,"location":{{"type":"Point","coordinates":[{lon},38.2]}}}}"#)
    };
    broker.publish("ngsi-ld/porto", entity(15.5).as_bytes());
    becomes(&running, "urn:boa", at(15.5, 38.2));

    // Told later: the asset is there first, without a place.
    let lamp = "00aa00aa00aa00aa";
    let event = |event: &str, rest: &str| {
        let payload = format!(r#"{{"deviceInfo":{{"devEui":"{lamp}"}}{rest}}}"#);
        broker.publish(&format!("application/a/device/{lamp}/event/{event}"), payload.as_bytes());
    };
    event("up", r#","object":{"voltage":230}"#);
    becomes(&running, lamp, (Value::Null, Value::Null));
    event("location", r#","location":{"latitude":38.19,"longitude":15.55}"#);
    becomes(&running, lamp, at(15.55, 38.19));

    // A move is history; the asset stays where it was put.
    broker.publish("ngsi-ld/porto", entity(15.6).as_bytes());
    event("up", r#","object":{"voltage":231}"#);
    wait_for("all messages to be taken", || (running.counter("ingest", "messages")? >= 5).then_some(()));
    let (code, _) = running.terminate();
    assert_eq!(code, Some(0), "{}", home.log());
    let moves =
        home.query("select value from readings where device = 'urn:boa' and metric = '_longitude' order by time");
    assert_eq!(moves.iter().map(|row| row["value"].clone()).collect::<Vec<_>>(), [15.5, 15.6]);

    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    becomes(&running, "urn:boa", at(15.5, 38.2));
    becomes(&running, lamp, at(15.55, 38.19));
    running.terminate();
}
