//! The newest values on disk, so that a start does not read every part.

use std::fs;
use std::io::{Cursor, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, StringViewBuilder, TimestampNanosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::CompressionType;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
use model::{DeviceId, MetricName, Quality, Reading, Series, TenantId, Timestamp, Unit, Value};

use super::board::{Board, Known};
use super::disk::{Disk, replace};
use super::rows::{Builder, Rows, times};
use super::schema::{SCHEMA, time_type};
use crate::error::BoxError;

const MAGIC: [u8; 8] = *b"SpecNew\n";
const FORMAT: u32 = 1;
/// Magic, format, generation of the manifest, checksum of the rest.
const HEADER: usize = 8 + 4 + 8 + 4;
/// Series that are written in one go: bounds the memory of one batch.
const CHUNK: usize = 65_536;

/// The file of newest values.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join("newest")
}

/// The columns of readings, and before them whose, whether there is a newest reading at all, and the latest time of any.
fn schema() -> SchemaRef {
    let mut fields = vec![
        Field::new("tenant", DataType::Utf8View, false),
        Field::new("counts", DataType::Boolean, false),
        Field::new("latest", time_type(), false),
    ];
    fields.extend(SCHEMA.fields().iter().map(|field| field.as_ref().clone()));
    Arc::new(Schema::new(fields))
}

fn batch(known: &[Known]) -> Result<RecordBatch, BoxError> {
    let mut tenants = StringViewBuilder::with_capacity(known.len()).with_deduplicate_strings();
    let mut readings = Builder::new(known.len());
    for known in known {
        tenants.append_value(known.series.tenant.as_str());
        match &known.newest {
            Some(reading) => readings.push(reading),
            None => readings.push(&Reading {
                series: Arc::clone(&known.series),
                time: known.latest,
                received: known.latest,
                value: Value::Gap,
                unit: Unit::NONE,
                quality: Quality::Bad,
            }),
        }
    }
    let counts: BooleanArray = known.iter().map(|known| Some(known.newest.is_some())).collect();
    let latest = times(known.iter().map(|known| known.latest.as_nanos()).collect());
    let mut columns: Vec<ArrayRef> = vec![Arc::new(tenants.finish()), Arc::new(counts), Arc::new(latest)];
    columns.extend(readings.finish().columns().iter().cloned());
    Ok(RecordBatch::try_new(schema(), columns)?)
}

/// Writes all series. The file counts for manifests up to `generation`.
pub(super) fn write(disk: &dyn Disk, folder: &Path, generation: u64, known: &[Known]) -> Result<(), BoxError> {
    let mut bytes = Vec::with_capacity(HEADER + known.len() * 64);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&generation.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
    let mut writer = StreamWriter::try_new_with_options(&mut bytes, &schema(), options)?;
    for chunk in known.chunks(CHUNK) {
        writer.write(&batch(chunk)?)?;
    }
    writer.finish()?;
    drop(writer);
    let checksum = crc32fast::hash(&bytes[HEADER..]) ^ crc32fast::hash(&bytes[..HEADER - 4]);
    bytes[HEADER - 4..HEADER].copy_from_slice(&checksum.to_le_bytes());
    replace(disk, &path(folder), &bytes)?;
    Ok(())
}

/// Reads the file. `Ok(None)` when there is none that counts for a manifest of `generation`; an error when it is damaged.
pub(super) fn read(folder: &Path, generation: u64) -> Result<Option<Board>, BoxError> {
    let bytes = match fs::read(path(folder)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let head = bytes.get(..HEADER).filter(|head| head[..8] == MAGIC).ok_or("its first bytes are wrong")?;
    let word = |at: usize| head[at..at + 4].try_into().map(u32::from_le_bytes);
    if word(20)? != crc32fast::hash(&bytes[HEADER..]) ^ crc32fast::hash(&bytes[..HEADER - 4]) {
        return Err("its checksum is wrong".into());
    }
    if word(8)? != FORMAT || u64::from_le_bytes(head[12..20].try_into()?) < generation {
        return Ok(None);
    }
    let mut board = Board::default();
    for batch in StreamReader::try_new(Cursor::new(&bytes[HEADER..]), None)? {
        take(&mut board, &batch?).ok_or("its columns are wrong")??;
    }
    Ok(Some(board))
}

fn take(board: &mut Board, batch: &RecordBatch) -> Option<Result<(), BoxError>> {
    let column = |at: usize| batch.columns().get(at).map(|column| column.as_any());
    let tenants: &arrow::array::StringViewArray = column(0)?.downcast_ref()?;
    let counts: &BooleanArray = column(1)?.downcast_ref()?;
    let latest: &TimestampNanosecondArray = column(2)?.downcast_ref()?;
    let readings = batch.project(&(3..batch.num_columns()).collect::<Vec<_>>()).ok()?;
    let rows = Rows::of(&readings)?;
    let mut take_row = |row: usize| -> Result<(), BoxError> {
        let series = Arc::new(Series {
            tenant: TenantId::new(tenants.value(row))?,
            device: DeviceId::new(rows.device.value(row))?,
            metric: MetricName::new(rows.metric.value(row))?,
        });
        let number = board.number_or_new(&series);
        if counts.value(row) {
            board.note(number, &rows.reading(row, &series));
        }
        board.note_latest(number, Timestamp::from_nanos(latest.value(row)));
        Ok(())
    };
    Some((0..tenants.len()).try_for_each(&mut take_row))
}
