//! What a load consists of: how many clients, how fast, what they say and what they are promised.

use std::path::PathBuf;

use model::Duration;

use crate::{Broker, Dialect, Error};

/// What the broker promises for a message: MQTT's quality of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// Nothing (QoS 0).
    None,
    /// An acknowledgement (QoS 1): from Specola's listener it means "on disk".
    Acknowledged,
    /// Exactly once (QoS 2); its first answer means what an acknowledgement means.
    Once,
}

impl Promise {
    pub(super) fn qos(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Acknowledged => 1,
            Self::Once => 2,
        }
    }
}

/// What a load consists of.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Where to.
    pub broker: Broker,
    /// Whose topics.
    pub tenant: String,
    /// Makes the names of this run its own, so that a store can tell runs apart.
    pub run: u32,
    /// Connections.
    pub clients: usize,
    /// Messages per second of all clients together; 0 is as fast as they are acknowledged.
    pub rate: f64,
    /// What is promised for each message.
    pub promise: Promise,
    /// What the messages look like.
    pub dialect: Dialect,
    /// Readings per message.
    pub values: usize,
    /// Payloads are filled up to this many bytes.
    pub payload: usize,
    /// Messages of one client on their way without acknowledgement.
    pub in_flight: u16,
    /// For how long messages are made; what is on its way then is still waited for.
    pub lasts: Duration,
    /// Messages of each client at most.
    pub messages: Option<u64>,
    /// Share of messages that are sent twice, from 0 to 1.
    pub twice: f64,
    /// Share of messages that are overtaken by the next one, from 0 to 1.
    pub overtaken: f64,
    /// Where the ledger is written every second and at the end.
    pub ledger: Option<PathBuf>,
    /// Whether an idle subscriber counts what the broker hands on.
    pub subscriber: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            broker: Broker::default(),
            tenant: "city".to_owned(),
            run: 1,
            clients: 50,
            rate: 0.0,
            promise: Promise::Acknowledged,
            dialect: Dialect::SpecolaJson,
            values: 1,
            payload: 150,
            in_flight: 100,
            lasts: Duration::from_secs(30),
            messages: None,
            twice: 0.0,
            overtaken: 0.0,
            ledger: None,
            subscriber: false,
        }
    }
}

impl Order {
    /// Checks the numbers that no type can check.
    ///
    /// # Errors
    /// Names what cannot be, and what can.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |key, value: String, allowed| Err(Error::Order { key, value, allowed });
        model::TenantId::new(&self.tenant)?;
        if !super::shape::SPOKEN.contains(&self.dialect) {
            let allowed = "specola-json, senml-json, senml-cbor, chirpstack-v4 or sparkplug-b";
            return wrong("format", self.dialect.to_string(), allowed);
        }
        if !(1..=100_000).contains(&self.clients) {
            return wrong("clients", self.clients.to_string(), "between 1 and 100000");
        }
        if !(self.rate >= 0.0 && self.rate.is_finite()) {
            return wrong(
                "rate",
                self.rate.to_string(),
                "0 for as fast as possible, or a number of messages per second",
            );
        }
        if self.promise == Promise::None && self.rate == 0.0 {
            return wrong("rate", "0".to_owned(), "given with QoS 0: nothing is acknowledged that could set the pace");
        }
        if self.promise == Promise::None && self.ledger.is_some() {
            return wrong(
                "qos",
                "0".to_owned(),
                "1 or 2 for a ledger: without acknowledgements there is nothing to prove",
            );
        }
        if !(1..=1_000).contains(&self.values) {
            return wrong("values", self.values.to_string(), "between 1 and 1000");
        }
        if self.payload > 200_000 {
            return wrong("payload", self.payload.to_string(), "at most 200000 bytes");
        }
        if self.in_flight == 0 {
            return wrong("in-flight", "0".to_owned(), "at least 1");
        }
        for (key, share) in [("twice", self.twice), ("overtaken", self.overtaken)] {
            if !(0.0..=1.0).contains(&share) {
                return wrong(key, share.to_string(), "a share from 0 to 1");
            }
        }
        if self.subscriber && self.promise == Promise::Once {
            return wrong("qos", "2".to_owned(), "0 or 1 with a subscriber");
        }
        Ok(())
    }

    /// The name of a client, which is also the device or the node that it is.
    pub(super) fn name(&self, client: usize) -> String {
        format!("load-{:08x}-{client:05}", self.run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused_by_its_name() {
        let refused = |order: Order, word: &str| {
            let text = order.check().unwrap_err().to_string();
            assert!(text.contains(word), "{text}");
        };
        Order::default().check().unwrap();
        refused(Order { clients: 0, ..Order::default() }, "clients");
        refused(Order { values: 0, ..Order::default() }, "values");
        refused(Order { in_flight: 0, ..Order::default() }, "in-flight");
        refused(Order { rate: f64::NAN, ..Order::default() }, "rate");
        refused(Order { promise: Promise::None, ..Order::default() }, "rate");
        refused(Order { dialect: Dialect::NgsiLd, ..Order::default() }, "sparkplug-b");
        refused(Order { twice: 1.5, ..Order::default() }, "twice");
    }
}
