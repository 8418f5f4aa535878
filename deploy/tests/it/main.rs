//! Tests of the whole: the order of the house, the licences, and the program itself.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod city;
mod demo;
mod dialects;
mod house;
mod kill;
mod kill_own;
mod licences;
mod load;
mod samples;
mod serve;
