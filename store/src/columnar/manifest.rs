//! The manifest: which parts count, and where the log begins to count.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disk::{Disk, replace};
use super::part::About;
use crate::error::BoxError;
use crate::{Error, Result};

/// The format that this version writes, and the newest that it reads.
const FORMAT: u32 = 1;
const MAGIC: &str = "specola-manifest";

/// What counts. Written as a whole; the file is one line with format and checksum, then JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// How often it was written.
    pub(super) generation: u64,
    /// The generation whose parts the file of newest values must know.
    pub(super) newest: u64,
    /// The first log segment that holds readings which are in no part.
    pub(super) log_floor: u64,
    /// The number of the next part.
    pub(super) next_part: u64,
    /// The parts.
    pub(super) parts: Vec<About>,
}

/// What was found where the manifest should be.
#[derive(Debug)]
pub(super) enum Found {
    /// A manifest.
    Whole(Manifest),
    /// None: the folder is new.
    Nothing,
    /// Something that is none.
    Damaged(String),
}

/// The file of the manifest.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join("manifest")
}

impl Manifest {
    /// Makes it the one that counts.
    pub(super) fn write(&self, disk: &dyn Disk, folder: &Path) -> Result<(), BoxError> {
        let body = serde_json::to_string_pretty(self)?;
        let checksum = crc32fast::hash(body.as_bytes());
        replace(disk, &path(folder), format!("{MAGIC} {FORMAT} {checksum:08x}\n{body}\n").as_bytes())?;
        Ok(())
    }

    /// Reads the one that counts.
    pub(super) fn read(folder: &Path) -> Result<Found> {
        let path = path(folder);
        let text = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(Error::unreachable(format!("reading {}", path.display()), error)),
        };
        let Ok(text) = String::from_utf8(text) else { return Ok(Found::Damaged("it is no text".into())) };
        let Some((head, body)) = text.split_once('\n') else { return Ok(Found::Damaged("it ends too early".into())) };
        let words: Vec<&str> = head.split(' ').collect();
        let [MAGIC, format, checksum] = words[..] else { return Ok(Found::Damaged("its first line is wrong".into())) };
        let body = body.trim_end_matches('\n');
        if u32::from_str_radix(checksum, 16).ok() != Some(crc32fast::hash(body.as_bytes())) {
            return Ok(Found::Damaged("its checksum is wrong".into()));
        }
        match format.parse() {
            Ok(FORMAT) => {}
            Ok(found) if found > FORMAT => return Err(Error::Newer { path, found, known: FORMAT }),
            _ => return Ok(Found::Damaged("its format is unknown".into())),
        }
        Ok(serde_json::from_str(body).map_or_else(|error| Found::Damaged(error.to_string()), Found::Whole))
    }
}

#[cfg(test)]
mod tests {
    use super::super::disk::RealDisk;
    use super::*;

    #[test]
    fn a_manifest_with_any_byte_changed_is_found_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = Manifest { generation: 7, newest: 6, log_floor: 3, next_part: 9, parts: Vec::new() };
        manifest.write(&RealDisk, folder.path()).unwrap();
        assert!(matches!(Manifest::read(folder.path()).unwrap(), Found::Whole(found) if found == manifest));
        let good = fs::read(path(folder.path())).unwrap();
        for at in 0..good.len() - 1 {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            fs::write(path(folder.path()), &bad).unwrap();
            match Manifest::read(folder.path()) {
                Ok(Found::Damaged(_)) | Err(Error::Newer { .. }) => {}
                other => panic!("byte {at} changed and yet {other:?}"),
            }
        }
    }

    #[test]
    fn a_manifest_of_a_newer_version_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let checksum = crc32fast::hash(b"{}");
        fs::write(path(folder.path()), format!("specola-manifest 2 {checksum:08x}\n{{}}\n")).unwrap();
        assert!(matches!(Manifest::read(folder.path()), Err(Error::Newer { found: 2, .. })));
    }
}
