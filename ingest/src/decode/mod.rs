//! The formats that are understood: one file each, and this list.

mod cbor;
mod chirpstack_v4;
mod csv;
mod decoder;
mod generic_json;
mod json;
mod json_lines;
mod leaves;
mod lorawan;
mod mapping;
mod moment;
mod ngsi_ld;
mod number;
mod onvif_ej;
mod senml;
mod senml_cbor;
mod senml_json;
mod sparkplug_b;
mod specola_json;
mod talq_v2;
mod tts_v3;

pub use crate::ledger::Number;
pub use decoder::{
    Command, Decoder, EVENT, Event, Message, NotFinite, Observation, POSITION, PRESENCE, Presence, Refusal, Sink, Tools,
};
pub use mapping::{Constant, DeviceFrom, Field, Leaves, Mapping, TimeFrom, TimeZone};
pub use moment::Moment;
pub use sparkplug_b::Host;

use crate::config::{Format, Route};

/// The decoder for this route.
pub fn decoder(route: &Route) -> Box<dyn Decoder> {
    match route.format {
        Format::SpecolaJson => Box::new(specola_json::SpecolaJson),
        Format::GenericJson => Box::new(generic_json::GenericJson::new(route.mapping.clone().unwrap_or_default())),
        Format::SenmlJson => Box::new(senml_json::SenmlJson),
        Format::SenmlCbor => Box::new(senml_cbor::SenmlCbor),
        Format::ChirpstackV4 => Box::new(chirpstack_v4::ChirpstackV4),
        Format::TtsV3 => Box::new(tts_v3::TtsV3),
        Format::OnvifEj => Box::new(onvif_ej::OnvifEj::default()),
        Format::NgsiLd => Box::new(ngsi_ld::NgsiLd),
        Format::JsonLines => Box::new(json_lines::JsonLines),
        Format::Csv => Box::new(csv::Csv::new(csv::Decimal::Point)),
        Format::CsvComma => Box::new(csv::Csv::new(csv::Decimal::Comma)),
        Format::TalqV2 => Box::new(talq_v2::TalqV2),
        Format::SparkplugB => Box::new(sparkplug_b::SparkplugB::new(route.sparkplug.clone().unwrap_or_default())),
    }
}
