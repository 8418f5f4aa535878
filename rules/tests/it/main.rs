//! All tests from the outside.
