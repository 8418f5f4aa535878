//! What was refused is kept whole, corrected by configuration, and read again with its own time of arrival.

use std::time::Duration;

use serde_json::{Value, json};

use crate::books::{book, closed_books};
use crate::city::{Home, Mosquitto, request, sign_in, wait_for};
use crate::prelude::Prelude;

const SERVE: [&str; 3] = ["serve", "--config", "specola.toml"];

fn home(broker: u16) -> Home {
    Prelude::city().broker(broker).with(r#"topics = ["specola/v1/+/+/readings", "meteo/+"]"#).home()
}

/// The route that was missing.
const ROUTE: &str = r#"
[[ingest.routes]]
topic = "specola/v1/+/+/readings"
format = "specola-json"
[[ingest.routes]]
topic = "meteo/+"
format = "generic-json"
[ingest.routes.mapping]
device = { topic_level = 2 }
leaves = "numbers"
"#;

/// Adds the route to the configuration, as an administrator would.
fn correct(home: &Home) {
    let text = std::fs::read_to_string(home.config()).unwrap();
    std::fs::write(home.config(), text + ROUTE).unwrap();
}

#[track_caller]
fn say(home: &Home, words: &[&str]) -> String {
    let output = home.run(words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn letter<'a>(letters: &'a [Value], topic: &str) -> &'a Value {
    letters.iter().find(|letter| letter["topic"] == topic).unwrap_or_else(|| panic!("nothing on {topic}: {letters:#?}"))
}

#[test]
fn a_message_without_a_route_is_read_again_when_there_is_one_at_the_time_at_which_it_came() {
    let broker = Mosquitto::start();
    let home = home(broker.port);
    let running = home.start(&SERVE);
    running.wait_until_ready();
    // No time of its own: it means the moment at which it came.
    let long = format!(r#"{{"temp": 21.5, "note": "{}"}}"#, "x".repeat(5_000));
    broker.publish("meteo/stazione-7", long.as_bytes());
    for _ in 0..30 {
        broker.publish("meteo/stazione-8", b"{\"temp\": 1");
    }
    wait_for("the refusals to be kept", || {
        let letters = home.letters();
        (letters.len() == 2 && letter(&letters, "meteo/stazione-8")["times"] == "30").then_some(())
    });
    let books = closed_books(&running);
    assert_eq!(book(&books, "mosquitto", "messages").of("refused unknown_format"), 31);
    assert_eq!(running.terminate().0, Some(0), "{}", home.log());

    let letters = home.letters();
    let (id, came) = (
        letter(&letters, "meteo/stazione-7")["id"].as_str().unwrap(),
        &letter(&letters, "meteo/stazione-7")["received"],
    );
    let shown = say(&home, &["letters", "show", id, "--config", "specola.toml"]);
    for part in ["unknown_format", "meteo/stazione-7", "add one (ingest.routes) and replay", "7b 22 74 65 6d 70"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    assert_eq!(say(&home, &["letters", "show", id, "--raw", "--config", "specola.toml"]), long);

    let before = say(&home, &["letters", "replay", "--dry-run", "--config", "specola.toml"]);
    assert!(before.contains("0 of 2 letters would be understood") && before.contains("2 unknown_format"), "{before}");
    correct(&home);
    let tried = say(&home, &["letters", "replay", "--dry-run", "--config", "specola.toml"]);
    assert!(
        tried.contains("1 of 2 letters would be understood (1 readings)") && tried.contains("1 malformed"),
        "{tried}"
    );
    assert_eq!(home.letters().len(), 2, "a trial changes nothing");
    let done = say(&home, &["letters", "replay", "--config", "specola.toml"]);
    assert!(done.contains("1 of 2 letters understood (1 readings)") && done.contains("1 readings stored"), "{done}");

    let rows = home.query("select * from readings where device = 'stazione-7'");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((&rows[0]["value"], &rows[0]["metric"]), (&json!(21.5), &json!("temp")));
    let moment = |value: &Value| model::Timestamp::parse(value.as_str().unwrap()).unwrap();
    assert_eq!((moment(&rows[0]["time"]), moment(&rows[0]["received"])), (moment(came), moment(came)));
    let left = home.letters();
    assert_eq!(left.len(), 1, "{left:#?}");
    assert_eq!((&left[0]["reason"], &left[0]["times"]), (&json!("malformed"), &json!("30")));

    let refused = home.run(&["letters", "discard", "--config", "specola.toml"]);
    assert!(!refused.status.success(), "nobody discards everything by mistake");
    let gone = say(&home, &["letters", "discard", "--reason", "malformed", "--config", "specola.toml"]);
    assert!(gone.starts_with("1 discarded"), "{gone}");
    assert!(home.letters().is_empty());
}

#[test]
fn beside_a_running_server_the_server_reads_again_and_the_screen_can_ask_for_it_too() {
    let broker = Mosquitto::start();
    let home = home(broker.port);
    let running = home.start(&SERVE);
    running.wait_until_ready();
    for station in 1..=6 {
        broker.publish(&format!("meteo/stazione-{station}"), format!(r#"{{"temp": {station}}}"#).as_bytes());
    }
    wait_for("the refusals to be kept", || (home.letters().len() == 6).then_some(()));
    assert_eq!(running.terminate().0, Some(0), "{}", home.log());
    correct(&home);
    let running = home.start(&SERVE);
    running.wait_until_ready();

    let said = say(&home, &["letters", "replay", "--topic", "meteo/stazione-1", "--config", "specola.toml"]);
    assert!(said.contains("a server runs") && said.contains("1 of 1 letters understood"), "{said}");
    let added = home.run(&["user", "add", "ada", "--role", "admin", "--config", "specola.toml"]);
    let token = sign_in(&running, &String::from_utf8_lossy(&added.stdout));
    let choice = json!({"reason": "unknown_format"});
    let (status, text) =
        request(running.http, "POST", "/api/v1/dead-letters/replay", Some(&token), Some(&choice)).unwrap();
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (status, answer["stored"].as_u64(), answer["letters"].as_array().unwrap().len()),
        (200, Some(5), 5),
        "{text}"
    );
    assert!(home.letters().is_empty());
    let again = say(&home, &["letters", "replay", "--config", "specola.toml"]);
    assert!(again.contains("no such letters"), "{again}");

    let books = closed_books(&running);
    assert_eq!(book(&books, "replay", "readings").of("stored"), 6);
    assert_eq!(running.counter("ingest", "city/replay readings stored"), Some(6));
    assert_eq!(running.counter("keep", "kept"), Some(6), "they went the way of all readings");
    let (code, took) = running.terminate();
    assert_eq!((code, took < Duration::from_secs(10)), (Some(0), true), "{took:?}\n{}", home.log());
    let rows = home.query("select device, value from readings where metric = 'temp' order by device");
    assert_eq!(rows.len(), 6, "{rows:?}");
}
