//! All edge nodes that are heard, and the bounds of what is remembered of them.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use model::{Duration, Timestamp};

use super::super::Message;
use super::address::Address;
use super::node::Node;

/// How much is remembered.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    nodes: usize,
    /// Metrics and devices over all nodes.
    announced: usize,
}

/// More than a region has: twice the connections that our listener takes, and a hundred bytes and the name for each metric, 150 MB for all.
const BOUNDS: Bounds = Bounds { nodes: 20_000, announced: 1_000_000 };
/// At the bounds, who was silent for this long makes room; when it speaks again it is asked to start over. Nobody who speaks is forgotten for somebody
/// new, or a flood of invented nodes would make all true ones unreadable.
const SILENT: Duration = Duration::from_secs(600);
/// How often room is looked for, at most: it means to look at every node.
const LOOK: Duration = Duration::from_secs(1);

/// The edge nodes. A conversation belongs to a tenant, a source, a group and a node.
#[derive(Debug)]
pub(super) struct Nodes {
    nodes: HashMap<Box<str>, Node>,
    announced: usize,
    /// Nodes with a gap, and when to look whether it has closed: each at most once.
    watched: BTreeSet<(Timestamp, Box<str>)>,
    key: String,
    looked: Timestamp,
    bounds: Bounds,
}

impl Default for Nodes {
    fn default() -> Self {
        Self::new(BOUNDS)
    }
}

impl Nodes {
    fn new(bounds: Bounds) -> Self {
        Self {
            nodes: HashMap::new(),
            announced: 0,
            watched: BTreeSet::new(),
            key: String::new(),
            looked: Timestamp::MIN,
            bounds,
        }
    }

    /// Calls `act` with the node that sent this message. One for whom there is no room is not remembered afterwards.
    pub(super) fn with<T>(
        &mut self,
        message: &Message<'_>,
        address: &Address<'_>,
        act: impl FnOnce(&mut Node) -> T,
    ) -> T {
        self.key.clear();
        let Address { prefix, group, node, .. } = address;
        // NUL stands in no topic, tenant or source that a configuration can name.
        let named = write!(self.key, "{}\0{}\0{prefix}\0{group}\0{node}", message.tenant, message.source);
        debug_assert!(named.is_ok(), "a String takes everything");
        let now = message.received;
        if let Some(node) = self.nodes.get_mut(self.key.as_str()) {
            node.heard = now;
        } else {
            let mut node = Node::new(Arc::clone(message.source), address.commands(), now);
            if self.nodes.len() >= self.bounds.nodes && !self.make_room(now) {
                node.remembered = false;
                return act(&mut node);
            }
            self.nodes.insert(self.key.as_str().into(), node);
        }
        if self.announced >= self.bounds.announced {
            self.make_room(now);
        }
        let Self { nodes, announced, key, bounds, .. } = self;
        let node = nodes.get_mut(key.as_str()).expect("it was heard just now");
        let before = node.weight;
        node.room = before + bounds.announced.saturating_sub(*announced);
        let outcome = act(node);
        *announced = *announced + node.weight - before;
        outcome
    }

    /// Forgets who was silent for long. Says whether there is room for one more node now.
    fn make_room(&mut self, now: Timestamp) -> bool {
        // A clock that was set back must not keep us from looking.
        if now >= self.looked && now < self.looked.plus(LOOK) {
            return false;
        }
        self.looked = now;
        self.nodes.retain(|_, node| now < node.heard.plus(SILENT));
        self.announced = self.nodes.values().map(|node| node.weight).sum();
        self.nodes.len() < self.bounds.nodes
    }

    /// Looks at this moment whether the gap of the node that was heard last has closed.
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

#[cfg(test)]
mod tests {
    use super::super::address::Address;
    use super::super::payload::{Metric, Payload, PropertySet};
    use super::*;
    use bytes::Bytes;
    use model::TenantId;

    /// Three nodes and ten metrics.
    fn small() -> Nodes {
        Nodes::new(Bounds { nodes: 3, announced: 10 })
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.plus(Duration::from_secs(seconds))
    }

    fn with<T>(nodes: &mut Nodes, node: &str, seconds: u64, act: impl FnOnce(&mut Node) -> T) -> T {
        let (tenant, source) = (TenantId::new("me").unwrap(), Arc::from("broker"));
        let topic = format!("spBv1.0/g/NDATA/{node}");
        let message = Message { tenant: &tenant, source: &source, topic: &topic, payload: &[], received: at(seconds) };
        nodes.with(&message, &Address::parse(&topic).unwrap().unwrap(), act)
    }

    /// A birth with so many metrics; says how many of them are known afterwards.
    fn birth(nodes: &mut Nodes, node: &str, seconds: u64, metrics: u64) -> usize {
        let metric =
            |alias| Metric { name: Some(Bytes::from(format!("m{alias}"))), alias: Some(alias), ..Metric::default() };
        let payload = Payload { metrics: (0..metrics).map(metric).collect(), ..Payload::default() };
        with(nodes, node, seconds, |node| node.begin(&payload, &mut PropertySet::default(), at(seconds)));
        known(nodes, node, seconds)
    }

    fn known(nodes: &mut Nodes, node: &str, seconds: u64) -> usize {
        with(nodes, node, seconds, |node| node.births(None).map_or(0, super::super::births::Births::len))
    }

    #[test]
    fn who_speaks_is_not_forgotten_for_somebody_new() {
        let mut nodes = small();
        for (second, node) in ["a", "b", "c"].into_iter().enumerate() {
            assert_eq!(birth(&mut nodes, node, second as u64, 2), 2);
        }
        assert_eq!(birth(&mut nodes, "d", 10, 2), 0, "there is no room");
        assert_eq!(known(&mut nodes, "a", 11), 2);
        assert_eq!(nodes.nodes.len(), 3);
    }

    #[test]
    fn who_was_silent_for_long_makes_room() {
        let mut nodes = small();
        for node in ["a", "b", "c"] {
            birth(&mut nodes, node, 0, 2);
        }
        known(&mut nodes, "a", 300);
        assert_eq!(birth(&mut nodes, "d", 650, 2), 2);
        assert_eq!((known(&mut nodes, "a", 650), nodes.nodes.len(), nodes.announced), (2, 2, 4));
    }

    #[test]
    fn metrics_beyond_the_bound_are_not_remembered_and_come_in_when_others_leave() {
        let mut nodes = small();
        assert_eq!(birth(&mut nodes, "a", 0, 8), 8);
        assert_eq!(birth(&mut nodes, "b", 0, 8), 2);
        assert_eq!(birth(&mut nodes, "b", 1, 1), 1);
        assert_eq!(nodes.announced, 9);
        assert_eq!(birth(&mut nodes, "a", 2, 9), 9, "a birth may use what the one before it used");
        assert_eq!(birth(&mut nodes, "b", 700, 8), 8);
        assert_eq!(nodes.announced, 8);
    }
}
