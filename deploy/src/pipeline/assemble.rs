//! Joins the parts: opens the doors, starts the stages in their order, and empties them in the same order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use control_room_api::{City, LetterDesk, Live, Parts, Server, system_clock};
use ingest::{Ingest, SystemClock};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use model::alarm::Fact;
use model::{Asset, AssetId, TenantId};
use rules::{Engine, RuleBook};
use store::{DeadLetters, Store};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::attendance::Attendance;
use super::class_folder::ClassFolder;
use super::desk::{ANSWERS, Desk};
use super::directory::Directory;
use super::drain::{Drained, Stage, drain, first_end};
use super::inbox::Inbox;
use super::judge::Judge;
use super::keep::Keeper;
use super::metrics as names;
use super::office::Office;
use super::replay::{Replayer, Way};
use super::rule_folder::RuleFolder;
use super::stages::{Counters, Stages};
use super::status::{Pulse, Reporter};
use super::watchman::{Watchman, is_about_us};
use crate::config::Config;

/// Arrivals that may wait to be kept: each is some milliseconds of the river, so this is a fraction of a second; more would only hide a slow disk.
const ARRIVALS: usize = 64;
/// Batches that may wait for the judge. When it is slower than the disk, keeping slows down and pushes back on the sources.
const TO_JUDGE: usize = 256;
/// How long the stages have to empty themselves after the wish to stop.
const DRAIN: Duration = Duration::from_secs(9);

/// A running pipeline.
pub(crate) struct Pipeline {
    stages: Vec<Stage>,
    store: Arc<dyn Store>,
    stop: CancellationToken,
    http: SocketAddr,
    mqtt: Option<SocketAddr>,
    pulse: Pulse,
}

impl Pipeline {
    /// Opens the doors and starts every stage. Nothing runs when it fails.
    pub(crate) async fn start(
        config: &Config,
        store: Arc<dyn Store>,
        mut class_folder: ClassFolder,
        mut folder: RuleFolder,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let prometheus = recorder()?;
        let clock = system_clock();
        let server = Server::bind(config.api.clone()).await?;
        let http = server.address();

        let (classes, mistakes) = class_folder.read()?;
        for mistake in &mistakes {
            tracing::warn!("{mistake}");
        }
        let classes = Arc::new(classes);
        let (class_changes, changed_classes) = watch::channel(Arc::clone(&classes));
        let (book, errors) = folder.read(&classes)?;
        for error in &errors {
            tracing::warn!("{error}");
        }
        let book = Arc::new(book);
        let (books, book_changes) = watch::channel(Arc::clone(&book));
        let reload = Duration::from_secs(config.rules.reload_seconds.max(1));

        let live = Arc::new(Live::new(clock.clone(), book_changes.clone()));
        let directory = Arc::new(Directory::new(classes));
        let stages = Arc::new(Stages::default());
        let counters = Arc::new(Counters::default());
        let Memory { engine, watchman, facts: remembered, assets, cities } =
            remember(config, &*store, &book, &live, &directory).await?;

        let (to_keeper, arrivals) = mpsc::channel(ARRIVALS);
        let (to_judge, kept) = mpsc::channel(TO_JUDGE);
        let (answers, answered) = mpsc::channel(ANSWERS);
        let queues = (to_keeper.downgrade(), to_judge.downgrade());
        let mut ingest = config.ingest.clone();
        ingest.listener.state_folder.get_or_insert_with(|| config.store.folder.join("mqtt"));
        let replayer = Arc::new(Replayer::new(
            config.ingest.clone(),
            Arc::clone(&directory) as Arc<dyn ingest::Directory>,
            Arc::clone(&store) as Arc<dyn DeadLetters>,
            Way::River(to_keeper.downgrade()),
        ));
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        let (look_now, asked) = mpsc::channel(1);
        let office = Office {
            store: Arc::clone(&store),
            live: Arc::clone(&live),
            directory: Arc::clone(&directory),
            judged: to_judge.downgrade(),
            look_now,
            turn: Arc::clone(&turn),
            clock: clock.clone(),
        };
        let (service, sources) = Ingest::start(
            ingest,
            Arc::clone(&directory) as Arc<dyn ingest::Directory>,
            Arc::new(SystemClock),
            to_keeper,
            stop.clone(),
        )
        .await?;
        let mqtt = sources.listener_addr();
        let inbox = Arc::new(Inbox { door: sources.door() });
        let attendance = Attendance {
            sources: sources.clone(),
            directory: Arc::clone(&directory),
            store: Arc::clone(&store),
            clock: clock.clone(),
        };

        let reporter = Arc::new(Reporter {
            started: Instant::now(),
            sources,
            arrivals: queues.0,
            judged: queues.1,
            counters: Arc::clone(&counters),
            stages: Arc::clone(&stages),
            store: Arc::clone(&store),
            replayer: Arc::clone(&replayer),
            directory: Arc::clone(&directory),
            clock: clock.clone(),
            stop: stop.clone(),
        });
        let keeper = Keeper {
            store: Arc::clone(&store),
            live: Arc::clone(&live),
            directory: Arc::clone(&directory),
            turn,
            counters: Arc::clone(&counters),
            stages: Arc::clone(&stages),
            clock: clock.clone(),
        };
        let open = Arc::new(std::sync::atomic::AtomicU64::new(engine.open_alarms().count() as u64));
        let judge = Judge {
            engine,
            watchman,
            assets,
            remembered,
            store: Arc::clone(&store),
            live: Arc::clone(&live),
            stages,
            clock: clock.clone(),
            open: Arc::clone(&open),
        };
        let turn = Mutex::new(());
        let parts = Parts {
            store: Arc::clone(&store),
            live,
            desk: Arc::new(Desk { answers }),
            letters: Arc::clone(&replayer) as Arc<dyn LetterDesk>,
            inbox,
            assets: Arc::new(office),
            attendance: Arc::new(attendance),
            rules: book_changes.clone(),
            status: Arc::clone(&reporter) as Arc<dyn control_room_api::StatusSource>,
            metrics: Arc::new(move || {
                // One after the other: what is rendered is what was measured just before.
                let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                reporter.measure();
                prometheus.render()
            }),
            clock,
            cities,
        };

        let running: Vec<Stage> = vec![
            ("ingest", tokio::spawn(async move { service.run().await.map_err(in_stage("ingest")) })),
            ("keep", tokio::spawn(async move { keeper.run(arrivals, to_judge).await.map_err(in_stage("keep")) })),
            (
                "judge",
                tokio::spawn(async move {
                    judge.run(kept, answered, book_changes).await;
                    Ok(())
                }),
            ),
            ("classes", {
                let stop = stop.clone();
                tokio::spawn(async move {
                    class_folder.watch(reload, directory, class_changes, asked, stop).await;
                    Ok(())
                })
            }),
            ("rules", {
                let stop = stop.clone();
                tokio::spawn(async move {
                    folder.watch(reload, books, changed_classes, stop).await;
                    Ok(())
                })
            }),
            ("replay", {
                let stop = stop.clone();
                tokio::spawn(async move {
                    replayer.run(stop).await;
                    Ok(())
                })
            }),
            ("api", {
                let stop = stop.clone();
                tokio::spawn(async move { server.serve(parts, stop).await.map_err(in_stage("api")) })
            }),
        ];
        Ok(Self { stages: running, store, stop, http, mqtt, pulse: Pulse { counters, open } })
    }

    /// Where the dashboard is.
    pub(crate) fn http_addr(&self) -> SocketAddr {
        self.http
    }

    /// Where the embedded broker is, if it runs.
    pub(crate) fn mqtt_addr(&self) -> Option<SocketAddr> {
        self.mqtt
    }

    /// How the river flows.
    pub(crate) fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Runs until the wish to stop or the end of a stage; then empties the stages in their order, closes the store, and says who was late.
    pub(crate) async fn run(mut self) -> anyhow::Result<ExitCode> {
        let mut failure = None;
        tokio::select! {
            // First: a stage that ends because it was asked to is no failure.
            biased;
            () = self.stop.cancelled() => {}
            ended = first_end(&mut self.stages) => {
                failure = Some(ended);
                self.stop.cancel();
            }
        }
        let deadline = tokio::time::Instant::now() + DRAIN;
        let Drained { mut late, failure: broken } = drain(&mut self.stages, deadline).await;
        failure = failure.or(broken);
        match tokio::time::timeout_at(deadline + Duration::from_millis(500), self.store.close()).await {
            Ok(closed) => closed.context("closing the store")?,
            Err(_) => late.push("store"),
        }
        if !late.is_empty() {
            tracing::error!(stages = %late.join(", "), "stopped waiting for late stages; what they had not acknowledged will be sent again");
        }
        match failure {
            Some(error) => Err(error),
            None => Ok(ExitCode::SUCCESS),
        }
    }
}

fn in_stage<E: std::error::Error + Send + Sync + 'static>(stage: &'static str) -> impl Fn(E) -> anyhow::Error {
    move |error| anyhow::Error::new(error).context(stage)
}

/// What the store remembered.
struct Memory {
    engine: Engine,
    watchman: Watchman,
    facts: Vec<Fact>,
    assets: BTreeMap<(TenantId, AssetId), Asset>,
    cities: BTreeMap<TenantId, City>,
}

/// Tells engine, board and directory what the store knows from before.
async fn remember(
    config: &Config,
    store: &dyn Store,
    book: &Arc<RuleBook>,
    live: &Live,
    directory: &Directory,
) -> anyhow::Result<Memory> {
    let now = system_clock()();
    let (mut everything, mut newest, mut cities) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
    for tenant in &config.tenants {
        let assets = store.assets(&tenant.id).await?;
        live.put_assets(&tenant.id, &assets);
        directory.learn(&assets);
        newest.extend(store.newest(&tenant.id));
        everything.extend(assets.into_iter().map(|asset| ((asset.tenant.clone(), asset.id.clone()), asset)));
        cities.insert(tenant.id.clone(), City { name: tenant.name.clone(), timezone: tenant.timezone.clone() });
    }
    let open = store.open_alarms().await?;
    live.restore(&newest);
    live.show_alarms(&open);
    let (ours, open): (Vec<_>, Vec<_>) = open.into_iter().partition(|alarm| is_about_us(&alarm.rule));
    let mut engine = Engine::new(Arc::clone(book), everything.values().cloned(), now);
    let mut facts = engine.restore(open, &newest, now);
    let tenants: Vec<TenantId> = config.tenants.iter().map(|tenant| tenant.id.clone()).collect();
    let (watchman, about_us) = Watchman::new(&tenants, ours, now);
    facts.extend(about_us);
    Ok(Memory { engine, watchman, facts, assets: everything, cities })
}

/// The counters of the whole process. Histograms have fixed steps, so that two processes can be added up.
fn recorder() -> anyhow::Result<PrometheusHandle> {
    const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()
        .context("counters are installed twice")?;
    names::describe();
    simulators::describe();
    Ok(handle)
}
