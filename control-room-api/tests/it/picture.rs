//! The board: whoever takes a snapshot and then deltas at any moments ends with the truth.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use control_room_api::{Clock, Frame, FrameKind, Live, Selection};
use model::alarm::{Alarm, Change};
use model::{Bounds, Domain, MetricName, Quality, Series, TenantId, Timestamp, Value};
use proptest::prelude::*;
use tokio::sync::watch;

use crate::city::{circuit, lamp, next, raised, reading, tenant};

const LAMPS: u32 = 12;

/// What happens in the city, or what a page does.
#[derive(Debug, Clone)]
enum Step {
    Measure(u32, i16),
    Raise(u32),
    Join(u32),
    Acknowledge,
    Return,
    Wait(u16),
    NewLamp,
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..LAMPS, any::<i16>()).prop_map(|(lamp, volts)| Step::Measure(lamp, volts)),
        2 => (0..LAMPS).prop_map(Step::Raise),
        1 => (0..LAMPS).prop_map(Step::Join),
        1 => Just(Step::Acknowledge),
        1 => Just(Step::Return),
        2 => (0..2000_u16).prop_map(Step::Wait),
        1 => Just(Step::NewLamp),
        4 => Just(Step::Look),
    ]
}

struct World {
    live: Live,
    nanos: Arc<AtomicI64>,
    me: TenantId,
    lamps: u32,
    alarms: Vec<Alarm>,
    _rules: watch::Sender<Arc<rules::RuleBook>>,
}

impl World {
    fn new() -> Self {
        let nanos = Arc::new(AtomicI64::new(1_700_000_000_000_000_000));
        let time = Arc::clone(&nanos);
        let clock: Clock = Arc::new(move || Timestamp::from_nanos(time.load(Ordering::SeqCst)));
        let (rules, in_force) = watch::channel(Arc::default());
        let me = tenant("messina");
        let world = Self {
            live: Live::new(clock, in_force),
            nanos,
            me: me.clone(),
            lamps: LAMPS,
            alarms: Vec::new(),
            _rules: rules,
        };
        let assets: Vec<_> = (0..LAMPS).map(|n| lamp(&me, n)).chain([circuit(&me)]).collect();
        world.live.put_assets(&me, &assets);
        world
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.nanos.load(Ordering::SeqCst))
    }

    fn take(&mut self, step: &Step) {
        self.nanos.fetch_add(1, Ordering::SeqCst);
        let now = self.now();
        match step {
            Step::Measure(lamp, volts) => self.live.show(&[reading(&self.me, *lamp, f64::from(*volts), now)]),
            Step::Raise(lamp) => {
                let alarm = Alarm::begin(&raised(&self.me, "dark", "circuit-1", &[*lamp], now)).unwrap();
                self.live.show_alarms(std::slice::from_ref(&alarm));
                self.alarms.push(alarm);
            }
            Step::Join(lamp) => {
                let Change::Raised { members, .. } = raised(&self.me, "dark", "circuit-1", &[*lamp], now).change else {
                    unreachable!()
                };
                self.change(Change::Joined(members));
            }
            Step::Acknowledge => self.change(Change::Acknowledged { note: None }),
            Step::Return => self.change(Change::Returned { evidence: None }),
            Step::Wait(seconds) => {
                self.nanos.fetch_add(i64::from(*seconds) * 1_000_000_000, Ordering::SeqCst);
                self.live.sweep(self.now());
            }
            Step::NewLamp => {
                self.live.put_assets(&self.me, &[lamp(&self.me, self.lamps)]);
                self.lamps += 1;
            }
            Step::Look => {}
        }
    }

    /// Applies a change to the oldest alarm that can take it.
    fn change(&mut self, change: Change) {
        let now = self.now();
        for alarm in &mut self.alarms {
            let fact = next(alarm, now, change.clone());
            if alarm.apply(&fact).is_ok() {
                self.live.show_alarms(std::slice::from_ref(alarm));
                return;
            }
        }
    }
}

/// A page: what it was told, by slot.
#[derive(Default)]
struct Page {
    seen: Option<u64>,
    told: BTreeMap<u32, (u8, u32)>,
}

impl Page {
    fn look(&mut self, world: &World, selection: &Selection) {
        let frame = world.live.board(&world.me).since(self.seen, selection);
        assert_eq!(frame.kind == FrameKind::Snapshot, self.seen.is_none());
        self.seen = Some(frame.version);
        self.apply(&frame);
    }

    fn apply(&mut self, frame: &Frame) {
        if frame.kind == FrameKind::Snapshot {
            self.told.clear();
        }
        for ((slot, state), value) in frame.slots.iter().zip(&frame.states).zip(&frame.values) {
            self.told.insert(*slot, (*state, value.to_bits()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_page_that_looks_at_any_moments_ends_with_the_truth(
        steps in prop::collection::vec(step(), 0..80),
        select in 0..3_u8,
    ) {
        let selection = match select {
            0 => Selection::default(),
            1 => Selection { domains: Some(vec![Domain::new("camera").unwrap()]), viewport: None },
            _ => Selection { viewport: Some(Bounds { west: 15.5, south: 38.0, east: 15.5045, north: 39.0 }), domains: None },
        };
        let mut world = World::new();
        let mut page = Page::default();
        for step in &steps {
            world.take(step);
            if matches!(step, Step::Look) {
                page.look(&world, &selection);
            }
        }
        page.look(&world, &selection);
        let mut fresh = Page::default();
        fresh.look(&world, &selection);
        prop_assert_eq!(page.told, fresh.told);
    }
}

fn state_of(world: &World, slot: u32) -> u8 {
    let frame = world.live.board(&world.me).since(None, &Selection::default());
    frame.states[frame.slots.iter().position(|other| *other == slot).unwrap()]
}

#[test]
fn the_state_byte_tells_priority_answer_group_and_age() {
    let mut world = World::new();
    assert_eq!(state_of(&world, 3), 16, "never heard");
    assert_eq!(state_of(&world, LAMPS), 0, "a circuit has no sensor that could be stale");
    world.take(&Step::Measure(3, 230));
    assert_eq!(state_of(&world, 3), 0);
    world.take(&Step::Raise(3));
    assert_eq!(state_of(&world, 3), 2 | 8 | 64);
    assert_eq!(state_of(&world, LAMPS), 2 | 8 | 64, "the circuit itself");
    world.take(&Step::Return);
    assert_eq!(state_of(&world, 3), 8 | 32 | 64);
    world.take(&Step::Acknowledge);
    assert_eq!(state_of(&world, 3), 0);
    world.nanos.fetch_add(3600 * 1_000_000_000, Ordering::SeqCst);
    world.live.sweep(world.now());
    assert_eq!(state_of(&world, 3), 16, "old");
}

#[test]
fn nothing_changes_when_the_same_value_is_told_again() {
    let mut world = World::new();
    world.take(&Step::Measure(1, 230));
    let version = world.live.board(&world.me).version();
    world.take(&Step::Measure(1, 230));
    assert_eq!(world.live.board(&world.me).version(), version);
}

#[test]
fn the_newest_value_never_goes_back_and_the_future_does_not_pin_it() {
    let world = World::new();
    let now = world.now();
    let value = || world.live.board(&world.me).since(None, &Selection::default()).values[0];
    let mut ahead = reading(&world.me, 0, 1.0, now.plus(Duration::from_secs(50)));
    ahead.received = now;
    world.live.show(&[ahead]);
    assert_eq!(value(), 1.0);
    world.live.show(&[reading(&world.me, 0, 2.0, now.plus(Duration::from_secs(1)))]);
    assert_eq!(value(), 2.0, "a sender whose clock is ahead does not stay the newest");
    world.live.show(&[reading(&world.me, 0, 3.0, now.minus(Duration::from_secs(9)))]);
    assert_eq!(value(), 2.0, "late data is not the newest");
    let mut history = reading(&world.me, 0, 4.0, now.plus(Duration::from_secs(2)));
    history.quality = Quality::Historical;
    world.live.show(&[history]);
    assert_eq!(value(), 2.0);
}

/// The network's word about the device of a lamp.
fn presence(world: &World, number: u32, online: bool) {
    let mut word = reading(&world.me, number, 0.0, world.now());
    let series = Series { metric: MetricName::new(MetricName::ONLINE).unwrap(), ..(*word.series).clone() };
    word.series = Arc::new(series);
    word.value = Value::Flag(online);
    world.live.show(&[word]);
}

#[test]
fn a_device_whose_end_was_announced_is_stale_until_it_is_back() {
    let mut world = World::new();
    world.take(&Step::Measure(1, 230));
    world.take(&Step::Measure(2, 230));
    presence(&world, 1, false);
    presence(&world, 2, false);
    assert_eq!((state_of(&world, 1), state_of(&world, 2)), (16, 16), "gone, although their values are young");
    presence(&world, 1, true);
    assert_eq!(state_of(&world, 1), 0, "announced again");
    world.live.show(&[reading(&world.me, 2, 231.0, world.now().plus(Duration::from_secs(1)))]);
    assert_eq!(state_of(&world, 2), 0, "it speaks again");
}

#[test]
fn an_alarm_that_came_before_its_asset_marks_it_when_it_is_known() {
    let mut world = World::new();
    world.take(&Step::Raise(LAMPS));
    world.take(&Step::NewLamp);
    assert_eq!(state_of(&world, LAMPS + 1), 2 | 8 | 16 | 64);
}

#[test]
fn one_tenant_is_not_told_of_another() {
    let world = World::new();
    let other = tenant("prato");
    world.live.put_assets(&other, &[lamp(&other, 0)]);
    world.live.show(&[reading(&other, 0, 5.0, world.now()), reading(&world.me, 1, 6.0, world.now())]);
    let frame = world.live.board(&other).since(None, &Selection::default());
    assert_eq!((frame.len(), frame.values[0]), (1, 5.0));
    assert!(world.live.board(&world.me).since(None, &Selection::default()).values[0].is_nan());
}
