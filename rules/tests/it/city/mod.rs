//! The detectors of lighting, cameras and structures, told in small stories.

mod any_input;
mod camera;
mod stage;
mod streetlight;
mod structural;
