//! Reading the parts that packets are made of. Nothing is believed that is not there: lengths are checked before they are used.

use super::Reason;

/// A packet that breaks the rules; its connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What an MQTT 5 client is told.
    pub(crate) reason: Reason,
    /// The same for people.
    pub(crate) why: &'static str,
}

impl Fault {
    /// Bytes that are no packet.
    pub(crate) const fn malformed(why: &'static str) -> Self {
        Self { reason: Reason::Malformed, why }
    }

    /// A packet that may not come here, or not like this.
    pub(crate) const fn protocol(why: &'static str) -> Self {
        Self { reason: Reason::Protocol, why }
    }

    /// Another reason.
    pub(crate) const fn new(reason: Reason, why: &'static str) -> Self {
        Self { reason, why }
    }
}

const CUT: Fault = Fault::malformed("a packet is shorter than it says");

/// What is left to read of a packet.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn take(&mut self, bytes: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(CUT)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Fault> {
        let (first, rest) = self.rest.split_first().ok_or(CUT)?;
        self.rest = rest;
        Ok(*first)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Fault> {
        let (taken, rest) = self.rest.split_first_chunk::<2>().ok_or(CUT)?;
        self.rest = rest;
        Ok(u16::from_be_bytes(*taken))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        let (taken, rest) = self.rest.split_first_chunk::<4>().ok_or(CUT)?;
        self.rest = rest;
        Ok(u32::from_be_bytes(*taken))
    }

    pub(super) fn varint(&mut self) -> Result<u32, Fault> {
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.u8()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Fault::malformed("a number has more than four bytes"))
    }

    pub(super) fn binary(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.u16()?;
        self.take(length.into())
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Fault> {
        let text = std::str::from_utf8(self.binary()?).map_err(|_| Fault::malformed("a text is not UTF-8"))?;
        if text.as_bytes().contains(&0) {
            return Err(Fault::malformed("a text holds a NUL"));
        }
        Ok(text)
    }

    /// A packet identifier, which is never 0.
    pub(super) fn packet(&mut self) -> Result<u16, Fault> {
        match self.u16()? {
            0 => Err(Fault::protocol("packet identifier 0")),
            packet => Ok(packet),
        }
    }
}
