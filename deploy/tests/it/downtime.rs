//! Our own absence, and what comes late because of it or of others: history is completed, nothing rings for it, and nothing rings twice.

use std::time::Duration;

use model::Timestamp;
use serde_json::Value;

use crate::books::{book, closed_books};
use crate::city::{Home, Running, get, sign_in, wait_for};
use crate::post::{Letter, machine};
use crate::prelude::{Prelude, dark, rule};

const SERVE: [&str; 3] = ["serve", "--config", "specola.toml"];
const LAMPS: [&str; 3] = ["lamp-1", "lamp-2", "lamp-3"];

/// A lamp of which nothing is heard.
fn silent() -> String {
    rule("silent", "class = \"lamp\"", "kind = \"silence\"\nlasting = \"3s\"")
}

fn city() -> String {
    let lamp = |lamp: &&str| {
        format!(
            r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":[15.55,38.19]}},"properties":{{"id":"{lamp}","name":"{lamp}","domain":"streetlight","class":"lamp","devices":["{lamp}"],"relations":[],"main_metric":"voltage"}}}}"#
        )
    };
    let lamps: Vec<String> = LAMPS.iter().map(lamp).collect();
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, lamps.join(","))
}

/// A city with its machine and its operator; nothing but HTTP brings readings in, so a 200 says that they are on disk.
struct Town {
    home: Home,
    machine: String,
    link: String,
}

impl Town {
    fn new() -> Self {
        let prelude = Prelude::city().tenant("assets = [\"{folder}/city.geojson\"]");
        let home = prelude.home_with_rules(&(dark() + &silent()));
        std::fs::write(home.path().join("city.geojson"), city()).unwrap();
        let machine = machine(&home, "plant", "city");
        let added = home.run(&["user", "add", "anna", "--role", "operator", "--config", "specola.toml"]);
        Self { home, machine, link: String::from_utf8(added.stdout).unwrap() }
    }

    fn start(&self) -> Running {
        let running = self.home.start(&SERVE);
        running.wait_until_ready();
        running
    }

    /// Says the voltage of these lamps at this time.
    #[track_caller]
    fn say(&self, running: &Running, lamps: &[&str], volts: f64, time: Timestamp) {
        let readings: Vec<String> = lamps
            .iter()
            .map(|lamp| format!(r#"{{"device":"{lamp}","time":"{time}","values":{{"voltage":{volts}}}}}"#))
            .collect();
        let body = readings.join("\n");
        let (status, said) = Letter::new("/api/v1/ingest", "application/x-ndjson", body.as_bytes())
            .send(running.http, &self.machine)
            .unwrap();
        assert_eq!((status, &said["accepted"]), (200, &lamps.len().into()), "{said}");
    }
}

fn alarms(running: &Running, token: &str) -> Vec<Value> {
    let (status, body) = get(running.http, "/api/v1/alarms?state=all", Some(token)).unwrap();
    assert_eq!(status, 200, "{body}");
    serde_json::from_str::<Value>(&body).unwrap()["items"].as_array().unwrap().clone()
}

/// Rule and asset of each alarm.
fn names(alarms: &[Value]) -> Vec<(String, String)> {
    let name = |alarm: &Value, key: &str| alarm[key].as_str().unwrap().to_owned();
    let mut names: Vec<_> = alarms.iter().map(|alarm| (name(alarm, "rule"), name(alarm, "asset"))).collect();
    names.sort();
    names
}

/// Speaks for these lamps every half second for so long.
fn keep_saying(town: &Town, running: &Running, lamps: &[&str], seconds: u32) {
    for _ in 0..2 * seconds {
        town.say(running, lamps, 230.0, now());
        std::thread::park_timeout(Duration::from_millis(500));
    }
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap())
}

#[test]
fn what_comes_late_twice_and_out_of_order_completes_history_and_rings_nobody() {
    let town = Town::new();
    let running = town.start();
    let token = sign_in(&running, &town.link);
    town.say(&running, &LAMPS, 230.0, now());
    // An hour, a day and thirty days late, a breach every time, in a fixed disorder and each of them twice.
    let start = now();
    let late = [3_600, 86_400, 30 * 86_400_u64];
    let mut sent = 0;
    for number in 0..90_u64 {
        let shuffled = number * 37 % 90;
        let ago = Duration::from_secs(late[shuffled as usize % 3] + shuffled);
        for _ in 0..2 {
            town.say(&running, &["lamp-1"], 0.0, start.minus(ago));
        }
        sent += 1;
    }
    let books = closed_books(&running);
    let readings = book(&books, "http", "readings");
    assert_eq!((readings.of("stored"), readings.of("duplicate")), (LAMPS.len() as u64 + sent, sent), "{readings:?}");
    assert_eq!(alarms(&running, &token), Vec::<Value>::new(), "history rang");
    let (_, detail) = get(running.http, "/api/v1/assets/lamp-1", Some(&token)).unwrap();
    let detail: Value = serde_json::from_str(&detail).unwrap();
    assert_eq!(detail["series"][0]["value"], 230.0, "the newest value went back: {detail}");
    let counted = town.home.query(
        "select count(*) as n, count(distinct time) as moments, sum(value) as volts from readings where device = 'lamp-1'",
    );
    assert_eq!(counted[0]["n"], sent + 1, "{counted:?}");
    assert_eq!((&counted[0]["moments"], &counted[0]["volts"]), (&(sent + 1).into(), &230.0.into()), "{counted:?}");
}

#[test]
fn nothing_rings_because_we_were_away_and_nothing_rings_twice() {
    let town = Town::new();
    let running = town.start();
    let token = sign_in(&running, &town.link);
    keep_saying(&town, &running, &LAMPS, 2);
    town.say(&running, &["lamp-1"], 0.0, now());
    let before = wait_for("the dark lamp", || Some(alarms(&running, &token)).filter(|alarms| !alarms.is_empty()));
    assert_eq!(names(&before), [("dark".to_owned(), "lamp-1".to_owned())]);

    // Longer away than any lamp may be silent.
    running.kill();
    std::thread::park_timeout(Duration::from_secs(4));
    let running = town.start();
    assert_eq!(alarms(&running, &token), before, "the list after a power cut is the list before it");
    // A second in which nobody has said anything yet: it was we who were deaf.
    std::thread::park_timeout(Duration::from_secs(1));
    // What a gateway kept meanwhile comes first, then the present.
    town.say(&running, &["lamp-2"], 0.0, now().minus(Duration::from_secs(600)));
    town.say(&running, &["lamp-1"], 0.0, now());
    keep_saying(&town, &running, &["lamp-2", "lamp-3"], 2);
    let after = alarms(&running, &token);
    assert_eq!(names(&after), [("dark".to_owned(), "lamp-1".to_owned())], "{after:#?}");
    assert_eq!((&after[0]["id"], &after[0]["version"]), (&before[0]["id"], &before[0]["version"]), "it rang again");

    // The rules work: a lamp that falls silent now does ring, and the dark one returns.
    town.say(&running, &["lamp-1"], 230.0, now());
    wait_for("a silence that is a lamp's own", || {
        town.say(&running, &["lamp-1", "lamp-2"], 230.0, now());
        let all = alarms(&running, &token);
        names(&all).contains(&("silent".to_owned(), "lamp-3".to_owned())).then_some(())
    });
    let all = alarms(&running, &token);
    assert_eq!(all.len(), 2, "{all:#?}");
    closed_books(&running);
}
