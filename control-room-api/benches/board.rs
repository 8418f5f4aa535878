//! How fast a board of 100,000 assets takes readings in and makes frames.
fn main() {}
