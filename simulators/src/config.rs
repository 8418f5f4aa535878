//! How large the simulated city is, how much it says and where to.

use serde::{Deserialize, Serialize, Serializer};

use crate::{Dialects, Error};

/// Settings of the simulated city. Every key has a default; unknown keys are errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The broker that the gateways connect to.
    pub broker: Broker,
    /// Whose city it is; part of topics and client ids. Default `messina`.
    pub tenant: String,
    /// The same seed gives the same city and the same weather. Default 83048, the ISTAT code of Messina.
    pub seed: u64,
    /// Size of the city: 1 is about 9,000 assets; 0.02 to 4.
    pub scale: f64,
    /// Readings per second of the whole city when nothing happens; reporting intervals follow from it. Default 2,000, at which a street
    /// light of the full city speaks about every 45 seconds.
    pub readings_per_second: f64,
    /// Whether things go wrong by the script. Default true.
    pub scenario: bool,
    /// What the gateways of each domain speak.
    pub dialects: Dialects,
}

/// Where a broker listens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Broker {
    /// Host name or address. Default `127.0.0.1`.
    pub host: String,
    /// TCP port. Default 1883.
    pub port: u16,
    /// Credentials, if the broker asks for them. Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
}

/// A user of the broker. The password never appears in logs or in a printed configuration.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// User name; `{gateway}` in it is replaced by the name of the gateway, so that each may have its own.
    pub username: String,
    /// Password.
    #[serde(serialize_with = "hidden")]
    pub password: String,
}

fn hidden<S: Serializer>(_: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("***")
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).field("password", &"***").finish()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            broker: Broker::default(),
            tenant: "messina".to_owned(),
            seed: 83_048,
            scale: 1.0,
            readings_per_second: 2_000.0,
            scenario: true,
            dialects: Dialects::default(),
        }
    }
}

impl Default for Broker {
    fn default() -> Self {
        Self { host: "127.0.0.1".to_owned(), port: 1883, credentials: None }
    }
}

impl Config {
    /// Checks the numbers that no type can check.
    ///
    /// # Errors
    /// When a number is outside what the city can be, naming its key.
    pub fn check(&self) -> Result<(), Error> {
        let rate = self.readings_per_second;
        if !(1.0..=200_000.0).contains(&rate) {
            let value = rate.to_string();
            return Err(Error::Setting { key: "readings_per_second", value, allowed: "between 1 and 200000" });
        }
        if !crate::City::SCALES.contains(&self.scale) {
            return Err(Error::Setting { key: "scale", value: self.scale.to_string(), allowed: "between 0.02 and 4" });
        }
        model::TenantId::new(&self.tenant)?;
        Ok(())
    }

    /// The city of these settings.
    ///
    /// # Errors
    /// As [`Config::check`].
    pub fn city(&self) -> Result<crate::City, Error> {
        self.check()?;
        let city = crate::City::messina(&model::TenantId::new(&self.tenant)?, self.seed, self.scale)?;
        Ok(city.speaking(&self.dialects))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_is_the_default_and_an_unknown_key_is_an_error() {
        assert_eq!(serde_json::from_str::<Config>("{}").unwrap(), Config::default());
        assert!(serde_json::from_str::<Config>(r#"{"scael": 2}"#).is_err());
    }

    #[test]
    fn a_rate_of_zero_is_refused_by_name() {
        let error = Config { readings_per_second: 0.0, ..Config::default() }.check().unwrap_err();
        assert!(error.to_string().contains("readings_per_second"), "{error}");
    }

    #[test]
    fn a_password_is_not_printed() {
        let secret = Credentials { username: "u".to_owned(), password: "geheim".to_owned() };
        assert!(!format!("{secret:?}").contains("geheim"));
        assert!(!serde_json::to_string(&secret).unwrap().contains("geheim"));
    }
}
