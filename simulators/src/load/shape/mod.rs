//! The formats that a load can have, one file each: this list says which there are.

mod chirpstack_v4;
mod senml_cbor;
mod senml_json;
mod sparkplug_b;
mod specola_json;
mod speech;

use crate::Dialect;
pub(super) use speech::{Shape, Speech, Wanted, metric};

/// The dialects that a load can have.
pub(super) const SPOKEN: [Dialect; 5] =
    [Dialect::SpecolaJson, Dialect::SenmlJson, Dialect::SenmlCbor, Dialect::ChirpstackV4, Dialect::SparkplugB];

/// The shape of a dialect, if a load can have it.
pub(super) fn of(dialect: Dialect) -> Option<Shape> {
    Some(match dialect {
        Dialect::SpecolaJson => specola_json::SHAPE,
        Dialect::SenmlJson => senml_json::SHAPE,
        Dialect::SenmlCbor => senml_cbor::SHAPE,
        Dialect::ChirpstackV4 => chirpstack_v4::SHAPE,
        Dialect::SparkplugB => sparkplug_b::SHAPE,
        Dialect::GenericJson | Dialect::TtsV3 | Dialect::OnvifEj | Dialect::NgsiLd => return None,
    })
}
