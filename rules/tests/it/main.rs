//! The rules from the outside: a small city, readings by the script, facts as words.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod city;
mod delays;
mod desk;
mod detect;
mod files;
mod groups;
mod parts;
mod people;
mod properties;
mod reload;
mod restart;
mod score;
mod shipped;
mod silence;
mod times;
