//! The service as a client sees it: a real store, real connections.
#![allow(clippy::unwrap_used, reason = "tests")]

mod alarms;
mod assets;
mod city;
mod completeness;
mod contract;
mod guards;
mod history;
mod ingest;
mod letters;
mod newcomers;
mod page;
mod picture;
mod register;
mod screens;
mod sign_in;
mod socket;
mod sql;
mod stopping;
