//! How many gaps there were, are, and how much is missing in them.

/// Gaps of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    /// Gaps that were found.
    pub(crate) opened: u64,
    /// Gaps that were filled by what came late.
    pub(crate) closed: u64,
    /// What is missing now.
    pub(crate) missing: u64,
}

/// Gaps of all devices of a tenant, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tallies {
    /// Times at which a device should have spoken.
    pub(crate) interval: Tally,
    /// Messages that were numbered and never came.
    pub(crate) sequence: Tally,
}

impl Tally {
    /// A gap was found.
    pub(super) fn open(&mut self, missing: u64) {
        self.opened += 1;
        self.missing += missing;
    }

    /// A gap in which so much was missing became none, one or more smaller ones.
    pub(super) fn fill(&mut self, missing: u64, left: impl Iterator<Item = u64>) {
        self.missing = self.missing.saturating_sub(missing);
        let mut pieces = 0;
        for missing in left {
            pieces += 1;
            self.missing += missing;
        }
        match pieces {
            0 => self.closed += 1,
            more => self.opened += more - 1,
        }
    }
}
