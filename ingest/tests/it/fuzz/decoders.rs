//! Every decoder, with whatever bytes: it neither panics nor hangs nor lets through what is no reading, and understands a good message afterwards.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use ingest::config::{Format, Route};
use ingest::{Arrival, Config, Trial};

use super::corpus;
use super::mutate::{Chance, mutate};
use super::{runs, seed, shown};
use crate::kit::{lines, now, raw, trial};

/// Inputs that made a decoder answer in a new way are kept and broken again; more are not needed.
const KEPT: usize = 512;
/// How often the good message is asked for in between.
const MARKER: u64 = 500;
/// Nothing of this size takes so long, on any machine.
const LONG: Duration = Duration::from_secs(5);

fn config() -> Config {
    let mapping = "topic = \"generic/#\"\nformat = \"generic-json\"\n[mapping]\ndevice = { path = \"id\" }\ntime = { field = \"t\", format = \"unix_s\" }\n\
        leaves = \"scalars\"\nexclude = [\"meta\"]\nfields = [{ path = \"Power\", metric = \"power\", unit = \"W\", scale = 1e300, offset = -1.0 }]\n";
    let mut routes = Route::defaults();
    routes.push(toml::from_str(mapping).unwrap());
    Config { routes, ..Config::default() }
}

/// What kind of answer this is: inputs with new kinds are worth keeping.
fn kind(arrival: &Arrival) -> u64 {
    let mut hasher = DefaultHasher::new();
    arrival.readings.len().min(8).hash(&mut hasher);
    for reading in arrival.readings.iter().take(4) {
        std::mem::discriminant(&reading.value).hash(&mut hasher);
        (reading.quality, reading.time == reading.received, reading.unit.as_str().is_some()).hash(&mut hasher);
    }
    for letter in &arrival.refused {
        letter.reason.as_str().hash(&mut hasher);
        // Positions and quoted bytes make every detail different; its words do not.
        let words = letter.detail.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 3).take(6);
        words.for_each(|word| word.hash(&mut hasher));
    }
    hasher.finish()
}

#[track_caller]
fn must_hold(arrival: &Arrival) {
    for reading in &arrival.readings {
        assert!(reading.value.as_number().is_none_or(f64::is_finite), "{reading:?}");
        assert!(
            reading.time.as_nanos() <= reading.received.as_nanos() + 600_000_000_000,
            "{reading:?} is from the future"
        );
        assert!(!reading.series.device.as_str().is_empty() && !reading.series.metric.as_str().is_empty());
    }
}

fn marker(trial: &mut Trial) {
    assert_eq!(lines(&trial.hear(&raw("senml/marker/json", br#"[{"n":"m","v":1}]"#))), ["marker m=1"]);
}

fn fuzz(format: Format) {
    let good = corpus::of(format);
    let mut chance = Chance::new(seed());
    let mut trial = trial(&config());
    for (topic, payload) in good.topics.iter().cycle().zip(&good.payloads) {
        must_hold(&trial.hear(&raw(topic, payload)));
    }
    let mut payloads = good.payloads.clone();
    let mut kinds = HashSet::new();
    for run in 0..runs() {
        let mut payload = chance.pick(&payloads).clone();
        let other = chance.pick(&payloads).clone();
        mutate(&mut chance, &mut payload, &other);
        let mut topic = chance.pick(&good.topics).as_bytes().to_vec();
        if chance.one_in(10) {
            mutate(&mut chance, &mut topic, b"/+/#//$SYS/");
        }
        // A broker hands on nothing but texts as topics.
        let topic = String::from_utf8_lossy(&topic).into_owned();
        let message = raw(&topic, &payload);
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let arrival = trial.hear(&message);
            must_hold(&arrival);
            if chance_of_silence(run) {
                trial.wait(now());
                trial.commands();
            }
            arrival
        }));
        let told = || format!("{format}, seed {}, run {run}: {topic:?} {}", seed(), shown(&payload));
        let arrival = outcome.unwrap_or_else(|_| panic!("fell over {}", told()));
        assert!(started.elapsed() < LONG, "took {:?} for {}", started.elapsed(), told());
        if payloads.len() < KEPT && kinds.insert(kind(&arrival)) {
            payloads.push(payload);
        }
        if run % MARKER == 0 {
            marker(&mut trial);
        }
    }
    marker(&mut trial);
    assert!(kinds.len() > 5, "{format} gave only {} kinds of answers: the inputs do not reach it", kinds.len());
}

/// Conversations are given the time to ask for what they miss.
fn chance_of_silence(run: u64) -> bool {
    run.is_multiple_of(64)
}

#[test]
fn the_messages_that_are_broken_are_good_ones() {
    for format in Format::ALL {
        let good = corpus::of(format);
        let mut trial = trial(&config());
        let understood = good
            .payloads
            .iter()
            .flat_map(|payload| good.topics.iter().map(move |topic| (topic, payload)))
            .map(|(topic, payload)| trial.hear(&raw(topic, payload)).readings.len())
            .sum::<usize>();
        assert!(understood > 0, "no message of {format} is understood");
    }
}

macro_rules! decoders {
    ($($name:ident: $format:ident),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                fuzz(Format::$format);
            }
        )+

        #[test]
        fn no_decoder_is_left_out() {
            assert_eq!(HashSet::from([$(Format::$format),+]), HashSet::from(Format::ALL));
        }
    };
}

decoders! {
    our_own_json_survives: SpecolaJson,
    generic_json_survives: GenericJson,
    senml_json_survives: SenmlJson,
    senml_cbor_survives: SenmlCbor,
    chirpstack_survives: ChirpstackV4,
    the_things_stack_survives: TtsV3,
    onvif_survives: OnvifEj,
    ngsi_ld_survives: NgsiLd,
    json_lines_survive: JsonLines,
    csv_survives: Csv,
    csv_with_commas_survives: CsvComma,
    talq_survives: TalqV2,
    sparkplug_survives: SparkplugB,
}
