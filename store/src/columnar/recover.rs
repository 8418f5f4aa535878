//! Brings back after a stop or a crash what was kept: parts by the manifest, the rest by the log, newest values by both.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use model::TenantId;

use super::board::Board;
use super::disk::Disk;
use super::frame::{self, Stretch};
use super::keys::{Keys, Numbers};
use super::log::{self, Head};
use super::manifest::{self, Manifest};
use super::newest_file;
use super::part::{self, Part};
use super::rows::Rows;
use super::tables::Tables;
use crate::error::BoxError;
use crate::{Error, Lost, Result, metrics};

/// Whether the folder is ours to tidy up.
pub(super) enum Access<'a> {
    /// We hold the lock: leftovers go, damage is set aside.
    Owner(&'a dyn Disk),
    /// Another process may be writing: nothing is touched.
    Reader,
}

/// What there was.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) board: Board,
    pub(super) tables: Tables,
    /// What the manifest said; its list of parts is in `tables`.
    pub(super) manifest: Manifest,
    /// The log segments with the length up to which each counts.
    pub(super) log: Vec<(u64, u64)>,
    /// The number of the next log segment.
    pub(super) next_segment: u64,
    pub(super) lost: Vec<Lost>,
}

/// The folders and files of the engine.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) root: PathBuf,
}

impl Layout {
    pub(super) fn log(&self) -> PathBuf {
        self.root.join("log")
    }

    pub(super) fn parts(&self) -> PathBuf {
        self.root.join("parts")
    }

    pub(super) fn damaged(&self) -> PathBuf {
        self.root.join("damaged")
    }
}

struct Recovery<'a> {
    layout: &'a Layout,
    access: Access<'a>,
    lost: Vec<Lost>,
}

/// Reads the folder. Damage never stops it: what is damaged is set aside and reported.
pub(super) fn recover(layout: &Layout, access: Access<'_>) -> Result<Recovered> {
    let started = Instant::now();
    let mut recovery = Recovery { layout, access, lost: Vec::new() };
    let recovered =
        recovery.run().map(|recovered| Recovered { lost: std::mem::take(&mut recovery.lost), ..recovered })?;
    metrics::recovered(started.elapsed());
    for lost in &recovered.lost {
        tracing::error!(file = %lost.file, detail = %lost.detail, "something kept is damaged");
    }
    let (readings, series) = (recovered.tables.memory_rows(), recovered.board.len());
    tracing::info!(readings, series, parts = recovered.tables.parts().count(), took = ?started.elapsed(), "recovered");
    Ok(recovered)
}

impl Recovery<'_> {
    fn run(&mut self) -> Result<Recovered> {
        let (mut manifest, rebuilt) = match Manifest::read(&self.layout.root)? {
            manifest::Found::Whole(manifest) => (manifest, false),
            manifest::Found::Nothing if !self.has_parts() => (Manifest::default(), false),
            manifest::Found::Nothing => (self.rebuild("it is missing")?, true),
            manifest::Found::Damaged(detail) => (self.rebuild(&detail)?, true),
        };
        let mut tables = Tables::default();
        for about in std::mem::take(&mut manifest.parts) {
            if let Some(part) = self.part(about) {
                tables.add_part(Arc::new(part));
            }
        }
        tables.numbered_below(manifest.next_part);
        self.remove_leftovers(&manifest, &tables, rebuilt)?;
        let mut board = match newest_file::read(&self.layout.root, manifest.newest) {
            Ok(Some(board)) if !rebuilt => board,
            Ok(_) => board_from_parts(&tables),
            Err(error) => {
                self.lost(newest_file::path(&self.layout.root), format!("{error}; computed again from the parts"));
                board_from_parts(&tables)
            }
        };
        let (log, next_segment) = self.replay(&manifest, &mut tables, &mut board, rebuilt)?;
        Ok(Recovered { board, tables, manifest, log, next_segment, lost: Vec::new() })
    }

    fn lost(&mut self, file: impl AsRef<Path>, detail: String) {
        metrics::damaged();
        let file = file.as_ref();
        let file = file.strip_prefix(&self.layout.root).unwrap_or(file).display().to_string();
        self.lost.push(Lost { file, detail });
    }

    /// Keeps damaged bytes for whoever wants to look at them.
    fn set_aside(&self, name: &str, bytes: &[u8]) {
        let Access::Owner(disk) = &self.access else { return };
        let folder = self.layout.damaged();
        let kept = disk.create_folder(&folder).and_then(|()| super::disk::replace(*disk, &folder.join(name), bytes));
        if let Err(error) = kept {
            tracing::warn!(%name, %error, "damaged bytes cannot be set aside");
        }
    }

    fn has_parts(&self) -> bool {
        !part_files(&self.layout.parts()).is_empty()
    }

    /// Without a manifest each part tells what it is; parts that others replaced do not count. Which parts the last flush had finished
    /// is not known, so the log is checked against them reading by reading.
    fn rebuild(&mut self, detail: &str) -> Result<Manifest> {
        self.lost(manifest::path(&self.layout.root), format!("{detail}; put together again from the parts"));
        if let Ok(bytes) = fs::read(manifest::path(&self.layout.root)) {
            self.set_aside("manifest", &bytes);
        }
        let mut parts = Vec::new();
        for path in part_files(&self.layout.parts()) {
            match Part::from_file(&path) {
                Ok(part) => parts.push(part.about.clone()),
                Err(error) => self.put_part_aside(&path, &error.to_string()),
            }
        }
        let replaced: HashSet<u64> = parts.iter().flat_map(|part| part.replaces.iter().copied()).collect();
        parts.retain(|part| !replaced.contains(&part.number));
        let next_part = parts.iter().map(|part| part.number).chain(replaced).max().map_or(1, |number| number + 1);
        Ok(Manifest { generation: 0, newest: 0, log_floor: 0, next_part, parts })
    }

    fn part(&mut self, about: part::About) -> Option<Part> {
        let path = self.layout.parts().join(part::place(&about.tenant, about.day, about.number));
        let found = fs::metadata(&path).map(|file| file.len());
        match found {
            Ok(bytes) if bytes == about.bytes => {
                TenantId::new(&about.tenant).ok().map(|tenant| Part::new(about, tenant, path))
            }
            Ok(bytes) => {
                self.put_part_aside(
                    &path,
                    &format!("it has {bytes} bytes instead of {}, {} readings", about.bytes, about.rows),
                );
                None
            }
            Err(error) => {
                self.lost(&path, format!("{error}; {} readings are missing", about.rows));
                None
            }
        }
    }

    fn put_part_aside(&mut self, path: &Path, detail: &str) {
        self.lost(path, format!("{detail}; set aside in damaged/"));
        if let Access::Owner(disk) = &self.access
            && let Err(error) = set_part_aside(*disk, self.layout, path)
        {
            tracing::warn!(part = %path.display(), %error, "a damaged part cannot be set aside");
        }
    }

    /// Removes what a crash left behind: unfinished files, parts that no manifest names, log segments that parts hold by now.
    fn remove_leftovers(&mut self, manifest: &Manifest, tables: &Tables, rebuilt: bool) -> Result<()> {
        let Access::Owner(disk) = &self.access else { return Ok(()) };
        let context = |path: &Path| format!("removing {}", path.display());
        let named: HashSet<PathBuf> = tables.parts().map(|part| part.path.clone()).collect();
        let orphans = part_files(&self.layout.parts()).into_iter().filter(|path| !named.contains(path));
        let drafts = drafts(&self.layout.root).into_iter().chain(drafts(&self.layout.parts()));
        for path in orphans.chain(drafts) {
            disk.remove(&path).map_err(|error| Error::unreachable(context(&path), error))?;
        }
        if !rebuilt {
            for (number, _) in self.segments()?.into_iter().filter(|(number, _)| *number < manifest.log_floor) {
                let path = log::segment_path(&self.layout.log(), number);
                disk.remove(&path).map_err(|error| Error::unreachable(context(&path), error))?;
            }
        }
        Ok(())
    }

    fn segments(&self) -> Result<Vec<(u64, u64)>> {
        match log::segments(&self.layout.log()) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            other => other.map_err(|error| Error::unreachable("listing the log", error)),
        }
    }

    /// Reads the log behind the parts. Returns the segments with their good lengths, and the number of the next one.
    fn replay(
        &mut self,
        manifest: &Manifest,
        tables: &mut Tables,
        board: &mut Board,
        check: bool,
    ) -> Result<(Vec<(u64, u64)>, u64)> {
        let mut segments: Vec<(u64, Head, Vec<u8>)> = Vec::new();
        let mut good: Vec<(u64, u64)> = Vec::new();
        let mut known = Duplicates::new(check);
        for (number, _) in self.segments()?.into_iter().filter(|(number, _)| *number >= manifest.log_floor) {
            let path = log::segment_path(&self.layout.log(), number);
            let bytes =
                fs::read(&path).map_err(|error| Error::unreachable(format!("reading {}", path.display()), error))?;
            let head = Head::decode(&bytes);
            if let Some(head) = head
                && head.format > log::FORMAT
            {
                return Err(Error::Newer { path, found: head.format, known: log::FORMAT });
            }
            let head = head.unwrap_or(Head { format: 0, number, before: u64::MAX });
            // The segment before is read only now, because this one knows how much of it counts.
            if let Some((before, its_head, its_bytes)) = segments.pop() {
                good.push((
                    before,
                    self.segment(before, its_head, &its_bytes, Some(head.before), tables, board, &mut known),
                ));
            }
            segments.push((number, head, bytes));
        }
        if let Some((number, head, bytes)) = segments.pop() {
            good.push((number, self.segment(number, head, &bytes, None, tables, board, &mut known)));
        }
        let next = good.last().map_or(manifest.log_floor, |(number, _)| number + 1).max(1);
        Ok((good, next))
    }

    /// Takes the frames of one segment and returns up to where it counts. `counts` is what the next segment says of it.
    #[expect(clippy::too_many_arguments, reason = "one place of call")]
    fn segment(
        &mut self,
        number: u64,
        head: Head,
        bytes: &[u8],
        counts: Option<u64>,
        tables: &mut Tables,
        board: &mut Board,
        known: &mut Duplicates,
    ) -> u64 {
        let path = log::segment_path(&self.layout.log(), number);
        let last = counts.is_none();
        if head.format == 0 && !(last && bytes.len() <= log::HEADER) {
            self.lost(&path, "its first bytes are wrong; read on".into());
        }
        let counted = counts.and_then(|counts| usize::try_from(counts).ok()).unwrap_or(usize::MAX);
        if counted != usize::MAX && bytes.len() < counted {
            self.lost(&path, format!("{} bytes at the end are missing", counted - bytes.len()));
        }
        let bytes = &bytes[..bytes.len().min(counted)];
        let mut end = bytes.len().min(log::HEADER);
        for stretch in frame::scan(bytes, log::HEADER) {
            match stretch {
                Stretch::Frame(range) => match frame::decode(&bytes[range.clone()]) {
                    Ok((tenant, batch)) => {
                        end = range.end;
                        known.apply(tables, board, &tenant, batch);
                    }
                    Err(error) => self.lost(&path, format!("bytes {range:?} cannot be read: {error}")),
                },
                // What an interrupted write leaves at the very end was never acknowledged.
                Stretch::Damage { range, altered: false } if last && range.end == bytes.len() => {
                    tracing::warn!(segment = number, bytes = range.len(), "an unfinished write was cut off");
                }
                Stretch::Damage { range, .. } => {
                    self.set_aside(&format!("log-{number:016}-{}", range.start), &bytes[range.clone()]);
                    self.lost(
                        &path,
                        format!("bytes {} to {} are damaged; set aside in damaged/", range.start, range.end),
                    );
                    if range.end < bytes.len() || counts.is_some() {
                        end = range.end;
                    }
                }
            }
        }
        // A segment that the next one follows keeps its length: what is missing or damaged is reported again at the next start.
        counts.filter(|counts| *counts != u64::MAX).unwrap_or(end as u64)
    }
}

/// Applies the log; after a lost manifest it leaves out what parts hold already.
struct Duplicates {
    check: bool,
    days: std::collections::HashMap<super::tables::DayKey, Keys>,
}

impl Duplicates {
    fn new(check: bool) -> Self {
        Self { check, days: std::collections::HashMap::new() }
    }

    fn apply(&mut self, tables: &mut Tables, board: &mut Board, tenant: &TenantId, batch: arrow::array::RecordBatch) {
        let Some(first) = Rows::of(&batch).filter(|rows| rows.len() > 0).map(|rows| rows.time(0)) else { return };
        let key = (tenant.clone(), first.day());
        let batch = if self.check {
            match self.fresh(tables, board, &key, &batch) {
                Some(batch) => batch,
                None => return,
            }
        } else {
            batch
        };
        note_batch(&mut Numbers::new(board), tenant, &batch);
        tables.push(key, batch);
    }

    fn fresh(
        &mut self,
        tables: &Tables,
        board: &mut Board,
        key: &super::tables::DayKey,
        batch: &arrow::array::RecordBatch,
    ) -> Option<arrow::array::RecordBatch> {
        let mut numbers = Numbers::new(board);
        let keys = self.days.entry(key.clone()).or_insert_with(|| {
            let mut keys = Keys::default();
            for part in tables.day(key).parts {
                for batch in part.read().into_iter().flatten().flatten() {
                    keys.insert_batch(&key.0, &batch, &mut numbers);
                }
            }
            keys
        });
        let rows = Rows::of(batch)?;
        let mut fresh = Vec::with_capacity(rows.len());
        for row in 0..rows.len() {
            let number = numbers.of_row(&key.0, &rows, row);
            let new = keys.find(number, rows.time(row)).is_none();
            if new {
                keys.insert(number, rows.time(row), rows.mark(row));
            }
            fresh.push(new);
        }
        let kept = arrow::compute::filter_record_batch(batch, &fresh.into()).ok()?;
        (kept.num_rows() > 0).then_some(kept)
    }
}

/// Takes the rows of a batch into account on the board.
fn note_batch(numbers: &mut Numbers<'_>, tenant: &TenantId, batch: &arrow::array::RecordBatch) {
    let Some(rows) = Rows::of(batch) else { return };
    for row in 0..rows.len() {
        let number = numbers.of_row(tenant, &rows, row);
        let board = numbers.board();
        if board.would_note(number, rows.time(row)) {
            let series = Arc::clone(&board.known(number).series);
            board.note(number, &rows.reading(row, &series));
        }
    }
}

fn board_from_parts(tables: &Tables) -> Board {
    let mut board = Board::default();
    for part in tables.parts() {
        if !part.is_sound().unwrap_or(false) {
            continue;
        }
        for batch in part.read().into_iter().flatten().flatten() {
            note_batch(&mut Numbers::new(&mut board), &part.tenant, &batch);
        }
    }
    board
}

/// Moves a part out of the way of queries.
pub(super) fn set_part_aside(disk: &dyn Disk, layout: &Layout, path: &Path) -> Result<(), BoxError> {
    let folder = layout.damaged();
    disk.create_folder(&folder)?;
    let name = path.strip_prefix(layout.parts()).unwrap_or(path).display().to_string().replace('/', "-");
    disk.rename(path, &folder.join(name))?;
    Ok(())
}

fn files(folder: &Path, depth: usize, wanted: &dyn Fn(&Path) -> bool, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && depth > 0 {
            files(&path, depth - 1, wanted, found);
        } else if wanted(&path) {
            found.push(path);
        }
    }
}

/// All part files: tenant, day, number.
fn part_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(folder, 2, &|path| path.extension().is_some_and(|kind| kind == "parquet"), &mut found);
    found.sort();
    found
}

/// Unfinished files of the engine.
fn drafts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let depth = if folder.ends_with("parts") { 2 } else { 0 };
    files(folder, depth, &|path| path.extension().is_some_and(|kind| kind == "tmp"), &mut found);
    found
}
