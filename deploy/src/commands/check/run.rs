//! Chooses what is looked at.

use std::process::ExitCode;

use super::{mapping, whole};
use crate::cli::{Check, CheckWhat};

pub(crate) async fn run(check: Check) -> anyhow::Result<ExitCode> {
    match check.what {
        None => whole::run(&check.configured),
        Some(CheckWhat::Mapping(mut one)) => {
            one.configured.config = one.configured.config.or(check.configured.config);
            mapping::run(one).await
        }
    }
}
