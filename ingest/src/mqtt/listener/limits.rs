//! How much a client may send, and how many may come from one place.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use model::Duration;
use tokio::time::Instant;

/// What one client may still send: fills up with time, at most one second's worth.
#[derive(Debug)]
pub(super) struct Bucket {
    messages: Fill,
    bytes: Fill,
    at: Instant,
}

#[derive(Debug)]
struct Fill {
    rate: f64,
    left: f64,
}

impl Fill {
    fn new(rate: f64) -> Self {
        Self { rate, left: rate }
    }

    fn pour(&mut self, seconds: f64) {
        if self.rate > 0.0 {
            self.left = (self.left + seconds * self.rate).min(self.rate);
        }
    }

    fn seconds_until_positive(&self) -> f64 {
        if self.rate > 0.0 && self.left < 0.0 { -self.left / self.rate } else { 0.0 }
    }
}

impl Bucket {
    /// A full bucket; a rate of 0 is no limit.
    pub(super) fn new(messages: u32, bytes: u64, now: Instant) -> Self {
        Self { messages: Fill::new(messages.into()), bytes: Fill::new(bytes as f64), at: now }
    }

    /// So much came. What has been read is never refused: the bucket goes below zero and the client waits longer.
    pub(super) fn take(&mut self, messages: usize, bytes: usize) {
        self.messages.left -= messages as f64;
        self.bytes.left -= bytes as f64;
    }

    /// Until when nothing more is to be read; `None` when it may be.
    pub(super) fn closed_until(&mut self, now: Instant) -> Option<Instant> {
        if self.messages.rate == 0.0 && self.bytes.rate == 0.0 {
            return None;
        }
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.messages.pour(seconds);
        self.bytes.pour(seconds);
        let wait = self.messages.seconds_until_positive().max(self.bytes.seconds_until_positive());
        (wait > 0.0).then(|| now + Duration::from_secs_f64(wait.min(60.0)) + Duration::from_millis(1))
    }
}

/// Addresses whose failed logins are remembered. When there are more, those that have waited long enough are forgotten.
const REMEMBERED: usize = 4_096;
/// How long an address is remembered after its last failure.
const MEMORY: Duration = Duration::from_secs(300);

#[derive(Debug, Default)]
struct Place {
    connections: usize,
    failures: u32,
    last: Option<Instant>,
}

/// Who is connected from where, and who failed to log in from where.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    most_each: usize,
    known: Mutex<(usize, HashMap<IpAddr, Place>)>,
}

/// A connection's place, given back when it ends.
#[derive(Debug)]
pub(super) struct Seat {
    places: Arc<Places>,
    address: IpAddr,
}

impl Places {
    /// At most so many connections, and so many from one address (0: as many as there may be).
    pub(super) fn new(most: usize, most_each: usize) -> Arc<Self> {
        let most_each = if most_each == 0 { most } else { most_each };
        Arc::new(Self { most, most_each, known: Mutex::default() })
    }

    /// A place for one more connection from here; an error says which limit there is.
    pub(super) fn seat(self: &Arc<Self>, address: IpAddr) -> Result<Seat, &'static str> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, places) = &mut *known;
        if *all >= self.most {
            return Err("max_connections");
        }
        let place = places.entry(address).or_default();
        if place.connections >= self.most_each {
            return Err("max_connections_per_address");
        }
        place.connections += 1;
        *all += 1;
        Ok(Seat { places: Arc::clone(self), address })
    }
}

impl Seat {
    /// A login failed. Says how long the answer is to be kept back: longer with each failure from the same address.
    pub(super) fn failed(&self, now: Instant) -> Duration {
        let mut known = self.places.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, places) = &mut *known;
        if places.len() > REMEMBERED {
            let stale = |place: &Place| place.last.is_none_or(|last| now.saturating_duration_since(last) > MEMORY);
            places.retain(|_, place| place.connections > 0 || !stale(place));
        }
        let place = places.entry(self.address).or_default();
        if place.last.is_some_and(|last| now.saturating_duration_since(last) > MEMORY) {
            place.failures = 0;
        }
        place.failures = place.failures.saturating_add(1);
        place.last = Some(now);
        Duration::from_millis(100 << place.failures.saturating_sub(1).min(5))
    }

    /// How often logins failed from here of late.
    pub(super) fn failures(&self) -> u32 {
        let known = self.places.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.1.get(&self.address).map_or(0, |place| place.failures)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut known = self.places.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, places) = &mut *known;
        *all = all.saturating_sub(1);
        if let Some(place) = places.get_mut(&self.address) {
            place.connections = place.connections.saturating_sub(1);
            if place.connections == 0 && place.failures == 0 {
                places.remove(&self.address);
            }
        }
        if places.len() > 2 * REMEMBERED {
            places.retain(|_, place| place.connections > 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_lets_through_what_its_rate_says() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10, 0, start);
        bucket.take(10, 1_000_000);
        assert_eq!(bucket.closed_until(start), None, "a second's worth may come at once");
        bucket.take(5, 0);
        let open = bucket.closed_until(start).unwrap().saturating_duration_since(start);
        assert!((0.5..0.6).contains(&open.as_secs_f64()), "{open:?}");
        assert_eq!(bucket.closed_until(start + open), None);
        let mut free = Bucket::new(0, 0, start);
        free.take(1_000_000, usize::MAX);
        assert_eq!(free.closed_until(start), None);
    }

    #[test]
    fn places_are_bounded_in_all_and_for_each_address_and_come_back() {
        let places = Places::new(3, 2);
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let first = places.seat(here).unwrap();
        let _second = places.seat(here).unwrap();
        assert_eq!(places.seat(here).unwrap_err(), "max_connections_per_address");
        let _third = places.seat(there).unwrap();
        assert_eq!(places.seat(there).unwrap_err(), "max_connections");
        drop(first);
        assert!(places.seat(here).is_ok());
    }

    #[test]
    fn failures_are_answered_more_and_more_slowly_and_forgotten() {
        let seat = Places::new(9, 0).seat(IpAddr::from([10, 0, 0, 1])).unwrap();
        let start = Instant::now();
        let waits = (0..8).map(|_| seat.failed(start).as_millis()).collect::<Vec<_>>();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 3200, 3200]);
        assert_eq!(seat.failures(), 8);
        assert_eq!(seat.failed(start + MEMORY + Duration::from_secs(1)).as_millis(), 100);
    }
}
