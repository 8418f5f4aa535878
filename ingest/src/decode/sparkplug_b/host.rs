//! What we say about ourselves as a host application, so that edge nodes know whether anybody listens.

use bytes::Bytes;
use model::Timestamp;
use serde::Deserialize;

use super::super::{Command, Presence};
use crate::config::{Format, Route};

/// Ourselves as a host application, as edge nodes see us.
///
/// A connection to a broker carries `state(Offline, t)` as its will; once subscribed it says `state(Online, t)` with the same time; before a wanted goodbye
/// it says `state(Offline, now)`. A broker of our own says the second at its start and the third at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    topic: String,
}

/// The part of a host's state that matters to us.
#[derive(Deserialize)]
struct State {
    online: bool,
}

impl Host {
    /// The host application of these routes; `None` when none of them speaks Sparkplug B, or when it shall not be announced.
    pub fn announced(routes: &[Route]) -> Option<Self> {
        let route = routes.iter().find(|route| route.format == Format::SparkplugB)?;
        let host = route.sparkplug.clone().unwrap_or_default().host_id;
        (!host.is_empty()).then(|| Self { topic: format!("spBv1.0/STATE/{host}") })
    }

    /// Where it says whether it is there.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// That it is there, or not: retained, and to be acknowledged.
    pub fn state(&self, presence: Presence, at: Timestamp) -> Command {
        let online = presence == Presence::Online;
        let payload = Bytes::from(format!("{{\"online\":{online},\"timestamp\":{}}}", at.as_millis()));
        Command { topic: self.topic.clone(), payload, assured: true, retain: true }
    }

    /// Whether this payload of a message on our topic says that we are not there: then we must say again that we are. It may be the will of our last
    /// connection, or somebody who uses our name.
    pub fn denies(payload: &[u8]) -> bool {
        serde_json::from_slice::<State>(payload).is_ok_and(|state| !state.online)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sparkplug;

    #[test]
    fn the_state_is_a_retained_assured_json_on_the_topic_of_the_host() {
        let at = Timestamp::parse("2026-11-22T10:00:00.5Z").unwrap();
        let state = Host::announced(&Route::defaults()).unwrap().state(Presence::Offline, at);
        assert_eq!(state.topic, "spBv1.0/STATE/specola");
        assert_eq!(&state.payload[..], br#"{"online":false,"timestamp":1795341600500}"#);
        assert!(state.assured && state.retain);
    }

    #[test]
    fn a_host_without_a_name_and_routes_without_sparkplug_announce_nothing() {
        let settings = Sparkplug { host_id: String::new(), ..Sparkplug::default() };
        let quiet = Route { sparkplug: Some(settings), ..Route::new("spBv1.0/#", Format::SparkplugB) };
        assert_eq!(Host::announced(&[quiet]), None);
        assert_eq!(Host::announced(&[Route::new("senml/#", Format::SenmlJson)]), None);
    }

    #[test]
    fn only_a_state_that_says_offline_denies_us() {
        assert!(Host::denies(br#"{"timestamp":1,"online":false}"#));
        for other in [&br#"{"timestamp":1,"online":true}"#[..], b"", b"OFFLINE", b"{}", b"[1]"] {
            assert!(!Host::denies(other), "{other:?}");
        }
    }
}
