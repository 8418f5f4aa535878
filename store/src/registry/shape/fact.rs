//! What happened to an alarm, as it is written. The kind of change stands in a column of its own.

use std::borrow::Cow;

use model::alarm::{Actor, Change, Evidence, Member, Priority};
use model::{AssetId, Domain, RuleId, Timestamp, UserName};
use serde::{Deserialize, Serialize};

use super::evidence::EvidenceShape;
use super::guidance::GuidanceShape;
use super::{Unread, to_text};

#[derive(Serialize, Deserialize)]
struct MemberShape<'a> {
    asset: Cow<'a, str>,
    since: i64,
    #[serde(borrow)]
    evidence: EvidenceShape<'a>,
}

#[derive(Serialize, Deserialize)]
struct RaisedShape<'a> {
    rule: Cow<'a, str>,
    rule_version: u64,
    source: Cow<'a, str>,
    domain: Cow<'a, str>,
    priority: Cow<'a, str>,
    #[serde(borrow)]
    guidance: GuidanceShape<'a>,
    evidence: EvidenceShape<'a>,
    members: Vec<MemberShape<'a>>,
}

#[derive(Serialize, Deserialize)]
struct JoinedShape<'a> {
    #[serde(borrow)]
    members: Vec<MemberShape<'a>>,
}

#[derive(Serialize, Deserialize)]
struct LeftShape<'a> {
    #[serde(borrow)]
    assets: Vec<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct ReturnedShape<'a> {
    #[serde(borrow)]
    evidence: Option<EvidenceShape<'a>>,
}

#[derive(Serialize, Deserialize)]
struct ReoccurredShape<'a> {
    #[serde(borrow)]
    evidence: EvidenceShape<'a>,
}

#[derive(Serialize, Deserialize)]
struct AcknowledgedShape<'a> {
    note: Option<Cow<'a, str>>,
}

impl<'a> From<&'a Member> for MemberShape<'a> {
    fn from(member: &'a Member) -> Self {
        Self {
            asset: Cow::Borrowed(member.asset.as_str()),
            since: member.since.as_nanos(),
            evidence: (&member.evidence).into(),
        }
    }
}

fn members(members: &[Member]) -> Vec<MemberShape<'_>> {
    members.iter().map(MemberShape::from).collect()
}

fn read_members(shapes: Vec<MemberShape<'_>>) -> Result<Vec<Member>, Unread> {
    let read = |shape: MemberShape<'_>| {
        let since = Timestamp::from_nanos(shape.since);
        Ok(Member { asset: AssetId::new(shape.asset)?, since, evidence: shape.evidence.try_into()? })
    };
    shapes.into_iter().map(read).collect()
}

/// What changed, without its kind ([`Change::as_str`]).
pub(in crate::registry) fn change_body(change: &Change) -> String {
    match change {
        Change::Raised { rule, rule_version, source, domain, priority, guidance, evidence, members: inside } => {
            to_text(&RaisedShape {
                rule: Cow::Borrowed(rule.as_str()),
                rule_version: *rule_version,
                source: Cow::Borrowed(source.as_str()),
                domain: Cow::Borrowed(domain.as_str()),
                priority: Cow::Borrowed(priority.as_str()),
                guidance: (&**guidance).into(),
                evidence: evidence.into(),
                members: members(inside),
            })
        }
        Change::Joined(inside) => to_text(&JoinedShape { members: members(inside) }),
        Change::Left(assets) => {
            to_text(&LeftShape { assets: assets.iter().map(|asset| Cow::Borrowed(asset.as_str())).collect() })
        }
        Change::Returned { evidence } => to_text(&ReturnedShape { evidence: evidence.as_ref().map(Into::into) }),
        Change::Reoccurred { evidence } => to_text(&ReoccurredShape { evidence: evidence.into() }),
        Change::Acknowledged { note } => to_text(&AcknowledgedShape { note: note.as_deref().map(Cow::Borrowed) }),
    }
}

/// Reads what [`change_body`] wrote.
pub(in crate::registry) fn read_change(kind: &str, format: i64, body: &str) -> Result<Change, Unread> {
    match (format, kind) {
        (1, "raised") => {
            let shape: RaisedShape<'_> = serde_json::from_str(body)?;
            Ok(Change::Raised {
                rule: RuleId::new(shape.rule)?,
                rule_version: shape.rule_version,
                source: AssetId::new(shape.source)?,
                domain: Domain::new(shape.domain)?,
                priority: shape.priority.parse::<Priority>()?,
                guidance: shape.guidance.into(),
                evidence: shape.evidence.try_into()?,
                members: read_members(shape.members)?,
            })
        }
        (1, "joined") => {
            let shape: JoinedShape<'_> = serde_json::from_str(body)?;
            Ok(Change::Joined(read_members(shape.members)?))
        }
        (1, "left") => {
            let shape: LeftShape<'_> = serde_json::from_str(body)?;
            Ok(Change::Left(shape.assets.into_iter().map(AssetId::new).collect::<Result<_, _>>()?))
        }
        (1, "returned") => {
            let shape: ReturnedShape<'_> = serde_json::from_str(body)?;
            Ok(Change::Returned { evidence: shape.evidence.map(Evidence::try_from).transpose()? })
        }
        (1, "reoccurred") => {
            let shape: ReoccurredShape<'_> = serde_json::from_str(body)?;
            Ok(Change::Reoccurred { evidence: shape.evidence.try_into()? })
        }
        (1, "acknowledged") => {
            let shape: AcknowledgedShape<'_> = serde_json::from_str(body)?;
            Ok(Change::Acknowledged { note: shape.note.map(Cow::into_owned) })
        }
        (1, other) => Err(format!("no change is called {other:?}").into()),
        (newer, _) => Err(Unread::Newer(newer)),
    }
}

const ENGINE: &str = "engine";
const PERSON: &str = "person:";

/// Who made it happen, as the journal has it.
pub(in crate::registry) fn actor_word(actor: &Actor) -> Cow<'static, str> {
    match actor {
        Actor::Engine => Cow::Borrowed(ENGINE),
        Actor::Person(user) => Cow::Owned(format!("{PERSON}{user}")),
    }
}

/// Reads what [`actor_word`] wrote.
pub(in crate::registry) fn read_actor(word: &str) -> Result<Actor, Unread> {
    match word.strip_prefix(PERSON) {
        Some(user) => Ok(Actor::Person(UserName::new(user)?)),
        None if word == ENGINE => Ok(Actor::Engine),
        None => Err(format!("no actor is called {word:?}").into()),
    }
}
