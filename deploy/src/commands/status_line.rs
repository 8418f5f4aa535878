//! One line that tells how the city is doing: redrawn on a terminal, repeated now and then in a log.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::pipeline::Pulse;

/// How often a terminal is redrawn.
const REDRAW: Duration = Duration::from_secs(1);
/// How often a log gets a line.
const REPEAT: Duration = Duration::from_secs(30);

/// Tells the state until `stop`. `extra` adds what only the caller knows (which faults are staged, how far history is).
pub(crate) async fn show(pulse: Pulse, extra: impl Fn() -> String + Send, stop: CancellationToken) {
    let terminal = std::io::stderr().is_terminal();
    let bar = ProgressBar::with_draw_target(
        None,
        if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() },
    );
    bar.set_style(ProgressStyle::with_template("{spinner} {wide_msg}").expect("the template is well formed"));
    let mut ticker = tokio::time::interval(if terminal { REDRAW } else { REPEAT });
    let (mut kept, mut since) = (pulse.kept(), Instant::now());
    ticker.tick().await;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticker.tick() => {}
        }
        let now = pulse.kept();
        let rate = (now - kept) as f64 / since.elapsed().as_secs_f64().max(0.001);
        (kept, since) = (now, Instant::now());
        let line = format!("{rate:.0} readings/s · {now} kept · {} open alarms{}", pulse.open_alarms(), extra());
        if terminal {
            bar.set_message(line);
            bar.tick();
        } else {
            say(&line);
        }
    }
    bar.finish_and_clear();
}

/// Writes one line for the person who started the program.
pub(crate) fn say(line: &str) {
    // A closed standard output (a pipe whose reader has gone) must not end a server.
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}
