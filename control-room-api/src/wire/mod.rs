//! The shapes that cross the wire, one file per resource. The screens' types are generated from the document they make.

pub(crate) mod alarm;
pub(crate) mod asset;
pub(crate) mod city;
pub(crate) mod completeness;
pub(crate) mod gaps;
pub(crate) mod history;
pub(crate) mod intake;
pub(crate) mod letter;
pub(crate) mod newcomer;
pub(crate) mod problem;
pub(crate) mod register;
pub(crate) mod scalar;
pub(crate) mod session;
pub(crate) mod source;
pub(crate) mod sql;
pub(crate) mod status;
