//! The past of the city: what its sensors would have said, for charts that are not empty on the first day.

use std::sync::Arc;

use model::{Duration, InvalidId, Quality, Reading, ReadingBatch, Series, SeriesTable, Timestamp, Unit, Window};

use crate::City;
use crate::scenario::{Scenario, Trouble};
use crate::sensor::{Pace, Sample, Samples};
use crate::series;

/// Sensors per batch: about ten thousand readings, a megabyte or two.
const SENSORS_PER_BATCH: usize = 2_000;
/// Counters and states that hardly move are kept at every so many steps.
const SLOW_STEPS: u64 = 4;
/// The shortest step that makes sense; a shorter one is raised to it.
const SHORTEST_STEP: Duration = Duration::from_secs(1);

impl City {
    /// What the sensors said from `window.from` (inclusive) to `window.until` (exclusive), every `step` (at least one second), as batches of
    /// readings in the order of time. The same functions as the live series, so that past and present join; counters and
    /// slow states come at every fourth step. `scenario` adds the faults of a run, if it touches the window.
    ///
    /// A day at 15-minute steps is about 3.3 million readings at scale 1.
    ///
    /// # Errors
    /// When a device or metric name is refused by the model, which the tests of this crate exclude.
    pub fn history<'a>(
        &'a self,
        window: Window,
        step: Duration,
        scenario: Option<&'a Scenario>,
    ) -> Result<impl Iterator<Item = ReadingBatch> + 'a, InvalidId> {
        let step = step.max(SHORTEST_STEP);
        let columns = Columns::of(self, window.from)?;
        let steps = u64::try_from(window.span().as_nanos().div_ceil(step.as_nanos())).unwrap_or(u64::MAX);
        let mut samples = Samples::default();
        Ok((0..steps).flat_map(move |k| {
            let time = Timestamp::from_nanos(
                window
                    .from
                    .as_nanos()
                    .saturating_add_unsigned(u64::try_from(step.as_nanos()).unwrap_or(u64::MAX).saturating_mul(k)),
            );
            let moment = self.sky.at(time);
            let trouble = scenario.map_or_else(Trouble::none, |scenario| scenario.trouble(time));
            let mut batches = Vec::new();
            for from in (0..self.sensors.len()).step_by(SENSORS_PER_BATCH) {
                let mut readings = Vec::with_capacity(SENSORS_PER_BATCH * 5);
                for index in from..(from + SENSORS_PER_BATCH).min(self.sensors.len()) {
                    samples.clear();
                    series::sample(index, &self.sensors[index], &moment, &trouble, &mut samples);
                    for (sample, (series, unit)) in samples.as_slice().iter().zip(&columns.0[index]) {
                        if sample.pace == Pace::Quick || k % SLOW_STEPS == 0 {
                            readings.push(reading(sample, series, unit, time));
                        }
                    }
                }
                batches.extend(ReadingBatch::new(readings));
            }
            batches
        }))
    }
}

fn reading(sample: &Sample, series: &Arc<Series>, unit: &Unit, time: Timestamp) -> Reading {
    Reading {
        series: Arc::clone(series),
        time,
        received: time,
        value: sample.shown.to_value(),
        unit: unit.clone(),
        quality: Quality::Good,
    }
}

/// For each sensor its series and units, in the order in which it gives its samples (which never changes).
struct Columns(Vec<Vec<(Arc<Series>, Unit)>>);

impl Columns {
    fn of(city: &City, time: Timestamp) -> Result<Self, InvalidId> {
        let moment = city.sky.at(time);
        let mut table = SeriesTable::new(city.tenant.clone(), usize::MAX);
        let mut samples = Samples::default();
        let mut columns = Vec::with_capacity(city.sensors.len());
        for (index, sensor) in city.sensors.iter().enumerate() {
            samples.clear();
            series::sample(index, sensor, &moment, &Trouble::none(), &mut samples);
            let own: Result<Vec<_>, InvalidId> = samples
                .as_slice()
                .iter()
                .map(|sample| {
                    let metric = sensor.dialect.metric(&sensor.kind, sample.metric);
                    Ok((table.series(sensor.known_as.as_str(), &metric)?, Unit::new(sample.unit)))
                })
                .collect();
            columns.push(own?);
        }
        Ok(Self(columns))
    }
}
