//! The program: reads the command line, starts the runtime and hands over to a command.

mod cli;
mod commands;
mod config;
mod log;
mod pipeline;
mod register;

use std::process::ExitCode;

use clap::Parser;

/// Readings are many and short-lived; this allocator keeps them cheap.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    log::start(cli.verbose, cli.is_lasting());
    // One TLS provider for the whole process: two would panic at the first handshake.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was installed before");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(8 << 20).build() {
        Ok(runtime) => runtime,
        Err(error) => return log::fatal(&anyhow::Error::new(error).context("cannot start the runtime")),
    };
    let outcome = runtime.block_on(commands::run(cli));
    // A blocking task that hangs must not keep a drained process alive.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match outcome {
        Ok(code) => code,
        Err(error) => log::fatal(&error),
    }
}
