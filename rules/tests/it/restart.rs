//! A restart raises nothing twice and forgets nothing.

use crate::desk::{DARK, Desk, GROUP, check, city, rule};

fn text() -> String {
    rule("dark", "on_delay = \"5s\"\noff_delay = \"5s\"", &format!("{DARK}\n{GROUP}"))
}

#[test]
fn an_alarm_whose_cause_stands_stays_as_it_is() {
    check(&text(), "a=0 +60 restart +60 a=0 +60", "raised:a@25");
    check(&text(), "a,b,c=0 +10 restart +60 a,b,c=0 +60", "raised:c1[a,b,c]@5");
    check(&text(), "a,b,c=0 +10 ack:c1 restart +60 a,b,c=0 +60", "raised:c1[a,b,c]@5 acknowledged:c1@10");
}

#[test]
fn an_alarm_whose_cause_went_while_we_were_down_returns_after_its_off_delay() {
    let mut desk = Desk::new(&text(), city(0));
    assert_eq!(desk.play("a=0 +60"), "raised:a@25");
    // the reading was kept, the fact was not: the process died between the two
    let returned = crate::desk::reading("a", 230.0, desk.now, desk.now);
    desk.newest.insert((*returned.series).clone(), returned);
    assert_eq!(desk.play("restart +10"), "returned:a@65");
}

#[test]
fn members_of_a_group_leave_after_a_restart_as_before() {
    check(&text(), "a,b,c=0 +10 restart a=230 +10 restart b,c=230 +10", "raised:c1[a,b,c]@5 left[a]@15 returned:c1@25");
}

#[test]
fn an_unanswered_alarm_reoccurs_across_a_restart() {
    check(&text(), "a=0 +30 a=230 +10 restart a=0 +30", "raised:a@25 returned:a@35 reoccurred:a@65");
}

#[test]
fn a_wait_that_was_cut_short_begins_with_the_newest_reading() {
    check(&rule("dark", "on_delay = \"30s\"", DARK), "a=0 +10 restart +19 a=230 +60", "");
    check(&rule("dark", "on_delay = \"30s\"", DARK), "a=0 +10 restart +20 a=0", "raised:a@30");
}

#[test]
fn an_old_abnormal_reading_without_an_alarm_does_not_ring_at_the_start() {
    let mut desk = Desk::new(&rule("dark", "", DARK), city(0));
    let old = crate::desk::reading("a", 0.0, desk.now.minus(model::Duration::from_secs(3600)), desk.now);
    desk.newest.insert((*old.series).clone(), old);
    assert_eq!(desk.play("restart +60"), "");
    assert_eq!(desk.play("a=0"), "raised:a@60");
}

#[test]
fn rates_and_stuck_values_go_on_ringing_until_readings_tell_otherwise() {
    let stuck = rule("stuck", "", "[rule.condition]\nkind = \"stuck\"\nlasting = \"20s\"");
    check(&stuck, "a=1 +30 a=1 +1 restart +60 a=1 +60 a=2", "raised:a@30 returned:a@151");
    let drop = rule(
        "drop",
        "",
        "[rule.condition]\nkind = \"deviation\"\nbelow = -30\nclear = -10\nover = \"10m\"\nwarm_up = \"20s\"",
    );
    check(
        &drop,
        "a=230 +15 a=230 +15 a=230 +15 a=190 +15 restart a=190 +15 a=190 +100 a=229 +1",
        "raised:a@45 returned:a@175",
    );
}

#[test]
fn an_alarm_of_a_rule_that_is_gone_returns_without_evidence() {
    let mut desk = Desk::new(&text(), city(0));
    desk.play("a,b,c=0 z=0 +60");
    desk.book = rules::RuleBook::default();
    assert_eq!(desk.play("restart"), "returned:c1@60 returned:z@60");
}
