//! The properties of MQTT 5 packets.

use super::Fault;
use super::read::Reader;

/// One property, by what is to be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Property<'a> {
    PayloadFormat(u8),
    MessageExpiry(u32),
    ContentType,
    ResponseTopic(&'a str),
    Correlation,
    SubscriptionId(u32),
    SessionExpiry(u32),
    AuthMethod(&'a str),
    AuthData,
    ProblemInformation(u8),
    WillDelay(u32),
    ResponseInformation(u8),
    ReasonText,
    ReceiveMaximum(u16),
    AliasMaximum(u16),
    Alias(u16),
    User,
    MaximumPacket(u32),
}

/// Calls `each` with every property and its bytes, identifier included. Properties that a client cannot send are faults, and so are those that come
/// twice (user properties and, in messages that we do not get, subscription identifiers excepted).
pub(super) fn properties<'a>(
    reader: &mut Reader<'a>,
    mut each: impl FnMut(Property<'a>, &'a [u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let length = reader.varint()?;
    let mut inside = Reader::new(reader.take(length as usize)?);
    let mut seen = 0u64;
    while !inside.is_empty() {
        let before = inside.rest();
        let identifier = inside.u8()?;
        let property = match identifier {
            0x01 => Property::PayloadFormat(inside.u8()?),
            0x02 => Property::MessageExpiry(inside.u32()?),
            0x03 => inside.text().map(|_| Property::ContentType)?,
            0x08 => Property::ResponseTopic(inside.text()?),
            0x09 => inside.binary().map(|_| Property::Correlation)?,
            0x0b => Property::SubscriptionId(inside.varint()?),
            0x11 => Property::SessionExpiry(inside.u32()?),
            0x15 => Property::AuthMethod(inside.text()?),
            0x16 => inside.binary().map(|_| Property::AuthData)?,
            0x17 => Property::ProblemInformation(inside.u8()?),
            0x18 => Property::WillDelay(inside.u32()?),
            0x19 => Property::ResponseInformation(inside.u8()?),
            0x1f => inside.text().map(|_| Property::ReasonText)?,
            0x21 => Property::ReceiveMaximum(inside.u16()?),
            0x22 => Property::AliasMaximum(inside.u16()?),
            0x23 => Property::Alias(inside.u16()?),
            0x26 => {
                inside.text()?;
                inside.text().map(|_| Property::User)?
            }
            0x27 => Property::MaximumPacket(inside.u32()?),
            _ => return Err(Fault::malformed("a property that no client sends")),
        };
        let bit = 1u64 << identifier;
        if seen & bit != 0 && property != Property::User {
            return Err(Fault::protocol("a property comes twice"));
        }
        seen |= bit;
        let used = before.len() - inside.rest().len();
        each(property, &before[..used])?;
    }
    Ok(())
}

/// A property stands in a packet to which it does not belong.
pub(super) const MISPLACED: Fault = Fault::protocol("a property does not belong to this packet");

/// What a message carries beside its topic and payload, as subscribers are to get it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Passed {
    /// Properties that are passed on unchanged, in their order, as they go over the wire.
    pub(crate) bytes: Vec<u8>,
    /// Seconds after which nobody wants it any more.
    pub(crate) expiry: Option<u32>,
    /// Whether its sender says that the payload is UTF-8.
    pub(crate) is_text: bool,
}

impl Passed {
    /// Takes a property if it belongs to messages and wills alike.
    pub(super) fn take(&mut self, property: Property<'_>, bytes: &[u8]) -> Result<bool, Fault> {
        match property {
            Property::MessageExpiry(seconds) => {
                self.expiry = Some(seconds);
                return Ok(true);
            }
            Property::PayloadFormat(format) if format > 1 => {
                return Err(Fault::protocol("a payload format that is neither 0 nor 1"));
            }
            Property::PayloadFormat(format) => self.is_text = format == 1,
            Property::ResponseTopic(topic) if !super::publish::is_topic(topic) => {
                return Err(Fault::protocol("a response topic with wildcards"));
            }
            Property::ContentType | Property::ResponseTopic(_) | Property::Correlation | Property::User => {}
            _ => return Ok(false),
        }
        self.bytes.extend_from_slice(bytes);
        Ok(true)
    }
}
