//! Reading refused messages again: here when no server runs, else by the server.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use control_room_api::{LetterDesk, LetterFate, Reading, Reread};
use model::LetterId;
use store::{DeadLetters, LetterFilter};

use super::place::Desk;
use crate::cli::{ChosenLetters, ReplayLetters};
use crate::pipeline::{Directory, Replayer, Way, classes_in};

/// How long the running server may make no progress before the command stops waiting for it.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether the server is done.
const LOOK: Duration = Duration::from_millis(200);

pub(super) async fn run(replay: ReplayLetters) -> anyhow::Result<ExitCode> {
    let ChosenLetters { place, choice, id } = replay.which;
    let desk = Desk::open(place).await?;
    desk.config.validate()?;
    let ids = desk.find(choice, id).await?;
    let mut out = std::io::stdout();
    if ids.is_empty() {
        writeln!(out, "no such letters")?;
        return Ok(ExitCode::SUCCESS);
    }
    if replay.dry_run {
        let reread = alone(&desk, &ids, Reading::Trial).await?;
        tell(&reread, "would be understood", &mut out)?;
        return Ok(ExitCode::SUCCESS);
    }
    match alone(&desk, &ids, Reading::ForGood).await {
        Ok(reread) => {
            tell(&reread, "understood", &mut out)?;
            let Reread { stored, duplicate, conflict, .. } = reread;
            writeln!(
                out,
                "{stored} readings stored, {duplicate} were there before, {conflict} contradict what is there"
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if matches!(error.downcast_ref(), Some(store::Error::InUse(_))) => by_server(&desk, &ids).await,
        Err(error) => Err(error),
    }
}

/// Reads letters in this process.
async fn alone(desk: &Desk, ids: &[LetterId], reading: Reading) -> anyhow::Result<Reread> {
    // As the server would judge them: a replay must not keep other units than the river does.
    let directory = Directory::new(Arc::new(classes_in(&desk.config.class_folder())?.0));
    directory.learn(&desk.records.assets(&desk.tenant).await?);
    let directory = Arc::new(directory);
    let ingest = desk.config.ingest.clone();
    let records: Arc<dyn DeadLetters> = desk.records.clone();
    if reading == Reading::Trial {
        // Nothing is kept, so the server may go on beside it.
        let letters = Replayer::new(ingest, directory, records, Way::Nowhere);
        return Ok(letters.reread(&desk.tenant, ids, reading).await?);
    }
    let store = store::open(desk.config.store.clone()).await?;
    let letters = Replayer::new(ingest, directory, records, Way::Store(Arc::clone(&store)));
    let reread = letters.reread(&desk.tenant, ids, reading).await;
    store.close().await.context("closing the store")?;
    Ok(reread?)
}

/// Asks the running server to read letters, and waits for it.
async fn by_server(desk: &Desk, ids: &[LetterId]) -> anyhow::Result<ExitCode> {
    desk.records.want_letters(&desk.tenant, ids).await?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "a server runs in {}: it reads them by the configuration that it was started with",
        desk.config.store.folder.display()
    )?;
    let mut waiting = ids.len();
    let mut progress = Instant::now();
    loop {
        let mut left = BTreeMap::new();
        for some in ids.chunks(1_000) {
            let filter = LetterFilter { ids: some.to_vec(), ..LetterFilter::all(desk.tenant.clone(), some.len()) };
            left.extend(
                desk.records.dead_letters(&filter).await?.letters.into_iter().map(|letter| (letter.id, letter)),
            );
        }
        let wanted = left.values().filter(|letter| letter.wanted).count();
        if wanted == 0 {
            let fate = |id: &LetterId| match left.get(id) {
                None => LetterFate::Understood { readings: 0 },
                Some(letter) => {
                    LetterFate::Refused { reason: letter.letter.reason, detail: letter.letter.detail.clone() }
                }
            };
            let letters = ids.iter().map(|id| (*id, fate(id))).collect();
            tell(&Reread { letters, ..Reread::default() }, "understood", &mut out)?;
            return Ok(ExitCode::SUCCESS);
        }
        if wanted < waiting {
            (waiting, progress) = (wanted, Instant::now());
        }
        if progress.elapsed() > PATIENCE {
            bail!(
                "the server has not read {wanted} of them within {PATIENCE:?}; they stay asked for, and it reads them when it can (see its /status)"
            );
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn tell(reread: &Reread, understood: &str, out: &mut impl Write) -> std::io::Result<()> {
    let (mut letters, mut readings, mut refused) = (0, 0, BTreeMap::<String, (usize, LetterId, String)>::new());
    for (id, fate) in &reread.letters {
        let (word, detail) = match fate {
            LetterFate::Understood { readings: more } => {
                letters += 1;
                readings += more;
                continue;
            }
            LetterFate::Refused { reason, detail } => (reason.as_str(), detail.as_str()),
            LetterFate::Incomplete => ("incomplete", "only its first bytes were kept: it must be sent again"),
            LetterFate::Unknown => ("gone", "somebody was first"),
        };
        refused.entry(word.to_owned()).or_insert_with(|| (0, *id, detail.to_owned())).0 += 1;
    }
    let with = if readings > 0 { format!(" ({readings} readings)") } else { String::new() };
    writeln!(out, "{letters} of {} letters {understood}{with}", reread.letters.len())?;
    for (word, (count, id, detail)) in refused {
        writeln!(out, "{count} {word}: such as letter {id}: {detail}")?;
    }
    Ok(())
}
