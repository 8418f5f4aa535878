//! A file of assets on the disk of this machine.

use std::path::Path;

use anyhow::{Context, anyhow, ensure};

use super::form::Form;

/// Largest file of assets in bytes: a million assets.
const LARGEST: u64 = 512 << 20;

/// The form and the text of a file of assets.
pub(crate) fn read_file(path: &Path) -> anyhow::Result<(Form, String)> {
    let form =
        Form::of(path).ok_or_else(|| anyhow!("{}: cannot tell its form; name it .csv or .geojson", path.display()))?;
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    ensure!(size <= LARGEST, "{} is larger than {LARGEST} bytes", path.display());
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok((form, text))
}
