//! The indicators of water losses M1a and M1b of the Italian regulator (ARERA, resolution 917/2017/R/idr, annex A "RQTI", macro-indicator M1).

/// The volumes of a network over one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Losses {
    /// What was lost, in m3: what went in less what went out with leave, measured or estimated.
    pub volume: f64,
    /// M1b: the share of what went in, from 0 to 1.
    pub share: f64,
}

/// What was lost of `inflow`, when `authorised` went out with leave (both in m3 over the same period). `None` when the volumes are no volumes.
///
/// A loss below zero means that a meter is wrong; it is given as it is.
pub fn losses(inflow: f64, authorised: f64) -> Option<Losses> {
    let sound = inflow.is_finite() && authorised.is_finite() && inflow > 0.0 && authorised >= 0.0;
    sound.then(|| Losses { volume: inflow - authorised, share: (inflow - authorised) / inflow })
}

/// M1a: the volume lost (m3) a day and kilometre of main (the length of the network without its service connections). `None` without length or days.
pub fn linear_losses(losses: Losses, days: f64, kilometres: f64) -> Option<f64> {
    (days > 0.0 && kilometres > 0.0 && (days * kilometres).is_finite()).then(|| losses.volume / (days * kilometres))
}

#[cfg(test)]
mod tests {
    use super::{linear_losses, losses};

    #[test]
    fn a_year_of_a_small_town() {
        let year = losses(1_000_000.0, 650_000.0).unwrap();
        assert!((year.share - 0.35).abs() < 1e-12);
        let linear = linear_losses(year, 365.0, 50.0).unwrap();
        assert!((linear - 350_000.0 / 18_250.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_no_volume_has_no_losses() {
        assert!(losses(0.0, 0.0).is_none());
        assert!(losses(f64::NAN, 1.0).is_none());
        assert!(losses(10.0, -1.0).is_none());
        assert!(linear_losses(losses(10.0, 5.0).unwrap(), 0.0, 1.0).is_none());
    }
}
