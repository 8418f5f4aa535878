//! When devices are awaited and how often they should speak: by their classes and the stages of their assets' lives.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ingest::class::{Class, Classes};
use model::{Asset, AssetClass, AssetId, Duration, MetricName, Timestamp, Window};
use store::{Expectation, Expectations, Pace, Span, StageFact};

/// What is expected of the devices of these assets. `stages` are the changes of the stages of their lives, the oldest first, as far as they are known.
pub(crate) fn expectations(assets: &[Asset], classes: &Classes, stages: &[StageFact]) -> Expectations {
    let mut facts: HashMap<&AssetId, Vec<&StageFact>> = HashMap::new();
    for fact in stages {
        facts.entry(&fact.asset).or_default().push(fact);
    }
    let mut intervals: HashMap<&AssetClass, Arc<BTreeMap<MetricName, Duration>>> = HashMap::new();
    let mut expected = Expectations::default();
    for asset in assets {
        let class = classes.get(asset.class.as_str());
        let known = class
            .map(|class| Arc::clone(intervals.entry(&asset.class).or_insert_with(|| Arc::new(intervals_of(class)))));
        let spans = spans(asset, facts.get(&asset.id).map_or(&[], Vec::as_slice));
        for device in &asset.devices {
            // Of two assets with one device the one counts that waits for it longer.
            if expected.of(device).is_some_and(|other| awaited(&other.spans) >= awaited(&spans)) {
                continue;
            }
            let intervals = known.clone().unwrap_or_default();
            let main = asset.main_metric.clone().or_else(|| class?.main.clone());
            expected.put(device.clone(), Expectation { intervals, main, spans: spans.clone() });
        }
    }
    expected
}

fn awaited(spans: &[Span]) -> Duration {
    spans.iter().map(|span| span.window.span()).fold(Duration::ZERO, Duration::saturating_add)
}

/// How often each metric of a class comes.
fn intervals_of(class: &Arc<Class>) -> BTreeMap<MetricName, Duration> {
    let metrics = class.profile.metrics().iter();
    metrics.filter_map(|metric| Some((metric.name.clone(), class.profile.interval_of(metric)?))).collect()
}

/// When an asset is awaited. Before it was in the register its devices may have spoken: then by their own rhythm.
fn spans(asset: &Asset, facts: &[&StageFact]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut from = Timestamp::MIN;
    let mut add = |from, until, pace| spans.extend(Window::new(from, until).map(|window| Span { window, pace }));
    for fact in facts {
        match fact.before {
            None => add(from, fact.at, Pace::Learned),
            Some(stage) if stage.is_awaited() => add(from, fact.at, Pace::Told),
            Some(_) => {}
        }
        from = fact.at;
    }
    if asset.lifecycle.is_awaited() {
        add(from, Timestamp::MAX, Pace::Told);
    }
    spans
}

#[cfg(test)]
mod tests {
    use model::{DeviceId, Domain, Lifecycle, TenantId};

    use super::*;

    fn asset(id: &str, lifecycle: Lifecycle) -> Asset {
        Asset {
            tenant: TenantId::new("city").unwrap(),
            id: AssetId::new(id).unwrap(),
            name: id.to_owned(),
            domain: Domain::new("water").unwrap(),
            class: AssetClass::new("pressure-sensor").unwrap(),
            geometry: None,
            area: None,
            devices: vec![DeviceId::new("d").unwrap()],
            relations: Vec::new(),
            main_metric: None,
            lifecycle,
            properties: BTreeMap::new(),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    fn fact(id: &str, seconds: i64, before: Option<Lifecycle>, after: Lifecycle) -> StageFact {
        StageFact { asset: AssetId::new(id).unwrap(), at: at(seconds), before, after }
    }

    fn span(from: Timestamp, until: Timestamp, pace: Pace) -> Span {
        Span { window: Window::new(from, until).unwrap(), pace }
    }

    fn expected(assets: &[Asset], stages: &[StageFact]) -> Expectation {
        let (classes, _) = Classes::parse(crate::pipeline::shipped_classes());
        expectations(assets, &classes, stages).of(&DeviceId::new("d").unwrap()).unwrap().clone()
    }

    #[test]
    fn a_class_says_how_often_its_metrics_come_and_what_stands_for_the_device() {
        let found = expected(&[asset("a", Lifecycle::InService)], &[]);
        assert_eq!(found.intervals[&MetricName::new("pressure").unwrap()], Duration::from_secs(60));
        assert_eq!(found.main, Some(MetricName::new("pressure").unwrap()));
        assert_eq!(found.spans, [span(Timestamp::MIN, Timestamp::MAX, Pace::Told)]);
    }

    #[test]
    fn what_is_planned_under_maintenance_or_retired_is_not_awaited() {
        use Lifecycle::{InService, Installed, OutOfService, Planned, Retired};
        let life = [
            fact("a", 10, None, Planned),
            fact("a", 20, Some(Planned), Installed),
            fact("a", 30, Some(Installed), InService),
            fact("a", 40, Some(InService), OutOfService),
            fact("a", 50, Some(OutOfService), InService),
        ];
        let spans = expected(&[asset("a", InService)], &life).spans;
        let told = |from, until| span(from, until, Pace::Told);
        let known = [span(Timestamp::MIN, at(10), Pace::Learned), told(at(20), at(30)), told(at(30), at(40))];
        assert_eq!(spans, [&known[..], &[told(at(50), Timestamp::MAX)]].concat());
        let gone = expected(&[asset("a", Retired)], &[fact("a", 60, Some(InService), Retired)]).spans;
        assert_eq!(gone, [told(Timestamp::MIN, at(60))]);
        assert_eq!(expected(&[asset("a", OutOfService)], &[]).spans, []);
    }

    #[test]
    fn a_device_of_two_assets_is_awaited_with_the_one_that_waits() {
        let both = [asset("a", Lifecycle::Retired), asset("b", Lifecycle::InService)];
        assert_eq!(expected(&both, &[]).spans.len(), 1);
        let other_way = [asset("b", Lifecycle::InService), asset("a", Lifecycle::Retired)];
        assert_eq!(expected(&other_way, &[]).spans.len(), 1);
    }
}
