//! A fault as the truth knows it: what, where, from when until when.

use model::{AssetId, Duration, Timestamp};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultKind {
    /// A circuit of street lights loses its supply: its lamps say a last word and are dark.
    DarkCircuit,
    /// A main of a water district breaks: pressure falls, flow rises.
    BurstPipe,
    /// A camera repeats one picture.
    FrozenCamera,
    /// A bridge tilts and shakes.
    BridgeExcursion,
    /// An air station says nothing more.
    SilentStation,
    /// The dosing pump of a water district stops: chlorine falls.
    ChlorineLoss,
    /// Exhaust next to an air station.
    Smog,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::DarkCircuit,
        Self::BurstPipe,
        Self::FrozenCamera,
        Self::BridgeExcursion,
        Self::SilentStation,
        Self::ChlorineLoss,
        Self::Smog,
    ];

    /// The word for logs and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DarkCircuit => "dark-circuit",
            Self::BurstPipe => "burst-pipe",
            Self::FrozenCamera => "frozen-camera",
            Self::BridgeExcursion => "bridge-excursion",
            Self::SilentStation => "silent-station",
            Self::ChlorineLoss => "chlorine-loss",
            Self::Smog => "smog",
        }
    }
}

/// One thing that goes wrong and rights itself: ground truth for tests and for those who watch a demo.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Where: the circuit, the district, the camera, the bridge, the station.
    pub asset: AssetId,
    /// The asset's name for people.
    pub name: String,
    /// The first moment of it.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
}

impl Fault {
    /// Whether it is there at `time`.
    pub fn is_active(&self, time: Timestamp) -> bool {
        self.from <= time && time < self.until
    }

    /// How long it lasts.
    pub fn lasts(&self) -> Duration {
        self.until.since(self.from)
    }
}
