//! A desk with a small city: plays a script in virtual time and writes down what the engine says.
//!
//! Words of a script: `a=0` (lamp a says 0 V now), `a,b=0`, `a=0~-300` (measured 300 s ago), `a=0?bad` (of this quality), `a=gone`, `a=back` (what the network says about a), `+10` (ten
//! seconds pass, with a tick each), `jump+3600` (the wall clock leaps), `ack:a` (somebody answers the alarm about a), `restart`.
//! Lamps whose names begin with `z` hang on circuit c2, all others on c1; both circuits on cabinet k1.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::alarm::{Alarm, Change, Fact, State};
use model::{
    AlarmId, Asset, AssetClass, AssetId, DeviceId, Domain, Duration, Lifecycle, MetricName, Quality, Reading, Relation,
    RelationKind, Series, TenantId, Timestamp, Unit, UserName, Value,
};
use rules::{Engine, RuleBook};

pub(crate) fn tenant() -> TenantId {
    TenantId::new("me").unwrap()
}

/// 22 November 2026, 07:00 UTC: the moment 0 of every script.
pub(crate) fn start() -> Timestamp {
    Timestamp::parse("2026-11-22T07:00:00Z").unwrap()
}

pub(crate) fn asset(id: &str, class: &str, powered_by: Option<&str>) -> Asset {
    Asset {
        tenant: tenant(),
        id: AssetId::new(id).unwrap(),
        name: format!("Nome {id}"),
        domain: Domain::new("streetlight").unwrap(),
        class: AssetClass::new(class).unwrap(),
        geometry: None,
        area: Some("Centro".into()),
        devices: if class == "lamp" { vec![DeviceId::new(format!("dev-{id}")).unwrap()] } else { Vec::new() },
        relations: powered_by
            .map(|to| Relation { kind: RelationKind::PoweredBy, to: AssetId::new(to).unwrap() })
            .into_iter()
            .collect(),
        main_metric: Some(MetricName::new("voltage").unwrap()),
        lifecycle: Lifecycle::InService,
        properties: BTreeMap::new(),
    }
}

/// Lamps a to f and z, and as many numbered ones as are asked for, with their circuits and cabinet.
pub(crate) fn city(numbered: usize) -> Vec<Asset> {
    let named = ["a", "b", "c", "d", "e", "f", "z", "z2", "z3"].map(str::to_owned);
    let lamps =
        named.into_iter().take(if numbered > 0 { 0 } else { 9 }).chain((0..numbered).map(|n| format!("lamp-{n:02}")));
    let mut assets =
        vec![asset("k1", "cabinet", None), asset("c1", "circuit", Some("k1")), asset("c2", "circuit", Some("k1"))];
    assets.extend(lamps.map(|id| asset(&id, "lamp", Some(if id.starts_with('z') { "c2" } else { "c1" }))));
    assets
}

pub(crate) const WORDS: &str = r#"
[rule.guidance.it]
title = "{asset}"
cause = "causa"
consequence = "conseguenza"
action = "azione"
[rule.guidance.en]
title = "{asset}"
cause = "cause"
consequence = "consequence"
action = "action"
"#;

/// A rule about the voltage of lamps: `keys` at its top, `condition` and maybe more tables below.
pub(crate) fn rule(id: &str, keys: &str, tables: &str) -> String {
    format!(
        "[[rule]]\nid = \"{id}\"\nclass = \"lamp\"\nmetric = \"voltage\"\npriority = \"high\"\n{keys}\n{tables}\n{WORDS}"
    )
}

pub(crate) const DARK: &str = "[rule.condition]\nkind = \"threshold\"\nbelow = 180\nclear = 200";
pub(crate) const GROUP: &str = "[rule.group]\nby = \"powered-by\"\nclass = \"circuit\"\nat_least = 3\nwithin = \"20s\"";

pub(crate) fn book(text: &str) -> RuleBook {
    let (book, errors) = RuleBook::parse([("test.toml".to_owned(), text.to_owned())]);
    assert!(errors.is_empty(), "{errors:?}");
    book
}

pub(crate) fn reading(asset: &str, value: f64, time: Timestamp, received: Timestamp) -> Reading {
    Reading {
        series: Arc::new(Series {
            tenant: tenant(),
            device: DeviceId::new(format!("dev-{asset}")).unwrap(),
            metric: MetricName::new("voltage").unwrap(),
        }),
        time,
        received,
        value: Value::Number(value),
        unit: Unit::new("V"),
        quality: Quality::Good,
    }
}

pub(crate) struct Desk {
    pub(crate) engine: Engine,
    pub(crate) book: RuleBook,
    pub(crate) assets: Vec<Asset>,
    pub(crate) now: Timestamp,
    /// Every alarm, by its facts: what a store would know.
    pub(crate) kept: BTreeMap<AlarmId, Alarm>,
    pub(crate) newest: HashMap<Series, Reading>,
    pub(crate) facts: Vec<Fact>,
    said: Vec<String>,
}

impl Desk {
    pub(crate) fn new(text: &str, assets: Vec<Asset>) -> Self {
        let book = book(text);
        Self {
            engine: Engine::new(book.clone(), assets.clone(), start()),
            book,
            assets,
            now: start(),
            kept: BTreeMap::new(),
            newest: HashMap::new(),
            facts: Vec::new(),
            said: Vec::new(),
        }
    }

    /// Takes facts in as a store would: every one must follow from those before it.
    pub(crate) fn keep(&mut self, facts: Vec<Fact>) {
        for fact in facts {
            let word = match &fact.change {
                Change::Raised { source, members, .. } if members.is_empty() => format!("raised:{source}"),
                Change::Raised { source, members, .. } => {
                    let inside: Vec<_> = members.iter().map(|member| member.asset.as_str()).collect();
                    format!("raised:{source}[{}]", inside.join(","))
                }
                Change::Joined(members) => {
                    let joined: Vec<_> = members.iter().map(|member| member.asset.as_str()).collect();
                    format!("joined[{}]", joined.join(","))
                }
                Change::Left(assets) => {
                    format!("left[{}]", assets.iter().map(AssetId::as_str).collect::<Vec<_>>().join(","))
                }
                other => format!("{}:{}", other.as_str(), self.kept[&fact.alarm].source),
            };
            self.said.push(format!("{}@{}", word, fact.time.since(start()).as_secs()));
            match self.kept.get_mut(&fact.alarm) {
                Some(alarm) => alarm.apply(&fact).expect("facts follow from one another"),
                None => {
                    let alarm = Alarm::begin(&fact).expect("an alarm begins with being raised");
                    assert!(
                        !self.kept.values().any(|other| other.state.is_open()
                            && other.rule == alarm.rule
                            && other.source == alarm.source
                            && other.is_group() == alarm.is_group()),
                        "raised twice: {alarm:?}"
                    );
                    self.kept.insert(alarm.id, alarm);
                }
            }
            self.facts.push(fact);
        }
        let open: Vec<_> = self.kept.values().filter(|alarm| alarm.state.is_open()).collect();
        assert!(self.engine.open_alarms().eq(open), "the engine and the store disagree");
    }

    pub(crate) fn observe(&mut self, readings: &[Reading]) {
        for reading in readings {
            let newest = self.newest.entry((*reading.series).clone()).or_insert_with(|| reading.clone());
            if reading.time >= newest.time {
                *newest = reading.clone();
            }
        }
        let facts = self.engine.observe(readings, self.now);
        self.keep(facts);
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now = self.now.plus(Duration::from_secs(1));
            let facts = self.engine.tick(self.now);
            self.keep(facts);
        }
    }

    pub(crate) fn restart(&mut self) {
        self.engine = Engine::new(self.book.clone(), self.assets.clone(), self.now);
        let open = self.kept.values().filter(|alarm| alarm.state.is_open()).cloned().collect();
        let mut newest: Vec<_> = self.newest.values().cloned().collect();
        newest.sort_by(|a, b| a.series.cmp(&b.series));
        let facts = self.engine.restore(open, &newest, self.now);
        self.keep(facts);
    }

    pub(crate) fn acknowledge(&mut self, source: &str) {
        let id = self.open(source).expect("an open alarm").id;
        let user = UserName::new("anna").unwrap();
        let fact = self.engine.acknowledge(&tenant(), id, user, None, self.now).unwrap();
        self.keep(vec![fact]);
    }

    pub(crate) fn open(&self, source: &str) -> Option<&Alarm> {
        self.kept.values().find(|alarm| alarm.state != State::Normal && alarm.source.as_str() == source)
    }

    /// Plays a script and tells what was said since the last time.
    pub(crate) fn play(&mut self, script: &str) -> String {
        for word in script.split_whitespace() {
            if let Some(seconds) = word.strip_prefix('+') {
                self.pass(seconds.parse().unwrap());
            } else if let Some(seconds) = word.strip_prefix("jump") {
                let seconds: i64 = seconds.parse().unwrap();
                self.now = Timestamp::from_nanos(self.now.as_nanos() + seconds * 1_000_000_000);
            } else if let Some(source) = word.strip_prefix("ack:") {
                self.acknowledge(source);
            } else if word == "restart" {
                self.restart();
            } else {
                let readings = self.readings(word);
                self.observe(&readings);
            }
        }
        std::mem::take(&mut self.said).join(" ")
    }

    fn readings(&self, word: &str) -> Vec<Reading> {
        let (names, value) = word.split_once('=').expect("a word of the script");
        let (value, quality) = value.split_once('?').unwrap_or((value, "good"));
        let (value, shift) = value.split_once('~').unwrap_or((value, "0"));
        let time = Timestamp::from_nanos(self.now.as_nanos() + shift.parse::<i64>().unwrap() * 1_000_000_000);
        let read = |name| {
            let told = Reading { quality: quality.parse().unwrap(), ..reading(name, 0.0, time, self.now) };
            let presence = MetricName::new(MetricName::ONLINE).unwrap();
            let about = |value| {
                let series = Arc::new(Series { metric: presence, ..(*told.series).clone() });
                Reading { series, value: Value::Flag(value), unit: Unit::NONE, ..told.clone() }
            };
            match value {
                "gone" => about(false),
                "back" => about(true),
                number => Reading { value: Value::Number(number.parse().unwrap()), ..told },
            }
        };
        names.split(',').map(read).collect()
    }
}

/// Plays a script at a fresh desk.
#[track_caller]
pub(crate) fn check(text: &str, script: &str, expected: &str) {
    let mut desk = Desk::new(text, city(0));
    assert_eq!(desk.play(script), expected, "\nscript: {script}");
}
