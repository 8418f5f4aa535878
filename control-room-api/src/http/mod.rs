//! The routes: one file per resource, and one file that chooses status codes.

mod alarms;
mod assets;
mod city;
mod completeness;
mod extract;
mod figures;
mod gaps;
mod history;
mod ingest;
mod letters;
mod live;
mod newcomers;
mod openapi;
mod problem;
mod register;
mod router;
mod screens;
mod security;
mod session;
mod sources;
mod sql;
mod table;

pub use openapi::openapi_document;
pub(crate) use openapi::openapi_json;
pub(crate) use problem::Problem;
pub(crate) use router::{Place, router};
