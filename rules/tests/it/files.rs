//! Mistakes in rule files: file, line, hint, and nobody else pays.

use rules::RuleBook;

use crate::desk::{DARK, GROUP, asset, rule};

#[track_caller]
fn check(from: &str, to: &str, line: usize, message: &str) {
    let text = rule("dark", "on_delay = \"5s\"", &format!("{DARK}\n{GROUP}"));
    assert!(text.contains(from), "{from:?} is not in\n{text}");
    let broken = format!("{}\n{}", text.replacen(from, to, 1), rule("other", "", DARK));
    let (book, errors) = RuleBook::parse([("lights.toml".to_owned(), broken)]);
    assert_eq!(errors.len(), 1, "{errors:?}");
    let told = errors[0].to_string();
    assert!(told.starts_with(&format!("lights.toml:{line}: ")) && told.contains(message), "{told}");
    let left: Vec<_> = book.rules().map(|rule| rule.id.as_str()).collect();
    assert_eq!(left, ["other"], "only the erroneous rule is affected");
}

#[test]
fn every_mistake_is_told_with_its_line() {
    check("on_delay", "on_deley", 6, "unknown field `on_deley`");
    check("\"5s\"", "\"5 seconds\"", 6, "is not a span of time");
    check("\"5s\"", "5", 6, "span of time");
    check("\"high\"", "\"urgent\"", 5, "is not a priority");
    check("metric = \"voltage\"\n", "", 1, "metric: is missing");
    check("id = \"dark\"", "id = \"Dark!\"", 2, "rule must be 1 to 96 bytes");
    check("kind = \"threshold\"", "kind = \"treshold\"", 8, "is no kind of condition");
    check("kind = \"threshold\"", "", 7, "condition.kind: is missing");
    check("below = 180", "below = \"180\"", 9, "invalid type");
    check("below = 180", "above = 180", 10, "is above the limit");
    check("below = 180", "under = 180", 9, "unknown field `under`");
    check("at_least = 3", "at_least = 1", 14, "a group begins with 2");
    check("by = \"powered-by\"", "by = \"street\"", 12, "nothing to group by");
    check("title = \"{asset}\"", "title = \"{nome}\"", 18, "{nome} is no placeholder");
    check("cause = \"causa\"\n", "", 17, "missing field `cause`");
    check("[rule.condition]\nkind", "[rule.condizione]\nkind", 1, "condition: is missing");
}

#[test]
fn a_text_that_is_no_toml_costs_its_file_and_nothing_else() {
    let files = [("a.toml", "[[rule]\nid = 3".to_owned()), ("b.toml", rule("fine", "", DARK))];
    let (book, errors) = RuleBook::parse(files.map(|(name, text)| (name.to_owned(), text)));
    assert_eq!((book.rules().count(), errors.len()), (1, 1));
    assert_eq!((errors[0].file.as_str(), errors[0].line, errors[0].rule.clone()), ("a.toml", 1, None));
}

#[test]
fn a_rule_for_a_class_covers_the_kinds_of_it_when_the_classes_say_so() {
    let (book, errors) = RuleBook::parse([("a.toml".to_owned(), rule("dark", "", DARK))]);
    assert!(errors.is_empty());
    let lamp = asset("l", "lamp", None);
    let floodlight = asset("f", "floodlight", None);
    let covered = |book: &RuleBook| {
        let rule = book.rules().next().unwrap();
        [rule.covers(&lamp), rule.covers(&floodlight)]
    };
    assert_eq!(covered(&book), [true, false]);
    let kinds = |class: &model::AssetClass| {
        if class.as_str() == "lamp" { vec![model::AssetClass::new("floodlight").unwrap()] } else { Vec::new() }
    };
    assert_eq!(covered(&book.clone().with_kinds(&kinds)), [true, true]);
    assert_eq!(book.clone().with_kinds(&kinds).version(), book.version());
}

#[test]
fn of_two_rules_with_one_id_the_second_is_refused() {
    let files = [("b.toml", rule("dark", "", DARK)), ("a.toml", rule("dark", "", DARK))];
    let (book, errors) = RuleBook::parse(files.map(|(name, text)| (name.to_owned(), text)));
    assert_eq!(book.rules().next().unwrap().file, "a.toml");
    assert!(errors[0].to_string().contains("already taken in a.toml"), "{}", errors[0]);
}

#[test]
fn an_unknown_key_beside_the_rules_is_told() {
    let (book, errors) = RuleBook::parse([("a.toml".to_owned(), format!("rules = 1\n{}", rule("fine", "", DARK)))]);
    assert_eq!(book.rules().count(), 1);
    assert!(errors[0].to_string().starts_with("a.toml:1: unknown key \"rules\""), "{}", errors[0]);
}

#[test]
fn the_version_follows_the_meaning_and_not_the_writing() {
    let version = |text: &str| crate::desk::book(text).version();
    let text = rule("dark", "", DARK);
    assert_eq!(version(&text), version(&format!("# note\n\n{text}")));
    assert_eq!(version(&text), version(&text.replace("below = 180\nclear = 200", "clear = 200\nbelow = 180")));
    assert_ne!(version(&text), version(&text.replace("180", "181")));
}

#[test]
fn selectors_must_all_agree() {
    let covers = |keys: &str| {
        let mut lamp = asset("a", "lamp", None);
        lamp.properties.insert("type".into(), "led".into());
        crate::desk::book(&rule("dark", keys, DARK)).rules().next().unwrap().covers(&lamp)
    };
    assert!(covers("domain = \"streetlight\"\narea = [\"Centro\", \"Nord\"]\nproperties = { type = \"led\" }"));
    assert!(!covers("domain = \"water\""));
    assert!(!covers("area = \"Nord\""));
    assert!(!covers("properties = { type = \"sap\" }"));
    assert!(!covers("asset = [\"b\"]"));
}

#[test]
fn charts_get_their_limits_and_screens_their_age() {
    let silent = rule("silent", "", "[rule.condition]\nkind = \"silence\"\nlasting = \"3m\"");
    let book = crate::desk::book(&format!("{}\n{silent}", rule("dark", "", DARK)));
    let lamp = asset("a", "lamp", None);
    let limits = book.limits(&lamp);
    assert_eq!(limits.len(), 1);
    assert_eq!((limits[0].comparison.as_str(), limits[0].limit, limits[0].clear), ("below", 180.0, 200.0));
    let (voltage, power) = (model::MetricName::new("voltage").unwrap(), model::MetricName::new("power").unwrap());
    assert_eq!(book.stale_after(&lamp, &voltage).as_secs(), 180);
    assert_eq!(book.stale_after(&lamp, &power).as_secs(), 900);
    assert_eq!(book.stale_after(&asset("c1", "circuit", None), &voltage).as_secs(), 900);
}
