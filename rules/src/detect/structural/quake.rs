//! The minute after a quake: a traffic light for each structure, from how hard its ground shook and how it stood before.

use serde::{Deserialize, Serialize};

/// What may be done with a structure until somebody has looked at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Light {
    /// It may be used.
    Green,
    /// It is to be looked at before the day is over.
    Yellow,
    /// It is closed until somebody has looked at it.
    Red,
}

/// From this intensity on plaster falls and weak buildings crack.
const YELLOW: f64 = 5.5;
/// From this intensity on sound buildings are damaged.
const RED: f64 = 7.0;

/// The light of a structure whose ground reached `acceleration` (peak, m/s²), and which was `suspected` of damage before.
///
/// The intensity is Mercalli-Cancani-Sieberg from the peak acceleration, 1.68 + 2.58 log10(cm/s²) (Faenza and Michelini, "Regression
/// analysis of MCS intensity and ground motion parameters in Italy and its application in ShakeMap", Geophysical Journal
/// International 180, 2010). Whoever does not know the acceleration gets yellow: nobody is told green who was not measured.
pub fn light(acceleration: f64, suspected: bool) -> Light {
    if !(acceleration.is_finite() && acceleration >= 0.0) {
        return if suspected { Light::Red } else { Light::Yellow };
    }
    let intensity = 1.68 + 2.58 * (acceleration * 100.0).max(1e-3).log10();
    match (intensity, suspected) {
        (RED.., _) | (YELLOW.., true) => Light::Red,
        (YELLOW.., false) => Light::Yellow,
        (4.0.., true) => Light::Yellow,
        _ => Light::Green,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_harder_it_shakes_the_redder_the_light() {
        assert_eq!(light(0.02, false), Light::Green, "felt by few");
        assert_eq!(light(0.5, false), Light::Yellow);
        assert_eq!(light(0.5, true), Light::Red, "it was suspected before");
        assert_eq!(light(3.0, false), Light::Red);
        assert_eq!(light(f64::NAN, false), Light::Yellow, "nobody knows");
        assert_eq!(light(0.0, false), Light::Green);
    }
}
