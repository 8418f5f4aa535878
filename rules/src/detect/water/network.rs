//! One network: gathers what is measured at one moment, and asks the relation, the balance and the meters what they make of it.

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::balance::{Balance, Standing};
use super::meters::{Meters, ODD};
use super::relation::{Departure, Relation};
use super::verdict::{Verdict, Voice};
use crate::detect::parts::usable;
use crate::detect::{About, Finding};

/// Days in which nothing is concluded, and days in which nothing is said.
const LEARNING: f64 = 3.0;
const SILENT: f64 = 14.0;
/// Half of what is known of the relation is forgotten in so many days; of what residuals usually are; of what slow ones are.
const RELATION_DAYS: f64 = 20.0;
const FAST_DAYS: f64 = 7.0;
const SLOW_DAYS: f64 = 14.0;
/// How far pressures depart, in usual departures, until it is said; how far the flow jumps, in usual strays.
const DEPARTED: f64 = 6.0;
const JUMPED: f64 = 4.0;
/// Above this share of a limit nothing is learnt, so that a slow loss does not become what is usual.
const SUSPECT: f64 = 0.6;

/// The state of one network.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Network {
    group: usize,
    /// The members, pressures first.
    members: Vec<usize>,
    pressures: usize,
    slot: i64,
    per_day: usize,
    first: Option<i64>,
    current: Option<i64>,
    sums: Vec<(f64, u32)>,
    heard: usize,
    /// Moments before this one are over.
    next: i64,
    /// Whether each member speaks once a moment, so that the moment is over when all have spoken.
    once: bool,
    relation: Relation,
    meters: Meters,
    fast: Departure,
    slow: Departure,
    lasting: Vec<f64>,
    balance: Balance,
    suspicion: f64,
    verdict: Verdict,
    #[serde(skip)]
    room: Room,
}

/// Where is reckoned, so that nothing is allocated for it.
#[derive(Debug, Clone, Default)]
struct Room {
    raw: Vec<f64>,
    vector: Vec<f64>,
    absent: Vec<bool>,
    flows: Vec<Option<f64>>,
    residuals: Vec<Option<f64>>,
    matrix: Vec<f64>,
}

impl Network {
    /// Of `pressures` and `flows` (places among the members of the field), judged every `slot` nanoseconds.
    pub(super) fn new(group: usize, pressures: &[usize], flows: &[usize], slot: i64, once: bool) -> Self {
        let m = pressures.len();
        let per_day = usize::try_from(86_400_000_000_000 / slot).unwrap_or(24);
        let days = per_day as f64;
        // Six hours: what lasts less than three of them is flushing.
        let window = per_day / 4;
        Self {
            group,
            members: pressures.iter().chain(flows).copied().collect(),
            pressures: m,
            slot,
            per_day,
            first: None,
            current: None,
            sums: vec![(0.0, 0); m + flows.len()],
            heard: 0,
            next: i64::MIN,
            once,
            relation: Relation::new(m + 2 * flows.len(), m, RELATION_DAYS * days),
            meters: Meters::new(m, flows.len(), window, per_day),
            fast: Departure::new(m, FAST_DAYS * days, 0.03),
            slow: Departure::new(m, SLOW_DAYS * days, 0.015),
            lasting: vec![0.0; m],
            balance: Balance::new(flows.len(), per_day, window),
            suspicion: 0.0,
            verdict: Verdict::new(per_day),
            room: Room::default(),
        }
    }

    /// The members, pressures first.
    pub(super) fn members(&self) -> &[usize] {
        &self.members
    }

    /// Takes in what the member at `place` of [`members`](Self::members) measured.
    pub(super) fn observe(&mut self, place: usize, time: Timestamp, value: f64, found: &mut Vec<Finding>) {
        if !usable(value) || value.abs() > 1e9 {
            return;
        }
        let slot = time.as_nanos().div_euclid(self.slot);
        if let Some(current) = self.current
            && slot > current
        {
            self.close(current, time, found);
        }
        if slot < self.next {
            return;
        }
        self.current = Some(slot);
        self.first.get_or_insert(slot);
        self.meters.hear(place, self.members[place], time, value, found);
        let cell = &mut self.sums[place];
        cell.0 += value;
        cell.1 += 1;
        self.heard += usize::from(cell.1 == 1);
        if self.once && self.heard == self.sums.len() {
            self.close(slot, time, found);
        }
    }

    /// Judges the moment that is over by `now`.
    pub(super) fn beat(&mut self, now: Timestamp, found: &mut Vec<Finding>) {
        if let Some(current) = self.current
            && now.as_nanos() / self.slot > current
        {
            self.close(current, now, found);
        }
    }

    fn close(&mut self, slot: i64, now: Timestamp, found: &mut Vec<Finding>) {
        self.current = None;
        self.next = slot + 1;
        self.heard = 0;
        let mut room = std::mem::take(&mut self.room);
        self.judge(slot, now, &mut room, found);
        self.room = room;
        self.sums.fill((0.0, 0));
    }

    fn judge(&mut self, slot: i64, now: Timestamp, room: &mut Room, found: &mut Vec<Finding>) {
        let m = self.pressures;
        let age = slot - self.first.unwrap_or(slot);
        let days = age as f64 / self.per_day as f64;
        if !self.gather(room) {
            return;
        }
        let open = self.verdict.is_open();
        let suspect = days > 13.0 && !self.verdict.forgives() && (open || self.suspicion > SUSPECT);
        // What the meters read, in their own unit, before the vector is completed.
        let raw_pressure = mean((0..m).filter(|i| !room.absent[*i]).map(|i| room.vector[i]));
        let mut departures = [None, None];
        for i in 0..m {
            room.absent[i] |= self.meters.is_masked(i);
        }
        if self.relation.complete(&mut room.vector, &room.absent) {
            self.meters.compare(&self.relation, &room.vector, &self.sums, !suspect, days < 13.0);
            if days > SILENT && self.meters.accuse(&self.relation, &self.members, open, slot, now, found) {
                self.lasting.fill(0.0);
            } else {
                departures = self.depart(room, !suspect);
            }
            self.meters.absolve(&self.members, now, found);
        }
        let trust = if open {
            0.0
        } else if suspect {
            0.25
        } else {
            1.0
        };
        let standing = self.balance.observe(slot, days, &room.flows, raw_pressure, trust);
        self.say(days, now, departures, standing, found);
        self.learn(age, days, suspect, room);
    }

    /// Writes down the vector of the moment; `false` when more than half of it is absent.
    fn gather(&self, room: &mut Room) -> bool {
        let (m, k) = (self.pressures, self.members.len() - self.pressures);
        room.vector.clear();
        room.absent.clear();
        room.flows.clear();
        for (place, (sum, count)) in self.sums.iter().enumerate() {
            let absent = *count == 0 || self.meters.is_stuck(place);
            room.absent.push(absent);
            room.vector.push(if absent { 0.0 } else { sum / f64::from(*count) });
            if place >= m {
                room.flows.push((!absent).then(|| room.vector[place]));
            }
        }
        for place in m..m + k {
            let flow = room.vector[place];
            room.vector.push(flow.signum() * flow.abs().powf(1.852));
            room.absent.push(room.absent[place]);
        }
        room.raw.clone_from(&room.vector);
        room.absent.iter().filter(|absent| **absent).count() * 2 <= room.absent.len()
    }

    /// How far the pressures are from what the flows explain: over six hours, and for days.
    fn depart(&mut self, room: &mut Room, learn: bool) -> [Option<f64>; 2] {
        room.residuals.clear();
        for i in 0..self.pressures {
            room.residuals.push(self.meters.residual(i));
        }
        let per_day = self.per_day as f64;
        let fast = self.fast.of(&self.relation, &room.residuals, &mut room.matrix);
        if let Some(fast) = fast.filter(|_| learn) {
            self.fast.learn(&room.residuals, fast, 0.34 / per_day, 3.0);
        }
        for (lasting, residual) in self.lasting.iter_mut().zip(&mut room.residuals) {
            match residual {
                Some(now) => {
                    *lasting += (*now - *lasting).clamp(-10.0, 10.0) * 0.67 / per_day;
                    *now = *lasting;
                }
                None => *lasting = 0.0,
            }
        }
        let slow = self.slow.of(&self.relation, &room.residuals, &mut room.matrix);
        if let Some(slow) = slow.filter(|_| learn) {
            self.slow.learn(&room.residuals, slow, 0.19 / per_day, 2.0);
        }
        [fast, slow]
    }

    fn say(
        &mut self,
        days: f64,
        now: Timestamp,
        departures: [Option<f64>; 2],
        standing: Option<Standing>,
        found: &mut Vec<Finding>,
    ) {
        let mut fast = departures[0].map_or(0.0, |departure| departure / DEPARTED);
        if self.meters.is_in_doubt() {
            fast = fast.min(1.0);
        }
        let voices = [
            Voice::of_pressure(fast, DEPARTED),
            Voice::of_flow(standing, JUMPED),
            Voice::of_pressure(departures[1].map_or(0.0, |departure| departure / DEPARTED), DEPARTED),
        ];
        self.suspicion = voices.iter().map(|voice| voice.share).fold(0.0, f64::max);
        if days > SILENT && self.verdict.hear(&voices, About::Group(self.group), now, found) {
            // The short trouble is over: what it left in the long memory is no slow one.
            self.lasting.fill(0.0);
        }
    }

    fn learn(&mut self, age: i64, days: f64, suspect: bool, room: &mut Room) {
        if !suspect {
            let fitted = self.relation.is_fitted();
            for (i, absent) in room.absent.iter_mut().enumerate() {
                *absent |= days >= 13.0 && i < self.pressures && self.meters.oddness(i) > 0.5 * ODD;
            }
            if fitted {
                // What is absent or doubted is learnt as what the others say it is.
                for i in 0..self.relation.size {
                    let known = !room.absent[i];
                    room.vector[i] = if known { room.raw[i] } else { self.relation.unscaled(i, room.vector[i]) };
                }
            }
            if fitted || !room.absent.contains(&true) {
                self.relation.learn(&room.vector);
            }
        }
        if age % self.per_day as i64 == 0 && days >= LEARNING && !self.verdict.is_open() {
            self.relation.refit();
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}
