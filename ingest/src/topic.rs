//! MQTT topic filters: are they well formed, and does a topic match. Routes may also begin with levels in any number, which MQTT cannot say.

/// What a route may begin with: any number of levels, at least one.
const LEVELS: &str = "**/";
/// How many levels [`LEVELS`] stands for where only MQTT filters can be used. `#` would say it all, and would fetch everything that a broker has.
const SUBSCRIBED_LEVELS: usize = 5;

/// Refuses a route's filter that cannot work, and says why.
pub(crate) fn check_route(filter: &str) -> Result<(), String> {
    check(filter.strip_prefix(LEVELS).unwrap_or(filter))
}

/// What to subscribe to for a route's filter.
pub(crate) fn subscriptions(filter: &str) -> Vec<String> {
    match filter.strip_prefix(LEVELS) {
        None => vec![filter.to_owned()],
        Some(rest) => (1..=SUBSCRIBED_LEVELS).map(|levels| "+/".repeat(levels) + rest).collect(),
    }
}

/// Refuses a filter that no broker would accept, and says why.
pub(crate) fn check(filter: &str) -> Result<(), String> {
    if filter.is_empty() || filter.len() > 65_535 || filter.contains('\0') {
        return Err(format!("topic filter {filter:?} is empty, longer than 65,535 bytes or holds a NUL"));
    }
    let levels = filter.split('/').collect::<Vec<_>>();
    for (index, level) in levels.iter().enumerate() {
        if level.contains('#') && (*level != "#" || index + 1 != levels.len()) {
            return Err(format!("topic filter {filter:?}: # must stand alone and at the end, like sensors/#"));
        }
        if *level == "**" {
            return Err(format!("topic filter {filter:?}: ** stands for any levels only at the beginning of a route"));
        }
        if level.contains('+') && *level != "+" {
            return Err(format!("topic filter {filter:?}: + must stand alone between slashes, like sensors/+/data"));
        }
    }
    Ok(())
}

/// Whether `topic` is covered by `filter`. Wildcards at the start do not cover topics that begin with `$`.
pub(crate) fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && !filter.starts_with('$') {
        return false;
    }
    match filter.strip_prefix(LEVELS) {
        Some(rest) => topic.match_indices('/').any(|(slash, _)| covers(rest, &topic[slash + 1..])),
        None => covers(filter, topic),
    }
}

/// A filter ready for use. Most topics differ from it before its first wildcard, which is seen at once.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    text: String,
    literal: usize,
}

impl Filter {
    /// This filter.
    pub(crate) fn new(text: &str) -> Self {
        let literal = text.find(['+', '#', '*']).map_or(text, |wildcard| &text[..wildcard]);
        // `a/#` covers `a` too.
        Self { literal: literal.trim_end_matches('/').len(), text: text.to_owned() }
    }

    /// As [`matches`].
    pub(crate) fn matches(&self, topic: &str) -> bool {
        topic.as_bytes().starts_with(&self.text.as_bytes()[..self.literal]) && matches(&self.text, topic)
    }
}

fn covers(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        match (wanted, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (wanted, Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

/// Whether some topic is covered by both filters.
pub(crate) fn overlap(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.split('/'), other.split('/'));
    loop {
        match (one.next(), other.next()) {
            (Some("#"), _) | (_, Some("#")) | (None, None) => return true,
            (Some(a), Some(b)) if a == "+" || b == "+" || a == b => {}
            _ => return false,
        }
    }
}

/// The level of `topic` with this number, counted from 1.
pub(crate) fn level(topic: &str, number: usize) -> Option<&str> {
    topic.split('/').nth(number.checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_mqtt_says() {
        for (filter, topic, expected) in [
            ("a/+/c", "a/b/c", true),
            ("a/+/c", "a/b/d", false),
            ("a/+", "a/b/c", false),
            ("a/+", "a/", true),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("#", "a/b", true),
            ("#", "$SYS/x", false),
            ("+/x", "$SYS/x", false),
            ("$SYS/#", "$SYS/x", true),
            ("a/b", "a/b", true),
            ("a//#", "a", false),
            ("a/b/", "a/b/", true),
            ("a/b/", "a/b", false),
            ("a/b", "a", false),
            ("**/x/#", "a/x/y", true),
            ("**/x/#", "a/b/c/x", true),
            ("**/x/#", "a/x/b/x/y", true),
            ("**/x/#", "/x/y", true),
            ("**/x/#", "x/y", false),
            ("**/x/#", "a/b/xx/y", false),
            ("**/x/#", "$SYS/x/y", false),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
            assert_eq!(Filter::new(filter).matches(topic), expected, "{filter} {topic}");
        }
    }

    #[test]
    fn filters_overlap_when_one_topic_fits_both() {
        for (one, other, expected) in [
            ("a/#", "a/b/c", true),
            ("#", "a/b", true),
            ("a/+/c", "a/b/+", true),
            ("a", "a/#", true),
            ("a/b", "a/+", true),
            ("a/b", "a/c", false),
            ("a/b/c", "a/b", false),
            ("+/b", "a/c", false),
        ] {
            assert_eq!(overlap(one, other), expected, "{one} {other}");
            assert_eq!(overlap(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn a_filter_that_no_broker_accepts_is_refused() {
        for bad in ["", "a/#/b", "a#", "a/b+", "a\0", "**/a", "a/**"] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
        assert!(check("+/a/#").is_ok());
    }

    #[test]
    fn a_route_may_begin_with_any_levels_and_is_subscribed_by_filters_that_brokers_know() {
        for bad in ["", "**", "**/", "a/**/b", "**/**/a", "**/a#"] {
            assert!(check_route(bad).is_err(), "{bad:?}");
        }
        assert!(check_route("**/a/#").is_ok() && check_route("a/+").is_ok());
        assert_eq!(subscriptions("a/+"), ["a/+"]);
        let filters = subscriptions("**/a/#");
        assert_eq!((filters.len(), filters[0].as_str(), filters[1].as_str()), (5, "+/a/#", "+/+/a/#"));
        assert!(filters.iter().all(|filter| check(filter).is_ok() && matches("**/a/#", &filter.replace("/#", "/x"))));
    }

    #[test]
    fn levels_count_from_one() {
        assert_eq!((level("a/b", 2), level("a/b", 3), level("a/b", 0)), (Some("b"), None, None));
    }
}
