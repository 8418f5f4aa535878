//! How far a load is: a bar on a terminal, a line now and then in a log.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use simulators::load::Progress;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::report::thousands;
use crate::commands::status_line::say;

const REDRAW: Duration = Duration::from_millis(500);
const REPEAT: Duration = Duration::from_secs(10);

/// Shows how far the load is until `stop`, or until it is dropped.
pub(super) async fn show(progress: Progress, clients: usize, lasts: Duration, stop: CancellationToken) {
    let terminal = std::io::stderr().is_terminal();
    let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(lasts.as_millis() as u64), target);
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {wide_msg}");
    bar.set_style(style.expect("the template is well formed"));
    let bar = Cleared(bar);
    let mut ticker = tokio::time::interval(if terminal { REDRAW } else { REPEAT });
    ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut begun, mut before, mut since) = (None, 0, Instant::now());
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticker.tick() => {}
        }
        if begun.is_none() && progress.sent() > 0 {
            begun = Some(Instant::now());
        }
        let counted = if progress.acknowledged() > 0 { progress.acknowledged() } else { progress.sent() };
        let rate = (counted - before) as f64 / since.elapsed().as_secs_f64().max(0.001);
        (before, since) = (counted, Instant::now());
        let line = match begun {
            None => format!("{} of {clients} clients connected", progress.connected()),
            Some(_) => format!(
                "{}/s, {} acknowledged, p99 {:.1} ms, {} clients{}",
                thousands(rate as u64),
                thousands(progress.acknowledged()),
                progress.p99().as_secs_f64() * 1e3,
                progress.connected(),
                if progress.reconnects() > 0 {
                    format!(", {} reconnects", progress.reconnects())
                } else {
                    String::new()
                }
            ),
        };
        if terminal {
            bar.0.set_position(begun.map_or(0, |begun: Instant| begun.elapsed().min(lasts).as_millis() as u64));
            bar.0.set_message(line);
        } else {
            say(&line);
        }
    }
}

/// A bar that leaves no trace, however it ends.
struct Cleared(ProgressBar);

impl Drop for Cleared {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
