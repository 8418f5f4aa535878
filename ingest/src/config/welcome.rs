//! Which class a device gets that nobody registered.

use model::AssetClass;
use serde::{Deserialize, Serialize};

use super::Format;
use crate::topic;

/// One rule: devices that fit become assets of this class at first sight. The first rule that fits decides; all of its keys must fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Welcome {
    /// The name of the device, in which `*` stands for any number of characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The topic of its first message, as an MQTT topic filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The format in which it speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// The class.
    pub class: String,
}

impl Welcome {
    /// What is wrong with it.
    pub(super) fn validate(&self) -> Result<(), String> {
        AssetClass::new(&self.class).map_err(|why| why.to_string())?;
        if let Some(filter) = &self.topic {
            topic::check(filter)?;
        }
        if self.device.is_none() && self.topic.is_none() && self.format.is_none() {
            return Err("a rule needs device, topic or format; device = \"*\" fits everything".to_owned());
        }
        Ok(())
    }

    /// Whether a device that speaks in this way fits.
    pub(crate) fn fits(&self, device: &str, topic: &str, format: Format) -> bool {
        self.device.as_deref().is_none_or(|pattern| like(pattern, device))
            && self.topic.as_deref().is_none_or(|filter| topic::matches(filter, topic))
            && self.format.is_none_or(|wanted| wanted == format)
    }
}

/// Whether `text` is like `pattern`, in which `*` stands for any characters. Takes time that grows with the lengths only.
fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut rest = rest;
    let middle: Vec<&str> = parts.collect();
    let Some((last, between)) = middle.split_last() else { return rest.is_empty() };
    for part in between {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(like(pattern, text), expected, "{pattern} {text}");
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        check("lamp-*", "lamp-12", true);
        check("lamp-*", "lamp-", true);
        check("lamp-*", "alamp-1", false);
        check("*", "", true);
        check("*-bin", "north-bin", true);
        check("*-bin", "north-bins", false);
        check("a*b*c", "a-b-b-c", true);
        check("a*b*c", "acb", false);
        check("ab*ba", "aba", false);
        check("exact", "exact", true);
        check("exact", "exactly", false);
        check("è*ù", "èàù", true);
    }
}
