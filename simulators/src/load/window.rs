//! What one client has on its way: messages by packet id, until they are acknowledged.

use tokio::time::Instant;

/// A message on its way. From its number and time it can be made again, byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OnTheWay {
    pub(super) number: u64,
    pub(super) nanos: i64,
    /// When it was due: latency counts from here, so that a broker that stalls is not forgiven what it kept from being sent.
    pub(super) due: Instant,
    /// Whether the broker has it (QoS 2) and only the last step is missing.
    pub(super) taken: bool,
}

/// The window of one client. Packet ids are places in it, from 1 on.
#[derive(Debug)]
pub(super) struct Window {
    places: Vec<Option<OnTheWay>>,
    free: Vec<u16>,
}

impl Window {
    pub(super) fn new(size: u16) -> Self {
        Self { places: vec![None; size.into()], free: (1..=size).rev().collect() }
    }

    pub(super) fn is_full(&self) -> bool {
        self.free.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.free.len() == self.places.len()
    }

    /// Enters a message; its packet id.
    pub(super) fn enter(&mut self, message: OnTheWay) -> Option<u16> {
        let id = self.free.pop()?;
        self.places[usize::from(id) - 1] = Some(message);
        Some(id)
    }

    /// The broker has the message with this packet id.
    pub(super) fn get_mut(&mut self, id: [u8; 2]) -> Option<&mut OnTheWay> {
        let place = usize::from(u16::from_be_bytes(id)).checked_sub(1)?;
        self.places.get_mut(place)?.as_mut()
    }

    /// The message with this packet id is done.
    pub(super) fn leave(&mut self, id: [u8; 2]) -> Option<OnTheWay> {
        let number = u16::from_be_bytes(id);
        let message = self.places.get_mut(usize::from(number).checked_sub(1)?)?.take()?;
        self.free.push(number);
        Some(message)
    }

    /// Everything that was on its way when a connection was lost and is not known to have come, in the order of its making.
    pub(super) fn empty(&mut self) -> Vec<OnTheWay> {
        let mut lost: Vec<OnTheWay> =
            self.places.iter_mut().filter_map(Option::take).filter(|one| !one.taken).collect();
        lost.sort_unstable_by_key(|message| message.number);
        self.free = (1..=self.places.len() as u16).rev().collect();
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u64) -> OnTheWay {
        OnTheWay { number, nanos: 0, due: Instant::now(), taken: false }
    }

    #[test]
    fn an_id_is_used_again_only_after_its_acknowledgement() {
        let mut window = Window::new(2);
        assert_eq!((window.enter(message(0)), window.enter(message(1))), (Some(1), Some(2)));
        assert!(window.is_full() && window.enter(message(2)).is_none());
        assert_eq!(window.leave([0, 2]).map(|one| one.number), Some(1));
        assert_eq!(window.leave([0, 2]), None);
        assert_eq!(window.leave([0, 0]), None);
        assert_eq!(window.leave([9, 9]), None);
        assert_eq!(window.enter(message(2)), Some(2));
        assert_eq!(window.empty().iter().map(|one| one.number).collect::<Vec<_>>(), [0, 2]);
        assert!(window.is_empty());
    }

    #[test]
    fn what_the_broker_has_taken_is_not_sent_again() {
        let mut window = Window::new(2);
        window.enter(message(0)).unwrap();
        window.enter(message(1)).unwrap();
        window.get_mut([0, 1]).unwrap().taken = true;
        assert_eq!(window.empty().iter().map(|one| one.number).collect::<Vec<_>>(), [1]);
    }
}
