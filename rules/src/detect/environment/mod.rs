//! Stations of air and weather: sensors that are stuck, silent, capped, noisy, spiky or adrift, told from what the air does by the
//! same sensors at other stations.

mod cohort;
mod sensor;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::detector::{Detector, Field, Finding, Sample};
use cohort::Cohort;

/// Watches the stations of a city. A sensor's neighbours are those of the same metric at all other stations, so that dust from the
/// Sahara is what everybody sees and no fault.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Environment {
    cohorts: Vec<Cohort>,
    /// In which cohort each member of the field is, and at which place.
    places: Vec<(usize, usize)>,
}

impl Detector for Environment {
    const NAME: &'static str = "environment";
    const KINDS: &'static [&'static str] = sensor::KINDS;
    const COMPANIONS: &'static [&'static str] = &[];

    fn new(field: &Field) -> Self {
        let mut metrics: Vec<&str> = Vec::new();
        let mut members: Vec<Vec<usize>> = Vec::new();
        let mut places = Vec::new();
        for (at, member) in field.members.iter().enumerate() {
            let cohort = metrics.iter().position(|metric| *metric == member.metric).unwrap_or_else(|| {
                metrics.push(&member.metric);
                members.push(Vec::new());
                metrics.len() - 1
            });
            places.push((cohort, members[cohort].len()));
            members[cohort].push(at);
        }
        let cohorts =
            metrics.iter().zip(members).map(|(metric, members)| Cohort::new(metric, members, field)).collect();
        Self { cohorts, places }
    }

    fn observe(&mut self, sample: &Sample<'_>, found: &mut Vec<Finding>) {
        if let Some((cohort, place)) = self.places.get(sample.member) {
            self.cohorts[*cohort].observe(*place, sample.time, sample.value, found);
        }
    }

    fn beat(&mut self, now: Timestamp, found: &mut Vec<Finding>) {
        for cohort in &mut self.cohorts {
            cohort.beat(now, found);
        }
    }
}
