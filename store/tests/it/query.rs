//! SQL: the same answer wherever the rows are, and nothing but answers.

use std::time::Duration;

use model::{Reading, Value};
use proptest::prelude::*;
use store::{Cell, ColumnKind, Error, QueryLimits};

use crate::telegraph::{append, ask, cells, everything, messina, open, reading, reading_of, restart, series_of};

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<(u8, i64)>),
    Flush,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => proptest::collection::vec((0..4_u8, -90_000..90_000_i64), 1..20).prop_map(Step::Append),
        2 => Just(Step::Flush),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sql_sees_exactly_what_was_kept_in_memory_and_in_parts(steps in steps()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let mut store = open(folder.path()).await;
            let mut kept: Vec<Reading> = Vec::new();
            for step in steps {
                match step {
                    Step::Append(keys) => {
                        let sent: Vec<Reading> =
                            keys.into_iter().map(|(lamp, time)| reading(&format!("lamp-{lamp}"), time, time as f64)).collect();
                        kept.extend(append(&*store, &sent).await.kept);
                    }
                    Step::Flush => store.flush().await.unwrap(),
                    Step::Restart => store = restart(store, folder.path()).await,
                }
            }
            kept.sort_by(|a, b| (&a.series, a.time).cmp(&(&b.series, b.time)));
            assert_eq!(everything(&*store).await, kept.iter().map(cells).collect::<Vec<_>>());
            let narrow = "select count(*) from readings where device = 'lamp-1' and time >= '2026-11-22T00:00:00Z' and value < 50000";
            let expected = kept.iter().filter(|r| r.series.device.as_str() == "lamp-1").filter_map(|r| r.value.as_number());
            let expected = expected.filter(|seconds| (0.0..50_000.0).contains(seconds)).count();
            assert_eq!(ask(&*store, narrow).await.unwrap().rows, [[Cell::Integer(expected as i64)]]);
        });
    }
}

#[tokio::test]
async fn every_column_can_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let sent = [
        reading_of(series_of("messina", "a", "m"), 0, Value::Number(1.5)),
        reading_of(series_of("messina", "b", "m"), 0, Value::Integer(i64::MAX)),
    ];
    append(&*store, &sent[..1]).await;
    store.flush().await.unwrap();
    append(&*store, &sent[1..]).await;
    append(&*store, &[reading_of(series_of("messina", "c", "m"), 0, Value::Flag(true))]).await;
    append(&*store, &[reading_of(series_of("messina", "d", "m"), 0, Value::Text("open".into()))]).await;
    let answer = ask(&*store, "select * from readings order by device").await.unwrap();
    let names: Vec<&str> = answer.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(
        names,
        ["tenant", "device", "metric", "time", "value", "integer", "flag", "text", "unit", "quality", "received"]
    );
    assert_eq!(answer.columns[3].kind, ColumnKind::Time);
    let text = |text: &str| Cell::Text(text.to_owned());
    assert_eq!(answer.rows[0][0], text("messina"));
    assert_eq!(answer.rows[0][4..8], [Cell::Number(1.5), Cell::Null, Cell::Null, Cell::Null]);
    assert_eq!(answer.rows[1][4..6], [Cell::Number(i64::MAX as f64), Cell::Integer(i64::MAX)]);
    assert_eq!(answer.rows[2][4..7], [Cell::Number(1.0), Cell::Null, Cell::Flag(true)]);
    assert_eq!(answer.rows[3][7..10], [text("open"), text("W"), text("good")]);
    let sums = "select date_trunc('hour', time) h, avg(value) a, min(device) d from readings where value is not null group by 1";
    let answer = ask(&*store, sums).await.unwrap();
    assert_eq!(
        answer.columns.iter().map(|column| column.kind).collect::<Vec<_>>(),
        [ColumnKind::Time, ColumnKind::Number, ColumnKind::Text]
    );
    assert_eq!(answer.rows[0][2], text("a"));
    assert!(
        !ask(&*store, "explain select * from readings where time > now() - interval '1 hour'")
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    assert_eq!(ask(&*store, "describe readings").await.unwrap().rows.len(), 11);
    assert!(ask(&*store, "select 1 from readings where time > now() - interval '100000 days'").await.is_ok());
}

#[tokio::test]
async fn an_answer_ends_at_its_row_limit_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    append(&*store, &(0..50).map(|n| reading("lamp", n, 0.0)).collect::<Vec<_>>()).await;
    for (rows, truncated) in [(49, true), (50, false), (51, false), (0, true)] {
        let limits = QueryLimits { rows, ..QueryLimits::default() };
        let answer = store.query(&messina(), "select time from readings", limits).await.unwrap();
        assert_eq!((answer.rows.len(), answer.truncated), (rows.min(50), truncated));
    }
}

#[tokio::test]
async fn a_question_can_change_nothing_and_read_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    append(&*store, &[reading("lamp", 0, 1.0)]).await;
    let out = folder.path().join("out.csv").display().to_string();
    for refused in [
        format!("copy (select 1) to '{out}'"),
        format!("explain analyze copy (select 1) to '{out}'"),
        "create external table t stored as csv location '/etc/passwd'".into(),
        "insert into readings select * from readings".into(),
        "set datafusion.execution.target_partitions = 64".into(),
        "select 1 as x into t".into(),
        "drop table readings".into(),
    ] {
        let answer = ask(&*store, &refused).await;
        assert!(matches!(answer, Err(Error::QueryRefused(_))), "{refused}: {answer:?}");
    }
    for failed in [
        "select * from '/etc/passwd'",
        "select * from read_csv('/etc/passwd')",
        "select * from read_parquet('parts/messina')",
        "select * from \"file:///etc/passwd\"",
        "select nothing from readings",
        "select * from readings where",
    ] {
        let answer = ask(&*store, failed).await;
        assert!(matches!(answer, Err(Error::QueryFailed(_) | Error::QueryRefused(_))), "{failed}: {answer:?}");
    }
    assert!(!std::path::Path::new(&out).exists());
    assert_eq!(everything(&*store).await.len(), 1);
}

#[tokio::test]
async fn a_question_that_takes_too_long_is_ended_and_the_store_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let limits = QueryLimits { rows: 10, deadline: Duration::from_millis(300) };
    let endless = "select sum(value % 7) from generate_series(1, 1000000000000)";
    let answer = store.query(&messina(), endless, limits).await;
    assert!(matches!(answer, Err(Error::QueryDeadline(_))), "{answer:?}");
    append(&*store, &[reading("lamp", 0, 1.0)]).await;
    assert_eq!(everything(&*store).await.len(), 1);
}

#[tokio::test]
async fn deep_questions_do_not_end_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let deep = format!("select 1{}", "+1".repeat(900));
    let answer = ask(&*store, &deep).await;
    assert!(matches!(&answer, Ok(answer) if answer.rows == [[Cell::Integer(901)]]), "{answer:?}");
    let wide = format!("select 1 where 1 not in ({}2)", "2,".repeat(5_000));
    assert_eq!(ask(&*store, &wide).await.unwrap().rows, [[Cell::Integer(1)]]);
    for refused in [
        format!("select 1{}", "+1".repeat(20_000)),
        format!("select {}1{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("select {}1", "not ".repeat(9_000)),
    ] {
        assert!(ask(&*store, &refused).await.is_err());
    }
}
