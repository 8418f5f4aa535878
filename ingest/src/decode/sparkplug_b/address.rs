//! What the topic of a Sparkplug message says: which node, which device, what kind of message.

use super::super::Refusal;

/// The name space of Sparkplug B in a topic.
const NAMESPACE: &str = "spBv1.0";

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// A session of a node or device begins.
    Birth,
    /// Values changed.
    Data,
    /// A session of a node or device ended.
    Death,
}

/// The topic of a message from an edge node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// What stands before the group, with the name space: brokers that are joined put their own levels there.
    pub(super) prefix: &'a str,
    pub(super) group: &'a str,
    pub(super) node: &'a str,
    /// None: the node speaks for itself.
    pub(super) device: Option<&'a str>,
    pub(super) verb: Verb,
}

impl<'a> Address<'a> {
    /// Reads a topic. `None` when the message is not from an edge node: commands of hosts, and what hosts say about themselves.
    pub(super) fn parse(topic: &'a str) -> Result<Option<Self>, Refusal> {
        let wrong =
            || Refusal::schema("the topic is not spBv1.0/group/message type/node, with a device for D messages");
        let start = if topic.starts_with("spBv1.0/") { 0 } else { topic.find("/spBv1.0/").ok_or_else(wrong)? + 1 };
        let end = start + NAMESPACE.len();
        let mut levels = topic[end + 1..].split('/');
        let mut next = || levels.next().filter(|level| !level.is_empty());
        let group = next().ok_or_else(wrong)?;
        if group == "STATE" {
            return Ok(None);
        }
        let kind = next().ok_or_else(wrong)?;
        let node = next().ok_or_else(wrong)?;
        let (whose, verb) = match kind {
            "NBIRTH" => ("N", Verb::Birth),
            "NDATA" => ("N", Verb::Data),
            "NDEATH" => ("N", Verb::Death),
            "DBIRTH" => ("D", Verb::Birth),
            "DDATA" => ("D", Verb::Data),
            "DDEATH" => ("D", Verb::Death),
            "NCMD" | "DCMD" => return Ok(None),
            _ => return Err(wrong()),
        };
        let device = if whose == "D" { Some(next().ok_or_else(wrong)?) } else { None };
        if levels.next().is_some() {
            return Err(wrong());
        }
        Ok(Some(Self { prefix: &topic[..end], group, node, device, verb }))
    }

    /// Where the node takes commands.
    pub(super) fn commands(&self) -> String {
        format!("{}/{}/NCMD/{}", self.prefix, self.group, self.node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(topic: &str, expected: Option<(&str, &str, Option<&str>, Verb)>) {
        let found = Address::parse(topic).unwrap();
        assert_eq!(found.map(|at| (at.group, at.node, at.device, at.verb)), expected, "{topic}");
    }

    #[test]
    fn a_topic_names_group_node_device_and_what_it_is_about() {
        check("spBv1.0/g/NBIRTH/n", Some(("g", "n", None, Verb::Birth)));
        check("spBv1.0/g a/DDATA/n b/d", Some(("g a", "n b", Some("d"), Verb::Data)));
        check("site/7/spBv1.0/g/NDEATH/n", Some(("g", "n", None, Verb::Death)));
        check("spBv1.0/STATE/scada", None);
        check("spBv1.0/g/NCMD/n", None);
        check("spBv1.0/g/DCMD/n/d", None);
        let joined = Address::parse("site/7/spBv1.0/g/NDATA/n").unwrap().unwrap();
        assert_eq!(joined.commands(), "site/7/spBv1.0/g/NCMD/n");
    }

    #[test]
    fn a_topic_of_another_form_is_refused() {
        for topic in [
            "",
            "spBv1.0",
            "spBv1.0/",
            "spBv1.0/g",
            "spBv1.0/g/NDATA",
            "spBv1.0/g/NDATA/",
            "spBv1.0/g/NDATA/n/d",
            "spBv1.0/g/DDATA/n",
            "spBv1.0/g/DDATA/n/",
            "spBv1.0/g/DDATA/n/d/e",
            "spBv1.0/g/WHAT/n",
            "spBv1.0//NDATA/n",
            "STATE/scada",
            "xspBv1.0/g/NDATA/n",
        ] {
            assert!(Address::parse(topic).is_err(), "{topic}");
        }
    }
}
