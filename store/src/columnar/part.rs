//! A part: readings of one day of one tenant, sorted, in one Parquet file that never changes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use arrow::array::{BooleanArray, RecordBatch, StringViewArray, TimestampNanosecondArray};
use arrow::compute::and;
use arrow::compute::kernels::cmp::{eq, gt_eq, lt};
use arrow::error::ArrowError;
use model::{DeviceId, MetricName, TenantId, Timestamp, Window};
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowFilter,
};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, PageIndexPolicy, RowGroupMetaData, SortingColumn};
use parquet::file::properties::WriterProperties;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};

use super::disk::{Disk, DiskFile, unfinished};
use super::order::GROUP_ROWS;
use super::rows::{Rows, times};
use super::schema::{SCHEMA, column};
use crate::error::BoxError;

/// What the manifest knows of a part, and the part of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    /// Its number, unique in the folder for ever.
    pub(super) number: u64,
    /// Whose readings.
    pub(super) tenant: String,
    /// Of which day, counted from 1970.
    pub(super) day: i32,
    /// How many readings.
    pub(super) rows: u64,
    /// The earliest time, in nanoseconds.
    pub(super) first: i64,
    /// The latest time, in nanoseconds.
    pub(super) last: i64,
    /// The first device in the order of names.
    pub(super) first_device: String,
    /// The last one.
    pub(super) last_device: String,
    /// The parts that were merged into it.
    #[serde(default)]
    pub(super) replaces: Vec<u64>,
    /// Size of the file; zero inside of the file itself.
    #[serde(default)]
    pub(super) bytes: u64,
    /// CRC-32 of the whole file; zero inside of the file itself.
    #[serde(default)]
    pub(super) checksum: u32,
}

/// Rows that are read at once where whole days are passed through.
const TIMES_ROWS: usize = 8_192;

/// Under which name the file keeps [`About`] itself, so that a lost manifest can be written again.
const ABOUT_KEY: &str = "specola.part";

/// A part on the disk. When it was replaced its file goes with the last query that reads it.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) about: About,
    pub(super) tenant: TenantId,
    pub(super) path: PathBuf,
    replaced: AtomicBool,
    sound: OnceLock<bool>,
    /// Where its groups of rows stand and what they reach from and to, once somebody has asked.
    metadata: OnceLock<ArrowReaderMetadata>,
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.replaced.load(Ordering::Relaxed)
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(part = %self.path.display(), %error, "a replaced part cannot be removed; the next start does it");
        }
    }
}

/// Where a part stands, seen from the folder of parts.
pub(super) fn place(tenant: &str, day: i32, number: u64) -> PathBuf {
    let date = model::Timestamp::from_nanos(i64::from(day).saturating_mul(86_400_000_000_000)).to_utc().date_naive();
    // The first day that can be written begins before the first moment that can: its number keeps it apart.
    Path::new(tenant).join(date.to_string()).join(format!("{number:010}.parquet"))
}

fn properties(about: &About) -> Result<WriterProperties, BoxError> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_data_page_row_count_limit(8_192)
        .set_write_batch_size(4_096)
        .set_sorting_columns(Some(
            [column::DEVICE, column::METRIC, column::TIME]
                .map(|column| SortingColumn { column_idx: column as i32, descending: false, nulls_first: false })
                .to_vec(),
        ))
        .set_key_value_metadata(Some(vec![KeyValue::new(ABOUT_KEY.to_owned(), serde_json::to_string(about)?)]));
    for (name, encoding) in [
        ("time", Encoding::DELTA_BINARY_PACKED),
        ("received", Encoding::DELTA_BINARY_PACKED),
        ("value", Encoding::BYTE_STREAM_SPLIT),
    ] {
        let path = ColumnPath::from(name);
        properties = properties.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, encoding);
    }
    Ok(properties.build())
}

/// Counts and sums what goes through it.
struct Summed {
    file: Box<dyn DiskFile>,
    checksum: crc32fast::Hasher,
    bytes: u64,
}

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.checksum.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Part {
    /// Writes a part of sorted batches; it is durable under its final name when this returns.
    pub(super) fn write(
        disk: &dyn Disk,
        folder: &Path,
        number: u64,
        (tenant, day): (&TenantId, i32),
        sorted: &[RecordBatch],
        replaces: Vec<u64>,
    ) -> Result<Self, BoxError> {
        let about = describe(number, tenant, day, sorted, replaces).ok_or("a part without readings")?;
        let path = folder.join(place(tenant.as_str(), day, number));
        if let Some(folder) = path.parent() {
            disk.create_folder(folder)?;
        }
        let draft = unfinished(&path);
        let written = write_file(disk, &draft, &about, sorted).and_then(|(bytes, checksum)| {
            disk.rename(&draft, &path)?;
            Ok((bytes, checksum))
        });
        match written {
            Ok((bytes, checksum)) => {
                let part = Self::new(About { bytes, checksum, ..about }, tenant.clone(), path);
                let _ = part.sound.set(true);
                Ok(part)
            }
            Err(error) => {
                let _ = disk.remove(&draft);
                Err(error)
            }
        }
    }

    /// A part that is on the disk already.
    pub(super) fn new(about: About, tenant: TenantId, path: PathBuf) -> Self {
        Self {
            about,
            tenant,
            path,
            replaced: AtomicBool::new(false),
            sound: OnceLock::new(),
            metadata: OnceLock::new(),
        }
    }

    /// The part in a file, as the file itself tells, when the manifest is lost.
    pub(super) fn from_file(path: &Path) -> Result<Self, BoxError> {
        let (bytes, checksum) = sum(path)?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
        let pairs = reader.metadata().file_metadata().key_value_metadata();
        let about =
            pairs.into_iter().flatten().find(|pair| pair.key == ABOUT_KEY).and_then(|pair| pair.value.as_deref());
        let about: About = serde_json::from_str(about.ok_or("the file does not say what it is")?)?;
        let tenant = TenantId::new(&about.tenant)?;
        // Reads all of it: without a manifest there is no checksum to compare with.
        let mut rows = 0;
        for batch in reader.build()? {
            rows += batch?.num_rows() as u64;
        }
        if rows != about.rows {
            return Err(format!("it holds {rows} readings instead of {}", about.rows).into());
        }
        Ok(Self::new(About { bytes, checksum, ..about }, tenant, path.to_owned()))
    }

    /// The file goes with the last reader.
    pub(super) fn mark_replaced(&self) {
        self.replaced.store(true, Ordering::Relaxed);
    }

    /// Whether the file is what was written: compares the checksum, once.
    pub(super) fn is_sound(&self) -> io::Result<bool> {
        if let Some(sound) = self.sound.get() {
            return Ok(*sound);
        }
        let (bytes, checksum) = sum(&self.path)?;
        Ok(*self.sound.get_or_init(|| (bytes, checksum) == (self.about.bytes, self.about.checksum)))
    }

    pub(super) fn window_overlaps(&self, window: &Window) -> bool {
        self.about.first < window.until.as_nanos() && window.from.as_nanos() <= self.about.last
    }

    /// Whether this key may be in it.
    pub(super) fn may_hold(&self, device: &str, time: Timestamp) -> bool {
        (self.about.first..=self.about.last).contains(&time.as_nanos())
            && self.about.first_device.as_str() <= device
            && device <= self.about.last_device.as_str()
    }

    /// All its rows, batch by batch.
    pub(super) fn read(&self) -> Result<ParquetRecordBatchReader, BoxError> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&self.path)?)?;
        Ok(reader.with_batch_size(GROUP_ROWS).build()?)
    }

    /// The groups of rows, in order, that may hold this key. The file tells it once.
    pub(super) fn groups_of(&self, device: &DeviceId, time: Timestamp) -> Result<Vec<usize>, BoxError> {
        let groups = self.metadata()?.metadata().row_groups();
        let time = time.as_nanos();
        Ok((0..groups.len()).filter(|group| group_may_hold(&groups[*group], device, time..=time)).collect())
    }

    /// The rows of one group.
    pub(super) fn read_group(&self, group: usize) -> Result<Vec<RecordBatch>, BoxError> {
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(&self.path)?, self.metadata()?.clone());
        let rows = reader.with_row_groups(vec![group]).with_batch_size(GROUP_ROWS).build()?;
        Ok(rows.collect::<Result<_, ArrowError>>()?)
    }

    fn metadata(&self) -> Result<&ArrowReaderMetadata, BoxError> {
        if let Some(metadata) = self.metadata.get() {
            return Ok(metadata);
        }
        let metadata = ArrowReaderMetadata::load(&File::open(&self.path)?, ArrowReaderOptions::new())?;
        Ok(self.metadata.get_or_init(|| metadata))
    }

    /// Its devices, metrics, times and numbers, in their order. The file stays readable when it is replaced meanwhile.
    pub(super) fn read_times(&self) -> Result<ParquetRecordBatchReader, BoxError> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&self.path)?)?;
        let columns = ProjectionMask::leaves(
            reader.parquet_schema(),
            [column::DEVICE, column::METRIC, column::TIME, column::VALUE],
        );
        Ok(reader.with_projection(columns).with_batch_size(TIMES_ROWS).build()?)
    }

    /// The rows of one series in a window.
    pub(super) fn read_series(
        &self,
        device: &DeviceId,
        metric: &MetricName,
        window: &Window,
    ) -> Result<Vec<RecordBatch>, BoxError> {
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(File::open(&self.path)?, options)?;
        let groups = reader.metadata().row_groups();
        // A window ends before its end, and is never empty.
        let inside = window.from.as_nanos()..=window.until.as_nanos() - 1;
        let groups =
            (0..groups.len()).filter(|group| group_may_hold(&groups[*group], device, inside.clone())).collect();
        let schema = reader.parquet_schema();
        let only = |columns: [usize; 1]| ProjectionMask::leaves(schema, columns);
        let (device, metric) =
            (StringViewArray::new_scalar(device.as_str()), StringViewArray::new_scalar(metric.as_str()));
        let (from, until) = (times(vec![window.from.as_nanos()]), times(vec![window.until.as_nanos()]));
        let filter = RowFilter::new(vec![
            Box::new(ArrowPredicateFn::new(only([column::DEVICE]), move |batch| eq(batch.column(0), &device))),
            Box::new(ArrowPredicateFn::new(only([column::METRIC]), move |batch| eq(batch.column(0), &metric))),
            Box::new(ArrowPredicateFn::new(only([column::TIME]), move |batch| within(&batch, &from, &until))),
        ]);
        let rows = reader.with_row_groups(groups).with_row_filter(filter).with_batch_size(GROUP_ROWS).build()?;
        Ok(rows.collect::<Result<_, ArrowError>>()?)
    }
}

fn within(
    batch: &RecordBatch,
    from: &TimestampNanosecondArray,
    until: &TimestampNanosecondArray,
) -> Result<BooleanArray, ArrowError> {
    let time = batch.column(0);
    and(&gt_eq(time, &arrow::array::Scalar::new(from))?, &lt(time, &arrow::array::Scalar::new(until))?)
}

fn group_may_hold(group: &RowGroupMetaData, device: &DeviceId, window: RangeInclusive<i64>) -> bool {
    let statistics = |column: usize| group.column(column).statistics();
    let device_inside = match statistics(column::DEVICE) {
        Some(Statistics::ByteArray(names)) => {
            let name = device.as_str().as_bytes();
            names.min_opt().is_none_or(|min| min.data() <= name) && names.max_opt().is_none_or(|max| name <= max.data())
        }
        _ => true,
    };
    let time_inside = match statistics(column::TIME) {
        Some(Statistics::Int64(times)) => {
            times.min_opt().is_none_or(|min| min <= window.end())
                && times.max_opt().is_none_or(|max| window.start() <= max)
        }
        _ => true,
    };
    device_inside && time_inside
}

fn describe(number: u64, tenant: &TenantId, day: i32, sorted: &[RecordBatch], replaces: Vec<u64>) -> Option<About> {
    let batches: Vec<Rows<'_>> =
        sorted.iter().filter(|batch| batch.num_rows() > 0).map(Rows::of).collect::<Option<_>>()?;
    let (first, last) = (batches.first()?, batches.last()?);
    let times = || batches.iter().flat_map(|rows| rows.time.values().iter().copied());
    Some(About {
        number,
        tenant: tenant.as_str().to_owned(),
        day,
        rows: batches.iter().map(|rows| rows.len() as u64).sum(),
        first: times().min()?,
        last: times().max()?,
        first_device: first.device.value(0).to_owned(),
        last_device: last.device.value(last.len() - 1).to_owned(),
        replaces,
        bytes: 0,
        checksum: 0,
    })
}

fn write_file(disk: &dyn Disk, path: &Path, about: &About, sorted: &[RecordBatch]) -> Result<(u64, u32), BoxError> {
    let file = Summed { file: disk.create(path)?, checksum: crc32fast::Hasher::new(), bytes: 0 };
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&SCHEMA), Some(properties(about)?))?;
    for batch in sorted {
        writer.write(batch)?;
    }
    let mut file = writer.into_inner()?;
    file.flush()?;
    file.file.sync()?;
    Ok((file.bytes, file.checksum.finalize()))
}

/// Size and checksum of a file.
fn sum(path: &Path) -> io::Result<(u64, u32)> {
    let mut file = File::open(path)?;
    let mut checksum = crc32fast::Hasher::new();
    let mut bytes = 0;
    let mut buffer = vec![0; 256 << 10];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, checksum.finalize()));
        }
        checksum.update(&buffer[..read]);
        bytes += read as u64;
    }
}
