//! Moments as PostgreSQL has them: microseconds since 2000, and the nanoseconds beyond beside them.

use model::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Decode, Encode, Type};
use sqlx_postgres::types::Oid;
use sqlx_postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef, Postgres};

/// 1 January 2000 in microseconds since 1970.
const BEGIN: i64 = 946_684_800_000_000;

/// A `timestamptz`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(i64);

impl Moment {
    /// The whole microseconds of a time, and the nanoseconds beyond.
    pub(super) fn split(time: Timestamp) -> (Self, i16) {
        let nanos = time.as_nanos();
        (Self(nanos.div_euclid(1_000) - BEGIN), nanos.rem_euclid(1_000) as i16)
    }

    /// The time of both; none outside of the years that fit.
    pub(super) fn join(self, nanos: i16) -> Option<Timestamp> {
        let nanos = (i128::from(self.0) + i128::from(BEGIN)) * 1_000 + i128::from(nanos);
        i64::try_from(nanos).ok().map(Timestamp::from_nanos)
    }

    /// The next microsecond.
    pub(super) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Microseconds since 2000, as they go over the wire.
    pub(super) fn wire(self) -> i64 {
        self.0
    }
}

// The numbers of these types are the same in every PostgreSQL.
const TIMESTAMPTZ: PgTypeInfo = PgTypeInfo::with_oid(Oid(1184));
const TIMESTAMPTZ_ARRAY: PgTypeInfo = PgTypeInfo::with_oid(Oid(1185));

impl Type<Postgres> for Moment {
    fn type_info() -> PgTypeInfo {
        TIMESTAMPTZ
    }
}

impl PgHasArrayType for Moment {
    fn array_type_info() -> PgTypeInfo {
        TIMESTAMPTZ_ARRAY
    }
}

impl Encode<'_, Postgres> for Moment {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <i64 as Encode<Postgres>>::encode_by_ref(&self.0, buffer)
    }
}

impl Decode<'_, Postgres> for Moment {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => Ok(Self(i64::from_be_bytes(value.as_bytes()?.try_into()?))),
            PgValueFormat::Text => Err("a moment was sent as text".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nanosecond_comes_back() {
        for nanos in [i64::MIN, -1, 0, 1, 999, 1_000, 946_684_799_999_999_999, 1_795_305_600_123_456_789, i64::MAX] {
            let time = Timestamp::from_nanos(nanos);
            let (moment, beyond) = Moment::split(time);
            assert!((0..1_000).contains(&beyond));
            assert_eq!(moment.join(beyond), Some(time));
        }
    }
}
