//! Sparkplug B conversations that nobody would hold: no panic, no wrong name, and a good conversation afterwards is heard.

use std::collections::HashMap;

use ingest::{Config, Trial};
use model::Duration;
use proptest::prelude::*;

use crate::kit::{lines, now, raw, trial};
use crate::sparkplug_payload::{Metric, PropertyValue, Scalar, bd_seq, message};

const TOPICS: [&str; 8] = [
    "spBv1.0/g/NBIRTH/n",
    "spBv1.0/g/DBIRTH/n/d",
    "spBv1.0/g/NDATA/n",
    "spBv1.0/g/DDATA/n/d",
    "spBv1.0/g/DDEATH/n/d",
    "spBv1.0/g/NDEATH/n",
    "spBv1.0/g/NCMD/n",
    "spBv1.0/STATE/specola",
];

/// Births and data with everything in them that is read.
fn good() -> Vec<Vec<u8>> {
    let pressure = Metric::named("pressure", 9, Scalar::Float(2.5)).known_as(1);
    let pressure = pressure.with("engUnit", PropertyValue::Text("bar".to_owned()));
    let level = Metric { is_historical: Some(true), ..Metric::named("level", 2, Scalar::Int(0xFFFB)) };
    let state = Metric::named("state", 12, Scalar::Text("aperto".to_owned())).known_as(3);
    let total = Metric::aliased(1, Scalar::Long(u64::MAX)).with("Quality", PropertyValue::Int(500));
    let nothing = Metric { is_null: Some(true), value: None, ..Metric::aliased(3, Scalar::Int(0)) };
    let payload = |seq, metrics| message("", seq, metrics).payload.to_vec();
    vec![
        payload(0, vec![bd_seq(1), pressure, level.known_as(2), state]),
        payload(1, vec![total, Metric::aliased(2, Scalar::Double(f64::NAN)), nothing]),
        payload(
            2,
            vec![Metric::named("bytes", 17, Scalar::Bytes(vec![0; 9])), Metric::aliased(3, Scalar::Boolean(true))],
        ),
    ]
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>());
    let cut = prop::option::weighted(0.2, any::<prop::sample::Index>());
    (prop::sample::select(good()), prop::collection::vec(change, 0..4), cut).prop_map(|(mut bytes, changes, cut)| {
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
        bytes
    })
}

/// Hears these messages one after the other, then a proper conversation.
#[track_caller]
fn survives(messages: Vec<(&str, Vec<u8>)>) {
    let mut trial = trial(&Config::default());
    for (step, (topic, payload)) in messages.into_iter().enumerate() {
        let arrival = trial.hear(&raw(topic, &payload));
        assert!(arrival.readings.iter().all(|reading| reading.value.as_number().is_none_or(f64::is_finite)));
        trial.wait(now().plus(Duration::from_secs(step as u64)));
    }
    trial.hear(&message(TOPICS[0], 0, vec![Metric::named("v", 3, Scalar::Int(1)).known_as(1)]));
    let arrival = trial.hear(&message(TOPICS[2], 1, vec![Metric::aliased(1, Scalar::Int(2))]));
    assert_eq!(lines(&arrival), ["g/n v=2 @2026-11-22T09:00:00Z"]);
}

/// One message of a node with two devices; `None` is the node itself.
#[derive(Debug, Clone)]
enum Step {
    Birth(Option<u8>),
    Data(Option<u8>, u64),
    Death(Option<u8>, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let whose = || prop::option::of(0..2_u8);
    prop_oneof![
        whose().prop_map(Step::Birth),
        (whose(), 0..4_u64).prop_map(|(whose, alias)| Step::Data(whose, alias)),
        (whose(), 0..3_u64).prop_map(|(whose, bd_seq)| Step::Death(whose, bd_seq)),
    ]
}

/// What must be known of a node, told as simply as possible: which birth of each holds, if any.
#[derive(Default)]
struct Model {
    births: HashMap<Option<u8>, usize>,
    session: Option<u64>,
}

/// Plays a step on both; a reading must have the name that the birth that holds gave to its alias, or be refused.
fn play(trial: &mut Trial, model: &mut Model, number: usize, step: &Step) {
    let topic = |verb: &str, whose: Option<u8>| match whose {
        None => format!("spBv1.0/g/N{verb}/n"),
        Some(device) => format!("spBv1.0/g/D{verb}/n/{device}"),
    };
    let device = |whose: Option<u8>| whose.map_or("g/n".to_owned(), |device| format!("g/n/{device}"));
    let seq = number as u64 % 256;
    match *step {
        Step::Birth(whose) => {
            let session = number as u64 % 3;
            // Aliases 0 to 2 are announced, 3 never is. The names tell the birth.
            let metrics =
                (0..3).map(|alias| Metric::named(&format!("{number}.{alias}"), 3, Scalar::Int(1)).known_as(alias));
            let arrival = trial.hear(&message(&topic("BIRTH", whose), seq, metrics.chain([bd_seq(session)]).collect()));
            assert_eq!(arrival.readings.len(), 4, "presence and three values");
            if whose.is_none() {
                model.births.clear();
                model.session = Some(session);
            }
            model.births.insert(whose, number);
        }
        Step::Data(whose, alias) => {
            let arrival =
                trial.hear(&message(&topic("DATA", whose), seq, vec![Metric::aliased(alias, Scalar::Int(7))]));
            let expected = match model.births.get(&whose) {
                Some(birth) if alias < 3 => format!("{} {birth}.{alias}=7 @2026-11-22T09:00:00Z", device(whose)),
                _ => "refused unknown_alias 0".to_owned(),
            };
            assert_eq!(lines(&arrival), [expected]);
        }
        Step::Death(Some(whose), _) => {
            let arrival = trial.hear(&message(&topic("DEATH", Some(whose)), seq, vec![]));
            assert_eq!(lines(&arrival), [format!("{} _online=false", device(Some(whose)))]);
            model.births.remove(&Some(whose));
        }
        Step::Death(None, number) => {
            let arrival = trial.hear(&message(&topic("DEATH", None), None, vec![bd_seq(number)]));
            let holds = model.session.is_none_or(|session| session == number);
            assert_eq!(arrival.readings.is_empty(), !holds);
            if holds {
                *model = Model::default();
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(messages in prop::collection::vec((prop::sample::select(&TOPICS[..]), prop::collection::vec(any::<u8>(), 0..200)), 1..8)) {
        survives(messages);
    }

    #[test]
    fn good_messages_with_changed_bytes_are_survived(messages in prop::collection::vec((prop::sample::select(&TOPICS[..]), mutated()), 1..12)) {
        survives(messages);
    }

    #[test]
    fn no_reading_gets_a_name_that_its_sender_did_not_give(steps in prop::collection::vec(step(), 1..60)) {
        let (mut trial, mut model) = (trial(&Config::default()), Model::default());
        for (number, step) in steps.iter().enumerate() {
            play(&mut trial, &mut model, number, step);
        }
    }
}
