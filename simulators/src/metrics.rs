//! Names of what the simulators count.

use metrics::describe_counter;

/// Messages handed to the broker.
pub const PUBLISHED: &str = "specola_simulators_published_total";
/// Readings in those messages.
pub const READINGS: &str = "specola_simulators_readings_total";
/// Messages that the broker acknowledged.
pub const ACKNOWLEDGED: &str = "specola_simulators_acknowledged_total";
/// Connections made again after one was lost.
pub const RECONNECTS: &str = "specola_simulators_reconnects_total";

/// Tells the metrics recorder what the names mean.
pub fn describe() {
    describe_counter!(PUBLISHED, "MQTT messages published by the simulated city");
    describe_counter!(READINGS, "readings in the published messages");
    describe_counter!(ACKNOWLEDGED, "published messages that the broker acknowledged");
    describe_counter!(RECONNECTS, "connections of simulated gateways made again");
}
