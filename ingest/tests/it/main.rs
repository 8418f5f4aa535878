//! Ingest as its users see it: messages in, arrivals out.
#![allow(clippy::unwrap_used, reason = "tests")]

mod any_bytes;
mod classes;
mod door;
mod foreign_broker;
mod foreign_broker_line;
mod foreign_broker_share;
mod foreign_broker_tls;
mod formats;
mod fuzz;
mod gaps;
mod kit;
mod own_listener;
mod own_listener_doors;
mod own_listener_exactly;
mod own_listener_kit;
mod own_listener_slow;
mod own_listener_talk;
mod own_listener_tls;
mod own_listener_wills;
mod rules_for_all;
mod samples;
mod sparkplug;
mod sparkplug_any;
mod sparkplug_host;
mod sparkplug_payload;
mod tables;
mod talq;
