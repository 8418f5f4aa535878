//! What `specola letters` can be asked.

use clap::{Args, Subcommand};
use model::{LetterId, Reason, Timestamp};

use super::format::Format;
use super::place::Place;
use super::time::moment;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Letters {
    #[command(subcommand)]
    pub(crate) command: Option<LettersCommand>,
    #[command(flatten)]
    pub(crate) list: ListLetters,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LettersCommand {
    /// Lists what was refused, the newest first (what `specola letters` alone does)
    List(ListLetters),
    /// Shows one refused message whole: text, bytes, reason, and what to change
    Show(ShowLetter),
    /// Reads refused messages again by the present configuration, with their original time of arrival
    #[command(after_help = "Correct the configuration (a mapping, a route, a limit), try it, then replay:\n  \
                            specola letters replay --reason schema --dry-run\n  \
                            specola letters replay --reason schema\n\
                            What is understood is kept and leaves the list; what is refused again stays with its new reason.\n\
                            Beside a running server the server reads them, by the configuration that it was started with.")]
    Replay(ReplayLetters),
    /// Removes refused messages that nobody will read again
    Discard(DiscardLetters),
}

/// Which letters.
#[derive(Debug, Args)]
pub(crate) struct LetterChoice {
    /// Only with this reason, such as malformed or unknown_format
    #[arg(long, value_name = "REASON", value_parser = reason)]
    pub(crate) reason: Option<Reason>,
    /// Only from this source, as the configuration names it
    #[arg(long, value_name = "SOURCE")]
    pub(crate) source: Option<String>,
    /// Only on topics that begin so
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: Option<String>,
    /// Only those that came at this moment or later, such as 2026-11-25T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) since: Option<Timestamp>,
}

/// Letters that something is done with.
#[derive(Debug, Args)]
pub(crate) struct ChosenLetters {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) choice: LetterChoice,
    /// Only these letters; may be given more than once
    #[arg(long, value_name = "NUMBER")]
    pub(crate) id: Vec<LetterId>,
}

#[derive(Debug, Args)]
pub(crate) struct ListLetters {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) choice: LetterChoice,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Letters at most, newest first
    #[arg(long, default_value_t = 50, value_name = "LETTERS")]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ShowLetter {
    /// The number of the letter, as the list tells it
    pub(crate) id: LetterId,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Writes only the bytes of the message, as they came
    #[arg(long)]
    pub(crate) raw: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayLetters {
    #[command(flatten)]
    pub(crate) which: ChosenLetters,
    /// Only tells what would become of them, by the configuration named here; changes nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DiscardLetters {
    #[command(flatten)]
    pub(crate) which: ChosenLetters,
    /// Discards all letters of the tenant when nothing else is chosen
    #[arg(long)]
    pub(crate) all: bool,
}

/// Reads why something was refused.
fn reason(word: &str) -> Result<Reason, String> {
    Reason::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        format!("{word:?} is no reason; use one of {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_is_none_is_answered_with_those_that_are() {
        assert!(reason("bored").unwrap_err().contains("unknown_format"));
    }
}
