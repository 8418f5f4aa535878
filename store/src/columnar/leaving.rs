//! The parts of a folder on their way to an archive: the oldest first, let go when it has them.

use std::sync::Arc;

use model::{Reading, Series, TenantId, Timestamp};

use super::flush::Parts;
use super::part::Part;
use super::rows::Rows;
use super::shelf::Shelf;
use crate::error::BoxError;

/// What an archive knows of a series that the folder does not.
pub(crate) struct Remembered {
    /// Which series.
    pub(crate) series: Arc<Series>,
    /// The latest time of any reading.
    pub(crate) latest: Timestamp,
    /// The newest reading that counts as such.
    pub(crate) newest: Option<Reading>,
}

/// A part that leaves.
pub(crate) struct Parcel {
    part: Arc<Part>,
}

impl Parcel {
    /// Its number, unique in the folder for ever.
    pub(crate) fn number(&self) -> u64 {
        self.part.about.number
    }

    /// Whose readings.
    pub(crate) fn tenant(&self) -> &TenantId {
        &self.part.tenant
    }

    /// Of which day, counted from 1970.
    pub(crate) fn day(&self) -> i32 {
        self.part.about.day
    }

    /// How many readings.
    pub(crate) fn count(&self) -> u64 {
        self.part.about.rows
    }

    /// Its readings, some tens of thousands at a time. Reads the disk.
    pub(crate) fn readings(&self) -> Result<impl Iterator<Item = Result<Vec<Reading>, BoxError>> + use<>, BoxError> {
        let tenant = self.part.tenant.clone();
        let mut last: Option<Arc<Series>> = None;
        Ok(self.part.read()?.map(move |batch| -> Result<Vec<Reading>, BoxError> {
            let batch = batch?;
            let rows = Rows::of(&batch).ok_or("a part has other columns")?;
            (0..rows.len())
                .map(|row| -> Result<Reading, BoxError> {
                    let (device, metric) = (rows.device.value(row), rows.metric.value(row));
                    let series = match &last {
                        Some(series) if series.device.as_str() == device && series.metric.as_str() == metric => {
                            Arc::clone(series)
                        }
                        _ => Arc::new(Series {
                            tenant: tenant.clone(),
                            device: model::DeviceId::new(device)?,
                            metric: model::MetricName::new(metric)?,
                        }),
                    };
                    last = Some(Arc::clone(&series));
                    Ok(rows.reading(row, &series))
                })
                .collect()
        }))
    }
}

/// The way out of a folder.
#[derive(Debug, Clone)]
pub(crate) struct Leaving {
    shelf: Arc<Shelf>,
    parts: Parts,
}

impl Leaving {
    pub(super) fn new(shelf: Arc<Shelf>, parts: Parts) -> Self {
        Self { shelf, parts }
    }

    /// The part that has waited for longest. One that is damaged is set aside and reported, and the next one is returned. Reads the disk.
    pub(crate) fn oldest(&self) -> Option<Parcel> {
        loop {
            let part = self.shelf.tables().parts().min_by_key(|part| part.about.number).cloned()?;
            match part.is_sound() {
                Err(error) => {
                    tracing::warn!(part = %part.path.display(), %error, "a part cannot be read now");
                    return None;
                }
                Ok(_) if self.shelf.is_sound(&part) => return Some(Parcel { part }),
                Ok(_) => {}
            }
        }
    }

    /// Lets go of a part that the archive has. When it returns the folder has forgotten it.
    pub(crate) fn let_go(&self, parcel: &Parcel) -> Result<(), BoxError> {
        self.parts.let_go(&parcel.part)
    }

    /// The folder is given back: no part leaves it any more.
    pub(crate) fn close(&self) {
        self.parts.close();
    }

    /// Parts that wait, and their bytes.
    pub(crate) fn waiting(&self) -> (u64, u64) {
        let tables = self.shelf.tables();
        tables.parts().fold((0, 0), |(parts, bytes), part| (parts + 1, bytes + part.about.bytes))
    }

    /// Numbers parts from here on, before the first one of this process: whatever the archive has of lower ones has left for good.
    pub(crate) fn begin_at(&self, number: u64) {
        self.parts.number_from(number);
        self.shelf.tables().numbered_below(number);
    }

    /// Numbers parts from here on.
    pub(crate) fn number_from(&self, number: u64) {
        self.parts.number_from(number);
    }

    /// Whether the folder knows a series.
    pub(crate) fn knows(&self, series: &Series) -> bool {
        self.shelf.board().number(series).is_some()
    }

    /// Learns of series that only the archive knew.
    pub(crate) fn learn(&self, remembered: Vec<Remembered>) {
        let mut board = self.shelf.board_mut();
        for Remembered { series, latest, newest } in remembered {
            let number = board.number_or_new(&series);
            if let Some(newest) = &newest {
                board.note(number, newest);
            }
            board.note_latest(number, latest);
        }
    }
}
