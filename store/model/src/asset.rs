//! The things of the city: what they are, where they stand and what they depend on.

use std::collections::BTreeMap;

use crate::{AssetClass, AssetId, DeviceId, Domain, Geometry, MetricName, TenantId};

/// How one asset depends on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RelationKind {
    /// The lamp is powered by its circuit, the circuit by its cabinet.
    PoweredBy,
    /// The main feeds the district.
    Feeds,
    /// The device speaks through this gateway.
    ConnectedThrough,
    /// The accelerometer stands on this bridge.
    LocatedIn,
}

impl RelationKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::PoweredBy, Self::Feeds, Self::ConnectedThrough, Self::LocatedIn];

    /// The word that stores, files and screens use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PoweredBy => "powered-by",
            Self::Feeds => "feeds",
            Self::ConnectedThrough => "connected-through",
            Self::LocatedIn => "located-in",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One dependency.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Relation {
    /// How.
    pub kind: RelationKind,
    /// On what.
    pub to: AssetId,
}

/// Where an asset is in its life. Its readings are kept in every stage; they are judged in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lifecycle {
    /// Decided, not yet there.
    Planned,
    /// There, being tried: what it says is kept and shown, and rings nobody.
    Installed,
    /// Working for the city: its readings are judged.
    #[default]
    InService,
    /// Heard of, not yet approved.
    Quarantined,
    /// Under maintenance.
    OutOfService,
    /// Gone; kept for its history.
    Retired,
}

impl Lifecycle {
    /// Every stage, in the order of a life; what was only heard of comes last.
    pub const ALL: [Self; 6] =
        [Self::Planned, Self::Installed, Self::InService, Self::OutOfService, Self::Retired, Self::Quarantined];

    /// The word that stores, files and screens use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Installed => "installed",
            Self::InService => "in-service",
            Self::Quarantined => "quarantined",
            Self::OutOfService => "out-of-service",
            Self::Retired => "retired",
        }
    }

    /// The stage with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == word)
    }

    /// Whether rules look at its readings.
    pub const fn is_judged(self) -> bool {
        matches!(self, Self::InService)
    }

    /// Whether it is missed when it says nothing: it is there, and nobody works on it.
    pub const fn is_awaited(self) -> bool {
        !matches!(self, Self::Planned | Self::OutOfService | Self::Retired)
    }

    /// Whether it belongs on the map.
    pub const fn is_shown(self) -> bool {
        !matches!(self, Self::Retired)
    }
}

/// A thing of the city.
#[derive(Debug, Clone, PartialEq)]
pub struct Asset {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name for machines.
    pub id: AssetId,
    /// Its name for people.
    pub name: String,
    /// Its trade.
    pub domain: Domain,
    /// Its kind within the trade.
    pub class: AssetClass,
    /// Where it stands; none until somebody says.
    pub geometry: Option<Geometry>,
    /// The district or quarter it belongs to, for people.
    pub area: Option<String>,
    /// What sends its readings; none for things without sensors of their own (a circuit, a district).
    pub devices: Vec<DeviceId>,
    /// What it depends on.
    pub relations: Vec<Relation>,
    /// The metric that stands for it on the map.
    pub main_metric: Option<MetricName>,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// What else is known: pole height, lamp power, pipe diameter.
    pub properties: BTreeMap<String, String>,
}

impl Asset {
    /// What this asset depends on in this way, nearest first as registered.
    pub fn related(&self, kind: RelationKind) -> impl Iterator<Item = &AssetId> {
        self.relations.iter().filter(move |relation| relation.kind == kind).map(|relation| &relation.to)
    }
}
