//! Watches structures by their frequencies, cracks and tilts.

use model::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

use super::quake::{Light, light};
use super::response::{Residual, Response};
use super::sensor::Sensor;
use super::shift::{Change, Shift};
use crate::detect::parts::Standing;
use crate::detect::{About, Detector, Evidence, Field, Finding, Sample, Turn};

const DAMAGE_SUDDEN: usize = 0;
const DAMAGE_PROGRESSIVE: usize = 1;
const CRACK_GROWTH: usize = 2;
const TILT_TREND: usize = 3;
const SENSOR_NOISE: usize = 4;
const SENSOR_STUCK: usize = 5;
const SEISMIC_GREEN: usize = 6;
const SEISMIC_YELLOW: usize = 7;
const SEISMIC_RED: usize = 8;

/// Nothing is said of a series before it was watched so long: its answer to the weather must be known first.
const LEARNING_DAYS: f64 = 14.0;
/// No finding of a kind returns sooner than this after it was cleared.
const REST: Duration = Duration::from_secs(2 * 86_400);
/// What stands so long is the new normal: it is learned again.
const NEW_NORMAL: Duration = Duration::from_secs(120 * 86_400);
/// How long a light shines after a quake.
const AFTERSHOCKS: Duration = Duration::from_secs(7 * 86_400);

/// The detector of structures.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Structural {
    gauges: Vec<Gauge>,
    structures: Vec<Structure>,
}

/// What a series measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Measures {
    /// A frequency of the structure, or anything else whose shift means damage.
    Frequency,
    Crack,
    Tilt,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Gauge {
    measures: Measures,
    structure: usize,
    response: Response,
    shift: Shift,
    sensor: Sensor,
    standing: Standing,
    /// When its own finding was raised.
    since: i64,
    /// Whether this one's shift is part of a finding about its structure.
    shifted: bool,
    skipped: u8,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Structure {
    standing: Standing,
    since: i64,
    /// How many of its frequencies have shifted.
    shifted: u32,
    /// The light that its next beat will show, and the acceleration behind it.
    light: Option<(Light, Option<f64>)>,
    lit: Option<i64>,
}

impl Detector for Structural {
    const NAME: &'static str = "structural";
    const KINDS: &'static [&'static str] = &[
        "damage_sudden",
        "damage_progressive",
        "crack_growth",
        "tilt_trend",
        "sensor_noise",
        "sensor_stuck",
        "seismic_green",
        "seismic_yellow",
        "seismic_red",
    ];
    const COMPANIONS: &'static [&'static str] = &["temperature", "wind"];

    fn new(field: &Field) -> Self {
        let gauges = field.members.iter().map(|member| Gauge {
            measures: match member.metric.as_str() {
                metric if metric.contains("crack") => Measures::Crack,
                metric if metric.contains("tilt") || metric.contains("inclination") => Measures::Tilt,
                _ => Measures::Frequency,
            },
            structure: member.group,
            response: Response::default(),
            shift: Shift::default(),
            sensor: Sensor::default(),
            standing: Standing::default(),
            since: 0,
            shifted: false,
            skipped: 0,
        });
        Self { gauges: gauges.collect(), structures: vec![Structure::default(); field.groups.len()] }
    }

    fn observe(&mut self, sample: &Sample<'_>, found: &mut Vec<Finding>) {
        let Some(gauge) = self.gauges.get_mut(sample.member) else { return };
        let Some(structure) = self.structures.get_mut(gauge.structure) else { return };
        if !crate::detect::parts::usable(sample.value) {
            return;
        }
        let companion = |place: usize| sample.companions.get(place).copied().unwrap_or(f64::NAN);
        let residual = gauge.response.compare(sample.time, sample.value, companion(0), companion(1));
        let frozen = gauge.is_frozen(structure, sample.time);
        gauge.sensor.take_value(sample.value);
        if gauge.response.is_known() {
            gauge.sensor.take_residual(residual.standard, !frozen);
            if gauge.standing.any_of(&[SENSOR_STUCK, SENSOR_NOISE]) {
                // What a broken sensor says is nothing about the structure.
                gauge.shift.reset();
            } else {
                gauge.shift.take(sample.time, residual.standard, !frozen);
            }
        }
        if gauge.response.days() >= LEARNING_DAYS {
            let mut say =
                Say { now: sample.time, member: sample.member, value: sample.value, residual: &residual, found };
            say.sensor(gauge);
            match gauge.measures {
                Measures::Frequency => say.frequency(gauge, structure),
                Measures::Crack => say.shift(gauge, CRACK_GROWTH),
                Measures::Tilt => say.shift(gauge, TILT_TREND),
            }
        }
        if !gauge.is_frozen(structure, sample.time) && gauge.may_learn() {
            gauge.response.learn(&residual, sample.value);
        }
    }

    fn beat(&mut self, now: Timestamp, found: &mut Vec<Finding>) {
        for (place, structure) in self.structures.iter_mut().enumerate() {
            if structure.light.is_some() || structure.lit.is_some() {
                structure.shine(place, now, found);
            }
        }
    }
}

impl Structural {
    /// A quake was felt: each structure gets its light with the next beat. `accelerations` are the peaks at the structures in m/s², in
    /// the order of the field's groups; what is not known is NaN or left out.
    pub fn quake(&mut self, accelerations: &[f64]) {
        for (place, structure) in self.structures.iter_mut().enumerate() {
            let acceleration = accelerations.get(place).copied().filter(|a| a.is_finite());
            let damaged =
                |gauge: &Gauge| gauge.structure == place && gauge.standing.any_of(&[CRACK_GROWTH, TILT_TREND]);
            let suspected = structure.shifted > 0 || self.gauges.iter().any(damaged);
            structure.light = Some((light(acceleration.unwrap_or(f64::NAN), suspected), acceleration));
        }
    }
}

impl Gauge {
    /// Whether what it shows is wrong, so that it must not be learned.
    fn is_frozen(&self, structure: &Structure, now: Timestamp) -> bool {
        let recent = |since: i64| now.since(Timestamp::from_nanos(since)) < NEW_NORMAL;
        let own = self.standing.any_of(&[CRACK_GROWTH, TILT_TREND]) && recent(self.since);
        let damaged = self.measures == Measures::Frequency && structure.is_damaged() && recent(structure.since);
        own || damaged || self.standing.any_of(&[SENSOR_STUCK, SENSOR_NOISE])
    }

    /// What is under suspicion is learned at a quarter of the pace only.
    fn may_learn(&mut self) -> bool {
        let suspected = self.response.is_known() && self.shift.change() != Change::None;
        self.skipped = if suspected { (self.skipped + 1) % 4 } else { 0 };
        self.skipped == 0
    }
}

impl Structure {
    fn is_damaged(&self) -> bool {
        self.standing.any_of(&[DAMAGE_SUDDEN, DAMAGE_PROGRESSIVE])
    }

    /// Shows the light of a quake, and puts it out when the aftershocks are over.
    fn shine(&mut self, place: usize, now: Timestamp, found: &mut Vec<Finding>) {
        const LIGHTS: [usize; 3] = [SEISMIC_GREEN, SEISMIC_YELLOW, SEISMIC_RED];
        let about = About::Group(place);
        let mut say = |kind: usize, turn: Option<Turn>, seen: f64| {
            let Some(turn) = turn else { return };
            let evidence = Evidence { of: "peak_ground_acceleration", seen, low: f64::NAN, high: f64::NAN };
            found.push(Finding { about, kind: Structural::KINDS[kind], turn, time: now, evidence });
        };
        if let Some((light, acceleration)) = self.light.take() {
            let wanted = LIGHTS[light as usize];
            for kind in LIGHTS.into_iter().filter(|kind| *kind != wanted) {
                say(kind, self.standing.clear(kind, now), f64::NAN);
            }
            say(wanted, self.standing.raise(wanted, now, Duration::ZERO), acceleration.unwrap_or(f64::NAN));
            self.lit = Some(now.as_nanos());
        } else if self.lit.is_some_and(|lit| now.since(Timestamp::from_nanos(lit)) > AFTERSHOCKS) {
            for kind in LIGHTS {
                say(kind, self.standing.clear(kind, now), f64::NAN);
            }
            self.lit = None;
        }
    }
}

/// Says what changed with one reading.
struct Say<'a> {
    now: Timestamp,
    member: usize,
    value: f64,
    residual: &'a Residual,
    found: &'a mut Vec<Finding>,
}

impl Say<'_> {
    fn push(&mut self, about: About, kind: usize, turn: Option<Turn>, evidence: Evidence) {
        if let Some(turn) = turn {
            self.found.push(Finding { about, kind: Structural::KINDS[kind], turn, time: self.now, evidence });
        }
    }

    fn push_value(&mut self, about: About, kind: usize, turn: Option<Turn>) {
        let Residual { expected, deviation, .. } = *self.residual;
        let (low, high) = (expected - 3.0 * deviation, expected + 3.0 * deviation);
        self.push(about, kind, turn, Evidence { of: "value", seen: self.value, low, high });
    }

    fn sensor(&mut self, gauge: &mut Gauge) {
        let about = About::Member(self.member);
        if gauge.sensor.is_stuck() {
            let turn = gauge.standing.raise(SENSOR_STUCK, self.now, REST);
            self.push_value(about, SENSOR_STUCK, turn);
        } else if gauge.sensor.moves() {
            let turn = gauge.standing.clear(SENSOR_STUCK, self.now);
            self.push_value(about, SENSOR_STUCK, turn);
        }
        let evidence = Evidence { of: "noise", seen: gauge.sensor.noise(), low: f64::NAN, high: 1.9 };
        if gauge.sensor.is_noisy() && !gauge.standing.stands(SENSOR_STUCK) {
            let turn = gauge.standing.raise(SENSOR_NOISE, self.now, REST);
            self.push(about, SENSOR_NOISE, turn, evidence);
        } else if gauge.sensor.is_quiet() {
            let turn = gauge.standing.clear(SENSOR_NOISE, self.now);
            self.push(about, SENSOR_NOISE, turn, evidence);
        }
    }

    /// A crack or a tilt: a finding about the gauge itself.
    fn shift(&mut self, gauge: &mut Gauge, kind: usize) {
        let about = About::Member(self.member);
        match gauge.change() {
            Change::Sudden | Change::Slow => {
                let turn = gauge.standing.raise(kind, self.now, REST);
                if turn.is_some() {
                    gauge.since = self.now.as_nanos();
                }
                self.push_value(about, kind, turn);
            }
            _ if gauge.shift.is_calm() => {
                let turn = gauge.standing.clear(kind, self.now);
                if turn.is_some() {
                    gauge.shift.reset();
                }
                self.push_value(about, kind, turn);
            }
            _ => {}
        }
    }

    /// A frequency: what shifts is the structure, whichever of its modes shows it first.
    fn frequency(&mut self, gauge: &mut Gauge, structure: &mut Structure) {
        let about = About::Group(gauge.structure);
        let change = gauge.change();
        if matches!(change, Change::Sudden | Change::Slow) {
            if !gauge.shifted {
                gauge.shifted = true;
                structure.shifted += 1;
            }
            if !structure.is_damaged() {
                let kind = if change == Change::Sudden { DAMAGE_SUDDEN } else { DAMAGE_PROGRESSIVE };
                let turn = structure.standing.raise(kind, self.now, REST);
                if turn.is_some() {
                    structure.since = self.now.as_nanos();
                }
                self.push_value(about, kind, turn);
            }
        } else if gauge.shifted && gauge.shift.is_calm() {
            gauge.shifted = false;
            gauge.shift.reset();
            structure.shifted = structure.shifted.saturating_sub(1);
            if structure.shifted == 0 {
                for kind in [DAMAGE_SUDDEN, DAMAGE_PROGRESSIVE] {
                    let turn = structure.standing.clear(kind, self.now);
                    self.push_value(about, kind, turn);
                }
            }
        }
    }
}

impl Gauge {
    /// What its residuals say, unless the sensor is to blame.
    fn change(&self) -> Change {
        let blamed = self.standing.any_of(&[SENSOR_STUCK, SENSOR_NOISE]) || self.sensor.noise() > 1.5;
        if blamed { Change::Suspected } else { self.shift.change() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_takes_about_a_kibibyte() {
        // Seven coefficients, their factorised covariance and room for an update are kept beside it.
        assert!(size_of::<Gauge>() + 8 * (7 + 21 + 7 + 7) + 6 * 16 <= 1100, "{}", size_of::<Gauge>());
    }
}
