//! Texts of format 1 as they stand in the field: they must stay readable for ever. Never edit one; add another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::alarm::{Actor, Alarm, Change, Evidence, Fact, Guidance, Member, Priority, Text};
use model::{
    AlarmId, Asset, AssetClass, AssetId, DeviceId, Domain, Geometry, Lifecycle, MetricName, Position, Relation,
    RelationKind, RuleId, TenantId, Timestamp, Unit, UserName, Value,
};

use super::{
    Unread, actor_word, alarm_body, asset_body, change_body, read_actor, read_alarm_body, read_asset, read_change,
};

const EVIDENCE: &str = r#"{"device":"dev-1","metric":"voltage","value":{"number":"0.1"},"unit":"V","limit":"180","at":1795305600000000001}"#;
const SILENCE: &str = r#"{"device":null,"metric":"voltage","value":"gap","unit":null,"limit":null,"at":-1}"#;
const GUIDANCE: &str = r#"{"title":{"it":"Spento","en":"Dark"},"cause":{"it":"","en":""},"consequence":{"it":"","en":""},"action":{"it":"Vai","en":"Go"},"respond_within":{"secs":1800,"nanos":0}}"#;

fn evidence() -> Evidence {
    Evidence {
        device: Some(DeviceId::new("dev-1").unwrap()),
        metric: MetricName::new("voltage").unwrap(),
        value: Value::Number(0.1),
        unit: Unit::new("V"),
        limit: Some(180.0),
        at: Timestamp::from_nanos(1_795_305_600_000_000_001),
    }
}

fn silence() -> Evidence {
    Evidence {
        device: None,
        metric: MetricName::new("voltage").unwrap(),
        value: Value::Gap,
        unit: Unit::NONE,
        limit: None,
        at: Timestamp::from_nanos(-1),
    }
}

fn guidance() -> Arc<Guidance> {
    Arc::new(Guidance {
        title: Text::new("Spento", "Dark"),
        action: Text::new("Vai", "Go"),
        respond_within: Some(Duration::from_secs(1_800)),
        ..Guidance::default()
    })
}

fn raised() -> Change {
    let asset = |name| AssetId::new(name).unwrap();
    Change::Raised {
        rule: RuleId::new("dark").unwrap(),
        rule_version: u64::MAX,
        source: asset("circuit-1"),
        domain: Domain::new("streetlight").unwrap(),
        priority: Priority::High,
        guidance: guidance(),
        evidence: evidence(),
        members: vec![Member { asset: asset("lamp-1"), since: Timestamp::from_nanos(5), evidence: silence() }],
    }
}

#[track_caller]
fn check(change: Change, text: &str) {
    assert_eq!(change_body(&change), text);
    assert_eq!(read_change(change.as_str(), 1, text).unwrap(), change);
}

#[test]
fn every_kind_of_change_is_read_as_it_was_written() {
    let member = format!(r#"{{"asset":"lamp-1","since":5,"evidence":{SILENCE}}}"#);
    let Change::Raised { members, .. } = raised() else { unreachable!("raised") };
    check(
        raised(),
        &format!(
            r#"{{"rule":"dark","rule_version":18446744073709551615,"source":"circuit-1","domain":"streetlight","priority":"high","guidance":{GUIDANCE},"evidence":{EVIDENCE},"members":[{member}]}}"#
        ),
    );
    check(Change::Joined(members), &format!(r#"{{"members":[{member}]}}"#));
    check(Change::Left(vec![AssetId::new("lamp \"1\"").unwrap()]), r#"{"assets":["lamp \"1\""]}"#);
    check(Change::Returned { evidence: Some(evidence()) }, &format!(r#"{{"evidence":{EVIDENCE}}}"#));
    check(Change::Returned { evidence: None }, r#"{"evidence":null}"#);
    check(Change::Reoccurred { evidence: evidence() }, &format!(r#"{{"evidence":{EVIDENCE}}}"#));
    check(Change::Acknowledged { note: Some("riga\n1 \u{0}".to_owned()) }, r#"{"note":"riga\n1 \u0000"}"#);
    check(Change::Acknowledged { note: None }, r#"{"note":null}"#);
}

#[test]
fn every_kind_of_value_is_read_as_it_was_written() {
    let values = [
        (Value::Integer(i64::MAX), r#"{"integer":9223372036854775807}"#),
        (Value::Flag(true), r#"{"flag":true}"#),
        (Value::Text(Arc::from("aperto")), r#"{"text":"aperto"}"#),
        (Value::Number(f64::NEG_INFINITY), r#"{"number":"-inf"}"#),
        (Value::Number(-0.0), r#"{"number":"-0"}"#),
    ];
    for (value, text) in values {
        let text = format!(r#"{{"evidence":{}}}"#, SILENCE.replace(r#""gap""#, text));
        check(Change::Reoccurred { evidence: Evidence { value, ..silence() } }, &text);
    }
}

#[test]
fn an_actor_is_read_as_it_was_written() {
    for (actor, word) in [(Actor::Engine, "engine"), (Actor::Person(UserName::new("engine").unwrap()), "person:engine")]
    {
        assert_eq!(actor_word(&actor), word);
        assert_eq!(read_actor(word).unwrap(), actor);
    }
    assert!(read_actor("ghost").is_err());
}

#[test]
fn an_alarm_is_read_as_it_was_written() {
    let text = format!(
        r#"{{"rule":"dark","rule_version":18446744073709551615,"guidance":{GUIDANCE},"returned":7,"acknowledged":6,"acknowledged_by":"anna","note":"vado","evidence":{EVIDENCE}}}"#
    );
    let tenant = TenantId::new("messina").unwrap();
    let first = Fact {
        tenant,
        alarm: AlarmId::from_u128(7),
        seq: 1,
        time: Timestamp::from_nanos(5),
        actor: Actor::Engine,
        change: raised(),
    };
    let mut alarm = Alarm::begin(&first).unwrap();
    let anna = UserName::new("anna").unwrap();
    let note = Change::Acknowledged { note: Some("vado".to_owned()) };
    let time = Timestamp::from_nanos(6);
    alarm.apply(&Fact { seq: 2, time, actor: Actor::Person(anna), change: note, ..first.clone() }).unwrap();
    let time = Timestamp::from_nanos(7);
    alarm.apply(&Fact { seq: 3, time, change: Change::Returned { evidence: None }, ..first }).unwrap();
    assert_eq!(alarm_body(&alarm), text);
    let body = read_alarm_body(1, &text).unwrap();
    assert_eq!((&body.rule, body.rule_version, &body.guidance), (&alarm.rule, alarm.rule_version, &alarm.guidance));
    assert_eq!((body.returned, body.acknowledged), (alarm.returned, alarm.acknowledged));
    assert_eq!((body.acknowledged_by, body.note, body.evidence), (alarm.acknowledged_by, alarm.note, alarm.evidence));
}

#[test]
fn an_asset_is_read_as_it_was_written() {
    let text = r#"{"name":"Lampione 1","domain":"streetlight","class":"lamp","geometry":{"line":[["15.5","38.1"],["15.6","38.2"]]},"area":"Centro","devices":["dev-1"],"relations":[{"kind":"powered-by","to":"circuit-1"}],"main_metric":"voltage","lifecycle":"in-service","properties":{"height":"8 m"}}"#;
    let asset = Asset {
        tenant: TenantId::new("messina").unwrap(),
        id: AssetId::new("lamp-1").unwrap(),
        name: "Lampione 1".to_owned(),
        domain: Domain::new("streetlight").unwrap(),
        class: AssetClass::new("lamp").unwrap(),
        geometry: Some(Geometry::Line(vec![Position::new(15.5, 38.1).unwrap(), Position::new(15.6, 38.2).unwrap()])),
        area: Some("Centro".to_owned()),
        devices: vec![DeviceId::new("dev-1").unwrap()],
        relations: vec![Relation { kind: RelationKind::PoweredBy, to: AssetId::new("circuit-1").unwrap() }],
        main_metric: Some(MetricName::new("voltage").unwrap()),
        lifecycle: Lifecycle::InService,
        properties: BTreeMap::from([("height".to_owned(), "8 m".to_owned())]),
    };
    assert_eq!(asset_body(&asset), text);
    assert_eq!(read_asset(&asset.tenant, "lamp-1", 1, text).unwrap(), asset);
    for stage in Lifecycle::ALL {
        let text = text.replace("in-service", stage.as_str());
        assert_eq!(asset_body(&Asset { lifecycle: stage, ..asset.clone() }), text);
        assert_eq!(read_asset(&asset.tenant, "lamp-1", 1, &text).unwrap().lifecycle, stage);
    }
}

#[test]
fn a_text_of_a_newer_format_is_told_from_a_damaged_one() {
    assert!(matches!(read_change("raised", 2, "{}"), Err(Unread::Newer(2))));
    for damaged in ["", "{}", "{\"note\":5}", "null"] {
        assert!(matches!(read_change("raised", 1, damaged), Err(Unread::Form(_))), "{damaged:?} was read");
    }
}
