//! The text frames of the live socket.

use std::sync::Arc;

use model::{Bounds, Domain};
use serde::{Deserialize, Serialize};

use super::selection::Selection;
use crate::wire::alarm::Alarm;

/// Trades that one subscription may name; no city has as many.
const MOST_DOMAINS: usize = 256;

/// Where a page takes up again.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resume {
    pub(crate) epoch: String,
    pub(crate) version: u64,
    pub(crate) alarm_version: u64,
}

/// What a page says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FromPage {
    Subscribe {
        #[serde(default)]
        resume: Option<Resume>,
        #[serde(default)]
        viewport: Option<[f64; 4]>,
        #[serde(default)]
        domains: Option<Vec<String>>,
    },
    Ping {
        sent_ms: f64,
    },
}

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToPage<'a> {
    Hello { epoch: &'a str, version: u64, alarm_version: u64, server_ms: i64, beat_s: u64 },
    Beat { server_ms: i64, version: u64, readings_per_s: f64, kept_total: u64, open_alarms: usize, lag_ms: f64 },
    Alarms { reset: bool, alarm_version: u64, items: Vec<Arc<Alarm>> },
    AssetsChanged { epoch: &'a str },
    Pong { sent_ms: f64, server_ms: i64 },
}

/// The selection of a subscription, or why it is none.
pub(crate) fn selection(viewport: Option<[f64; 4]>, domains: Option<Vec<String>>) -> Result<Selection, &'static str> {
    let viewport = match viewport {
        None => None,
        Some([west, south, east, north]) if west <= east && south <= north => Some(Bounds { west, south, east, north }),
        Some(_) => return Err("viewport is west, south, east, north"),
    };
    let domains = match domains {
        None => None,
        Some(names) if names.len() > MOST_DOMAINS => return Err("too many domains"),
        Some(names) => {
            // A name that no domain can have selects nothing, like the name of a domain that this city lacks.
            let mut domains: Vec<_> = names.iter().filter_map(|name| Domain::new(name).ok()).collect();
            domains.sort();
            domains.dedup();
            Some(domains)
        }
    };
    Ok(Selection { viewport, domains })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_is_read_as_the_contract_says() {
        let text = r#"{"type":"subscribe","resume":{"epoch":"a","version":7,"alarm_version":2},"viewport":[15,38,16,39],"domains":["water"]}"#;
        let FromPage::Subscribe { resume, viewport, domains } = serde_json::from_str(text).unwrap() else {
            panic!("not a subscription")
        };
        assert_eq!(resume, Some(Resume { epoch: "a".into(), version: 7, alarm_version: 2 }));
        let selection = selection(viewport, domains).unwrap();
        assert_eq!(selection.domains, Some(vec![Domain::new("water").unwrap()]));
        assert_eq!(selection.viewport.unwrap().east, 16.0);
    }

    #[test]
    fn a_viewport_that_is_inside_out_is_refused() {
        assert!(selection(Some([16.0, 38.0, 15.0, 39.0]), None).is_err());
        assert!(selection(Some([f64::NAN, 38.0, 15.0, 39.0]), None).is_err());
    }
}
