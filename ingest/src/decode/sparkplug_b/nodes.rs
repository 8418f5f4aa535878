//! All edge nodes that are heard, and the bounds of what is remembered of them.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use model::{Duration, Timestamp};

use super::super::Message;
use super::address::Address;
use super::node::Node;

/// Nodes that are remembered: more than a region has. Beyond it the one that was silent longest is forgotten; when it speaks again it is asked to
/// start over.
const NODES: usize = 10_000;
/// Metrics and devices that are remembered over all nodes; about 100 MB with names of usual length.
const ANNOUNCED: usize = 500_000;

/// The edge nodes. A conversation belongs to a tenant, a source, a group and a node.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    nodes: HashMap<Box<str>, Node>,
    announced: usize,
    /// Nodes with a gap, and when to look whether it has closed: each at most once.
    watched: BTreeSet<(Timestamp, Box<str>)>,
    key: String,
}

impl Nodes {
    /// Calls `act` with the node that sent this message.
    pub(super) fn with<T>(
        &mut self,
        message: &Message<'_>,
        address: &Address<'_>,
        act: impl FnOnce(&mut Node) -> T,
    ) -> T {
        let Self { nodes, announced, key, .. } = self;
        key.clear();
        // NUL stands in no topic, tenant or source that a configuration can name.
        let named = write!(
            key,
            "{}\0{}\0{}\0{}\0{}",
            message.tenant, message.source, address.prefix, address.group, address.node
        );
        debug_assert!(named.is_ok(), "a String takes everything");
        if !nodes.contains_key(key.as_str()) {
            if nodes.len() >= NODES {
                forget(nodes, announced, "");
            }
            nodes.insert(key.as_str().into(), Node::new(Arc::clone(message.source), address.commands()));
        }
        let node = nodes.get_mut(key.as_str()).expect("it was just put in");
        node.heard = message.received;
        let before = node.weight;
        let outcome = act(node);
        *announced = *announced + node.weight - before;
        while *announced > ANNOUNCED && nodes.len() > 1 {
            forget(nodes, announced, key);
        }
        outcome
    }

    /// Looks after this long whether the gap of the node that sent this message has closed.
    pub(super) fn watch(&mut self, due: Timestamp) {
        if let Some(node) = self.nodes.get_mut(self.key.as_str())
            && !std::mem::replace(&mut node.watched, true)
        {
            self.watched.insert((due, self.key.as_str().into()));
        }
    }

    /// Nodes whose gap has not closed in time, each told once.
    pub(super) fn overdue(&mut self, now: Timestamp, wait: Duration, mut tell: impl FnMut(&mut Node)) {
        while self.watched.first().is_some_and(|(due, _)| *due <= now) {
            let Some((_, key)) = self.watched.pop_first() else { return };
            let Some(node) = self.nodes.get_mut(&key) else { continue };
            node.watched = false;
            match node.sequence.due(wait) {
                None => {}
                Some(due) if due > now => {
                    // The gap that was watched has closed, and another one opened since.
                    node.watched = true;
                    self.watched.insert((due, key));
                }
                Some(_) => tell(node),
            }
        }
    }
}

/// Forgets the node that was silent longest, but not `spared`.
fn forget(nodes: &mut HashMap<Box<str>, Node>, announced: &mut usize, spared: &str) {
    let others = nodes.iter().filter(|(key, _)| &***key != spared);
    let Some(key) = others.min_by_key(|(_, node)| node.heard).map(|(key, _)| key.clone()) else { return };
    if let Some(node) = nodes.remove(&key) {
        *announced = announced.saturating_sub(node.weight);
    }
}
