//! SUBSCRIBE and UNSUBSCRIBE.

use super::properties::{MISPLACED, Property, properties};
use super::read::Reader;
use super::{Fault, Qos, Version};

/// When kept messages are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Handling {
    /// With each subscription.
    Always,
    /// With a subscription that was not there before.
    IfNew,
    /// Never.
    Never,
}

/// One topic filter and how it is to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish<'a> {
    pub(crate) filter: &'a str,
    pub(crate) qos: Qos,
    pub(crate) no_local: bool,
    pub(crate) as_published: bool,
    pub(crate) handling: Handling,
}

/// What a client wants to hear.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Subscribe<'a> {
    pub(crate) packet: u16,
    pub(crate) id: Option<u32>,
    pub(crate) wishes: Vec<Wish<'a>>,
}

impl<'a> Subscribe<'a> {
    /// Reads the body of a SUBSCRIBE.
    pub(crate) fn read(body: &'a [u8], version: Version) -> Result<Self, Fault> {
        let mut reader = Reader::new(body);
        let packet = reader.packet()?;
        let mut id = None;
        if version == Version::V5 {
            properties(&mut reader, |property, _| match property {
                Property::SubscriptionId(0) => Err(Fault::protocol("subscription identifier 0")),
                Property::SubscriptionId(number) => {
                    id = Some(number);
                    Ok(())
                }
                Property::User => Ok(()),
                _ => Err(MISPLACED),
            })?;
        }
        let mut wishes = Vec::new();
        while !reader.is_empty() {
            let filter = reader.text()?;
            wishes.push(wish(filter, reader.u8()?, version)?);
        }
        if wishes.is_empty() {
            return Err(Fault::protocol("a subscription to nothing"));
        }
        Ok(Self { packet, id, wishes })
    }
}

fn wish(filter: &str, options: u8, version: Version) -> Result<Wish<'_>, Fault> {
    let known = if version == Version::V5 { 0b0011_1111 } else { 0b0000_0011 };
    if options & !known != 0 {
        return Err(Fault::malformed("reserved options of a subscription"));
    }
    let qos = Qos::new(options & 3).ok_or(Fault::malformed("a subscription of QoS 3"))?;
    let handling = match (options >> 4) & 3 {
        0 => Handling::Always,
        1 => Handling::IfNew,
        2 => Handling::Never,
        _ => return Err(Fault::protocol("retain handling 3")),
    };
    let no_local = options & 4 != 0;
    if no_local && filter.starts_with("$share/") {
        return Err(Fault::protocol("no-local on a shared subscription"));
    }
    Ok(Wish { filter, qos, no_local, as_published: options & 8 != 0, handling })
}

/// Reads the body of an UNSUBSCRIBE: its packet identifier and filters.
pub(crate) fn unsubscribe(body: &[u8], version: Version) -> Result<(u16, Vec<&str>), Fault> {
    let mut reader = Reader::new(body);
    let packet = reader.packet()?;
    if version == Version::V5 {
        properties(&mut reader, |property, _| if property == Property::User { Ok(()) } else { Err(MISPLACED) })?;
    }
    let mut filters = Vec::new();
    while !reader.is_empty() {
        filters.push(reader.text()?);
    }
    if filters.is_empty() {
        return Err(Fault::protocol("an end of no subscription"));
    }
    Ok((packet, filters))
}
