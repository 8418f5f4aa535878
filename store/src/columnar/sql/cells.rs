//! Columns of an answer as plain cells.

use arrow::array::{ArrayRef, AsArray, RecordBatch, TimestampNanosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, Schema, TimeUnit, TimestampNanosecondType};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use model::Timestamp;

use super::super::rows::times;
use crate::{Cell, Column, ColumnKind};

fn plain(kind: &DataType) -> &DataType {
    match kind {
        DataType::Dictionary(_, values) => plain(values),
        DataType::RunEndEncoded(_, values) => plain(values.data_type()),
        other => other,
    }
}

fn kind(kind: &DataType) -> ColumnKind {
    match plain(kind) {
        DataType::Boolean => ColumnKind::Flag,
        whole if whole.is_integer() => ColumnKind::Integer,
        number if number.is_floating() || number.is_decimal() => ColumnKind::Number,
        DataType::Timestamp(..) => ColumnKind::Time,
        _ => ColumnKind::Text,
    }
}

/// The columns of an answer.
pub(super) fn columns(schema: &Schema) -> Vec<Column> {
    schema.fields().iter().map(|field| Column { name: field.name().clone(), kind: kind(field.data_type()) }).collect()
}

/// The rows of a batch. A value that its kind of cell cannot hold (a whole number beyond 2^63, a moment beyond 2262) is a text.
pub(super) fn rows(batch: &RecordBatch) -> Result<Vec<Vec<Cell>>, ArrowError> {
    let mut rows: Vec<Vec<Cell>> = (0..batch.num_rows()).map(|_| Vec::with_capacity(batch.num_columns())).collect();
    for column in batch.columns() {
        let cells = cells(column)?;
        for (row, cell) in rows.iter_mut().zip(cells) {
            row.push(cell);
        }
    }
    Ok(rows)
}

fn cells(column: &ArrayRef) -> Result<Vec<Cell>, ArrowError> {
    // Nulls of dictionaries and of the type that has only nulls are not in the column's own list.
    let nulls = column.logical_nulls();
    let is_null = |row| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
    let options = FormatOptions::default();
    let words = ArrayFormatter::try_new(column, &options)?;
    let text = |row| Ok(Cell::Text(words.value(row).try_to_string()?));
    let exact = exact(column)?;
    let cell = |row| match &exact {
        _ if is_null(row) => Ok(Cell::Null),
        None => text(row),
        Some(exact) if exact.is_null(row) => text(row),
        Some(exact) => Ok(match exact.data_type() {
            DataType::Boolean => Cell::Flag(exact.as_boolean().value(row)),
            DataType::Int64 => Cell::Integer(exact.as_primitive::<Int64Type>().value(row)),
            DataType::Float64 => Cell::Number(exact.as_primitive::<Float64Type>().value(row)),
            _ => Cell::Time(Timestamp::from_nanos(exact.as_primitive::<TimestampNanosecondType>().value(row))),
        }),
    };
    (0..column.len()).map(cell).collect()
}

/// The column in the type of its cells, null where that type cannot hold the value; `None` when its cells are texts.
fn exact(column: &ArrayRef) -> Result<Option<ArrayRef>, ArrowError> {
    let to = match (kind(column.data_type()), column.data_type()) {
        (ColumnKind::Text, _) => return Ok(None),
        (ColumnKind::Flag, _) => DataType::Boolean,
        (ColumnKind::Integer, _) => DataType::Int64,
        (ColumnKind::Number, _) => DataType::Float64,
        // The zone stays, so that the moment does.
        (ColumnKind::Time, DataType::Timestamp(_, zone)) => DataType::Timestamp(TimeUnit::Nanosecond, zone.clone()),
        (ColumnKind::Time, _) => DataType::Timestamp(TimeUnit::Nanosecond, None),
    };
    cast(column, &to).map(Some)
}

/// The times of parts as a column, to compare a question's time with.
pub(super) fn time_column(nanos: impl Iterator<Item = i64>) -> TimestampNanosecondArray {
    times(nanos.collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        Decimal128Array, DictionaryArray, Int64Array, ListArray, NullArray, TimestampSecondArray, UInt64Array,
    };
    use arrow::datatypes::Int32Type;

    use super::*;

    #[track_caller]
    fn check(column: ArrayRef, expected: &[Cell]) {
        assert_eq!(cells(&column).unwrap(), expected);
    }

    #[test]
    fn every_kind_of_column_becomes_cells() {
        let text = |text: &str| Cell::Text(text.to_owned());
        check(Arc::new(UInt64Array::from(vec![1, u64::MAX])), &[Cell::Integer(1), text("18446744073709551615")]);
        check(Arc::new(Int64Array::from(vec![Some(i64::MIN), None])), &[Cell::Integer(i64::MIN), Cell::Null]);
        let words: DictionaryArray<Int32Type> = ["lamp", "pole", "lamp"].into_iter().collect();
        check(Arc::new(words), &[text("lamp"), text("pole"), text("lamp")]);
        let moment = Cell::Time(Timestamp::from_nanos(7_000_000_000));
        check(
            Arc::new(TimestampSecondArray::from(vec![7]).with_timezone("Europe/Rome")),
            std::slice::from_ref(&moment),
        );
        check(Arc::new(TimestampSecondArray::from(vec![7])), &[moment]);
        let list = ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1), None])]);
        check(Arc::new(list), &[text("[1, ]")]);
        check(Arc::new(NullArray::new(1)), &[Cell::Null]);
        let price = Decimal128Array::from(vec![1_234]).with_precision_and_scale(6, 2).unwrap();
        check(Arc::new(price), &[Cell::Number(12.34)]);
    }
}
