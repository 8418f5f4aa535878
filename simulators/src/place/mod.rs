//! Where the things of the city stand: one file per domain.

mod camera;
mod draft;
mod environment;
mod streetlight;
mod structural;
mod water;

pub(crate) use draft::Draft;

/// Places every domain; the order fixes the numbering.
pub(crate) fn all(draft: &mut Draft, scale: f64) {
    streetlight::place(draft, scale);
    camera::place(draft, scale);
    structural::place(draft, scale);
    water::place(draft, scale);
    environment::place(draft, scale);
}
