//! How moments and spans of time are written.

use std::time::Duration;

use model::Timestamp;

/// Reads a moment: RFC 3339, or a day, which begins at midnight UTC.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    Timestamp::parse(text)
        .or_else(|_| Timestamp::parse(&format!("{text}T00:00:00Z")))
        .map_err(|_| format!("{text:?} is no time; write 2026-11-01 or 2026-11-01T06:00:00+01:00"))
}

/// Reads 90s, 10m, 2h or a number of seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let number: f64 = number.parse().map_err(|_| format!("{text:?} is no time; write 90s, 10m or 2h"))?;
    let factor = match unit {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("{unit:?} is no unit of time; use ms, s, m or h")),
    };
    Duration::try_from_secs_f64(number * factor).map_err(|_| format!("{text:?} is no time; write 90s, 10m or 2h"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_with_its_unit() {
        assert_eq!(duration("90s").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("1.5m").unwrap(), Duration::from_secs(90));
        assert!(duration("soon").is_err());
        assert!(duration("3 weeks").is_err());
    }

    #[test]
    fn a_moment_is_a_day_or_a_time_with_its_zone() {
        assert_eq!(moment("2026-11-01").unwrap(), moment("2026-11-01T01:00:00+01:00").unwrap());
        assert!(moment("01/11/2026").is_err());
    }
}
