//! A new beginning with what is known: after a restart from the store, after a change of rules or assets from the engine's own memory.

use std::collections::HashMap;

use model::alarm::{Actor, Alarm, Change, Evidence};
use model::{AssetId, DeviceId, MetricName, Reading, TenantId, Timestamp, Unit, Value};

use super::engine::Engine;
use super::plan::Plan;
use super::subject::Phase;
use super::timers::Wake;
use crate::condition::{Condition, Memory, Sample, Verdict};

struct Latest {
    time: Timestamp,
    value: Value,
    unit: Unit,
    may_alarm: bool,
}

/// The newest reading of each series, and of each device.
#[derive(Default)]
pub(super) struct Newest {
    series: HashMap<(TenantId, DeviceId, MetricName), Latest>,
    devices: HashMap<(TenantId, DeviceId), Timestamp>,
}

impl Newest {
    pub(super) fn of_readings(readings: &[Reading]) -> Self {
        let mut newest = Self::default();
        for reading in readings {
            let series = &reading.series;
            let latest = Latest {
                time: reading.time,
                value: reading.value.clone(),
                unit: reading.unit.clone(),
                may_alarm: reading.quality.may_alarm(),
            };
            newest.add((series.tenant.clone(), series.device.clone()), Some(series.metric.clone()), latest);
        }
        newest
    }

    fn of_plan(plan: &Plan) -> Self {
        let mut newest = Self::default();
        for watch in plan.watches.iter().filter(|watch| watch.last != Timestamp::MIN) {
            let tenant = plan.place_of(watch.subject).tenant.clone();
            let rule = plan.rule_of(watch.subject);
            // a sign of life may have been of any quality
            let may_alarm = rule.condition.silence().is_none();
            let latest = Latest { time: watch.last, value: watch.value.clone(), unit: watch.unit.clone(), may_alarm };
            let metric = rule.metric.clone().filter(|_| may_alarm);
            newest.add((tenant, watch.device.clone()), metric, latest);
        }
        newest
    }

    fn add(&mut self, (tenant, device): (TenantId, DeviceId), metric: Option<MetricName>, latest: Latest) {
        let heard = self.devices.entry((tenant.clone(), device.clone())).or_insert(latest.time);
        *heard = latest.time.max(*heard);
        let Some(metric) = metric else { return };
        let key = (tenant, device, metric);
        if self.series.get(&key).is_none_or(|known| known.time <= latest.time) {
            self.series.insert(key, latest);
        }
    }
}

impl Engine {
    /// Works the plan out anew; all of its state is empty.
    pub(super) fn replan(&mut self) -> Plan {
        let plan = Plan::build(&self.book, &self.assets);
        self.device_count = plan.device_count();
        self.listening_since = vec![self.clock.running; plan.rules.len()];
        self.timers.clear();
        self.dirty.clear();
        self.expired.clear();
        std::mem::replace(&mut self.plan, plan)
    }

    /// Lets every watch of silence begin to listen, and every open wait go on.
    pub(super) fn arm(&mut self) {
        let running = self.clock.running;
        self.timers.clear();
        for subject in &mut self.plan.subjects {
            subject.queued = Timestamp::MAX;
        }
        for w in 0..self.plan.watches.len() {
            let watch = &self.plan.watches[w];
            let rule = &self.plan.rules[self.plan.subjects[watch.subject].rule];
            if let (Condition::Silence(silence), Memory::Silence(heard)) = (&rule.condition, &watch.memory) {
                let due = silence.due(heard, self.listening_since[self.plan.subjects[watch.subject].rule]);
                self.timers.add(due.min(running.plus(silence.lasting())).max(running), Wake::Watch(w));
            }
        }
        for s in 0..self.plan.subjects.len() {
            self.wait(s);
        }
    }

    /// Puts the rules and assets of the engine in force, with all that can be kept of what it knew.
    pub(super) fn rebuild(&mut self, now: Timestamp) {
        let mut old = self.replan();
        let newest = Newest::of_plan(&old);
        self.carry(&mut old);
        let placed: Vec<_> = self.plan.subjects.iter().filter_map(|subject| subject.alarm).collect();
        let grouped = self.plan.groups.iter().filter_map(|group| group.alarm);
        let placed: std::collections::HashSet<_> = placed.into_iter().chain(grouped).collect();
        let rest = self.alarms.open.values().filter(|alarm| !placed.contains(&alarm.id)).cloned().collect();
        self.adopt(&newest, rest, now);
    }

    /// Takes over the state of every rule that says the same as before.
    fn carry(&mut self, old: &mut Plan) {
        let same: Vec<Option<usize>> = old
            .rules
            .iter()
            .map(|rule| self.plan.rule(&rule.id).filter(|r| self.plan.rules[*r].version == rule.version))
            .collect();
        let mut groups: HashMap<usize, usize> = HashMap::new();
        for (before, group) in old.groups.iter().enumerate() {
            let Some(rule) = same[group.rule] else { continue };
            let Some(g) = self.plan.group_about(rule, &group.tenant, &group.source) else { continue };
            self.plan.groups[g].alarm = group.alarm;
            self.plan.groups[g].last_raised = group.last_raised;
            groups.insert(before, g);
        }
        // members that are gone or belong elsewhere now, by the new group whose alarm they leave
        let mut gone: HashMap<usize, Vec<AssetId>> = HashMap::new();
        for before in 0..old.subjects.len() {
            let place = old.place_of(before);
            let group = old.subjects[before].group.and_then(|group| groups.get(&group)).copied();
            let subject =
                same[old.subjects[before].rule].and_then(|rule| self.plan.subject(rule, &place.tenant, &place.id));
            let stays = subject.is_some_and(|s| group.is_some() && self.plan.subjects[s].group == group);
            if let (Some(g), true, false) = (group, old.subjects[before].announced, stays) {
                gone.entry(g).or_default().push(place.id.clone());
            }
            if let Some(s) = subject {
                self.carry_subject(old, before, s, stays);
            }
        }
        let mut gone: Vec<_> = gone.into_iter().collect();
        gone.sort_unstable_by_key(|(g, _)| *g);
        for (g, assets) in gone {
            if let Some(id) = self.plan.groups[g].alarm
                && self.alarms.is_active(Some(id))
            {
                let change = if self.plan.groups[g].active > 0 {
                    Change::Left(assets)
                } else {
                    Change::Returned { evidence: None }
                };
                self.alarms.change(id, Actor::Engine, change, self.clock.wall);
            }
        }
    }

    fn carry_subject(&mut self, old: &mut Plan, before: usize, s: usize, stays: bool) {
        for w in self.plan.subjects[s].watches.clone() {
            let device = &self.plan.watches[w].device;
            let Some(was) = old.subjects[before].watches.clone().find(|was| old.watches[*was].device == *device) else {
                continue;
            };
            let empty = self.plan.rule_of(s).condition.memory();
            let (watch, was) = (&mut self.plan.watches[w], &mut old.watches[was]);
            watch.memory = std::mem::replace(&mut was.memory, empty);
            watch.last = was.last;
            watch.value = was.value.clone();
            watch.unit = was.unit.clone();
            watch.abnormal = was.abnormal;
            self.plan.subjects[s].abnormal += usize::from(was.abnormal);
        }
        let running = self.clock.running;
        let subject = &mut self.plan.subjects[s];
        let was = &mut old.subjects[before];
        subject.phase = was.phase;
        subject.since = was.since;
        subject.from = was.from;
        subject.first = was.first.take();
        subject.turned = was.turned;
        subject.alarm = was.alarm;
        subject.last_raised = was.last_raised;
        if stays {
            subject.in_group = was.in_group;
            subject.announced = was.announced;
            if let (Some(g), true) = (subject.group, was.in_group) {
                self.plan.groups[g].active += 1;
            }
        } else if was.in_group {
            // it rang inside an alarm that is no longer its own: it is confirmed, and rings alone or with its new group
            subject.phase = Phase::Held(running);
        }
        // a device that was taken away can no longer speak up
        let subject = &mut self.plan.subjects[s];
        if subject.abnormal == 0 {
            match subject.phase {
                Phase::Rising(_) | Phase::Held(_) => subject.phase = Phase::Normal,
                Phase::Abnormal => subject.phase = Phase::Falling(running),
                Phase::Normal | Phase::Falling(_) => {}
            }
        }
        if let (Phase::Held(_), Some(g)) = (subject.phase, subject.group) {
            self.touch(g, None);
        }
    }

    /// Takes in the newest readings for watches that know none, then the open alarms, then starts the waits.
    pub(super) fn adopt(&mut self, newest: &Newest, open_alarms: Vec<Alarm>, now: Timestamp) {
        let fresh: Vec<usize> = (0..self.plan.watches.len()).filter(|w| self.seed(*w, newest, now)).collect();
        for alarm in open_alarms {
            self.attach(alarm);
        }
        for w in fresh {
            let watch = &self.plan.watches[w];
            let (s, last) = (watch.subject, watch.last);
            if !watch.abnormal || self.plan.subjects[s].phase != Phase::Normal {
                continue;
            }
            if now.since(last) <= self.plan.rule_of(s).max_age {
                self.take_turn(s, w, last);
            } else {
                // history: it was so once, and nobody may ring for it now
                self.plan.watches[w].abnormal = false;
                self.plan.subjects[s].abnormal -= 1;
            }
        }
        self.arm();
        self.wake_due();
    }

    /// Gives a watch that knows nothing the newest reading of its series; true when it could.
    fn seed(&mut self, w: usize, newest: &Newest, now: Timestamp) -> bool {
        let s = self.plan.watches[w].subject;
        if self.plan.watches[w].last != Timestamp::MIN {
            return false;
        }
        let (tenant, device) = (self.plan.place_of(s).tenant.clone(), self.plan.watches[w].device.clone());
        let rule = &self.plan.rules[self.plan.subjects[s].rule];
        let watch = &mut self.plan.watches[w];
        let Some(metric) = rule.metric.clone() else {
            if let Some(last) = newest.devices.get(&(tenant, device)) {
                watch.last = (*last).min(now);
            }
            return false;
        };
        let Some(latest) = newest.series.get(&(tenant, device, metric)) else { return false };
        watch.last = latest.time.min(now);
        if !latest.may_alarm {
            return false;
        }
        watch.value = latest.value.clone();
        watch.unit = latest.unit.clone();
        if rule.condition.silence().is_some() {
            return false;
        }
        let sample = Sample { time: watch.last, value: &latest.value };
        if rule.condition.judge(&mut watch.memory, sample) == Verdict::Abnormal {
            watch.abnormal = true;
            self.plan.subjects[s].abnormal += 1;
        }
        true
    }

    /// Gives an open alarm back to what it is about; one that is about nothing any more returns.
    fn attach(&mut self, alarm: Alarm) {
        let id = alarm.id;
        let rule = self.plan.rule(&alarm.rule);
        let is_active = alarm.state.is_active();
        let taken = match rule {
            Some(rule) if alarm.is_group() => self.attach_group(rule, &alarm),
            Some(rule) => self.attach_single(rule, &alarm),
            None => None,
        };
        let now = self.clock.wall;
        self.alarms.open.insert(id, alarm);
        match taken {
            Some(gone) if !gone.is_empty() => self.alarms.change(id, Actor::Engine, Change::Left(gone), now),
            Some(_) => {}
            None if is_active => self.alarms.change(id, Actor::Engine, Change::Returned { evidence: None }, now),
            None => {}
        }
    }

    fn attach_single(&mut self, rule: usize, alarm: &Alarm) -> Option<Vec<AssetId>> {
        let s = self.plan.subject(rule, &alarm.tenant, &alarm.source)?;
        let subject = &mut self.plan.subjects[s];
        // of two alarms about one thing, which a sound engine never makes, the active one is the living one
        if subject.alarm.is_some() && (!alarm.state.is_active() || self.alarms.is_active(self.plan.subjects[s].alarm)) {
            return None;
        }
        let subject = &mut self.plan.subjects[s];
        subject.alarm = Some(alarm.id);
        subject.last_raised = alarm.raised;
        if alarm.state.is_active() {
            self.resume(s, &alarm.evidence, alarm.evidence.at);
        }
        Some(Vec::new())
    }

    /// `None` when nobody of the group is left; else the members that are gone.
    fn attach_group(&mut self, rule: usize, alarm: &Alarm) -> Option<Vec<AssetId>> {
        let g = self.plan.group_about(rule, &alarm.tenant, &alarm.source)?;
        let group = &mut self.plan.groups[g];
        if group.alarm.is_some() && (!alarm.state.is_active() || self.alarms.is_active(self.plan.groups[g].alarm)) {
            return None;
        }
        let group = &mut self.plan.groups[g];
        group.alarm = Some(alarm.id);
        group.last_raised = alarm.raised;
        if !alarm.state.is_active() {
            return Some(Vec::new());
        }
        let mut gone = Vec::new();
        for journey in alarm.members.iter().filter(|journey| journey.left.is_none()) {
            let subject = self.plan.subject(rule, &alarm.tenant, &journey.asset);
            let Some(s) = subject.filter(|s| self.plan.subjects[*s].group == Some(g)) else {
                gone.push(journey.asset.clone());
                continue;
            };
            self.resume(s, &journey.evidence, journey.since);
            let subject = &mut self.plan.subjects[s];
            subject.in_group = true;
            subject.announced = true;
            self.plan.groups[g].active += 1;
        }
        if self.plan.groups[g].active == 0 {
            return None;
        }
        Some(gone)
    }

    /// A subject rings already. Where the newest reading tells that the cause is gone, its off delay begins; else it goes on ringing until
    /// readings tell otherwise.
    fn resume(&mut self, s: usize, evidence: &Evidence, since: Timestamp) {
        let (wall, running) = (self.clock.wall, self.clock.running);
        let (one_tells, off_delay) = {
            let rule = self.plan.rule_of(s);
            (rule.condition.one_tells(), rule.off_delay)
        };
        let watches = self.plan.subjects[s].watches.clone();
        let informed = watches.clone().find(|w| self.plan.watches[*w].value != Value::Gap);
        if self.plan.subjects[s].abnormal == 0 && !(one_tells && informed.is_some()) {
            let of_device = |w: &usize| evidence.device.as_ref() == Some(&self.plan.watches[*w].device);
            let w = watches.clone().find(of_device).unwrap_or(watches.start);
            self.plan.watches[w].abnormal = true;
            self.plan.subjects[s].abnormal = 1;
        }
        if let (Some(value), Some(limit)) = (evidence.value.as_number(), evidence.limit)
            && !one_tells
        {
            for w in watches.clone() {
                let rule = &self.plan.rules[self.plan.subjects[s].rule];
                rule.condition.resume(&mut self.plan.watches[w].memory, value, limit);
            }
        }
        let turned = informed.map_or(since, |w| self.plan.watches[w].last);
        let subject = &mut self.plan.subjects[s];
        subject.since = since;
        subject.from = running.minus(wall.since(since));
        subject.first = Some(Box::new(evidence.clone()));
        subject.turned = turned;
        subject.turned_by = informed.unwrap_or(watches.start);
        subject.phase = if subject.abnormal > 0 { Phase::Abnormal } else { Phase::Falling(running.plus(off_delay)) };
    }
}
