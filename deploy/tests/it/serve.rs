//! The program as an administrator meets it: configuration, doors, stopping, and a dark circuit from end to end.

use std::net::TcpListener;
use std::time::Duration;

use crate::books::closed_books;
use crate::city::{Home, Mosquitto, Running, get, sign_in, wait_for};
use crate::prelude::Prelude;

const LAMPS: usize = 12;

fn prelude(broker: u16) -> Prelude {
    Prelude::city().tenant("assets = [\"{folder}/city.geojson\"]").rules().broker(broker)
}

/// A rule with short delays, so that the test is short: the shipped one waits longer.
const RULE: &str = r#"
[[rule]]
id = "circuit-dark"
domain = "streetlight"
class = "lamp"
metric = "voltage"
unit = "V"
priority = "medium"
on_delay = "1s"
off_delay = "1s"

[rule.condition]
kind = "threshold"
below = 180.0
clear = 200.0

[rule.group]
by = "powered-by"
class = "circuit"
at_least = 5
within = "5s"
priority = "high"

[rule.group.guidance.it]
title = "{source} al buio"
cause = "Interruttore scattato o cavo interrotto"
consequence = "Strada al buio"
action = "Mandare una squadra al quadro"

[rule.group.guidance.en]
title = "{source} is dark"
cause = "Breaker tripped or cable cut"
consequence = "A dark street"
action = "Send a crew to the cabinet"

[rule.guidance.it]
title = "{asset} senza tensione"
cause = "Fusibile"
consequence = "Un punto luce spento"
action = "Giro di manutenzione"

[rule.guidance.en]
title = "{asset} has no supply"
cause = "Fuse"
consequence = "One light is out"
action = "Maintenance round"
"#;

/// A circuit with its lamps, in a row along a street.
fn city() -> String {
    let feature = |id: &str, class: &str, lon: f64, devices: &str, relations: &str| {
        format!(
            r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":[{lon},38.19]}},"properties":{{"id":"{id}","name":"{id}","domain":"streetlight","class":"{class}","devices":[{devices}],"relations":[{relations}],"main_metric":{}}}}}"#,
            if class == "lamp" { "\"voltage\"" } else { "null" }
        )
    };
    let mut features = vec![feature("circuit-1", "circuit", 15.55, "", "")];
    for lamp in 0..LAMPS {
        let relation = r#"{"kind":"powered-by","to":"circuit-1"}"#;
        features.push(feature(
            &format!("lamp-{lamp}"),
            "lamp",
            15.55 + lamp as f64 * 0.0003,
            &format!("\"lamp-{lamp}\""),
            relation,
        ));
    }
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

/// All lamps say their voltage, as a gateway would.
fn say_voltage(broker: &Mosquitto, volts: f64) {
    let readings: Vec<String> = (0..LAMPS)
        .map(|lamp| format!(r#"{{"device":"lamp-{lamp}","metric":"voltage","value":{volts},"unit":"V"}}"#))
        .collect();
    broker
        .publish("specola/v1/city/gateway/readings", format!(r#"{{"readings":[{}]}}"#, readings.join(",")).as_bytes());
}

fn alarms(running: &Running, token: &str, state: &str) -> Vec<serde_json::Value> {
    let (status, body) = get(running.http, &format!("/api/v1/alarms?state={state}"), Some(token)).unwrap();
    assert_eq!(status, 200, "{body}");
    let page: serde_json::Value = serde_json::from_str(&body).unwrap();
    page["items"].as_array().unwrap().clone()
}

#[test]
fn a_dark_circuit_is_one_alarm_that_survives_a_restart_and_clears_by_itself() {
    let broker = Mosquitto::start();
    let home = prelude(broker.port).home();
    std::fs::write(home.path().join("city.geojson"), city()).unwrap();
    std::fs::create_dir(home.path().join("rules")).unwrap();
    std::fs::write(home.path().join("rules/test.toml"), RULE).unwrap();
    let checked = home.run(&["check", "--config", "specola.toml"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));

    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    let added = home.run(&["user", "add", "anna", "--role", "operator", "--config", "specola.toml"]);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let token = sign_in(&running, &String::from_utf8_lossy(&added.stdout));

    say_voltage(&broker, 231.0);
    say_voltage(&broker, 0.0);
    let alarm = wait_for("the alarm", || {
        say_voltage(&broker, 0.0);
        alarms(&running, &token, "open").first().cloned()
    });
    assert_eq!(alarm["asset"], "circuit-1");
    assert_eq!(alarm["member_count"], LAMPS);
    assert_eq!(alarm["state"], "active_unacknowledged");
    assert_eq!(alarm["title"]["en"], "circuit-1 is dark");
    let before = alarms(&running, &token, "all");
    assert_eq!(before.len(), 1, "one alarm, not {}: {before:?}", before.len());

    let (code, took) = running.terminate();
    assert_eq!((code, took < Duration::from_secs(10)), (Some(0), true), "{took:?}\n{}", home.log());
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    assert_eq!(alarms(&running, &token, "all"), before, "the list after a restart is the list before it");

    let cleared = wait_for("the circuit to come back", || {
        say_voltage(&broker, 230.5);
        let all = alarms(&running, &token, "all");
        assert_eq!(all.len(), 1);
        (all[0]["state"] == "returned_unacknowledged").then(|| all[0].clone())
    });
    assert_eq!(cleared["id"], alarm["id"]);
    let (status, body) =
        get(running.http, &format!("/api/v1/alarms/{}", alarm["id"].as_str().unwrap()), Some(&token)).unwrap();
    assert_eq!(status, 200);
    let detail: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(detail["members"].as_array().unwrap().len(), LAMPS);
    closed_books(&running);
    let kinds: Vec<&str> =
        detail["journal"].as_array().unwrap().iter().map(|fact| fact["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"raised"), Some(&"returned")), "{kinds:?}");
}

#[test]
fn a_rule_that_changes_is_in_force_without_a_restart() {
    let broker = Mosquitto::start();
    let home = prelude(broker.port).home();
    std::fs::write(home.path().join("city.geojson"), city()).unwrap();
    std::fs::create_dir(home.path().join("rules")).unwrap();
    std::fs::write(
        home.path().join("rules/test.toml"),
        RULE.replace("below = 180.0", "below = 10.0").replace("clear = 200.0", "clear = 20.0"),
    )
    .unwrap();
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    let added = home.run(&["user", "add", "anna", "--config", "specola.toml"]);
    let token = sign_in(&running, &String::from_utf8_lossy(&added.stdout));
    say_voltage(&broker, 150.0);
    assert!(alarms(&running, &token, "open").is_empty());
    std::fs::write(home.path().join("rules/test.toml"), RULE).unwrap();
    wait_for("the changed rule to ring", || {
        say_voltage(&broker, 150.0);
        (!alarms(&running, &token, "open").is_empty()).then_some(())
    });
}

#[test]
fn a_mistake_in_the_configuration_is_told_with_its_line() {
    let home = Home::new("[store]\nfolder = \"data\"\nflush_readngs = 5\n");
    for words in [["check", "--config", "specola.toml"], ["serve", "--config", "specola.toml"]] {
        let output = home.run(&words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        assert!(said.contains("line 3") && said.contains("flush_readngs"), "{said}");
    }
}

#[test]
fn the_printed_default_configuration_is_right() {
    let home = Home::new("");
    let printed = home.run(&["config", "--print-default"]);
    std::fs::write(home.config(), printed.stdout).unwrap();
    let checked = home.run(&["check", "--config", "specola.toml"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn a_taken_port_names_the_flag_that_helps() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let home = Home::new("");
    for (flag, other) in [("--http-port", "--mqtt-port"), ("--mqtt-port", "--http-port")] {
        let output = home.run(&["demo", "--no-history", "--data", "data", flag, &port, other, "0"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        assert!(said.contains(flag) && said.contains(&port), "{said}");
    }
}

#[test]
fn a_second_process_does_not_open_the_same_folder() {
    let broker = Mosquitto::start();
    let home = prelude(broker.port).home();
    std::fs::write(home.path().join("city.geojson"), city()).unwrap();
    let running = home.start(&["serve", "--config", "specola.toml"]);
    let second = home.run(&["serve", "--config", "specola.toml"]);
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("in use"), "{said}");
    drop(running);
}

#[test]
fn the_simulated_city_speaks_to_any_broker_for_as_long_as_it_is_told() {
    let broker = Mosquitto::start();
    let home = Home::new("");
    let address = format!("127.0.0.1:{}", broker.port);
    let output = home.run(&["simulate", "--broker", &address, "--for", "2s", "--config", "specola.toml"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written = home.run(&["simulate", "--assets", "city.geojson", "--config", "specola.toml"]);
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    std::fs::write(home.config(), "[[tenants]]\nid = \"city\"\nname = \"Prova\"\nassets = [\"city.geojson\"]\n")
        .unwrap();
    let checked = home.run(&["check", "--config", "specola.toml"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn help_teaches() {
    let home = Home::new("");
    let output = home.run(&["--help"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    for word in ["demo", "serve", "simulate", "query", "check", "First steps"] {
        assert!(said.contains(word), "{said}");
    }
}
