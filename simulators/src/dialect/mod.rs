//! The dialects that the city can speak, one file each, written without looking at how they are read: this list says which there are.

mod chirpstack_v4;
mod generic_json;
mod ngsi_ld;
mod onvif_ej;
mod senml_cbor;
mod senml_json;
mod sparkplug_b;
mod specola_json;
mod tts_v3;
mod values;
mod voice;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::city::{City, Gateway, Trade};
use crate::sensor::{Kind, Sensor};
pub(crate) use sparkplug_b::{birth_of_device, birth_of_node};
pub(crate) use voice::{Report, Said, Voice, Will};

/// What devices, gateways and their servers speak over MQTT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Specola's own JSON.
    SpecolaJson,
    /// JSON of a vendor's own, read by a mapping: `deploy/config/cameras.toml` for recorders, `deploy/config/vendor.toml` for everything else.
    GenericJson,
    /// SenML packs in JSON (RFC 8428).
    SenmlJson,
    /// SenML packs in CBOR (RFC 8428).
    SenmlCbor,
    /// LoRaWAN uplinks as ChirpStack v4 publishes them.
    ChirpstackV4,
    /// LoRaWAN uplinks as The Things Stack v3 publishes them.
    TtsV3,
    /// Sparkplug B 3.0: gateways are edge nodes with births, aliases, sequence numbers and a last will.
    SparkplugB,
    /// ONVIF Profile M events over MQTT.
    OnvifEj,
    /// NGSI-LD entities and notifications.
    NgsiLd,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 9] = [
        Self::SpecolaJson,
        Self::GenericJson,
        Self::SenmlJson,
        Self::SenmlCbor,
        Self::ChirpstackV4,
        Self::TtsV3,
        Self::SparkplugB,
        Self::OnvifEj,
        Self::NgsiLd,
    ];

    /// The word in configuration and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SpecolaJson => "specola-json",
            Self::GenericJson => "generic-json",
            Self::SenmlJson => "senml-json",
            Self::SenmlCbor => "senml-cbor",
            Self::ChirpstackV4 => "chirpstack-v4",
            Self::TtsV3 => "tts-v3",
            Self::SparkplugB => "sparkplug-b",
            Self::OnvifEj => "onvif-ej",
            Self::NgsiLd => "ngsi-ld",
        }
    }

    /// How a gateway of the city speaks it.
    pub(crate) fn voice(self, city: &City, gateway: &Gateway) -> Box<dyn Voice> {
        match self {
            Self::SpecolaJson => Box::new(voice::Monologue(specola_json::readings)),
            Self::GenericJson => Box::new(voice::Monologue(generic_json::reports)),
            Self::SenmlJson => Box::new(voice::Monologue(senml_json::pack)),
            Self::SenmlCbor => Box::new(voice::Monologue(senml_cbor::pack)),
            Self::ChirpstackV4 => Box::new(voice::Numbered::new(chirpstack_v4::uplink)),
            Self::TtsV3 => Box::new(voice::Numbered::new(tts_v3::uplink)),
            Self::SparkplugB => Box::new(sparkplug_b::EdgeNode::new(city.tenant.as_str(), &gateway.id)),
            Self::OnvifEj => Box::new(voice::Monologue(onvif_ej::events)),
            Self::NgsiLd => Box::new(voice::Monologue(ngsi_ld::entities)),
        }
    }

    /// The name under which a device that speaks it is known on the other side.
    pub(crate) fn device(self, tenant: &str, gateway: &str, trade: Trade, sensor: &Sensor) -> String {
        match self {
            Self::SpecolaJson | Self::GenericJson | Self::SenmlJson | Self::SenmlCbor | Self::OnvifEj => {
                sensor.device.to_string()
            }
            Self::ChirpstackV4 | Self::TtsV3 => sensor.dev_eui(),
            Self::SparkplugB => format!("{tenant}/{gateway}/{}", sensor.device),
            Self::NgsiLd => ngsi_ld::id(trade, sensor.device.as_str()),
        }
    }

    /// The name under which a metric of such a sensor is known on the other side.
    pub(crate) fn metric<'a>(self, kind: &Kind, metric: &'a str) -> Cow<'a, str> {
        match (self, kind) {
            // The class of cameras knows the events of ONVIF by their own names.
            (Self::OnvifEj, Kind::Camera { .. }) => Cow::Borrowed(metric),
            (Self::OnvifEj, _) => Cow::Owned(onvif_ej::metric(metric)),
            _ => Cow::Borrowed(metric),
        }
    }
}

impl std::fmt::Display for Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no dialect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no dialect; there are {known}", known = Dialect::ALL.map(Dialect::as_str).join(", "))]
pub struct UnknownDialect(String);

impl std::str::FromStr for Dialect {
    type Err = UnknownDialect;
    fn from_str(word: &str) -> Result<Self, UnknownDialect> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.as_str() == word)
            .ok_or_else(|| UnknownDialect(word.chars().take(64).collect()))
    }
}
