//! Hears the wish to stop: Ctrl-C or SIGTERM.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The signal of a file that would grow beyond what the process may write (`ulimit -f`), on Linux.
const FILE_TOO_LARGE: i32 = 25;

/// A token that is cancelled at the first Ctrl-C or SIGTERM; a second one ends the process at once.
pub(crate) fn on_signal() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let token = stop.clone();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // By default it ends the process. Once somebody hears it the write fails instead, and is told and tried again like one on a full disk.
    drop(signal(SignalKind::from_raw(FILE_TOO_LARGE))?);
    tokio::spawn(async move {
        let mut asked = false;
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if std::mem::replace(&mut asked, true) {
                tracing::warn!("stopping at once; what was not acknowledged will be sent again");
                std::process::exit(130);
            }
            token.cancel();
        }
    });
    Ok(stop)
}
