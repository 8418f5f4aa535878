//! How often a device speaks, learned from its last steps where no class says it.

/// Steps that are looked at together.
const STEPS: usize = 16;
/// So many of them must fit a rhythm.
const FIT: usize = 14;
/// So many of them must be about as long as it.
const LIKE: usize = 3;
/// A longer step may be so many beats: some were lost.
const LOST: u64 = 8;

/// The last steps of one device, in milliseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Rhythm {
    steps: [u32; STEPS],
    filled: u8,
    beat: u32,
}

impl Rhythm {
    /// A step was made.
    pub(super) fn step(&mut self, nanos: i64) {
        self.steps[usize::from(self.filled)] = u32::try_from(nanos / 1_000_000).unwrap_or(u32::MAX).max(1);
        self.filled += 1;
        // Worked out once for many steps, so that a step costs a write.
        if usize::from(self.filled) == STEPS {
            self.filled = 0;
            self.beat = beat(&self.steps);
        }
    }

    /// The usual step in nanoseconds, when there is one.
    pub(super) fn interval(&self) -> Option<i64> {
        (self.beat > 0).then(|| i64::from(self.beat) * 1_000_000)
    }
}

/// The rhythm of these steps, or 0. A step fits when it is about one beat, some beats long because words were lost, or much shorter: several words
/// in one breath.
fn beat(steps: &[u32; STEPS]) -> u32 {
    let near = |step: u64, beat: u64| step * 4 >= beat * 3 && step * 4 <= beat * 5;
    let mut best = (0, 0);
    for beat in steps.iter().map(|beat| u64::from(*beat)) {
        let (mut like, mut fit, mut sum) = (0, 0, 0);
        for step in steps.iter().map(|step| u64::from(*step)) {
            if near(step, beat) {
                (like, fit, sum) = (like + 1, fit + 1, sum + step);
            } else if step * 10 < beat || (2..=LOST).any(|beats| step.abs_diff(beat * beats) * 5 <= beat) {
                fit += 1;
            }
        }
        if like >= LIKE && fit >= FIT && like > best.0 {
            best = (like, sum / like as u64);
        }
    }
    u32::try_from(best.1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(steps: &[u64], seconds: Option<u64>) {
        let mut rhythm = Rhythm::default();
        steps.iter().cycle().take(STEPS).for_each(|step| rhythm.step(*step as i64 * 1_000_000_000));
        let found = rhythm.interval().map(|nanos| (nanos as f64 / 1e9).round() as u64);
        assert_eq!(found, seconds, "{steps:?}");
    }

    #[test]
    fn even_steps_are_a_rhythm_and_others_are_none() {
        check(&[60], Some(60));
        check(&[58, 61, 60, 62, 59], Some(60));
        check(&[60, 60, 60, 120, 60, 60, 180, 60], Some(60));
        check(&[1, 1, 58], Some(58));
        check(&[3, 700, 41, 9_000, 5, 88, 1_200, 17], None);
        check(&[1, 2, 4, 8, 16, 32, 64, 128], None);
    }

    #[test]
    fn nothing_is_known_before_enough_steps() {
        let mut rhythm = Rhythm::default();
        (1..STEPS).for_each(|_| rhythm.step(60_000_000_000));
        assert_eq!(rhythm.interval(), None);
        rhythm.step(60_000_000_000);
        assert_eq!(rhythm.interval(), Some(60_000_000_000));
        (0..STEPS).for_each(|_| rhythm.step(10_000_000_000));
        assert_eq!(rhythm.interval(), Some(10_000_000_000), "it was set to another pace");
    }
}
