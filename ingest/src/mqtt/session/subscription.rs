//! What to subscribe to at a broker, and who we are to its edge nodes.

use crate::config::{Broker, Format, Route};
use crate::decode::Host;
use crate::topic;

/// The topics to subscribe to, and ourselves as a host application if edge nodes can be heard there.
///
/// A conversation in Sparkplug B must be heard whole. Dealt out among a group, everybody would hear gaps and ask all nodes to start over, so it is
/// left out of the topics of a group.
pub(super) fn subscriptions(broker: &Broker, routes: &[Route]) -> (Vec<String>, Option<Host>) {
    let alone = broker.share_group.is_empty();
    let sparkplug = |route: &Route| route.format == Format::SparkplugB;
    let dealt_out = routes.iter().filter(|route| alone || !sparkplug(route));
    let mut topics = broker.subscriptions(dealt_out.map(|route| route.topic.as_str()));
    if !alone {
        if routes.iter().any(sparkplug) {
            tracing::info!(broker = %broker.name, "Sparkplug B cannot be shared in a group; for it list this broker once more, without share_group");
        }
        return (topics, None);
    }
    let heard = |route: &Route| {
        let mut filters = topic::subscriptions(&route.topic).into_iter();
        sparkplug(route) && filters.any(|filter| topics.iter().any(|topic| topic::overlap(topic, &filter)))
    };
    let host = Host::announced(routes).filter(|_| routes.iter().any(heard));
    if let Some(host) = &host
        && !topics.iter().any(|filter| topic::matches(filter, host.topic()))
    {
        topics.push(host.topic().to_owned());
    }
    (topics, host)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = "spBv1.0/STATE/specola";

    /// With a broker's own topics, its group, and the topic on which Sparkplug is spoken: what is subscribed to and whether we are a host there.
    #[track_caller]
    fn check(topics: &[&str], group: &str, sparkplug: &str, expected: &[&str], host: bool) {
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        let broker = Broker { topics, share_group: group.to_owned(), ..Broker::default() };
        let routes = [Route::new("senml/+/json", Format::SenmlJson), Route::new(sparkplug, Format::SparkplugB)];
        let (found, found_host) = subscriptions(&broker, &routes);
        assert_eq!((found, found_host.is_some()), (expected.iter().map(|topic| (*topic).to_owned()).collect(), host));
    }

    #[test]
    fn a_host_hears_its_own_state_by_its_routes_or_by_one_topic_more() {
        check(&[], "", "spBv1.0/#", &["senml/+/json", "spBv1.0/#"], true);
        check(&[], "", "spBv1.0/Comune/#", &["senml/+/json", "spBv1.0/Comune/#", STATE], true);
        check(&["#"], "", "spBv1.0/#", &["#"], true);
        check(&["spBv1.0/+/DDATA/#"], "", "spBv1.0/#", &["spBv1.0/+/DDATA/#", STATE], true);
        check(&["a/spBv1.0/#"], "", "**/spBv1.0/#", &["a/spBv1.0/#", STATE], true);
    }

    #[test]
    fn where_no_edge_node_is_heard_we_are_no_host() {
        check(&["tele/#"], "", "spBv1.0/#", &["tele/#"], false);
    }

    #[test]
    fn a_group_leaves_sparkplug_out() {
        check(&[], "city", "spBv1.0/#", &["$share/city/senml/+/json"], false);
    }
}
