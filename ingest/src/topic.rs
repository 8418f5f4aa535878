//! MQTT topic filters: are they well formed, and does a topic match.

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
            ("a/b", "a", false),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
        }
    }

    #[test]
    fn a_filter_that_no_broker_accepts_is_refused() {
        for bad in ["", "a/#/b", "a#", "a/b+", "a\0"] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
        assert!(check("+/a/#").is_ok());
    }

    #[test]
    fn levels_count_from_one() {
        assert_eq!((level("a/b", 2), level("a/b", 3), level("a/b", 0)), (Some("b"), None, None));
    }
}
