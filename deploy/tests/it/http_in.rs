//! Readings by HTTP: a 2xx is a promise that no power cut breaks, and what cannot be kept is told.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::books::{book, closed_books};
use crate::city::{Home, PATIENCE, Running, get, wait_for};
use crate::post::{Letter, last_line, machine, packed};
use crate::prelude::Prelude;

/// A second city in the same process.
const OTHER: &str = "[[tenants]]\nid = \"prato\"\nname = \"Altra\"\n";

const SERVE: [&str; 3] = ["serve", "--config", "specola.toml"];

/// A home with a machine that may send; nothing but HTTP brings readings in.
fn home() -> (Home, String) {
    let home = Prelude::city().home();
    let token = machine(&home, "plant", "city");
    (home, token)
}

#[track_caller]
fn count(home: &Home, condition: &str) -> u64 {
    home.query(&format!("select count(*) as n from readings where {condition}"))[0]["n"].as_u64().unwrap()
}

#[test]
fn what_was_answered_is_there_after_a_power_cut() {
    let (home, token) = home();
    let mut sent = 0;
    for round in 0..6 {
        let running = home.start(&SERVE);
        running.wait_until_ready();
        for body in 0..5 {
            let mut table = "device,time,metric,value\n".to_owned();
            for _ in 0..40 {
                table.push_str(&format!("pump-{round},2026-03-01T10:00:{:02}.{:03}Z,n,{sent}\n", body, sent % 1_000));
                sent += 1;
            }
            let (status, answer) =
                Letter::new("/api/v1/ingest", "text/csv", table.as_bytes()).send(running.http, &token).unwrap();
            assert_eq!((status, &answer["accepted"]), (200, &Value::from(40)), "{answer}");
        }
        running.kill();
        assert_eq!(count(&home, "metric = 'n'"), sent, "after power cut {round}");
    }
    let values = home.query("select distinct value from readings where metric = 'n'");
    assert_eq!(values.len() as u64, sent);
}

#[test]
fn every_way_in_keeps_what_it_is_given() {
    let (home, token) = home();
    let running = home.start(&SERVE);
    running.wait_until_ready();
    let lines = b"{\"device\":\"l1\",\"metric\":\"a\",\"value\":1,\"unit\":\"V\",\"time\":\"2026-03-01T10:00:00Z\"}\n{\"device\":\"l2\",\"values\":{\"b\":true}}\n";
    let pretty = b"{\n  \"device\": \"l3\",\n  \"values\": {\"c\": 3}\n}";
    let comma = "device;livello\nl4;2,75\n";
    let senml = br#"[{"bn":"l5:","n":"d","v":5}]"#;
    let talq = br#"{"address":"log","entries":[{"data":{"type":"AttributeLogData","srcAddress":"l6/f","timestamp":"2026-03-01T10:00:00+01:00","attributeName":"e","attributeValue":{"type":"AttributeFloat","value":6.5}}}]}"#;
    let zipped = packed(b"device,g\nl7,7\n");
    let notice = br#"{"id":"urn:n:1","type":"Notification","data":[{"id":"urn:ngsi-ld:Device:l8","type":"Device","h":{"type":"Property","value":8}}]}"#;
    let upsert =
        br#"[{"id":"urn:ngsi-ld:Device:l9","type":"Device","i":{"type":"Property","value":9,"unitCode":"VLT"}}]"#;
    for (letter, status, accepted) in [
        (Letter::new("/api/v1/ingest", "application/x-ndjson", lines), 200, 2),
        (Letter::new("/api/v1/ingest", "application/json", pretty), 200, 1),
        (Letter::new("/api/v1/ingest?decimal=comma", "text/csv", comma.as_bytes()), 200, 1),
        (Letter::new("/api/v1/ingest/senml/scuola/json", "application/senml+json", senml), 200, 1),
        (Letter::new("/log-reports?clientAddress=x", "application/json", talq), 201, 1),
        (Letter { packed: true, ..Letter::new("/api/v1/ingest", "text/csv", &zipped) }, 200, 1),
        (Letter::new("/ngsi-ld/notify", "application/json", notice), 200, 1),
        (Letter::new("/ngsi-ld/v1/entityOperations/upsert", "application/ld+json", upsert), 201, 1),
        (Letter::new("/api/v1/ingest", "application/ld+json", upsert), 200, 1),
    ] {
        let (found, answer) = letter.send(running.http, &token).unwrap();
        assert_eq!((found, &answer["accepted"]), (status, &Value::from(accepted)), "{}: {answer}", letter.path);
    }
    let kept: Vec<String> = home
        .query("select distinct device, metric, value, flag, unit from readings order by device")
        .iter()
        .map(|row| format!("{} {} {} {} {}", row["device"], row["metric"], row["value"], row["flag"], row["unit"]))
        .collect();
    assert_eq!(
        kept,
        [
            r#""l1" "a" 1.0 null "V""#,
            r#""l2" "b" 1.0 true null"#,
            r#""l3" "c" 3.0 null null"#,
            r#""l4" "livello" 2.75 null null"#,
            r#""l5" "d" 5.0 null null"#,
            r#""l6" "f.e" 6.5 null null"#,
            r#""l7" "g" 7.0 null null"#,
            r#""urn:ngsi-ld:Device:l8" "h" 8.0 null null"#,
            r#""urn:ngsi-ld:Device:l9" "i" 9.0 null "VLT""#,
        ]
    );
    assert_eq!(running.counter("ingest", "messages"), Some(9));
}

/// The samples beside the repository that come by HTTP, where there are some.
#[test]
fn the_samples_that_come_by_http_give_the_readings_of_their_manifest() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples");
    let Ok(manifest) = std::fs::read(folder.join("manifest.json")) else { return };
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let (home, token) = home();
    let running = home.start(&SERVE);
    running.wait_until_ready();
    let mut tried = 0;
    for sample in manifest["samples"].as_array().unwrap() {
        let path = match sample["format"].as_str().unwrap() {
            "talq-v2" => "/log-reports",
            "ngsi-ld" => "/ngsi-ld/v1/entities",
            _ => continue,
        };
        let payload = std::fs::read(folder.join(sample["file"].as_str().unwrap())).unwrap();
        let letter = Letter::new(path, sample["content_type"].as_str().unwrap(), &payload);
        let (status, answer) = letter.send(running.http, &token).unwrap();
        assert!((200..300).contains(&status), "{status} {answer}");
        let devices: Vec<String> =
            sample["devices"].as_array().unwrap().iter().map(|d| format!("'{}'", d.as_str().unwrap())).collect();
        let measured = format!("metric not like '\\_%' escape '\\' and device in ({})", devices.join(", "));
        assert_eq!(count(&home, &measured), sample["reading_count"].as_u64().unwrap(), "{answer}");
        for reading in sample["readings"].as_array().unwrap() {
            let (device, metric) = (reading["device"].as_str().unwrap(), reading["metric"].as_str().unwrap());
            let rows = home.query(&format!(
                "select value, integer, flag, text, time from readings where device = '{device}' and metric = '{metric}'"
            ));
            let same = rows.iter().any(|row| {
                ["value", "integer", "flag", "text"].iter().any(|column| match reading["value"].as_f64() {
                    Some(number) => row[*column].as_f64() == Some(number),
                    None => row[*column] == reading["value"],
                })
            });
            assert!(same, "{reading} is not among {rows:?}");
        }
        tried += 1;
    }
    assert!(tried > 0, "the manifest has no sample that comes by HTTP");
}

#[test]
fn what_cannot_be_kept_is_told_and_its_letter_is_kept() {
    let (home, token) = home();
    let running = home.start(&SERVE);
    running.wait_until_ready();
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let large = format!("[{}]", " ".repeat(300_000));
    for (path, kind, body, status, reason) in [
        ("/api/v1/ingest", "text/csv", "time,a\n1,2\n", 422, "schema"),
        ("/api/v1/ingest", "text/csv", "device,a\nd,\"1,5\"\n", 422, "schema"),
        ("/api/v1/ingest", "application/json", "{\"device\":", 422, "malformed"),
        ("/api/v1/ingest", "application/json", "", 422, "malformed"),
        ("/api/v1/ingest/senml/d/json", "x/y", "[{\"n\":\"a\",\"n\":\"b\",\"v\":1}]", 422, "duplicate_key"),
        ("/api/v1/ingest/senml/d/json", "x/y", &deep, 422, "too_deep"),
        ("/api/v1/ingest/senml/d/json", "x/y", &large, 413, "too_large"),
        ("/api/v1/ingest/nobody/knows", "x/y", "1", 422, "unknown_format"),
        ("/log-reports", "application/json", "{\"entries\":[{}]}", 422, "schema"),
    ] {
        let before = home.letters().len();
        let (found, answer) = Letter::new(path, kind, body.as_bytes()).send(running.http, &token).unwrap();
        assert_eq!(found, status, "{path} {answer}");
        assert_eq!(answer["intake"]["refused"][0]["reason"], reason, "{path} {answer}");
        let letters = home.letters();
        assert_eq!(letters.len(), before + 1, "{path}");
        assert!(letters.iter().any(|letter| letter["reason"] == reason && letter["source"] == "http"), "{letters:?}");
    }
    // Good rows among bad ones are kept, and the bad ones are named.
    let table =
        b"device,time,a\nd,2026-03-01T10:00:00Z,1\nd,yesterday,2\nd,2026-03-01T10:00:02Z,3\nd,2199-01-01T00:00:00Z,4\n";
    let (status, answer) = Letter::new("/api/v1/ingest", "text/csv", table).send(running.http, &token).unwrap();
    assert_eq!((status, &answer["accepted"]), (200, &Value::from(2)), "{answer}");
    let lines: Vec<_> =
        answer["lines"].as_array().unwrap().iter().map(|line| (line["line"].clone(), line["reason"].clone())).collect();
    assert_eq!(lines, [(3.into(), "schema".into()), (5.into(), "timestamp".into())]);
    assert_eq!(count(&home, "device = 'd'"), 2);
    let books = closed_books(&running);
    let (messages, readings) = (book(&books, "http", "messages"), book(&books, "http", "readings"));
    assert_eq!((messages.received, messages.all("refused"), messages.all("stored")), (10, 9, 1));
    assert_eq!((readings.all("stored"), readings.of("rejected timestamp")), (2, 1));
}

#[test]
fn a_large_table_is_taken_in_pieces_and_sent_twice_doubles_nothing() {
    let (home, token) = home();
    let running = home.start(&SERVE);
    running.wait_until_ready();
    let mut table = "device,time,metric,value,unit\n".to_owned();
    let rows = 60_000;
    for row in 0..rows {
        let (second, millis) = (row / 1_000, row % 1_000);
        let value = if row == 45_000 { "\"1,5\"".to_owned() } else { row.to_string() };
        table.push_str(&format!("d{},2026-03-01T10:00:{second:02}.{millis:03}Z,n,{value},m\n", row % 50));
    }
    assert!(table.len() > 2_000_000);
    let zipped = packed(table.as_bytes());
    for letter in [
        Letter::new("/api/v1/ingest", "text/csv", table.as_bytes()),
        Letter { packed: true, ..Letter::new("/api/v1/ingest", "text/csv", &zipped) },
    ] {
        let (status, answer) = letter.send(running.http, &token).unwrap();
        assert_eq!((status, &answer["accepted"]), (200, &Value::from(rows - 1)), "{answer}");
        assert_eq!(answer["lines"][0]["line"], 45_002);
        assert_eq!(count(&home, "metric = 'n'"), rows - 1);
    }
    assert_eq!(running.counter("keep", "duplicate"), Some(rows - 1));
    let books = closed_books(&running);
    let readings = book(&books, "http", "readings");
    assert_eq!((readings.received, readings.all("rejected")), (2 * rows, 2));
    assert_eq!((readings.all("stored"), readings.all("duplicate")), (rows - 1, rows - 1));
}

#[test]
fn a_token_sends_for_its_tenant_until_it_is_revoked() {
    let home = Prelude::city().with(OTHER).home();
    let token = machine(&home, "plant", "city");
    let other = machine(&home, "altra", "prato");
    let running = home.start(&SERVE);
    running.wait_until_ready();
    let send =
        |token: &str| Letter::new("/api/v1/ingest", "text/csv", b"device,a\nd,1\n").send(running.http, token).unwrap();
    assert_eq!((send(&token).0, send(&other).0, send(&"A".repeat(43)).0), (200, 200, 401));
    let of = |tenant: &str| {
        let rows = [
            "query",
            "select count(*) as n from readings",
            "--tenant",
            tenant,
            "--format",
            "json",
            "--config",
            "specola.toml",
        ];
        last_line(&home, &rows)
    };
    assert_eq!((of("city"), of("prato")), ("{\"n\":1}".to_owned(), "{\"n\":1}".to_owned()));

    let second = last_line(&home, &["user", "token", "plant", "--days", "2", "--config", "specola.toml"]);
    assert_ne!(second, token);
    assert_eq!((send(&token).0, send(&second).0), (200, 200));
    last_line(&home, &["user", "revoke", "plant", "--config", "specola.toml"]);
    let begun = Instant::now();
    wait_for("the tokens to be refused", || (send(&token).0 == 401 && send(&second).0 == 401).then_some(()));
    assert!(begun.elapsed() < Duration::from_secs(5), "revoked only after {:?}", begun.elapsed());
    assert_eq!(send(&other).0, 200);

    // A machine has no screen, and a person no token.
    let add = home.run(&["user", "add", "anna", "--role", "operator", "--tenant", "city", "--config", "specola.toml"]);
    assert!(add.status.success());
    for words in [["user", "link", "plant"], ["user", "token", "anna"]] {
        let output = home.run(&[&words[..], &["--config", "specola.toml"]].concat());
        assert!(!output.status.success(), "{words:?}");
    }
    assert_eq!(get(running.http, "/api/v1/assets", Some(&other)).unwrap().0, 403);
    let database = std::fs::read(home.path().join("data/registry.sqlite")).unwrap();
    let kept = |secret: &str| database.windows(secret.len()).any(|window| window == secret.as_bytes());
    assert!(!kept(&other), "the token itself is on the disk");
}

/// Memory of the server in MiB that is not its program text.
fn memory(running: &Running) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

#[test]
fn bombs_and_dripping_bodies_cost_little_and_hold_nobody_up() {
    let (home, token) = home();
    let running = home.start(&SERVE);
    running.wait_until_ready();
    let prompt = || {
        let begun = Instant::now();
        let (status, answer) =
            Letter::new("/api/v1/ingest", "text/csv", b"device,a\nd,1\n").send(running.http, &token).unwrap();
        assert_eq!(status, 200, "{answer}");
        begun.elapsed()
    };
    prompt();
    let before = memory(&running);

    let bomb = packed(&vec![b' '; 64 << 20]);
    let bomb = Letter { packed: true, ..Letter::new("/api/v1/ingest", "text/csv", &bomb) };
    for _ in 0..10 {
        assert_eq!(bomb.send(running.http, &token).unwrap().0, 413);
    }
    let bombed = memory(&running) - before;
    // Each announces much, sends a little, and then nothing.
    let drip = |_| {
        let mut line = TcpStream::connect(running.http).unwrap();
        let head = format!(
            "POST /api/v1/ingest HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: text/csv\r\ncontent-length: 16000000\r\n\r\ndevice,a\n"
        );
        line.write_all(head.as_bytes()).unwrap();
        line.set_read_timeout(Some(PATIENCE)).unwrap();
        line
    };
    let begun = Instant::now();
    let mut dripping: Vec<TcpStream> = (0..400).map(drip).collect();
    let slowest = (0..20).map(|_| prompt()).max().unwrap();
    assert!(slowest < Duration::from_secs(2), "a prompt sender waited {slowest:?}");
    let grown = memory(&running) - before;
    assert!(bombed < 32.0 && grown < 32.0, "{bombed} MiB more after bombs, {grown} MiB with dripping bodies");
    for line in &mut dripping {
        let mut answer = String::new();
        drop(line.read_to_string(&mut answer));
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    assert!(begun.elapsed() < Duration::from_secs(40), "they were held for {:?}", begun.elapsed());
    prompt();
    closed_books(&running);
}
