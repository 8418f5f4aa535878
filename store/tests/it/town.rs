//! A small town for tests: its store on disk, its assets, its alarms.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use model::alarm::{Actor, Change, Evidence, Fact, Guidance, Member, Priority, Text};
use model::{
    Account, AlarmId, Asset, AssetClass, AssetId, DeviceId, Domain, Geometry, Lifecycle, MetricName, Position,
    Relation, RelationKind, Role, RuleId, TenantId, Timestamp, Unit, UserName, Value,
};
use store::{AlarmFilter, Config, LetterRoom, Store};

use crate::kit;

/// Opens the store in `folder` with this room for dead letters.
pub(crate) async fn open_with(folder: &Path, dead_letters: LetterRoom) -> Arc<dyn Store> {
    store::open(Config { dead_letters, ..kit::config(folder) }).await.unwrap()
}

/// Opens the store in `folder`.
pub(crate) async fn open(folder: &Path) -> Arc<dyn Store> {
    open_with(folder, LetterRoom::default()).await
}

/// Closes the store and opens it again, as a restart does.
pub(crate) async fn reopen(store: Arc<dyn Store>, folder: &Path) -> Arc<dyn Store> {
    store.close().await.unwrap();
    drop(store);
    open(folder).await
}

pub(crate) fn tenant(name: &str) -> TenantId {
    TenantId::new(name).unwrap()
}

pub(crate) fn asset_id(name: &str) -> AssetId {
    AssetId::new(name).unwrap()
}

/// Seconds after 22 November 2026, 00:00 UTC.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_nanos((1_795_305_600 + seconds) * 1_000_000_000)
}

pub(crate) fn asset(tenant: &TenantId, id: &str) -> Asset {
    Asset {
        tenant: tenant.clone(),
        id: asset_id(id),
        name: format!("Lampione {id} \u{0} \"via Garibaldi\""),
        domain: Domain::new("streetlight").unwrap(),
        class: AssetClass::new("lamp").unwrap(),
        geometry: Some(Geometry::Point(Position::new(15.551_234_567_890_12, 38.1).unwrap())),
        area: Some("Centro".to_owned()),
        devices: vec![DeviceId::new(format!("dev-{id}")).unwrap()],
        relations: vec![Relation { kind: RelationKind::PoweredBy, to: asset_id("circuit-1") }],
        main_metric: MetricName::new("voltage").ok(),
        lifecycle: Lifecycle::InService,
        properties: BTreeMap::from([("height".to_owned(), "8 m".to_owned())]),
    }
}

pub(crate) fn account(tenant: &TenantId, user: &str) -> Account {
    Account {
        tenant: tenant.clone(),
        user: UserName::new(user).unwrap(),
        name: format!("Sig.ra {user}"),
        role: Role::Operator,
        password_hash: None,
    }
}

pub(crate) fn evidence(value: Value, time: Timestamp) -> Evidence {
    Evidence {
        device: DeviceId::new("dev-1").ok(),
        metric: MetricName::new("voltage").unwrap(),
        value,
        unit: Unit::new("V"),
        limit: Some(180.1),
        at: time,
    }
}

pub(crate) fn member(asset: &str, time: Timestamp) -> Member {
    Member { asset: asset_id(asset), since: time, evidence: evidence(Value::Gap, time) }
}

/// The first fact of an alarm about `source`.
pub(crate) fn raised(
    tenant: &TenantId,
    source: &str,
    priority: Priority,
    time: Timestamp,
    members: Vec<Member>,
) -> Fact {
    let (rule, source) = (RuleId::new("dark-circuit").unwrap(), asset_id(source));
    let guidance = Guidance {
        title: Text::new("Circuito spento", "Dark circuit"),
        cause: Text::new("Interruttore aperto in quadro", "Open breaker in the cabinet"),
        consequence: Text::new("Strada al buio: rischio per chi passa", "Dark street: people at risk"),
        action: Text::new("Inviare la squadra al quadro", "Send a crew to the cabinet"),
        respond_within: Some(std::time::Duration::from_secs(1_800)),
    };
    Fact {
        tenant: tenant.clone(),
        alarm: AlarmId::of(tenant, &rule, &source, time),
        seq: 1,
        time,
        actor: Actor::Engine,
        change: Change::Raised {
            rule,
            rule_version: u64::MAX,
            source,
            domain: Domain::new("streetlight").unwrap(),
            priority,
            guidance: Arc::new(guidance),
            evidence: evidence(Value::Number(0.1 + 0.2), time),
            members,
        },
    }
}

/// The fact after `before`.
pub(crate) fn next(before: &Fact, actor: Actor, change: Change) -> Fact {
    let time = before.time.plus(std::time::Duration::from_secs(1));
    Fact { seq: before.seq + 1, time, actor, change, ..before.clone() }
}

pub(crate) fn person(user: &str) -> Actor {
    Actor::Person(UserName::new(user).unwrap())
}

/// All alarms of a tenant, up to 1,000.
pub(crate) fn everything(tenant: &TenantId) -> AlarmFilter {
    AlarmFilter {
        tenant: tenant.clone(),
        states: Vec::new(),
        priority: None,
        domain: None,
        asset: None,
        after: None,
        limit: 1_000,
    }
}
