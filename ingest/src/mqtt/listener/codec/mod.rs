//! The bytes of MQTT 3.1, 3.1.1 and 5: pure functions, no sockets, no state.

mod connect;
mod frame;
mod packet;
mod properties;
mod publish;
mod read;
mod reason;
mod subscribe;
mod write;

pub(super) use connect::{Connect, Version, Will};
pub(super) use frame::{Frame, Kind, measure};
pub(super) use packet::{Answered, Farewell, answered, farewell};
pub(super) use properties::Passed;
pub(super) use publish::{Outgoing, Publish, Qos};
pub(super) use read::Fault;
pub(super) use reason::Reason;
pub(super) use subscribe::{Handling, Subscribe, Wish, unsubscribe};
pub(super) use write::{Accepted, connack, disconnect, ping_answer, pub_answer, pub_release, subscribed, unsubscribed};
