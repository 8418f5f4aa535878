//! What detectors are made of: streaming, pure, O(1) in state and work per sample, deterministic. One file each.
