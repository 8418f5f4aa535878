//! What is known of an alarm beside its columns and its members, as it is written: the same size however many members it has.

use std::borrow::Cow;
use std::sync::Arc;

use model::alarm::{Alarm, Evidence, Guidance};
use model::{RuleId, Timestamp, UserName};
use serde::{Deserialize, Serialize};

use super::evidence::EvidenceShape;
use super::guidance::GuidanceShape;
use super::{Unread, to_text};

#[derive(Serialize, Deserialize)]
struct AlarmShape<'a> {
    rule: Cow<'a, str>,
    rule_version: u64,
    #[serde(borrow)]
    guidance: GuidanceShape<'a>,
    returned: Option<i64>,
    acknowledged: Option<i64>,
    acknowledged_by: Option<Cow<'a, str>>,
    note: Option<Cow<'a, str>>,
    evidence: EvidenceShape<'a>,
}

/// The part of an alarm that stands in its text.
pub(in crate::registry) struct AlarmBody {
    pub(in crate::registry) rule: RuleId,
    pub(in crate::registry) rule_version: u64,
    pub(in crate::registry) guidance: Arc<Guidance>,
    pub(in crate::registry) returned: Option<Timestamp>,
    pub(in crate::registry) acknowledged: Option<Timestamp>,
    pub(in crate::registry) acknowledged_by: Option<UserName>,
    pub(in crate::registry) note: Option<String>,
    pub(in crate::registry) evidence: Evidence,
}

/// Writes what no column of the alarm holds.
pub(in crate::registry) fn alarm_body(alarm: &Alarm) -> String {
    to_text(&AlarmShape {
        rule: Cow::Borrowed(alarm.rule.as_str()),
        rule_version: alarm.rule_version,
        guidance: (&*alarm.guidance).into(),
        returned: alarm.returned.map(Timestamp::as_nanos),
        acknowledged: alarm.acknowledged.map(Timestamp::as_nanos),
        acknowledged_by: alarm.acknowledged_by.as_ref().map(|user| Cow::Borrowed(user.as_str())),
        note: alarm.note.as_deref().map(Cow::Borrowed),
        evidence: (&alarm.evidence).into(),
    })
}

/// Reads what [`alarm_body`] wrote.
pub(in crate::registry) fn read_alarm_body(format: i64, body: &str) -> Result<AlarmBody, Unread> {
    match format {
        1 => {
            let shape: AlarmShape<'_> = serde_json::from_str(body)?;
            Ok(AlarmBody {
                rule: RuleId::new(shape.rule)?,
                rule_version: shape.rule_version,
                guidance: shape.guidance.into(),
                returned: shape.returned.map(Timestamp::from_nanos),
                acknowledged: shape.acknowledged.map(Timestamp::from_nanos),
                acknowledged_by: shape.acknowledged_by.map(UserName::new).transpose()?,
                note: shape.note.map(Cow::into_owned),
                evidence: shape.evidence.try_into()?,
            })
        }
        newer => Err(Unread::Newer(newer)),
    }
}
