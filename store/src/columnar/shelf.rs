//! What the writer, the flush and every reader share: the tables, the board, and what was found damaged.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::archive::Archive;
use super::board::Board;
use super::disk::Disk;
use super::part::Part;
use super::recover::{Layout, set_part_aside};
use super::tables::{DayView, Tables};
use crate::{Gauges, Lost, metrics};

/// Readings in memory and on disk, ready to be read.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) layout: Layout,
    /// `None` when the folder belongs to another process.
    owner: Option<Arc<dyn Disk>>,
    tables: Mutex<Tables>,
    board: RwLock<Board>,
    lost: Mutex<Vec<Lost>>,
    /// Where parts go that leave.
    archive: Option<Arc<dyn Archive>>,
}

impl Shelf {
    pub(super) fn new(
        layout: Layout,
        owner: Option<Arc<dyn Disk>>,
        tables: Tables,
        board: Board,
        lost: Vec<Lost>,
    ) -> Self {
        let (tables, board, lost) = (Mutex::new(tables), RwLock::new(board), Mutex::new(lost));
        Self { layout, owner, tables, board, lost, archive: None }
    }

    /// The same shelf with an archive behind it.
    pub(super) fn before(self, archive: Option<Arc<dyn Archive>>) -> Self {
        Self { archive, ..self }
    }

    /// Where parts go that leave, if any do.
    pub(super) fn archive(&self) -> Option<&Arc<dyn Archive>> {
        self.archive.as_ref()
    }

    // A panic while one of these was held cannot leave them half changed in a way that matters more than going on.

    pub(super) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn board(&self) -> RwLockReadGuard<'_, Board> {
        self.board.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn board_mut(&self) -> RwLockWriteGuard<'_, Board> {
        self.board.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lost(&self) -> Vec<Lost> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Leaves out the parts whose file is not what was written. They are reported, and set aside if the folder is ours; the others go on
    /// serving. Blocks while a part is read for the first time.
    pub(super) fn only_sound(&self, view: &mut DayView) {
        view.parts.retain(|part| self.is_sound(part));
    }

    /// Whether a part can be read; one that cannot is taken out.
    pub(super) fn is_sound(&self, part: &Arc<Part>) -> bool {
        let detail = match part.is_sound() {
            Ok(true) => return true,
            Ok(false) => "its checksum is wrong".to_owned(),
            // A reader beside the owner asks again with the new manifest.
            Err(_) if self.owner.is_none() => return true,
            Err(error) => error.to_string(),
        };
        let known = {
            let mut tables = self.tables();
            let known = tables.parts().any(|other| Arc::ptr_eq(other, part));
            tables.remove_parts(&[part.about.number]);
            known
        };
        if known {
            self.report(part, &detail);
        }
        false
    }

    fn report(&self, part: &Part, detail: &str) {
        metrics::damaged();
        let file = part.path.strip_prefix(&self.layout.root).unwrap_or(&part.path).display().to_string();
        tracing::error!(%file, detail, readings = part.about.rows, "a part is damaged");
        if let Some(disk) = &self.owner
            && let Err(error) = set_part_aside(&**disk, &self.layout, &part.path)
        {
            tracing::warn!(%file, %error, "a damaged part cannot be set aside");
        }
        let detail = format!("{detail}; {} readings set aside in damaged/", part.about.rows);
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).push(Lost { file, detail });
    }

    /// How full it is; the log and the queue are the writer's.
    pub(super) fn gauges(&self) -> Gauges {
        let series = self.board().len() as u64;
        let tables = self.tables();
        let mut gauges = Gauges { memory_readings: tables.memory_rows() as u64, series, ..Gauges::default() };
        for part in tables.parts() {
            gauges.parts += 1;
            gauges.part_readings += part.about.rows;
            gauges.part_bytes += part.about.bytes;
        }
        gauges
    }
}
