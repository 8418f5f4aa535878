//! A sensor of the city and the values it gives; what those values are is told by `series`.

use model::{DeviceId, MetricName, Value};

use crate::Dialect;

/// What a sensor is and the few numbers its physics needs. Indices point into the lists of [`crate::City`].
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// A street light on a circuit; `along` is its place on the cable from 0 (cabinet) to 1 (end).
    Lamp { circuit: usize, watts: f64, along: f64 },
    /// The meter of a cabinet: its circuits with the watts they carry.
    Cabinet { circuits: Vec<(usize, f64)> },
    /// A camera; `busy` is the traffic of its junction, about 0.2 to 1.
    Camera { busy: f64 },
    /// An accelerometer on a structure whose first mode has this frequency at 20 °C, in hertz.
    Accelerometer { structure: usize, frequency: f64 },
    /// A tilt meter on a structure.
    Tilt { structure: usize },
    /// A crack meter on a structure.
    Crack { structure: usize },
    /// A pressure logger in a district; `head` is the pressure at no flow, in bar.
    Pressure { district: usize, head: f64 },
    /// The flow meter at an inlet of a district; `mean` in l/s.
    Flow { district: usize, mean: f64 },
    /// A probe for chlorine, turbidity and acidity in a district.
    Quality { district: usize },
    /// A tank; `depth` in metres.
    Tank { depth: f64 },
    /// A pump of so many kilowatt.
    Pump { kilowatt: f64 },
    /// An air station; `busy` as for cameras.
    Air { busy: f64 },
    /// A weather station.
    Weather,
    /// A noise meter; `busy` as for cameras.
    Noise { busy: f64 },
}

impl Kind {
    /// Seconds between two messages of a sensor of this kind when nothing happens, before scaling to the asked rate.
    pub(crate) fn usual_interval(&self) -> f64 {
        match self {
            Self::Lamp { .. } => 60.0,
            Self::Cabinet { .. } => 30.0,
            Self::Camera { .. } | Self::Noise { .. } => 10.0,
            Self::Accelerometer { .. } | Self::Tilt { .. } | Self::Crack { .. } => 5.0,
            Self::Pressure { .. } | Self::Flow { .. } | Self::Pump { .. } => 15.0,
            Self::Quality { .. } | Self::Tank { .. } | Self::Air { .. } | Self::Weather => 30.0,
        }
    }
}

/// One device of the city.
#[derive(Debug, Clone)]
pub(crate) struct Sensor {
    /// Index of its asset.
    pub(crate) asset: usize,
    /// Its own name.
    pub(crate) device: DeviceId,
    /// Its name in the registry: dialects name devices in their own ways.
    pub(crate) known_as: DeviceId,
    /// The dialect of its gateway.
    pub(crate) dialect: Dialect,
    /// The metric that stands for its asset on the map, by its own name.
    pub(crate) main: MetricName,
    /// Makes its chance its own.
    pub(crate) key: u64,
    pub(crate) kind: Kind,
}

impl Sensor {
    /// Its name on a LoRaWAN: its own where that is a device EUI, else 16 digits that follow from its key.
    pub(crate) fn dev_eui(&self) -> String {
        let own = self.device.as_str();
        if own.len() == 16 && own.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            own.to_ascii_lowercase()
        } else {
            format!("{:016x}", self.key)
        }
    }
}

/// What one metric shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shown {
    Number(f64),
    Flag(bool),
    Word(&'static str),
}

/// How often a metric is worth keeping in a backfill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// At every step.
    Quick,
    /// At every fourth step: counters and states that hardly move.
    Slow,
}

/// One metric of a sensor at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    pub(crate) metric: &'static str,
    pub(crate) shown: Shown,
    /// Empty when the sensor sends none.
    pub(crate) unit: &'static str,
    pub(crate) pace: Pace,
}

impl Shown {
    pub(crate) fn to_value(self) -> Value {
        match self {
            Self::Number(number) => Value::Number(number),
            Self::Flag(flag) => Value::Flag(flag),
            Self::Word(word) => Value::Text(word.into()),
        }
    }
}

impl serde::Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Word(word) => serializer.serialize_str(word),
        }
    }
}

/// Collects the samples of one sensor; reused from sensor to sensor.
#[derive(Debug, Default)]
pub(crate) struct Samples(Vec<Sample>);

impl Samples {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn as_slice(&self) -> &[Sample] {
        &self.0
    }

    /// A number with as many decimals as the instrument resolves.
    pub(crate) fn number(&mut self, metric: &'static str, value: f64, decimals: i32, unit: &'static str) {
        self.0.push(Sample { metric, shown: Shown::Number(rounded(value, decimals)), unit, pace: Pace::Quick });
    }

    /// The same for what hardly moves.
    pub(crate) fn slow_number(&mut self, metric: &'static str, value: f64, decimals: i32, unit: &'static str) {
        self.0.push(Sample { metric, shown: Shown::Number(rounded(value, decimals)), unit, pace: Pace::Slow });
    }

    pub(crate) fn flag(&mut self, metric: &'static str, value: bool) {
        self.0.push(Sample { metric, shown: Shown::Flag(value), unit: "", pace: Pace::Quick });
    }

    pub(crate) fn slow_flag(&mut self, metric: &'static str, value: bool) {
        self.0.push(Sample { metric, shown: Shown::Flag(value), unit: "", pace: Pace::Slow });
    }

    pub(crate) fn word(&mut self, metric: &'static str, value: &'static str) {
        self.0.push(Sample { metric, shown: Shown::Word(value), unit: "", pace: Pace::Slow });
    }
}

fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    let value = (value * scale).round() / scale;
    if value == 0.0 { 0.0 } else { value } // no -0.0 on the wire
}
