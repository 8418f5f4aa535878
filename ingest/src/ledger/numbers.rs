//! The numbers that a sender gives to its messages: which of them never came.

use std::ops::Range;

use super::tally::Tally;

/// Holes that are remembered one by one. Older ones stay counted.
const HOLES: usize = 16;
/// A number so far ahead is no gap: the sender counts anew. LoRaWAN networks draw the same line.
const JUMP: u64 = 16_384;
/// A number so little behind that is no hole was sent twice.
const REPEATED: u64 = 64;

/// What a message says about its place among those of its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// It has this number; after `round` numbers the count goes on with 0.
    Next {
        /// The number.
        number: u64,
        /// How many numbers there are; at least 2.
        round: u64,
    },
    /// It is the first of a new count and has this number.
    First {
        /// The number.
        number: u64,
        /// How many numbers there are; at least 2.
        round: u64,
    },
    /// A new count begins with the next message.
    Anew,
}

/// The count of one sender. Numbers that go round are unrolled, so that they only grow.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    /// The number that comes next; none at the beginning of a count.
    next: Option<u64>,
    /// Numbers that have not come, in order, at most [`HOLES`].
    holes: Vec<Range<u64>>,
    /// How many are missing in holes that are no longer remembered.
    older: u64,
}

impl Numbers {
    /// A message came.
    pub(super) fn hear(&mut self, number: Number, tally: &mut Tally) {
        match number {
            Number::Anew => self.end(),
            Number::First { number, round } => {
                self.end();
                self.begin(number, round.max(2));
            }
            Number::Next { number, round } => self.count(number, round.max(2), tally),
        }
    }

    fn count(&mut self, number: u64, round: u64, tally: &mut Tally) {
        let Some(next) = self.next else { return self.begin(number, round) };
        let ahead = (number % round + round - next % round) % round;
        if ahead < JUMP.min(round / 2) {
            let number = next + ahead;
            if ahead > 0 {
                self.holes.push(next..number);
                self.forget_old();
                tally.open(ahead);
            }
            self.next = Some(number + 1);
            return;
        }
        let behind = round - ahead;
        let late = next.checked_sub(behind);
        if late.is_some_and(|late| self.fill(late, tally)) || behind <= REPEATED.min(round / 4) {
            return;
        }
        self.end();
        self.begin(number, round);
    }

    fn begin(&mut self, number: u64, round: u64) {
        // A round above zero, so that what is behind the first number has a number too.
        self.next = Some(round + number % round + 1);
    }

    /// The present count is over; what is missing of it will not come.
    fn end(&mut self) {
        self.older += self.holes.drain(..).map(|hole| hole.end - hole.start).sum::<u64>();
        self.next = None;
    }

    /// Whether a late number was missing.
    fn fill(&mut self, number: u64, tally: &mut Tally) -> bool {
        let at = self.holes.partition_point(|hole| hole.end <= number);
        let Some(hole) = self.holes.get(at).cloned().filter(|hole| hole.start <= number) else { return false };
        let pieces = [hole.start..number, number + 1..hole.end];
        let left = || pieces.iter().filter(|piece| !piece.is_empty());
        tally.fill(hole.end - hole.start, left().map(|piece| piece.end - piece.start));
        self.holes.splice(at..=at, left().cloned());
        self.forget_old();
        true
    }

    fn forget_old(&mut self) {
        if self.holes.len() > HOLES {
            let oldest = self.holes.remove(0);
            self.older += oldest.end - oldest.start;
        }
    }

    /// Messages that never came.
    pub(super) fn missing(&self) -> u64 {
        self.older + self.holes.iter().map(|hole| hole.end - hole.start).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LORA: u64 = 1 << 32;

    #[track_caller]
    fn check(numbers: &[u64], round: u64, missing: u64) -> Tally {
        let (mut count, mut tally) = (Numbers::default(), Tally::default());
        for number in numbers {
            count.hear(Number::Next { number: *number, round }, &mut tally);
        }
        assert_eq!((count.missing(), tally.missing), (missing, missing), "{numbers:?}");
        tally
    }

    #[test]
    fn a_number_that_is_left_out_is_missing_until_it_comes() {
        check(&[5, 6, 7], LORA, 0);
        check(&[5, 9], LORA, 3);
        let closed = check(&[5, 7, 6], LORA, 0);
        assert_eq!((closed.opened, closed.closed), (1, 1));
        let split = check(&[5, 11, 8], LORA, 4);
        assert_eq!((split.opened, split.closed), (2, 0));
        check(&[5, 9, 9, 5, 8], LORA, 2);
    }

    #[test]
    fn numbers_go_round() {
        check(&[254, 255, 0, 1], 256, 0);
        check(&[254, 1], 256, 2);
        check(&[254, 1, 255, 0], 256, 0);
        check(&[0, 127], 256, 126);
        check(&[LORA - 1, 0, 1], LORA, 0);
        check(&[65_535, 1], 65_536, 1);
    }

    #[test]
    fn a_sender_that_begins_anew_misses_nothing() {
        check(&[5_000, 0, 1, 2], LORA, 0);
        check(&[40, 0, 1, 2, 41], LORA, 0);
        check(&[5, 40_000, 40_001], LORA, 0);
        let (mut count, mut tally) = (Numbers::default(), Tally::default());
        for number in [Number::Next { number: 9, round: 256 }, Number::Anew, Number::Next { number: 40, round: 256 }] {
            count.hear(number, &mut tally);
        }
        count.hear(Number::First { number: 0, round: 256 }, &mut tally);
        count.hear(Number::Next { number: 2, round: 256 }, &mut tally);
        assert_eq!((count.missing(), tally.opened), (1, 1));
    }

    proptest! {
        #[test]
        fn whatever_numbers_come_the_counts_agree(numbers in proptest::collection::vec(any::<u64>(), 0..60), round in 0..300_u64) {
            let (mut count, mut tally) = (Numbers::default(), Tally::default());
            for number in numbers {
                count.hear(Number::Next { number, round }, &mut tally);
                prop_assert_eq!(count.missing(), tally.missing);
                prop_assert!(count.holes.len() <= HOLES && tally.closed <= tally.opened);
                prop_assert!(count.holes.windows(2).all(|pair| pair[0].end <= pair[1].start));
            }
        }

        #[test]
        fn what_is_shuffled_within_a_few_messages_loses_nothing(blocks in proptest::collection::vec(Just((0..12_u64).collect::<Vec<_>>()).prop_shuffle(), 1..40)) {
            let (mut count, mut tally) = (Numbers::default(), Tally::default());
            count.hear(Number::First { number: 255, round: 256 }, &mut tally);
            for (block, order) in (0..).zip(blocks) {
                for number in order {
                    count.hear(Number::Next { number: (block * 12 + number) % 256, round: 256 }, &mut tally);
                }
            }
            prop_assert_eq!((count.missing(), tally.opened), (0, tally.closed));
        }
    }
}
