//! A small city with a running service: two tenants, a few lamps, a desk that keeps facts in the store.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use control_room_api::{
    Account as Sums, AlarmDesk, Approval, AssetChange, AssetDesk, AssetKind, AssetReport, Attendance, City as About,
    Clock, Config, DeviceGaps, FieldChange, Gap, Gaps, ImportOrder, Inbox, LetterDesk, LetterFate, Live,
    NotAcknowledged, NotRegistered, NotTaken, Parcel, Parts, Reading as Again, RegisterEntry, Reread, Server, Sheet,
    SourceKind, SourceReport, Status, StatusSource, Taken, hash_password, issue_machine_token,
};
use model::alarm::{Actor, Alarm, Change, Evidence, Fact, Guidance, Member, Priority, Text};
use model::{
    Account, AlarmId, Asset, AssetClass, AssetId, DeviceId, Domain, Duration, Geometry, LetterId, Lifecycle,
    MetricName, Position, Quality, Reading, ReadingBatch, Reason, Relation, RelationKind, Role, RuleId, Series,
    TenantId, Timestamp, Unit, UserName, Value,
};
use serde_json::{Value as Json, json};
use store::Store;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The password of everybody here.
pub(crate) const PASSWORD: &str = "una parola lunga";

pub(crate) fn tenant(name: &str) -> TenantId {
    TenantId::new(name).unwrap()
}

pub(crate) fn asset_id(name: &str) -> AssetId {
    AssetId::new(name).unwrap()
}

/// A lamp with one device of its name that tells its voltage, at a place that follows from its number.
pub(crate) fn lamp(tenant: &TenantId, number: u32) -> Asset {
    let shift = f64::from(number) * 0.001;
    Asset {
        tenant: tenant.clone(),
        id: asset_id(&format!("lamp-{number:05}")),
        name: format!("Lampione {number}"),
        domain: Domain::new(if number % 5 == 4 { "camera" } else { "streetlight" }).unwrap(),
        class: AssetClass::new("lamp").unwrap(),
        geometry: Some(Geometry::Point(Position::new(15.5 + shift % 1.0, 38.2).unwrap())),
        area: Some("Centro".into()),
        devices: vec![DeviceId::new(format!("dev-{number:05}")).unwrap()],
        relations: vec![Relation { kind: RelationKind::PoweredBy, to: asset_id("circuit-1") }],
        main_metric: Some(MetricName::new("voltage").unwrap()),
        lifecycle: Lifecycle::InService,
        properties: BTreeMap::from([("height".into(), "9 m".into())]),
    }
}

pub(crate) fn circuit(tenant: &TenantId) -> Asset {
    Asset {
        id: asset_id("circuit-1"),
        name: "Circuito 1".into(),
        class: AssetClass::new("circuit").unwrap(),
        geometry: None,
        devices: Vec::new(),
        relations: Vec::new(),
        main_metric: None,
        ..lamp(tenant, 0)
    }
}

pub(crate) fn reading(tenant: &TenantId, number: u32, volts: f64, at: Timestamp) -> Reading {
    Reading {
        series: Arc::new(Series {
            tenant: tenant.clone(),
            device: DeviceId::new(format!("dev-{number:05}")).unwrap(),
            metric: MetricName::new("voltage").unwrap(),
        }),
        time: at,
        received: at,
        value: Value::Number(volts),
        unit: Unit::new("V"),
        quality: Quality::Good,
    }
}

pub(crate) fn evidence(at: Timestamp) -> Evidence {
    Evidence {
        device: None,
        metric: MetricName::new("voltage").unwrap(),
        value: Value::Number(0.0),
        unit: Unit::new("V"),
        limit: Some(180.0),
        at,
    }
}

/// The fact that raises an alarm about `source`, with these lamps inside.
pub(crate) fn raised(tenant: &TenantId, rule: &str, source: &str, members: &[u32], at: Timestamp) -> Fact {
    let (rule, source) = (RuleId::new(rule).unwrap(), asset_id(source));
    let member =
        |number: &u32| Member { asset: asset_id(&format!("lamp-{number:05}")), since: at, evidence: evidence(at) };
    let guidance = Guidance {
        title: Text::new("Circuito spento", "Dark circuit"),
        cause: Text::new("Interruttore scattato", "Breaker tripped"),
        consequence: Text::new("Strada buia", "Dark street"),
        action: Text::new("Inviare una squadra", "Send a crew"),
        respond_within: Some(Duration::from_secs(1800)),
    };
    Fact {
        alarm: AlarmId::of(tenant, &rule, &source, at),
        tenant: tenant.clone(),
        seq: 1,
        time: at,
        actor: Actor::Engine,
        change: Change::Raised {
            rule,
            rule_version: 1,
            source,
            domain: Domain::new("streetlight").unwrap(),
            priority: Priority::High,
            guidance: Arc::new(guidance),
            evidence: evidence(at),
            members: members.iter().map(member).collect(),
        },
    }
}

/// The fact that follows on what is known of an alarm.
pub(crate) fn next(alarm: &Alarm, at: Timestamp, change: Change) -> Fact {
    Fact { tenant: alarm.tenant.clone(), alarm: alarm.id, seq: alarm.seq + 1, time: at, actor: Actor::Engine, change }
}

/// Keeps, then shows, as the real desk does.
struct Desk {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    clock: Clock,
}

#[async_trait]
impl AlarmDesk for Desk {
    async fn acknowledge(
        &self,
        tenant: &TenantId,
        ids: &[AlarmId],
        user: &UserName,
        note: Option<String>,
    ) -> Vec<(AlarmId, Result<Alarm, NotAcknowledged>)> {
        let mut answers = Vec::new();
        for id in ids {
            answers.push((*id, self.one(tenant, *id, user, note.clone()).await));
        }
        answers
    }
}

impl Desk {
    async fn one(
        &self,
        tenant: &TenantId,
        id: AlarmId,
        user: &UserName,
        note: Option<String>,
    ) -> Result<Alarm, NotAcknowledged> {
        let known = self.store.alarm(tenant, id).await.map_err(|_| NotAcknowledged::NotKept)?;
        let (alarm, _) = known.ok_or(NotAcknowledged::Unknown)?;
        let change = Change::Acknowledged { note };
        if alarm.state.after(&change).is_none() {
            return Err(NotAcknowledged::AlreadyAcknowledged);
        }
        let fact = Fact { actor: Actor::Person(user.clone()), ..next(&alarm, (self.clock)(), change) };
        let alarms = self.store.record(&[fact]).await.map_err(|_| NotAcknowledged::NotKept)?;
        self.live.show_alarms(&alarms);
        alarms.into_iter().next().ok_or(NotAcknowledged::NotKept)
    }
}

/// Understands every letter that is whole.
struct Letters(Arc<dyn Store>);

#[async_trait]
impl LetterDesk for Letters {
    async fn reread(&self, tenant: &TenantId, ids: &[LetterId], reading: Again) -> store::Result<Reread> {
        let mut reread = Reread::default();
        for id in ids {
            let fate = match self.0.dead_letter(tenant, *id).await? {
                None => LetterFate::Unknown,
                Some(letter) if !letter.letter.is_whole() => LetterFate::Incomplete,
                Some(_) => {
                    if reading == Again::ForGood {
                        self.0.remove_letters(tenant, &[*id]).await?;
                        reread.stored += 1;
                    }
                    LetterFate::Understood { readings: 1 }
                }
            };
            reread.letters.push((*id, fate));
        }
        Ok(reread)
    }
}

/// What becomes of a body that is handed in.
#[derive(Clone, Default)]
pub(crate) enum Fate {
    /// It is kept: one reading for each byte.
    #[default]
    Kept,
    /// This is what became of it.
    Judged(Taken),
    /// Ingest ends.
    Away,
    /// The disk never answers.
    Never,
}

/// Takes bodies in and answers as it is told.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) fate: Mutex<Fate>,
    pub(crate) taken: Mutex<Vec<(String, Parcel, Bytes)>>,
}

#[async_trait]
impl Inbox for Shelf {
    async fn take(&self, tenant: &TenantId, parcel: Parcel, body: Bytes) -> Result<Taken, NotTaken> {
        let accepted = body.len() as u64;
        self.taken.lock().unwrap().push((tenant.to_string(), parcel, body));
        let fate = self.fate.lock().unwrap().clone();
        match fate {
            Fate::Kept => Ok(Taken { accepted, ..Taken::default() }),
            Fate::Judged(taken) => Ok(taken),
            Fate::Away => Err(NotTaken),
            Fate::Never => std::future::pending().await,
        }
    }
}

/// Notes what it is asked in the name of whom, and knows no asset of the name `nobody`.
#[derive(Default)]
pub(crate) struct Office {
    pub(crate) asked: Mutex<Vec<String>>,
}

impl Office {
    fn note(&self, tenant: &TenantId, user: &UserName, what: String) {
        self.asked.lock().unwrap().push(format!("{tenant} {user} {what}"));
    }
}

#[async_trait]
impl AssetDesk for Office {
    async fn import(
        &self,
        tenant: &TenantId,
        user: &UserName,
        order: ImportOrder,
    ) -> Result<AssetReport, NotRegistered> {
        self.note(tenant, user, format!("{order:?}"));
        if order.text == "wrong" {
            return Err(NotRegistered::Wrong("line 3: write better".into()));
        }
        Ok(AssetReport { added: 1, ..AssetReport::default() })
    }

    async fn export(&self, tenant: &TenantId, sheet: Sheet) -> Result<String, NotRegistered> {
        Ok(format!("{tenant} {sheet:?}"))
    }

    async fn changes(&self, filter: store::AssetFactFilter) -> Result<Vec<RegisterEntry>, NotRegistered> {
        let number = filter.before.unwrap_or(10) - 1;
        let field = FieldChange { field: "name".into(), before: "a".into(), after: "b".into() };
        let id = filter.asset.map_or_else(|| "lamp".to_owned(), |asset| asset.to_string());
        let change = AssetChange { id, what: "changed", fields: vec![field] };
        let at = Timestamp::EPOCH;
        Ok(vec![RegisterEntry { number, at, who: filter.tenant.to_string(), act: "import".into(), change }])
    }

    fn kinds(&self) -> Vec<AssetKind> {
        vec![AssetKind {
            key: AssetClass::new("lamp").unwrap(),
            domain: Domain::new("streetlight").unwrap(),
            it: "Lampione".into(),
            en: "Lamp".into(),
        }]
    }

    async fn approve(&self, tenant: &TenantId, user: &UserName, which: Approval) -> Result<AssetReport, NotRegistered> {
        self.note(tenant, user, format!("{which:?}"));
        Ok(AssetReport { changed: 2, ..AssetReport::default() })
    }

    async fn set_stage(
        &self,
        tenant: &TenantId,
        user: &UserName,
        id: &AssetId,
        stage: Lifecycle,
    ) -> Result<AssetReport, NotRegistered> {
        if id.as_str() == "nobody" {
            return Err(NotRegistered::Unknown(id.clone()));
        }
        self.note(tenant, user, format!("{id} {stage:?}"));
        Ok(AssetReport { changed: 1, ..AssetReport::default() })
    }
}

/// A roll on which one device of Messina is silent and one has a gap; lamp 2 is expected every 30 seconds.
struct Roll;

#[async_trait]
impl Attendance for Roll {
    fn gaps(&self, tenant: &TenantId) -> Gaps {
        if tenant.as_str() != "messina" {
            return Gaps::default();
        }
        let gap = Gap { from: Timestamp::EPOCH, until: Timestamp::EPOCH.plus(Duration::from_secs(300)), missed: 4 };
        let silent = DeviceGaps {
            device: "dev-00001".into(),
            interval: Some(Duration::from_secs(60)),
            learned: false,
            latest: Some(Timestamp::EPOCH),
            overdue: 9,
            missed: 0,
            gaps: Vec::new(),
            lost_messages: 0,
        };
        let holed = DeviceGaps {
            device: "dev-00002".into(),
            learned: true,
            overdue: 0,
            missed: 4,
            gaps: vec![gap],
            ..silent.clone()
        };
        Gaps { followed: 3, silent: 1, devices: vec![silent, holed] }
    }

    async fn expectations(&self, tenant: &TenantId) -> store::Result<store::Expectations> {
        let mut expected = store::Expectations::default();
        if tenant.as_str() == "prato" {
            let window = model::Window::new(Timestamp::MIN, Timestamp::MAX).unwrap();
            let intervals = [(model::MetricName::new("voltage").unwrap(), Duration::from_secs(30))];
            let expectation = store::Expectation {
                intervals: Arc::new(intervals.into()),
                main: None,
                spans: vec![store::Span { window, pace: store::Pace::Told }],
            };
            expected.put(DeviceId::new("dev-00000").unwrap(), expectation);
        }
        Ok(expected)
    }
}

struct AllWell;

impl StatusSource for AllWell {
    fn status(&self) -> Status {
        Status { ready: true, version: "0".into(), uptime_s: 60, stages: Vec::new() }
    }

    fn sources(&self, tenant: &TenantId) -> Vec<SourceReport> {
        let account = Sums {
            received: 9,
            stored: 5,
            duplicate: 1,
            refused: vec![(Reason::Schema, 2)],
            waiting: 1,
            ..Sums::default()
        };
        vec![SourceReport {
            name: format!("broker-of-{tenant}"),
            kind: SourceKind::Broker,
            connected: false,
            connections: 0,
            since: Some(Timestamp::EPOCH),
            last_message: None,
            last_error: Some("connection refused".into()),
            messages: account.clone(),
            readings: account,
        }]
    }
}

/// A running service.
pub(crate) struct City {
    pub(crate) address: String,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) live: Arc<Live>,
    pub(crate) clock: Clock,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) office: Arc<Office>,
    pub(crate) stop: CancellationToken,
    pub(crate) service: JoinHandle<control_room_api::Result<()>>,
    nanos: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
    _rules: watch::Sender<Arc<rules::RuleBook>>,
}

impl City {
    /// A city of ten lamps on one circuit.
    pub(crate) async fn open() -> Self {
        Self::with(Config::default(), 10).await
    }

    pub(crate) async fn with(config: Config, lamps: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let nanos = Arc::new(AtomicI64::new(Timestamp::parse("2026-05-01T10:00:00Z").unwrap().as_nanos()));
        let time = Arc::clone(&nanos);
        let clock: Clock = Arc::new(move || Timestamp::from_nanos(time.load(Ordering::SeqCst)));
        let store = store::open(store::Config { folder: folder.path().into(), ..Default::default() }).await.unwrap();
        let (rules, in_force) = watch::channel(Arc::new(rules::RuleBook::default()));
        let live = Arc::new(Live::new(Arc::clone(&clock), in_force.clone()));
        let hash = hash_password(PASSWORD).unwrap();
        for (name, title) in [("messina", "Comune di Messina"), ("prato", "Comune di Prato")] {
            let id = tenant(name);
            store.put_tenant(&id, title).await.unwrap();
            for role in Role::ALL {
                let account = Account {
                    tenant: id.clone(),
                    user: UserName::new(format!("{}@{name}", role.as_str())).unwrap(),
                    name: "Anna".into(),
                    role,
                    password_hash: Some(hash.clone()),
                };
                store.add_account(&account).await.unwrap();
            }
            let count = if name == "messina" { lamps } else { 1 };
            let assets: Vec<_> = (0..count).map(|n| lamp(&id, n)).chain([circuit(&id)]).collect();
            let author = store::Author { at: (clock)(), who: "city", act: "build" };
            store.put_assets(&assets, &author).await.unwrap();
            live.put_assets(&id, &assets);
        }
        let desk = Desk { store: Arc::clone(&store), live: Arc::clone(&live), clock: Arc::clone(&clock) };
        let shelf = Arc::new(Shelf::default());
        let office = Arc::new(Office::default());
        let parts = Parts {
            store: Arc::clone(&store),
            live: Arc::clone(&live),
            desk: Arc::new(desk),
            letters: Arc::new(Letters(Arc::clone(&store))),
            inbox: Arc::clone(&shelf) as Arc<dyn Inbox>,
            assets: Arc::clone(&office) as Arc<dyn AssetDesk>,
            attendance: Arc::new(Roll),
            rules: in_force,
            status: Arc::new(AllWell),
            metrics: Arc::new(|| "specola_up 1\n".into()),
            clock: Arc::clone(&clock),
            cities: BTreeMap::from([(
                tenant("messina"),
                About { name: "Messina".into(), timezone: "Europe/Rome".into() },
            )]),
        };
        let config = Config { bind: "127.0.0.1:0".parse().unwrap(), ..config };
        let server = Server::bind(config).await.unwrap();
        let address = server.address().to_string();
        let stop = CancellationToken::new();
        let service = tokio::spawn(server.serve(parts, stop.clone()));
        Self { address, store, live, clock, shelf, office, stop, service, nanos, _folder: folder, _rules: rules }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn pass(&self, span: Duration) {
        self.nanos.fetch_add(span.as_nanos().try_into().unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Keeps and shows the voltage of a lamp of Messina.
    pub(crate) async fn measure(&self, number: u32, volts: f64) {
        let reading = reading(&tenant("messina"), number, volts, self.now());
        let receipt = self.store.append(ReadingBatch::new(vec![reading]).unwrap()).await.unwrap();
        self.live.show(&receipt.kept);
    }

    /// Keeps and shows a fact.
    pub(crate) async fn happen(&self, fact: Fact) -> Alarm {
        let alarms = self.store.record(&[fact]).await.unwrap();
        self.live.show_alarms(&alarms);
        alarms.into_iter().next().unwrap()
    }

    /// A token of a person of this role and tenant.
    pub(crate) async fn token(&self, role: &str, tenant: &str) -> String {
        let body = json!({"username": format!("{role}@{tenant}"), "password": PASSWORD});
        let (status, body) = self.post("/api/v1/session", "", &body).await;
        assert_eq!(status, 200, "{body}");
        body["token"].as_str().unwrap().to_owned()
    }

    /// A token of the machine that sends for this tenant.
    pub(crate) async fn machine(&self, tenant: &str) -> String {
        let user = UserName::new(format!("sender@{tenant}")).unwrap();
        issue_machine_token(&*self.store, &user, Duration::from_secs(3600), &self.clock).await.unwrap().0
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> (u16, Json) {
        answer(reqwest::Client::new().get(self.url(path)).bearer_auth(token)).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: &Json) -> (u16, Json) {
        let request = reqwest::Client::new().post(self.url(path)).json(body);
        answer(if token.is_empty() { request } else { request.bearer_auth(token) }).await
    }
}

/// Status and JSON body; an error must be a problem document.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> (u16, Json) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let body: Json = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Json::Null);
    if status >= 400 && !(status == 503 && body.get("ready").is_some()) {
        assert_eq!(kind.as_deref(), Some("application/problem+json"), "{status} {body}");
        assert_eq!(body["status"], status);
        assert!(body["type"].as_str().unwrap().starts_with("urn:specola:problem:"), "{body}");
        for key in ["title", "detail", "instance"] {
            assert!(body[key].is_string(), "{body}");
        }
    }
    (status, body)
}

/// The last part of a problem's type.
pub(crate) fn slug(body: &Json) -> &str {
    body["type"].as_str().and_then(|kind| kind.rsplit(':').next()).unwrap_or_default()
}
