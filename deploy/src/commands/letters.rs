//! `specola letters`: what was refused, with reason and first bytes.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use model::{DeadLetter, Reason};

use super::query::tenant;
use crate::cli::{Format, Letters};
use crate::config;

pub(crate) async fn run(letters: Letters) -> anyhow::Result<ExitCode> {
    let mut config = config::load(letters.configured.config.as_deref())?;
    if let Some(folder) = letters.data {
        config.store.folder = folder;
    }
    if !config.store.folder.is_dir() {
        bail!("there is no folder {}: nothing has been kept yet", config.store.folder.display());
    }
    let reason = letters.reason.as_deref().map(reason).transpose()?;
    let registry = store::open_records(&config.store).await.context("cannot open the dead letters")?;
    let tenant = tenant(&config, &*registry, letters.tenant).await?;
    let kept = registry.dead_letters(&tenant, reason, letters.limit).await?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match letters.format {
        Format::Json => kept.iter().try_for_each(|letter| writeln!(out, "{}", json(letter)))?,
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(&mut out);
            writer.write_record(["received", "source", "topic", "reason", "detail", "bytes", "head"])?;
            for letter in &kept {
                writer.write_record(fields(letter))?;
            }
            writer.flush()?;
        }
        Format::Table => {
            let counts = registry.dead_letter_counts(&tenant).await?;
            let summary: Vec<String> =
                counts.iter().map(|count| format!("{} {}", count.letters, count.reason.as_str())).collect();
            writeln!(out, "{}", if summary.is_empty() { "no dead letters".to_owned() } else { summary.join(", ") })?;
            for letter in &kept {
                writeln!(
                    out,
                    "\n{} {} on {} ({} bytes)",
                    letter.received,
                    letter.reason.as_str(),
                    letter.topic,
                    letter.bytes
                )?;
                writeln!(out, "  {}", letter.detail)?;
                writeln!(out, "  {}", head(letter).chars().take(160).collect::<String>())?;
            }
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn reason(word: &str) -> anyhow::Result<Reason> {
    Reason::from_word(word).with_context(|| {
        let known: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        format!("{word:?} is no reason; use one of {}", known.join(", "))
    })
}

/// The first bytes in a form that harms no terminal.
fn head(letter: &DeadLetter) -> String {
    String::from_utf8_lossy(&letter.head).chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

fn fields(letter: &DeadLetter) -> [String; 7] {
    [
        letter.received.to_rfc3339(),
        letter.source.clone(),
        letter.topic.clone(),
        letter.reason.as_str().to_owned(),
        letter.detail.clone(),
        letter.bytes.to_string(),
        head(letter),
    ]
}

fn json(letter: &DeadLetter) -> serde_json::Value {
    let names = ["received", "source", "topic", "reason", "detail", "bytes", "head"];
    let fields: BTreeMap<&str, String> = names.into_iter().zip(fields(letter)).collect();
    serde_json::json!(fields)
}
