//! The archive's share of a query: what can be said of the rows that may match is said to the archive, the rest is filtered here.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, Literal};
use datafusion::physical_expr::utils::{Guarantee, LiteralGuarantee};
use datafusion::physical_expr::{PhysicalExpr, split_conjunction};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use datafusion::scalar::ScalarValue;
use futures::StreamExt;
use model::{TenantId, Timestamp};

use super::super::archive::{Archive, Columns, Ours, Wanted};
use super::super::rows::Builder;
use super::super::schema::{SCHEMA, column};

/// What the archive is asked for.
pub(super) fn wanted(
    tenant: &TenantId,
    ours: &Ours,
    projection: Option<&Vec<usize>>,
    predicate: Option<&Arc<dyn PhysicalExpr>>,
) -> Wanted {
    let looked_at = |columns: &[usize]| projection.is_none_or(|chosen| chosen.iter().any(|one| columns.contains(one)));
    let mut wanted = Wanted {
        tenant: tenant.clone(),
        devices: None,
        metrics: None,
        from: Timestamp::MIN,
        last: Timestamp::MAX,
        columns: Columns {
            value: looked_at(&[column::VALUE, column::INTEGER, column::FLAG, column::TEXT]),
            unit: looked_at(&[column::UNIT]),
            rest: looked_at(&[column::QUALITY, column::RECEIVED]),
        },
        ours: ours.clone(),
    };
    let Some(predicate) = predicate else { return wanted };
    for LiteralGuarantee { column, guarantee, literals } in LiteralGuarantee::analyze(predicate) {
        let names = || literals.iter().map(|literal| literal.try_as_str().flatten().map(str::to_owned)).collect();
        match (column.name(), guarantee) {
            ("device", Guarantee::In) => wanted.devices = both(wanted.devices, names()),
            ("metric", Guarantee::In) => wanted.metrics = both(wanted.metrics, names()),
            _ => {}
        }
    }
    for condition in split_conjunction(predicate) {
        if let Some((operator, nanos)) = time_bound(condition) {
            let time = Timestamp::from_nanos(nanos);
            match operator {
                Operator::Gt | Operator::GtEq => wanted.from = wanted.from.max(time),
                Operator::Lt | Operator::LtEq => wanted.last = wanted.last.min(time),
                Operator::Eq => (wanted.from, wanted.last) = (wanted.from.max(time), wanted.last.min(time)),
                _ => {}
            }
        }
    }
    wanted
}

/// The names that two conditions allow together.
fn both(one: Option<Vec<String>>, other: Option<Vec<String>>) -> Option<Vec<String>> {
    match (one, other) {
        (Some(mut one), Some(other)) => {
            one.retain(|name| other.contains(name));
            Some(one)
        }
        (one, other) => one.or(other),
    }
}

/// `time < moment` and its like, in either order.
fn time_bound(condition: &Arc<dyn PhysicalExpr>) -> Option<(Operator, i64)> {
    let binary = condition.downcast_ref::<BinaryExpr>()?;
    let is_time = |side: &Arc<dyn PhysicalExpr>| {
        side.downcast_ref::<Column>().is_some_and(|column| column.index() == column::TIME)
    };
    let moment = |side: &Arc<dyn PhysicalExpr>| match side.downcast_ref::<Literal>()?.value() {
        ScalarValue::TimestampNanosecond(nanos, _) => *nanos,
        _ => None,
    };
    if is_time(binary.left()) {
        Some((*binary.op(), moment(binary.right())?))
    } else if is_time(binary.right()) {
        Some((binary.op().swap()?, moment(binary.left())?))
    } else {
        None
    }
}

/// Rows of the archive as a plan.
pub(super) fn archived(
    archive: Arc<dyn Archive>,
    wanted: Wanted,
    projection: Option<&Vec<usize>>,
    limit: Option<usize>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let rows: Arc<dyn PartitionStream> = Arc::new(Rows { archive, wanted });
    let plan = StreamingTableExec::try_new(Arc::clone(&SCHEMA), vec![rows], projection, None, false, limit)?;
    Ok(Arc::new(plan))
}

#[derive(Debug)]
struct Rows {
    archive: Arc<dyn Archive>,
    wanted: Wanted,
}

impl PartitionStream for Rows {
    fn schema(&self) -> &SchemaRef {
        &SCHEMA
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = self.archive.scan(self.wanted.clone()).map(|readings| {
            let readings = readings.map_err(|error| DataFusionError::External(Box::new(error)))?;
            let mut rows = Builder::new(readings.len());
            readings.iter().for_each(|reading| rows.push(reading));
            Ok(rows.finish())
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&SCHEMA), batches))
    }
}
