//! Tests of the whole: the order of the house, the licences, and the program itself.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod city;
mod demo;
mod house;
mod kill;
mod licences;
mod samples;
mod serve;
