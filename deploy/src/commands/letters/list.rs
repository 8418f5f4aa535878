//! The list of what was refused.

use std::collections::BTreeMap;
use std::io::Write;

use store::{DeadLetterCount, Letter};

use super::place::{Desk, harmless};
use crate::cli::{Format, ListLetters};

/// Characters of a message in the table.
const SHOWN: usize = 60;

const NAMES: [&str; 10] = ["id", "received", "first", "times", "source", "topic", "reason", "detail", "bytes", "head"];

pub(super) async fn run(list: ListLetters) -> anyhow::Result<()> {
    let desk = Desk::open(list.place).await?;
    let filter = desk.filter(list.choice, Vec::new(), list.limit);
    let page = desk.records.dead_letters(&filter).await?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match list.format {
        Format::Json => page.letters.iter().try_for_each(|letter| writeln!(out, "{}", json(letter)))?,
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(&mut out);
            writer.write_record(NAMES)?;
            for letter in &page.letters {
                writer.write_record(fields(letter).map(guarded))?;
            }
            writer.flush()?;
        }
        Format::Table => {
            let counts = desk.records.dead_letter_counts(&desk.tenant).await?;
            writeln!(out, "{}", summary(&counts))?;
            if !page.letters.is_empty() {
                writeln!(out, "{}", table(&page.letters))?;
                writeln!(out, "one of them whole: specola letters show ID; read again: specola letters replay --help")?;
            }
        }
    }
    Ok(out.flush()?)
}

fn summary(counts: &[DeadLetterCount]) -> String {
    if counts.is_empty() {
        return "no dead letters".to_owned();
    }
    let one = |count: &DeadLetterCount| {
        let times =
            if count.messages > count.letters { format!(" ({} messages)", count.messages) } else { String::new() };
        format!("{} {}{times}", count.letters, count.reason.as_str())
    };
    counts.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn table(letters: &[Letter]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_header(["id", "last", "times", "reason", "source", "topic", "detail", "message"]);
    for letter in letters {
        let shown: String = harmless(letter.letter.head()).chars().take(SHOWN).collect();
        table.add_row([
            letter.id.to_string(),
            letter.letter.received.to_rfc3339(),
            letter.times.to_string(),
            letter.letter.reason.as_str().to_owned(),
            letter.letter.source.clone(),
            harmless(letter.letter.topic.as_bytes()),
            harmless(letter.letter.detail.as_bytes()),
            shown,
        ]);
    }
    table
}

fn fields(letter: &Letter) -> [String; NAMES.len()] {
    let Letter { id, letter, times, first, .. } = letter;
    [
        id.to_string(),
        letter.received.to_rfc3339(),
        first.to_rfc3339(),
        times.to_string(),
        letter.source.clone(),
        letter.topic.clone(),
        letter.reason.as_str().to_owned(),
        letter.detail.clone(),
        letter.bytes.to_string(),
        harmless(letter.head()),
    ]
}

/// A spreadsheet would run a text that begins like a formula.
fn guarded(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

fn json(letter: &Letter) -> serde_json::Value {
    let fields: BTreeMap<&str, String> = NAMES.into_iter().zip(fields(letter)).collect();
    serde_json::json!(fields)
}
