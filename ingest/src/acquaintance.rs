//! Whom the decoders have met: devices and their series with the way in which their readings are judged, ready for use.
//!
//! A series is looked up and its class asked once; afterwards a reading costs a comparison with the name that followed the last time, or two look-ups,
//! and no allocation. When the registry changes, each device
//! is asked about again at its next word.

use std::collections::HashMap;
use std::sync::Arc;

use model::{DeviceId, Duration, InvalidId, MetricName, Series, TenantId, Timestamp, Unit};

use crate::class::{Clock, Metric, Profile, Spoken};
use crate::ledger::{Book, Slot};
use crate::{Awaited, Directory};

/// The devices of one tenant. Bounded: when full it starts again, which costs speed for a moment and nothing else.
pub(crate) struct Acquaintances {
    tenant: TenantId,
    by_name: HashMap<Box<str>, usize>,
    devices: Vec<Device>,
    /// Series of all devices.
    series: usize,
    capacity: usize,
}

/// The place of a device. Good until the next device is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat(usize);

struct Device {
    id: DeviceId,
    /// The generation of the directory by which it was asked about.
    asked: u64,
    known: bool,
    profile: Option<Arc<Profile>>,
    awaited: Awaited,
    /// Its place in the ledger, once it has been asked for.
    slot: Option<Slot>,
    by_name: HashMap<Arc<str>, usize>,
    met: Vec<Met>,
    /// The series that is expected next: devices say what they measure in the same order again and again.
    next: usize,
}

/// One series.
pub(crate) struct Met {
    /// The name that senders give it.
    sent: Arc<str>,
    /// Its names.
    pub(crate) series: Arc<Series>,
    /// What its class says about it.
    pub(crate) metric: Option<Metric>,
    /// The unit that was sent last, and what it means here.
    unit: Unit,
    spoken: Spoken,
    /// The number that it said last, and the time since when it has said only that.
    held: Option<(f64, Timestamp)>,
}

impl Met {
    /// What a sender's unit means for this series. Senders seldom change their mind, so the last answer is kept; `known` finds the unit of another text.
    pub(crate) fn spoken(&mut self, unit: &str, known: impl FnOnce(&str) -> Unit) -> Spoken {
        if self.unit.as_str().unwrap_or_default() != unit {
            self.unit = known(unit);
            self.spoken = self.metric.as_ref().map_or(Spoken::AsSent, |metric| metric.spoken(unit));
        }
        self.spoken
    }

    /// Whether the sensor has said this number, and no other, for longer than its class believes.
    pub(crate) fn is_frozen(&mut self, number: f64, time: Timestamp) -> bool {
        let Some(longest) = self.metric.as_ref().and_then(|metric| metric.frozen) else { return false };
        match self.held {
            Some((held, since)) if held.to_bits() == number.to_bits() => time.since(since) >= longest,
            // What comes late says nothing about the present.
            Some((_, since)) if time < since => false,
            _ => {
                self.held = Some((number, time));
                false
            }
        }
    }

    /// The unit that was sent last, as it is kept when it stays as sent.
    pub(crate) fn as_sent(&self) -> Unit {
        self.unit.clone()
    }
}

impl Acquaintances {
    /// Nobody yet; about `capacity` series are remembered at most.
    pub(crate) fn new(tenant: TenantId, capacity: usize) -> Self {
        Self { tenant, by_name: HashMap::new(), devices: Vec::new(), series: 0, capacity: capacity.max(1) }
    }

    /// The device of this name, and whether the registry knows it. The registry is asked when the device is new here or the registry has changed,
    /// and, until it knows it, each time; `welcome` says how a device is judged that it does not know.
    pub(crate) fn device(
        &mut self,
        name: &str,
        directory: &dyn Directory,
        generation: u64,
        welcome: impl FnOnce() -> Option<Arc<Profile>>,
    ) -> Result<(Seat, bool), InvalidId> {
        let seat = match self.by_name.get(name) {
            Some(seat) => *seat,
            None => self.meet(DeviceId::new(name)?, generation),
        };
        let device = &mut self.devices[seat];
        if !device.known || device.asked != generation {
            device.asked = generation;
            device.known = directory.knows(&self.tenant, name);
            device.awaited = directory.awaited(&self.tenant, name);
            let profile = if device.known { directory.profile(&self.tenant, name) } else { welcome() };
            self.series -= device.judge_by(profile);
        }
        Ok((Seat(seat), self.devices[seat].known))
    }

    fn meet(&mut self, id: DeviceId, generation: u64) -> usize {
        if self.devices.len() >= self.capacity {
            self.by_name.clear();
            self.devices.clear();
            self.series = 0;
        }
        let seat = self.devices.len();
        self.by_name.insert(id.as_str().into(), seat);
        let (by_name, met) = (HashMap::new(), Vec::new());
        let (profile, awaited, slot) = (None, Awaited::default(), None);
        let (asked, known, next) = (generation, false, 0);
        self.devices.push(Device { id, asked, known, profile, awaited, slot, by_name, met, next });
        seat
    }

    /// The full name of the device that was looked up last.
    pub(crate) fn id(&self, seat: Seat) -> &DeviceId {
        &self.devices[seat.0].id
    }

    /// The place in the ledger of the device that was looked up last, where what is expected of it is written down; none when the ledger is full.
    pub(crate) fn follow(&mut self, seat: Seat, book: &mut Book) -> Option<Slot> {
        let device = &mut self.devices[seat.0];
        let slot = device.slot.or_else(|| book.slot(device.id.as_str()))?;
        device.slot = Some(slot);
        book.expect(slot, device.profile.as_ref().and_then(|profile| profile.interval), device.awaited);
        Some(slot)
    }

    /// How far the clock of the device is believed that was looked up last.
    pub(crate) fn clock(&self, seat: Seat) -> Option<Clock> {
        self.devices[seat.0].profile.as_ref().and_then(|profile| profile.clock)
    }

    /// How late the readings may come of the device that was looked up last.
    pub(crate) fn late(&self, seat: Seat) -> Option<Duration> {
        self.devices[seat.0].profile.as_ref().and_then(|profile| profile.late)
    }

    /// A series of the device that was looked up last.
    pub(crate) fn series(&mut self, seat: Seat, metric: &str) -> Result<&mut Met, InvalidId> {
        let Self { tenant, devices, series, capacity, .. } = self;
        let device = &mut devices[seat.0];
        let known = device.expected(metric).or_else(|| device.by_name.get(metric).copied());
        let at = match known {
            Some(at) => at,
            None => {
                if *series >= *capacity {
                    devices.iter_mut().for_each(Device::forget);
                    *series = 0;
                }
                *series += 1;
                devices[seat.0].hear_of(tenant, metric)?
            }
        };
        let device = &mut devices[seat.0];
        device.next = if at + 1 < device.met.len() { at + 1 } else { 0 };
        Ok(&mut device.met[at])
    }
}

impl Device {
    fn expected(&self, metric: &str) -> Option<usize> {
        self.met.get(self.next).filter(|met| *met.sent == *metric).map(|_| self.next)
    }

    fn forget(&mut self) {
        self.by_name.clear();
        self.met.clear();
    }

    /// Takes in what its class says now; returns how many series were forgotten because of it.
    fn judge_by(&mut self, profile: Option<Arc<Profile>>) -> usize {
        let same = match (&self.profile, &profile) {
            (Some(before), Some(now)) => Arc::ptr_eq(before, now),
            (None, None) => true,
            _ => false,
        };
        if same {
            return 0;
        }
        let forgotten = self.met.len();
        self.forget();
        self.profile = profile;
        forgotten
    }

    fn hear_of(&mut self, tenant: &TenantId, sent: &str) -> Result<usize, InvalidId> {
        let metric = self.profile.as_ref().and_then(|profile| profile.metric(sent)).cloned();
        let name = metric.as_ref().map_or_else(|| MetricName::new(sent), |metric| Ok(metric.name.clone()))?;
        // Two names that senders give to one metric lead to one series.
        let shared = self.met.iter().find(|met| met.series.metric == name).map(|met| Arc::clone(&met.series));
        let (tenant, device) = (tenant.clone(), self.id.clone());
        let series = shared.unwrap_or_else(|| Arc::new(Series { tenant, device, metric: name }));
        let spoken = metric.as_ref().map_or(Spoken::AsSent, |metric| metric.spoken(""));
        let sent: Arc<str> = sent.into();
        self.by_name.insert(Arc::clone(&sent), self.met.len());
        self.met.push(Met { sent, series, metric, unit: Unit::NONE, spoken, held: None });
        Ok(self.met.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::class::Classes;

    /// A registry that counts how often it is asked.
    struct Counting {
        asked: AtomicUsize,
        profile: Option<Arc<Profile>>,
    }

    impl Directory for Counting {
        fn knows(&self, _: &TenantId, device: &str) -> bool {
            self.asked.fetch_add(1, Ordering::Relaxed);
            device != "new"
        }

        fn profile(&self, _: &TenantId, _: &str) -> Option<Arc<Profile>> {
            self.profile.clone()
        }
    }

    fn met(capacity: usize) -> Acquaintances {
        Acquaintances::new(TenantId::new("me").unwrap(), capacity)
    }

    fn nobody() -> Counting {
        Counting { asked: AtomicUsize::new(0), profile: None }
    }

    #[test]
    fn a_known_device_is_asked_about_once_and_again_when_the_registry_has_changed() {
        let (mut met, registry) = (met(10), nobody());
        for generation in [1, 1, 1, 2, 2] {
            assert!(met.device("old", &registry, generation, || None).unwrap().1);
        }
        assert_eq!(registry.asked.load(Ordering::Relaxed), 2);
        for _ in 0..3 {
            assert!(!met.device("new", &registry, 2, || None).unwrap().1);
        }
        assert_eq!(registry.asked.load(Ordering::Relaxed), 5);
    }

    #[test]
    fn the_same_names_give_the_same_object_and_a_full_table_starts_again() {
        let (mut met, registry) = (met(4), nobody());
        let mut series = |device: &str, metric: &str| {
            let (seat, _) = met.device(device, &registry, 0, || None).unwrap();
            Arc::clone(&met.series(seat, metric).unwrap().series)
        };
        let first = series("d", "a");
        assert!(Arc::ptr_eq(&first, &series("d", "a")));
        series("d", "b");
        series("e", "a");
        series("f", "a");
        series("g", "a");
        assert!(!Arc::ptr_eq(&first, &series("d", "a")));
        assert_eq!(first, series("d", "a"));
        assert!(met.series <= 4 && met.devices.len() <= 4);
    }

    #[test]
    fn a_changed_class_renames_at_the_next_word_and_two_names_are_one_series() {
        let text = "[[class]]\nkey = \"x\"\ndomain = \"d\"\n[class.metrics.temperature]\nfrom = [\"t\", \"temp\"]\n";
        let (classes, mistakes) = Classes::parse([("x.toml".to_owned(), text.to_owned())]);
        assert_eq!(mistakes, []);
        let (mut met, mut registry) = (met(10), nobody());
        let mut name = |registry: &Counting, generation: u64, metric: &str| {
            let (seat, _) = met.device("d", registry, generation, || None).unwrap();
            Arc::clone(&met.series(seat, metric).unwrap().series)
        };
        assert_eq!(name(&registry, 0, "temp").metric.as_str(), "temp");
        registry.profile = classes.get("x").map(|class| Arc::clone(&class.profile));
        assert_eq!(name(&registry, 0, "temp").metric.as_str(), "temp");
        let renamed = name(&registry, 1, "temp");
        assert_eq!(renamed.metric.as_str(), "temperature");
        assert!(Arc::ptr_eq(&renamed, &name(&registry, 1, "t")));
        assert!(Arc::ptr_eq(&renamed, &name(&registry, 1, "temperature")));
    }
}
