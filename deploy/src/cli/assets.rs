//! What `specola assets` can be asked.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use model::{AssetClass, AssetId, Lifecycle, UserName};

use super::format::Format;
use super::place::Place;

#[derive(Debug, Subcommand)]
pub(crate) enum Assets {
    /// Adds and changes assets by a CSV or GeoJSON file, all or none, and prints what is different
    Import(ImportAssets),
    /// Writes all assets as CSV or GeoJSON; what is exported and imported again changes nothing
    Export(ExportAssets),
    /// Lists assets
    List(ListAssets),
    /// Lists what was changed, by whom and when
    Audit(AuditAssets),
    /// Brings quarantined assets into service
    Approve(ApproveAssets),
    /// Brings an asset into a stage of its life: planned, installed, in-service, out-of-service, retired, quarantined
    SetLife(SetLife),
}

/// Which register, and by which way.
#[derive(Debug, Args)]
pub(crate) struct Register {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Where a running server answers; by default where the configuration says
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The administrator in whose name a running server is asked; by default the first one
    #[arg(long = "as", value_name = "USER")]
    pub(crate) user: Option<UserName>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportAssets {
    /// The file; its name ends in .csv, .geojson or .json
    pub(crate) file: PathBuf,
    /// Only prints what would change
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Retires the assets that the file does not name
    #[arg(long)]
    pub(crate) retire_missing: bool,
    #[command(flatten)]
    pub(crate) register: Register,
}

#[derive(Debug, Args)]
pub(crate) struct ExportAssets {
    /// How to write
    #[arg(long, value_enum, default_value_t = AssetFormat::Geojson)]
    pub(crate) format: AssetFormat,
    /// Writes to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) register: Register,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AssetFormat {
    /// Comma-separated, one asset a row
    Csv,
    /// GeoJSON, one asset a feature
    Geojson,
}

#[derive(Debug, Args)]
pub(crate) struct ListAssets {
    /// Only those that were heard of and wait for approval
    #[arg(long)]
    pub(crate) quarantined: bool,
    /// Only those of this class
    #[arg(long, value_name = "CLASS")]
    pub(crate) class: Option<String>,
    #[command(flatten)]
    pub(crate) register: Register,
}

#[derive(Debug, Args)]
pub(crate) struct AuditAssets {
    /// Only changes of this asset
    #[arg(long, value_name = "ID")]
    pub(crate) asset: Option<AssetId>,
    /// Changes at most, the newest first
    #[arg(long, default_value_t = 100, value_name = "CHANGES")]
    pub(crate) limit: usize,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) register: Register,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["ids", "class", "all"]))]
pub(crate) struct ApproveAssets {
    /// The ids of the assets
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<AssetId>,
    /// All of this class that wait
    #[arg(long, value_name = "CLASS")]
    pub(crate) class: Option<AssetClass>,
    /// All that wait
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) register: Register,
}

#[derive(Debug, Args)]
pub(crate) struct SetLife {
    /// The id of the asset
    pub(crate) id: AssetId,
    /// planned, installed, in-service, out-of-service, retired or quarantined
    #[arg(value_parser = stage)]
    pub(crate) stage: Lifecycle,
    #[command(flatten)]
    pub(crate) register: Register,
}

fn stage(word: &str) -> Result<Lifecycle, String> {
    Lifecycle::from_word(word).ok_or_else(|| {
        format!("{word:?} is no stage of life; write {}", Lifecycle::ALL.map(Lifecycle::as_str).join(", "))
    })
}
