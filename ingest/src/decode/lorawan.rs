//! What the messages of LoRaWAN network servers have in common: names of devices, positions, the quality of the radio link.

use model::{Position, Quality};

use super::decoder::{Observation, Refusal, Sink};
use super::json::{Json, Kind};
use super::moment::Moment;
use crate::ledger::Number;

/// The metrics of the radio link: how strong the best gateway heard the frame, how far above the noise, and the frame's number.
const RSSI: &str = "_rssi";
const SNR: &str = "_snr";
const FRAME_COUNTER: &str = "_f_cnt";
/// Network servers count frames with 32 bits, also of devices that send 16 of them.
const FRAMES: u64 = 1 << 32;
/// A frame that nothing decodes, in base 64, and its port: whoever writes the decoder later needs both.
const FRAME: &str = "_frame";
const PORT: &str = "_f_port";

/// The name of a device: 16 hexadecimal digits in lower case.
pub(super) struct Eui([u8; 16]);

impl Eui {
    /// The name, if `text` is one.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut digits: [u8; 16] = text.as_bytes().try_into().ok()?;
        digits.make_ascii_lowercase();
        digits.iter().all(u8::is_ascii_hexdigit).then_some(Self(digits))
    }

    /// Its digits.
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The member with this key, which must be an object when it is there.
pub(super) fn object<'a>(json: Json<'a>, key: &str) -> Result<Option<Json<'a>>, Refusal> {
    match json.get(key) {
        None => Ok(None),
        Some(value) if value.kind() == Kind::Object => Ok(Some(value)),
        Some(value) => Err(Refusal::schema(format!("{key} must be an object and is {}", value.kind().as_str()))),
    }
}

/// Degrees and metres of a place. Senders leave out zeros; two of them are the sender's word for nowhere.
pub(super) fn place(json: Json<'_>) -> Option<(Position, Option<f64>)> {
    let number = |key: &str| match json.get(key) {
        None => Some(None),
        Some(value) => value.number().and_then(|text| text.parse::<f64>().ok()).map(Some),
    };
    let (lat, lon) = (number("latitude")?.unwrap_or(0.0), number("longitude")?.unwrap_or(0.0));
    if lat == 0.0 && lon == 0.0 {
        return None;
    }
    let altitude = number("altitude").flatten().filter(|metres| metres.is_finite());
    Some((Position::new(lon, lat).ok()?, altitude))
}

/// Says where a device is. A place that is none is counted and costs nothing else: it came with readings.
pub(super) fn say_place(json: Json<'_>, device: &str, time: Moment, sink: &mut dyn Sink) -> Result<(), Refusal> {
    match place(json) {
        Some((position, altitude)) => sink.position(device, position, altitude, time),
        None => {
            sink.skipped(1);
            Ok(())
        }
    }
}

/// What an uplink says about itself.
pub(super) struct Frame<'a> {
    pub(super) device: &'a str,
    pub(super) time: Moment,
    pub(super) quality: Quality,
}

impl Frame<'_> {
    fn say(&self, metric: &str, unit: &str, json: Option<Json<'_>>, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let Some(value) = json.and_then(Json::scalar) else { return Ok(()) };
        let Self { device, time, quality } = *self;
        sink.reading(Observation { device, metric, value, unit, time, quality })
    }

    /// The radio link as the gateway heard it that heard it best, and the frame's number.
    pub(super) fn link(
        &self,
        gateways: Option<Json<'_>>,
        counter: Option<Json<'_>>,
        sink: &mut dyn Sink,
    ) -> Result<(), Refusal> {
        let rssi = |gateway: &Json<'_>| gateway.get("rssi").and_then(Json::number)?.parse::<f64>().ok();
        let heard = gateways.into_iter().flat_map(Json::items).filter_map(|gateway| Some((gateway, rssi(&gateway)?)));
        if let Some((best, _)) = heard.max_by(|(_, a), (_, b)| a.total_cmp(b)) {
            self.say(RSSI, "dBm", best.get("rssi"), sink)?;
            self.say(SNR, "dB", best.get("snr").filter(is_number), sink)?;
        }
        if let Some(number) = counter.and_then(Json::number).and_then(|text| text.parse().ok()) {
            sink.numbered(self.device, Number::Next { number, round: FRAMES });
        }
        self.say(FRAME_COUNTER, "", counter.filter(is_number), sink)
    }

    /// A frame that the network server could not decode, as it came.
    pub(super) fn raw(
        &self,
        data: Option<Json<'_>>,
        port: Option<Json<'_>>,
        sink: &mut dyn Sink,
    ) -> Result<(), Refusal> {
        let Some(data) = data.filter(|data| data.text().is_some_and(|text| !text.is_empty())) else { return Ok(()) };
        self.say(FRAME, "", Some(data), sink)?;
        self.say(PORT, "", port.filter(is_number), sink)
    }
}

fn is_number(json: &Json<'_>) -> bool {
    json.number().is_some()
}
