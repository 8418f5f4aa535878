//! Which readings are missing, told to a person.

use std::io::Write;
use std::process::Stdio;

use crate::books::closed_books;
use crate::city::{Home, Mosquitto, free_port, get, sign_in, wait_for};

fn config(broker: u16) -> String {
    format!(
        r#"
[[tenants]]
id = "city"
name = "Prova"
[store]
folder = "{{folder}}/data"
[api]
bind = "127.0.0.1:0"
[[ingest.brokers]]
name = "mosquitto"
tenant = "city"
url = "mqtt://127.0.0.1:{broker}"
"#
    )
}

#[test]
fn the_devices_with_holes_are_named_and_their_holes_listed() {
    let broker = Mosquitto::start();
    let home = Home::new(&config(broker.port));
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    let mut publisher =
        broker.publisher().args(["-t", "specola/v1/city/gw/readings", "-l"]).stdin(Stdio::piped()).spawn().unwrap();
    {
        let mut lines = publisher.stdin.take().unwrap();
        // A reading every ten minutes for two days; the second lamp is silent from 20:00 to 02:00, the third for the whole second day.
        for slot in 0..288_u32 {
            let time = format!("2026-03-0{}T{:02}:{:02}:00Z", 1 + slot / 144, slot % 144 / 6, slot % 6 * 10);
            for lamp in 1..=3_u32 {
                let silent = (lamp == 2 && (120..156).contains(&slot)) || (lamp == 3 && slot >= 144);
                if !silent {
                    writeln!(lines, r#"{{"device":"lamp-{lamp}","time":"{time}","values":{{"power":{slot}}}}}"#)
                        .unwrap();
                }
            }
        }
    }
    assert!(publisher.wait().unwrap().success());
    closed_books(&running);
    let ask = |words: &[&str]| {
        let words: Vec<&str> = [&["completeness", "--config", "specola.toml"], words].concat();
        let output = home.run(&words);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    // Beside the running server.
    let both = ["--from", "2026-03-01", "--to", "2026-03-03"];
    let table = ask(&both);
    // 864 are expected; 36 and 144 are missing.
    assert!(
        table.starts_with("79.16 % of expected readings") && table.contains("of 3 devices these 2 have holes:"),
        "{table}"
    );
    let csv = ask(&[&both[..], &["--format", "csv"]].concat());
    let rows: Vec<&str> = csv.lines().skip(1).collect();
    assert_eq!(rows, ["lamp-1,288,288,0,600,0", "lamp-2,252,288,36,22200,0", "lamp-3,144,288,144,87000,0"], "{csv}");
    let holes = ask(&[&both[..], &["--device", "lamp-2", "--format", "csv"]].concat());
    assert_eq!(holes.lines().nth(1), Some("power,2026-03-01T19:50:00Z,2026-03-02T02:00:00Z,36"), "{holes}");
    // Of the second day alone the third lamp is known from the first, and missed.
    let second = ask(&["--from", "2026-03-02", "--to", "2026-03-03", "--format", "csv"]);
    assert!(second.contains("lamp-3,0,144,144"), "{second}");
    running.terminate();
}

/// A server with a listener of its own.
fn listening(mqtt: u16, tenant: &str) -> Home {
    Home::new(&format!(
        "[[tenants]]\nid = \"city\"\nname = \"Prova\"\n{tenant}\n[store]\nfolder = \"{{folder}}/data\"\n[api]\nbind = \"127.0.0.1:{http}\"\n\
         [ingest.listener]\nenabled = true\nanonymous = true\ntenant = \"city\"\nbind = \"127.0.0.1:{mqtt}\"\n",
        http = free_port()
    ))
}

/// Two pressure sensors that their class expects every minute, behind a gateway that numbers its messages.
#[test]
fn who_is_silent_or_has_gaps_is_named_while_it_happens_and_late_readings_close_them() {
    let mqtt = free_port();
    let home = listening(mqtt, "assets = [\"{folder}/city.csv\"]");
    let table = "id,class,devices,lifecycle\np-1,pressure-sensor,p-1,\np-2,pressure-sensor,p-2,\np-3,pressure-sensor,p-3,out-of-service\n";
    std::fs::write(home.path().join("city.csv"), table).unwrap();
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    let link = home.run(&["user", "add", "anna", "--role", "admin", "--config", "specola.toml"]);
    let token = sign_in(&running, &String::from_utf8([link.stdout, link.stderr].concat()).unwrap());
    let now = chrono::Utc::now();
    // The minutes before now; the messages are numbered from the oldest on.
    let publish = |minutes: &[i64], devices: &[&str]| {
        let mut publisher = std::process::Command::new("mosquitto_pub")
            .args(["-p", &mqtt.to_string(), "-q", "1", "-t", "specola/v1/city/gw/readings", "-l"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = publisher.stdin.take().unwrap();
        for minute in minutes {
            let time = (now - chrono::TimeDelta::minutes(*minute)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            let one = |device: &&str| format!(r#"{{"device":"{device}","metric":"pressure","value":3,"unit":"bar"}}"#);
            let readings: Vec<String> = devices.iter().map(one).collect();
            writeln!(lines, r#"{{"sequence":{},"time":"{time}","readings":[{}]}}"#, 60 - minute, readings.join(","))
                .unwrap();
        }
        drop(lines);
        assert!(publisher.wait().unwrap().success());
        closed_books(&running);
    };
    let gaps = || -> serde_json::Value {
        let (status, body) = get(running.http, "/api/v1/gaps", Some(&token)).unwrap();
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    };
    let of = |gaps: &serde_json::Value, device: &str, what: &str| {
        let devices = gaps["devices"].as_array().unwrap();
        devices.iter().find(|one| one["device"] == device).and_then(|one| one[what].as_u64())
    };
    let minutes = |range: std::ops::RangeInclusive<i64>| range.rev().collect::<Vec<i64>>();
    // From the 30th to the 21st minute all speak; to the 11th nothing comes at all; since then the second and third say nothing.
    publish(&minutes(21..=30), &["p-1", "p-2", "p-3"]);
    publish(&minutes(0..=10), &["p-1"]);
    let found = gaps();
    assert_eq!((of(&found, "p-1", "missed"), of(&found, "p-1", "overdue")), (Some(10), Some(0)), "{found}");
    assert_eq!((of(&found, "p-2", "missed"), of(&found, "p-2", "overdue")), (Some(0), Some(20)), "{found}");
    assert_eq!(
        (of(&found, "p-3", "missed"), found["silent"].as_u64()),
        (None, Some(1)),
        "nobody waits for it: {found}"
    );
    assert_eq!(of(&found, "gw", "lost_messages"), Some(10), "{found}");
    let said = home.run(&["completeness", "--live", "--config", "specola.toml"]);
    let said = String::from_utf8([said.stdout, said.stderr].concat()).unwrap();
    assert!(said.contains("of 4 devices 3 have gaps since the server was started, 1 are silent now"), "{said}");

    // Half of it comes late, then all of it.
    publish(&minutes(16..=20), &["p-1", "p-2"]);
    let found = gaps();
    assert_eq!((of(&found, "p-1", "missed"), of(&found, "gw", "lost_messages")), (Some(5), Some(5)), "{found}");
    publish(&minutes(11..=15), &["p-1", "p-2"]);
    publish(&minutes(0..=10), &["p-2"]);
    let found = gaps();
    assert_eq!((found["devices_with_gaps"].as_u64(), found["silent"].as_u64()), (Some(0), Some(0)), "{found}");
    let counted = wait_for("the counters", || {
        let (_, text) = get(running.http, "/metrics", None)?;
        text.contains("specola_ingest_gaps_closed_total{tenant=\"city\",kind=\"interval\"} 1").then_some(text)
    });
    assert!(counted.contains("specola_ingest_gaps_missing{tenant=\"city\",kind=\"sequence\"} 0"), "{counted}");
    assert!(counted.contains("specola_ingest_senders{tenant=\"city\",state=\"followed\"} 4"), "{counted}");
    running.terminate();
}

/// Readings of a day, and a register that knows who is awaited: what a class expects is missed, and what nobody awaits is not.
#[test]
fn a_class_says_what_is_missed_and_the_stage_of_life_whether() {
    let home = listening(free_port(), "");
    let running_once = |home: &Home, words: &[&str]| {
        let words: Vec<&str> = [words, &["--config", "specola.toml"]].concat();
        let output = home.run(&words);
        assert!(output.status.success(), "{words:?} {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let table = "id,class,devices,lifecycle\np-1,pressure-sensor,p-1,\np-2,pressure-sensor,p-2,out-of-service\n";
    std::fs::write(home.path().join("city.csv"), table).unwrap();
    running_once(&home, &["assets", "import", "city.csv"]);
    // A folder that has never been served holds no readings: the store makes its folders at the first start.
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    running.terminate();
    let (from, to) = ("2199-01-01", "2199-01-02");
    let csv = running_once(&home, &["completeness", "--from", from, "--to", to, "--format", "csv"]);
    assert_eq!(csv.lines().count(), 1, "nobody is missed in a time that has not come: {csv}");
    let since =
        (chrono::Utc::now() - chrono::TimeDelta::minutes(30)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let csv = running_once(&home, &["completeness", "--from", &since, "--format", "csv"]);
    let row = csv.lines().nth(1).unwrap_or_default();
    // It was put in a moment ago: so much and no more is expected of it.
    assert!(row.starts_with("p-1,0,") && csv.lines().count() == 2, "{csv}");
}
