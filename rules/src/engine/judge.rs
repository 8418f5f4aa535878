//! From a reading to a confirmed abnormality: conditions, delays, silence.

use model::alarm::{Actor, Change, Evidence, Member, State};
use model::{Duration, MetricName, Quality, Reading, Timestamp, Unit, Value};

use super::engine::Engine;
use super::subject::{Phase, next_raised};
use super::timers::Wake;
use crate::book::Fill;
use crate::condition::{Condition, Memory, Sample, Verdict};
use crate::metrics;

fn is_farewell(reading: &Reading) -> bool {
    reading.value == Value::Flag(false) && reading.series.metric.as_str() == MetricName::ONLINE
}

/// What became of the readings of one call, counted once at its end.
#[derive(Default)]
struct Tally {
    judged: u64,
    late: u64,
    old: u64,
    quality: u64,
}

impl Engine {
    pub(super) fn judge(&mut self, readings: &[Reading]) {
        let mut tally = Tally::default();
        for reading in readings {
            for at in self.plan.watches_of(&reading.series) {
                let watch = self.plan.listed(at);
                self.judge_one(watch, reading, &mut tally);
            }
        }
        for (reason, count) in [("late", tally.late), ("old", tally.old), ("quality", tally.quality)] {
            if count > 0 {
                ::metrics::counter!(metrics::PASSED_OVER, "reason" => reason).increment(count);
            }
        }
        if tally.judged > 0 {
            ::metrics::counter!(metrics::JUDGED).increment(tally.judged);
        }
    }

    fn judge_one(&mut self, w: usize, reading: &Reading, tally: &mut Tally) {
        let now = self.clock.wall;
        let watch = &mut self.plan.watches[w];
        let subject = watch.subject;
        let rule = &self.plan.rules[self.plan.subjects[subject].rule];
        let is_silence = rule.condition.silence().is_some();
        // any word of a device is a sign of life, unless it was said long ago on purpose, or said by its network about its end
        let counts = if is_silence {
            reading.quality != Quality::Historical && !is_farewell(reading)
        } else {
            reading.quality.may_alarm()
        };
        if !counts {
            tally.quality += 1;
            return;
        }
        // a time in the future counts as now, so it can pin nothing; two such readings in one step are both new
        let time = reading.time.min(now);
        if watch.last > now {
            // our clock was set back: what was measured "later" than now must pin nothing either
            watch.last = now.minus(Duration::from_nanos(1));
            if !is_silence {
                watch.memory = rule.condition.memory();
            }
        }
        if time < watch.last || (time == watch.last && reading.time <= now) {
            tally.late += 1;
            return;
        }
        watch.last = time;
        if !is_silence && now.since(time) > rule.max_age {
            tally.old += 1;
            return;
        }
        tally.judged += 1;
        watch.value.clone_from(&reading.value);
        if watch.unit != reading.unit {
            watch.unit.clone_from(&reading.unit);
        }
        if let (Condition::Silence(silence), Memory::Silence(heard)) = (&rule.condition, &mut watch.memory) {
            silence.hear(heard, self.clock.running, self.listening_since[self.plan.subjects[subject].rule]);
        }
        let verdict = rule.condition.judge(&mut watch.memory, Sample { time, value: &reading.value });
        self.take_verdict(w, verdict, time);
    }

    /// Takes in what a watch says about the moment `time`.
    pub(super) fn take_verdict(&mut self, w: usize, verdict: Verdict, time: Timestamp) {
        let watch = &mut self.plan.watches[w];
        let s = watch.subject;
        let subject = &mut self.plan.subjects[s];
        match verdict {
            Verdict::Abnormal if !watch.abnormal => {
                watch.abnormal = true;
                subject.abnormal += 1;
            }
            Verdict::Normal if watch.abnormal => {
                watch.abnormal = false;
                subject.abnormal -= 1;
            }
            _ if subject.phase == Phase::Normal => return,
            _ => {}
        }
        self.take_turn(s, w, time);
    }

    /// Moves a subject on by what its watches say now.
    pub(super) fn take_turn(&mut self, s: usize, w: usize, time: Timestamp) {
        let running = self.clock.running;
        let (on_delay, off_delay) = {
            let rule = self.plan.rule_of(s);
            (rule.on_delay, rule.off_delay)
        };
        let subject = &mut self.plan.subjects[s];
        match (subject.phase, subject.abnormal > 0) {
            (Phase::Normal, true) => {
                subject.since = time;
                subject.from = running;
                let first = Box::new(self.evidence(w));
                self.plan.subjects[s].first = Some(first);
                if on_delay.is_zero() {
                    self.confirm(s);
                } else {
                    self.plan.subjects[s].phase = Phase::Rising(running.plus(on_delay));
                    self.wait(s);
                }
            }
            (Phase::Rising(_), true) => {
                if time.since(subject.since) >= on_delay {
                    self.confirm(s);
                }
            }
            (Phase::Rising(_) | Phase::Held(_), false) => {
                subject.phase = Phase::Normal;
                subject.first = None;
            }
            (Phase::Abnormal, false) => {
                subject.turned = time;
                subject.turned_by = w;
                if off_delay.is_zero() {
                    self.settle(s);
                } else {
                    subject.phase = Phase::Falling(running.plus(off_delay));
                    self.wait(s);
                }
            }
            (Phase::Falling(_), true) => subject.phase = Phase::Abnormal,
            (Phase::Falling(_), false) => {
                subject.turned_by = w;
                if time.since(subject.turned) >= off_delay {
                    self.settle(s);
                }
            }
            (Phase::Normal, false) | (Phase::Held(_) | Phase::Abnormal, true) => {}
        }
    }

    /// The abnormal has lasted long enough: ring, join the group that rings, or wait for the group.
    pub(super) fn confirm(&mut self, s: usize) {
        let Some(g) = self.group_of(s) else {
            self.plan.subjects[s].phase = Phase::Abnormal;
            self.ring_alone(s);
            return;
        };
        if self.alarms.is_active(self.plan.groups[g].alarm) {
            let subject = &mut self.plan.subjects[s];
            subject.phase = Phase::Abnormal;
            subject.in_group = true;
            self.plan.groups[g].active += 1;
            self.touch(g, Some(s));
        } else {
            let within = self.plan.rule_of(s).group.as_ref().map_or(Duration::ZERO, |group| group.within);
            self.plan.subjects[s].phase = Phase::Held(self.clock.running.plus(within));
            self.wait(s);
            self.touch(g, None);
        }
    }

    /// The group that may take a subject in; none when it has too few members to ever ring together.
    fn group_of(&self, s: usize) -> Option<usize> {
        let g = self.plan.subjects[s].group?;
        let known = self.plan.groups[g].members.len();
        let needed = self.plan.rule_of(s).group.as_ref()?.needed(known);
        (needed <= known || self.alarms.is_active(self.plan.groups[g].alarm)).then_some(g)
    }

    /// The normal has lasted long enough: leave the group, or let the own alarm return.
    pub(super) fn settle(&mut self, s: usize) {
        let subject = &mut self.plan.subjects[s];
        subject.phase = Phase::Normal;
        subject.first = None;
        let (alarm, watch) = (subject.alarm, subject.turned_by);
        if subject.in_group {
            subject.in_group = false;
            if let Some(g) = subject.group {
                let group = &mut self.plan.groups[g];
                group.active -= 1;
                group.leaver = Some(watch);
                self.touch(g, Some(s));
            }
        }
        self.return_alone(alarm, watch);
    }

    /// Rings for one asset: anew, or again in the alarm that nobody has answered yet.
    pub(super) fn ring_alone(&mut self, s: usize) {
        let now = self.clock.wall;
        let Some(first) = self.plan.subjects[s].first.as_deref().cloned() else { return };
        let alarm = self.plan.subjects[s].alarm;
        match (alarm, self.alarms.state(alarm)) {
            (Some(id), Some(State::ReturnedUnacknowledged)) => {
                self.alarms.change(id, Actor::Engine, Change::Reoccurred { evidence: first }, now);
            }
            (_, Some(_)) => {}
            (_, None) => {
                let time = next_raised(&mut self.plan.subjects[s].last_raised, now);
                let (rule, place) = (self.plan.rule_of(s), self.plan.place_of(s));
                let guidance = rule.wording.render(&Fill {
                    asset: &place.name,
                    source: &place.name,
                    value: &first.value,
                    unit: first.unit.as_str(),
                    limit: first.limit,
                    count: 1,
                    since: self.plan.subjects[s].since,
                });
                let change = Change::Raised {
                    rule: rule.id.clone(),
                    rule_version: rule.version,
                    source: place.id.clone(),
                    domain: place.domain.clone(),
                    priority: rule.priority,
                    guidance,
                    evidence: first,
                    members: Vec::new(),
                };
                let id = self.alarms.raise((&place.tenant, &rule.id, &place.id), time, change);
                self.plan.subjects[s].alarm = Some(id);
            }
        }
    }

    /// Lets the own alarm of an asset return, if it rings.
    pub(super) fn return_alone(&mut self, alarm: Option<model::AlarmId>, watch: usize) {
        if let Some(id) = alarm
            && self.alarms.is_active(alarm)
        {
            let evidence = Some(self.evidence(watch));
            self.alarms.change(id, Actor::Engine, Change::Returned { evidence }, self.clock.wall);
        }
    }

    pub(super) fn member(&self, s: usize) -> Option<Member> {
        let subject = &self.plan.subjects[s];
        let evidence = subject.first.as_deref()?.clone();
        Some(Member { asset: self.plan.place_of(s).id.clone(), since: subject.since, evidence })
    }

    /// What a watch can show now.
    pub(super) fn evidence(&self, w: usize) -> Evidence {
        let watch = &self.plan.watches[w];
        let (rule, place) = (self.plan.rule_of(watch.subject), self.plan.place_of(watch.subject));
        let metric = rule.metric.clone().or_else(|| place.main_metric.clone());
        let metric = metric.unwrap_or_else(|| MetricName::new("signal").expect("a short word is a metric name"));
        let is_silent = rule.condition.silence().is_some() && watch.abnormal;
        let (value, unit) = if is_silent {
            (Value::Gap, Unit::NONE)
        } else {
            let value = rule.condition.decisive(&watch.memory).unwrap_or_else(|| watch.value.clone());
            (value, if rule.unit == Unit::NONE { watch.unit.clone() } else { rule.unit.clone() })
        };
        let at = if watch.last == Timestamp::MIN { self.started } else { watch.last };
        Evidence {
            device: Some(watch.device.clone()),
            metric,
            value,
            unit,
            limit: rule.condition.limit(&watch.memory),
            at,
        }
    }

    /// Asks to be woken when the phase of a subject ends.
    pub(super) fn wait(&mut self, s: usize) {
        let subject = &mut self.plan.subjects[s];
        if let Phase::Rising(due) | Phase::Held(due) | Phase::Falling(due) = subject.phase
            && due < subject.queued
        {
            subject.queued = due;
            self.timers.add(due, Wake::Subject(s));
        }
    }

    pub(super) fn wake_subject(&mut self, s: usize) {
        let running = self.clock.running;
        let subject = &mut self.plan.subjects[s];
        subject.queued = Timestamp::MAX;
        match subject.phase {
            Phase::Rising(due) if due <= running => self.confirm(s),
            Phase::Falling(due) if due <= running => self.settle(s),
            Phase::Held(due) if due <= running => self.expired.push(s),
            _ => self.wait(s),
        }
    }

    /// Notes that somebody was heard. After a long time in which nobody was, it was we who were deaf: silence counts from now on.
    pub(super) fn note_heard(&mut self) {
        let running = self.clock.running;
        let quiet = running.since(self.heard);
        self.heard = running;
        if quiet < Duration::from_secs(1) {
            return;
        }
        for (rule, since) in self.plan.rules.iter().zip(&mut self.listening_since) {
            if rule.condition.silence().is_some_and(|lasting| quiet >= lasting / 2) {
                *since = running;
            }
        }
    }

    /// Whether the silence of a device has lasted; if not, asks to be woken when it may have.
    pub(super) fn wake_watch(&mut self, w: usize) {
        let running = self.clock.running;
        let watch = &self.plan.watches[w];
        let rule = self.plan.subjects[watch.subject].rule;
        let condition = &self.plan.rules[rule].condition;
        let (Condition::Silence(silence), Memory::Silence(heard)) = (condition, &watch.memory) else { return };
        let (lasting, due) = (silence.lasting(), silence.due(heard, self.listening_since[rule]));
        if watch.abnormal {
            // the next reading ends it; whoever is silent again is looked at in due time
            self.timers.add(running.plus(lasting), Wake::Watch(w));
            return;
        }
        // who hears nobody cannot tell who is silent; one device alone cannot be told from everybody
        let nobody = self.device_count > 1 && running.since(self.heard) >= lasting / 2;
        if due > running {
            // not later than that, since a device that begins to speak more often is due earlier
            self.timers.add(due.min(running.plus(lasting)), Wake::Watch(w));
        } else if nobody {
            self.timers.add(running.plus(lasting / 2), Wake::Watch(w));
        } else {
            self.timers.add(running.plus(lasting), Wake::Watch(w));
            self.take_verdict(w, Verdict::Abnormal, self.clock.wall);
        }
    }
}
