//! One message on its way to subscribers.

use std::sync::Arc;

use bytes::Bytes;
use model::{Duration, Timestamp};

use crate::mqtt::listener::codec::{Passed, Qos};

/// A message, shared by all who get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Bytes,
    pub(crate) qos: Qos,
    /// Whether it is to be kept for those who subscribe later.
    pub(crate) retain: bool,
    /// Properties of MQTT 5 that are passed on, as they go over the wire.
    pub(crate) passed: Box<[u8]>,
    /// After this nobody wants it any more.
    pub(crate) expires: Option<Timestamp>,
    /// Who sent it, for subscribers that do not want to hear themselves.
    pub(crate) publisher: Arc<str>,
}

/// What a message costs in memory beside its bytes.
const OVERHEAD: usize = 128;

impl Message {
    /// The moment after which a message of MQTT 5 that came now is not wanted any more.
    pub(crate) fn expiry(passed: &Passed, now: Timestamp) -> Option<Timestamp> {
        passed.expiry.map(|seconds| now.plus(Duration::from_secs(seconds.into())))
    }

    /// Whether nobody wants it any more.
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Seconds that it has left, when they are limited.
    pub(crate) fn seconds_left(&self, now: Timestamp) -> Option<u32> {
        let left = self.expires?.since(now);
        Some(u32::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u32::MAX))
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn weight(&self) -> usize {
        self.topic.len() + self.payload.len() + self.passed.len() + OVERHEAD
    }
}
