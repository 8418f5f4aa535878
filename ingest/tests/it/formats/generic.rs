//! Any JSON by a mapping.

use ingest::Config;
use ingest::config::Route;

use super::check_with;

fn generic(mapping: &str) -> Config {
    let route = format!("topic = \"vendor/+/data\"\nformat = \"generic-json\"\n{mapping}");
    Config { routes: vec![toml::from_str::<Route>(&route).unwrap()], ..Config::default() }
}

#[test]
fn a_mapping_says_device_time_names_units_and_conversions() {
    let config = generic(
        r#"[mapping]
        device = { path = "meta.serial" }
        time = { field = "ts", format = "unix_ms" }
        exclude = ["meta", "raw"]
        constants = { site = "porto", revision = 2 }
        [[mapping.fields]]
        path = "t10"
        metric = "temperature"
        unit = "Cel"
        scale = 0.1
        offset = -40
        [[mapping.fields]]
        path = "status"
        "#,
    );
    check_with(
        &config,
        "vendor/9/data",
        r#"{"meta":{"serial":77,"rev":1},"ts":1795341540123,"t10":615,"on":true,"status":"ok","note":"text","raw":[1,2],"p":{"value":3,"unit":"bar"}}"#,
        &[
            "77 temperature=21.5 Cel @2026-11-22T09:59:00.123Z",
            "77 on=true @2026-11-22T09:59:00.123Z",
            "77 status=\"ok\" @2026-11-22T09:59:00.123Z",
            "77 p=3 bar @2026-11-22T09:59:00.123Z",
            "77 revision=2 @2026-11-22T09:59:00.123Z",
            "77 site=\"porto\" @2026-11-22T09:59:00.123Z",
        ],
    );
    check_with(&config, "vendor/9/data", r#"{"t10":1}"#, &["refused schema 0"]);
    check_with(&config, "vendor/9/data", r#"{"meta":{"serial":"a"},"ts":"soon","t10":1}"#, &["refused schema 0"]);
}

#[test]
fn a_mapping_reads_only_what_is_named_or_texts_as_well() {
    let named =
        generic("[mapping]\ndevice = { topic_level = 2 }\nleaves = \"named\"\n[[mapping.fields]]\npath = \"a.0\"\n");
    check_with(&named, "vendor/9/data", r#"{"a":[1,2],"b":3}"#, &["9 a.0=1"]);
    let all = generic("[mapping]\ndevice = { constant = \"one\" }\nleaves = \"scalars\"\n");
    check_with(&all, "vendor/9/data", r#"{"a":"x","b":3}"#, &["one a=\"x\"", "one b=3"]);
    check_with(&all, "vendor/9/data", "21.5", &["one value=21.5"]);
}

#[test]
fn a_mapping_reads_times_of_many_forms() {
    for (format, text, expected) in [
        ("rfc3339", "\"2026-11-22T10:30:00+01:00\"", "2026-11-22T09:30:00Z"),
        ("rfc3339", "\"2026-11-22T10:30:00.5\"", "2026-11-22T09:30:00.500Z"),
        ("rfc3339", "\"2026-11-22 10:30:00\"", "2026-11-22T09:30:00Z"),
        ("unix_s", "1795339800.25", "2026-11-22T09:30:00.250Z"),
        ("unix_s", "\"1795339800\"", "2026-11-22T09:30:00Z"),
        ("unix_us", "1795339800000001", "2026-11-22T09:30:00.000001Z"),
        ("unix_ns", "1795339800000000001", "2026-11-22T09:30:00.000000001Z"),
        ("%d/%m/%Y %H:%M", "\"22/11/2026 10:30\"", "2026-11-22T09:30:00Z"),
        ("%d/%m/%Y", "\"22/11/2026\"", "2026-11-21T23:00:00Z"),
        ("%Y%m%dT%H%M%S%z", "\"20261122T103000+0100\"", "2026-11-22T09:30:00Z"),
    ] {
        let config = generic(&format!(
            "[mapping]\ndevice = {{ topic_level = 2 }}\ntime = {{ field = \"t\", format = \"{format}\", zone = \"Europe/Rome\" }}\n"
        ));
        check_with(&config, "vendor/9/data", &format!("{{\"t\":{text},\"v\":1}}"), &[&format!("9 v=1 @{expected}")]);
        check_with(&config, "vendor/9/data", r#"{"v":1}"#, &["9 v=1"]);
    }
}

#[test]
fn a_mapping_that_cannot_work_is_refused_with_advice() {
    for (mapping, words) in [
        ("[mapping]\n", "exactly one of"),
        ("[mapping]\ndevice = { topic_level = 0 }\n", "counts from 1"),
        ("[mapping]\ndevice = { topic_level = 2 }\nleaves = \"named\"\n", "read nothing"),
        ("[mapping]\ndevice = { topic_level = 2 }\ntime = { field = \"t\", format = \"yyyy\" }\n", "unix_ms"),
    ] {
        let text = generic(mapping).validate().unwrap_err().to_string();
        assert!(text.contains(words), "{text}");
    }
    let zone = toml::from_str::<Route>("topic='a'\nformat='generic-json'\n[mapping.time]\nfield='t'\nzone='Rome'")
        .unwrap_err()
        .to_string();
    assert!(zone.contains("Europe/Rome"), "{zone}");
}
