//! Cameras: frozen, covered, out of focus, moved, dirty, blind at night, slow, or hard to reach, seen from health figures alone.

mod day;
mod detector;
mod eye;
mod zone;

pub use detector::Camera;
