//! Plays labelled telemetry through a detector, in time order, with the beats that it would hear in running time.

use model::{Duration, Timestamp};

use super::alert::Alert;
use super::data::DataSet;
use crate::detect::{About, Detector, Finding, Sample, Turn};

/// How far apart beats are.
const BEAT: Duration = Duration::from_secs(60);

/// What a fresh detector `D` says about `set`, as alerts in the order in which they were raised.
///
/// A beat at a whole minute comes before the samples that were measured at that minute, because in running time they are still on their
/// way. A finding that is raised while it stands is no second alert.
pub fn play<D: Detector>(set: &DataSet) -> Vec<Alert> {
    let mut detector = D::new(&set.field);
    let mut found = Vec::new();
    let mut desk = Desk { set, open: Vec::new(), alerts: Vec::new() };
    let wanted = D::COMPANIONS.len();
    let columns: Vec<Option<usize>> =
        set.series.iter().flat_map(|series| D::COMPANIONS.iter().map(|word| series.column(word))).collect();
    let mut newest = vec![f64::NAN; columns.len()];
    let order = order(set);
    let mut next = order.first().map_or(Timestamp::MAX, |first| whole(first.0).plus(BEAT));
    for (time, member, row) in order {
        while next <= time {
            detector.beat(next, &mut found);
            desk.take(&mut found, next);
            next = next.plus(BEAT);
        }
        let series = &set.series[member];
        let cells = &series.companions[row * series.columns.len()..][..series.columns.len()];
        let own = member * wanted..(member + 1) * wanted;
        for (place, column) in newest[own.clone()].iter_mut().zip(&columns[own.clone()]) {
            match column.map(|column| cells[column]) {
                Some(value) if !value.is_nan() => *place = value,
                _ => {}
            }
        }
        let sample = Sample { member, time, value: series.values[row], companions: &newest[own] };
        detector.observe(&sample, &mut found);
        desk.take(&mut found, time);
    }
    while next <= set.end {
        detector.beat(next, &mut found);
        desk.take(&mut found, next);
        next = next.plus(BEAT);
    }
    desk.alerts
}

/// The whole minute at or before `time`.
fn whole(time: Timestamp) -> Timestamp {
    let beat = BEAT.as_nanos() as i64;
    Timestamp::from_nanos(time.as_nanos().div_euclid(beat) * beat)
}

/// All rows of all series in the order of time; at the same moment in the order of the members.
fn order(set: &DataSet) -> Vec<(Timestamp, usize, usize)> {
    let rows = |(member, series): (usize, &super::data::Series)| {
        series.times.iter().enumerate().map(move |(row, time)| (*time, member, row)).collect::<Vec<_>>()
    };
    let mut order: Vec<_> = set.series.iter().enumerate().flat_map(rows).collect();
    order.sort_unstable();
    order
}

/// Makes alerts of findings: what is open, and what was said.
struct Desk<'a> {
    set: &'a DataSet,
    open: Vec<(About, &'static str, usize)>,
    alerts: Vec<Alert>,
}

impl Desk<'_> {
    fn take(&mut self, found: &mut Vec<Finding>, now: Timestamp) {
        for finding in found.drain(..) {
            debug_assert!(finding.time == now, "a finding has the time of the sample or beat that decided");
            let place = self.open.iter().position(|(about, kind, _)| *about == finding.about && *kind == finding.kind);
            match (finding.turn, place) {
                (Turn::Raised, None) => self.raise(finding, now),
                (Turn::Cleared, Some(place)) => {
                    let (_, _, alert) = self.open.swap_remove(place);
                    self.alerts[alert].end = Some(now);
                }
                _ => {}
            }
        }
    }

    fn raise(&mut self, finding: Finding, now: Timestamp) {
        let name = match finding.about {
            About::Member(member) => &self.set.field.members[member].name,
            About::Group(group) => &self.set.field.groups[group],
        };
        self.open.push((finding.about, finding.kind, self.alerts.len()));
        self.alerts.push(Alert { name: name.clone(), start: now, end: None, kind: finding.kind.to_owned() });
    }
}
