//! One alarm for a group: a circuit of dark lamps rings once, with its lamps inside.

use model::alarm::{Actor, Change, Member, State};
use model::{Duration, Timestamp};

use super::engine::Engine;
use super::subject::{Phase, next_raised};
use crate::book::Fill;

impl Engine {
    /// Marks a group, and a member whose stay may have changed, for the end of the step.
    pub(super) fn touch(&mut self, g: usize, member: Option<usize>) {
        let group = &mut self.plan.groups[g];
        group.touched.extend(member);
        if !group.dirty {
            group.dirty = true;
            self.dirty.push(g);
        }
    }

    /// Ends a step: groups first, then the single alarms that no group has taken in.
    pub(super) fn fold(&mut self) {
        if !self.dirty.is_empty() {
            let mut dirty = std::mem::take(&mut self.dirty);
            dirty.sort_unstable();
            for g in dirty {
                self.plan.groups[g].dirty = false;
                self.fold_group(g);
            }
        }
        if !self.expired.is_empty() {
            let mut expired = std::mem::take(&mut self.expired);
            expired.sort_unstable();
            for s in expired {
                if matches!(self.plan.subjects[s].phase, Phase::Held(due) if due <= self.clock.running) {
                    self.plan.subjects[s].phase = Phase::Abnormal;
                    self.ring_alone(s);
                }
            }
        }
    }

    fn fold_group(&mut self, g: usize) {
        let touched = std::mem::take(&mut self.plan.groups[g].touched);
        let alarm = self.plan.groups[g].alarm;
        let Some(id) = alarm.filter(|_| self.alarms.is_active(alarm)) else {
            self.form(g);
            return;
        };
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        for s in touched {
            let subject = &mut self.plan.subjects[s];
            match (subject.in_group, subject.announced) {
                (true, false) => joined.push(s),
                (false, true) => left.push(self.plan.places[subject.place].id.clone()),
                _ => continue,
            }
            subject.announced = subject.in_group;
        }
        let now = self.clock.wall;
        if self.plan.groups[g].active == 0 {
            self.return_group(g);
            return;
        }
        if !joined.is_empty() {
            self.alarms.change(id, Actor::Engine, Change::Joined(self.members(joined)), now);
        }
        if !left.is_empty() {
            self.alarms.change(id, Actor::Engine, Change::Left(left), now);
            self.release_older(g);
        }
    }

    fn return_group(&mut self, g: usize) {
        let group = &self.plan.groups[g];
        if let Some(id) = group.alarm {
            let evidence = group.leaver.map(|watch| self.evidence(watch));
            self.alarms.change(id, Actor::Engine, Change::Returned { evidence }, self.clock.wall);
        }
    }

    /// Raises the group's alarm when enough members became abnormal close together. All that are abnormal come in; their own alarms return.
    fn form(&mut self, g: usize) {
        let state = &self.plan.groups[g];
        let Some(group) = self.plan.rules[state.rule].group.as_ref() else { return };
        let subjects = &self.plan.subjects;
        let confirmed: Vec<usize> = state.members.iter().copied().filter(|s| subjects[*s].is_confirmed()).collect();
        let held = confirmed.iter().filter(|s| matches!(subjects[**s].phase, Phase::Held(_)));
        let Some(newest) = held.map(|s| subjects[*s].from).max() else { return };
        let together = confirmed.iter().filter(|s| subjects[**s].from.plus(group.within) >= newest).count();
        if together < group.needed(state.members.len()) {
            return;
        }
        let members = self.members(confirmed.clone());
        self.raise_group(g, members);
        self.plan.groups[g].active = confirmed.len();
        for s in confirmed {
            let subject = &mut self.plan.subjects[s];
            subject.phase = Phase::Abnormal;
            subject.in_group = true;
            subject.announced = true;
            let (alarm, watches) = (subject.alarm, subject.watches.clone());
            let watch = watches.clone().find(|w| self.plan.watches[*w].abnormal).unwrap_or(watches.start);
            self.return_alone(alarm, watch);
        }
    }

    fn raise_group(&mut self, g: usize, members: Vec<Member>) {
        let now = self.clock.wall;
        let Some(first) = members.first().cloned() else { return };
        let alarm = self.plan.groups[g].alarm;
        if let (Some(id), Some(State::ReturnedUnacknowledged)) = (alarm, self.alarms.state(alarm)) {
            self.alarms.change(id, Actor::Engine, Change::Reoccurred { evidence: first.evidence }, now);
            self.alarms.change(id, Actor::Engine, Change::Joined(members), now);
            return;
        }
        let time = next_raised(&mut self.plan.groups[g].last_raised, now);
        let state = &self.plan.groups[g];
        let rule = &self.plan.rules[state.rule];
        let Some(group) = rule.group.as_ref() else { return };
        let first_out = self.plan.places.iter().find(|place| place.id == first.asset && place.tenant == state.tenant);
        let guidance = group.wording.render(&Fill {
            asset: first_out.map_or(first.asset.as_str(), |place| &place.name),
            source: &state.name,
            value: &first.evidence.value,
            unit: first.evidence.unit.as_str(),
            limit: first.evidence.limit,
            count: members.len(),
            since: first.since,
        });
        let change = Change::Raised {
            rule: rule.id.clone(),
            rule_version: rule.version,
            source: state.source.clone(),
            domain: state.domain.clone(),
            priority: group.priority,
            guidance,
            evidence: first.evidence,
            members,
        };
        let id = self.alarms.raise((&state.tenant, &rule.id, &state.source), time, change);
        self.plan.groups[g].alarm = Some(id);
    }

    /// A lamp that was out long before its circuit went dark does not keep the circuit's alarm open: when only such members are left, they
    /// ring for themselves again and the group's alarm returns.
    fn release_older(&mut self, g: usize) {
        let state = &self.plan.groups[g];
        let rule = &self.plan.rules[state.rule];
        let Some(raised) = state.alarm.and_then(|id| self.alarms.open.get(&id)).map(|alarm| alarm.raised) else {
            return;
        };
        let within = rule.group.as_ref().map_or(Duration::ZERO, |group| group.within);
        let together = rule.on_delay.saturating_add(within).saturating_add(within);
        let rest: Vec<usize> = state.members.iter().copied().filter(|s| self.plan.subjects[*s].in_group).collect();
        let is_older = |s: &usize| {
            let subject = &self.plan.subjects[*s];
            subject.phase == Phase::Abnormal && subject.since.plus(together) < raised
        };
        if !rest.iter().all(is_older) {
            return;
        }
        for s in rest {
            let subject = &mut self.plan.subjects[s];
            subject.in_group = false;
            subject.announced = false;
            self.ring_alone(s);
        }
        self.plan.groups[g].active = 0;
        self.return_group(g);
    }

    /// Members, first-out first: by the time of their first abnormal reading.
    fn members(&self, mut subjects: Vec<usize>) -> Vec<Member> {
        let since = |s: &usize| -> Timestamp { self.plan.subjects[*s].since };
        subjects.sort_by_key(|s| (since(s), *s));
        subjects.into_iter().filter_map(|s| self.member(s)).collect()
    }
}
