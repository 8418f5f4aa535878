//! Who wants to hear a topic: filters level by level.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use super::Session;
use crate::mqtt::listener::codec::{Handling, Qos, Wish};

/// Levels of a filter: what devices use, times ten; it bounds the depth of the tree.
pub(super) const LEVELS: usize = 64;

/// How one subscription is to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Options {
    pub(crate) qos: Qos,
    pub(crate) no_local: bool,
    pub(crate) as_published: bool,
    pub(crate) handling: Handling,
    pub(crate) id: Option<u32>,
}

impl Options {
    /// As a client wishes.
    pub(crate) fn new(wish: &Wish<'_>, id: Option<u32>) -> Self {
        let Wish { qos, no_local, as_published, handling, .. } = *wish;
        Self { qos, no_local, as_published, handling, id }
    }
}

/// One subscription of one session.
#[derive(Clone)]
pub(super) struct Subscriber {
    pub(super) session: Arc<Session>,
    pub(super) options: Options,
}

/// Subscribers that share a filter: each message goes to one of them.
struct Group {
    name: Box<str>,
    members: Vec<Subscriber>,
    turn: AtomicUsize,
}

/// Everybody with the same filter.
#[derive(Default)]
struct Audience {
    single: Vec<Subscriber>,
    groups: Vec<Group>,
}

#[derive(Default)]
struct Node {
    children: HashMap<Box<str>, Node>,
    /// Behind a `+`.
    any: Option<Box<Node>>,
    /// Filters that end here.
    here: Audience,
    /// Filters that end here with a `#`.
    below: Audience,
}

/// All subscriptions of a tenant.
#[derive(Default)]
pub(super) struct Tree {
    root: Node,
}

/// A filter with its share group, if it has one: `$share/<group>/<filter>`.
pub(super) fn split_share(filter: &str) -> Result<(Option<&str>, &str), &'static str> {
    let Some(rest) = filter.strip_prefix("$share/") else { return Ok((None, filter)) };
    match rest.split_once('/') {
        Some((group, filter)) if !group.is_empty() && !group.contains(['+', '#']) && !filter.is_empty() => {
            Ok((Some(group), filter))
        }
        _ => Err("a shared subscription is written $share/<group>/<filter>"),
    }
}

impl Audience {
    fn add(&mut self, group: Option<&str>, subscriber: Subscriber) {
        let members = match group {
            None => &mut self.single,
            Some(name) => {
                let at = self.groups.iter().position(|group| &*group.name == name).unwrap_or_else(|| {
                    self.groups.push(Group { name: name.into(), members: Vec::new(), turn: AtomicUsize::new(0) });
                    self.groups.len() - 1
                });
                &mut self.groups[at].members
            }
        };
        match members.iter_mut().find(|known| Arc::ptr_eq(&known.session, &subscriber.session)) {
            Some(known) => *known = subscriber,
            None => members.push(subscriber),
        }
    }

    fn remove(&mut self, group: Option<&str>, session: &Arc<Session>) {
        let other = |known: &Subscriber| !Arc::ptr_eq(&known.session, session);
        match group {
            None => self.single.retain(other),
            Some(name) => {
                for group in self.groups.iter_mut().filter(|group| &*group.name == name) {
                    group.members.retain(other);
                }
                self.groups.retain(|group| !group.members.is_empty());
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.single.is_empty() && self.groups.is_empty()
    }

    /// Whom a message goes to: everybody, and of each group the next member, rather one that is connected.
    fn choose(&self, each: &mut impl FnMut(&Subscriber)) {
        self.single.iter().for_each(&mut *each);
        for group in &self.groups {
            let turn = group.turn.fetch_add(1, Ordering::Relaxed);
            let nth = |step: usize| &group.members[turn.wrapping_add(step) % group.members.len()];
            let chosen = (0..group.members.len()).map(nth).find(|member| member.session.is_connected());
            each(chosen.unwrap_or_else(|| nth(0)));
        }
    }
}

impl Node {
    fn is_empty(&self) -> bool {
        self.children.is_empty() && self.any.is_none() && self.here.is_empty() && self.below.is_empty()
    }

    fn remove<'a>(&mut self, mut levels: impl Iterator<Item = &'a str>, group: Option<&str>, session: &Arc<Session>) {
        match levels.next() {
            None => self.here.remove(group, session),
            Some("#") => self.below.remove(group, session),
            Some("+") => {
                if let Some(any) = &mut self.any {
                    any.remove(levels, group, session);
                    if any.is_empty() {
                        self.any = None;
                    }
                }
            }
            Some(level) => {
                if let Some(child) = self.children.get_mut(level) {
                    child.remove(levels, group, session);
                    if child.is_empty() {
                        self.children.remove(level);
                    }
                }
            }
        }
    }

    /// Calls `each` with the audiences of `rest`, the levels that are left. `wild` is false at the first level of topics that start with `$`.
    fn walk<'a>(&'a self, rest: Option<&str>, wild: bool, each: &mut impl FnMut(&'a Audience)) {
        if wild && !self.below.is_empty() {
            each(&self.below);
        }
        let Some(rest) = rest else {
            if !self.here.is_empty() {
                each(&self.here);
            }
            return;
        };
        let (level, rest) = rest.split_once('/').map_or((rest, None), |(level, rest)| (level, Some(rest)));
        if let Some(child) = self.children.get(level) {
            child.walk(rest, true, each);
        }
        if let Some(any) = self.any.as_deref().filter(|_| wild) {
            any.walk(rest, true, each);
        }
    }
}

impl Tree {
    /// Adds or replaces a subscription. The filter is well formed and has at most [`LEVELS`] levels.
    pub(super) fn add(&mut self, group: Option<&str>, filter: &str, subscriber: Subscriber) {
        let mut node = &mut self.root;
        for level in filter.split('/') {
            node = match level {
                "#" => return node.below.add(group, subscriber),
                "+" => node.any.get_or_insert_default(),
                _ => node.children.entry(level.into()).or_default(),
            };
        }
        node.here.add(group, subscriber);
    }

    /// Removes a subscription and what nothing else needs.
    pub(super) fn remove(&mut self, group: Option<&str>, filter: &str, session: &Arc<Session>) {
        self.root.remove(filter.split('/'), group, session);
    }

    /// Whether anybody wants to hear this topic.
    pub(super) fn anyone(&self, topic: &str) -> bool {
        let mut found = false;
        self.root.walk(Some(topic), !topic.starts_with('$'), &mut |_| found = true);
        found
    }

    /// Calls `each` with every subscription that gets a message with this topic.
    pub(super) fn choose(&self, topic: &str, mut each: impl FnMut(&Subscriber)) {
        self.root.walk(Some(topic), !topic.starts_with('$'), &mut |audience| audience.choose(&mut each));
    }

    /// Whether nothing is in it.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.root.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscriber(session: &Arc<Session>) -> Subscriber {
        let (qos, handling) = (Qos::Least, Handling::Always);
        let options = Options { qos, no_local: false, as_published: false, handling, id: None };
        Subscriber { session: Arc::clone(session), options }
    }

    #[test]
    fn the_tree_and_the_plain_rule_find_the_same() {
        let filters =
            ["a", "a/b", "a/+", "+/b", "#", "a/#", "+", "/+", "/", "+/+/#", "$SYS/#", "$SYS/+", "a/+/c", "/#"];
        let topics = ["a", "a/b", "a/b/c", "/", "/a", "$SYS/x", "b", "a/", "a//c", "$SYS", "b/b"];
        for filter in filters {
            let session = Session::quiet("client");
            let mut tree = Tree::default();
            tree.add(None, filter, subscriber(&session));
            for topic in topics {
                assert_eq!(tree.anyone(topic), crate::topic::matches(filter, topic), "{filter} {topic}");
            }
            tree.remove(None, filter, &session);
            assert!(tree.is_empty(), "{filter} left something behind");
        }
    }

    #[test]
    fn a_group_gets_each_message_once_and_takes_turns() {
        let (one, two) = (Session::quiet("one"), Session::quiet("two"));
        let mut tree = Tree::default();
        tree.add(Some("g"), "a/#", subscriber(&one));
        tree.add(Some("g"), "a/#", subscriber(&two));
        let mut heard = Vec::new();
        for _ in 0..4 {
            tree.choose("a/b", |chosen| heard.push(chosen.session.client().to_string()));
        }
        heard.sort();
        assert_eq!(heard, ["one", "one", "two", "two"]);
    }

    #[test]
    fn a_share_needs_a_group_and_a_filter() {
        assert_eq!(split_share("a/b"), Ok((None, "a/b")));
        assert_eq!(split_share("$share/g/a/+"), Ok((Some("g"), "a/+")));
        for bad in ["$share/g", "$share//a", "$share/g+/a", "$share/g/"] {
            assert!(split_share(bad).is_err(), "{bad}");
        }
    }
}
