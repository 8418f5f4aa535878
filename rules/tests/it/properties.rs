//! Whatever happens in whatever order: alarms never jump states, the same input gives the same facts, a restart raises nothing twice.

use proptest::prelude::*;

use crate::desk::{DARK, Desk, GROUP, city, rule};

fn text() -> String {
    let silent = "[rule.condition]\nkind = \"silence\"\nlasting = \"30s\"";
    format!(
        "{}\n{}\n{}",
        rule("dark", "on_delay = \"3s\"\noff_delay = \"4s\"", &format!("{DARK}\n{GROUP}")),
        rule("silent", "", &format!("{silent}\n{}", GROUP.replace("at_least = 3", "at_least = 2"))),
        rule("stuck", "off_delay = \"2s\"", "[rule.condition]\nkind = \"stuck\"\nlasting = \"15s\"\nexcept = [230]"),
    )
}

/// One word of a script, without restarts.
fn word() -> impl Strategy<Value = String> {
    let lamps = prop::sample::subsequence(vec!["a", "b", "c", "d", "e", "z", "z2"], 1..7);
    let value = prop::sample::select(vec!["0", "0", "190", "230", "230", "231"]);
    let shift = prop::sample::select(vec!["", "", "", "", "~-3", "~-500", "~7", "?bad", "?uncertain"]);
    prop_oneof![
        6 => (lamps, value, shift).prop_map(|(lamps, value, shift)| format!("{}={value}{shift}", lamps.join(","))),
        4 => (1_u64..12).prop_map(|seconds| format!("+{seconds}")),
        1 => prop::sample::select(vec!["a", "b", "c1", "c2", "z"]).prop_map(|source| format!("ack:{source}")),
        1 => prop::sample::select(vec!["jump-40", "jump+900"]).prop_map(str::to_owned),
    ]
}

/// Plays words; an answer to an alarm that does not wait for one is left out. The desk itself checks every fact.
fn play(words: &[String], restart_before: Option<usize>) -> Desk {
    let mut desk = Desk::new(&text(), city(0));
    for (n, word) in words.iter().enumerate() {
        if restart_before == Some(n) {
            desk.play("restart");
        }
        if let Some(source) = word.strip_prefix("ack:")
            && desk.open(source).is_none_or(|alarm| !alarm.state.is_unacknowledged())
        {
            continue;
        }
        desk.play(word);
    }
    desk
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn alarms_never_jump_states_and_the_same_input_gives_the_same_facts(words in prop::collection::vec(word(), 1..60)) {
        let (first, second) = (play(&words, None), play(&words, None));
        prop_assert_eq!(first.facts, second.facts);
    }

    #[test]
    fn a_restart_anywhere_raises_nothing_twice(words in prop::collection::vec(word(), 1..60), at in 0_usize..60) {
        // the desk refuses a second open alarm about one cause, and a fact that does not follow
        let desk = play(&words, Some(at % words.len()));
        let open = desk.kept.values().filter(|alarm| alarm.state.is_open()).count();
        prop_assert_eq!(desk.engine.open_alarms().count(), open);
    }

    #[test]
    fn when_all_is_normal_again_and_answered_nothing_is_open(words in prop::collection::vec(word(), 1..60), at in 0_usize..60) {
        let mut desk = play(&words, Some(at % words.len()));
        for voltage in [230, 229, 230, 229, 230, 229] {
            desk.play(&format!("a,b,c,d,e,f,z,z2,z3={voltage} +5"));
        }
        let active: Vec<_> = desk.kept.values().filter(|alarm| alarm.state.is_active()).collect();
        prop_assert!(active.is_empty(), "{active:?}");
    }
}
