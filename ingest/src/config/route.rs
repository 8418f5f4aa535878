//! Which format is spoken on which topics.

use serde::{Deserialize, Serialize};

use super::Sparkplug;
use crate::decode::Mapping;

/// The formats that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Our own JSON, see FORMATS.md.
    SpecolaJson,
    /// Any JSON, read as `mapping` says.
    GenericJson,
    /// SenML JSON packs, RFC 8428.
    SenmlJson,
    /// SenML CBOR packs, RFC 8428.
    SenmlCbor,
    /// Events of a ChirpStack v4 network server.
    ChirpstackV4,
    /// Messages of The Things Stack v3.
    TtsV3,
    /// Events of ONVIF cameras (Profile M).
    OnvifEj,
    /// NGSI-LD entities and notifications.
    NgsiLd,
    /// Our own JSON, one message a line.
    JsonLines,
    /// Comma-separated values with a header, RFC 4180.
    Csv,
    /// Values separated by semicolons with decimal commas, as Italian spreadsheets write them.
    CsvComma,
    /// Log reports of a TALQ v2 gateway.
    TalqV2,
    /// Sparkplug B 3.0.
    SparkplugB,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 13] = [
        Self::SpecolaJson,
        Self::GenericJson,
        Self::SenmlJson,
        Self::SenmlCbor,
        Self::ChirpstackV4,
        Self::TtsV3,
        Self::OnvifEj,
        Self::NgsiLd,
        Self::JsonLines,
        Self::Csv,
        Self::CsvComma,
        Self::TalqV2,
        Self::SparkplugB,
    ];

    /// The word in configuration, counters and screens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SpecolaJson => "specola-json",
            Self::GenericJson => "generic-json",
            Self::SenmlJson => "senml-json",
            Self::SenmlCbor => "senml-cbor",
            Self::ChirpstackV4 => "chirpstack-v4",
            Self::TtsV3 => "tts-v3",
            Self::OnvifEj => "onvif-ej",
            Self::NgsiLd => "ngsi-ld",
            Self::JsonLines => "json-lines",
            Self::Csv => "csv",
            Self::CsvComma => "csv-comma",
            Self::TalqV2 => "talq-v2",
            Self::SparkplugB => "sparkplug-b",
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One rule: messages on these topics speak this format. The first route that matches decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// An MQTT topic filter: `+` stands for one level, `#` at the end for any number of levels. It may also begin with `**/`, which stands for any
    /// number of levels, at least one.
    pub topic: String,
    /// The format.
    pub format: Format,
    /// How to read it; needed for `generic-json` and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    /// How we behave as a host application; only for `sparkplug-b`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sparkplug: Option<Sparkplug>,
}

impl Route {
    /// A route without settings of its format.
    pub fn new(topic: impl Into<String>, format: Format) -> Self {
        Self { topic: topic.into(), format, mapping: None, sparkplug: None }
    }

    /// The routes that apply when the configuration names none.
    pub fn defaults() -> Vec<Self> {
        vec![
            Self::new("specola/v1/+/+/readings", Format::SpecolaJson),
            Self::new("application/+/device/+/event/+", Format::ChirpstackV4),
            Self::new("v3/+/devices/+/#", Format::TtsV3),
            Self::new("senml/+/json", Format::SenmlJson),
            Self::new("senml/+/cbor", Format::SenmlCbor),
            Self::new("spBv1.0/#", Format::SparkplugB),
            Self::new("ngsi-ld/+", Format::NgsiLd),
            Self::new("**/onvif-ej/#", Format::OnvifEj),
        ]
    }

    /// The routes of what HTTP takes in without naming a topic. They always apply, after those of the configuration.
    pub(crate) fn built_in() -> Vec<Self> {
        vec![
            Self::new(topics::JSON_LINES, Format::JsonLines),
            Self::new(topics::CSV, Format::Csv),
            Self::new(topics::CSV_COMMA, Format::CsvComma),
            Self::new(topics::TALQ_V2, Format::TalqV2),
            Self::new(topics::NGSI_LD, Format::NgsiLd),
        ]
    }
}

/// Topics under which HTTP hands in what names none. A route of the configuration for such a topic comes first.
pub mod topics {
    /// Lines of our own JSON.
    pub const JSON_LINES: &str = "http/json-lines";
    /// Comma-separated values.
    pub const CSV: &str = "http/csv";
    /// The same with semicolons and decimal commas.
    pub const CSV_COMMA: &str = "http/csv-comma";
    /// Log reports of TALQ v2.
    pub const TALQ_V2: &str = "http/talq-v2";
    /// Entities and notifications of NGSI-LD.
    pub const NGSI_LD: &str = "ngsi-ld/http";
}
