//! What must be looked at when, on the engine's running time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use model::Timestamp;

/// Whom a timer wakes: an index into the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wake {
    Subject(usize),
    Watch(usize),
}

/// A heap of wakes. A wake may come too early, since a reading that moves a moment on leaves the heap alone: the woken looks at its own
/// due time and asks again. So a reading costs no heap operation, and each watch and subject has at most a few entries.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(Timestamp, Wake)>>,
}

impl Timers {
    pub(super) fn add(&mut self, due: Timestamp, wake: Wake) {
        self.heap.push(Reverse((due, wake)));
    }

    pub(super) fn pop(&mut self, running: Timestamp) -> Option<Wake> {
        if self.next()? > running {
            return None;
        }
        self.heap.pop().map(|Reverse((_, wake))| wake)
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse((due, _))| *due)
    }

    pub(super) fn clear(&mut self) {
        self.heap.clear();
    }
}
