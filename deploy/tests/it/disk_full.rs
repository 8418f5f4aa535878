//! A disk that is full: nothing is acknowledged that is not kept, the reason is told, reading goes on, and room brings everything back.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::books::{book, books, closed_books};
use crate::city::{Home, Mosquitto, wait_for};

fn config(broker: u16) -> String {
    format!(
        r#"
[[tenants]]
id = "city"
name = "Prova"
[store]
folder = "{{folder}}/disk/data"
[api]
bind = "127.0.0.1:0"
[[ingest.brokers]]
name = "mosquitto"
tenant = "city"
url = "mqtt://127.0.0.1:{broker}"
"#
    )
}

/// A small disk in memory, taken away at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` when the system does not allow it: only root may mount.
    fn mount(path: &Path, megabytes: u32) -> Option<Self> {
        std::fs::create_dir(path).unwrap();
        let size = format!("size={megabytes}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path).stderr(Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(path.to_owned()))
    }

    /// Takes all room that is left.
    fn fill(&self) {
        let mut ballast = std::fs::File::create(self.ballast()).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

fn message(number: u32) -> String {
    format!(
        r#"{{"device":"lamp","time":"2026-03-01T10:{:02}:{:02}Z","values":{{"n":{number}}}}}"#,
        number / 60,
        number % 60
    )
}

fn publish(broker: &Mosquitto, numbers: std::ops::Range<u32>) {
    let mut publisher =
        broker.publisher().args(["-t", "specola/v1/city/gw/readings", "-l"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut lines = publisher.stdin.take().unwrap();
    numbers.for_each(|number| writeln!(lines, "{}", message(number)).unwrap());
    drop(lines);
    assert!(publisher.wait().unwrap().success());
}

#[test]
fn a_full_disk_stops_acknowledgements_tells_why_and_room_brings_them_back_within_seconds() {
    let broker = Mosquitto::start();
    let home = Home::new(&config(broker.port));
    let Some(disk) = SmallDisk::mount(&home.path().join("disk"), 48) else {
        let said = b"SKIPPED: no disk can be mounted here, so a full one was not tried (run the tests as root)\n";
        return std::io::stderr().write_all(said).unwrap();
    };
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    publish(&broker, 0..500);
    closed_books(&running);

    disk.fill();
    publish(&broker, 500..1_000);
    // A refused message needs the disk too.
    broker.publish("specola/v1/city/gw/readings", b"{\"values\":");
    let trouble = wait_for("the trouble to be told", || {
        let status = running.status()?;
        let keep = status["stages"].as_array()?.iter().find(|stage| stage["name"] == "keep")?.clone();
        (status["ready"] == false && keep["state"] == "retrying").then_some(keep["last_error"].as_str()?.to_owned())
    });
    assert!(
        trouble.to_lowercase().contains("no space left on device") || trouble.contains("disk is full"),
        "{trouble}"
    );
    let full = books(&running);
    let readings = book(&full, "mosquitto", "readings");
    assert_eq!(
        (readings.received, readings.of("stored")),
        (1_000, 500),
        "acknowledged without being kept? {readings:?}"
    );
    assert_eq!(home.query("select count(*) as n from readings")[0]["n"], 500, "reading goes on");

    disk.empty();
    let room = Instant::now();
    let books = closed_books(&running);
    let took = room.elapsed();
    assert!(took < Duration::from_secs(5), "it took {took:?} to go on");
    let (messages, readings) = (book(&books, "mosquitto", "messages"), book(&books, "mosquitto", "readings"));
    assert_eq!((readings.received, readings.of("stored")), (1_000, 1_000), "{readings:?}");
    assert_eq!(messages.of("refused malformed"), 1, "{messages:?}");
    running.wait_until_ready();
    let (code, _) = running.terminate();
    assert_eq!(code, Some(0), "{}", home.log());
    let rows = home.query("select value from readings where metric = 'n' order by value");
    let numbers: Vec<u32> = rows.iter().map(|row| row["value"].as_f64().unwrap() as u32).collect();
    assert_eq!(numbers, (0..1_000).collect::<Vec<_>>());
    assert_eq!(home.letters().len(), 1);
}
