//! Who is known already and how it is judged, as told by the registry.

use std::sync::Arc;

use model::{TenantId, Timestamp};

use crate::class::Profile;

/// Whether it is missed when a device does not speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// It is not there yet, under maintenance, or gone.
    Never,
    /// It should speak, since this moment.
    Since(Timestamp),
}

impl Default for Awaited {
    fn default() -> Self {
        Self::Since(Timestamp::MIN)
    }
}

/// Says whether a device is known and what its class says. Asked about a device when it first speaks and again after a change, so an answer must come
/// from memory.
pub trait Directory: Send + Sync {
    /// Whether the registry of `tenant` has this device.
    fn knows(&self, tenant: &TenantId, device: &str) -> bool;

    /// How the readings of a known device are judged; none when its class says nothing about them.
    fn profile(&self, _tenant: &TenantId, _device: &str) -> Option<Arc<Profile>> {
        None
    }

    /// How the readings of a class are judged: of devices that the registry does not know yet, and `ingest.welcome` gives a class to.
    fn profile_of_class(&self, _class: &str) -> Option<Arc<Profile>> {
        None
    }

    /// Whether a device is missed when it does not speak.
    fn awaited(&self, _tenant: &TenantId, _device: &str) -> Awaited {
        Awaited::default()
    }

    /// Grows whenever another answer than before may follow about a device that was known.
    fn generation(&self) -> u64 {
        0
    }
}

/// A registry that knows nobody: every device is a newcomer, each time.
#[derive(Debug, Clone, Copy, Default)]
pub struct EverybodyIsNew;

impl Directory for EverybodyIsNew {
    fn knows(&self, _: &TenantId, _: &str) -> bool {
        false
    }
}
