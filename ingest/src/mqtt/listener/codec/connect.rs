//! CONNECT: who a client is and what it asks for.

use super::properties::{MISPLACED, Passed, Property, properties};
use super::publish::is_topic;
use super::read::Reader;
use super::{Fault, Qos, Reason};

/// Which MQTT a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// MQTT 3.1, called MQIsdp.
    V31,
    /// MQTT 3.1.1.
    V311,
    /// MQTT 5.
    V5,
}

/// What is to be said when a client goes without a farewell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Will {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    pub(crate) delay: u32,
    pub(crate) passed: Passed,
}

/// A client's first packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Connect {
    pub(crate) version: Version,
    pub(crate) client: String,
    pub(crate) clean: bool,
    pub(crate) keep_alive: u16,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Vec<u8>>,
    pub(crate) will: Option<Will>,
    /// Seconds that the session is to be kept after the connection ends; for older clients all or nothing.
    pub(crate) session_expiry: u32,
    pub(crate) receive_maximum: u16,
    pub(crate) maximum_packet: u32,
    pub(crate) alias_maximum: u16,
    pub(crate) auth_method: bool,
}

/// A session that is kept for as long as we keep any.
const FOR_EVER: u32 = u32::MAX;

impl Connect {
    /// Reads the body of a CONNECT.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(body);
        let version = match (reader.text()?, reader.u8()?) {
            ("MQIsdp", 3) => Version::V31,
            ("MQTT", 4) => Version::V311,
            ("MQTT", 5) => Version::V5,
            ("MQTT" | "MQIsdp", _) => {
                return Err(Fault::new(Reason::UnsupportedVersion, "a version that is not 3.1, 3.1.1 or 5"));
            }
            _ => return Err(Fault::protocol("the first packet does not say MQTT")),
        };
        let flags = reader.u8()?;
        if flags & 1 != 0 && version != Version::V31 {
            return Err(Fault::malformed("the reserved flag of CONNECT is set"));
        }
        let (clean, has_will) = (flags & 2 != 0, flags & 4 != 0);
        let will_qos = Qos::new((flags >> 3) & 3).ok_or(Fault::malformed("a will of QoS 3"))?;
        if !has_will && flags & 0b0011_1000 != 0 {
            return Err(Fault::malformed("flags of a will that is not there"));
        }
        if version != Version::V5 && flags & 0x80 == 0 && flags & 0x40 != 0 {
            return Err(Fault::malformed("a password without a user"));
        }
        let mut connect = Self {
            version,
            client: String::new(),
            clean,
            keep_alive: reader.u16()?,
            user: None,
            password: None,
            will: None,
            session_expiry: if clean || version == Version::V5 { 0 } else { FOR_EVER },
            receive_maximum: u16::MAX,
            maximum_packet: u32::MAX,
            alias_maximum: 0,
            auth_method: false,
        };
        if version == Version::V5 {
            properties(&mut reader, |property, _| connect.set(property))?;
        }
        connect.client = reader.text()?.to_owned();
        if has_will {
            connect.will = Some(will(&mut reader, version, will_qos, flags & 0x20 != 0)?);
        }
        if flags & 0x80 != 0 {
            connect.user = Some(reader.text()?.to_owned());
        }
        if flags & 0x40 != 0 {
            connect.password = Some(reader.binary()?.to_vec());
        }
        if !reader.is_empty() {
            return Err(Fault::malformed("bytes after the end of CONNECT"));
        }
        Ok(connect)
    }

    fn set(&mut self, property: Property<'_>) -> Result<(), Fault> {
        match property {
            Property::SessionExpiry(seconds) => self.session_expiry = seconds,
            Property::ReceiveMaximum(0) => return Err(Fault::protocol("a receive maximum of 0")),
            Property::ReceiveMaximum(messages) => self.receive_maximum = messages,
            Property::MaximumPacket(0) => return Err(Fault::protocol("a maximum packet size of 0")),
            Property::MaximumPacket(bytes) => self.maximum_packet = bytes,
            Property::AliasMaximum(aliases) => self.alias_maximum = aliases,
            Property::AuthMethod(_) => self.auth_method = true,
            Property::ProblemInformation(flag) | Property::ResponseInformation(flag) if flag > 1 => {
                return Err(Fault::protocol("a flag that is neither 0 nor 1"));
            }
            Property::ProblemInformation(_) | Property::ResponseInformation(_) => {}
            Property::AuthData | Property::User => {}
            _ => return Err(MISPLACED),
        }
        Ok(())
    }
}

fn will(reader: &mut Reader<'_>, version: Version, qos: Qos, retain: bool) -> Result<Will, Fault> {
    let (mut passed, mut delay) = (Passed::default(), 0);
    if version == Version::V5 {
        properties(reader, |property, bytes| match property {
            Property::WillDelay(seconds) => {
                delay = seconds;
                Ok(())
            }
            other => passed.take(other, bytes)?.then_some(()).ok_or(MISPLACED),
        })?;
    }
    let topic = reader.text()?.to_owned();
    if !is_topic(&topic) {
        return Err(Fault::new(Reason::TopicInvalid, "a will with wildcards in its topic"));
    }
    let payload = reader.binary()?.to_vec();
    Ok(Will { topic, payload, qos, retain, delay, passed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_versions_are_understood() {
        let old = Connect::read(b"\x00\x06MQIsdp\x03\x02\x00\x00\x00\x02gw").unwrap();
        assert_eq!((old.version, old.client.as_str(), old.keep_alive), (Version::V31, "gw", 0));
        let common = Connect::read(b"\x00\x04MQTT\x04\xc0\x00\x3c\x00\x02gw\x00\x01u\x00\x01p").unwrap();
        assert_eq!((common.version, common.clean, common.session_expiry), (Version::V311, false, u32::MAX));
        assert_eq!((common.user.as_deref(), common.password.as_deref()), (Some("u"), Some(&b"p"[..])));
        let new = Connect::read(
            b"\x00\x04MQTT\x05\x06\x00\x3c\x05\x11\x00\x00\x00\x09\x00\x02gw\x05\x18\x00\x00\x00\x07\x00\x01t\x00\x01m",
        )
        .unwrap();
        let will = new.will.unwrap();
        assert_eq!((new.session_expiry, will.delay, will.topic.as_str()), (9, 7, "t"));
    }

    #[test]
    fn what_breaks_the_rules_is_refused_with_its_reason() {
        for (body, reason) in [
            (&b"\x00\x04MQTT\x06\x02\x00\x3c\x00\x02gw"[..], Reason::UnsupportedVersion),
            (b"\x00\x02hj\x04\x02\x00\x3c\x00\x02gw", Reason::Protocol),
            (b"\x00\x04MQTT\x04\x03\x00\x3c\x00\x02gw", Reason::Malformed),
            (b"\x00\x04MQTT\x04\x02\x00\x3c\x00\x03gw", Reason::Malformed),
            (b"\x00\x04MQTT\x04\x02\x00\x3c\x00\x02gw?", Reason::Malformed),
            (b"\x00\x04MQTT\x04\x02\x00\x3c\x00\x02g\x00", Reason::Malformed),
            (b"\x00\x04MQTT\x04\x42\x00\x3c\x00\x02gw\x00\x01p", Reason::Malformed),
            (b"\x00\x04MQTT\x05\x02\x00\x3c\x03\x21\x00\x00\x00\x02gw", Reason::Protocol),
            (b"\x00\x04MQTT\x05\x02\x00\x3c\x02\x01\x00\x00\x02gw", Reason::Protocol),
        ] {
            assert_eq!(Connect::read(body).unwrap_err().reason, reason, "{body:x?}");
        }
    }
}
