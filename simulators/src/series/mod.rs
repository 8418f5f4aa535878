//! What the sensors of the city would say at any moment: pure functions of seed, sensor and time. One file per domain.

mod camera;
mod environment;
mod moment;
mod rhythm;
mod streetlight;
mod structural;
mod sun;
mod water;
mod weather;

pub(crate) use moment::{Moment, Sky};
pub(crate) use streetlight::next_switch;

use crate::scenario::Trouble;
use crate::sensor::{Kind, Samples, Sensor};

/// Asks sensor number `index` what it shows; nothing is added when it is silent.
pub(crate) fn sample(index: usize, sensor: &Sensor, moment: &Moment, trouble: &Trouble, out: &mut Samples) {
    if trouble.is_silent(index) {
        return;
    }
    let key = sensor.key;
    match &sensor.kind {
        Kind::Lamp { circuit, watts, along } => {
            let lamp = streetlight::Lamp { circuit: *circuit, watts: *watts, along: *along };
            streetlight::lamp(key, lamp, moment, trouble, out);
        }
        Kind::Cabinet { circuits } => streetlight::cabinet(key, circuits, moment, trouble, out),
        Kind::Camera { busy } => camera::camera(key, *busy, moment, trouble.frozen_since(index), out),
        Kind::Accelerometer { structure, frequency } => {
            structural::accelerometer(key, *frequency, moment, trouble.excursion(*structure), out);
        }
        Kind::Tilt { structure } => structural::tilt(key, moment, trouble.excursion(*structure), out),
        Kind::Crack { structure } => structural::crack(key, moment, trouble.excursion(*structure), out),
        Kind::Pressure { district, head } => {
            water::pressure(key, *district, *head, moment, trouble.burst(*district), out)
        }
        Kind::Flow { district, mean } => water::flow(key, *district, *mean, moment, trouble.burst(*district), out),
        Kind::Quality { district } => water::quality(key, moment, trouble.chlorine_lost(*district), out),
        Kind::Tank { depth } => water::tank(key, *depth, moment, out),
        Kind::Pump { kilowatt } => water::pump(key, *kilowatt, moment, out),
        Kind::Air { busy } => environment::air(key, *busy, moment, trouble.smog(index), out),
        Kind::Weather => environment::weather(key, moment, out),
        Kind::Noise { busy } => environment::noise(key, *busy, moment, out),
    }
}
