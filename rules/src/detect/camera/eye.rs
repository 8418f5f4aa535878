//! One camera: what its picture is against what it usually is and what its neighbours see.

use model::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

use super::day::{BRIGHTNESS, Day, FIGURES, Hour, MOVEMENT, SHARPNESS};
use crate::detect::parts::{LossyLink, Standing};

/// The weight of a new reading in the quick means.
const QUICK: f32 = 0.3;
/// The same in the slow mean: a day of readings.
const SLOW: f32 = 1.0 / 144.0;
/// Less movement than this share of what is usual is a picture that stands still (natural logarithm).
const STILL: f32 = -1.6;
/// What a cover takes from sharpness, brightness and movement at least.
const COVERED: [f32; FIGURES] = [-0.3, -0.25, -0.35];
/// What a dead infrared lamp takes from the brightness of a night at least.
const BLIND: f32 = -0.3;
/// The least changes of the quick means that are findings, and how many deviations they must be.
const LEAST: [f32; FIGURES] = [0.45, 0.055, 0.16];
const DEVIATIONS: [f32; FIGURES] = [4.0, 5.0, 5.0];
/// How much of what the neighbours share a camera may differ from them by: fog is not equally thick everywhere.
const UNEVEN: f32 = 0.3;
/// The least loss of sharpness that is dirt, in the slow mean, and how many times the usual size of that mean it must be.
const DIRT: f32 = 0.07;
const RESTLESS: f32 = 6.0;
/// A slow gain of sharpness must be so many times what would be dirt, because lenses are cleaned too.
const SHARPER: f32 = 1.3;
/// How fast that size is learned: some three weeks, or dirt would teach it to be patient.
const WANDERS: f32 = SLOW / 20.0;
/// The share of the slow mean that is kept from the usual sharpness, so that dirt is not learned as the picture it should be.
const KEPT: f32 = 0.8;
/// The least loss of frames that is a finding, and how many deviations it must be.
const FEWER_FRAMES: f32 = 0.12;
/// Sharp readings in a row that prove a clean lens.
const CLEAN: u8 = 24;
/// Healthy readings after which a picture is well again.
const WELL: u8 = 6;

/// One set of figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) time: i64,
    /// Natural logarithms.
    pub(super) figures: [f32; FIGURES],
    pub(super) frames: Option<f32>,
}

impl Seen {
    /// `None` when movement, brightness or sharpness is no number.
    pub(super) fn new(time: Timestamp, movement: f64, frames: f64, brightness: f64, sharpness: f64) -> Option<Self> {
        let log = |value: f64, least: f64| value.is_finite().then(|| value.clamp(least, 1e9).ln() as f32);
        let figures = [log(movement, 0.01)?, log(brightness, 0.1)?, log(sharpness, 0.1)?];
        Some(Self { time: time.as_nanos(), figures, frames: log(frames, 0.1) })
    }
}

/// The mean and deviation of the logarithm of the frame rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Frames {
    usual: f32,
    deviation: f32,
    heard: u16,
    newest: f32,
}

/// What differs from the usual: the figures and, last, the frame rate.
pub(super) type Residuals = [f32; FIGURES + 1];

/// The state of one camera.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Eye {
    pub(super) link: LossyLink,
    pub(super) standing: Standing,
    pub(super) pending: Option<Seen>,
    day: Day,
    /// The newest residuals of the figures and, last, of the frame rate, for the neighbours.
    residual: Option<(i64, Residuals)>,
    pub(super) quick: [f32; FIGURES],
    slow: f32,
    clean: u8,
    restless: f32,
    frames: Frames,
    still: u8,
    covered: u8,
    blind: u8,
    /// Readings of nights in a row that were not blind.
    sighted: u8,
    soft: u8,
    elsewhere: u8,
    slow_frames: u8,
    all_frames: u8,
    well: u8,
    readings: u32,
}

/// What a picture looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Picture {
    /// As usual for a while.
    Well,
    /// Neither well nor clearly ill.
    Unsure,
    Still,
    Covered,
    Blind,
    Soft,
    Moved,
    Dirty,
}

impl Eye {
    /// Compares with the usual picture, before anybody looks at the neighbours.
    pub(super) fn compare(&mut self, seen: &Seen) {
        let hour = Hour::of(seen.time);
        if self.day.knows(hour) {
            let mut residual = [0.0; FIGURES + 1];
            for (figure, residual) in residual.iter_mut().take(FIGURES).enumerate() {
                *residual = seen.figures[figure] - self.day.usual(figure, hour);
            }
            residual[FIGURES] = seen.frames.map_or(0.0, |frames| frames - self.frames.usual);
            self.residual = Some((seen.time, residual));
        }
    }

    /// What neighbours may compare with at `time`.
    pub(super) fn residual_at(&self, time: i64, window: Duration) -> Option<Residuals> {
        let (at, residual) = self.residual?;
        (Timestamp::from_nanos(time).since(Timestamp::from_nanos(at)) <= window).then_some(residual)
    }

    /// Takes in figures whose neighbours showed `common`; `None` when there are too few neighbours, and then only what is plain counts.
    pub(super) fn take(&mut self, seen: Seen, common: Option<Residuals>, ill: bool) -> Picture {
        self.readings = self.readings.saturating_add(1);
        self.count_frames(seen.frames, common.map_or(0.0, |common| common[FIGURES]));
        let hour = Hour::of(seen.time);
        if !self.day.knows(hour) {
            self.day.learn(hour, seen.figures, None, 1.0);
            return Picture::Unsure;
        }
        let caution = if common.is_some() { 1.0 } else { 2.0 };
        let common = common.unwrap_or_default();
        let own: [f32; FIGURES] =
            std::array::from_fn(|figure| seen.figures[figure] - self.day.usual(figure, hour) - common[figure]);
        let bound: [f32; FIGURES] = std::array::from_fn(|figure| {
            let least = LEAST[figure].max(DEVIATIONS[figure] * self.day.deviation(figure, hour));
            caution * least + UNEVEN * common[figure].abs()
        });
        for (quick, own) in self.quick.iter_mut().zip(own) {
            *quick += QUICK * (own.clamp(-2.0, 2.0) - *quick);
        }
        let night = self.day.is_night(hour);
        count(&mut self.still, own[MOVEMENT] < STILL * caution);
        let covered = (0..FIGURES).all(|f| own[f] < COVERED[f].min(-bound[f] * 0.6) - UNEVEN * common[f].abs());
        count(&mut self.covered, covered);
        let blind = own[BRIGHTNESS] < BLIND * caution;
        if night {
            count(&mut self.blind, blind);
            count(&mut self.sighted, !blind);
        } else {
            self.blind = 0;
        }
        let dirt = self.follow_dirt(own[SHARPNESS], common[SHARPNESS], ill);
        self.count_changes(own, bound, dirt);
        let picture = self.picture(dirt);
        let half = (0..FIGURES).all(|figure| self.quick[figure].abs() < bound[figure] * 0.6);
        count(&mut self.well, half && self.still == 0);
        let usual = (0..FIGURES).all(|f| own[f].abs() < bound[f]);
        if usual && !ill {
            let suspected = self.slow < -dirt / 2.0;
            let mut figures = seen.figures;
            figures[SHARPNESS] -= KEPT * self.slow;
            self.day.learn(hour, figures, Some(own), if suspected { 0.25 } else { 1.0 });
        }
        picture
    }

    /// Follows the slow loss of sharpness, and gives the bound for it.
    fn follow_dirt(&mut self, own: f32, common: f32, ill: bool) -> f32 {
        // Not in fog, where the neighbours tell little.
        if common.abs() < 0.25 {
            self.slow += SLOW * (own.clamp(-0.5, 0.5) - self.slow);
            // The slow mean would take days to believe in a clean lens that single readings show.
            count(&mut self.clean, own > -DIRT / 2.0);
            if self.clean >= CLEAN && self.slow < -DIRT {
                self.slow = 0.0;
            }
            if !ill {
                self.restless += WANDERS * (self.slow.abs().min(DIRT) - self.restless);
            }
        }
        DIRT.max(RESTLESS * self.restless)
    }

    /// Counts readings that show a change in the quick means and in themselves: a flash of light changes the means for a while, too.
    fn count_changes(&mut self, own: [f32; FIGURES], bound: [f32; FIGURES], dirt: f32) {
        let beyond = |quick: f32, own: f32, bound: f32| quick > bound && own > 0.6 * bound;
        let [_, light, sharp] = self.quick;
        // What dirt has taken already is not taken at once.
        let dirty = self.slow.min(0.0);
        count(&mut self.soft, beyond(dirty - sharp, dirty - own[SHARPNESS], bound[SHARPNESS]));
        let sharper = beyond(sharp, own[SHARPNESS], bound[SHARPNESS]);
        // A lens never gets sharper little by little: what looks sharper for long looks elsewhere.
        let sharper_for_long = self.slow > SHARPER * dirt && sharp > dirt;
        let brighter = beyond(light, own[BRIGHTNESS], bound[BRIGHTNESS]);
        let darker = beyond(-light, -own[BRIGHTNESS], bound[BRIGHTNESS]);
        let quieter = beyond(-self.quick[MOVEMENT], -own[MOVEMENT], bound[MOVEMENT]);
        count(&mut self.elsewhere, sharper || sharper_for_long || brighter || darker || quieter);
    }

    fn picture(&self, dirt: f32) -> Picture {
        if self.still >= 2 {
            Picture::Still
        } else if self.covered >= 2 {
            Picture::Covered
        } else if self.blind >= 2 {
            Picture::Blind
        } else if self.elsewhere >= 3 {
            Picture::Moved
        } else if self.soft >= 3 {
            Picture::Soft
        } else if self.slow < -dirt {
            Picture::Dirty
        } else if self.well >= WELL {
            Picture::Well
        } else {
            Picture::Unsure
        }
    }

    /// The picture is well again: what the slow mean remembers of the fault is forgotten.
    pub(super) fn recover(&mut self) {
        self.slow = 0.0;
    }

    /// Counts readings with too few frames; `common` is what a whole zone lost, on its way to the cameras.
    fn count_frames(&mut self, frames: Option<f32>, common: f32) {
        let Some(frames) = frames else { return };
        let known = &mut self.frames;
        known.newest = frames;
        if known.heard == 0 {
            (known.usual, known.deviation) = (frames, 0.05);
        }
        let away = frames - known.usual - common;
        let bound = FEWER_FRAMES.max(6.0 * known.deviation);
        count(&mut self.slow_frames, known.heard > 100 && away < -bound);
        count(&mut self.all_frames, away > -bound);
        if known.heard <= 100 || away.abs() < bound {
            known.heard = known.heard.saturating_add(1);
            let gain = 1.0 / f32::from(known.heard).min(1000.0);
            known.usual += gain * away.clamp(-0.2, 0.2);
            known.deviation += gain * (away.abs().min(0.2) * 1.253 - known.deviation);
        }
    }

    /// Whether it sends fewer frames than it should; `None` when that is not certain either way.
    pub(super) fn is_slow(&self) -> Option<bool> {
        match (self.slow_frames, self.all_frames) {
            (3.., _) => Some(true),
            (_, WELL..) => Some(false),
            _ => None,
        }
    }

    /// Whether it has seen in the dark since it was blind.
    pub(super) fn sees_at_night(&self) -> bool {
        self.sighted >= WELL
    }

    /// Frames a second: what came last, and what is usual.
    pub(super) fn frames(&self) -> (f64, f64) {
        (f64::from(self.frames.newest).exp(), f64::from(self.frames.usual).exp())
    }

    /// The slow change of sharpness.
    pub(super) fn dirt(&self) -> f32 {
        self.slow
    }

    /// Whether it was watched long enough for its picture to be judged, in readings.
    pub(super) fn is_known(&self, least: u32) -> bool {
        self.readings >= least
    }
}

fn count(run: &mut u8, is_so: bool) {
    *run = if is_so { run.saturating_add(1) } else { 0 };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_takes_about_a_kibibyte() {
        // A few rests are kept beside it.
        assert!(size_of::<Eye>() + 9 * 16 <= 1100, "{}", size_of::<Eye>());
    }
}
