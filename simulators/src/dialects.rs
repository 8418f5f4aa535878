//! What each domain of the city speaks.

use serde::{Deserialize, Serialize};

use crate::city::Trade;
use crate::{Dialect, Error};

/// A dialect for each domain. Unknown keys are errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialects {
    /// Street lights and their cabinets. Default `chirpstack-v4`.
    pub streetlight: Dialect,
    /// Cameras. Default `generic-json`.
    pub camera: Dialect,
    /// Bridges and schools. Default `specola-json`.
    pub structural: Dialect,
    /// Water. Default `specola-json`.
    pub water: Dialect,
    /// Air, weather and noise. Default `senml-json`.
    pub environment: Dialect,
}

impl Default for Dialects {
    /// What a server with the shipped configuration understands, in a form that people can read on the wire.
    fn default() -> Self {
        Self {
            streetlight: Dialect::ChirpstackV4,
            camera: Dialect::GenericJson,
            structural: Dialect::SpecolaJson,
            water: Dialect::SpecolaJson,
            environment: Dialect::SenmlJson,
        }
    }
}

impl Dialects {
    /// The word for [`Dialects::mixed`] in [`Dialects::set`].
    pub const MIXED: &str = "mixed";

    /// What such sensors really speak: lamps LoRaWAN, water Sparkplug, cameras ONVIF, accelerometers SenML in CBOR, air stations NGSI-LD.
    pub fn mixed() -> Self {
        Self {
            streetlight: Dialect::ChirpstackV4,
            camera: Dialect::OnvifEj,
            structural: Dialect::SenmlCbor,
            water: Dialect::SparkplugB,
            environment: Dialect::NgsiLd,
        }
    }

    /// Every domain speaks the same.
    pub fn all(dialect: Dialect) -> Self {
        Self { streetlight: dialect, camera: dialect, structural: dialect, water: dialect, environment: dialect }
    }

    /// Changes what a word says: `streetlight=sparkplug-b` for one domain, `sparkplug-b` for all of them, `mixed` for [`Dialects::mixed`].
    ///
    /// # Errors
    /// When the word names no domain or no dialect.
    pub fn set(&mut self, word: &str) -> Result<(), Error> {
        match word.split_once('=') {
            None if word == Self::MIXED => *self = Self::mixed(),
            None => *self = Self::all(word.parse()?),
            Some((domain, name)) => {
                let place = match domain {
                    "streetlight" | "lighting" => &mut self.streetlight,
                    "camera" => &mut self.camera,
                    "structural" => &mut self.structural,
                    "water" => &mut self.water,
                    "environment" => &mut self.environment,
                    _ => return Err(Error::Domain(domain.chars().take(64).collect())),
                };
                *place = name.parse()?;
            }
        }
        Ok(())
    }

    pub(crate) fn of(&self, trade: Trade) -> Dialect {
        match trade {
            Trade::Streetlight => self.streetlight,
            Trade::Camera => self.camera,
            Trade::Structural => self.structural,
            Trade::Water => self.water,
            Trade::Environment => self.environment,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_change_one_domain_or_all() {
        let mut dialects = Dialects::default();
        dialects.set("mixed").unwrap();
        assert_eq!(dialects, Dialects::mixed());
        dialects.set("lighting=sparkplug-b").unwrap();
        assert_eq!(dialects, Dialects { streetlight: Dialect::SparkplugB, ..Dialects::mixed() });
        dialects.set("tts-v3").unwrap();
        assert_eq!(dialects, Dialects::all(Dialect::TtsV3));
    }

    #[test]
    fn a_word_that_names_nothing_is_refused_with_what_there_is() {
        let refused = |word: &str| Dialects::default().set(word).unwrap_err().to_string();
        assert!(refused("water=klingon").contains("sparkplug-b"));
        assert!(refused("sewage=tts-v3").contains("structural"));
    }

    #[test]
    fn a_table_names_dialects_by_their_words() {
        let dialects: Dialects = serde_json::from_str(r#"{"water":"sparkplug-b"}"#).unwrap();
        assert_eq!(dialects, Dialects { water: Dialect::SparkplugB, ..Dialects::default() });
        assert!(serde_json::from_str::<Dialects>(r#"{"gas":"sparkplug-b"}"#).is_err());
        for dialect in Dialect::ALL {
            assert_eq!(serde_json::to_string(&dialect).unwrap(), format!("\"{dialect}\""));
            assert_eq!(dialect.as_str().parse(), Ok(dialect));
        }
    }
}
