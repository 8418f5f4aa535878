//! Scores alerts against faults that are known.
//!
//! * Alerts raised before the end of the warm-up, or after the data, are ignored.
//! * An alert *hits* a fault when it is raised from the fault's start to its deadline, on one of its series or on a group that has one of
//!   them. The first hit finds the fault and gives the delay; later ones are repeats, not false.
//! * After the deadline, until the fault's end, an alert is late: neither found nor false. In the grace after the end it is ignored, and
//!   so it is inside a neutral event.
//! * Every other alert is false; those inside a benign event (weather, a crew at work) are counted apart as well.
//! * Timeliness of a found fault is `1 - delay / (2 (deadline - start))`; the score is the mean timeliness over all faults in percent,
//!   reduced by `budget / false alarms` when the false alarms exceed the budget.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use model::Timestamp;
use serde::Deserialize;

use super::alert::Alert;
use super::data::{DataSet, time};
use super::error::{Result, ScoreError};
use crate::detect::Field;

/// What a labelled event is to an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Must be found by its deadline.
    Fault,
    /// Looks odd and is no fault: an alert there is false.
    Benign,
    /// Alerts there are ignored.
    Neutral,
}

/// Something that happened, and is known.
#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    /// What it is called.
    pub id: String,
    /// What happened.
    pub kind: String,
    /// What it is to an operator.
    pub class: Class,
    /// Where; when empty, on every series of the group.
    pub series: Vec<String>,
    /// The group; `city` and `region` are all series.
    pub group: String,
    /// When it began.
    #[serde(deserialize_with = "time")]
    pub start: Timestamp,
    /// When it was over.
    #[serde(deserialize_with = "time")]
    pub end: Timestamp,
    /// Until when it must be found.
    #[serde(deserialize_with = "time")]
    pub deadline: Timestamp,
    /// How long after the end the return to normal may be noticed, in seconds.
    pub grace_s: f64,
}

/// The faults of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct KindScore {
    /// How many there were.
    pub events: usize,
    /// How many were found.
    pub detected: usize,
    /// The median delay of those that were found, in hours.
    pub median_delay_h: Option<f64>,
}

/// How good the alerts of one domain are.
#[derive(Debug, Clone, PartialEq)]
pub struct EventScore {
    /// Mean timeliness in percent, reduced when the budget of false alarms is exceeded.
    pub score: f64,
    /// How many faults there were.
    pub faults: usize,
    /// How many were found.
    pub detected: usize,
    /// Found faults among found faults and false alerts.
    pub precision: f64,
    /// Found faults among all faults.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Median delay of found faults, in hours.
    pub median_delay_h: Option<f64>,
    /// Nine of ten found faults were found faster than this, in hours.
    pub p90_delay_h: Option<f64>,
    /// Alerts after the warm-up.
    pub alerts: usize,
    /// False alerts.
    pub false_alerts: Vec<Alert>,
    /// Alerts between deadline and end.
    pub late: usize,
    /// Further alerts on a fault that was found.
    pub repeats: usize,
    /// Alerts on a return to normal or inside a neutral event.
    pub ignored: usize,
    /// Alerts about a name that does not exist.
    pub unknown: usize,
    /// False alerts per 1,000 days of one device.
    pub false_per_1000_device_days: f64,
    /// All alerts per 1,000 days of one device.
    pub alerts_per_1000_device_days: f64,
    /// False alerts inside benign events, by kind of event.
    pub false_in_benign: BTreeMap<String, usize>,
    /// Most alerts raised in any ten minutes.
    pub worst_10min: usize,
    /// Found faults that were also called by their name, among found faults.
    pub kind_accuracy: Option<f64>,
    /// The faults by kind.
    pub by_kind: BTreeMap<String, KindScore>,
    /// The faults that were missed, as `id:kind`.
    pub missed: Vec<String>,
}

/// Reads `events.json` below `folder`.
pub fn read_events(folder: &Path) -> Result<Vec<Event>> {
    #[derive(Deserialize)]
    struct File {
        events: Vec<Event>,
    }
    let path = folder.join("events.json");
    let text = fs::read(&path).map_err(ScoreError::file(&path))?;
    let file: File = serde_json::from_slice(&text).map_err(|e| ScoreError::form(&path, e))?;
    Ok(file.events)
}

/// An event with the places of its series.
struct Placed<'a> {
    event: &'a Event,
    on: BTreeSet<usize>,
    forgiven_until: Timestamp,
}

impl Placed<'_> {
    fn holds(&self, on: &BTreeSet<usize>, at: Timestamp) -> bool {
        self.event.start <= at && at <= self.forgiven_until && !self.on.is_disjoint(on)
    }
}

/// What an alert was worth besides finding faults.
#[derive(Default)]
struct Worth {
    hit: bool,
    late: bool,
    ignored: bool,
}

/// Scores `alerts` about `set` against what happened.
pub fn score_events(set: &DataSet, events: &[Event], alerts: &[Alert]) -> EventScore {
    let placed: Vec<Placed<'_>> = events.iter().map(|event| place(set, event)).collect();
    let mut unknown = 0;
    let mut heard: Vec<(&Alert, BTreeSet<usize>)> = Vec::new();
    for alert in alerts {
        let on = watched(set, &alert.name);
        if on.is_empty() {
            unknown += 1;
        } else if set.warmup_end <= alert.start && alert.start < set.end {
            heard.push((alert, on));
        }
    }
    heard.sort_by(|(a, _), (b, _)| (a.start, &a.name).cmp(&(b.start, &b.name)));

    let mut first: Vec<Option<(f64, bool)>> = vec![None; placed.len()];
    let (mut late, mut repeats, mut ignored) = (0, 0, 0);
    let mut false_alerts = Vec::new();
    let mut false_in_benign = BTreeMap::new();
    for (alert, on) in &heard {
        let worth = weigh(alert, on, &placed, &mut first, &mut repeats);
        let of_class = |class: Class| placed.iter().filter(move |p| p.event.class == class && p.holds(on, alert.start));
        if worth.hit {
            continue;
        }
        if worth.late {
            late += 1;
        } else if worth.ignored || of_class(Class::Neutral).next().is_some() {
            ignored += 1;
        } else {
            false_alerts.push((*alert).clone());
            for benign in of_class(Class::Benign) {
                *false_in_benign.entry(benign.event.kind.clone()).or_insert(0) += 1;
            }
        }
    }

    let faults: Vec<(&Event, Option<(f64, bool)>)> = placed
        .iter()
        .zip(&first)
        .filter(|(p, _)| p.event.class == Class::Fault)
        .map(|(p, first)| (p.event, *first))
        .collect();
    let delays: Vec<f64> = faults.iter().filter_map(|(_, first)| first.map(|f| f.0 / 3600.0)).collect();
    let detected = delays.len();
    let device_days = set.field.members.len() as f64 * seconds(set.warmup_end, set.end) / 86_400.0;
    let false_rate = 1000.0 * false_alerts.len() as f64 / device_days;
    let timeliness: f64 = faults
        .iter()
        .filter_map(|(event, first)| first.map(|f| 1.0 - 0.5 * f.0 / seconds(event.start, event.deadline).max(1.0)))
        .sum();
    let precision = share(detected, detected + false_alerts.len());
    let recall = share(detected, faults.len());
    let forgiven = if false_rate > 0.0 { (set.budget / false_rate).min(1.0) } else { 1.0 };
    let named = faults.iter().filter(|(_, first)| first.is_some_and(|f| f.1)).count();
    let times: Vec<Timestamp> = heard.iter().map(|(alert, _)| alert.start).collect();
    EventScore {
        score: if faults.is_empty() { 0.0 } else { 100.0 * timeliness / faults.len() as f64 * forgiven },
        faults: faults.len(),
        detected,
        precision,
        recall,
        f1: if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 },
        median_delay_h: quantile(delays.clone(), 0.5),
        p90_delay_h: quantile(delays, 0.9),
        alerts: heard.len(),
        false_alerts,
        late,
        repeats,
        ignored,
        unknown,
        false_per_1000_device_days: false_rate,
        alerts_per_1000_device_days: 1000.0 * heard.len() as f64 / device_days,
        false_in_benign,
        worst_10min: worst_ten_minutes(&times),
        kind_accuracy: (detected > 0).then(|| share(named, detected)),
        by_kind: by_kind(&faults),
        missed: faults.iter().filter(|(_, f)| f.is_none()).map(|(e, _)| format!("{}:{}", e.id, e.kind)).collect(),
    }
}

fn place<'a>(set: &DataSet, event: &'a Event) -> Placed<'a> {
    let members = &set.field.members;
    let on = if !event.series.is_empty() {
        (0..members.len()).filter(|n| event.series.contains(&members[*n].name)).collect()
    } else if event.group == "city" || event.group == "region" {
        (0..members.len()).collect()
    } else {
        watched(set, &event.group)
    };
    let grace = (event.grace_s * 1e9).max(0.0) as i64;
    Placed { event, on, forgiven_until: Timestamp::from_nanos(event.end.as_nanos().saturating_add(grace)) }
}

/// The series meant by the name of a series or of a group.
fn watched(set: &DataSet, name: &str) -> BTreeSet<usize> {
    let Field { groups, members } = &set.field;
    if let Some(member) = members.iter().position(|member| member.name == name) {
        return BTreeSet::from([member]);
    }
    let in_group = |n: &usize| groups.get(members[*n].group).is_some_and(|group| group == name);
    (0..members.len()).filter(in_group).collect()
}

/// Holds one alert against every fault and writes down what it finds first: the delay, and whether it was called by its name.
fn weigh(
    alert: &Alert,
    on: &BTreeSet<usize>,
    placed: &[Placed<'_>],
    first: &mut [Option<(f64, bool)>],
    repeats: &mut usize,
) -> Worth {
    let mut worth = Worth::default();
    for (fault, first) in placed.iter().zip(first).filter(|(p, _)| p.event.class == Class::Fault) {
        let event = fault.event;
        if !fault.holds(on, alert.start) {
            continue;
        }
        if alert.start <= event.deadline {
            let named = alert.kind == event.kind;
            match first {
                None => *first = Some((seconds(event.start, alert.start), named)),
                // An alert that already hit another fault at the same time is no repeat of this one.
                Some(first) if !worth.hit => {
                    *repeats += 1;
                    first.1 |= named;
                }
                Some(_) => {}
            }
            worth.hit = true;
        } else if alert.start <= event.end {
            worth.late = true;
        } else {
            worth.ignored = true;
        }
    }
    worth
}

fn by_kind(faults: &[(&Event, Option<(f64, bool)>)]) -> BTreeMap<String, KindScore> {
    let mut kinds: BTreeMap<String, (usize, Vec<f64>)> = BTreeMap::new();
    for (event, first) in faults {
        let entry = kinds.entry(event.kind.clone()).or_default();
        entry.0 += 1;
        entry.1.extend(first.map(|f| f.0 / 3600.0));
    }
    let score = |(events, delays): (usize, Vec<f64>)| KindScore {
        events,
        detected: delays.len(),
        median_delay_h: quantile(delays, 0.5),
    };
    kinds.into_iter().map(|(kind, counts)| (kind, score(counts))).collect()
}

fn seconds(from: Timestamp, until: Timestamp) -> f64 {
    (until.as_nanos() - from.as_nanos()) as f64 / 1e9
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The `q` quantile of `values`, between the two nearest of them.
pub(super) fn quantile(mut values: Vec<f64>, q: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let place = q * last as f64;
    let below = place as usize;
    let above = (below + 1).min(last);
    Some(values[below] + (place - below as f64) * (values[above] - values[below]))
}

/// Most moments of an ascending list within any ten minutes, both ends included.
fn worst_ten_minutes(times: &[Timestamp]) -> usize {
    let ten = model::Duration::from_secs(600);
    let within = |(n, time): (usize, &Timestamp)| times.partition_point(|t| *t <= time.plus(ten)) - n;
    times.iter().enumerate().map(within).max().unwrap_or(0)
}
