//! Watches the cameras of a city by their health figures. No picture is needed, and none is kept.

use model::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

use super::day::{BRIGHTNESS, MOVEMENT, SHARPNESS};
use super::eye::{Eye, Picture, Seen};
use super::zone::{self, Zone};
use crate::detect::{About, Detector, Evidence, Field, Finding, Member, Sample, Turn};

/// The kinds of a picture come first, the plainer the later: while one stands, only a plainer one is news.
const LENS_DIRT: usize = 0;
const DEFOCUS: usize = 1;
const MOVED: usize = 2;
const IR_FAILURE: usize = 3;
const OCCLUDED: usize = 4;
const FROZEN: usize = 5;
const LOW_FPS: usize = 6;
const FLAPPING: usize = 7;
const OFFLINE: usize = 8;
const PICTURE: [usize; 6] = [LENS_DIRT, DEFOCUS, MOVED, IR_FAILURE, OCCLUDED, FROZEN];

/// Missing readings in a row that make a camera unreachable: a restart takes two.
const UNREACHABLE: u32 = 3;
/// The evidence (a logarithm of a likelihood ratio) that makes a link a lossy one. More than a restart leaves behind.
const LOSSY: f32 = 9.0;
/// What one silence may add to it.
const ONE_SILENCE: f32 = 5.0;
/// Missing readings in a row that make a camera unreachable that comes and goes anyway.
const UNREACHABLE_AT_LAST: u32 = 18;
/// Readings before a picture is judged: three days of one in ten minutes.
const KNOWN: u32 = 432;
/// With fewer zones, one of them may be most of the field.
const FEW_ZONES: usize = 3;
/// No finding of a kind returns sooner than this after it was cleared.
const REST: Duration = Duration::from_secs(6 * 3600);

/// The detector of cameras.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    eyes: Vec<Eye>,
    homes: Vec<Home>,
    zones: Vec<Zone>,
    /// Cameras with figures that were not judged yet.
    waiting: Vec<u32>,
    #[serde(skip)]
    scratch: Vec<f32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Home {
    zone: u32,
    period_nanos: u64,
}

impl Home {
    fn period(self) -> Duration {
        Duration::from_nanos(self.period_nanos)
    }
}

impl Detector for Camera {
    const NAME: &'static str = "camera";
    const KINDS: &'static [&'static str] =
        &["lens_dirt", "defocus", "moved", "ir_failure", "occluded", "frozen", "low_fps", "flapping", "offline"];
    const COMPANIONS: &'static [&'static str] = &["fps", "brightness", "focus"];

    fn new(field: &Field) -> Self {
        let mut zones = vec![Zone::default(); field.groups.len()];
        for (place, member) in field.members.iter().enumerate() {
            if let Some(zone) = zones.get_mut(member.group) {
                zone.members.push(place as u32);
            }
        }
        let home = |member: &Member| Home {
            zone: member.group as u32,
            period_nanos: u64::try_from(member.period.as_nanos()).unwrap_or(u64::MAX),
        };
        Self {
            eyes: vec![Eye::default(); field.members.len()],
            homes: field.members.iter().map(home).collect(),
            zones,
            waiting: Vec::with_capacity(field.members.len()),
            scratch: Vec::new(),
        }
    }

    fn observe(&mut self, sample: &Sample<'_>, found: &mut Vec<Finding>) {
        let Some(eye) = self.eyes.get_mut(sample.member) else { return };
        let home = self.homes[sample.member];
        eye.link.hear(sample.time, home.period());
        if let Some(zone) = self.zones.get_mut(home.zone as usize) {
            zone.stirred = true;
        }
        let companion = |place: usize| sample.companions.get(place).copied().unwrap_or(f64::NAN);
        let seen = Seen::new(sample.time, sample.value, companion(0), companion(1), companion(2));
        let Some(seen) = seen else { return };
        // Figures are judged with the next beat, when the neighbours have spoken too; if some come sooner (what was stored while
        // the line was down), their predecessors are judged by what is known.
        match eye.pending.take() {
            Some(earlier) => self.judge(sample.member, earlier, sample.time, found),
            None => self.waiting.push(sample.member as u32),
        }
        let eye = &mut self.eyes[sample.member];
        eye.compare(&seen);
        eye.pending = Some(seen);
    }

    fn beat(&mut self, now: Timestamp, found: &mut Vec<Finding>) {
        for (eye, home) in self.eyes.iter_mut().zip(&self.homes) {
            if eye.link.wait(now, home.period())
                && let Some(zone) = self.zones.get_mut(home.zone as usize)
            {
                zone.stirred = true;
            }
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        for member in waiting.drain(..).map(|member| member as usize) {
            if let Some(seen) = self.eyes[member].pending.take() {
                self.judge(member, seen, now, found);
            }
        }
        self.waiting = waiting;
        for place in 0..self.zones.len() {
            if std::mem::take(&mut self.zones[place].stirred) {
                self.decide_links(place, now, found);
            }
        }
    }
}

impl Camera {
    /// Judges a picture, with what the neighbours see.
    fn judge(&mut self, member: usize, seen: Seen, now: Timestamp, found: &mut Vec<Finding>) {
        let home = self.homes[member];
        let window = home.period() + home.period() / 2;
        let zone = self.zones.get_mut(home.zone as usize);
        let common = zone.and_then(|zone| zone.common(&self.eyes, seen.time, window, &mut self.scratch));
        let eye = &mut self.eyes[member];
        let ill = eye.standing.any_of(&PICTURE);
        let picture = eye.take(seen, common, ill);
        let mut say = Say { member, now, found };
        let (frames, usual) = eye.frames();
        let evidence = Evidence { of: "fps", seen: frames, low: 0.88 * usual, high: f64::NAN };
        match eye.is_slow() {
            // A link that comes and goes loses frames, too.
            Some(true) if eye.standing.stands(FLAPPING) => {}
            Some(true) => say.raise(eye, LOW_FPS, evidence),
            Some(false) => say.clear(eye, LOW_FPS, evidence),
            None => {}
        }
        if eye.is_known(KNOWN) {
            say.picture(eye, picture);
        }
    }

    /// What is to be said of the links of a zone.
    fn decide_links(&mut self, place: usize, now: Timestamp, found: &mut Vec<Finding>) {
        let (late, silent) = self.zones[place].silence(&self.eyes);
        let evidence = Evidence { of: "share_of_silent_cameras", seen: f64::from(silent), low: f64::NAN, high: 0.6 };
        let about = About::Group(place);
        // When the cameras of most zones are silent, the way to all of them is, and that is no finding of a zone.
        let everywhere = || self.zones.len() >= FEW_ZONES && Zone::is_most(zone::silence(self.eyes.iter()).0);
        let everywhere = Zone::is_most(silent) && everywhere();
        let zone = &mut self.zones[place];
        let turn = if everywhere {
            None
        } else if Zone::is_most(silent) {
            zone.standing.raise(OFFLINE, now, REST)
        } else if silent < 0.25 {
            zone.standing.clear(OFFLINE, now)
        } else {
            None
        };
        found.extend(turn.map(|turn| Finding { about, kind: Self::KINDS[OFFLINE], turn, time: now, evidence }));
        let hushed = Zone::is_most(late) || zone.standing.stands(OFFLINE);
        for member in zone.members.iter().map(|&member| member as usize) {
            let eye = &mut self.eyes[member];
            let mut say = Say { member, now, found };
            let missing = eye.link.missing();
            let gone = Evidence { of: "missing_readings", seen: f64::from(missing), low: 0.0, high: 2.0 };
            if hushed {
                eye.link.forgive();
            } else if missing >= UNREACHABLE {
                // One long silence is not yet a link that comes and goes.
                eye.link.forgive_but(ONE_SILENCE);
            }
            let long = if eye.standing.stands(FLAPPING) { UNREACHABLE_AT_LAST } else { UNREACHABLE };
            if missing >= long && !hushed {
                say.raise(eye, OFFLINE, gone);
            } else if missing == 0 {
                say.clear(eye, OFFLINE, gone);
            }
            let evidence = eye.link.evidence();
            let lossy =
                Evidence { of: "evidence_of_loss", seen: f64::from(evidence), low: f64::NAN, high: f64::from(LOSSY) };
            if evidence > LOSSY && !hushed {
                say.raise(eye, FLAPPING, lossy);
            } else if evidence <= 0.0 {
                say.clear(eye, FLAPPING, lossy);
            }
        }
    }
}

/// Says what changed about one camera.
struct Say<'a> {
    member: usize,
    now: Timestamp,
    found: &'a mut Vec<Finding>,
}

impl Say<'_> {
    fn picture(&mut self, eye: &mut Eye, picture: Picture) {
        let change = |of, seen: f32| Evidence { of, seen: f64::from(seen), low: f64::NAN, high: f64::NAN };
        let (kind, evidence) = match picture {
            Picture::Unsure => return,
            Picture::Well => {
                let evidence = change("change_of_sharpness", eye.quick[SHARPNESS]);
                // A camera that is blind at night is well by day, and is not healed by it.
                if eye.standing.any_of(&PICTURE) && (eye.sees_at_night() || !eye.standing.stands(IR_FAILURE)) {
                    eye.recover();
                    PICTURE.into_iter().for_each(|kind| self.clear(eye, kind, evidence));
                }
                return;
            }
            Picture::Still => (FROZEN, change("change_of_movement", eye.quick[MOVEMENT])),
            Picture::Covered => (OCCLUDED, change("change_of_brightness", eye.quick[BRIGHTNESS])),
            Picture::Blind => (IR_FAILURE, change("change_of_brightness", eye.quick[BRIGHTNESS])),
            Picture::Moved => (MOVED, change("change_of_brightness", eye.quick[BRIGHTNESS])),
            Picture::Soft => (DEFOCUS, change("change_of_sharpness", eye.quick[SHARPNESS])),
            Picture::Dirty => (LENS_DIRT, change("slow_change_of_sharpness", eye.dirt())),
        };
        if !eye.standing.any_of(&PICTURE[kind..]) {
            self.raise(eye, kind, evidence);
        }
    }

    fn raise(&mut self, eye: &mut Eye, kind: usize, evidence: Evidence) {
        let turn = eye.standing.raise(kind, self.now, REST);
        self.push(kind, turn, evidence);
    }

    fn clear(&mut self, eye: &mut Eye, kind: usize, evidence: Evidence) {
        let turn = eye.standing.clear(kind, self.now);
        self.push(kind, turn, evidence);
    }

    fn push(&mut self, kind: usize, turn: Option<Turn>, evidence: Evidence) {
        let about = About::Member(self.member);
        let finding = |turn| Finding { about, kind: Camera::KINDS[kind], turn, time: self.now, evidence };
        self.found.extend(turn.map(finding));
    }
}
