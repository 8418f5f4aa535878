//! Tests of the whole: the order of the house, the licences, and the program itself.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod books;
mod city;
mod completeness;
mod demo;
mod dialects;
mod disk_full;
mod garbage;
mod guide;
mod house;
mod http_in;
mod kill;
mod kill_own;
mod letters;
mod licences;
mod load;
mod places;
mod postgres;
mod register;
mod samples;
mod serve;
