//! A disk that takes no more, for whatever reason: nothing is acknowledged that is not kept, the reason is told, reading goes on, and the end of the
//! trouble brings everything back.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::books::{book, books, closed_books};
use crate::city::{Home, Mosquitto, Running, get, request, wait_for};
use crate::disk::{Disk, run, skipped};
use crate::prelude::Prelude;
use crate::screen::Screen;

/// The rule by which we say that nothing is acknowledged.
const ALARM: &str = "specola-not-acknowledging";
/// Readings before the trouble, and with those that are sent while it lasts: more than memory has room for.
const BEFORE: u32 = 500;
const ALL: u32 = 3_000;
/// How many are sent at a time.
const SOME: u32 = 250;

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

/// A city whose store lies on a disk of its own; a broker outside keeps what is not acknowledged.
struct Patient {
    broker: Mosquitto,
    home: Home,
    disk: Disk,
    running: Option<Running>,
    screen: Screen,
}

impl Patient {
    /// A healthy one, with the first 500 readings. Memory is written out soon, so that new files are needed.
    fn new(disk: impl FnOnce(&Path) -> Option<Disk>) -> Option<Self> {
        let broker = Mosquitto::start();
        let prelude = Prelude::city().stored_in("{folder}/disk/data").store("flush_readings = 100");
        let home = prelude.broker(broker.port).home();
        let disk = disk(&home.path().join("disk"))?;
        let running = home.start(&["serve", "--config", "specola.toml"]);
        running.wait_until_ready();
        let screen = Screen::open(&home, &running);
        publish(&broker, 0..BEFORE);
        closed_books(&running);
        Some(Self { broker, home, disk, running: Some(running), screen })
    }

    fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("disk/data")
    }

    /// What its process may do no longer, or may again.
    fn limit(&self, limit: &str) {
        assert!(run("prlimit", &["--pid", &self.running().pid().to_string(), limit]), "prlimit {limit}");
    }

    /// How many readings somebody finds who looks from beside, with a process of its own.
    #[track_caller]
    fn found_beside(&self) -> u64 {
        self.home.query("select count(*) as n from readings where metric = 'n'")[0]["n"].as_u64().unwrap()
    }

    /// How many readings an operator finds.
    #[track_caller]
    fn found(&self) -> u64 {
        let sql = serde_json::json!({"sql": "select count(*) from readings where metric = 'n'"});
        let asked = request(self.running().http, "POST", "/api/v1/sql", Some(&self.screen.token), Some(&sql));
        let (status, said) = asked.unwrap();
        assert_eq!(status, 200, "{said}");
        serde_json::from_str::<serde_json::Value>(&said).unwrap()["rows"][0][0].as_u64().unwrap()
    }

    /// Sends the other readings and a message that no one understands; waits until it says that it keeps nothing, for one of these reasons.
    #[track_caller]
    fn suffers(&self, reasons: &[&str], found: fn(&Self) -> u64) {
        (BEFORE..ALL).step_by(SOME as usize).for_each(|first| publish(&self.broker, first..first + SOME));
        // A refused message needs the disk too.
        self.broker.publish("specola/v1/city/gw/readings", b"{\"values\":");
        let told = wait_for("the trouble to be told", || {
            let status = self.running().status()?;
            let keep = status["stages"].as_array()?.iter().find(|stage| stage["name"] == "keep")?.clone();
            let is_told = status["ready"] == false && keep["state"] == "retrying";
            is_told.then_some(keep["last_error"].as_str()?.to_lowercase())
        });
        assert!(reasons.iter().any(|reason| told.contains(reason)), "{told}");
        let full = books(self.running());
        let readings = book(&full, "mosquitto", "readings");
        let stored = readings.of("stored");
        assert!((BEFORE.into()..ALL.into()).contains(&stored), "acknowledged without being kept? {readings:?}");
        let found = found(self);
        // What is tried again and again may succeed in part meanwhile.
        let later = book(&books(self.running()), "mosquitto", "readings").of("stored");
        assert!((stored..=later).contains(&found), "reading goes on, and shows what is kept: {found} of {stored}");
    }

    /// The trouble is over: everything comes to its end soon, and is there once.
    #[track_caller]
    fn recovers(&mut self) {
        let since = Instant::now();
        let books = closed_books(self.running());
        let took = since.elapsed();
        assert!(took < Duration::from_secs(5), "it took {took:?} to go on");
        let (messages, readings) = (book(&books, "mosquitto", "messages"), book(&books, "mosquitto", "readings"));
        assert_eq!((readings.received, readings.of("stored")), (ALL.into(), ALL.into()), "{readings:?}");
        assert_eq!(messages.of("refused malformed"), 1, "{messages:?}");
        self.running().wait_until_ready();
        let (code, _) = self.running.take().unwrap().terminate();
        assert_eq!(code, Some(0), "{}", self.home.log());
        self.has_everything_once();
    }

    #[track_caller]
    fn has_everything_once(&self) {
        let rows = self.home.query("select value from readings where metric = 'n' order by value");
        let numbers: Vec<u32> = rows.iter().map(|row| row["value"].as_f64().unwrap() as u32).collect();
        assert_eq!(numbers, (0..ALL).collect::<Vec<_>>());
        assert_eq!(self.home.letters().len(), 1);
        assert!(!self.home.log().contains("panicked"), "{}", self.home.log());
    }
}

/// Tries one ailment with its cure.
#[track_caller]
fn check(
    disk: impl FnOnce(&Path) -> Option<Disk>,
    ail: impl FnOnce(&Patient),
    reasons: &[&str],
    cure: impl FnOnce(&Patient),
) {
    let Some(mut patient) = Patient::new(disk) else { return skipped("no disk can be mounted here") };
    ail(&patient);
    // Some troubles would keep the program itself from opening what an answer needs.
    patient.suffers(reasons, Patient::found_beside);
    cure(&patient);
    patient.recovers();
}

#[test]
fn a_full_disk_stops_acknowledgements_rings_and_room_brings_everything_back_within_seconds() {
    let memory = |folder: &Path| Disk::of_memory(folder, 48);
    let Some(mut patient) = Patient::new(memory) else { return skipped("no disk can be mounted here") };
    patient.disk.fill();
    patient.suffers(&["no space left on device", "disk is full"], Patient::found);
    let alarm = wait_for("the operators to be told", || patient.screen.last_of(ALARM));
    assert_eq!((&alarm["state"], &alarm["priority"]), (&"active_unacknowledged".into(), &1.into()), "{alarm}");
    assert_eq!(alarm["title"]["it"], "Specola non conferma più le letture", "{alarm}");
    assert_eq!(alarm["title"]["en"], "Specola no longer acknowledges readings", "{alarm}");
    let asked = get(patient.running().http, "/api/v1/alarms?state=all", Some(&patient.screen.token)).unwrap();
    assert!(!asked.1.contains(ALARM), "it cannot be on the disk yet: {}", asked.1);

    patient.disk.empty();
    wait_for("the alarm to return", || {
        (patient.screen.last_of(ALARM)?["state"] == "returned_unacknowledged").then_some(())
    });
    assert_eq!(patient.screen.states_of(ALARM), ["active_unacknowledged", "returned_unacknowledged"], "it rings once");
    // Now it is in the journal, with its end, and waits to be acknowledged.
    let (_, list) = get(patient.running().http, "/api/v1/alarms?state=all", Some(&patient.screen.token)).unwrap();
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    let path = format!("/api/v1/alarms/{}/acknowledge", alarm["id"].as_str().unwrap());
    let body = serde_json::json!({});
    let (status, said) =
        request(patient.running().http, "POST", &path, Some(&patient.screen.token), Some(&body)).unwrap();
    assert_eq!(status, 200, "{said}");
    patient.recovers();
}

#[test]
fn a_disk_without_names_for_new_files_is_like_a_full_one() {
    let few = |folder: &Path| Disk::of_file(folder, 64, 128);
    check(
        few,
        |patient| patient.disk.use_up_names(),
        &["no space left on device", "disk is full"],
        |patient| {
            patient.disk.give_names_back();
        },
    );
}

#[test]
fn a_folder_that_may_not_be_written_is_like_a_full_disk() {
    let change = |patient: &Patient, how: &str| {
        for folder in ["log", "parts"] {
            assert!(run("chattr", &["-R", how, &patient.folder().join(folder).display().to_string()]), "chattr {how}");
        }
    };
    let plain = |folder: &Path| Disk::of_file(folder, 64, 4_096);
    check(plain, |patient| change(patient, "+i"), &["operation not permitted"], |patient| change(patient, "-i"));
}

#[test]
fn a_file_that_may_not_grow_is_like_a_full_disk() {
    let plain = |folder: &Path| Disk::of_memory(folder, 48);
    let reasons = ["file too large", "disk i/o error", "disk is full"];
    check(
        plain,
        |patient| patient.limit("--fsize=512:"),
        &reasons,
        |patient| {
            patient.limit("--fsize=unlimited:");
        },
    );
}

#[test]
#[ignore = "known: with no descriptor left the state cannot be asked for; the drill is in docs/faults.md"]
fn a_process_that_may_open_nothing_more_is_like_a_full_disk() {
    let plain = |folder: &Path| Disk::of_memory(folder, 48);
    let open = |patient: &Patient| {
        std::thread::park_timeout(Duration::from_millis(200));
        std::fs::read_dir(format!("/proc/{}/fd", patient.running().pid())).unwrap().count()
    };
    // What is open stays open. The segment of the log that ends gives its place back, and the state can be asked for there.
    let ail = |patient: &Patient| {
        let least = (0..5).map(|_| open(patient)).min().unwrap();
        patient.limit(&format!("--nofile={least}:"));
    };
    check(plain, ail, &["too many open files", "unable to open"], |patient| patient.limit("--nofile=1024:"));
}

#[test]
fn a_device_that_fails_its_writes_keeps_what_was_acknowledged_and_gets_the_rest_after_its_repair() {
    let Some(mut patient) = Patient::new(Disk::of_a_promise) else { return skipped("no disk can be mounted here") };
    patient.disk.break_promise();
    let reasons = ["input/output error", "i/o error", "no space left on device", "read-only file system"];
    // A process of its own would want to write beside the register.
    patient.suffers(&reasons, Patient::found);
    patient.running.take().unwrap().kill();
    patient.disk.repair();
    patient.running = Some(patient.home.start(&["serve", "--config", "specola.toml"]));
    patient.running().wait_until_ready();
    let last = "select count(*) as n from readings where metric = 'n'";
    wait_for("what was not acknowledged to come again", || {
        (patient.home.query(last)[0]["n"] == ALL && patient.home.letters().len() == 1).then_some(())
    });
    closed_books(patient.running());
    patient.has_everything_once();
}

#[test]
fn a_full_disk_under_the_log_of_the_program_stops_nothing() {
    let broker = Mosquitto::start();
    let home = Prelude::city().broker(broker.port).home();
    // Every line of the log fails here as it does on a full disk.
    let running = home.start_logging_to(Path::new("/dev/full"), &["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    publish(&broker, 0..100);
    let books = closed_books(&running);
    assert_eq!(book(&books, "mosquitto", "readings").of("stored"), 100);
    assert_eq!(running.terminate().0, Some(0));
}
