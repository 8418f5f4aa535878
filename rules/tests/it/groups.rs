//! One alarm for a circuit.

use model::AssetClass;

use crate::desk::{DARK, Desk, GROUP, asset, check, city, rule};

fn text() -> String {
    rule("dark", "on_delay = \"5s\"\noff_delay = \"5s\"", &format!("{DARK}\n{GROUP}"))
}

#[test]
fn fifty_dark_lamps_are_one_alarm_about_their_circuit() {
    let mut desk = Desk::new(&text(), city(50));
    let mut script = String::new();
    for n in 0..50 {
        script.push_str(&format!("lamp-{n:02}=0 "));
        if n % 4 == 3 {
            script.push_str("+1 ");
        }
    }
    desk.play(&format!("{script} +60"));
    assert_eq!(desk.kept.len(), 1);
    let alarm = desk.open("c1").unwrap();
    assert_eq!((alarm.members.len(), alarm.active_members()), (50, 50));
    assert_eq!(alarm.members[0].asset.as_str(), "lamp-00");
    assert!(alarm.raised.since(crate::desk::start()).as_secs() <= 6, "{}", alarm.raised);
}

#[test]
fn lamps_that_report_over_fifteen_seconds_come_into_one_alarm() {
    check(&text(), "a=0 +5 b=0 +5 c=0 +5 d=0 +40", "raised:c1[a,b,c]@15 joined[d]@20");
}

#[test]
fn a_whole_circuit_in_one_batch_rings_with_all_its_lamps_at_once() {
    check(&text(), "a,b,c,d,e,f=0 +5", "raised:c1[a,b,c,d,e,f]@5");
}

#[test]
fn one_lamp_alone_rings_for_itself_after_the_group_has_had_its_chance() {
    check(&text(), "a=0 +60", "raised:a@25");
}

#[test]
fn two_lamps_ring_each_for_itself() {
    check(&text(), "a=0 +1 b=0 +60", "raised:a@25 raised:b@26");
}

#[test]
fn lamps_that_fail_far_apart_in_time_are_no_group() {
    check(&text(), "a=0 +60 b=0 +60 c=0 +60", "raised:a@25 raised:b@85 raised:c@145");
}

#[test]
fn lamps_of_different_circuits_are_no_group() {
    check(&text(), "a,b,z=0 +60", "raised:a@25 raised:b@25 raised:z@25");
}

#[test]
fn a_lamp_that_rang_alone_comes_into_its_circuit_s_alarm() {
    check(&text(), "a=0 +60 b,c,d=0 +10", "raised:a@25 raised:c1[a,b,c,d]@65 returned:a@65");
}

#[test]
fn recovery_clears_and_lamps_leave_as_they_return() {
    check(
        &text(),
        "a,b,c=0 +10 a=230 +2 b=230 +10 c=230 +10",
        "raised:c1[a,b,c]@5 left[a]@15 left[b]@17 returned:c1@27",
    );
}

#[test]
fn all_lamps_back_at_once_is_one_fact() {
    check(&text(), "a,b,c=0 +10 ack:c1 a,b,c=230 +10", "raised:c1[a,b,c]@5 acknowledged:c1@10 returned:c1@15");
}

#[test]
fn a_lamp_that_leaves_and_comes_back_joins_again() {
    check(&text(), "a,b,c=0 +10 a=230 +10 a=0 +10", "raised:c1[a,b,c]@5 left[a]@15 joined[a]@25");
}

#[test]
fn a_circuit_that_goes_dark_again_unanswered_is_the_same_alarm() {
    check(
        &text(),
        "a,b,c=0 +10 a,b,c=230 +10 b,c,d=0 +10",
        "raised:c1[a,b,c]@5 returned:c1@15 reoccurred:c1@25 joined[b,c,d]@25",
    );
}

#[test]
fn a_lamp_that_was_out_before_does_not_keep_the_circuit_s_alarm_open() {
    check(
        &text(),
        "a=0 +100 b,c,d=0 +10 b,c,d=230 +10",
        "raised:a@25 raised:c1[a,b,c,d]@105 returned:a@105 left[b,c,d]@115 reoccurred:a@115 returned:c1@115",
    );
}

#[test]
fn the_target_of_a_group_is_found_through_other_things() {
    let by_cabinet = GROUP.replace("circuit", "cabinet");
    check(&rule("dark", "", &format!("{DARK}\n{by_cabinet}")), "a,b,z=0", "raised:k1[a,b,z]@0");
    let nearest = GROUP.replace("class = \"circuit\"\n", "");
    check(&rule("dark", "", &format!("{DARK}\n{nearest}")), "a,b,c,z=0 +20", "raised:c1[a,b,c]@0 raised:z@20");
}

#[test]
fn an_area_is_a_group_too() {
    let by_area = "[rule.group]\nby = \"area\"\nat_least = 3\nwithin = \"20s\"";
    check(&rule("dark", "", &format!("{DARK}\n{by_area}")), "a,b,z=0", "raised:Centro[a,b,z]@0");
}

#[test]
fn a_share_of_the_known_members_can_be_asked_for() {
    let half = format!("{GROUP}\nshare = 0.7");
    check(&rule("dark", "", &format!("{DARK}\n{half}")), "a,b,c,d=0 +5 e=0", "raised:c1[a,b,c,d,e]@5");
}

#[test]
fn a_lamp_without_a_circuit_rings_for_itself_at_once() {
    let mut assets = city(0);
    assets.push(asset("x", "lamp", None));
    let mut desk = Desk::new(&text(), assets);
    assert_eq!(desk.play("x=0 +10"), "raised:x@5");
}

#[test]
fn things_that_power_each_other_in_a_circle_do_not_hang_the_engine() {
    let mut assets = city(0);
    assets.push(asset("r1", "ring", Some("r2")));
    assets.push(asset("r2", "ring", Some("r1")));
    assets.push(asset("x", "lamp", Some("r1")));
    let mut desk = Desk::new(&text(), assets);
    assert_eq!(desk.play("x=0 +10"), "raised:x@5");
}

#[test]
fn the_words_of_the_group_name_the_circuit_and_the_first_lamp() {
    let words = "[rule.group.guidance]\nrespond_within = \"10m\"\nit = { title = \"{source}: {count}, {asset} {value} {unit}\", cause = \"c\", consequence = \"c\", action = \"a\" }\nen = { title = \"t\", cause = \"c\", consequence = \"c\", action = \"a\" }";
    let mut desk = Desk::new(&rule("dark", "", &format!("{DARK}\n{GROUP}\npriority = \"critical\"\n{words}")), city(0));
    desk.play("b=0.5 a=1 c=2");
    let alarm = desk.open("c1").unwrap();
    assert_eq!(&*alarm.guidance.title.it, "Nome c1: 3, Nome a 1 V");
    assert_eq!(alarm.priority, model::alarm::Priority::Critical);
    assert_eq!(alarm.evidence.limit, Some(180.0));
}

#[test]
fn a_kind_of_circuit_groups_its_lamps_as_a_circuit_does() {
    let kind = AssetClass::new("led-circuit").unwrap();
    let mut assets = city(4);
    assets.iter_mut().filter(|asset| asset.class.as_str() == "circuit").for_each(|asset| asset.class = kind.clone());
    let rings_together = |known: bool| {
        let mut desk = Desk::new(&text(), assets.clone());
        if known {
            let kinds = |class: &AssetClass| if class.as_str() == "circuit" { vec![kind.clone()] } else { Vec::new() };
            desk.book = desk.book.clone().with_kinds(&kinds);
            desk.restart();
        }
        desk.play("lamp-00,lamp-01,lamp-02,lamp-03=0 +60");
        desk.open("c1").is_some()
    };
    assert!(!rings_together(false));
    assert!(rings_together(true));
}
