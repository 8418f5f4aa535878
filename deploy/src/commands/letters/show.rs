//! One refused message, whole.

use std::io::Write;

use anyhow::Context;
use control_room_api::advice;
use store::Letter;

use super::place::{Desk, harmless};
use crate::cli::ShowLetter;

/// Bytes of a line of the dump.
const WIDTH: usize = 16;
/// Bytes that are dumped: a screen or two; `--raw` has all.
const DUMPED: usize = 1_024;

pub(super) async fn run(show: ShowLetter) -> anyhow::Result<()> {
    let desk = Desk::open(show.place).await?;
    let letter = desk.records.dead_letter(&desk.tenant, show.id).await?;
    let letter = letter.with_context(|| format!("there is no dead letter {} of {}", show.id, desk.tenant))?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if show.raw {
        out.write_all(&letter.letter.payload)?
    } else {
        describe(&letter, &mut out)?
    }
    Ok(out.flush()?)
}

fn describe(letter: &Letter, out: &mut impl Write) -> std::io::Result<()> {
    let Letter { id, letter, times, first, wanted } = letter;
    writeln!(out, "letter   {id}")?;
    writeln!(out, "topic    {}", harmless(letter.topic.as_bytes()))?;
    writeln!(out, "source   {} of {}", letter.source, letter.tenant)?;
    match times {
        1 => writeln!(out, "came     {}", letter.received)?,
        _ => writeln!(out, "came     {times} times, from {first} to {}", letter.received)?,
    }
    if letter.retained {
        writeln!(out, "         its broker had kept it: nobody knows how old it was")?;
    }
    writeln!(out, "reason   {}", letter.reason.as_str())?;
    writeln!(out, "detail   {}", harmless(letter.detail.as_bytes()))?;
    if letter.readings > 0 {
        writeln!(out, "         {} of its readings; the others are kept", letter.readings)?;
    }
    writeln!(out, "to do    {}", advice(letter.reason).1)?;
    if *wanted {
        writeln!(out, "         the running server is asked to read it again")?;
    }
    let whole = if letter.is_whole() { "" } else { ", of which the first are kept" };
    writeln!(out, "size     {} bytes{whole}\n", letter.bytes)?;
    writeln!(out, "{}\n", harmless(letter.head()))?;
    for (line, bytes) in letter.payload.chunks(WIDTH).take(DUMPED / WIDTH).enumerate() {
        let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String =
            bytes.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' }).collect();
        writeln!(out, "{:08x}  {:<47}  {text}", line * WIDTH, hex.join(" "))?;
    }
    if letter.payload.len() > DUMPED {
        writeln!(out, "… all bytes: specola letters show {id} --raw")?;
    }
    Ok(())
}
