//! Our own JSON.

use super::check;

const OWN: &str = "specola/v1/messina/gw-7/readings";

#[test]
fn our_own_long_form_carries_many_devices() {
    check(
        OWN,
        r#"{"time":"2026-11-22T09:59:00.250+00:00","readings":[
            {"device":"lampione-1","metric":"voltage","value":230.4,"unit":"V"},
            {"device":"lampione-2","metric":"on","value":true,"time":"2026-11-22T09:58:00Z"},
            {"metric":"state","value":"ok","quality":"uncertain"},
            {"device":"contatore","metric":"total","value":9007199254740993,"quality":"simulated"},
            {"device":"x","metric":"nothing","value":null},
            {"device":"x","metric":"lost","value":null,"quality":"bad"}]}"#,
        &[
            "lampione-1 voltage=230.4 V @2026-11-22T09:59:00.250Z",
            "lampione-2 on=true @2026-11-22T09:58:00Z",
            "gw-7 state=\"ok\" @2026-11-22T09:59:00.250Z !uncertain",
            "contatore total=9007199254740993i @2026-11-22T09:59:00.250Z !simulated",
            "x lost=gap @2026-11-22T09:59:00.250Z !bad",
        ],
    );
}

#[test]
fn our_own_short_form_carries_one_device() {
    check(
        OWN,
        r#"{"values":{"voltage":0,"on":false,"state":"ok","none":null,"flow":{"value":-1.5,"unit":"L/s"},"gone":{"value":null,"unit":"L/s"},"phase":{"a":1,"b":[2,3]}}}"#,
        &[
            "gw-7 voltage=0",
            "gw-7 on=false",
            "gw-7 state=\"ok\"",
            "gw-7 flow=-1.5 L/s",
            "gw-7 phase.a=1",
            "gw-7 phase.b.0=2",
            "gw-7 phase.b.1=3",
        ],
    );
    check(
        OWN,
        r#"{"device":"pompa","time":"2026-11-22T09:00:00Z","values":{"rpm":1450}}"#,
        &["pompa rpm=1450 @2026-11-22T09:00:00Z"],
    );
}

#[test]
fn our_own_json_that_lacks_what_it_needs_is_refused_whole() {
    for bad in [
        "[]",
        "3",
        "{}",
        r#"{"readings":[],"values":{}}"#,
        r#"{"readings":{}}"#,
        r#"{"readings":[3]}"#,
        r#"{"readings":[{"device":"a","value":1}]}"#,
        r#"{"readings":[{"device":"a","metric":"m"}]}"#,
        r#"{"readings":[{"device":"a","metric":"ok","value":1},{"device":"a","metric":"","value":1}]}"#,
        r#"{"readings":[{"device":"a","metric":"m","value":[1]}]}"#,
        r#"{"readings":[{"device":3,"metric":"m","value":1}]}"#,
        r#"{"readings":[{"device":"a","metric":"m","value":1,"unit":3}]}"#,
        r#"{"readings":[{"device":"a","metric":"m","value":1,"quality":"nice"}]}"#,
        r#"{"time":1700000000,"readings":[]}"#,
        r#"{"time":"ieri","values":{"a":1}}"#,
        r#"{"values":[1]}"#,
    ] {
        check(OWN, bad, &["refused schema 0"]);
    }
}

#[test]
fn a_topic_with_the_tenant_of_somebody_else_is_refused() {
    check("specola/v1/catania/gw/readings", r#"{"values":{"a":1}}"#, &["refused schema 0"]);
}
