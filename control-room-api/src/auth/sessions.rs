//! Who is signed in now. Answers are remembered for two seconds, so that a session that was ended anywhere is refused within five.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::{Account, Timestamp};
use store::{Session, Store, TokenHash};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::Clock;

/// How long an answer of the store is believed.
const BELIEVED: Duration = Duration::from_secs(2);
/// How often an open socket looks whether its session still stands.
const LOOK: Duration = Duration::from_secs(2);
/// Answers remembered; when there are more, all are asked anew. About 4 MiB.
const REMEMBERED: usize = 10_000;

/// What is known of a session.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    /// It stands.
    Good(Arc<Account>, Timestamp),
    /// There is none, or no more.
    Ended,
    /// The store does not answer.
    Unknown,
}

#[derive(Debug)]
struct Remembered {
    asked: Instant,
    account: Arc<Account>,
    expires: Timestamp,
}

/// Sessions as the store has them.
pub(crate) struct Sessions {
    store: Arc<dyn Store>,
    clock: Clock,
    known: Mutex<HashMap<TokenHash, Remembered>>,
    ended: watch::Sender<u64>,
}

impl Sessions {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        Self { store, clock, known: Mutex::default(), ended: watch::Sender::new(0) }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<TokenHash, Remembered>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the session with this token stands.
    pub(crate) async fn standing(&self, token: &TokenHash) -> Standing {
        let now = (self.clock)();
        let remembered = self
            .known()
            .get(token)
            .filter(|known| known.asked.elapsed() < BELIEVED)
            .map(|known| (Arc::clone(&known.account), known.expires));
        let answer = match remembered {
            Some(answer) => Ok(Some(answer)),
            None => self.ask(token, now).await,
        };
        match answer {
            Ok(Some((account, expires))) if expires > now => Standing::Good(account, expires),
            Ok(_) => {
                self.known().remove(token);
                Standing::Ended
            }
            Err(error) => {
                tracing::warn!(%error, "sessions cannot be looked up");
                Standing::Unknown
            }
        }
    }

    async fn ask(&self, token: &TokenHash, now: Timestamp) -> store::Result<Option<(Arc<Account>, Timestamp)>> {
        let asked = Instant::now();
        let Some((Session { expires, .. }, account)) = self.store.session(token, now).await? else { return Ok(None) };
        let account = Arc::new(account);
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(*token, Remembered { asked, account: Arc::clone(&account), expires });
        Ok(Some((account, expires)))
    }

    /// Ends a session and tells open sockets.
    pub(crate) async fn end(&self, token: &TokenHash) -> store::Result<()> {
        self.store.end_session(token).await?;
        self.known().remove(token);
        self.ended.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Returns when a session has ended.
    pub(crate) async fn until_ended(&self, token: TokenHash) {
        let mut ended = self.ended.subscribe();
        while !matches!(self.standing(&token).await, Standing::Ended) {
            let _looked = timeout(LOOK, ended.changed()).await;
        }
    }
}
