//! Chance that can be repeated: the same key and step give the same number, in any order and on any machine.

/// Scrambles a number (SplitMix64 finaliser, Steele, Lea and Flood 2014).
pub(crate) fn scramble(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The key of something named `text` under a seed (FNV-1a, then scrambled).
pub(crate) fn key_of(seed: u64, text: &str) -> u64 {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    scramble(hash ^ scramble(seed))
}

/// A number from 0 (inclusive) to 1 (exclusive).
pub(crate) fn unit(key: u64, step: u64) -> f64 {
    let bits = scramble(key ^ step.wrapping_mul(0xd134_2543_de82_ef95)) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

/// A number from `low` (inclusive) to `high` (exclusive).
pub(crate) fn between(key: u64, step: u64, low: f64, high: f64) -> f64 {
    low + (high - low) * unit(key, step)
}

/// An index below `count`, which must not be zero.
pub(crate) fn pick(key: u64, step: u64, count: usize) -> usize {
    ((unit(key, step) * count as f64) as usize).min(count.saturating_sub(1))
}

/// Noise of a measurement: mean 0, standard deviation about 1, never beyond 3 (Irwin-Hall of three).
pub(crate) fn noise(key: u64, step: u64) -> f64 {
    let sum = unit(key, step) + unit(key ^ 0x5bd1, step) + unit(key ^ 0xa7c3, step);
    (sum - 1.5) * 2.0
}

/// A line that wanders smoothly between -1 and 1 and changes its mind about every `period` seconds (value noise, cosine interpolation).
pub(crate) fn wander(key: u64, seconds: f64, period: f64) -> f64 {
    let place = seconds / period;
    let step = place.floor();
    let t = (1.0 - ((place - step) * std::f64::consts::PI).cos()) / 2.0;
    let from = between(key, step as i64 as u64, -1.0, 1.0);
    let to = between(key, (step as i64 + 1) as u64, -1.0, 1.0);
    from + (to - from) * t
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wandering_line_has_no_jumps() {
        let key = key_of(7, "line");
        for k in 0..10_000 {
            let t = 1.7e9 + f64::from(k);
            assert!((wander(key, t, 600.0) - wander(key, t + 1.0, 600.0)).abs() < 0.01, "jump at {t}");
        }
    }

    #[test]
    fn noise_is_centred_and_bounded() {
        let key = key_of(7, "noise");
        let values: Vec<f64> = (0..20_000).map(|step| noise(key, step)).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert!(mean.abs() < 0.03, "mean {mean}");
        assert!(values.iter().all(|v| v.abs() <= 3.0));
    }
}
