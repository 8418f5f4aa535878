//! Assets as files: reading and writing tables and GeoJSON, and what a file would change.

mod approve;
mod cell;
mod difference;
mod draft;
mod drafts;
mod expected;
mod file;
mod form;
mod geojson;
mod mistake;
mod plan;
mod table;
mod wkt;

pub(crate) use approve::approved;
pub(crate) use difference::{Change, What, read_back};
pub(crate) use expected::expectations;
pub(crate) use file::read_file;
pub(crate) use form::Form;
pub(crate) use plan::{Plan, Wish, plan};
