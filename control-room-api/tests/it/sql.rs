//! SQL: read-only, of one's own tenant, with reasons.

use serde_json::json;

use crate::city::{City, slug};

#[tokio::test]
async fn an_analyst_asks_and_gets_columns_and_rows_of_the_own_tenant() {
    let city = City::open().await;
    city.measure(1, 230.0).await;
    city.measure(2, 231.0).await;
    let ask = json!({"sql": "select count(*) as n from readings", "limit": 10});
    let token = city.token("analyst", "messina").await;
    let (status, body) = city.post("/api/v1/sql", &token, &ask).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["columns"], json!([{"name": "n", "kind": "integer"}]));
    assert_eq!((&body["rows"], &body["truncated"]), (&json!([[2]]), &json!(false)));
    let stranger = city.token("analyst", "prato").await;
    let (_, body) = city.post("/api/v1/sql", &stranger, &ask).await;
    assert_eq!(body["rows"], json!([[0]]));
}

#[tokio::test]
async fn what_would_change_something_or_makes_no_sense_is_refused_with_the_reason() {
    let city = City::open().await;
    let token = city.token("analyst", "messina").await;
    for (sql, expected) in [
        ("drop table readings", "sql-refused"),
        ("insert into readings values (1)", "sql-refused"),
        ("select * from nowhere", "sql-failed"),
    ] {
        let (status, body) = city.post("/api/v1/sql", &token, &json!({ "sql": sql })).await;
        assert_eq!((status, slug(&body)), (422, expected), "{sql} {body}");
    }
    let (status, body) = city.post("/api/v1/sql", &token, &json!({"sql": "select 1", "limit": 100_001})).await;
    assert_eq!((status, slug(&body)), (400, "bad-request"));
}
