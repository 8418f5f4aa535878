//! Alarms as they cross the wire.

use model::alarm::{self, Actor, Change, Fact, State};
use model::{AssetId, Position};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::live::Catalogue;

/// The same words in Italian and in English.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Words {
    pub(super) it: String,
    pub(super) en: String,
}

/// Where an alarm is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AlarmState {
    ActiveUnacknowledged,
    ActiveAcknowledged,
    ReturnedUnacknowledged,
    Normal,
}

/// One occurrence of an alarm.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Alarm {
    /// A UUID.
    id: String,
    /// The rule that found it.
    rule: String,
    /// What makes occurrences the same alarm: rule and source.
    key: String,
    domain: String,
    /// 1 critical, 2 high, 3 medium, 4 low.
    #[schema(minimum = 1, maximum = 4)]
    priority: u8,
    state: AlarmState,
    /// The id of the source: an asset, or the circuit or district it is about.
    #[schema(required)]
    asset: Option<String>,
    asset_name: String,
    #[schema(required)]
    lon: Option<f64>,
    #[schema(required)]
    lat: Option<f64>,
    #[schema(required)]
    area: Option<String>,
    title: Words,
    cause: Words,
    consequence: Words,
    action: Words,
    #[schema(required)]
    respond_within_s: Option<f64>,
    #[schema(required)]
    value: Option<f64>,
    #[schema(required)]
    unit: Option<String>,
    #[schema(required)]
    limit: Option<f64>,
    #[schema(required)]
    metric: Option<String>,
    #[schema(format = DateTime)]
    raised: String,
    #[schema(required, format = DateTime)]
    returned: Option<String>,
    #[schema(required, format = DateTime)]
    acknowledged: Option<String>,
    #[schema(required)]
    acknowledged_by: Option<String>,
    #[schema(required)]
    note: Option<String>,
    member_count: usize,
    active_member_count: usize,
    /// The asset inside that was first.
    #[schema(required)]
    first_out: Option<String>,
    /// The number of its last fact: of two states of one alarm, the higher is newer.
    version: u32,
}

/// One asset inside a group alarm.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct AlarmMember {
    asset: String,
    name: String,
    #[schema(required)]
    lon: Option<f64>,
    #[schema(required)]
    lat: Option<f64>,
    #[schema(format = DateTime)]
    since: String,
    #[schema(required)]
    value: Option<f64>,
    #[schema(required)]
    unit: Option<String>,
    /// Whether it is abnormal now.
    active: bool,
}

/// One thing that happened to an alarm.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct JournalEntry {
    seq: u32,
    #[schema(format = DateTime)]
    time: String,
    /// raised, joined, left, returned, reoccurred or acknowledged.
    kind: String,
    /// The person; none when the rules did it.
    #[schema(required)]
    actor: Option<String>,
    #[schema(required)]
    note: Option<String>,
    #[schema(required)]
    value: Option<f64>,
}

/// An alarm with its members and its history.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct AlarmDetail {
    #[serde(flatten)]
    alarm: Alarm,
    members: Vec<AlarmMember>,
    journal: Vec<JournalEntry>,
}

/// A page of alarms.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct AlarmPage {
    pub(crate) items: Vec<Alarm>,
    /// The mark of the next page.
    #[schema(required)]
    pub(crate) next: Option<String>,
}

/// Which alarms.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlarmQuery {
    /// `open` (default), `unacknowledged`, `closed`, `all`; several are parted by commas.
    pub(crate) state: Option<String>,
    /// 1 to 4; several are parted by commas.
    pub(crate) priority: Option<String>,
    pub(crate) domain: Option<String>,
    /// Words that title, asset, area or rule must contain.
    pub(crate) q: Option<String>,
    /// The mark of the page before.
    pub(crate) after: Option<String>,
    /// At most so many: 1 to 1000, default 200.
    pub(crate) limit: Option<usize>,
}

/// An answer to an alarm.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Acknowledge {
    /// At most 2000 characters.
    pub(crate) note: Option<String>,
}

/// An answer to many alarms.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcknowledgeMany {
    /// At most 1000.
    pub(crate) ids: Vec<String>,
    /// At most 2000 characters.
    #[serde(default)]
    pub(crate) note: Option<String>,
}

/// An alarm that was not acknowledged.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Skipped {
    pub(crate) id: String,
    /// `not-found`, `already-acknowledged` or `store-unreachable`.
    pub(crate) reason: String,
}

/// What came of acknowledging many: nothing is skipped without a reason.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Acknowledged {
    pub(crate) done: Vec<String>,
    pub(crate) skipped: Vec<Skipped>,
}

impl From<&alarm::Text> for Words {
    fn from(text: &alarm::Text) -> Self {
        Self { it: text.it.to_string(), en: text.en.to_string() }
    }
}

impl From<State> for AlarmState {
    fn from(state: State) -> Self {
        match state {
            State::ActiveUnacknowledged => Self::ActiveUnacknowledged,
            State::ActiveAcknowledged => Self::ActiveAcknowledged,
            State::ReturnedUnacknowledged => Self::ReturnedUnacknowledged,
            State::Normal => Self::Normal,
        }
    }
}

fn number(evidence: &alarm::Evidence) -> Option<f64> {
    evidence.value.as_number().filter(|number| number.is_finite())
}

fn unit(evidence: &alarm::Evidence) -> Option<String> {
    evidence.unit.as_str().map(str::to_owned)
}

impl Alarm {
    /// The alarm with the name and place of its source; a source without a place stands where its first member does.
    pub(crate) fn of(alarm: &alarm::Alarm, catalogue: &Catalogue) -> Self {
        let source = catalogue.get(&alarm.source).map(|(_, asset)| asset);
        let place = |id: &AssetId| catalogue.get(id).and_then(|(_, asset)| crate::live::anchor(asset));
        let at: Option<Position> =
            place(&alarm.source).or_else(|| alarm.members.iter().find_map(|member| place(&member.asset)));
        let text = &alarm.guidance;
        let moment = |time: model::Timestamp| time.to_rfc3339();
        Self {
            id: alarm.id.to_string(),
            rule: alarm.rule.to_string(),
            key: format!("{}/{}", alarm.rule, alarm.source),
            domain: alarm.domain.to_string(),
            priority: alarm.priority.rank(),
            state: alarm.state.into(),
            asset: Some(alarm.source.to_string()),
            asset_name: source.map_or_else(|| alarm.source.to_string(), |asset| asset.name.clone()),
            lon: at.map(Position::lon),
            lat: at.map(Position::lat),
            area: source.and_then(|asset| asset.area.clone()),
            title: (&text.title).into(),
            cause: (&text.cause).into(),
            consequence: (&text.consequence).into(),
            action: (&text.action).into(),
            respond_within_s: text.respond_within.map(|span| span.as_secs_f64()),
            value: number(&alarm.evidence),
            unit: unit(&alarm.evidence),
            limit: alarm.evidence.limit.filter(|limit| limit.is_finite()),
            metric: Some(alarm.evidence.metric.to_string()),
            raised: moment(alarm.raised),
            returned: alarm.returned.map(moment),
            acknowledged: alarm.acknowledged.map(moment),
            acknowledged_by: alarm.acknowledged_by.as_ref().map(ToString::to_string),
            note: alarm.note.clone(),
            member_count: alarm.members.len(),
            active_member_count: alarm.active_members(),
            first_out: alarm.members.first().map(|member| member.asset.to_string()),
            version: alarm.seq,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state != AlarmState::Normal
    }

    /// Whether `words` (lower case) are somewhere in what people read of it.
    pub(crate) fn mentions(&self, words: &str) -> bool {
        let texts = [
            Some(self.title.it.as_str()),
            Some(self.title.en.as_str()),
            Some(self.asset_name.as_str()),
            self.asset.as_deref(),
            self.area.as_deref(),
            Some(self.rule.as_str()),
        ];
        texts.into_iter().flatten().any(|text| text.to_lowercase().contains(words))
    }
}

impl AlarmDetail {
    pub(crate) fn of(alarm: &alarm::Alarm, facts: &[Fact], catalogue: &Catalogue) -> Self {
        let members = alarm.members.iter().map(|member| {
            let known = catalogue.get(&member.asset).map(|(_, asset)| asset);
            let at = known.and_then(|asset| crate::live::anchor(asset));
            AlarmMember {
                asset: member.asset.to_string(),
                name: known.map_or_else(|| member.asset.to_string(), |asset| asset.name.clone()),
                lon: at.map(Position::lon),
                lat: at.map(Position::lat),
                since: member.since.to_rfc3339(),
                value: number(&member.evidence),
                unit: unit(&member.evidence),
                active: member.left.is_none(),
            }
        });
        Self {
            alarm: Alarm::of(alarm, catalogue),
            members: members.collect(),
            journal: facts.iter().map(JournalEntry::of).collect(),
        }
    }
}

impl JournalEntry {
    fn of(fact: &Fact) -> Self {
        let evidence = match &fact.change {
            Change::Raised { evidence, .. } | Change::Reoccurred { evidence } => Some(evidence),
            Change::Returned { evidence } => evidence.as_ref(),
            Change::Joined(members) => members.first().map(|member| &member.evidence),
            Change::Left(_) | Change::Acknowledged { .. } => None,
        };
        let note = match &fact.change {
            Change::Acknowledged { note } => note.clone(),
            _ => None,
        };
        let actor = match &fact.actor {
            Actor::Person(user) => Some(user.to_string()),
            Actor::Engine => None,
        };
        Self {
            seq: fact.seq,
            time: fact.time.to_rfc3339(),
            kind: fact.change.as_str().into(),
            actor,
            note,
            value: evidence.and_then(number),
        }
    }
}
