//! What clients of one tenant say to each other: subscriptions, kept messages, sessions. Knows no sockets.

mod delivery;
mod message;
mod retained;
mod session;
mod tenant;
mod tree;
mod wills;

pub(super) use delivery::Wire;
pub(super) use message::Message;
pub(super) use session::{Kick, Session};
pub(crate) use tenant::Bounds;
pub(super) use tenant::{Arrived, Exchange};
pub(super) use tree::Options;
pub(super) use wills::Will;
