//! Structures: bridges, towers, schools that grow softer, lean or crack, sensors that lie about them, and the minute after a quake.

mod detector;
mod quake;
mod response;
mod sensor;
mod shift;

pub use detector::Structural;
pub use quake::{Light, light};
