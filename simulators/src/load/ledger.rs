//! The ledger: which numbered messages of which device were sent and which were acknowledged. Against it a store can be held.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Whole numbers as ranges; what is acknowledged in order takes one range, whatever its length.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    /// Adds a number; false when it was there.
    pub fn insert(&mut self, number: u64) -> bool {
        let before = self.0.range(..=number).next_back().map(|(first, last)| (*first, *last));
        if before.is_some_and(|(_, last)| number <= last) {
            return false;
        }
        let first = before.filter(|(_, last)| last + 1 == number).map_or(number, |(first, _)| first);
        let last = number.checked_add(1).and_then(|next| self.0.remove(&next)).unwrap_or(number);
        self.0.insert(first, last);
        true
    }

    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// Whether a number is there.
    pub fn contains(&self, number: u64) -> bool {
        self.0.range(..=number).next_back().is_some_and(|(_, last)| number <= *last)
    }

    /// The numbers in order.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }
}

/// What became of the messages of one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The name under which its readings are kept.
    pub device: String,
    /// How many messages were made; they are numbered from 0 on.
    pub sent: u64,
    /// The numbers that were acknowledged.
    pub acknowledged: Ranges,
}

/// The ledger of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Whose readings.
    pub tenant: String,
    /// The metrics that each message carries; each has the number of the message as its value.
    pub metrics: Vec<String>,
    /// One account for each device.
    pub accounts: Vec<Account>,
}

impl Ledger {
    /// Readings that were acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.accounts.iter().map(|account| account.acknowledged.count()).sum::<u64>() * self.metrics.len() as u64
    }

    /// Writes it as JSON, completely or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let new = path.with_extension("new");
        let mut file = std::fs::File::create(&new)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_data()?;
        std::fs::rename(&new, path)
    }

    /// Reads one that was written.
    ///
    /// # Errors
    /// When there is none, or when the file is something else.
    pub fn read(path: &Path) -> std::io::Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_any_order_become_ranges() {
        let mut ranges = Ranges::default();
        for number in [5, 3, 4, 0, 9, 1, 10, 8] {
            assert!(ranges.insert(number));
        }
        assert!(!ranges.insert(4) && !ranges.insert(0));
        assert_eq!(ranges.iter().collect::<Vec<_>>(), [0, 1, 3, 4, 5, 8, 9, 10]);
        assert_eq!((ranges.count(), ranges.0.len()), (8, 3));
        assert!(ranges.contains(9) && !ranges.contains(2) && !ranges.contains(11));
        assert!(ranges.insert(u64::MAX));
    }

    #[test]
    fn a_ledger_is_read_as_it_was_written() {
        let mut acknowledged = Ranges::default();
        acknowledged.insert(7);
        let ledger = Ledger {
            tenant: "city".to_owned(),
            metrics: vec!["n0".to_owned(), "n1".to_owned()],
            accounts: vec![Account { device: "d".to_owned(), sent: 9, acknowledged }],
        };
        let path = std::env::temp_dir().join(format!("specola-ledger-{}.json", std::process::id()));
        ledger.write(&path).unwrap();
        let read = Ledger::read(&path);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(read.unwrap(), ledger);
        assert_eq!(ledger.acknowledged(), 2);
    }
}
