//! The log: numbered segments to which whole groups of frames are added, each durable before anybody hears of it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::disk::{Disk, DiskFile};
use crate::metrics;

/// The first bytes of a segment.
const MAGIC: [u8; 8] = *b"SpecLog\n";
/// The format that this version writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 1;
/// Magic, format, number, good length of the segment before, checksum.
pub(super) const HEADER: usize = 8 + 4 + 8 + 8 + 4;
/// A segment of this size is followed by the next one: recovery holds one in memory.
const SEGMENT_BYTES: u64 = 64 << 20;

/// What a segment says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Its format.
    pub(super) format: u32,
    /// Its number.
    pub(super) number: u64,
    /// Up to where the segment before it counts; what is behind was never acknowledged.
    pub(super) before: u64,
}

impl Head {
    fn encode(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.format.to_le_bytes());
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.before.to_le_bytes());
        let checksum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The head of a segment, or `None` when these bytes are none.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..HEADER)?;
        let number = |from: usize| bytes[from..from + 8].try_into().ok().map(u64::from_le_bytes);
        let word = |from: usize| bytes[from..from + 4].try_into().ok().map(u32::from_le_bytes);
        let whole = bytes[..8] == MAGIC && word(28)? == crc32fast::hash(&bytes[..28]);
        whole.then_some(Self { format: word(8)?, number: number(12)?, before: number(20)? })
    }
}

/// The file of a segment.
pub(super) fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:016}.log"))
}

/// The segments in a folder with their sizes, in order.
pub(super) fn segments(folder: &Path) -> io::Result<Vec<(u64, u64)>> {
    let mut found = Vec::new();
    for entry in folder.read_dir()? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".log")).and_then(|number| number.parse().ok());
        if let Some(number) = number {
            // Removed between the listing and here: the owner has just shortened the log.
            if let Ok(about) = entry.metadata() {
                found.push((number, about.len()));
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

struct Open {
    number: u64,
    file: Box<dyn DiskFile>,
    length: u64,
}

/// The end of the log, to which one writer adds.
pub(super) struct Log {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    open: Option<Open>,
    /// The segments that are full or given up, with the length up to which each counts.
    closed: Vec<(u64, u64)>,
    next: u64,
}

impl Log {
    /// Continues behind what recovery found; the next append begins a new segment.
    pub(super) fn new(disk: Arc<dyn Disk>, folder: PathBuf, closed: Vec<(u64, u64)>, next: u64) -> Self {
        Self { disk, folder, open: None, closed, next }
    }

    /// Adds frames; when it returns they are durable. After an error nothing of them counts: the segment is given up at its last good
    /// byte, because nobody knows what a disk keeps of pages that it failed to write, and the next append begins another.
    pub(super) fn append(&mut self, frames: &[u8]) -> io::Result<()> {
        if self.open.as_ref().is_some_and(|open| open.length >= SEGMENT_BYTES) {
            self.close_segment();
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.begin()?,
        };
        let written = open.file.write_all(frames).and_then(|()| {
            let started = Instant::now();
            let synced = open.file.sync();
            metrics::fsync_took(started.elapsed());
            synced
        });
        match written {
            Ok(()) => {
                open.length += frames.len() as u64;
                self.open = Some(open);
                Ok(())
            }
            Err(error) => {
                // Best effort: the head of the next segment says the same, and counts.
                if let Err(cut) = open.file.cut(open.length) {
                    tracing::warn!(segment = open.number, error = %cut, "the end of a failed write cannot be cut off");
                }
                self.closed.push((open.number, open.length));
                Err(error)
            }
        }
    }

    fn begin(&mut self) -> io::Result<Open> {
        let number = self.next;
        let before = self.closed.last().map_or(0, |(_, length)| *length);
        let path = segment_path(&self.folder, number);
        let begun = self.disk.create(&path).and_then(|mut file| {
            file.write_all(&Head { format: FORMAT, number, before }.encode())?;
            file.sync()?;
            self.disk.sync_folder(&self.folder)?;
            Ok(file)
        });
        match begun {
            Ok(file) => {
                self.next += 1;
                Ok(Open { number, file, length: HEADER as u64 })
            }
            Err(error) => {
                // Nothing in it was acknowledged; if it stays, recovery finds a segment without frames.
                let _ = self.disk.remove(&path);
                Err(error)
            }
        }
    }

    fn close_segment(&mut self) {
        if let Some(open) = self.open.take() {
            self.closed.push((open.number, open.length));
        }
    }

    /// Ends the segment that is being written and returns the number below which everything was written before now.
    pub(super) fn rotate(&mut self) -> u64 {
        self.close_segment();
        self.next
    }

    /// Removes the segments below `floor`, which parts hold by now.
    pub(super) fn forget(&mut self, floor: u64) {
        self.closed.retain(|(number, _)| {
            if *number >= floor {
                return true;
            }
            if let Err(error) = self.disk.remove(&segment_path(&self.folder, *number)) {
                tracing::warn!(segment = number, %error, "an old log segment cannot be removed; the next start does it");
            }
            false
        });
    }

    /// Bytes that a restart would read.
    pub(super) fn bytes(&self) -> u64 {
        let closed: u64 = self.closed.iter().map(|(_, length)| length).sum();
        closed + self.open.as_ref().map_or(0, |open| open.length)
    }
}
