//! The short packets of clients: answers to what we sent, and farewells.

use super::properties::{MISPLACED, Property, properties};
use super::read::Reader;
use super::{Fault, Version};

/// An answer to a message, or to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) packet: u16,
    /// Whether the client could take it.
    pub(crate) taken: bool,
}

/// Reads the body of PUBACK, PUBREC, PUBREL or PUBCOMP.
pub(crate) fn answered(body: &[u8], version: Version) -> Result<Answered, Fault> {
    let mut reader = Reader::new(body);
    let packet = reader.packet()?;
    let mut taken = true;
    if version == Version::V5 && !reader.is_empty() {
        taken = reader.u8()? < 0x80;
        if !reader.is_empty() {
            properties(&mut reader, |property, _| match property {
                Property::ReasonText | Property::User => Ok(()),
                _ => Err(MISPLACED),
            })?;
        }
    }
    if !reader.is_empty() {
        return Err(Fault::malformed("bytes after the end of an answer"));
    }
    Ok(Answered { packet, taken })
}

/// How a client says goodbye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Farewell {
    /// Whether its will is to be published all the same.
    pub(crate) with_will: bool,
    /// A new wish for how long its session is kept.
    pub(crate) session_expiry: Option<u32>,
}

/// Reads the body of a DISCONNECT.
pub(crate) fn farewell(body: &[u8], version: Version) -> Result<Farewell, Fault> {
    let mut reader = Reader::new(body);
    let mut farewell = Farewell { with_will: false, session_expiry: None };
    if version == Version::V5 && !reader.is_empty() {
        farewell.with_will = reader.u8()? != 0;
        if !reader.is_empty() {
            properties(&mut reader, |property, _| match property {
                Property::SessionExpiry(seconds) => {
                    farewell.session_expiry = Some(seconds);
                    Ok(())
                }
                Property::ReasonText | Property::User => Ok(()),
                _ => Err(MISPLACED),
            })?;
        }
    }
    if !reader.is_empty() {
        return Err(Fault::malformed("bytes after the end of DISCONNECT"));
    }
    Ok(farewell)
}
