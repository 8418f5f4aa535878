//! Late, future and untrusted readings, and clocks that leap.

use crate::desk::{DARK, Desk, asset, check, city, rule};

#[track_caller]
fn dark(script: &str, expected: &str) {
    check(&rule("dark", "", DARK), script, expected);
}

#[test]
fn a_reading_older_than_the_last_one_judged_is_history() {
    dark("a=230 a=0~-1 +5 a=0~-5", "");
}

#[test]
fn a_burst_of_late_data_after_an_outage_does_not_ring_for_the_past() {
    dark("a=230~-900 a=0~-600 a=0~-300 a=230~-200 a=230", "");
}

#[test]
fn what_is_still_abnormal_after_the_burst_rings() {
    dark("a=0~-600 a=0~-300 a=0", "raised:a@0");
}

#[test]
fn a_rule_may_accept_older_readings() {
    check(&rule("dark", "max_age = \"1h\"", DARK), "a=0~-600", "raised:a@0");
}

#[test]
fn the_same_reading_twice_is_one_reading() {
    dark("a=0 a=0 +1 a=0~-1", "raised:a@0");
}

#[test]
fn a_time_in_the_future_pins_nothing() {
    dark("a=230~3600 +1 a=0", "raised:a@1");
    dark("a=0~600 +1 a=230", "raised:a@0 returned:a@1");
}

#[test]
fn two_readings_of_a_fast_clock_in_one_moment_are_both_judged() {
    dark("a=230~5 a=0~6", "raised:a@0");
}

#[test]
fn a_quality_that_may_not_alarm_is_not_judged() {
    for quality in ["bad", "simulated", "historical"] {
        dark(&format!("a=0?{quality} +5"), "");
    }
    dark("a=0?uncertain", "raised:a@0");
}

#[test]
fn an_asset_out_of_service_is_not_judged() {
    for stage in model::Lifecycle::ALL {
        let mut assets = city(0);
        assets.push(model::Asset { lifecycle: stage, ..asset("x", "lamp", None) });
        let mut desk = Desk::new(&rule("dark", "", DARK), assets);
        let expected = if stage == model::Lifecycle::InService { "raised:x@0" } else { "" };
        assert_eq!(desk.play("x=0"), expected, "{stage:?}");
    }
}

#[test]
fn an_unknown_device_or_metric_is_nobody_s_business() {
    dark("nobody=0 +5", "");
}

#[test]
fn a_wall_clock_that_leaps_rings_nothing() {
    let text = rule("dark", "on_delay = \"60s\"", DARK);
    check(&text, "a=0 +5 jump+3600 +5 a=230 +60", "");
    check(&text, "a=0 +5 jump-90 +30 a=230 +60", "");
}

#[test]
fn facts_never_go_back_in_time_when_the_clock_does() {
    dark("+100 a=0 +1 jump-90 a=230", "raised:a@100 returned:a@100");
}

#[test]
fn the_engine_tells_when_it_wants_to_be_called() {
    let mut desk = Desk::new(&rule("dark", "on_delay = \"4s\"", DARK), city(0));
    assert_eq!(desk.engine.next_deadline(), None);
    desk.play("a=0");
    assert_eq!(desk.engine.next_deadline(), Some(desk.now.plus(model::Duration::from_secs(4))));
    let mut desk = Desk::new(&rule("dark", "on_delay = \"4m\"", DARK), city(0));
    desk.play("a=0");
    assert_eq!(desk.engine.next_deadline(), Some(desk.now.plus(model::Duration::from_secs(10))));
}
