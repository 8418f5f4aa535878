//! The end of a connection: what is said, what is still owed, what becomes of the session and the will.

use model::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::serving::Connection;
use crate::mqtt::listener::codec::{Farewell, Fault, Reason, disconnect};

/// How long what is in hand may take to become safe.
const SETTLING: Duration = Duration::from_secs(7);
/// How long the last bytes may take to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The client said goodbye.
    Farewell(Farewell),
    /// The line is gone.
    Closed,
    /// The client broke the rules.
    Fault(Fault),
    /// We ended it.
    Kicked(Reason),
    /// The client was silent for longer than it had promised.
    Silent,
    /// The client does not read.
    Unread,
    /// A message could not be made safe: it must be sent again.
    GivenUp,
}

impl Ending {
    /// What an MQTT 5 client is told.
    fn reason(self) -> Option<Reason> {
        match self {
            Self::Farewell(_) | Self::Closed | Self::Unread => None,
            Self::Fault(fault) => Some(fault.reason),
            Self::Kicked(reason) => Some(reason),
            Self::Silent => Some(Reason::KeepAlive),
            Self::GivenUp => Some(Reason::Unspecified),
        }
    }
}

impl Connection {
    /// Ends the connection in order.
    pub(super) async fn part(
        mut self: Box<Self>,
        ending: Ending,
        reader: &mut (impl AsyncRead + Unpin),
        writer: &mut (impl AsyncWrite + Unpin),
    ) {
        let client = self.session.client().clone();
        match ending {
            Ending::Fault(Fault { why, .. }) => tracing::warn!(%client, %why, "a client was disconnected"),
            other => tracing::debug!(%client, ending = ?other, "a connection ended"),
        }
        let stopping = ending == Ending::Kicked(Reason::ShuttingDown);
        if stopping {
            // Nothing new is read; what came is answered as far as it becomes safe.
            self.finish(Instant::now() + SETTLING, writer).await;
            let now = self.reception.clock.now();
            self.session.fill(&self.exchange, &mut self.wire, now, &mut self.out);
        } else if let Ending::Fault(_) = ending {
            self.ledger.answer(self.version, &mut self.out);
        }
        if let Some(reason) = ending.reason() {
            disconnect(&mut self.out, self.version, reason);
        }
        let last_words = async {
            writer.write_all_buf(&mut self.out).await?;
            writer.shutdown().await
        };
        // A client that does not read its last words misses them.
        drop(timeout_at(Instant::now() + LAST_WORDS, last_words).await);
        let mut expiry = None;
        if let Ending::Farewell(farewell) = ending {
            expiry = farewell.session_expiry;
            if !farewell.with_will
                && let Some(will) = self.will.take()
            {
                self.exchange.will_is_over(&client, will.number);
            }
        }
        if stopping {
            // Whoever comes back finds us again, and nothing has happened to it that others must be told. The journal remembers the others.
            self.will = None;
        }
        let session = std::sync::Arc::clone(&self.session);
        self.ledger.forget_answers(|packet| _ = session.release(packet));
        let will = self.exchange.depart(&session, expiry, self.will.take());
        if ending.reason().is_some() {
            tokio::join!(self.linger(), hear_out(reader));
        } else {
            self.linger().await;
        }
        if let Some(will) = will
            && !self.reception.say(&self.exchange, will).await
        {
            tracing::warn!(%client, "a will could not be kept and was not published; it is after the next start");
        }
    }

    /// Answers what becomes safe until `deadline`.
    async fn finish(&mut self, deadline: Instant, writer: &mut (impl AsyncWrite + Unpin)) {
        let bell = std::sync::Arc::clone(self.ledger.bell());
        let mut durable = self.ledger.durable();
        while self.settle().is_ok() && !self.ledger.is_empty() {
            let progress = async {
                tokio::select! {
                    () = bell.notified() => {}
                    () = super::ledger::Ledger::kept_more(&mut durable) => {}
                }
            };
            if timeout_at(deadline, progress).await.is_err() {
                return;
            }
            if self.settle().is_err() {
                return;
            }
            if timeout_at(deadline, writer.write_all_buf(&mut self.out)).await.is_err() {
                return;
            }
        }
    }

    /// Passes on what others are to get of a client that is gone, once it is safe.
    async fn linger(&mut self) {
        let bell = std::sync::Arc::clone(self.ledger.bell());
        let deadline = Instant::now() + SETTLING;
        while self.settle().is_ok() && self.ledger.owed() > 0 {
            if timeout_at(deadline, bell.notified()).await.is_err() {
                return;
            }
        }
    }
}

/// Reads what a client still says, for a moment, without looking at it: a connection that is closed on unread bytes is reset, and then the client would
/// never see why it was ended.
async fn hear_out(reader: &mut (impl AsyncRead + Unpin)) {
    let mut unheard = vec![0; 4_096];
    let hear = async { while reader.read(&mut unheard).await.is_ok_and(|bytes| bytes > 0) {} };
    drop(timeout_at(Instant::now() + LAST_WORDS, hear).await);
}
