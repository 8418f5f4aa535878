//! What the program says about itself, on standard error.

use std::io::IsTerminal;
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

/// Starts the log. `SPECOLA_LOG` takes a filter such as `info,ingest=debug`. A command that answers and ends says only what went wrong.
pub(crate) fn start(verbosity: u8, lasting: bool) {
    let default = match verbosity {
        0 if !lasting => "warn",
        // What others' crates do is of interest only when something is wrong.
        0 => "warn,specola=info,ingest=info,store=info,rules=info,control_room_api=info,simulators=info",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("SPECOLA_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        // It would be told on standard error too, and a print that fails ends whoever wrote: a full disk under the log must not stop the city.
        .log_internal_errors(false)
        .init();
}

/// Tells a person why the program ends, from the outermost cause to the innermost.
#[expect(clippy::print_stderr, reason = "the last word of a program that ends goes to the person who started it")]
pub(crate) fn fatal(error: &anyhow::Error) -> ExitCode {
    eprintln!("specola: {error:#}");
    ExitCode::FAILURE
}
