//! Keeps what arrives, acknowledges it, shows it, and hands it to the judge. In this order, always.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use control_room_api::{Clock, Live};
use ingest::class::Classes;
use ingest::config::UnknownDevices;
use ingest::{Ack, Arrival, Bill, NotStored, Place};
use model::{Asset, AssetClass, AssetId, DeadLetter, Domain, Geometry, Lifecycle, Reading, ReadingBatch, Timestamp};
use store::{Author, Receipt, Store};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, Sender};

use super::bisect::{Append, Sorted, keep_what_can_be};
use super::directory::Directory;
use super::metrics as names;
use super::stages::{Counters, Stages};
use super::unstorable::unstorable;

/// What the judge is given: only what is kept.
pub(crate) enum Kept {
    /// New readings, in the order of their arrival.
    Readings(Vec<Reading>),
    /// Assets that are new or different.
    Assets(Vec<Asset>),
}

/// The stage between ingest and judge.
pub(crate) struct Keeper {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) live: Arc<Live>,
    pub(crate) directory: Arc<Directory>,
    /// Held by whoever changes the register: an import must not be overtaken by a first sight.
    pub(crate) turn: Arc<Mutex<()>>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) stages: Arc<Stages>,
    pub(crate) clock: Clock,
}

/// How long to wait before a store that cannot be reached is asked again.
const PAUSE: Duration = Duration::from_millis(200);
/// How often dead letters are looked through for those that are too old.
const FORGET: Duration = Duration::from_secs(3_600);
/// Arrivals kept in one go: their fsync is shared, and none waits long for the others.
const TOGETHER: usize = 32;

impl Keeper {
    /// Runs until `arrivals` closes. Whatever is in flight then is finished. Fails when the store takes nothing more: what is in hand is not
    /// acknowledged then, and will be sent again.
    pub(crate) async fn run(self, mut arrivals: Receiver<Arrival>, kept: Sender<Kept>) -> store::Result<()> {
        let mut waiting = Vec::with_capacity(TOGETHER);
        let mut forgotten: Option<Timestamp> = None;
        let mut places = Vec::new();
        loop {
            self.stages.ends();
            if arrivals.recv_many(&mut waiting, TOGETHER).await == 0 {
                return Ok(());
            }
            // Until it is back here nothing more is acknowledged, whatever it waits for: the disk, the register, or the judge.
            self.stages.begins();
            metrics::gauge!(names::QUEUE, "stage" => "keep").set(arrivals.len() as f64);
            let started = Instant::now();
            let (mut readings, mut refused, mut owed, mut newcomers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            let (mut bills, mut rooms) = (Vec::new(), Vec::new());
            for arrival in waiting.drain(..) {
                bills.push((readings.len(), arrival.bill));
                rooms.extend(arrival.rooms);
                readings.extend(arrival.readings);
                refused.extend(arrival.refused);
                owed.extend(arrival.owed);
                newcomers.extend(arrival.seen);
                places.extend(arrival.places);
            }
            let newest = readings.iter().map(|reading: &Reading| reading.received).max();
            let (fresh, not_stored) = self.keep(readings, &mut refused, &bills).await?;
            self.bury(&refused).await?;
            drop(rooms);
            bills.into_iter().for_each(|(first, bill)| bill.settle(first, &not_stored));
            owed.into_iter().for_each(Ack::confirm);
            metrics::histogram!(names::KEEP_SECONDS).record(started.elapsed());
            self.forget_old_letters(&mut forgotten).await;

            let mut assets = self.register(&newcomers, &places, &fresh).await;
            if !places.is_empty() {
                assets.extend(self.place(&mut places).await);
            }
            if !assets.is_empty() && kept.send(Kept::Assets(assets)).await.is_err() {
                return Ok(());
            }
            if fresh.is_empty() {
                continue;
            }
            self.live.show(&fresh);
            if let Some(newest) = newest {
                metrics::histogram!(names::SHOW_SECONDS).record((self.clock)().since(newest));
            }
            if kept.send(Kept::Readings(fresh)).await.is_err() {
                return Ok(());
            }
        }
    }

    /// Tries until all readings are kept; returns those that were new, and the numbers of the others. What the store can never take becomes a
    /// dead letter.
    async fn keep(
        &self,
        readings: Vec<Reading>,
        refused: &mut Vec<DeadLetter>,
        bills: &[(usize, Bill)],
    ) -> store::Result<(Vec<Reading>, Vec<(usize, NotStored)>)> {
        let Sorted { fresh, not_stored, poison } = keep_what_can_be(readings, self).await?;
        self.counters.unstorable(poison.len());
        for (number, reading, error) in poison {
            tracing::error!(%error, device = %reading.series.device, "reading cannot be stored");
            let whose = bills.iter().rev().find(|(first, _)| *first <= number);
            let source = whose.and_then(|(first, bill)| bill.source_of(number - first));
            refused.push(unstorable(&reading, source.map_or("store", |name| name), &error));
        }
        Ok((fresh, not_stored))
    }

    /// Tries until all letters are kept, however long the register is broken: an acknowledgement promises them too.
    async fn bury(&self, refused: &[DeadLetter]) -> store::Result<()> {
        if refused.is_empty() {
            return Ok(());
        }
        loop {
            match self.store.bury(refused).await {
                Ok(()) => {
                    self.stages.recovered("keep");
                    return Ok(());
                }
                Err(error) if may_be_mended(&error) => self.wait("keep", &error).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// Removes dead letters that are too old, once in a while. A failure costs nothing: it is tried again.
    async fn forget_old_letters(&self, last: &mut Option<Timestamp>) {
        let now = (self.clock)();
        if last.is_some_and(|last| now.since(last) < FORGET) {
            return;
        }
        *last = Some(now);
        match self.store.forget_old_letters(now).await {
            Ok(0) => {}
            Ok(letters) => tracing::info!(letters, "dead letters were too old and are gone"),
            Err(error) => tracing::warn!(%error, "old dead letters could not be removed"),
        }
    }

    async fn wait(&self, stage: &'static str, error: &store::Error) {
        self.stages.troubled(stage, error);
        metrics::counter!(names::RETRIES, "stage" => stage).increment(1);
        tokio::time::sleep(PAUSE).await;
    }

    /// Ourselves, as the register names who changes it.
    pub(super) fn author(&self, act: &'static str) -> Author<'static> {
        Author { at: (self.clock)(), who: "ingest", act }
    }

    /// Registers devices that were heard for the first time. A failure costs nothing: they will be heard again.
    async fn register(&self, newcomers: &[ingest::Newcomer], places: &[Place], fresh: &[Reading]) -> Vec<Asset> {
        if newcomers.is_empty() {
            return Vec::new();
        }
        let _turn = self.turn.lock().await;
        let classes = self.directory.classes();
        let mut assets: Vec<Asset> = Vec::new();
        for newcomer in newcomers {
            let known = self.directory.has(&newcomer.tenant, newcomer.device.as_str())
                || assets
                    .iter()
                    .any(|asset| asset.tenant == newcomer.tenant && asset.devices.contains(&newcomer.device));
            if !known {
                assets.extend(first_sight(newcomer, places, fresh, &classes));
            }
        }
        if assets.is_empty() {
            return assets;
        }
        let author = self.author("first sight");
        match self.store.put_assets(&assets, &author).await {
            Ok(_) => {
                for asset in &assets {
                    tracing::info!(tenant = %asset.tenant, device = %asset.id, "registered a device on first sight");
                }
                self.directory.change(&assets, author.at);
                for asset in &assets {
                    self.live.put_assets(&asset.tenant, std::slice::from_ref(asset));
                }
                assets
            }
            Err(error) => {
                tracing::warn!(%error, devices = assets.len(), "could not register new devices; they will be tried again");
                Vec::new()
            }
        }
    }
}

/// Whether the store may take the same later: it is broken or away, and somebody can mend it while we run.
pub(super) fn may_be_mended(error: &store::Error) -> bool {
    error.is_of_the_store() && !matches!(error, store::Error::Closing | store::Error::ReadOnly)
}

/// The asset of a device that nobody described yet. Without a class that says better, the first thing it said stands for it.
fn first_sight(newcomer: &ingest::Newcomer, places: &[Place], fresh: &[Reading], classes: &Classes) -> Option<Asset> {
    let told = |place: &&Place| place.device == newcomer.device && place.tenant == newcomer.tenant;
    let class = newcomer.class.as_ref().and_then(|class| classes.get(class.as_str()));
    let first = || {
        let of_device = |reading: &&Reading| {
            let series = &reading.series;
            series.device == newcomer.device && series.tenant == newcomer.tenant && !series.metric.is_about_transport()
        };
        fresh.iter().find(of_device).map(|reading| reading.series.metric.clone())
    };
    Some(Asset {
        tenant: newcomer.tenant.clone(),
        id: AssetId::new(newcomer.device.as_str()).ok()?,
        name: newcomer.device.to_string(),
        domain: class
            .map_or_else(|| Domain::new("unassigned").expect("the name is well formed"), |class| class.domain.clone()),
        class: newcomer.class.clone().unwrap_or_else(|| AssetClass::new("device").expect("the name is well formed")),
        geometry: places.iter().rfind(told).map(|place| Geometry::Point(place.position)),
        area: None,
        devices: vec![newcomer.device.clone()],
        relations: Vec::new(),
        main_metric: class.and_then(|class| class.main.clone()).or_else(first),
        lifecycle: match newcomer.treatment {
            UnknownDevices::Register => Lifecycle::InService,
            UnknownDevices::Quarantine | UnknownDevices::Refuse => Lifecycle::Quarantined,
        },
        properties: [
            ("first_seen", newcomer.heard.to_rfc3339()),
            ("first_seen_format", newcomer.format.to_string()),
            ("first_seen_source", newcomer.source.to_string()),
            ("first_seen_topic", newcomer.topic.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into(),
    })
}

#[async_trait]
impl Append for Keeper {
    async fn append(&self, batch: &ReadingBatch) -> store::Result<Receipt> {
        loop {
            match self.store.append(batch.clone()).await {
                Err(error) if may_be_mended(&error) => self.wait("keep", &error).await,
                other => {
                    self.stages.recovered("keep");
                    if let Ok(receipt) = &other {
                        self.counters.count(receipt);
                    }
                    return other;
                }
            }
        }
    }
}
