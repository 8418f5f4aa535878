//! Sequence numbers of one node: is a message missing, and for how long already?

use model::{Duration, Timestamp};

/// What has been heard of the numbers 0 to 255 that go round.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    /// The number that comes next; none while nothing is known.
    next: Option<u8>,
    /// The number that came last.
    last: u8,
    /// Numbers that came before their turn, one bit each.
    early: [u64; 4],
    /// Since when a number is missing.
    gap: Option<Timestamp>,
}

impl Sequence {
    /// A birth with this number begins a new count.
    pub(super) fn begin(&mut self, number: Option<u8>) {
        *self = Self { next: number.map(|number| number.wrapping_add(1)), ..Self::default() };
    }

    /// Takes the number of a message. Says whether a gap has just opened.
    pub(super) fn hear(&mut self, number: u8, at: Timestamp) -> bool {
        let Some(next) = self.next else { return false };
        if number == next.wrapping_sub(1) || self.is_early(number) {
            // The same message again, as over two subscriptions.
            return false;
        }
        self.last = number;
        if number != next {
            self.early[usize::from(number / 64)] |= 1 << (number % 64);
            let opened = self.gap.is_none();
            self.gap.get_or_insert(at);
            return opened;
        }
        let mut next = next.wrapping_add(1);
        while self.is_early(next) {
            self.early[usize::from(next / 64)] &= !(1 << (next % 64));
            next = next.wrapping_add(1);
        }
        self.next = Some(next);
        if self.early == [0; 4] {
            self.gap = None;
        }
        false
    }

    /// When the gap that is open now must have closed.
    pub(super) fn due(&self, wait: Duration) -> Option<Timestamp> {
        self.gap.map(|since| since.plus(wait))
    }

    /// Gives up what is missing and goes on with what came last.
    pub(super) fn give_up(&mut self) {
        self.begin(Some(self.last));
    }

    fn is_early(&self, number: u8) -> bool {
        self.early[usize::from(number / 64)] >> (number % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::EPOCH;

    /// Whether a gap is open after a birth with the first of these numbers and messages with the others.
    #[track_caller]
    fn check(numbers: &[u8], open: bool) -> Sequence {
        let mut sequence = Sequence::default();
        sequence.begin(Some(numbers[0]));
        for number in &numbers[1..] {
            sequence.hear(*number, AT);
        }
        assert_eq!(sequence.due(Duration::ZERO).is_some(), open, "{numbers:?}");
        sequence
    }

    #[test]
    fn numbers_in_order_leave_no_gap_and_go_round() {
        check(&[0, 1, 2, 3], false);
        check(&[254, 255, 0, 1], false);
        check(&(0..=255).chain(0..=255).collect::<Vec<_>>(), false);
    }

    #[test]
    fn a_missing_number_opens_a_gap_and_its_coming_closes_it() {
        check(&[0, 2], true);
        check(&[0, 2, 3, 4], true);
        check(&[0, 2, 1], false);
        check(&[0, 3, 2, 1, 4], false);
        check(&[0, 2, 4, 1], true);
        check(&[255, 1, 0], false);
        check(&[10, 9], true);
    }

    #[test]
    fn the_same_message_twice_is_no_gap() {
        check(&[0, 1, 1, 2, 2], false);
        check(&[0, 2, 2, 1, 3], false);
    }

    #[test]
    fn a_gap_opens_once_and_counts_from_its_first_sign() {
        let mut sequence = Sequence::default();
        sequence.begin(Some(0));
        let later = AT.plus(Duration::from_secs(1));
        assert!(sequence.hear(2, AT));
        assert!(!sequence.hear(3, later));
        assert_eq!(sequence.due(Duration::from_secs(2)), Some(AT.plus(Duration::from_secs(2))));
    }

    #[test]
    fn what_is_given_up_is_not_missed_again() {
        let mut sequence = check(&[0, 5, 6], true);
        sequence.give_up();
        assert!(!sequence.hear(7, AT));
        assert_eq!(sequence.due(Duration::ZERO), None);
    }

    #[test]
    fn without_a_birth_nothing_is_missing() {
        let mut sequence = Sequence::default();
        assert!(!sequence.hear(7, AT) && !sequence.hear(200, AT));
    }
}
