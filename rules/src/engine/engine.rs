//! What deploy drives: readings, moments and people's answers in; facts out, in the order in which they must be kept.

use std::sync::Arc;

use model::alarm::{Actor, Alarm, Change, Fact, State};
use model::{AlarmId, Asset, Duration, Reading, TenantId, Timestamp, UserName};

use super::adopt::Newest;
use super::alarms::Alarms;
use super::clock::{Clock, Step};
use super::plan::Plan;
use super::timers::{Timers, Wake};
use crate::book::RuleBook;

/// How often the engine wants to hear the time at least, so that its running time never has to leap.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Why an alarm could not be acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AcknowledgeError {
    /// Not open, or of another tenant: the two look the same.
    #[error("no open alarm {0}")]
    Unknown(AlarmId),
    /// Somebody was faster.
    #[error("alarm {0} is already acknowledged")]
    AlreadyAcknowledged(AlarmId),
}

/// The rule engine. It reads no clock and does no input or output: every call is told the time, and facts are given back.
///
/// Facts that were given back are in force inside the engine at once. There is no way back: whoever gets them tries to store them until
/// they are kept, in their order.
///
/// **Two times.** How long something lasts at one sensor is measured on the times of its readings; how long the engine waits, and what
/// happened close together on different devices, on a running time that follows `now`. The running time never goes back and takes at most
/// 30 s at once: a longer step means that the process slept or the clock was set, and nobody is blamed for that time. So call
/// [`Engine::tick`] at the latest at [`Engine::next_deadline`].
#[derive(Debug)]
pub struct Engine {
    pub(super) book: Arc<RuleBook>,
    pub(super) assets: Vec<Asset>,
    pub(super) plan: Plan,
    pub(super) alarms: Alarms,
    pub(super) timers: Timers,
    pub(super) clock: Clock,
    pub(super) started: Timestamp,
    /// When any reading came last, on the running time.
    pub(super) heard: Timestamp,
    /// For each rule of the plan: silence before this is not the device's fault.
    pub(super) listening_since: Vec<Timestamp>,
    pub(super) device_count: usize,
    pub(super) dirty: Vec<usize>,
    pub(super) expired: Vec<usize>,
}

impl Engine {
    /// An engine that begins to listen at `now` and knows of no alarm. Call [`Engine::restore`] next if there may be some.
    pub fn new(book: impl Into<Arc<RuleBook>>, assets: impl IntoIterator<Item = Asset>, now: Timestamp) -> Self {
        let mut engine = Self {
            book: book.into(),
            assets: assets.into_iter().collect(),
            plan: Plan::default(),
            alarms: Alarms::default(),
            timers: Timers::default(),
            clock: Clock::new(now),
            started: now,
            heard: now,
            listening_since: Vec::new(),
            device_count: 0,
            dirty: Vec::new(),
            expired: Vec::new(),
        };
        engine.replan();
        engine.arm();
        engine
    }

    /// Takes over what an earlier run left: the open alarms of the store and the newest reading of each series. An alarm whose condition
    /// still holds stays as it is; one whose condition is gone returns after its off delay; one whose rule or asset is gone returns now.
    pub fn restore(&mut self, open_alarms: Vec<Alarm>, newest: &[Reading], now: Timestamp) -> Vec<Fact> {
        self.advance(now);
        let newest = Newest::of_readings(newest);
        self.adopt(&newest, open_alarms, now);
        self.settle_step()
    }

    /// Judges readings that have been kept, in the order of their arrival. A reading that is not newer than the last of its series, that
    /// is older than its rule's `max_age`, or whose quality may not alarm, is passed over and counted. A time in the future counts as `now`.
    pub fn observe(&mut self, readings: &[Reading], now: Timestamp) -> Vec<Fact> {
        self.advance(now);
        if !readings.is_empty() {
            self.note_heard();
        }
        self.judge(readings);
        self.settle_step()
    }

    /// Lets time pass: delays end, silence is noticed.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Fact> {
        self.advance(now);
        self.settle_step()
    }

    /// When to call [`Engine::tick`] next at the latest; none while nothing waits. Never further away than 10 s.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let due = self.timers.next()?;
        Some(self.clock.wall_at(due).min(self.clock.wall.plus(HEARTBEAT)))
    }

    /// A person answers an alarm.
    pub fn acknowledge(
        &mut self,
        tenant: &TenantId,
        id: AlarmId,
        user: UserName,
        note: Option<String>,
        now: Timestamp,
    ) -> Result<Fact, AcknowledgeError> {
        let alarm = self.alarms.open.get(&id).filter(|alarm| alarm.tenant == *tenant);
        let alarm = alarm.ok_or(AcknowledgeError::Unknown(id))?;
        if !alarm.state.is_unacknowledged() {
            return Err(AcknowledgeError::AlreadyAcknowledged(id));
        }
        self.alarms.change(id, Actor::Person(user), Change::Acknowledged { note }, now);
        self.alarms.take_last().ok_or(AcknowledgeError::Unknown(id))
    }

    /// Puts other rules in force. A rule that says the same as before keeps its state and rings nothing anew; alarms of a rule that says
    /// something else stay open and are judged by the new words; alarms of a rule that is gone or disabled return without evidence.
    pub fn replace_rules(&mut self, book: impl Into<Arc<RuleBook>>, now: Timestamp) -> Vec<Fact> {
        self.advance(now);
        self.book = book.into();
        self.rebuild(now);
        self.settle_step()
    }

    /// Takes other assets: new ones are watched from now on; alarms about those that are gone or no longer in service return without evidence.
    pub fn replace_assets(&mut self, assets: impl IntoIterator<Item = Asset>, now: Timestamp) -> Vec<Fact> {
        self.advance(now);
        self.assets = assets.into_iter().collect();
        self.rebuild(now);
        self.settle_step()
    }

    /// Every open alarm, oldest first.
    pub fn open_alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.alarms.open.values()
    }

    /// One open alarm.
    pub fn open_alarm(&self, id: AlarmId) -> Option<&Alarm> {
        self.alarms.open.get(&id)
    }

    /// How many alarms are active, that is, whose cause stands.
    pub fn active_count(&self) -> usize {
        self.alarms.open.values().filter(|alarm| State::is_active(alarm.state)).count()
    }

    /// The rules in force.
    pub fn book(&self) -> &Arc<RuleBook> {
        &self.book
    }

    /// Moves time on and wakes whoever waited for it, before anything new is looked at.
    fn advance(&mut self, now: Timestamp) {
        if self.clock.advance(now) == Step::Leap {
            self.listening_since.fill(self.clock.running);
        }
        self.wake_due();
    }

    /// Wakes whoever's time has come.
    pub(super) fn wake_due(&mut self) {
        let running = self.clock.running;
        while let Some(wake) = self.timers.pop(running) {
            match wake {
                Wake::Subject(subject) => self.wake_subject(subject),
                Wake::Watch(watch) => self.wake_watch(watch),
            }
        }
    }

    /// Ends a step: groups are folded, held-back alarms ring, facts are given out.
    fn settle_step(&mut self) -> Vec<Fact> {
        self.fold();
        self.alarms.take()
    }
}
