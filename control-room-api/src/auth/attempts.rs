//! How often somebody may try to sign in: counted by source, and by source and account, so that an attacker elsewhere locks nobody out.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use model::Timestamp;

/// Failures of one source for one account.
const PER_ACCOUNT: u32 = 5;
/// Failures of one source for all accounts: a control room behind one address, on a bad morning.
const PER_SOURCE: u32 = 30;
/// The span in which failures are counted.
const SPAN: Duration = Duration::from_secs(300);
/// Counters kept; when there are more, the oldest tenth goes. About 2 MiB.
const COUNTERS: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    source: IpAddr,
    account: Option<String>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    since: Timestamp,
    tried: u32,
}

/// Counts tries to sign in.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<Key, Count>>);

/// The whole /64 of an IPv6 address is one source: whoever has one address there has them all.
fn network(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX))),
        },
    }
}

impl Attempts {
    /// Counts a try before it is made, so that many at once count too; or tells how long to wait.
    pub(crate) fn begin(&self, source: IpAddr, account: Option<&str>, now: Timestamp) -> Result<(), Duration> {
        let source = network(source);
        let account = account.map(|account| account.chars().take(96).collect::<String>().to_lowercase());
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= COUNTERS {
            make_room(&mut counts, now);
        }
        let by_source = (Key { source, account: None }, PER_SOURCE);
        let by_account = account.map(|account| (Key { source, account: Some(account) }, PER_ACCOUNT));
        let limits: Vec<_> = std::iter::once(by_source).chain(by_account).collect();
        for (key, most) in &limits {
            if let Some(count) = counts.get(key).filter(|count| now.since(count.since) < SPAN && count.tried >= *most) {
                return Err(SPAN.saturating_sub(now.since(count.since)));
            }
        }
        for (key, _) in limits {
            let count = counts.entry(key).or_insert(Count { since: now, tried: 0 });
            if now.since(count.since) >= SPAN {
                *count = Count { since: now, tried: 0 };
            }
            count.tried += 1;
        }
        Ok(())
    }

    /// Forgives the tries of somebody who proved to be who they say.
    pub(crate) fn succeed(&self, source: IpAddr, account: Option<&str>) {
        let source = network(source);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&Key { source, account: None }) {
            count.tried = count.tried.saturating_sub(1);
        }
        if let Some(account) = account {
            counts.remove(&Key { source, account: Some(account.to_lowercase()) });
        }
    }
}

fn make_room(counts: &mut HashMap<Key, Count>, now: Timestamp) {
    counts.retain(|_, count| now.since(count.since) < SPAN);
    if counts.len() < COUNTERS {
        return;
    }
    let mut ages: Vec<_> = counts.values().map(|count| count.since).collect();
    let (_, oldest, _) = ages.select_nth_unstable(COUNTERS / 10);
    let oldest = *oldest;
    let mut spare = COUNTERS / 10;
    counts.retain(|_, count| {
        let goes = spare > 0 && count.since <= oldest;
        spare -= usize::from(goes);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Timestamp = Timestamp::EPOCH;

    #[test]
    fn guessing_is_stopped_for_the_guesser_and_nobody_else() {
        let attempts = Attempts::default();
        let (guesser, desk): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        for _ in 0..PER_ACCOUNT {
            attempts.begin(guesser, Some("anna"), T0).unwrap();
        }
        assert_eq!(attempts.begin(guesser, Some("Anna"), T0), Err(SPAN));
        assert_eq!(attempts.begin(guesser, Some("bruno"), T0), Ok(()));
        assert_eq!(attempts.begin(desk, Some("anna"), T0), Ok(()));
        assert_eq!(attempts.begin(guesser, Some("anna"), T0.plus(SPAN)), Ok(()));
    }

    #[test]
    fn trying_many_accounts_from_one_source_is_stopped() {
        let attempts = Attempts::default();
        let source: IpAddr = "2001:db8::1".parse().unwrap();
        for n in 0..PER_SOURCE {
            attempts.begin(source, Some(&format!("user{n}")), T0).unwrap();
        }
        assert!(attempts.begin("2001:db8::2".parse().unwrap(), Some("other"), T0).is_err());
    }

    #[test]
    fn the_table_stays_bounded() {
        let attempts = Attempts::default();
        for n in 0..30_000_u32 {
            attempts.begin(IpAddr::V4(n.into()), None, T0.plus(Duration::from_millis(n.into()))).unwrap();
        }
        assert!(attempts.0.lock().unwrap().len() <= COUNTERS);
    }
}
