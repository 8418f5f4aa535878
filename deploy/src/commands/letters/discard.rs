//! Removing what nobody will read again.

use std::io::Write;

use anyhow::ensure;

use super::place::Desk;
use crate::cli::{ChosenLetters, DiscardLetters};

pub(super) async fn run(discard: DiscardLetters) -> anyhow::Result<()> {
    let ChosenLetters { place, choice, id } = discard.which;
    let chosen = !id.is_empty()
        || choice.reason.is_some()
        || choice.source.is_some()
        || choice.topic.is_some()
        || choice.since.is_some();
    ensure!(chosen || discard.all, "say which letters: --id, --reason, --source, --topic or --since; or --all");
    let desk = Desk::open(place).await?;
    let ids = desk.find(choice, id).await?;
    let discarded = desk.records.remove_letters(&desk.tenant, &ids).await?;
    tracing::info!(tenant = %desk.tenant, letters = discarded, "discarded dead letters");
    writeln!(std::io::stdout(), "{discarded} discarded")?;
    Ok(())
}
