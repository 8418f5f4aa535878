//! Tells people and machines how the whole is doing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use control_room_api::{Clock, SourceReport, Stage, StageState, Status, StatusSource, system_clock};
use ingest::Arrival;
use model::TenantId;
use store::Store;
use tokio::sync::mpsc::WeakSender;
use tokio_util::sync::CancellationToken;

use super::accounts;
use super::directory::Directory;
use super::keep::Kept;
use super::metrics as names;
use super::replay::{REPLAY, Replayer};
use super::stages::{Counters, Stages};

/// The two numbers that tell whether a city is alive.
#[derive(Clone)]
pub(crate) struct Pulse {
    pub(crate) counters: Arc<Counters>,
    pub(crate) open: Arc<AtomicU64>,
}

impl Pulse {
    /// Readings that are on disk since the start.
    pub(crate) fn kept(&self) -> u64 {
        self.counters.kept()
    }

    /// Alarms that are open now.
    pub(crate) fn open_alarms(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }
}

/// Looks at every stage. Holds only weak ends of the queues, so that a stage ends when its sources do.
pub(crate) struct Reporter {
    pub(crate) started: Instant,
    pub(crate) sources: ingest::Handle,
    pub(crate) arrivals: WeakSender<Arrival>,
    pub(crate) judged: WeakSender<Kept>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) stages: Arc<Stages>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) replayer: Arc<Replayer>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) clock: Clock,
    pub(crate) stop: CancellationToken,
}

impl StatusSource for Reporter {
    fn status(&self) -> Status {
        let stages =
            vec![self.ingest(), self.queue("keep", &self.arrivals), self.queue("judge", &self.judged), self.store()];
        Status {
            ready: stages.iter().all(|stage| stage.state == StageState::Running),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_s: self.started.elapsed().as_secs(),
            stages,
        }
    }

    fn sources(&self, tenant: &TenantId) -> Vec<SourceReport> {
        let now = system_clock()();
        let own = self.sources.books().into_iter().filter(|(source, _)| source.tenant == *tenant);
        let mut reports: Vec<SourceReport> = own.map(|(source, books)| accounts::of(source, &books, now)).collect();
        let replayed = self.replayer.books().into_iter().find(|(whose, _)| whose == tenant);
        reports.extend(replayed.map(|(_, books)| accounts::of_replay(&books)));
        reports
    }
}

impl Reporter {
    fn ingest(&self) -> Stage {
        let sources = self.sources.sources();
        let lost = sources.iter().find(|source| !source.connected);
        let sum = |count: fn(&ingest::SourceStatus) -> u64| sources.iter().map(count).sum::<u64>();
        let mut counters = BTreeMap::from([
            ("messages".to_owned(), sum(|source| source.received)),
            ("refused".to_owned(), sum(|source| source.refused)),
            ("readings".to_owned(), sum(|source| source.readings)),
            ("connections".to_owned(), sum(|source| source.connections as u64)),
        ]);
        for (source, books) in self.sources.books() {
            enter(&mut counters, &format!("{}/{}", source.tenant, source.name), &books);
        }
        for (tenant, books) in self.replayer.books() {
            enter(&mut counters, &format!("{tenant}/{REPLAY}"), &books);
        }
        Stage {
            name: "ingest".to_owned(),
            state: if self.stop.is_cancelled() {
                StageState::Draining
            } else if lost.is_some() {
                StageState::Retrying
            } else {
                StageState::Running
            },
            queued: self.sources.queue_depth() as u64,
            capacity: None,
            last_error: lost.map(|source| format!("source {} is not connected", source.name)),
            counters,
        }
    }

    fn queue<T>(&self, name: &'static str, queue: &WeakSender<T>) -> Stage {
        let open = queue.upgrade();
        let trouble = if name == "keep" { self.stages.keeping_trouble() } else { self.stages.trouble(name) };
        let (queued, capacity) = open.as_ref().map_or((0, None), |queue| {
            ((queue.max_capacity() - queue.capacity()) as u64, Some(queue.max_capacity() as u64))
        });
        let counters = if name == "keep" {
            self.counters.all().into_iter().map(|(outcome, count)| (outcome.to_owned(), count)).collect()
        } else {
            BTreeMap::new()
        };
        Stage {
            name: name.to_owned(),
            state: match (&open, &trouble) {
                (None, _) => StageState::Stopped,
                (Some(_), Some(_)) => StageState::Retrying,
                (Some(_), None) => StageState::Running,
            },
            queued,
            capacity,
            last_error: trouble,
            counters,
        }
    }

    fn store(&self) -> Stage {
        let gauges = self.store.gauges();
        let lost = self.store.lost();
        Stage {
            name: "store".to_owned(),
            state: StageState::Running,
            queued: gauges.waiting,
            capacity: None,
            last_error: lost.first().map(|one| format!("set aside at the start: {} ({})", one.file, one.detail)),
            counters: BTreeMap::from([
                ("memory_readings".to_owned(), gauges.memory_readings),
                ("part_readings".to_owned(), gauges.part_readings),
                ("parts".to_owned(), gauges.parts),
                ("log_bytes".to_owned(), gauges.log_bytes),
                ("series".to_owned(), gauges.series),
            ]),
        }
    }

    /// Brings the gauges up to date that nobody else writes.
    pub(crate) fn measure(&self) {
        self.sources.publish_books();
        self.sources.publish_gaps((self.clock)(), &*self.directory);
        for (tenant, books) in self.replayer.books() {
            ingest::metrics::publish_books(&tenant, REPLAY, &books);
        }
        let depth = |queue: Option<usize>| queue.unwrap_or(0) as f64;
        metrics::gauge!(names::QUEUE, "stage" => "decode").set(self.sources.queue_depth() as f64);
        metrics::gauge!(names::QUEUE, "stage" => "keep")
            .set(depth(self.arrivals.upgrade().map(|queue| queue.max_capacity() - queue.capacity())));
        metrics::gauge!(names::QUEUE, "stage" => "judge")
            .set(depth(self.judged.upgrade().map(|queue| queue.max_capacity() - queue.capacity())));
        metrics::gauge!(names::QUEUE, "stage" => "commit").set(self.store.gauges().waiting as f64);
        if let Some((memory, processor)) = process() {
            metrics::gauge!(names::MEMORY).set(memory);
            metrics::gauge!(names::PROCESSOR).set(processor);
        }
    }
}

/// Writes the books of a source among the counters. Reasons that never came are left out.
fn enter(counters: &mut BTreeMap<String, u64>, source: &str, books: &ingest::Books) {
    let ingest::Books { messages, readings, .. } = books;
    let mut write = |what: &str, count: u64| counters.insert(format!("{source} {what}"), count);
    for (what, count) in [
        ("messages received", messages.received),
        ("messages stored", messages.stored),
        ("messages duplicate", messages.duplicate),
        ("messages conflict", messages.conflict),
        ("messages ignored", messages.ignored),
        ("messages shed", messages.shed),
        ("messages waiting", messages.waiting),
        ("readings received", readings.received),
        ("readings stored", readings.stored),
        ("readings duplicate", readings.duplicate),
        ("readings conflict", readings.conflict),
        ("readings shed", readings.shed),
        ("readings waiting", readings.waiting),
    ] {
        write(what, count);
    }
    for (kind, book) in [("messages refused", &messages.refused), ("readings rejected", &readings.rejected)] {
        for (reason, count) in book.each().filter(|(_, count)| *count > 0) {
            write(&format!("{kind} {}", reason.as_str()), count);
        }
    }
}

/// Resident bytes and seconds of processor time of this process, as Linux tells them.
fn process() -> Option<(f64, f64)> {
    usage("self")
}

/// The same of any process, by its number.
pub(crate) fn usage(pid: &str) -> Option<(f64, f64)> {
    /// Linux counts processor time in hundredths of a second towards programs (`USER_HZ`), whatever the kernel's own tick.
    const HZ: f64 = 100.0;
    let memory = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kib: f64 =
        memory.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().trim_end_matches(" kB").parse().ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in parentheses and may hold spaces; utime and stime are fields 14 and 15.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks: f64 = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    Some((kib * 1024.0, ticks / HZ))
}
