//! From a sensor's MQTT bytes to validated batches of readings.
