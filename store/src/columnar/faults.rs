//! What the engine does when the disk fails.
