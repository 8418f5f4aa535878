//! Who should have spoken and did not: told by times, by the numbers of messages, and by who is awaited.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ingest::class::{Classes, Profile};
use ingest::{Awaited, Config, DeviceGaps, Directory, Interval, RawMessage, Trial};
use model::{Duration, TenantId, Timestamp};

use crate::kit::{now, raw, tenant, trial};
use crate::sparkplug_payload::{Metric, Scalar, bd_seq, message};

const OWN: &str = "specola/v1/messina/gw/readings";
const EUI: &str = "24e124535b316056";

fn at(seconds: u64) -> Timestamp {
    now().minus(Duration::from_secs(3_600)).plus(Duration::from_secs(seconds))
}

/// The gaps of one sender after these messages, if it has any.
fn gaps(trial: &Trial, device: &str, seconds: u64) -> Option<DeviceGaps> {
    trial.gaps(&tenant(), at(seconds)).devices.into_iter().find(|one| one.device == device)
}

fn lost(messages: impl IntoIterator<Item = RawMessage>, device: &str) -> u64 {
    let mut trial = trial(&Config::default());
    for message in messages {
        let arrival = trial.hear(&message);
        assert!(arrival.refused.is_empty(), "{:?}", arrival.refused);
    }
    gaps(&trial, device, 0).map_or(0, |found| found.lost_messages)
}

fn chirpstack(frame: u64) -> RawMessage {
    let body = format!(r#"{{"deviceInfo":{{"devEui":"{EUI}"}},"fCnt":{frame},"object":{{"t":1}}}}"#);
    raw(&format!("application/a/device/{EUI}/event/up"), body.as_bytes())
}

fn things(frame: u64) -> RawMessage {
    let body = format!(
        r#"{{"end_device_ids":{{"dev_eui":"{EUI}"}},"uplink_message":{{"f_cnt":{frame},"decoded_payload":{{"t":1}}}}}}"#
    );
    raw("v3/app@ttn/devices/d/up", body.as_bytes())
}

fn own(sequence: u64, body: &str) -> RawMessage {
    raw(OWN, format!(r#"{{"sequence":{sequence},{body}}}"#).as_bytes())
}

#[test]
fn numbers_that_never_come_are_missing_in_every_format_that_has_them() {
    assert_eq!(lost([5, 6, 9].map(chirpstack), EUI), 2);
    assert_eq!(lost([5, 9, 7, 8, 6].map(chirpstack), EUI), 0, "late frames are frames");
    assert_eq!(lost([5, 6, 9].map(things), EUI), 2);
    let join = raw(
        &format!("application/a/device/{EUI}/event/join"),
        format!(r#"{{"deviceInfo":{{"devEui":"{EUI}"}}}}"#).as_bytes(),
    );
    assert_eq!(lost([chirpstack(5), join, chirpstack(9)], EUI), 0, "a join begins a new count");
    let gateway = r#""readings":[{"device":"a","metric":"m","value":1}]"#;
    assert_eq!(lost([own(1, gateway), own(4, gateway)], "gw"), 2);
    let device = r#""device":"a","values":{"m":1}"#;
    assert_eq!(lost([own(1, device), own(2, gateway), own(4, device)], "a"), 2, "each sender has its own count");
    assert_eq!(lost([own(u64::from(u32::MAX), device), own(0, device)], "a"), 0);
    let birth = message("spBv1.0/g/NBIRTH/n", 0, vec![bd_seq(1), Metric::named("p", 10, Scalar::Double(1.0))]);
    let data = |seq| message("spBv1.0/g/NDATA/n", seq, vec![Metric::named("p", 10, Scalar::Double(2.0))]);
    assert_eq!(lost([birth.clone(), data(1), data(4), data(3)], "g/n"), 1);
    assert_eq!(lost([birth.clone(), data(200), birth, data(1)], "g/n"), 0, "a birth begins a new count");
}

#[test]
fn a_number_that_is_none_refuses_its_message_and_a_refused_message_is_not_missing() {
    let mut trial = trial(&Config::default());
    for (body, refused) in [
        (r#"{"sequence":-1,"device":"a","values":{"m":1}}"#, 1),
        (r#"{"sequence":1,"device":"a","values":{"m":1}}"#, 0),
        (r#"{"sequence":2,"device":"a","values":7}"#, 1),
        (r#"{"sequence":3,"device":"a","values":{"m":1}}"#, 0),
    ] {
        assert_eq!(trial.hear(&raw(OWN, body.as_bytes())).refused.len(), refused, "{body}");
    }
    assert_eq!(gaps(&trial, "a", 0), None);
}

/// A registry in which every device is a meter that its class expects every minute.
struct Registry {
    class: Arc<Profile>,
    at_work: AtomicBool,
}

impl Directory for Registry {
    fn knows(&self, _: &TenantId, _: &str) -> bool {
        true
    }

    fn profile(&self, _: &TenantId, _: &str) -> Option<Arc<Profile>> {
        Some(Arc::clone(&self.class))
    }

    fn awaited(&self, _: &TenantId, _: &str) -> Awaited {
        if self.at_work.load(Ordering::Relaxed) { Awaited::Since(at(2_000)) } else { Awaited::Never }
    }

    fn generation(&self) -> u64 {
        u64::from(self.at_work.load(Ordering::Relaxed))
    }
}

fn say(trial: &mut Trial, seconds: u64) {
    let body =
        format!(r#"{{"device":"meter","time":"{}","values":{{"volume":1,"flow":2}}}}"#, at(seconds).to_rfc3339());
    assert!(trial.hear(&raw(OWN, body.as_bytes())).refused.is_empty());
}

#[test]
fn a_class_says_when_a_device_is_missed_and_late_words_close_the_gap() {
    let text = "[[class]]\nkey = \"sensor\"\ndomain = \"d\"\ninterval = \"1m\"\n[[class]]\nkey = \"meter\"\nextends = \"sensor\"\n";
    let (classes, mistakes) = Classes::parse([("a.toml".to_owned(), text.to_owned())]);
    assert_eq!(mistakes, []);
    let class = Arc::clone(&classes.get("meter").unwrap().profile);
    let registry = Arc::new(Registry { class, at_work: AtomicBool::new(false) });
    let mut trial = Trial::new(&Config::default(), tenant(), Arc::clone(&registry) as Arc<dyn Directory>).unwrap();
    // Under maintenance nobody waits for it, nor for the time before it came back.
    say(&mut trial, 0);
    say(&mut trial, 900);
    registry.at_work.store(true, Ordering::Relaxed);
    say(&mut trial, 2_100);
    assert_eq!(gaps(&trial, "meter", 2_160), None);
    let silent = gaps(&trial, "meter", 2_400).unwrap();
    assert_eq!((silent.overdue, silent.missed, silent.latest), (4, 0, Some(at(2_100))));
    assert_eq!(silent.interval, Some(Interval::Told(Duration::from_secs(60))));
    say(&mut trial, 2_400);
    let holed = gaps(&trial, "meter", 2_400).unwrap();
    assert_eq!((holed.overdue, holed.missed, holed.gaps.len()), (0, 4, 1));
    for seconds in [2_340, 2_160, 2_220] {
        say(&mut trial, seconds);
    }
    assert_eq!(gaps(&trial, "meter", 2_400).unwrap().missed, 1);
    say(&mut trial, 2_280);
    assert_eq!(gaps(&trial, "meter", 2_400), None);
}

#[test]
fn what_others_say_about_a_device_is_not_its_own_word() {
    let mut trial = trial(&Config::default());
    for minute in 0..20 {
        say(&mut trial, minute * 60);
    }
    let kept = RawMessage { retained: true, ..raw(OWN, br#"{"device":"meter","values":{"volume":1}}"#) };
    trial.hear(&kept);
    let silent = gaps(&trial, "meter", 3_600).unwrap();
    assert_eq!((silent.latest, silent.overdue), (Some(at(1_140)), 40));
    assert_eq!(silent.interval, Some(Interval::Learned(Duration::from_secs(60))));
}
