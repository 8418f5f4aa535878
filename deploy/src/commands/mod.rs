//! What the program can be asked to do.

mod assets;
mod check;
mod completeness;
mod configuration;
mod demo;
mod letters;
mod load;
mod measure;
mod query;
mod remote;
mod serve;
mod simulate;
mod status_line;
mod stop;
mod user;

use std::process::ExitCode;

use crate::cli::{Cli, Command};

/// Does what was asked; the demo when nothing was.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command.unwrap_or_else(|| Command::Demo(crate::cli::Demo::default())) {
        Command::Demo(demo) => demo::run(demo).await,
        Command::Serve(serve) => serve::run(serve).await,
        Command::Simulate(simulate) => simulate::run(simulate).await,
        Command::Query(query) => query::run(query).await,
        Command::Letters(letters) => letters::run(letters).await,
        Command::Completeness(asked) => completeness::run(asked).await,
        Command::Check(check) => check::run(check).await,
        Command::Assets(assets) => assets::run(assets).await,
        Command::Config(show) => configuration::run(show),
        Command::User(user) => user::run(user).await,
        Command::Load(load) => load::run(load).await,
        Command::Measure(measure) => measure::run(measure).await,
    }
}
