//! Street lighting: lamps that are dark, weak, burning by day, cycling, deaf to dimming or hard to hear, and circuits that failed.

mod burn_hours;
mod circuit;
mod detector;
mod lamp;
mod level;

pub use burn_hours::Place;
pub use detector::Streetlight;
