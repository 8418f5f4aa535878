//! Limits, hysteresis and delays: what lasts rings once, what does not last never rings.

use crate::desk::{DARK, check, rule};

#[track_caller]
fn dark(keys: &str, script: &str, expected: &str) {
    check(&rule("dark", keys, DARK), script, expected);
}

#[test]
fn without_delays_every_crossing_counts() {
    dark("", "a=230 a=0~1 +2 a=230", "raised:a@0 returned:a@2");
}

#[test]
fn a_short_spike_never_rings() {
    dark("on_delay = \"10s\"", "a=230 +1 a=0 +8 a=230 +60", "");
}

#[test]
fn what_lasts_rings_by_the_clock_even_when_the_sensor_says_no_more() {
    dark("on_delay = \"10s\"", "a=230 +1 a=0 +30", "raised:a@11");
}

#[test]
fn what_lasts_rings_by_the_readings_when_they_tell_it_sooner() {
    dark("on_delay = \"60s\"", "a=0~-60 a=0", "raised:a@0");
}

#[test]
fn chatter_at_the_edge_of_the_hysteresis_rings_once() {
    dark("off_delay = \"10s\"", "a=179 +1 a=181 +1 a=179 +1 a=199 +1 a=170 +20", "raised:a@0");
}

#[test]
fn chatter_beyond_the_hysteresis_rings_once_within_the_off_delay() {
    dark("off_delay = \"10s\"", "a=0 +2 a=230 +8 a=0 +2 a=230 +8 a=0 +2 a=230 +10", "raised:a@0 returned:a@32");
}

#[test]
fn a_cause_that_comes_back_unanswered_is_the_same_alarm() {
    dark("", "a=0 +5 a=230 +5 a=0", "raised:a@0 returned:a@5 reoccurred:a@10");
}

#[test]
fn a_cause_that_comes_back_after_the_answer_is_a_new_alarm() {
    dark("", "a=0 +1 ack:a +1 a=230 +1 a=0", "raised:a@0 acknowledged:a@1 returned:a@2 raised:a@3");
}

#[test]
fn two_alarms_about_one_lamp_in_one_moment_have_two_ids() {
    dark("", "a=0 ack:a a=230~1 a=0~2", "raised:a@0 acknowledged:a@0 returned:a@0 raised:a@0");
}

#[test]
fn a_rate_rings_while_the_value_falls() {
    let rate = "[rule.condition]\nkind = \"rate_of_change\"\nbelow = -10\nclear = -1\nper = \"1m\"\nwindow = \"1m\"";
    check(
        &rule("fall", "", rate),
        "a=230 +30 a=230 +30 a=200 +30 a=170 +30 a=170 +30 a=170 +30",
        "raised:a@60 returned:a@150",
    );
}

#[test]
fn a_stuck_value_rings_until_it_moves() {
    let stuck = "[rule.condition]\nkind = \"stuck\"\nlasting = \"20s\"";
    check(&rule("stuck", "", stuck), "a=230 +10 a=231 +10 a=231 +10 a=231 +10 a=232", "raised:a@30 returned:a@40");
}

#[test]
fn a_deviation_rings_while_the_value_is_away_from_its_past() {
    let drop = "[rule.condition]\nkind = \"deviation\"\nbelow = -30\nclear = -10\nover = \"10m\"\nwarm_up = \"20s\"";
    check(
        &rule("drop", "", drop),
        "a=230 +10 a=231 +10 a=230 +10 a=190 +60 a=190 +10 a=229",
        "raised:a@30 returned:a@100",
    );
}
