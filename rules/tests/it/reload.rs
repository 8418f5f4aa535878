//! Rules and assets that change in a running service.

use rules::RuleBook;

use crate::desk::{DARK, Desk, GROUP, book, city, rule};

fn text() -> String {
    rule("dark", "on_delay = \"5s\"", &format!("{DARK}\n{GROUP}"))
}

impl Desk {
    fn reload(&mut self, text: &str) {
        self.book = book(text);
        let facts = self.engine.replace_rules(self.book.clone(), self.now);
        self.keep(facts);
    }

    fn reassign(&mut self, assets: Vec<model::Asset>) {
        self.assets = assets;
        let facts = self.engine.replace_assets(self.assets.clone(), self.now);
        self.keep(facts);
    }
}

#[track_caller]
fn check(before: &str, change: &str, after: &str, expected: &str) {
    let mut desk = Desk::new(&text(), city(0));
    desk.play(before);
    desk.reload(change);
    assert_eq!(desk.play(after), expected);
}

#[test]
fn the_same_rules_again_change_nothing() {
    let commented = format!("# a comment\n{}", text());
    check("a,b,c=0 +10", &commented, "+60 a,b,c=0 +60", "");
    check("a=0 +3", &commented, "+60", "raised:a@25");
}

#[test]
fn a_rule_that_is_removed_or_disabled_closes_its_alarms() {
    check("a,b,c=0 z=0 +60", "", "+10", "returned:c1@60 returned:z@60");
    check("a,b,c=0 +10", &rule("dark", "enabled = false", DARK), "a=0 +10", "returned:c1@10");
}

#[test]
fn an_edited_rule_judges_its_alarms_by_the_new_words() {
    let lower = rule("dark", "", &format!("{DARK}\n{GROUP}").replace("180", "80").replace("200", "90"));
    check("a=100 +60", &lower, "+10", "returned:a@60");
    check("a=50 +60", &lower, "+10 a=50 +10", "");
    check("a,b,c=50 +60", &lower, "+10 a,b,c=50 +10", "");
}

#[test]
fn a_new_rule_judges_from_what_was_read_last() {
    let other = format!("{}\n{}", text(), rule("low", "", "[rule.condition]\nkind = \"threshold\"\nbelow = 100"));
    check("a=230 +1 a=50 +1", &other, "+30", "raised:a@2 raised:a@26");
}

#[test]
fn other_rules_do_not_notice() {
    let other = format!("{}\n{}", text(), rule("low", "", "[rule.condition]\nkind = \"threshold\"\nbelow = 100"));
    check("a,b,c=0 +10 ack:c1", &other, "+60", "raised:a@10 raised:b@10 raised:c@10");
}

#[test]
fn an_asset_that_goes_out_of_service_leaves_its_group() {
    let mut desk = Desk::new(&text(), city(0));
    desk.play("a,b,c=0 +10");
    let mut assets = city(0);
    assets
        .iter_mut()
        .filter(|asset| asset.id.as_str() == "a")
        .for_each(|a| a.lifecycle = model::Lifecycle::OutOfService);
    desk.reassign(assets);
    assert_eq!(desk.play("+10"), "left[a]@10");
    desk.reassign(city(0).into_iter().take(3).collect());
    assert_eq!(desk.play("+10"), "returned:c1@20");
}

#[test]
fn a_lamp_that_is_moved_to_another_circuit_rings_there() {
    let mut desk = Desk::new(&text(), city(0));
    desk.play("a,b,c,d=0 +10");
    let mut assets = city(0);
    assets
        .iter_mut()
        .filter(|asset| asset.id.as_str() == "a")
        .for_each(|a| a.relations[0].to = model::AssetId::new("c2").unwrap());
    desk.reassign(assets);
    assert_eq!(desk.play("+30"), "left[a]@10 raised:a@10");
}

#[test]
fn new_assets_are_judged_and_the_old_ones_do_not_notice() {
    let mut desk = Desk::new(&text(), city(0));
    desk.play("a,b,c=0 +10");
    let mut assets = city(0);
    assets.push(crate::desk::asset("x", "lamp", Some("c1")));
    desk.reassign(assets);
    assert_eq!(desk.play("x=0 +10"), "joined[x]@15");
}

#[test]
fn a_slip_of_the_pen_keeps_the_last_good_rule() {
    let good = book(&text());
    for broken in [
        text().replace("180", "true"),
        text().replace("[rule.condition]", "[rule.condition"),
        text().replace("id =", "idd ="),
    ] {
        let (now, errors) = RuleBook::parse([("test.toml".to_owned(), broken)]);
        assert_eq!((now.rules().count(), errors.len()), (0, 1));
        assert_eq!(now.keeping_last_good(&good, &errors), good);
    }
}
