//! Silence: of one device it rings, of everybody it is ours.

use crate::desk::{check, rule};

const SILENT: &str = "[rule.condition]\nkind = \"silence\"\nlasting = \"60s\"";

#[track_caller]
fn silent(script: &str, expected: &str) {
    check(&rule("silent", "", SILENT).replace("class = \"lamp\"", "asset = [\"a\", \"b\"]"), script, expected);
}

/// `b` speaks every ten seconds.
fn while_b_speaks(seconds: usize) -> String {
    "b=230 +10 ".repeat(seconds / 10)
}

#[test]
fn a_device_that_says_nothing_for_its_time_rings_and_returns_with_its_next_word() {
    silent(&format!("a=230 {} a=230 +1", while_b_speaks(80)), "raised:a@60 returned:a@80");
}

#[test]
fn a_device_that_was_never_heard_rings_from_the_start_of_the_service_on() {
    silent(&while_b_speaks(80), "raised:a@60");
}

#[test]
fn when_nobody_is_heard_it_is_we_who_are_deaf() {
    silent("a,b=230 +600", "");
}

#[test]
fn after_our_deafness_everybody_gets_his_time_again() {
    silent(&format!("a,b=230 +600 {} a=230 +10", while_b_speaks(50)), "");
    silent(&format!("a,b=230 +600 {}", while_b_speaks(80)), "raised:a@660");
}

#[test]
fn a_clock_that_leaps_or_a_process_that_slept_is_no_silence() {
    silent(&format!("a,b=230 +5 jump+3600 {} a=230 +10", while_b_speaks(50)), "");
    silent(&format!("a,b=230 +5 jump-90 {} a=230 +10", while_b_speaks(40)), "");
}

#[test]
fn a_restart_begins_to_count_anew() {
    silent(&format!("a=230 {} restart {} a=230 +10", while_b_speaks(50), while_b_speaks(50)), "");
}

#[test]
fn a_retained_word_said_again_is_no_sign_of_life() {
    silent(&format!("a=230 {} a=230~-80 +1 restart a=230~-81 +5", while_b_speaks(80)), "raised:a@60");
}

#[test]
fn a_bad_reading_is_a_sign_of_life_and_history_is_none() {
    silent(&format!("a=230 {} a=230?bad {}", while_b_speaks(50), while_b_speaks(50)), "");
    silent(&format!("a=230 {} a=230?historical {}", while_b_speaks(50), while_b_speaks(20)), "raised:a@60");
}

#[test]
fn silence_of_a_whole_circuit_is_one_alarm() {
    let group = "[rule.group]\nby = \"powered-by\"\nclass = \"circuit\"\nat_least = 3\nwithin = \"20s\"";
    check(
        &rule("silent", "", &format!("{SILENT}\n{group}")),
        &format!("a,b,c,d,e,f,z,z2,z3=230 {}", "z=230 z2=230 z3=230 +10 ".repeat(7)),
        "raised:c1[a,b,c,d,e,f]@60",
    );
}

#[test]
fn without_a_metric_any_word_of_the_device_counts() {
    let text = rule("silent", "", SILENT)
        .replace("metric = \"voltage\"\n", "")
        .replace("class = \"lamp\"", "asset = [\"a\", \"b\"]");
    check(&text, &format!("a=230 {} a=230 {}", while_b_speaks(50), while_b_speaks(80)), "raised:a@110");
}

#[test]
fn the_announcement_of_its_end_is_no_sign_of_life_and_that_of_its_return_is_one() {
    let any = |script: &str, expected: &str| {
        let text = rule("silent", "", SILENT).replace("class = \"lamp\"", "asset = [\"a\", \"b\"]");
        check(&text.replace("metric = \"voltage\"\n", ""), script, expected);
    };
    any(&format!("a=230 {} a=gone {}", while_b_speaks(50), while_b_speaks(20)), "raised:a@60");
    any(&format!("a=230 {} a=back {}", while_b_speaks(50), while_b_speaks(50)), "");
}
