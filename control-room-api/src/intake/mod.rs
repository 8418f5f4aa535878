//! Bodies that machines hand in: how many, how large, how slow, how packed.

mod body;
mod room;

pub(crate) use body::receive;
pub(crate) use room::Intake;
