//! The senders of all tenants, and what can be asked about them.

use std::collections::HashMap;

use model::{Duration, TenantId, Timestamp};

use super::numbers::Number;
use super::sender::Sender;
use super::tally::Tallies;
use crate::Awaited;

/// The place of a sender in the book of its tenant. It is never given to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot(u32);

/// The books of all tenants.
#[derive(Debug, Default)]
pub(crate) struct Books {
    tenants: HashMap<TenantId, Book>,
    capacity: usize,
}

/// The senders of one tenant.
#[derive(Debug)]
pub(crate) struct Book {
    by_name: HashMap<Box<str>, Slot>,
    senders: Vec<Sender>,
    capacity: usize,
    tallies: Tallies,
    /// Senders for which there was no room: how often one of them spoke.
    turned_away: u64,
}

/// How often a device should speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// Its class says so.
    Told(Duration),
    /// It has spoken so till now.
    Learned(Duration),
}

/// A time in which a device should have spoken and did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The last reading before it.
    pub from: Timestamp,
    /// The first reading after it.
    pub until: Timestamp,
    /// How often it should have spoken meanwhile.
    pub missed: u64,
}

/// One sender with gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceGaps {
    /// Its name: a device, or a gateway that numbers its messages.
    pub device: String,
    /// How often it should speak; none for one that speaks when something happens.
    pub interval: Option<Interval>,
    /// When it spoke last; none for one that only numbers its messages.
    pub latest: Option<Timestamp>,
    /// How often it should have spoken since then.
    pub overdue: u64,
    /// How often it should have spoken in gaps that have ended.
    pub missed: u64,
    /// The newest of these gaps, in order of time.
    pub gaps: Vec<Gap>,
    /// Messages that it numbered and that never came.
    pub lost_messages: u64,
}

/// The gaps of one tenant since the program was started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GapReport {
    /// Senders that are followed.
    pub followed: usize,
    /// Messages of senders for which there was no room.
    pub turned_away: u64,
    /// Senders that are silent now although they should speak.
    pub silent: usize,
    /// Senders with gaps or silent, the worst first.
    pub devices: Vec<DeviceGaps>,
}

impl Books {
    /// Empty books, in which each tenant has room for so many senders.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { tenants: HashMap::new(), capacity }
    }

    /// The book of a tenant.
    pub(crate) fn of(&mut self, tenant: &TenantId) -> &mut Book {
        if !self.tenants.contains_key(tenant) {
            self.tenants.insert(tenant.clone(), Book::new(self.capacity));
        }
        self.tenants.get_mut(tenant).expect("it was put in just now")
    }

    /// The books of all tenants.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&TenantId, &Book)> {
        self.tenants.iter()
    }

    /// The gaps of a tenant, `awaited` telling what is expected of whom.
    pub(crate) fn report(&self, tenant: &TenantId, now: Timestamp, awaited: impl Fn(&str) -> Awaited) -> GapReport {
        self.tenants.get(tenant).map_or_else(GapReport::default, |book| book.report(now, awaited))
    }
}

impl Book {
    fn new(capacity: usize) -> Self {
        Self {
            by_name: HashMap::new(),
            senders: Vec::new(),
            capacity: capacity.min(u32::MAX as usize),
            tallies: Tallies::default(),
            turned_away: 0,
        }
    }

    /// The place of this sender; none when there is no room for a new one.
    pub(crate) fn slot(&mut self, name: &str) -> Option<Slot> {
        if let Some(slot) = self.by_name.get(name) {
            return Some(*slot);
        }
        if self.senders.len() >= self.capacity {
            self.turned_away += 1;
            return None;
        }
        let slot = Slot(self.senders.len() as u32);
        self.by_name.insert(name.into(), slot);
        self.senders.push(Sender::default());
        Some(slot)
    }

    /// What is expected of a sender from now on.
    pub(crate) fn expect(&mut self, slot: Slot, told: Option<Duration>, awaited: Awaited) {
        let told = told.map(|every| i64::try_from(every.as_nanos()).unwrap_or(i64::MAX)).filter(|nanos| *nanos > 0);
        if let Some(sender) = self.senders.get_mut(slot.0 as usize) {
            sender.expect(told, awaited);
        }
    }

    /// A sender spoke of this moment.
    pub(crate) fn hear(&mut self, slot: Slot, time: Timestamp) {
        if let Some(sender) = self.senders.get_mut(slot.0 as usize) {
            sender.hear(time.as_nanos(), &mut self.tallies);
        }
    }

    /// A message of a sender had a number.
    pub(crate) fn count(&mut self, slot: Slot, number: Number) {
        if let Some(sender) = self.senders.get_mut(slot.0 as usize) {
            sender.count(number, &mut self.tallies);
        }
    }

    /// How many gaps there were and are.
    pub(crate) fn tallies(&self) -> Tallies {
        self.tallies
    }

    /// Senders that are followed, those of them with gaps, and those that are silent now.
    pub(crate) fn census(&self, now: Timestamp, awaited: impl Fn(&str) -> Awaited) -> (usize, usize, usize) {
        let (mut holed, mut silent) = (0, 0);
        for (name, sender) in self.named() {
            holed += usize::from(sender.gaps().missed() > 0 || sender.lost() > 0);
            silent += usize::from(is_silent(name, sender, now, &awaited));
        }
        (self.senders.len(), holed, silent)
    }

    fn named(&self) -> impl Iterator<Item = (&str, &Sender)> {
        self.by_name.iter().filter_map(|(name, slot)| Some((&**name, self.senders.get(slot.0 as usize)?)))
    }

    fn report(&self, now: Timestamp, awaited: impl Fn(&str) -> Awaited) -> GapReport {
        let mut devices: Vec<DeviceGaps> =
            self.named().filter_map(|(name, sender)| gaps_of(name, sender, now, &awaited)).collect();
        devices.sort_unstable_by(|a, b| {
            let weight = |one: &DeviceGaps| (one.missed + one.overdue, one.lost_messages);
            weight(b).cmp(&weight(a)).then_with(|| a.device.cmp(&b.device))
        });
        let silent = devices.iter().filter(|device| device.overdue > 0).count();
        GapReport { followed: self.senders.len(), turned_away: self.turned_away, silent, devices }
    }
}

/// Whether a sender should have spoken by now. The registry is asked only about those who may have been.
fn is_silent(name: &str, sender: &Sender, now: Timestamp, awaited: &impl Fn(&str) -> Awaited) -> bool {
    overdue(name, sender, now, awaited) > 0
}

fn overdue(name: &str, sender: &Sender, now: Timestamp, awaited: &impl Fn(&str) -> Awaited) -> u64 {
    let now = now.as_nanos();
    if sender.overdue(Awaited::default(), now) == 0 { 0 } else { sender.overdue(awaited(name), now) }
}

fn gaps_of(name: &str, sender: &Sender, now: Timestamp, awaited: &impl Fn(&str) -> Awaited) -> Option<DeviceGaps> {
    let gaps = sender.gaps();
    let (overdue, missed, lost_messages) = (overdue(name, sender, now, awaited), gaps.missed(), sender.lost());
    if overdue == 0 && missed == 0 && lost_messages == 0 {
        return None;
    }
    let span = |nanos: i64| Duration::from_nanos(nanos.unsigned_abs());
    let kind = if sender.is_told() { Interval::Told } else { Interval::Learned };
    let gap = |silence: &super::gaps::Silence| Gap {
        from: Timestamp::from_nanos(silence.from),
        until: Timestamp::from_nanos(silence.until),
        missed: silence.missed,
    };
    Some(DeviceGaps {
        device: name.to_owned(),
        interval: sender.interval().map(|nanos| kind(span(nanos))),
        latest: gaps.latest().map(Timestamp::from_nanos),
        overdue,
        missed,
        gaps: gaps.silences().iter().map(gap).collect(),
        lost_messages,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    fn minute() -> Option<Duration> {
        Some(Duration::from_secs(60))
    }

    #[test]
    fn the_worst_comes_first_and_who_is_not_awaited_is_not_silent() {
        let (mut books, me) = (Books::new(10), TenantId::new("me").unwrap());
        let book = books.of(&me);
        for (name, seconds) in [("whole", 60), ("holed", 300), ("gone", 0), ("retired", 0)] {
            let slot = book.slot(name).unwrap();
            book.expect(slot, minute(), Awaited::default());
            book.hear(slot, at(0));
            book.hear(slot, at(seconds));
        }
        let slot = book.slot("gateway").unwrap();
        book.count(slot, Number::Next { number: 1, round: 256 });
        book.count(slot, Number::Next { number: 4, round: 256 });
        let awaited = |name: &str| if name == "retired" { Awaited::Never } else { Awaited::default() };
        let report = books.report(&me, at(360), awaited);
        let told: Vec<_> = report
            .devices
            .iter()
            .map(|one| (one.device.as_str(), one.missed, one.overdue, one.lost_messages))
            .collect();
        assert_eq!(told, [("gone", 0, 5, 0), ("holed", 4, 0, 0), ("whole", 0, 4, 0), ("gateway", 0, 0, 2)]);
        assert_eq!((report.followed, report.silent), (5, 2));
        assert_eq!(report.devices[1].interval, Some(Interval::Told(Duration::from_secs(60))));
        assert_eq!(report.devices[1].gaps, [Gap { from: at(0), until: at(300), missed: 4 }]);
        let book = books.of(&me);
        assert_eq!(book.census(at(360), awaited), (5, 2, 2));
        assert_eq!((book.tallies().interval.missing, book.tallies().sequence.missing), (4, 2));
        assert_eq!(books.report(&TenantId::new("you").unwrap(), at(0), awaited), GapReport::default());
    }

    #[test]
    fn a_device_without_class_is_missed_by_its_own_rhythm() {
        let (mut books, me) = (Books::new(10), TenantId::new("me").unwrap());
        let book = books.of(&me);
        let slot = book.slot("d").unwrap();
        for minute in (0..20).chain(30..40) {
            book.hear(slot, at(minute * 60));
        }
        let report = books.report(&me, at(39 * 60), |_| Awaited::default());
        assert_eq!(
            (report.devices[0].missed, report.devices[0].interval),
            (10, Some(Interval::Learned(Duration::from_secs(60))))
        );
    }

    #[test]
    fn a_full_book_turns_newcomers_away_and_goes_on_with_those_it_has() {
        let mut book = Book::new(2);
        let slot = book.slot("a");
        assert!(slot.is_some() && book.slot("b").is_some() && book.slot("c").is_none());
        assert_eq!((book.slot("a"), book.turned_away), (slot, 1));
    }
}
