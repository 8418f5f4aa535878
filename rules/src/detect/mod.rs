//! Foreseeing faults: one file (or folder) per domain, and what they are made of in [`parts`]. To add a domain: a file beside these,
//! and its name in the list below.

pub mod camera;
mod detector;
pub mod environment;
pub mod life;
mod multivariate;
pub mod parts;
pub mod streetlight;
pub mod structural;
mod univariate;
pub mod water;

pub use detector::{About, Detector, Evidence, Field, Finding, Member, Sample, Turn};
pub use multivariate::{Multivariate, Range};
pub use univariate::{Habit, Univariate};
