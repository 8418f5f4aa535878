//! Last wills: those of clients that are here, and those that wait because a client may come back in time.

use std::sync::Arc;

use tokio::time::Instant;

use super::Message;

/// What is to be said when a client is lost.
#[derive(Debug, Clone)]
pub(crate) struct Will {
    pub(crate) message: Arc<Message>,
    /// Seconds that it waits for its client to come back.
    pub(crate) delay: u32,
    /// Tells it from an earlier or later will of the same client.
    pub(crate) number: u64,
}

/// A will and when it is due.
struct Pending {
    client: Arc<str>,
    due: Instant,
    will: Will,
    /// Whether its client was lost because we ended.
    by_us: bool,
}

/// The wills of one tenant that wait for their time. There is at most one for each client that is or was here, and those are bounded.
#[derive(Default)]
pub(super) struct Wills(Vec<Pending>);

impl Wills {
    pub(super) fn add(&mut self, client: Arc<str>, due: Instant, will: Will) {
        self.withdraw(&client);
        self.0.push(Pending { client, due, will, by_us: false });
    }

    /// The will of a client that was connected when we ended.
    pub(super) fn restore(&mut self, client: Arc<str>, due: Instant, will: Will) {
        self.0.push(Pending { client, due, will, by_us: true });
    }

    /// The client is back, with what it left: its will was not meant for this. Says which will that was.
    pub(super) fn withdraw(&mut self, client: &str) -> Option<u64> {
        self.take(|pending| *pending.client == *client)
    }

    /// The client is back. Nothing is said about it if only we had been away.
    pub(super) fn forgive(&mut self, client: &str) -> Option<u64> {
        self.take(|pending| pending.by_us && *pending.client == *client)
    }

    fn take(&mut self, which: impl Fn(&Pending) -> bool) -> Option<u64> {
        let at = self.0.iter().position(which)?;
        Some(self.0.swap_remove(at).will.number)
    }

    /// Those whose time has come, the oldest first.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Will> {
        let mut due = self.0.extract_if(.., |pending| pending.due <= now).collect::<Vec<_>>();
        due.sort_by_key(|pending| pending.due);
        due.into_iter().map(|pending| pending.will).collect()
    }

    /// The session of this client has ended: its will waits no longer.
    pub(super) fn hasten(&mut self, client: &str, now: Instant) {
        let waits = |pending: &&mut Pending| *pending.client == *client && !pending.by_us;
        self.0.iter_mut().filter(waits).for_each(|pending| pending.due = now);
    }
}
