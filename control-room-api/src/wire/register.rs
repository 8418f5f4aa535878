//! Changes of the register of assets as they cross the wire.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Changes told in one answer at most; the counts are always whole.
pub(crate) const TOLD: usize = 10_000;

/// How a file of assets is taken.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// Only tells what would change.
    pub(crate) dry_run: bool,
    /// Retires the assets that the file does not name.
    pub(crate) retire_missing: bool,
}

/// In which form assets are given out.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// csv or geojson (default).
    pub(crate) format: Option<String>,
}

/// Which quarantined assets are approved: exactly one of these.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Approve {
    pub(crate) ids: Option<Vec<String>>,
    pub(crate) class: Option<String>,
    pub(crate) all: bool,
}

/// Which changes.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangesQuery {
    /// Only those of this asset.
    pub(crate) asset: Option<String>,
    /// Only those with a smaller number: to go on where a page has ended.
    pub(crate) before: Option<i64>,
    /// How many at most: 1 to 1000, default 100.
    pub(crate) limit: Option<usize>,
}

/// A change that was written down.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegisterEntry {
    number: i64,
    #[schema(format = DateTime)]
    at: String,
    /// A person, or the part of the program that does it by itself.
    who: String,
    /// By which act: import, approve, set-life, first sight, ...
    act: String,
    change: AssetChange,
}

/// What was changed, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegisterEntries {
    items: Vec<RegisterEntry>,
    /// `before` for the next page; null when this was the last one.
    next: Option<i64>,
}

/// The stage of life that an asset enters.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stage {
    /// planned, installed, in-service, out-of-service, retired or quarantined.
    pub(crate) stage: String,
}

/// One field that is different; empty texts stand for nothing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldChange {
    field: String,
    before: String,
    after: String,
}

/// What became of one asset.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssetChange {
    id: String,
    /// added, changed or retired.
    what: String,
    fields: Vec<FieldChange>,
}

/// What became, or would become, of the register.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssetReport {
    added: usize,
    changed: usize,
    retired: usize,
    unchanged: usize,
    /// Assets that the file does not name and that stay.
    missing: usize,
    /// The first 10,000 changes.
    changes: Vec<AssetChange>,
}

impl AssetChange {
    fn of(change: crate::AssetChange) -> Self {
        let field = |one: crate::FieldChange| FieldChange { field: one.field, before: one.before, after: one.after };
        Self { id: change.id, what: change.what.to_owned(), fields: change.fields.into_iter().map(field).collect() }
    }
}

impl RegisterEntries {
    pub(crate) fn of(entries: Vec<crate::RegisterEntry>, limit: usize) -> Self {
        let next = if entries.len() == limit { entries.last().map(|last| last.number) } else { None };
        let entry = |one: crate::RegisterEntry| RegisterEntry {
            number: one.number,
            at: one.at.to_rfc3339(),
            who: one.who,
            act: one.act,
            change: AssetChange::of(one.change),
        };
        Self { items: entries.into_iter().map(entry).collect(), next }
    }
}

impl AssetReport {
    pub(crate) fn of(report: crate::AssetReport) -> Self {
        Self {
            added: report.added,
            changed: report.changed,
            retired: report.retired,
            unchanged: report.unchanged,
            missing: report.missing,
            changes: report.changes.into_iter().take(TOLD).map(AssetChange::of).collect(),
        }
    }
}
