//! Watches the lamps of a city by their power, and their circuits by their lamps.

use model::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

use super::burn_hours::Place;
use super::circuit::{self, Circuit, whole};
use super::lamp::{Lamp, Look, Measured};
use crate::detect::{About, Detector, Evidence, Field, Finding, Sample};

const LAMP_OUT: usize = 0;
const PARTIAL_STRING: usize = 1;
const DEGRADATION: usize = 2;
const DAY_BURNER: usize = 3;
const CYCLING: usize = 4;
const DIM_FAIL: usize = 5;
const COMM_DEGRADED: usize = 6;
const CIRCUIT_POWER_LOSS: usize = 7;
const CIRCUIT_DAY_BURNER: usize = 8;
const BURN_HOURS: usize = 9;

/// With fewer circuits, one of them may be most of the field.
const FEW_CIRCUITS: usize = 3;
/// No finding of a kind returns sooner than this after it was cleared.
const REST: Duration = Duration::from_secs(6 * 3600);
/// The evidence (a logarithm of a likelihood ratio) that makes a link a lossy one: one false finding in some thousand days of a lamp.
const LOSSY: f32 = 8.0;

/// The detector of street lighting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Streetlight {
    lamps: Vec<Lamp>,
    homes: Vec<Home>,
    circuits: Vec<Circuit>,
    place: Option<Place>,
    /// Lamps with a reading that was not judged yet.
    waiting: Vec<u32>,
    #[serde(skip)]
    scratch: Vec<f32>,
}

/// What is known of a lamp from the start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Home {
    circuit: u32,
    period_nanos: u64,
}

impl Home {
    fn period(self) -> Duration {
        Duration::from_nanos(self.period_nanos)
    }
}

impl Detector for Streetlight {
    const NAME: &'static str = "streetlight";
    const KINDS: &'static [&'static str] = &[
        "lamp_out",
        "partial_string",
        "degradation",
        "day_burner",
        "cycling",
        "dim_fail",
        "comm_degraded",
        "circuit_power_loss",
        "circuit_day_burner",
        "burn_hours",
    ];
    const COMPANIONS: &'static [&'static str] = &["dimming", "illuminance"];

    fn new(field: &Field) -> Self {
        let mut circuits = vec![Circuit::default(); field.groups.len()];
        for (place, member) in field.members.iter().enumerate() {
            if let Some(circuit) = circuits.get_mut(member.group) {
                circuit.members.push(place as u32);
            }
        }
        let home = |member: &crate::detect::Member| Home {
            circuit: member.group as u32,
            period_nanos: u64::try_from(member.period.as_nanos()).unwrap_or(u64::MAX),
        };
        Self {
            lamps: vec![Lamp::default(); field.members.len()],
            homes: field.members.iter().map(home).collect(),
            circuits,
            place: None,
            waiting: Vec::with_capacity(field.members.len()),
            scratch: Vec::new(),
        }
    }

    fn observe(&mut self, sample: &Sample<'_>, _found: &mut Vec<Finding>) {
        let Some(lamp) = self.lamps.get_mut(sample.member) else { return };
        lamp.link.hear(sample.time, self.homes[sample.member].period());
        let companion = |place: usize| sample.companions.get(place).copied().unwrap_or(f64::NAN);
        let Some(measured) = Measured::new(sample.time, sample.value, companion(0), companion(1)) else { return };
        // Readings are judged with the next beat, when the neighbours have spoken too; one that comes sooner (a radio that sends
        // what it had stored) finds its predecessor judged by what is known.
        if let Some(earlier) = lamp.pending.take() {
            self.judge(sample.member, earlier);
        } else {
            self.waiting.push(sample.member as u32);
        }
        let lamp = &mut self.lamps[sample.member];
        lamp.compare(measured);
        lamp.pending = Some(measured);
        if let Some(circuit) = self.circuits.get_mut(self.homes[sample.member].circuit as usize) {
            circuit.stirred = true;
        }
    }

    fn beat(&mut self, now: Timestamp, found: &mut Vec<Finding>) {
        for (lamp, home) in self.lamps.iter_mut().zip(&self.homes) {
            if lamp.link.wait(now, home.period())
                && let Some(circuit) = self.circuits.get_mut(home.circuit as usize)
            {
                circuit.stirred = true;
            }
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        for member in waiting.drain(..).map(|member| member as usize) {
            if let Some(measured) = self.lamps[member].pending.take() {
                self.judge(member, measured);
            }
        }
        self.waiting = waiting;
        for place in 0..self.circuits.len() {
            if std::mem::take(&mut self.circuits[place].stirred) {
                self.decide(place, now, found);
            }
        }
    }
}

impl Streetlight {
    /// With the place, the hours that circuits burn are held against the nights there.
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Gives a lamp its reading, with what its neighbours show.
    fn judge(&mut self, member: usize, measured: Measured) {
        let home = self.homes[member];
        let (mut common, mut typical) = (0.0, None);
        if let Some(circuit) = self.circuits.get(home.circuit as usize) {
            let window = home.period() + home.period() / 4;
            if let Some(dim) = measured.dim.filter(|&dim| dim > 0) {
                common = circuit::common(circuit, &self.lamps, measured.time, dim, window, &mut self.scratch);
            }
            if self.lamps[member].full_power().is_none() {
                typical = circuit::typical_power(circuit, &self.lamps, &mut self.scratch);
            }
        }
        self.lamps[member].take(measured, common, typical);
        if let Some(place) = self.place
            && let Some(circuit) = self.circuits.get_mut(home.circuit as usize)
            && let Some(shines) = self.lamps[member].shines(&measured)
        {
            let of_a_day = 86_400.0 / home.period().as_secs_f64().max(1.0) * circuit.members.len() as f64;
            circuit.hours.take(place, measured.time, shines, of_a_day);
        }
    }

    /// What is to be said of a circuit and its lamps.
    fn decide(&mut self, place: usize, now: Timestamp, found: &mut Vec<Finding>) {
        let nanos = now.as_nanos();
        let tally = self.circuits[place].tally(&self.lamps, nanos);
        let is_silent_everywhere = self.circuits.len() >= FEW_CIRCUITS && whole(tally.silent_share()) == Look::Yes && {
            let late = self.lamps.iter().filter(|lamp| lamp.link.missing() >= 1).count();
            late as f32 >= 0.6 * self.lamps.len() as f32
        };
        let circuit = &mut self.circuits[place];
        let about = About::Group(place);
        let (dark, silent) = (tally.dark_share(), tally.silent_share());
        // When the lamps of most circuits are silent, the way to all of them is, and that is no loss of power.
        let lost = match (whole(dark), whole(silent)) {
            (Look::Yes, _) => Look::Yes,
            (_, Look::Yes) if is_silent_everywhere => Look::Perhaps,
            (_, Look::Yes) => Look::Yes,
            (Look::No, Look::No) => Look::No,
            _ => Look::Perhaps,
        };
        let evidence = |of, seen: f32| Evidence { of, seen: f64::from(seen), low: f64::NAN, high: 0.25 };
        let lost_evidence = if dark >= silent {
            evidence("share_of_dark_lamps", dark)
        } else {
            evidence("share_of_silent_lamps", silent)
        };
        let mut say = Say { now, found };
        say.turn(&mut circuit.standing, about, CIRCUIT_POWER_LOSS, lost, lost_evidence);
        let burning = tally.burning_share();
        let evidence = evidence("share_of_burning_lamps", burning);
        say.turn(&mut circuit.standing, about, CIRCUIT_DAY_BURNER, whole(burning), evidence);
        if let Some((seen, expected)) = circuit.hours.last {
            let evidence = Evidence { of: "burn_hours", seen, low: 0.88 * expected, high: 1.12 * expected };
            let strange = match (circuit.hours.is_strange(), circuit.hours.is_well()) {
                (true, _) => Look::Yes,
                (false, true) => Look::No,
                (false, false) => Look::Perhaps,
            };
            say.turn(&mut circuit.standing, about, BURN_HOURS, strange, evidence);
        }
        circuit.hushed = tally.is_hushed();
        let whole_lost = circuit.hushed || circuit.standing.stands(CIRCUIT_POWER_LOSS) || lost == Look::Yes;
        let whole_burns = circuit.standing.stands(CIRCUIT_DAY_BURNER) || whole(burning) == Look::Yes;
        for member in circuit.members.iter().map(|&member| member as usize) {
            let lamp = &mut self.lamps[member];
            if circuit.hushed {
                lamp.link.forgive();
            }
            say.lamp(member, lamp, whole_lost, whole_burns);
        }
    }
}

/// Says what changed.
struct Say<'a> {
    now: Timestamp,
    found: &'a mut Vec<Finding>,
}

impl Say<'_> {
    /// What is to be said of one lamp whose circuit may be lost or burning as a whole.
    fn lamp(&mut self, member: usize, lamp: &mut Lamp, whole_lost: bool, whole_burns: bool) {
        let nanos = self.now.as_nanos();
        let about = About::Member(member);
        let full = f64::from(lamp.full_power().unwrap_or(f32::NAN));
        let power = |low: f64, high: f64| Evidence { of: "active_power", seen: f64::from(lamp.newest), low, high };
        let unless = |not: bool, look: Look| if not && look == Look::Yes { Look::Perhaps } else { look };
        let (whole, dark, bright) = (power(0.94 * full, 1.1 * full), power(0.15 * full, full), power(0.0, 0.3 * full));
        let share =
            |seen: f32, low: f64| Evidence { of: "change_of_power", seen: f64::from(seen), low, high: f64::NAN };
        let (drift, evidence) = (share(lamp.drift(), -0.015), lamp.link.evidence());
        let lossy =
            Evidence { of: "evidence_of_loss", seen: f64::from(evidence), low: f64::NAN, high: f64::from(LOSSY) };
        let cycling = lamp.is_cycling();
        let out = unless(whole_lost || lamp.standing.stands(CYCLING), lamp.is_out(nanos));
        let low = lamp.lost_a_part(nanos);
        let burns = unless(whole_burns, lamp.burns_by_day(nanos));
        let deaf = unless(whole_burns || lamp.standing.stands(DAY_BURNER), lamp.is_deaf(nanos));
        let declines = unless(lamp.standing.any_of(&[PARTIAL_STRING, LAMP_OUT]) || low == Look::Yes, lamp.declines());
        let link = match evidence {
            evidence if evidence > LOSSY => Look::Yes,
            evidence if evidence <= 0.0 => Look::No,
            _ => Look::Perhaps,
        };
        let standing = &mut lamp.standing;
        self.turn(standing, about, CYCLING, unless(whole_lost, cycling), dark);
        self.turn(standing, about, LAMP_OUT, out, dark);
        self.turn(standing, about, PARTIAL_STRING, low, whole);
        self.turn(standing, about, DAY_BURNER, burns, bright);
        self.turn(standing, about, DIM_FAIL, deaf, whole);
        self.turn(standing, about, DEGRADATION, declines, drift);
        self.turn(standing, about, COMM_DEGRADED, unless(whole_lost, link), lossy);
    }

    fn turn(
        &mut self,
        standing: &mut crate::detect::parts::Standing,
        about: About,
        kind: usize,
        look: Look,
        evidence: Evidence,
    ) {
        let turn = match look {
            Look::Yes => standing.raise(kind, self.now, REST),
            Look::No => standing.clear(kind, self.now),
            Look::Perhaps => None,
        };
        let Some(turn) = turn else { return };
        self.found.push(Finding { about, kind: Streetlight::KINDS[kind], turn, time: self.now, evidence });
    }
}
