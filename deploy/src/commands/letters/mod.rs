//! `specola letters`: what was refused; looked at, read again, discarded.

mod discard;
mod list;
mod place;
mod replay;
mod show;

use std::process::ExitCode;

use crate::cli::{Letters, LettersCommand};

/// Does what was asked; lists when nothing was.
pub(crate) async fn run(letters: Letters) -> anyhow::Result<ExitCode> {
    match letters.command {
        None => list::run(letters.list).await?,
        Some(LettersCommand::List(list)) => list::run(list).await?,
        Some(LettersCommand::Show(show)) => show::run(show).await?,
        Some(LettersCommand::Replay(replay)) => return replay::run(replay).await,
        Some(LettersCommand::Discard(discard)) => discard::run(discard).await?,
    }
    Ok(ExitCode::SUCCESS)
}
