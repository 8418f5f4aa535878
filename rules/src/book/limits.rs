//! What charts and screens ask of the rules: limits to draw, and how old a value may grow before it is stale.

use model::alarm::Priority;
use model::{Asset, Duration, MetricName, RuleId};

use super::rulebook::RuleBook;

/// How old a value may grow where no silence rule says so: four quarters of an hour make a dull chart, one missed quarter is worth a mark.
const STALE_AFTER: Duration = Duration::from_secs(15 * 60);

/// Which side of a limit is abnormal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// Values above the limit.
    Above,
    /// Values below the limit.
    Below,
}

impl Comparison {
    /// The word on the wire: `above` or `below`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
        }
    }
}

/// A line on the chart of one metric of one asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The metric.
    pub metric: MetricName,
    /// The rule that judges by it.
    pub rule: RuleId,
    /// Which side is abnormal.
    pub comparison: Comparison,
    /// The limit, in the unit of the metric.
    pub limit: f64,
    /// Where the alarm returns; equal to the limit when there is no hysteresis.
    pub clear: f64,
    /// How urgent an alarm by this limit is.
    pub priority: Priority,
}

impl RuleBook {
    /// The limits by which `asset` is judged, in the order of their rules.
    pub fn limits(&self, asset: &Asset) -> Vec<Limit> {
        let covering = self.in_force().filter(|rule| rule.covers(asset));
        covering
            .filter_map(|rule| {
                let (comparison, limit, clear) = rule.condition.limit_of_value()?;
                let metric = rule.metric.clone()?;
                Some(Limit { metric, rule: rule.id.clone(), comparison, limit, clear, priority: rule.priority })
            })
            .collect()
    }

    /// How old the newest value of `metric` may grow before it is shown as stale: what the strictest silence rule allows, else 15 minutes.
    pub fn stale_after(&self, asset: &Asset, metric: &MetricName) -> Duration {
        let covering = self.in_force().filter(|rule| rule.covers(asset));
        covering
            .filter(|rule| rule.metric.as_ref().is_none_or(|judged| judged == metric))
            .filter_map(|rule| rule.condition.silence())
            .min()
            .unwrap_or(STALE_AFTER)
    }
}
