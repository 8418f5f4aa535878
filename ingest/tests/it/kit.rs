//! Helpers: a trial with a fixed clock, a real mosquitto, a client that publishes.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use ingest::{Arrival, Clock, Config, EverybodyIsNew, Handle, Ingest, RawMessage, Trial};
use model::{Duration, Reading, TenantId, Timestamp, Value};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Longer than anything takes; a test that hits it has failed.
pub(crate) const LONG: Duration = Duration::from_secs(20);

pub(crate) fn tenant() -> TenantId {
    TenantId::new("messina").unwrap()
}

pub(crate) fn now() -> Timestamp {
    Timestamp::parse("2026-11-22T10:00:00Z").unwrap()
}

pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        now()
    }
}

pub(crate) fn raw(topic: &str, payload: &[u8]) -> RawMessage {
    let payload = Bytes::copy_from_slice(payload);
    let bytes = payload.len();
    RawMessage {
        tenant: tenant(),
        source: Arc::from("trial"),
        topic: topic.into(),
        payload,
        bytes,
        received: now(),
        retained: false,
    }
}

pub(crate) fn trial(config: &Config) -> Trial {
    Trial::new(config, tenant(), Arc::new(EverybodyIsNew)).unwrap()
}

/// A reading in one line: `device metric=value unit @time !quality`, leaving out what is not there.
pub(crate) fn line(reading: &Reading) -> String {
    let value = match &reading.value {
        Value::Number(number) => number.to_string(),
        Value::Integer(number) => format!("{number}i"),
        Value::Flag(flag) => flag.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Gap => "gap".to_owned(),
    };
    let unit = reading.unit.as_str().map(|unit| format!(" {unit}")).unwrap_or_default();
    let time = if reading.time == reading.received { String::new() } else { format!(" @{}", reading.time) };
    let quality =
        if reading.quality == model::Quality::Good { String::new() } else { format!(" !{}", reading.quality.as_str()) };
    format!("{} {}={value}{unit}{time}{quality}", reading.series.device, reading.series.metric)
}

/// Readings and refusals of an arrival, a line each.
pub(crate) fn lines(arrival: &Arrival) -> Vec<String> {
    let refused =
        arrival.refused.iter().map(|letter| format!("refused {} {}", letter.reason.as_str(), letter.readings));
    arrival.readings.iter().map(line).chain(refused).collect()
}

/// A running ingest with its end of the queue.
pub(crate) struct Running {
    pub(crate) handle: Handle,
    pub(crate) arrivals: mpsc::Receiver<Arrival>,
    pub(crate) stop: CancellationToken,
    pub(crate) service: JoinHandle<ingest::Result<()>>,
}

impl Running {
    pub(crate) async fn start(config: Config) -> Self {
        Self::start_at(config, Arc::new(FixedClock)).await
    }

    /// The same with a clock that is not always at the same time.
    pub(crate) async fn start_at(config: Config, clock: Arc<dyn Clock>) -> Self {
        let (sender, arrivals) = mpsc::channel(16);
        let stop = CancellationToken::new();
        let directory = Arc::new(EverybodyIsNew);
        let (service, handle) = Ingest::start(config, directory, clock, sender, stop.clone()).await.unwrap();
        Self { handle, arrivals, stop, service: tokio::spawn(service.run()) }
    }

    pub(crate) async fn arrival(&mut self) -> Arrival {
        timeout(LONG, self.arrivals.recv()).await.expect("no arrival in time").expect("ingest ended")
    }

    /// Waits until the only source is connected.
    pub(crate) async fn connected(&self) {
        until(|| self.handle.sources()[0].connected).await;
    }

    /// Stops and waits for the end; what still arrives is confirmed.
    pub(crate) async fn end(mut self) {
        self.stop.cancel();
        while let Some(arrival) = timeout(LONG, self.arrivals.recv()).await.expect("the stages did not end") {
            Arrival::confirm(arrival.owed);
        }
        timeout(LONG, self.service).await.expect("the service did not end").unwrap().unwrap();
    }
}

/// Waits until `condition` holds.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LONG, wait).await.expect("the condition never held");
}

/// A real mosquitto on a free port with a folder of its own.
pub(crate) struct Mosquitto {
    child: Child,
    pub(crate) port: u16,
    folder: TempDir,
}

impl Mosquitto {
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// A broker with these lines of configuration more; `FOLDER` in them stands for its folder.
    pub(crate) async fn start_with(more: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), more).await
    }

    /// The same with a folder in which files lie already.
    pub(crate) async fn start_in(folder: TempDir, more: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let more = more.replace("FOLDER", &folder.path().display().to_string());
        let config = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\nmax_queued_messages 100000\nmax_inflight_messages 200\n{more}\n"
        );
        std::fs::write(folder.path().join("mosquitto.conf"), config).unwrap();
        let child = Self::spawn(&folder);
        let mut broker = Self { child, port, folder };
        broker.ready().await;
        broker
    }

    fn spawn(folder: &TempDir) -> Child {
        let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"]
            .into_iter()
            .find(|path| std::path::Path::new(path).exists());
        let program = program.expect("mosquitto is needed by this test: apt-get install mosquitto");
        let mut command = Command::new(program);
        command.arg("-c").arg(folder.path().join("mosquitto.conf")).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("mosquitto could not be started")
    }

    async fn ready(&mut self) {
        let wait = async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                assert!(self.child.try_wait().unwrap().is_none(), "mosquitto ended at once: is its port taken?");
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LONG, wait).await.expect("mosquitto did not open its port");
    }

    /// Kills it: without persistence every session is lost.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on the same port.
    pub(crate) async fn again(&mut self) {
        self.child = Self::spawn(&self.folder);
        self.ready().await;
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
