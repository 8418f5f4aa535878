//! Sparkplug B 3.0: a gateway is an edge node, its sensors are the devices behind it.

mod edge_node;
mod payload;

pub(crate) use edge_node::EdgeNode;
pub(crate) use payload::{birth_of_device, birth_of_node};
