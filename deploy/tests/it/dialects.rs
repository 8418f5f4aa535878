//! The same city seen through every dialect: two implementations, one that writes and one that reads, and the same readings come out.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ingest::class::{Classes, Profile};
use ingest::config::Route;
use ingest::{Config, Directory, EverybodyIsNew, RawMessage, Trial};
use model::{DeviceId, Duration, TenantId, Timestamp, Value};
use simulators::{City, Dialect, Dialects, Message, Plan, Scenario};

const SEED: u64 = 83_048;
/// The smallest city: 9 gateways or more, about 190 devices of all domains.
const SCALE: f64 = 0.02;
const START: &str = "2026-11-22T17:00:00Z";
const SPAN: u64 = 120;
const RATE: f64 = 150.0;
/// Long after its birth, so that no message is from the future.
const ON_THE_WAY: Duration = Duration::from_millis(700);

/// What the names of metrics begin with that come as events of ONVIF.
const ONVIF: &str = "Device/Report/";

/// (device by its own name, metric by its own name, time).
type Key = (String, String, Timestamp);
/// What was read: value and unit.
type Read = BTreeMap<Key, (Value, Option<String>)>;

fn tenant() -> TenantId {
    TenantId::new("messina").unwrap()
}

fn city(dialects: &Dialects) -> Arc<City> {
    Arc::new(City::messina(&tenant(), SEED, SCALE).unwrap().speaking(dialects))
}

fn trial() -> Trial {
    trial_with(Arc::new(EverybodyIsNew))
}

fn trial_with(directory: Arc<dyn Directory>) -> Trial {
    let mut routes = Route::defaults();
    for mapping in [include_str!("../../config/cameras.toml"), include_str!("../../config/vendor.toml")] {
        routes.push(toml::from_str(mapping).unwrap());
    }
    Trial::new(&Config { routes, ..Config::default() }, tenant(), directory).unwrap()
}

/// The register of a city, with the shipped classes.
struct Register(HashMap<String, Arc<Profile>>);

impl Register {
    fn of(city: &City) -> Self {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/classes");
        let file = |entry: std::io::Result<std::fs::DirEntry>| {
            let path = entry.unwrap().path();
            (path.display().to_string(), std::fs::read_to_string(&path).unwrap())
        };
        let (classes, mistakes) = Classes::parse(std::fs::read_dir(folder).unwrap().map(file));
        assert_eq!(mistakes, []);
        let mut profiles = HashMap::new();
        for asset in city.assets() {
            let class = classes.get(asset.class.as_str()).unwrap();
            profiles.extend(asset.devices.iter().map(|device| (device.to_string(), Arc::clone(&class.profile))));
        }
        Self(profiles)
    }
}

impl Directory for Register {
    fn knows(&self, _: &TenantId, device: &str) -> bool {
        self.0.contains_key(device)
    }

    fn profile(&self, _: &TenantId, device: &str) -> Option<Arc<Profile>> {
        self.0.get(device).cloned()
    }
}

fn raw(message: Message, received: Timestamp) -> RawMessage {
    RawMessage {
        tenant: tenant(),
        source: Arc::from("trial"),
        bytes: message.topic.len() + message.payload.len(),
        topic: message.topic.into(),
        payload: message.payload,
        received,
        retained: false,
    }
}

/// The names of the devices as they are known in a dialect, with their own.
fn own_names(dialects: &Dialects) -> HashMap<String, String> {
    let names = |city: &City| -> Vec<String> {
        city.assets().iter().flat_map(|asset| asset.devices.iter().map(DeviceId::to_string)).collect()
    };
    let own = city(&Dialects::all(Dialect::SpecolaJson));
    names(&city(dialects)).into_iter().zip(names(&own)).collect()
}

/// The same as [`play`], as it is kept of devices whose classes are known.
fn kept(dialects: &Dialects) -> Read {
    let register = Register::of(&city(dialects));
    heard(dialects, trial_with(Arc::new(register)))
}

/// Lets a city speak for two minutes and reads what it says. What is about a message and not in it (link quality, events, places) is left out.
fn play(dialects: &Dialects) -> Read {
    let read = heard(dialects, trial());
    let own = |(device, metric, time): Key| {
        let metric = metric.strip_prefix(ONVIF).map_or(metric.clone(), str::to_owned);
        (device, metric, time)
    };
    read.into_iter().map(|(key, value)| (own(key), value)).collect()
}

fn heard(dialects: &Dialects, mut trial: Trial) -> Read {
    let names = own_names(dialects);
    let city = city(dialects);
    let start = Timestamp::parse(START).unwrap();
    let scenario = Arc::new(Scenario::new(&city, start));
    let mut plans = Plan::all(&city, Some(&scenario), RATE, start);
    let mut read = Read::new();
    for step in 1..=SPAN * 10 {
        let now = start.plus(Duration::from_millis(step * 100));
        for plan in &mut plans {
            while let Some(message) = plan.due(now) {
                let (shown, carried) = (format!("{message:?}"), message.readings);
                let arrival = trial.hear(&raw(message, now.plus(ON_THE_WAY)));
                assert!(arrival.refused.is_empty(), "{:?}: {shown}", arrival.refused);
                let readings: Vec<_> = arrival
                    .readings
                    .into_iter()
                    .filter(|reading| !reading.series.metric.as_str().starts_with('_'))
                    .collect();
                assert_eq!(readings.len(), carried, "{shown} became {readings:?}");
                for reading in readings {
                    assert_eq!(reading.quality, model::Quality::Good, "{reading:?}");
                    let device = &names[reading.series.device.as_str()];
                    let metric = reading.series.metric.as_str();
                    let key = (device.clone(), metric.to_owned(), reading.time);
                    let before = read.insert(key, (reading.value, reading.unit.as_str().map(str::to_owned)));
                    assert!(before.is_none(), "a reading came twice: {before:?} {shown}");
                }
            }
        }
    }
    assert_eq!(trial.commands(), [], "nothing went wrong, so nothing is asked of anybody");
    let lost = trial.gaps(&tenant(), start.plus(Duration::from_secs(SPAN))).devices;
    assert!(lost.iter().all(|device| device.lost_messages == 0), "every message came: {lost:?}");
    read
}

/// What a unit becomes: `None` for dialects that carry none.
fn unit(dialect: Dialect, unit: &str) -> Option<String> {
    match dialect {
        Dialect::OnvifEj => None,
        Dialect::NgsiLd => {
            Some(UN_CEFACT.iter().find(|(own, _)| *own == unit).map_or(unit, |(_, code)| code).to_owned())
        }
        _ => Some(unit.to_owned()),
    }
}

/// Codes of UN/ECE Recommendation 20, written down a second time: a wrong code must not agree with itself.
const UN_CEFACT: [(&str, &str); 28] = [
    ("%", "P1"),
    ("%RH", "P1"),
    ("1/s", "C97"),
    ("A", "AMP"),
    ("Cel", "CEL"),
    ("°C", "CEL"),
    ("Hz", "HTZ"),
    ("V", "VLT"),
    ("W", "WTT"),
    ("W/m2", "D54"),
    ("bar", "BAR"),
    ("dB", "2N"),
    ("h", "HUR"),
    ("hPa", "A97"),
    ("kW", "KWT"),
    ("kWh", "KWH"),
    ("kbit/s", "C74"),
    ("l/s", "G51"),
    ("m", "MTR"),
    ("m/s", "MTS"),
    ("mg/l", "M1"),
    ("mm", "MMT"),
    ("mm/h", "H67"),
    ("mm/s", "C16"),
    ("mrad", "C25"),
    ("pH", "Q30"),
    ("s", "SEC"),
    ("ug/m3", "GQ"),
];

#[track_caller]
fn compare(read: &Read, expected: &Read, unit_of: impl Fn(&str, &str) -> Option<String>) {
    assert!(expected.len() > 10_000, "only {} readings: that proves little", expected.len());
    let missing: Vec<_> = expected.keys().filter(|key| !read.contains_key(*key)).take(3).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    let invented: Vec<_> = read.keys().filter(|key| !expected.contains_key(*key)).take(3).collect();
    assert!(invented.is_empty(), "invented: {invented:?}");
    for (key, (value, unit)) in expected {
        let (found, found_unit) = &read[key];
        assert_eq!(found, value, "{key:?}");
        assert_eq!(*found_unit, unit.as_ref().and_then(|unit| unit_of(&key.0, unit)), "{key:?}");
    }
}

#[test]
fn every_dialect_says_the_same_of_the_same_city() {
    let expected = play(&Dialects::all(Dialect::SpecolaJson));
    for dialect in Dialect::ALL {
        // The shape of recorders has its units in the mapping; the others send them.
        let read = play(&Dialects::all(dialect));
        compare(&read, &expected, |_, written| unit(dialect, written));
    }
}

#[test]
fn a_city_of_mixed_dialects_says_the_same_too() {
    let expected = play(&Dialects::all(Dialect::SpecolaJson));
    compare(&play(&Dialects::mixed()), &expected, |device, written| {
        if device.starts_with("cam-") {
            unit(Dialect::OnvifEj, written)
        } else if device.starts_with("me-") {
            unit(Dialect::NgsiLd, written)
        } else {
            Some(written.to_owned())
        }
    });
}

/// What is kept is the same whatever is spoken: name, value, unit and time. ONVIF is spoken by cameras; it has no units for anything else.
#[test]
fn with_its_classes_the_same_city_is_kept_the_same_in_every_dialect() {
    let expected = kept(&Dialects::all(Dialect::SpecolaJson));
    let cameras = |read: &Read| -> Read {
        read.iter()
            .filter(|(key, _)| key.0.starts_with("cam-"))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    };
    for dialect in Dialect::ALL.into_iter().filter(|dialect| *dialect != Dialect::OnvifEj) {
        let read = kept(&Dialects::all(dialect));
        let differs = expected.iter().find(|(key, kept)| read.get(*key) != Some(*kept));
        assert_eq!(differs.map(|(key, kept)| (key, kept, read.get(key))), None, "{dialect}");
        assert_eq!(read.len(), expected.len(), "{dialect}");
    }
    let (mixed, onvif) = (kept(&Dialects::mixed()), kept(&Dialects::all(Dialect::OnvifEj)));
    assert_eq!(mixed, expected);
    let expected = cameras(&expected);
    assert!(expected.len() > 500, "{}", expected.len());
    assert_eq!(cameras(&onvif), expected);
}

#[test]
fn a_host_that_missed_the_births_asks_for_them_and_understands_from_then_on() {
    let dialects = Dialects::all(Dialect::SparkplugB);
    let city = city(&dialects);
    let start = Timestamp::parse(START).unwrap();
    let mut plan = Plan::all(&city, None, RATE, start).swap_remove(0);
    let mut now = start;
    let mut step = |trial: &mut Trial, plan: &mut Plan| -> usize {
        now = now.plus(Duration::from_millis(100));
        let mut understood = 0;
        while let Some(message) = plan.due(now) {
            let arrival = trial.hear(&raw(message, now.plus(ON_THE_WAY)));
            understood += arrival.readings.iter().filter(|one| !one.series.metric.as_str().starts_with('_')).count();
        }
        understood
    };
    let mut first = trial();
    let before: usize = (0..SPAN * 10).map(|_| step(&mut first, &mut plan)).sum();
    assert!(before > 100, "{before}");
    // Specola was restarted: it knows nobody.
    let mut restarted = trial();
    let mut commands = Vec::new();
    for _ in 0..SPAN * 10 {
        step(&mut restarted, &mut plan);
        commands = restarted.commands();
        if !commands.is_empty() {
            break;
        }
    }
    let [rebirth] = &commands[..] else { panic!("one rebirth was to be asked for: {commands:?}") };
    assert_eq!(Some(rebirth.topic.as_str()), plan.ears().as_deref());
    plan.hear(&rebirth.topic, &rebirth.payload);
    assert!(step(&mut restarted, &mut plan) > 10, "the births were not understood");
    let after: usize = (0..SPAN * 10).map(|_| step(&mut restarted, &mut plan)).sum();
    assert!(after > 100, "{after}");
    assert_eq!(restarted.commands(), []);
}

#[test]
fn a_node_that_is_cut_off_takes_its_devices_with_it() {
    let city = city(&Dialects::all(Dialect::SparkplugB));
    let start = Timestamp::parse(START).unwrap();
    let mut plan = Plan::all(&city, None, RATE, start).swap_remove(0);
    plan.connected(7);
    let mut trial = trial();
    let mut online: HashMap<String, bool> = HashMap::new();
    let mut note = |arrival: ingest::Arrival| {
        for reading in arrival.readings.iter().filter(|reading| reading.series.metric.as_str() == "_online") {
            online.insert(reading.series.device.to_string(), reading.value == Value::Flag(true));
        }
        (online.len(), online.values().filter(|online| **online).count())
    };
    let mut now = start;
    let mut known = (0, 0);
    for _ in 0..SPAN * 10 {
        now = now.plus(Duration::from_millis(100));
        while let Some(message) = plan.due(now) {
            known = note(trial.hear(&raw(message, now)));
        }
    }
    assert!(known.0 > 5 && known.0 == known.1, "{known:?} of node and devices are online");
    // A will of an older connection comes late and means nothing.
    let late = note(trial.hear(&raw(plan.death(6).unwrap(), now)));
    assert_eq!(late, known);
    let dead = note(trial.hear(&raw(plan.death(7).unwrap(), now)));
    assert_eq!(dead, (known.0, 0));
}
