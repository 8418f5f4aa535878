//! Numbers and clocks that cannot be true, handed to the running program: refused with their reason or kept exactly, and never in a sum or as newest value.

use serde_json::Value;

use crate::books::{book, closed_books};
use crate::city::{Running, get, sign_in};
use crate::post::{Letter, machine};
use crate::prelude::Prelude;

/// What is sent as one message, how many of its readings are accepted, and the reason for which the others are refused.
const SENT: &[(&str, u64, Option<&str>)] = &[
    // Numbers.
    (r#"{"device":"n","values":{"nan":NaN}}"#, 0, Some("malformed")),
    (r#"{"device":"n","values":{"inf":-Infinity}}"#, 0, Some("malformed")),
    (r#"{"device":"n","values":{"huge":1e400,"beside":1.5}}"#, 1, Some("range")),
    (r#"{"device":"n","values":{"exact":9007199254740993}}"#, 1, None),
    (r#"{"device":"n","values":{"least":-9223372036854775808}}"#, 1, None),
    (r#"{"device":"n","values":{"tiny":5e-324,"minus":-0.0}}"#, 2, None),
    (r#"{"device":"n","values":{"comma":12,5}}"#, 0, Some("malformed")),
    (r#"{"device":"n","values":{"quoted":"12,5"}}"#, 1, None),
    // Clocks: none, in no form that is one, before there were any sensors, after everybody is gone.
    (r#"{"device":"t","values":{"arrival":1}}"#, 1, None),
    (r#"{"device":"t","time":0,"values":{"zero":1}}"#, 0, Some("schema")),
    (r#"{"device":"t","time":"2026-03-01T10:00:00","values":{"zoneless":1}}"#, 0, Some("schema")),
    (r#"{"device":"t","time":"1970-01-01T00:00:00Z","values":{"epoch":1}}"#, 0, Some("timestamp")),
    (r#"{"device":"t","time":"2099-01-01T00:00:00Z","values":{"future":1}}"#, 0, Some("timestamp")),
    (r#"{"device":"t","time":"+10000-01-01T00:00:00Z","values":{"myriad":1}}"#, 0, Some("schema")),
    // The hour that a summer ends in twice, told apart by its offset.
    (r#"{"device":"t","time":"2025-10-26T02:30:00+02:00","values":{"autumn":1}}"#, 1, None),
    (r#"{"device":"t","time":"2025-10-26T02:30:00+01:00","values":{"autumn":2}}"#, 1, None),
];

/// The same moment in seconds, milliseconds, microseconds and nanoseconds, by a mapping that names the form.
const FORMS: &[(&str, &str)] =
    &[("s", "1772359200"), ("ms", "1772359200000"), ("us", "1772359200000000"), ("ns", "1772359200000000000")];

fn mapping(form: &str) -> String {
    format!(
        "[[ingest.routes]]\ntopic = \"vendor/{form}/+\"\nformat = \"generic-json\"\n[ingest.routes.mapping]\ndevice = {{ topic_level = 3 }}\ntime = {{ field = \"at\", format = \"unix_{form}\" }}\nexclude = [\"at\"]\n"
    )
}

#[test]
fn numbers_and_clocks_that_cannot_be_true_are_refused_or_kept_exactly() {
    let own = "[[ingest.routes]]\ntopic = \"specola/v1/+/+/readings\"\nformat = \"specola-json\"";
    let prelude = FORMS.iter().fold(Prelude::city().with(own), |prelude, (form, _)| prelude.with(&mapping(form)));
    let home = prelude.home();
    let token = machine(&home, "plant", "city");
    let added = home.run(&["user", "add", "anna", "--role", "operator", "--config", "specola.toml"]);
    let running: Running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    let person = sign_in(&running, &String::from_utf8_lossy(&added.stdout));
    let (mut accepted, mut refused) = (0, 0);
    for (body, expected, reason) in SENT {
        let path = "/api/v1/ingest/specola/v1/city/gw/readings";
        let (status, said) = Letter::new(path, "application/json", body.as_bytes()).send(running.http, &token).unwrap();
        let intake = if said["accepted"].is_null() { &said["intake"] } else { &said };
        assert_eq!(
            (status, &intake["accepted"]),
            (if *expected > 0 { 200 } else { 422 }, &(*expected).into()),
            "{body}: {said}"
        );
        assert_eq!(intake["refused"][0]["reason"].as_str(), *reason, "{body}: {said}");
        accepted += expected;
        refused += u64::from(reason.is_some());
    }
    for (form, at) in FORMS {
        let (path, body) = (format!("/api/v1/ingest/vendor/{form}/{form}"), format!(r#"{{"at":{at},"v":1}}"#));
        let (status, said) =
            Letter::new(&path, "application/json", body.as_bytes()).send(running.http, &token).unwrap();
        assert_eq!(status, 200, "{form}: {said}");
        accepted += 1;
    }
    let books = closed_books(&running);
    let readings = book(&books, "http", "readings");
    assert_eq!(readings.of("stored"), accepted, "{readings:?}");
    assert_eq!(home.letters().len() as u64, refused);

    let exact = home.query("select integer from readings where metric in ('exact', 'least') order by metric");
    assert_eq!((&exact[0]["integer"], &exact[1]["integer"]), (&9_007_199_254_740_993_i64.into(), &i64::MIN.into()));
    assert_eq!(home.query("select text from readings where metric = 'quoted'")[0]["text"], "12,5");
    assert_eq!(home.query("select count(*) as n from readings where metric = 'autumn'")[0]["n"], 2);
    let moments = home.query("select distinct time from readings where metric = 'v'");
    assert_eq!(moments.len(), 1, "{moments:?}");
    let ten = model::Timestamp::parse("2026-03-01T10:00:00Z").unwrap();
    assert_eq!(model::Timestamp::parse(moments[0]["time"].as_str().unwrap()).unwrap(), ten);
    let sums = home.query("select count(*) as n, sum(value) as s, avg(value) as a from readings where value is not null and (isnan(value) or value = 'Infinity'::double or value = '-Infinity'::double)");
    assert_eq!(sums[0]["n"], 0, "{sums:?}");
    let (_, detail) = get(running.http, "/api/v1/assets/t", Some(&person)).unwrap();
    let detail: Value = serde_json::from_str(&detail).unwrap();
    let metrics: Vec<&str> =
        detail["series"].as_array().unwrap().iter().map(|series| series["metric"].as_str().unwrap()).collect();
    assert!(metrics.contains(&"arrival") && !metrics.contains(&"future"), "{metrics:?}");
    assert!(!home.log().contains("panicked"), "{}", home.log());
}
