//! Which detector answers for which domain. To add one: a line here.

use super::alert::Alert;
use super::data::DataSet;
use super::play::play;
use crate::detect::{camera, environment, streetlight, structural, water};

/// A domain that is scored by events.
#[derive(Debug, Clone, Copy)]
pub struct Domain {
    /// What its folder of data is called.
    pub name: &'static str,
    /// Plays its data through its detector.
    pub play: fn(&DataSet) -> Vec<Alert>,
}

/// Every domain that has a detector. A line reads `Domain { name: "water", play: play::<water::Water> }`.
pub const DOMAINS: &[Domain] = &[
    Domain { name: "streetlight", play: play::<streetlight::Streetlight> },
    Domain { name: "camera", play: play::<camera::Camera> },
    Domain { name: "structural", play: play::<structural::Structural> },
    Domain { name: "environment", play: play::<environment::Environment> },
    Domain { name: "water", play: play::<water::Water> },
];
