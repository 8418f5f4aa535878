//! All sensors of one metric: what they agree on is the air, what is left of each is the sensor.

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::sensor::{Moment, Sensor};
use crate::detect::parts::usable;
use crate::detect::{Field, Finding};

/// The least and the most that one moment lasts, in seconds: faster readings are averaged.
const HOUR: u64 = 3_600;
/// With fewer believed neighbours nobody can say who is right.
const LEAST_PEERS: usize = 3;

/// The sensors of one metric.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Cohort {
    members: Vec<usize>,
    sensors: Vec<Sensor>,
    /// Whether a sensor's error grows with what it measures, as of concentrations.
    relative: bool,
    /// Keeps the logarithm of small concentrations from being all noise: a tenth of the first usual one.
    base: Option<f64>,
    slot: i64,
    once: bool,
    first: Option<i64>,
    current: Option<i64>,
    next: i64,
    sums: Vec<(f64, u32)>,
    heard: usize,
    #[serde(skip)]
    sorted: Vec<f64>,
    #[serde(skip)]
    values: Vec<Option<f64>>,
}

impl Cohort {
    pub(super) fn new(metric: &str, members: Vec<usize>, field: &Field) -> Self {
        let period = members.iter().map(|member| field.members[*member].period.as_secs()).max().unwrap_or(HOUR);
        let seconds = period.max(HOUR);
        let per_day = 86_400.0 / seconds as f64;
        let relative = !["temp", "temperature", "humidity", "rh", "pressure", "air_pressure"].contains(&metric);
        Self {
            sensors: members.iter().map(|member| Sensor::new(per_day, field.members[*member].period)).collect(),
            relative,
            base: None,
            slot: i64::try_from(seconds).unwrap_or(3_600).saturating_mul(1_000_000_000),
            once: period >= HOUR,
            first: None,
            current: None,
            next: i64::MIN,
            sums: vec![(0.0, 0); members.len()],
            heard: 0,
            sorted: Vec::new(),
            values: Vec::new(),
            members,
        }
    }

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
        self.sensors[place].hear(self.members[place], time, value, found);
        if slot < self.next {
            return;
        }
        self.current = Some(slot);
        self.first.get_or_insert(slot);
        let cell = &mut self.sums[place];
        cell.0 += value;
        cell.1 += 1;
        self.heard += usize::from(cell.1 == 1);
        if self.once && self.heard == self.sums.len() {
            self.close(slot, time, found);
        }
    }

    pub(super) fn beat(&mut self, now: Timestamp, found: &mut Vec<Finding>) {
        if let Some(current) = self.current
            && now.as_nanos().div_euclid(self.slot) > current
        {
            self.close(current, now, found);
        }
        // When most are silent it is the way to them that is broken, or us.
        let silent = self.sensors.iter().filter(|sensor| sensor.overdue(now) > 2.0).count();
        if silent * 2 < self.sensors.len() || self.sensors.len() < LEAST_PEERS {
            for (sensor, member) in self.sensors.iter_mut().zip(&self.members) {
                sensor.miss(*member, now, found);
            }
        }
    }

    fn close(&mut self, slot: i64, now: Timestamp, found: &mut Vec<Finding>) {
        self.current = None;
        self.next = slot.saturating_add(1);
        self.heard = 0;
        let days = (slot - self.first.unwrap_or(slot)) as f64 * self.slot as f64 / 8.64e13;
        self.believed();
        for (place, sensor) in self.sensors.iter_mut().enumerate() {
            let (sum, count) = self.sums[place];
            let raw = (count > 0).then(|| sum / f64::from(count));
            let value = self.values[place];
            let others = without(&self.sorted, sensor.adjusted(value).filter(|_| sensor.is_believed()));
            let moment = Moment { member: self.members[place], days, now, raw, value, others };
            sensor.judge(&moment, found);
        }
        self.sums.fill((0.0, 0));
    }

    /// Writes down what each measured, on the scale of the metric, and in order what the believed ones say the air is like.
    fn believed(&mut self) {
        let raw = |(sum, count): &(f64, u32)| (*count > 0).then(|| sum / f64::from(*count));
        if self.base.is_none() {
            self.sorted.clear();
            self.sorted.extend(self.sums.iter().filter_map(raw));
            self.sorted.sort_unstable_by(f64::total_cmp);
            self.base = self.sorted.get(self.sorted.len() / 2).map(|middle| (0.1 * middle.abs()).max(1e-3));
        }
        let base = self.base.unwrap_or(1.0);
        let relative = self.relative;
        self.values.clear();
        self.values.extend(
            self.sums.iter().map(raw).map(|value| value.map(|x| if relative { (x.max(0.0) + base).ln() } else { x })),
        );
        self.sorted.clear();
        for (sensor, value) in self.sensors.iter().zip(&self.values) {
            self.sorted.extend(sensor.adjusted(*value).filter(|_| sensor.is_believed()));
        }
        self.sorted.sort_unstable_by(f64::total_cmp);
        if self.sensors.iter().all(Sensor::is_new) && self.sorted.is_empty() {
            // The first moment: what each measures beside the middle is how it differs from the others for now.
            self.sorted.extend(self.values.iter().flatten());
            self.sorted.sort_unstable_by(f64::total_cmp);
            if let Some(middle) = self.sorted.get(self.sorted.len() / 2).copied() {
                for (sensor, value) in self.sensors.iter_mut().zip(&self.values) {
                    sensor.start(value.map(|value| value - middle));
                }
            }
            self.sorted.clear();
        } else if let Some(middle) = self.sorted.get(self.sorted.len() / 2).copied() {
            for (sensor, value) in self.sensors.iter_mut().zip(&self.values).filter(|(sensor, _)| sensor.is_new()) {
                sensor.start(value.map(|value| value - middle));
            }
        }
    }
}

/// The median of `sorted` without one value `own` of it.
fn without(sorted: &[f64], own: Option<f64>) -> Option<f64> {
    let place = own.and_then(|own| sorted.binary_search_by(|value| value.total_cmp(&own)).ok());
    let count = sorted.len() - usize::from(place.is_some());
    if count < LEAST_PEERS {
        return None;
    }
    let at = |i: usize| sorted[i + usize::from(place.is_some_and(|place| i >= place))];
    Some((at((count - 1) / 2) + at(count / 2)) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn the_middle_of_the_others() {
        let all = [1.0, 2.0, 3.0, 4.0, 50.0];
        assert_eq!(without(&all, None), Some(3.0));
        assert_eq!(without(&all, Some(50.0)), Some(2.5));
        assert_eq!(without(&all, Some(1.0)), Some(3.5));
        assert_eq!(without(&[1.0, 2.0, 3.0], Some(2.0)), None);
    }
}
