//! The forms in which a file can hold assets.

use std::path::Path;

use model::Asset;

use super::draft::Draft;
use super::mistake::Mistakes;
use super::{geojson, table};

/// The form of a file of assets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Comma-separated, one asset a row.
    Csv,
    /// GeoJSON, one asset a feature.
    GeoJson,
}

impl Form {
    /// The form that the name of a file tells.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "geojson" | "json" => Some(Self::GeoJson),
            _ => None,
        }
    }

    /// What a text says about assets.
    pub(crate) fn read(self, text: &str) -> Result<Vec<Draft>, Mistakes> {
        // Spreadsheets put a byte order mark in front.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match self {
            Self::Csv => table::read(text),
            Self::GeoJson => geojson::read(text),
        }
    }

    /// Assets as a text that reads back as the same.
    pub(crate) fn write(self, assets: &[Asset]) -> String {
        match self {
            Self::Csv => table::write(assets),
            Self::GeoJson => geojson::write(assets),
        }
    }
}
