//! One tenant never sees another, whatever it asks.

use model::{TenantId, Value};
use store::{Cell, QueryLimits};

use crate::telegraph::{append, open, reading_of, selection, series_of};

#[tokio::test]
async fn no_question_reaches_the_readings_of_another_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    for round in 0..2 {
        for (tenant, value) in [("messina", 1.0), ("catania", 666.0)] {
            append(&*store, &[reading_of(series_of(tenant, "lamp", "power"), round, Value::Number(value))]).await;
        }
        if round == 0 {
            store.flush().await.unwrap();
        }
    }
    let messina = TenantId::new("messina").unwrap();
    for sql in [
        "select value from readings",
        "select value from readings where tenant = 'catania' or true",
        "select value from readings where tenant = 'messina' union all select value from readings where tenant = 'catania'",
        "select value from specola.public.readings",
        "with readings as (select * from readings) select value from readings",
        "select value from (select value, 'catania' as tenant from readings) where tenant = 'catania'",
    ] {
        let answer = store.query(&messina, sql, QueryLimits::default()).await.unwrap();
        assert_eq!(answer.rows, [[Cell::Number(1.0)], [Cell::Number(1.0)]], "{sql}");
    }
    for sql in [
        "select count(*) from readings where tenant = 'catania'",
        "select count(*) from readings where tenant <> 'messina'",
    ] {
        let answer = store.query(&messina, sql, QueryLimits::default()).await.unwrap();
        assert_eq!(answer.rows, [[Cell::Integer(0)]], "{sql}");
    }
    for sql in ["select * from catania.public.readings", "select * from \"catania\".readings", "select * from parts"] {
        assert!(store.query(&messina, sql, QueryLimits::default()).await.is_err(), "{sql}");
    }
    assert_eq!(store.newest(&messina).len(), 1);
    let own = store.readings(&selection("messina", "lamp", 0, 100), 100).await.unwrap();
    assert!(own.iter().all(|reading| reading.value == Value::Number(1.0)) && own.len() == 2);
    let nobody = TenantId::new("nobody").unwrap();
    assert_eq!(store.query(&nobody, "select * from readings", QueryLimits::default()).await.unwrap().rows.len(), 0);
    assert_eq!(store.newest(&nobody), []);
}
