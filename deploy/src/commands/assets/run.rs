//! What is done with the register.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use control_room_api::Approval;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::{Asset, Lifecycle};

use super::desk::Desk;
use super::{audit, show};
use crate::cli::{ApproveAssets, AssetFormat, Assets, AuditAssets, ExportAssets, ImportAssets, ListAssets};
use crate::register::{self, Form};

pub(crate) async fn run(assets: Assets) -> anyhow::Result<ExitCode> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match assets {
        Assets::Import(order) => import(order, &mut out).await?,
        Assets::Export(order) => export(order, &mut out).await?,
        Assets::List(order) => list(order, &mut out).await?,
        Assets::Audit(AuditAssets { asset, limit, format, register }) => {
            let entries = Desk::open(register).await?.changes(asset, limit).await?;
            audit::print(&entries, format, &mut out)?;
        }
        Assets::Approve(ApproveAssets { ids, class, all: _, register }) => {
            let which = match class {
                Some(class) => Approval::Class(class),
                None if ids.is_empty() => Approval::All,
                None => Approval::Ids(ids),
            };
            let report = Desk::open(register).await?.approve(which).await?;
            show::report(&report, false, &mut out)?;
        }
        Assets::SetLife(order) => {
            let report = Desk::open(order.register).await?.set_stage(&order.id, order.stage).await?;
            show::report(&report, false, &mut out)?;
        }
    }
    match out.flush() {
        // The reader of a pipe (head, less) has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        other => {
            other?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn import(order: ImportAssets, out: &mut impl Write) -> anyhow::Result<()> {
    let bar = bar();
    bar.set_message("reading");
    let (form, text) = register::read_file(&order.file)?;
    let desk = Desk::open(order.register).await?;
    let imported = desk.import(form, text, order.dry_run, order.retire_missing, &bar).await;
    bar.finish_and_clear();
    let report = imported.with_context(|| order.file.display().to_string())?;
    show::report(&report, order.dry_run, out)?;
    Ok(())
}

fn bar() -> ProgressBar {
    let terminal = std::io::stderr().is_terminal();
    let bar = ProgressBar::with_draw_target(
        None,
        if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() },
    );
    bar.set_style(
        ProgressStyle::with_template("{spinner} {msg} {wide_bar} {pos}/{len}").expect("the template is well formed"),
    );
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

async fn export(order: ExportAssets, out: &mut impl Write) -> anyhow::Result<()> {
    let form = match order.format {
        AssetFormat::Csv => Form::Csv,
        AssetFormat::Geojson => Form::GeoJson,
    };
    let text = form.write(&Desk::open(order.register).await?.assets().await?);
    match &order.output {
        Some(path) => std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?,
        None => out.write_all(text.as_bytes())?,
    }
    Ok(())
}

async fn list(order: ListAssets, out: &mut impl Write) -> anyhow::Result<()> {
    let assets = Desk::open(order.register).await?.assets().await?;
    let wanted = |asset: &&Asset| {
        (!order.quarantined || asset.lifecycle == Lifecycle::Quarantined)
            && order.class.as_deref().is_none_or(|class| asset.class.as_str() == class)
    };
    show::table(assets.iter().filter(wanted), out)?;
    Ok(())
}
