//! Tests of the whole: the order of the house, the licences, and the program itself.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod books;
mod city;
mod completeness;
mod demo;
mod dialects;
mod disk;
mod disk_full;
mod disk_stall;
mod downtime;
mod garbage;
mod guide;
mod house;
mod http_in;
mod kill;
mod kill_own;
mod kill_recovery;
mod letters;
mod licences;
mod load;
mod loaded;
mod numbers;
mod places;
mod post;
mod postgres;
mod prelude;
mod register;
mod samples;
mod screen;
mod serve;
mod slow_lines;
mod storm;
