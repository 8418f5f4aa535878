//! Names of things: one type each, so that the compiler keeps them apart.

use std::fmt;
use std::sync::Arc;

use crate::Timestamp;

/// Why a text cannot be a name of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be 1 to {max} bytes{rule}, got {got:?}")]
pub struct InvalidId {
    kind: &'static str,
    max: usize,
    rule: &'static str,
    got: String,
}

fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal, $rule:literal, $ok:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The longest name of this kind, in bytes.
            pub const MAX_BYTES: usize = $max;

            #[doc = concat!("Accepts a text of 1 to ", $max, " bytes", $rule, ".")]
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidId> {
                let text = text.as_ref();
                let well_formed: fn(&str) -> bool = $ok;
                if text.is_empty() || text.len() > $max || !well_formed(text) {
                    return Err(InvalidId { kind: $kind, max: $max, rule: $rule, got: shortened(text) });
                }
                Ok(Self(Arc::from(text)))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }
    };
}

fn is_slug(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') && !text.starts_with('-')
}

fn anything(_: &str) -> bool {
    true
}

text_id!(
    /// A municipality or company whose data nobody else sees. Appears in paths and topics, hence the narrow alphabet.
    TenantId, "tenant", 64, " of a-z, 0-9 and '-'", is_slug
);
text_id!(
    /// A thing on the map: a lamp, a circuit, a bridge, a valve.
    AssetId, "asset", 255, "", anything
);
text_id!(
    /// What sends readings, named as its sender names it (a devEui, a SenML base name).
    DeviceId, "device", 512, "", anything
);
text_id!(
    /// What is measured on a device: `voltage`, `pm25`, `ENERGY.Power`.
    MetricName, "metric", 255, "", anything
);
text_id!(
    /// A rule as its file names it.
    RuleId, "rule", 96, " of a-z, 0-9 and '-'", is_slug
);
text_id!(
    /// A trade of the city: `streetlight`, `camera`, `structural`, `water`, `environment`, or one that a city adds.
    Domain, "domain", 48, " of a-z, 0-9 and '-'", is_slug
);
text_id!(
    /// A kind of asset within a domain: `lamp`, `circuit`, `pressure-sensor`.
    AssetClass, "asset class", 64, " of a-z, 0-9 and '-'", is_slug
);
text_id!(
    /// The name by which a person signs in.
    UserName, "user name", 96, " of a-z, 0-9, '.', '_', '@' and '-'",
    |text| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._@-".contains(&b))
);

/// One occurrence of an alarm: a UUID of version 7 whose random part is made from what it is about, so that the same cause at the same
/// moment has the same id however often it is computed (a restart raises nothing twice).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlarmId(u128);

impl AlarmId {
    /// The id of the alarm that `rule` raised about `source` at `raised`.
    pub fn of(tenant: &TenantId, rule: &RuleId, source: &AssetId, raised: Timestamp) -> Self {
        let mut hash = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128; // FNV-1a, 128 bits
        let nanos = raised.as_nanos().to_le_bytes();
        for part in [tenant.as_str().as_bytes(), rule.as_str().as_bytes(), source.as_str().as_bytes(), &nanos] {
            for byte in part.iter().chain(std::iter::once(&0xff)) {
                hash ^= u128::from(*byte);
                hash = hash.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
            }
        }
        let mut noise = [0_u8; 10];
        noise.copy_from_slice(&hash.to_le_bytes()[..10]);
        let millis = u64::try_from(raised.as_millis()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &noise).into_uuid().as_u128())
    }

    /// The id as a number, as stores keep it.
    pub fn as_u128(self) -> u128 {
        self.0
    }

    /// The id with this number.
    pub fn from_u128(number: u128) -> Self {
        Self(number)
    }
}

impl fmt::Display for AlarmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_u128(self.0).hyphenated().fmt(f)
    }
}

impl fmt::Debug for AlarmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for AlarmId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        uuid::Uuid::try_parse(text).map(|id| Self(id.as_u128())).map_err(|_| InvalidId {
            kind: "alarm",
            max: 36,
            rule: " in the form of a UUID",
            got: shortened(text),
        })
    }
}

impl MetricName {
    /// Whether the device can be heard at the moment, as its network says: a flag.
    pub const ONLINE: &'static str = "_online";

    /// Whether it is about the way of the messages (signal, counters, place, presence) and not about the thing that is measured. Such names begin with `_`.
    pub fn is_about_transport(&self) -> bool {
        self.as_str().starts_with('_')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_that_could_escape_a_path_is_refused() {
        for bad in ["", "..", "a/b", "Messina", "-x", &"a".repeat(65)] {
            assert!(TenantId::new(bad).is_err(), "{bad:?} was accepted");
        }
        assert_eq!(TenantId::new("messina-2").unwrap().as_str(), "messina-2");
    }

    #[test]
    fn the_same_cause_at_the_same_moment_has_the_same_alarm_id() {
        let (tenant, rule, source) =
            (TenantId::new("me").unwrap(), RuleId::new("dark").unwrap(), AssetId::new("c1").unwrap());
        let at = Timestamp::from_millis(1_700_000_000_000).unwrap();
        let id = AlarmId::of(&tenant, &rule, &source, at);
        assert_eq!(id, AlarmId::of(&tenant, &rule, &source, at));
        assert_ne!(id, AlarmId::of(&tenant, &rule, &AssetId::new("c2").unwrap(), at));
        assert_eq!(id.to_string().parse::<AlarmId>().unwrap(), id);
    }
}
