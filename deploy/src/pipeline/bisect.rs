//! Finds the readings that the store can never take among those that it can: the poison goes, the rest is kept.

use async_trait::async_trait;
use ingest::NotStored;
use model::{Reading, ReadingBatch};
use store::{NotKept, Receipt};

/// Who keeps a batch, trying again as long as that can help.
#[async_trait]
pub(super) trait Append: Sync {
    /// Keeps a batch; an error means that trying again cannot help.
    async fn append(&self, batch: &ReadingBatch) -> store::Result<Receipt>;
}

/// What became of readings.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// New and on disk, in the order given.
    pub(super) fresh: Vec<Reading>,
    /// The others, by their number in what was given, in rising order.
    pub(super) not_stored: Vec<(usize, NotStored)>,
    /// Those that can never be kept, with their number and the reason.
    pub(super) poison: Vec<(usize, Reading, store::Error)>,
}

/// Keeps all readings that can be kept. Fails when the store as a whole refuses: no reading is to blame for that, and none is kept or refused by it.
pub(super) async fn keep_what_can_be(readings: Vec<Reading>, shelf: &dyn Append) -> store::Result<Sorted> {
    let mut sorted = Sorted { fresh: Vec::with_capacity(readings.len()), ..Sorted::default() };
    // Parts are kept in the order of their readings, so the numbers of the exceptions rise.
    let mut pending = vec![(0, readings)];
    while let Some((first, part)) = pending.pop() {
        let Some(batch) = ReadingBatch::new(part) else { continue };
        match shelf.append(&batch).await {
            Ok(receipt) => {
                let why = |why| match why {
                    NotKept::Duplicate => NotStored::Duplicate,
                    NotKept::Conflict => NotStored::Conflict,
                };
                sorted.not_stored.extend(receipt.not_kept.iter().map(|(at, not)| (first + at, why(*not))));
                sorted.fresh.extend(receipt.kept);
            }
            Err(error) if error.is_of_the_store() => return Err(error),
            Err(error) => {
                let mut part = batch.into_readings();
                if part.len() > 1 {
                    // One of them is poison: the halves are tried alone until it is found. The first half goes first.
                    let half = part.len() / 2;
                    let second = part.split_off(half);
                    pending.push((first + half, second));
                    pending.push((first, part));
                } else if let Some(reading) = part.pop() {
                    sorted.not_stored.push((first, NotStored::Unstorable));
                    sorted.poison.push((first, reading, error));
                }
            }
        }
    }
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::{Arc, Mutex};

    use model::{DeviceId, MetricName, Quality, Series, TenantId, Timestamp, Unit, Value};

    use super::*;

    /// Refuses a batch with a poisonous number in it, and knows what it has.
    #[derive(Default)]
    struct Picky {
        poison: HashSet<usize>,
        kept: Mutex<HashSet<i64>>,
    }

    #[async_trait]
    impl Append for Picky {
        async fn append(&self, batch: &ReadingBatch) -> store::Result<Receipt> {
            let number = |reading: &Reading| reading.time.as_nanos();
            if batch.readings().iter().any(|reading| self.poison.contains(&(number(reading) as usize))) {
                return Err(store::Error::QueryFailed("poison".into()));
            }
            let mut kept = self.kept.lock().unwrap();
            let mut receipt = Receipt::default();
            for (at, reading) in batch.readings().iter().enumerate() {
                if kept.insert(number(reading)) {
                    receipt.kept.push(reading.clone());
                } else {
                    receipt.duplicates += 1;
                    receipt.not_kept.push((at, NotKept::Duplicate));
                }
            }
            Ok(receipt)
        }
    }

    fn reading(number: usize) -> Reading {
        Reading {
            series: Arc::new(Series {
                tenant: TenantId::new("city").unwrap(),
                device: DeviceId::new("lamp").unwrap(),
                metric: MetricName::new("power").unwrap(),
            }),
            time: Timestamp::from_nanos(number as i64),
            received: Timestamp::EPOCH,
            value: Value::Number(1.0),
            unit: Unit::NONE,
            quality: Quality::Good,
        }
    }

    #[tokio::test]
    async fn poison_is_found_wherever_it_stands_and_the_rest_is_kept_in_order() {
        let cases: [&[usize]; 6] = [&[], &[0], &[99], &[0, 1, 98, 99], &[50], &[7, 8, 9, 41, 77]];
        for poison in cases {
            let shelf = Picky { poison: poison.iter().copied().collect(), ..Picky::default() };
            // The last ten come twice.
            let given: Vec<Reading> = (0..100).chain(90..100).map(reading).collect();
            let sorted = keep_what_can_be(given, &shelf).await.unwrap();
            let fresh: Vec<usize> = sorted.fresh.iter().map(|reading| reading.time.as_nanos() as usize).collect();
            assert_eq!(fresh, (0..100).filter(|n| !poison.contains(n)).collect::<Vec<_>>(), "{poison:?}");
            let expected: Vec<(usize, NotStored)> = (0..110)
                .filter_map(|at| {
                    let number = if at < 100 { at } else { at - 10 };
                    match (poison.contains(&number), at >= 100) {
                        (true, _) => Some((at, NotStored::Unstorable)),
                        (false, true) => Some((at, NotStored::Duplicate)),
                        (false, false) => None,
                    }
                })
                .collect();
            assert_eq!(sorted.not_stored, expected, "{poison:?}");
            let found: Vec<usize> =
                sorted.poison.iter().map(|(_, reading, _)| reading.time.as_nanos() as usize).collect();
            let twice = poison.iter().filter(|n| **n >= 90).copied();
            assert_eq!(found, poison.iter().copied().chain(twice).collect::<Vec<_>>());
        }
    }

    /// A store that is about to end.
    struct Closing;

    #[async_trait]
    impl Append for Closing {
        async fn append(&self, _: &ReadingBatch) -> store::Result<Receipt> {
            Err(store::Error::Closing)
        }
    }

    #[tokio::test]
    async fn no_reading_is_to_blame_for_a_store_that_takes_nothing_more() {
        let outcome = keep_what_can_be((0..3).map(reading).collect(), &Closing).await;
        assert!(matches!(outcome, Err(store::Error::Closing)), "{outcome:?}");
    }
}
