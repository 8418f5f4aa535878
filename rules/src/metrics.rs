//! What the engine counts: the names, once.

/// Readings that some rule judged.
pub const JUDGED: &str = "specola_rules_readings_judged_total";
/// Readings that a rule did not judge, by reason: `late` (older than the last one judged), `old` (older than the rule's `max_age` on
/// arrival), `quality` (may not alarm). A reading counts once for each rule that passed it over.
pub const PASSED_OVER: &str = "specola_rules_readings_passed_over_total";
/// Facts about alarms, by change.
pub const FACTS: &str = "specola_rules_facts_total";
/// Alarms on the operator's list now.
pub const OPEN: &str = "specola_rules_open_alarms";
/// Facts that an alarm refused: always 0 unless the engine is wrong.
pub const REFUSED: &str = "specola_rules_facts_refused_total";
