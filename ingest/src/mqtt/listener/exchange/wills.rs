//! Last wills that wait: a client that comes back in time takes its will along.

use std::sync::Arc;

use tokio::time::Instant;

use super::Message;

/// A will and when it is due.
struct Pending {
    client: Arc<str>,
    due: Instant,
    message: Message,
}

/// The wills of one tenant that wait for their time. There is at most one for each session, and sessions are bounded.
#[derive(Default)]
pub(super) struct Wills(Vec<Pending>);

impl Wills {
    pub(super) fn add(&mut self, client: Arc<str>, due: Instant, message: Message) {
        self.withdraw(&client);
        self.0.push(Pending { client, due, message });
    }

    /// The client is back.
    pub(super) fn withdraw(&mut self, client: &str) {
        self.0.retain(|pending| *pending.client != *client);
    }

    /// Those whose time has come, the oldest first.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Message> {
        let mut due = self.0.extract_if(.., |pending| pending.due <= now).collect::<Vec<_>>();
        due.sort_by_key(|pending| pending.due);
        due.into_iter().map(|pending| pending.message).collect()
    }

    /// The session of this client has ended: its will waits no longer.
    pub(super) fn hasten(&mut self, client: &str, now: Instant) {
        self.0.iter_mut().filter(|pending| *pending.client == *client).for_each(|pending| pending.due = now);
    }
}
