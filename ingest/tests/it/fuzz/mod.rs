//! Millions of broken messages: every decoder and our listener are given good ones with something wrong in them, and nothing may fall over.
//!
//! A run is repeated by its seed, which is printed with what it broke: `SPECOLA_FUZZ_SEED=7 cargo test -p ingest fuzz`. `SPECOLA_FUZZ_RUNS=1000000`
//! is what the nightly run does (`.ci/nightly`).

mod corpus;
mod decoders;
mod listener;
mod mutate;

/// How many inputs each target is given, unless `SPECOLA_FUZZ_RUNS` says otherwise.
const RUNS: u64 = 20_000;
/// The seed, unless `SPECOLA_FUZZ_SEED` says otherwise: the same inputs in every run, so that a failure is the change's and not the day's.
const SEED: u64 = 0x5eed_0f17_a11a;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

fn runs() -> u64 {
    number("SPECOLA_FUZZ_RUNS", RUNS)
}

fn seed() -> u64 {
    number("SPECOLA_FUZZ_SEED", SEED)
}

/// Bytes as they can be pasted into a test.
fn shown(bytes: &[u8]) -> String {
    format!("b\"{}\"", bytes.escape_ascii())
}
