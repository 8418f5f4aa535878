//! `specola demo`: a living city in one process, with nothing to prepare.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use control_room_api::{issue_sign_in_link, system_clock};
use model::{Account, ReadingBatch, Role, TenantId, Timestamp, UserName, Window};
use simulators::{City, Simulator};
use store::{Author, Store};

use super::status_line::{self, say};
use super::stop;
use crate::cli::Demo;
use crate::config::{Config, Tenant};
use crate::pipeline::{ClassFolder, Pipeline, RuleFolder};

/// How much of the past the demo makes up at its first start, so that charts and SQL have something to show.
const PAST: Duration = Duration::from_secs(24 * 3600);
/// The distance of two readings in that past.
const PAST_STEP: Duration = Duration::from_secs(20 * 60);
/// Readings of the past kept in one go, and the rest between two of them: a live reading waits for one such commit at most.
const PAST_CHUNK: usize = 1_000;
/// See [`PAST_CHUNK`].
const PAST_REST: Duration = Duration::from_millis(10);
/// Chunks of the past that may wait for the store: they are made as fast as they are kept.
const PAST_QUEUE: usize = 4;
/// Says that the past has been made.
const PAST_MARK: &str = "demo-past";

pub(crate) async fn run(demo: Demo) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let stop = stop::on_signal()?;
    let config = configuration(&demo)?;
    say(&format!("Specola {}: the demo city starts", env!("CARGO_PKG_VERSION")));

    let (tenant, seed) = (config.tenants[0].clone(), config.simulators.seed);
    let city = {
        let simulators = config.simulators.clone();
        Arc::new(tokio::task::spawn_blocking(move || simulators.city()).await??)
    };
    say(&format!("  city      {} assets of five domains, seed {seed}", city.assets().len()));

    let store = store::open(config.store.clone())
        .await
        .with_context(|| format!("cannot open {}; --data names another folder", config.store.folder.display()))?;
    store.put_tenant(&tenant.id, &tenant.name).await?;
    let author = Author { at: system_clock()(), who: "demo", act: "build" };
    let upserted = store.put_assets(city.assets(), &author).await?;
    let gauges = store.gauges();
    say(&format!(
        "  store     {} ({} readings from before, {} new assets)",
        config.store.folder.display(),
        gauges.memory_readings + gauges.part_readings,
        upserted.added
    ));

    let rules = RuleFolder::open(config.rules_folder())?;
    say(&format!("  rules     {} (edit them: they are read again at once)", rules.path().display()));
    let classes = ClassFolder::open(config.class_folder())?;
    say(&format!("  classes   {} (what kinds of devices there are)", classes.path().display()));
    let pipeline = Pipeline::start(&config, Arc::clone(&store), classes, rules, stop.clone())
        .await
        .map_err(|error| advise(error, &demo))?;
    let mqtt = pipeline.mqtt_addr().context("the embedded broker did not start")?;
    say(&format!("  broker    mqtt://{mqtt} (this machine only, no password needed)"));

    let broker = simulators::Broker { host: mqtt.ip().to_string(), port: mqtt.port(), credentials: None };
    let (simulator, sensors) =
        Simulator::new(Arc::clone(&city), simulators::Config { broker, ..config.simulators.clone() })?;
    let simulation = tokio::spawn(simulator.run(stop.child_token()));

    let link = sign_in(&*store, &tenant.id, pipeline.http_addr()).await?;
    say(&format!("  ready in  {:.1} s", started.elapsed().as_secs_f64()));
    say(&format!("\nOpen http://{} with this link, good for one sign-in: {link}\n", pipeline.http_addr()));

    let past = Arc::new(Past::default());
    if !demo.no_history {
        let (city, store, past) = (Arc::clone(&city), Arc::clone(&store), Arc::clone(&past));
        let mark = config.store.folder.join(PAST_MARK);
        tokio::spawn(async move {
            if let Err(error) = make_past(city, store, mark, past).await {
                tracing::warn!("yesterday could not be made: {error:#}");
            }
        });
    }
    let line = tokio::spawn(status_line::show(
        pipeline.pulse(),
        move || {
            let faults: Vec<String> = sensors.faults(system_clock()()).into_iter().map(|fault| fault.name).collect();
            let faults = if faults.is_empty() { String::new() } else { format!(" · staged: {}", faults.join(", ")) };
            format!("{faults}{}", past.progress())
        },
        stop.clone(),
    ));
    let code = pipeline.run().await?;
    line.await?;
    simulation.await?;
    Ok(code)
}

/// The configuration of the demo: the defaults, with the listener on and everything in one folder.
fn configuration(demo: &Demo) -> anyhow::Result<Config> {
    if !demo.bind.is_loopback() {
        bail!(
            "the demo has no passwords for sensors and runs on this machine only; to open Specola to others, write a configuration \
             (specola config --print-default) and use specola serve"
        );
    }
    let mut config = Config::default();
    let tenant = TenantId::new("messina")?;
    config.tenants = vec![Tenant { id: tenant.clone(), name: "Comune di Messina".to_owned(), ..Tenant::default() }];
    config.store.folder.clone_from(&demo.data);
    config.ingest.listener.enabled = true;
    config.ingest.listener.anonymous = true;
    config.ingest.listener.tenant = tenant.to_string();
    config.ingest.listener.bind = SocketAddr::new(demo.bind, demo.mqtt_port);
    config.ingest.routes.extend(crate::config::demo_routes()?);
    config.api.bind = SocketAddr::new(demo.bind, demo.http_port);
    config.simulators.tenant = tenant.to_string();
    config.simulators.seed = demo.seed.unwrap_or(config.simulators.seed);
    config.simulators.scenario = !demo.healthy;
    config.simulators.readings_per_second = demo.rate.unwrap_or(config.simulators.readings_per_second);
    for word in &demo.dialect {
        config.simulators.dialects.set(word)?;
    }
    config.rules.folder = demo.rules.clone().or_else(|| of_the_repository("rules"));
    config.classes.folder = of_the_repository("classes");
    config.validate()?;
    Ok(config)
}

/// In a clone of the repository the demo uses the rules and classes of the repository, so that they can be tried by editing them.
fn of_the_repository(what: &str) -> Option<PathBuf> {
    let folder = PathBuf::from("deploy/config").join(what);
    folder.is_dir().then_some(folder)
}

/// Names the flag that helps against a taken port.
fn advise(error: anyhow::Error, demo: &Demo) -> anyhow::Error {
    let taken = |port: u16, flag: &str, what: &str| {
        anyhow::anyhow!(
            "port {port} of {} is in use by another program, so the {what} cannot start; choose another one with {flag} {}",
            demo.bind,
            port + 1
        )
    };
    if let Some(ingest::Error::Bind { .. }) = error.downcast_ref() {
        return taken(demo.mqtt_port, "--mqtt-port", "MQTT broker");
    }
    if let Some(control_room_api::Error::PortTaken(_)) = error.downcast_ref() {
        return taken(demo.http_port, "--http-port", "dashboard");
    }
    error
}

/// A link that signs the person at this machine in, once. The demo's account has no password.
async fn sign_in(store: &dyn Store, tenant: &TenantId, http: SocketAddr) -> anyhow::Result<String> {
    let user = UserName::new("demo")?;
    if store.account(&user).await?.is_none() {
        let name = "Operatore demo".to_owned();
        store
            .add_account(&Account {
                tenant: tenant.clone(),
                user: user.clone(),
                name,
                role: Role::Admin,
                password_hash: None,
            })
            .await?;
    }
    let host =
        if http.ip() == IpAddr::from([127, 0, 0, 1]) { format!("127.0.0.1:{}", http.port()) } else { http.to_string() };
    Ok(issue_sign_in_link(store, &user, &format!("http://{host}"), &system_clock()).await?)
}

/// How far the past is made.
#[derive(Default)]
struct Past {
    kept: AtomicU64,
    percent: AtomicU64,
}

impl Past {
    fn progress(&self) -> String {
        match self.percent.load(Ordering::Relaxed) {
            0 | 100 => String::new(),
            percent => format!(" · making yesterday: {percent} % ({} readings)", self.kept.load(Ordering::Relaxed)),
        }
    }
}

/// Makes yesterday, once: readings of the past are kept like any other, but not judged. When the program is stopped meanwhile, the next start goes
/// on where this one was: what is made already would have to be compared with what is kept, reading by reading.
async fn make_past(city: Arc<City>, store: Arc<dyn Store>, mark: PathBuf, past: Arc<Past>) -> anyhow::Result<()> {
    let Some((window, mut left)) = unmade(&mark)? else { return Ok(()) };
    past.percent.store(percent(window, left.until), Ordering::Relaxed);
    while let Some(step) = Window::new(left.until.minus(PAST_STEP).max(left.from), left.until) {
        let (sender, mut batches) = tokio::sync::mpsc::channel::<ReadingBatch>(PAST_QUEUE);
        let city = Arc::clone(&city);
        let maker = tokio::task::spawn_blocking(move || -> anyhow::Result<()> {
            for batch in city.history(step, PAST_STEP, None)? {
                let mut readings = batch.into_readings();
                while !readings.is_empty() {
                    let rest = readings.split_off(readings.len().min(PAST_CHUNK));
                    if ReadingBatch::new(readings).is_some_and(|chunk| sender.blocking_send(chunk).is_err()) {
                        return Ok(());
                    }
                    readings = rest;
                }
            }
            Ok(())
        });
        while let Some(batch) = batches.recv().await {
            let readings = batch.len() as u64;
            if let Err(error) = store.append(batch).await {
                tracing::debug!(%error, "the past is not finished; the next start goes on with it");
                return Ok(());
            }
            past.kept.fetch_add(readings, Ordering::Relaxed);
            tokio::time::sleep(PAST_REST).await;
        }
        maker.await??;
        // Backwards: a part that is written meanwhile reaches from what is made to the present, so it never covers what is still to be made, and
        // the search for duplicates need not open it.
        left.until = step.from;
        past.percent.store(percent(window, left.until), Ordering::Relaxed);
        let text = format!("{}\n{}\n", window.until.to_rfc3339(), left.until.to_rfc3339());
        std::fs::write(&mark, text).with_context(|| format!("cannot note in {} how much is made", mark.display()))?;
    }
    past.percent.store(100, Ordering::Relaxed);
    Ok(())
}

/// Yesterday, and what of it is not made yet; none when all of it is. `mark` holds the end of yesterday and how far back it is made.
fn unmade(mark: &Path) -> anyhow::Result<Option<(Window, Window)>> {
    let text = match std::fs::read_to_string(mark) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        text => Some(text.with_context(|| format!("cannot read {}", mark.display()))?),
    };
    let now = system_clock()();
    let (until, made) = match text.as_deref().map(|text| text.lines().map(Timestamp::parse)) {
        None => (now, now),
        Some(mut moments) => match (moments.next(), moments.next()) {
            (Some(Ok(until)), Some(Ok(made))) => (until, made),
            // An empty mark is that of an earlier version: all is made.
            _ => return Ok(None),
        },
    };
    let window = Window::new(until.minus(PAST), until).context("the clock of this machine is wrong")?;
    Ok(Window::new(window.from, made).map(|left| (window, left)))
}

fn percent(window: Window, reached: Timestamp) -> u64 {
    let share = window.until.since(reached).as_secs_f64() / window.span().as_secs_f64().max(1.0);
    (share * 98.0).clamp(1.0, 99.0) as u64
}
