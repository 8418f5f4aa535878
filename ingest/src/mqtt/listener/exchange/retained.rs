//! Messages that are kept for those who subscribe later: the newest of each topic, bounded in number and bytes.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use model::Timestamp;

use super::Message;
use crate::topic;

/// The kept messages of one tenant.
pub(super) struct Retained {
    messages: BTreeMap<Arc<str>, Arc<Message>>,
    bytes: usize,
    most_messages: usize,
    most_bytes: usize,
}

/// There is no room for another message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Retained {
    pub(super) fn new(most_messages: usize, most_bytes: usize) -> Self {
        Self { messages: BTreeMap::new(), bytes: 0, most_messages, most_bytes }
    }

    /// Keeps this message in place of the one before; an empty one only makes us forget.
    pub(super) fn keep(&mut self, message: &Arc<Message>) -> Result<(), Full> {
        if message.payload.is_empty() {
            self.forget(&message.topic);
            return Ok(());
        }
        let before = self.messages.get(&message.topic).map_or(0, |known| known.weight());
        let is_new = usize::from(before == 0);
        let bytes = self.bytes - before + message.weight();
        if self.messages.len() + is_new > self.most_messages || bytes > self.most_bytes {
            return Err(Full);
        }
        self.bytes = bytes;
        self.messages.insert(Arc::clone(&message.topic), Arc::clone(message));
        Ok(())
    }

    /// Forgets the message of a topic.
    pub(super) fn forget(&mut self, topic: &str) {
        if let Some(known) = self.messages.remove(topic) {
            self.bytes -= known.weight();
        }
    }

    /// Whether this message would have room.
    pub(super) fn has_room(&self, topic: &str, weight: usize) -> bool {
        let before = self.messages.get(topic).map_or(0, |known| known.weight());
        self.messages.len() + usize::from(before == 0) <= self.most_messages
            && self.bytes - before + weight <= self.most_bytes
    }

    /// The next message whose topic matches `filter` after the topic `last`. Only topics that share the filter's beginning are looked at.
    pub(super) fn next(&self, filter: &str, last: Option<&str>, now: Timestamp) -> Option<&Arc<Message>> {
        let wildcard = filter.find(['+', '#']);
        let Some(wildcard) = wildcard else {
            return self.messages.get(filter).filter(|message| last.is_none() && !message.is_expired(now));
        };
        // `a/#` matches `a` too.
        let prefix = &filter[..wildcard];
        let prefix = if filter.ends_with('#') { prefix.strip_suffix('/').unwrap_or(prefix) } else { prefix };
        let from = last.map_or(Bound::Included(prefix), Bound::Excluded);
        self.messages
            .range::<str, _>((from, Bound::Unbounded))
            .take_while(|(topic, _)| topic.starts_with(prefix))
            .find(|(topic, message)| topic::matches(filter, topic) && !message.is_expired(now))
            .map(|(_, message)| message)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::mqtt::listener::codec::Qos;

    fn message(topic: &str, payload: &'static str) -> Arc<Message> {
        let (payload, publisher) = (Bytes::from_static(payload.as_bytes()), Arc::from("x"));
        let passed = Box::default();
        Arc::new(Message {
            topic: topic.into(),
            payload,
            qos: Qos::Least,
            retain: true,
            passed,
            expires: None,
            publisher,
        })
    }

    fn all(retained: &Retained, filter: &str) -> Vec<String> {
        let (mut found, mut last) = (Vec::<String>::new(), None::<String>);
        while let Some(message) = retained.next(filter, last.as_deref(), Timestamp::EPOCH) {
            found.push(message.topic.to_string());
            last = found.last().cloned();
        }
        found
    }

    #[test]
    fn the_newest_of_each_topic_is_found_by_filter() {
        let mut retained = Retained::new(10, 10_000);
        for topic in ["a", "a/b", "a/c", "a/b/c", "ab", "b", "$S/a"] {
            retained.keep(&message(topic, "1")).unwrap();
        }
        assert_eq!(all(&retained, "a/#"), ["a", "a/b", "a/b/c", "a/c"]);
        assert_eq!(all(&retained, "a/+"), ["a/b", "a/c"]);
        assert_eq!(all(&retained, "+"), ["a", "ab", "b"]);
        assert_eq!(all(&retained, "b"), ["b"]);
        retained.keep(&message("a/b", "")).unwrap();
        assert_eq!(all(&retained, "a/+"), ["a/c"]);
    }

    #[test]
    fn what_has_no_room_is_not_kept_and_replacing_needs_no_more_room() {
        let mut retained = Retained::new(2, 10_000);
        retained.keep(&message("a", "1")).unwrap();
        retained.keep(&message("b", "1")).unwrap();
        assert_eq!(retained.keep(&message("c", "1")), Err(Full));
        retained.keep(&message("a", "2")).unwrap();
        retained.keep(&message("b", "")).unwrap();
        retained.keep(&message("c", "1")).unwrap();
        let mut small = Retained::new(9, 300);
        small.keep(&message("a", "1")).unwrap();
        small.keep(&message("b", "1")).unwrap();
        assert_eq!(small.keep(&message("c", "1")), Err(Full));
    }
}
