//! Why something was answered as it was: the reason codes of MQTT 5 that we say or hear.

/// A reason code of MQTT 5. Older clients are told by a closed connection, or by the few codes their CONNACK and SUBACK have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Reason {
    Success = 0x00,
    NoSubscription = 0x11,
    Unspecified = 0x80,
    Malformed = 0x81,
    Protocol = 0x82,
    UnsupportedVersion = 0x84,
    ClientId = 0x85,
    BadLogin = 0x86,
    NotAuthorized = 0x87,
    Busy = 0x89,
    ShuttingDown = 0x8B,
    BadAuthMethod = 0x8C,
    KeepAlive = 0x8D,
    TakenOver = 0x8E,
    FilterInvalid = 0x8F,
    TopicInvalid = 0x90,
    UnknownPacket = 0x92,
    ReceiveMaximum = 0x93,
    AliasInvalid = 0x94,
    TooLarge = 0x95,
    Quota = 0x97,
    PayloadFormat = 0x99,
}

impl Reason {
    /// As it goes over the wire.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    /// What a CONNACK of MQTT 3.1 and 3.1.1 says instead.
    pub(crate) const fn connect_return(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::UnsupportedVersion => 1,
            Self::ClientId => 2,
            Self::BadLogin => 4,
            Self::NotAuthorized | Self::BadAuthMethod => 5,
            _ => 3,
        }
    }
}
