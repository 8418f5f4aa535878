//! What the senders of one tenant may have under way, so that none of them can crowd out the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::config::IntakeLimits;
use crate::http::Problem;

/// How long a body waits for memory, and a request for its turn, before its sender is told to come back.
const WAIT: Duration = Duration::from_secs(5);
/// Bodies that are unpacked at the same time, over all tenants: each takes a core for some milliseconds, and the river needs
/// the other core.
const UNPACKING: usize = 1;
const KIB: usize = 1024;

/// What all tenants hand in now.
#[derive(Debug)]
pub(crate) struct Intake {
    limits: IntakeLimits,
    rooms: Mutex<HashMap<TenantId, Arc<Room>>>,
    unpacking: Semaphore,
    wait: Duration,
}

/// What one tenant hands in now.
#[derive(Debug)]
pub(crate) struct Room {
    memory: Arc<Semaphore>,
    turns: Semaphore,
    wait: Duration,
}

/// Memory that a body takes, given back when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    held: Option<OwnedSemaphorePermit>,
}

impl Intake {
    pub(crate) fn new(limits: IntakeLimits) -> Self {
        Self { limits, rooms: Mutex::default(), unpacking: Semaphore::new(UNPACKING), wait: WAIT }
    }

    /// Largest body in bytes.
    pub(crate) fn largest(&self) -> usize {
        self.limits.body_mib.max(1).saturating_mul(KIB * KIB)
    }

    /// How long an answer may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.limits.answer_seconds.max(1))
    }

    /// The room of a tenant. Tenants come from credentials, so there are few.
    pub(crate) fn room(&self, tenant: &TenantId) -> Arc<Room> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = rooms.get(tenant) {
            return Arc::clone(room);
        }
        let memory =
            self.limits.memory_mib.saturating_mul(KIB).max(self.largest() / KIB * 2).min(Semaphore::MAX_PERMITS);
        let turns = self.limits.requests.clamp(1, Semaphore::MAX_PERMITS);
        let (memory, turns) = (Arc::new(Semaphore::new(memory)), Semaphore::new(turns));
        let room = Arc::new(Room { memory, turns, wait: self.wait });
        rooms.insert(tenant.clone(), Arc::clone(&room));
        room
    }

    /// Waits for the turn to unpack a body.
    pub(crate) async fn unpack(&self) -> Result<SemaphorePermit<'_>, Problem> {
        turn(self.wait, self.unpacking.acquire()).await
    }
}

async fn turn<T, E>(wait: Duration, waiting: impl Future<Output = Result<T, E>>) -> Result<T, Problem> {
    timeout(wait, waiting).await.map_err(|_| Problem::Busy)?.map_err(|_| Problem::Busy)
}

impl Room {
    /// Waits for the turn to hand a body in.
    pub(crate) async fn turn(&self) -> Result<SemaphorePermit<'_>, Problem> {
        turn(self.wait, self.turns.acquire()).await
    }

    /// Waits until `memory` is enough for so many bytes; gives back what is more.
    pub(crate) async fn hold(&self, memory: &mut Memory, bytes: usize) -> Result<(), Problem> {
        let wanted = bytes.div_ceil(KIB);
        let held = memory.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if wanted < held {
            drop(memory.held.as_mut().and_then(|permit| permit.split(held - wanted)));
        } else if wanted > held {
            let more = u32::try_from(wanted - held).unwrap_or(u32::MAX);
            let more = turn(self.wait, Arc::clone(&self.memory).acquire_many_owned(more)).await?;
            match &mut memory.held {
                Some(permit) => permit.merge(more),
                None => memory.held = Some(more),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(name: &str) -> TenantId {
        TenantId::new(name).unwrap()
    }

    #[tokio::test]
    async fn a_tenant_waits_for_its_own_memory_and_for_nobody_elses() {
        let mut intake = Intake::new(IntakeLimits { body_mib: 1, memory_mib: 2, ..IntakeLimits::default() });
        intake.wait = Duration::from_millis(20);
        let (mine, other) = (intake.room(&tenant("messina")), intake.room(&tenant("prato")));
        let (mut first, mut second, mut third) = (Memory::default(), Memory::default(), Memory::default());
        mine.hold(&mut first, 2 * KIB * KIB - 10).await.unwrap();
        assert_eq!(mine.hold(&mut second, 1).await, Err(Problem::Busy));
        other.hold(&mut third, KIB * KIB).await.unwrap();
        mine.hold(&mut first, KIB * KIB).await.unwrap();
        mine.hold(&mut second, KIB * KIB).await.unwrap();
        assert_eq!(mine.memory.available_permits(), 0);
        drop((first, second));
        assert_eq!(mine.memory.available_permits(), 2 * KIB);
    }
}
