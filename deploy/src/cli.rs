//! The command line: what can be asked, and the help that teaches it. One file for each command.

mod assets;
mod check;
mod completeness;
mod configuration;
mod demo;
mod format;
mod letters;
mod load;
mod measure;
mod place;
mod query;
mod simulate;
mod time;
mod user;

use clap::{Parser, Subcommand};

pub(crate) use assets::{
    ApproveAssets, AssetFormat, Assets, AuditAssets, ExportAssets, ImportAssets, ListAssets, Register,
};
pub(crate) use check::{Check, CheckMapping, CheckWhat};
pub(crate) use completeness::Completeness;
pub(crate) use configuration::{Configured, ShowConfig};
pub(crate) use demo::Demo;
pub(crate) use format::Format;
pub(crate) use letters::{
    ChosenLetters, DiscardLetters, LetterChoice, Letters, LettersCommand, ListLetters, ReplayLetters, ShowLetter,
};
pub(crate) use load::{Load, Target};
pub(crate) use measure::Measure;
pub(crate) use place::Place;
pub(crate) use query::Query;
pub(crate) use simulate::Simulate;
pub(crate) use user::{AddUser, LinkUser, RevokeUser, TOKEN_DAYS, TokenUser, User};

/// The telemetry backend and control room of a city.
#[derive(Debug, Parser)]
#[command(
    name = "specola",
    version,
    about = "Telemetry backend and control room of a city",
    long_about = "Specola keeps what a city's sensors say, judges it by rules, and shows it on a live map.\n\
                  Without a command it shows the demo city: nothing has to be installed or prepared.",
    after_help = "First steps:\n  \
                  specola demo                            a living city on http://127.0.0.1:8080\n  \
                  specola config --print-default > specola.toml\n  \
                  specola check --config specola.toml     is the configuration right?\n  \
                  specola serve --config specola.toml     run it\n  \
                  specola check mapping --payload FILE --topic TOPIC --config specola.toml\n  \
                  specola assets import city.csv --dry-run --config specola.toml\n  \
                  specola user add anna --role operator --config specola.toml\n  \
                  specola query \"select metric, count(*) from readings group by metric\""
)]
pub(crate) struct Cli {
    /// Says more: -v what happens, -vv how, -vvv everything.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    /// What to do; the demo city when nothing is said.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

impl Cli {
    /// Whether it asks for something that goes on until it is stopped.
    pub(crate) fn is_lasting(&self) -> bool {
        matches!(self.command, None | Some(Command::Demo(_) | Command::Serve(_) | Command::Simulate(_)))
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows a living demo city: broker, store, simulators, rules and dashboard in one process
    Demo(Demo),
    /// Runs the control room by a configuration file
    Serve(Configured),
    /// Publishes the simulated city to a broker, as real MQTT clients
    Simulate(Simulate),
    /// Asks the kept readings in SQL (also while the server runs)
    #[command(
        after_help = "Table readings: tenant, device, metric, time, value, integer, flag, text, unit, quality, received.\n\
                      Example: specola query \"select device, max(value) from readings where metric = 'pressure' \
                      and time > now() - interval '1 hour' group by device order by 2 desc limit 10\""
    )]
    Query(Query),
    /// Shows what was refused, and reads it again when the configuration was corrected
    Letters(Letters),
    /// Tells how much of what should have come has come, and which devices have holes
    #[command(
        after_help = "How often a device should speak is told by its class; without one its series has a rhythm when it comes at even steps. Where a \
                      step is longer, readings are missing. While an asset is planned, out of service or retired nothing is expected of it.\n\
                      Example: specola completeness --from 2026-11-01 --to 2026-12-01 --format csv > november.csv"
    )]
    Completeness(Completeness),
    /// Tells whether a configuration with its classes, rules and assets is right, or what a payload would become, without starting anything
    Check(Check),
    /// Puts assets in from files, gives them out, approves what was heard of (also while the server runs)
    #[command(subcommand)]
    Assets(Assets),
    /// Prints the default configuration with comments, or the one in force
    Config(ShowConfig),
    /// Adds people and gives them one-time sign-in links; adds machines and gives them tokens
    #[command(subcommand)]
    User(User),
    /// Loads a broker with numbered readings, measures how they are acknowledged, and proves what became of them
    #[command(after_help = "Examples:\n  \
                      specola load --clients 200 --for 30s --verify --data specola-data\n  \
                      specola load --format senml-cbor --values 50 --rate 5000\n  \
                      specola load --target subscriber --broker 127.0.0.1:1884    what another broker hands on")]
    Load(Load),
    /// Measures a running server: publish-to-screen latency, queues, memory and processor
    Measure(Measure),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn nothing_said_is_the_demo() {
        let cli = Cli::try_parse_from(["specola"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(Demo::default().http_port, 8080);
    }
}
