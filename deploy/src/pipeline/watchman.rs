//! Watches ourselves: raises an alarm when nothing is acknowledged any more, which no reading could tell because none is kept then.

use std::sync::Arc;
use std::time::Duration;

use model::alarm::{Alarm, Fact};
use model::{
    AlarmId, Asset, AssetClass, AssetId, DeviceId, Domain, Lifecycle, MetricName, Quality, Reading, RuleId, Series,
    TenantId, Timestamp, Unit, UserName, Value,
};
use rules::{AcknowledgeError, Engine, RuleBook};

/// The rules about ourselves.
const RULES: &str = include_str!("../../config/system.toml");
/// How we are named as an asset, as a device and on the list of alarms.
const OURSELVES: &str = "specola";
/// Seconds for which nothing could be acknowledged although something waits for it.
const UNACKNOWLEDGED: &str = "_unacknowledged";
/// The trade of everything that is about ourselves.
const SYSTEM: &str = "system";

/// Judges how we are doing. An engine of its own: what we say of ourselves is no sign that any sensor was heard, and must go on when the city's is held up.
pub(super) struct Watchman {
    engine: Engine,
    series: Vec<Arc<Series>>,
}

fn rules() -> RuleBook {
    let (book, mistakes) = RuleBook::parse([("system.toml".to_owned(), RULES.to_owned())]);
    debug_assert!(mistakes.is_empty(), "{mistakes:?}");
    book
}

/// Whether a rule is one of those about ourselves.
pub(super) fn is_about_us(rule: &RuleId) -> bool {
    rules().get(rule).is_some()
}

fn ourselves(tenant: &TenantId) -> Asset {
    const FORMED: &str = "the name is well formed";
    Asset {
        tenant: tenant.clone(),
        id: AssetId::new(OURSELVES).expect(FORMED),
        name: "Specola".to_owned(),
        domain: Domain::new(SYSTEM).expect(FORMED),
        class: AssetClass::new(SYSTEM).expect(FORMED),
        geometry: None,
        area: None,
        devices: vec![DeviceId::new(OURSELVES).expect(FORMED)],
        relations: Vec::new(),
        main_metric: Some(MetricName::new(UNACKNOWLEDGED).expect(FORMED)),
        lifecycle: Lifecycle::InService,
        properties: std::collections::BTreeMap::new(),
    }
}

impl Watchman {
    /// Goes on with the open alarms about ourselves that the store remembers; says what follows from them.
    pub(super) fn new(tenants: &[TenantId], open: Vec<Alarm>, now: Timestamp) -> (Self, Vec<Fact>) {
        let assets: Vec<Asset> = tenants.iter().map(ourselves).collect();
        let series = assets.iter().filter_map(|asset| {
            let (tenant, device) = (asset.tenant.clone(), asset.devices.first()?.clone());
            Some(Arc::new(Series { tenant, device, metric: asset.main_metric.clone()? }))
        });
        let series = series.collect();
        let mut engine = Engine::new(rules(), assets, now);
        let facts = engine.restore(open, &[], now);
        (Self { engine, series }, facts)
    }

    /// Nothing could be kept for so long; says what follows. The alarms are to be shown at once: this is the one thing that cannot wait until it is kept.
    pub(super) fn look(&mut self, unkept: Duration, now: Timestamp) -> (Vec<Fact>, Vec<Alarm>) {
        let seconds = unkept.as_secs() as f64;
        let reading = |series: &Arc<Series>| Reading {
            series: Arc::clone(series),
            time: now,
            received: now,
            value: Value::Number(seconds),
            unit: Unit::new("s"),
            quality: Quality::Good,
        };
        let readings: Vec<Reading> = self.series.iter().map(reading).collect();
        let facts = self.engine.observe(&readings, now);
        let alarms = facts.iter().filter_map(|fact| self.engine.open_alarm(fact.alarm)).cloned().collect();
        (facts, alarms)
    }

    /// A person answers an alarm about ourselves.
    pub(super) fn acknowledge(
        &mut self,
        tenant: &TenantId,
        id: AlarmId,
        user: UserName,
        note: Option<String>,
        now: Timestamp,
    ) -> Result<Fact, AcknowledgeError> {
        self.engine.acknowledge(tenant, id, user, note, now)
    }

    /// How many alarms about ourselves are open.
    pub(super) fn open_alarms(&self) -> usize {
        self.engine.open_alarms().count()
    }
}

#[cfg(test)]
mod tests {
    use model::alarm::State;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(1_795_305_600_000_000_000).plus(Duration::from_secs(seconds))
    }

    fn watchman() -> Watchman {
        let tenants = ["messina", "prato"].map(|name| TenantId::new(name).unwrap());
        let (watchman, facts) = Watchman::new(&tenants, Vec::new(), at(0));
        assert_eq!(facts, []);
        watchman
    }

    #[test]
    fn the_rules_about_ourselves_are_right() {
        let (_, mistakes) = RuleBook::parse([("system.toml".to_owned(), RULES.to_owned())]);
        assert_eq!(mistakes, []);
        assert!(is_about_us(&RuleId::new("specola-not-acknowledging").unwrap()));
    }

    #[test]
    fn it_rings_once_for_each_tenant_when_nothing_is_kept_and_returns_when_something_is() {
        let mut watchman = watchman();
        let mut raised = Vec::new();
        for second in 1..20 {
            let (facts, alarms) = watchman.look(Duration::from_secs(second), at(second));
            assert_eq!(facts.len(), alarms.len());
            let told = |alarm: Alarm| (second, alarm.tenant.to_string(), alarm.guidance.title.en.to_string());
            raised.extend(alarms.into_iter().map(told));
        }
        let said = "Specola no longer acknowledges readings".to_owned();
        assert_eq!(raised, [(6, "messina".to_owned(), said.clone()), (6, "prato".to_owned(), said)]);
        assert_eq!(watchman.open_alarms(), 2);
        let mut returned = 0;
        for second in 20..25 {
            let (_, alarms) = watchman.look(Duration::ZERO, at(second));
            returned += alarms.iter().filter(|alarm| alarm.state == State::ReturnedUnacknowledged).count();
        }
        assert_eq!(returned, 2);
    }

    #[test]
    fn a_disk_that_is_merely_busy_never_rings() {
        let mut watchman = watchman();
        for second in 1..60 {
            assert_eq!(watchman.look(Duration::from_millis(900 * (second % 5)), at(second)).0, []);
        }
    }

    #[test]
    fn an_alarm_of_an_earlier_run_goes_on_and_can_be_answered() {
        let mut before = watchman();
        let (facts, alarms) = before.look(Duration::from_secs(9), at(9));
        let [open, other] = <[Alarm; 2]>::try_from(alarms).unwrap();
        assert_eq!(facts.len(), 2);
        let (mut after, _) = Watchman::new(std::slice::from_ref(&open.tenant), vec![open.clone()], at(20));
        let anna = UserName::new("anna").unwrap();
        after.acknowledge(&open.tenant, open.id, anna.clone(), None, at(21)).unwrap();
        let unknown = after.acknowledge(&other.tenant, other.id, anna, None, at(21));
        assert_eq!(unknown, Err(AcknowledgeError::Unknown(other.id)));
        let gone = (22..26).flat_map(|second| after.look(Duration::ZERO, at(second)).0).count();
        assert_eq!((gone, after.open_alarms()), (1, 0));
    }
}
