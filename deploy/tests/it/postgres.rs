//! The program on PostgreSQL, which is killed while readings arrive: nothing is lost, the live view goes on, and afterwards all of it is there.

use std::io::{BufWriter, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::books::{book, closed_books};
use crate::city::{Home, Mosquitto, get, sign_in, wait_for};

#[path = "../../../store/tests/kit/postgres.rs"]
mod server;

/// Messages per second while the database comes and goes.
const RATE: u32 = 500;
/// Devices that the readings come from.
const DEVICES: u64 = 20;
/// How long the database is away.
const AWAY: Duration = Duration::from_secs(6);

fn config(broker: u16, url: &str) -> String {
    format!(
        r#"
[[tenants]]
id = "city"
name = "Prova"
[store]
engine = "timescale"
folder = "{{folder}}/data"
[store.timescale]
url = "{url}"
move_seconds = 1
[api]
bind = "127.0.0.1:0"
[[ingest.brokers]]
name = "mosquitto"
tenant = "city"
url = "mqtt://127.0.0.1:{broker}"
"#
    )
}

fn message(number: u64) -> String {
    let (second, millis) = (number / 1_000, number % 1_000);
    let time = format!("2026-01-01T00:{:02}:{:02}.{millis:03}Z", second / 60 % 60, second % 60);
    format!(r#"{{"device":"d{}","time":"{time}","values":{{"number":{number}}}}}"#, number % DEVICES)
}

#[test]
fn a_database_that_is_killed_costs_nothing_but_time() {
    let mut server = server::Server::start();
    let url = server.database("city");
    let broker = Mosquitto::start();
    let home = Home::new(&config(broker.port, &url));
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    let added = home.run(&["user", "add", "anna", "--config", "specola.toml"]);
    let token = sign_in(&running, &String::from_utf8_lossy(&added.stdout));
    let newest = || -> Option<u64> {
        let (status, body) = get(running.http, "/api/v1/assets/d0", Some(&token))?;
        let asset: serde_json::Value = serde_json::from_str(&body).ok().filter(|_| status == 200)?;
        Some(asset["series"][0]["value"].as_f64()? as u64)
    };

    let mut publisher =
        broker.publisher().args(["-t", "specola/v1/city/load/readings", "-l"]).stdin(Stdio::piped()).spawn().unwrap();
    let stdin = publisher.stdin.take().unwrap();
    let (stop, stopped) = std::sync::mpsc::sync_channel::<()>(1);
    let load = std::thread::spawn(move || {
        let mut lines = BufWriter::new(stdin);
        let (started, mut number) = (Instant::now(), 0_u64);
        while stopped.try_recv().is_err() {
            let due = (started.elapsed().as_secs_f64() * f64::from(RATE)) as u64;
            (number..due).for_each(|number| writeln!(lines, "{}", message(number)).unwrap());
            number = number.max(due);
            lines.flush().unwrap();
            std::thread::park_timeout(Duration::from_millis(10));
        }
        number
    });
    wait_for("rows in the database", || (server_rows(&server) > 500).then_some(()));
    let before = newest().unwrap();
    server.kill();
    let killed = Instant::now();
    let stored = || running.counter("ingest", "city/mosquitto readings stored").unwrap_or_default();
    let stored_then = stored();
    wait_for("readings to be kept while the database is away", || (stored() > stored_then + 1_000).then_some(()));
    wait_for("the live view to go on", || (newest()? > before + 1_000).then_some(()));
    while killed.elapsed() < AWAY {
        std::thread::park_timeout(Duration::from_millis(100));
    }
    assert!(metric(&running, "specola_store_spool_bytes") > 0.0, "nothing waits though the database is away");
    assert_eq!(metric(&running, "specola_store_database_up"), 0.0);
    server.restart();
    wait_for("the folder to be empty", || (metric(&running, "specola_store_spool_bytes") == 0.0).then_some(()));
    stop.send(()).unwrap();
    let sent = load.join().unwrap();
    assert!(publisher.wait().unwrap().success());

    wait_for("everything to be in the database", || (server_rows(&server) == sent).then_some(()));
    let books = closed_books(&running);
    let readings = book(&books, "mosquitto", "readings");
    assert_eq!((readings.received, readings.of("stored") + readings.of("duplicate")), (sent, sent), "{readings:?}");
    let counted = home.query("select count(*) as n, count(distinct value) as d, max(value) as last from readings");
    assert_eq!((counted[0]["n"].as_u64(), counted[0]["d"].as_u64()), (Some(sent), Some(sent)), "{counted:?}");
    let (code, _) = running.terminate();
    assert_eq!(code, Some(0), "{}", home.log());
    assert_eq!(server_rows(&server), sent);
}

fn server_rows(server: &server::Server) -> u64 {
    server.ask("city", "select count(*) from specola.reading").parse().unwrap()
}

fn metric(running: &crate::city::Running, name: &str) -> f64 {
    let (_, text) = get(running.http, "/metrics", None).unwrap();
    let line = text.lines().find(|line| line.starts_with(name) && line[name.len()..].starts_with(' ')).unwrap();
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}
