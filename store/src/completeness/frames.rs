//! Messages that a device numbered and that never came, by the counters that are kept with its readings.

use std::collections::BTreeMap;

use model::{DeviceId, MetricName};

/// The metric in which decoders keep a device's own count of its messages.
const FRAMES: &str = "_f_cnt";
/// A counter that leaps so far has begun anew.
const JUMP: f64 = 16_384.0;

/// The counters that were heard.
#[derive(Debug)]
pub(super) struct Frames {
    pub(super) metric: MetricName,
    devices: BTreeMap<DeviceId, Counter>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counter {
    last: Option<f64>,
    lost: u64,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self { metric: MetricName::new(FRAMES).expect("the name is well formed"), devices: BTreeMap::new() }
    }

    /// A counter had these values, in order. What was heard before the window only says what comes next.
    pub(super) fn hear(&mut self, device: &DeviceId, counts: &[f64], inside: bool) {
        if !self.devices.contains_key(device) {
            self.devices.insert(device.clone(), Counter::default());
        }
        let Some(counter) = self.devices.get_mut(device) else { return };
        for count in counts.iter().copied().filter(|count| count.is_finite()) {
            let step = counter.last.replace(count).map_or(1.0, |last| count - last);
            // One that goes back has begun anew.
            if inside && step > 1.0 && step < JUMP {
                counter.lost += (step - 1.0) as u64;
            }
        }
    }

    /// Messages of a device that never came.
    pub(super) fn lost(&self, device: &DeviceId) -> u64 {
        self.devices.get(device).map_or(0, |counter| counter.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_leaves_numbers_out_has_lost_messages_and_one_that_begins_anew_has_not() {
        let check = |before: &[f64], counts: &[f64], lost: u64| {
            let (mut frames, device) = (Frames::new(), DeviceId::new("lamp").unwrap());
            frames.hear(&device, before, false);
            counts.iter().for_each(|count| frames.hear(&device, &[*count], true));
            assert_eq!(frames.lost(&device), lost, "{before:?} {counts:?}");
        };
        check(&[], &[5.0, 6.0, 9.0], 2);
        check(&[1.0, 4.0], &[6.0, f64::NAN, 7.0], 1);
        check(&[], &[500.0, 0.0, 1.0, 30_000.0, 30_001.0, 30_001.0], 0);
    }
}
