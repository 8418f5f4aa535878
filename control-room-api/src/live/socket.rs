//! One live socket: a reader that hears the page, and one writer that never has more than one frame under way.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use store::TokenHash;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::board::{Board, Marks, Seat};
use super::city::Live;
use super::frame::FrameKind;
use super::message::{FromPage, Resume, ToPage, selection};
use super::selection::Selection;
use crate::auth::Sessions;
use crate::config::SocketLimits;
use crate::{Clock, metrics as names};

/// Seconds between two beats.
const BEAT: Duration = Duration::from_secs(1);
/// Alarms in one text frame: keeps a frame below about 1 MiB in a flood.
const ALARMS_PER_FRAME: usize = 500;
/// Messages of a page that wait for the writer; more push back through TCP.
const COMMANDS: usize = 8;
/// How long the farewell may take: a page that reads gets its code, one that does not is dropped.
const FAREWELL: Duration = Duration::from_millis(1500);
/// The same for a page that has not read for long, so that it learns why if it wakes up.
const LATE_FAREWELL: Duration = Duration::from_secs(5);

const ENDED: Farewell = Farewell { code: 4001, reason: "session ended" };
const TOO_SLOW: Farewell = Farewell { code: 4008, reason: "too slow" };
const STOPPING: Farewell = Farewell { code: 1001, reason: "server stopping" };

fn bad_message(reason: &'static str) -> Farewell {
    Farewell { code: 4009, reason }
}

/// Why and how a socket is closed.
#[derive(Debug, Clone, Copy)]
struct Farewell {
    code: u16,
    reason: &'static str,
}

/// What ends a socket: a reason of ours, or the page has gone.
enum End {
    Ours(Farewell),
    Gone,
}

/// Everything that one socket needs.
pub(crate) struct Talk {
    pub(crate) live: Arc<Live>,
    pub(crate) board: Arc<Board>,
    pub(crate) clock: Clock,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) token: TokenHash,
    pub(crate) limits: SocketLimits,
    pub(crate) stop: CancellationToken,
    pub(crate) seat: Seat,
}

enum Command {
    Subscribe { resume: Option<Resume>, selection: Selection },
    Ping { sent_ms: f64 },
    Bad(&'static str),
}

/// Talks with a page until either side has had enough.
pub(crate) async fn talk(socket: WebSocket, talk: Talk) {
    metrics::gauge!(names::SOCKETS_OPEN).increment(1.0);
    let (sink, mut stream) = socket.split();
    let (commands, heard) = mpsc::channel(COMMANDS);
    let moved = talk.board.watch();
    let Talk { live, board, clock, sessions, token, limits, stop, seat } = talk;
    let unread = Duration::from_secs(limits.unread_seconds);
    let mut writer = Writer { sink, live: Arc::clone(&live), board, clock, unread, seen: Seen::default() };
    let pause = Duration::from_secs(1) / limits.frames_per_second.max(1);
    let end = {
        let run = writer.run(moved, heard, pause);
        tokio::select! {
            biased;
            () = stop.cancelled() => End::Ours(STOPPING),
            () = sessions.until_ended(token) => End::Ours(ENDED),
            end = run => end,
            () = listen(&mut stream, commands) => End::Gone,
        }
    };
    let code = match &end {
        End::Gone => 1000,
        End::Ours(farewell) => farewell.code,
    };
    writer.farewell(end, &mut stream).await;
    metrics::counter!(names::SOCKETS_CLOSED, "code" => code.to_string()).increment(1);
    metrics::gauge!(names::SOCKETS_OPEN).decrement(1.0);
    drop(seat);
}

/// Hears the page and hands on what it says; ends when the page has gone or has said something bad.
async fn listen(stream: &mut SplitStream<WebSocket>, commands: mpsc::Sender<Command>) {
    while let Some(message) = stream.next().await {
        let command = match message {
            Ok(Message::Text(text)) => understand(&text),
            Ok(Message::Binary(_)) => Command::Bad("binary frames go one way only"),
            Ok(Message::Ping(_) | Message::Pong(_)) => continue,
            Ok(Message::Close(_)) => return,
            Err(_) => Command::Bad("message is too large or no websocket message"),
        };
        let bad = matches!(command, Command::Bad(_));
        if commands.send(command).await.is_err() || bad {
            // The writer says farewell; until then this side only waits.
            return std::future::pending().await;
        }
    }
}

fn understand(text: &str) -> Command {
    match serde_json::from_str(text) {
        Ok(FromPage::Ping { sent_ms }) => Command::Ping { sent_ms },
        Ok(FromPage::Subscribe { resume, viewport, domains }) => match selection(viewport, domains) {
            Ok(selection) => Command::Subscribe { resume, selection },
            Err(reason) => Command::Bad(reason),
        },
        Err(_) => Command::Bad("not a message of specola.v1"),
    }
}

/// What the page has been told.
#[derive(Default)]
struct Seen {
    subscribed: bool,
    selection: Selection,
    version: Option<u64>,
    alarms: Option<u64>,
    assets: u64,
}

struct Writer {
    sink: SplitSink<WebSocket, Message>,
    live: Arc<Live>,
    board: Arc<Board>,
    clock: Clock,
    unread: Duration,
    seen: Seen,
}

impl Writer {
    async fn run(
        &mut self,
        mut moved: watch::Receiver<Marks>,
        mut heard: mpsc::Receiver<Command>,
        pause: Duration,
    ) -> End {
        self.seen.assets = moved.borrow().assets;
        if let Err(end) = self.hello().await {
            return end;
        }
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut due = true;
        let mut next = Instant::now();
        loop {
            let step = tokio::select! {
                biased;
                command = heard.recv() => match command {
                    None => return End::Gone,
                    Some(Command::Bad(reason)) => return End::Ours(bad_message(reason)),
                    Some(Command::Ping { sent_ms }) => self.pong(sent_ms).await,
                    Some(Command::Subscribe { resume, selection }) => {
                        self.subscribe(resume, selection);
                        due = true;
                        Ok(())
                    }
                },
                _ = beat.tick() => self.beat().await,
                () = sleep_until(next), if due && self.seen.subscribed => {
                    due = false;
                    next = Instant::now() + pause;
                    let marks = *moved.borrow_and_update();
                    self.catch_up(marks).await
                }
                changed = moved.changed(), if !due => {
                    if changed.is_err() {
                        return End::Gone;
                    }
                    due = true;
                    Ok(())
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    fn subscribe(&mut self, resume: Option<Resume>, selection: Selection) {
        let same = self.seen.subscribed && self.seen.selection == selection;
        let known = resume.filter(|resume| resume.epoch == self.live.epoch());
        self.seen.version = match &known {
            Some(resume) if same || !self.seen.subscribed => Some(resume.version),
            _ => None,
        };
        if !self.seen.subscribed || known.is_some() {
            self.seen.alarms = known.map(|resume| resume.alarm_version);
        }
        self.seen.subscribed = true;
        self.seen.selection = selection;
    }

    /// Tells the page what it is missing, the latest state only.
    async fn catch_up(&mut self, marks: Marks) -> Result<(), End> {
        if marks.assets != self.seen.assets {
            self.seen.assets = marks.assets;
            let epoch = self.live.epoch().to_owned();
            self.say(&ToPage::AssetsChanged { epoch: &epoch }).await?;
        }
        self.alarms().await?;
        let frame = self.board.since(self.seen.version, &self.seen.selection);
        if frame.kind == FrameKind::Snapshot || !frame.is_empty() {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
            let server_ms = (self.clock)().as_millis() as f64;
            let bytes = frame.encode(server_ms);
            metrics::counter!(names::FRAMES, "kind" => frame.kind.as_str()).increment(1);
            self.send(Message::Binary(bytes)).await?;
        }
        self.seen.version = Some(frame.version);
        Ok(())
    }

    async fn alarms(&mut self) -> Result<(), End> {
        if self.seen.alarms == Some(self.board.alarm_version()) {
            return Ok(());
        }
        let news = self.board.news(self.seen.alarms);
        let mut reset = news.reset;
        let last = news.items.len().div_ceil(ALARMS_PER_FRAME).max(1) - 1;
        let mut pages = news.items.chunks(ALARMS_PER_FRAME);
        for page in 0..=last {
            let items = pages.next().unwrap_or_default();
            // A page that is cut off between two frames takes up after the last alarm that it has.
            let version = items.last().map_or(news.version, |(version, _)| *version);
            let alarm_version = if page == last { news.version } else { version };
            let items: Vec<_> = items.iter().map(|(_, alarm)| Arc::clone(alarm)).collect();
            if reset || !items.is_empty() {
                self.say(&ToPage::Alarms { reset, alarm_version, items }).await?;
            }
            self.seen.alarms = Some(alarm_version);
            reset = false;
        }
        Ok(())
    }

    async fn hello(&mut self) -> Result<(), End> {
        let epoch = self.live.epoch().to_owned();
        let hello = ToPage::Hello {
            epoch: &epoch,
            version: self.board.version(),
            alarm_version: self.board.alarm_version(),
            server_ms: (self.clock)().as_millis(),
            beat_s: BEAT.as_secs(),
        };
        self.say(&hello).await
    }

    async fn beat(&mut self) -> Result<(), End> {
        let (flow, open_alarms) = self.board.flow();
        let beat = ToPage::Beat {
            server_ms: (self.clock)().as_millis(),
            version: self.seen.version.unwrap_or(0),
            readings_per_s: (flow.readings_per_s * 10.0).round() / 10.0,
            kept_total: flow.kept_total,
            open_alarms,
            lag_ms: (flow.lag.as_secs_f64() * 1e4).round() / 10.0,
        };
        self.say(&beat).await
    }

    async fn pong(&mut self, sent_ms: f64) -> Result<(), End> {
        self.say(&ToPage::Pong { sent_ms, server_ms: (self.clock)().as_millis() }).await
    }

    async fn say(&mut self, message: &ToPage<'_>) -> Result<(), End> {
        let text = serde_json::to_string(message).expect("these shapes have only text keys");
        self.send(Message::Text(text.into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.unread, self.sink.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Ours(TOO_SLOW)),
        }
    }

    /// Says why, and waits a moment for the page to hear it: a connection that is dropped with bytes unread may lose its last frame.
    async fn farewell(&mut self, end: End, stream: &mut SplitStream<WebSocket>) {
        let mut until = Instant::now() + FAREWELL;
        if let End::Ours(farewell) = end {
            if farewell.code == TOO_SLOW.code {
                self.live.gave_up_on_one();
                until = Instant::now() + LATE_FAREWELL;
            }
            let frame = CloseFrame { code: farewell.code, reason: farewell.reason.into() };
            let said = timeout_at(until, self.sink.send(Message::Close(Some(frame)))).await;
            if !matches!(said, Ok(Ok(()))) {
                return;
            }
        }
        let _closed = timeout_at(until, self.sink.close()).await;
        let rest = async { while let Some(Ok(_)) = stream.next().await {} };
        let _heard = timeout_at(until, rest).await;
    }
}
