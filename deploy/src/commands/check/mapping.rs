//! `specola check mapping`: what a payload would become by the present configuration, classes and register.

use std::io::{Read, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use bytes::Bytes;
use ingest::{Arrival, Clock, RawMessage, SystemClock, Trial};
use model::{DeadLetter, Reading, Reason, TenantId, Value};

use super::whole;
use crate::cli::CheckMapping;
use crate::config::{self, Config};
use crate::pipeline::Directory;

pub(crate) async fn run(check: CheckMapping) -> anyhow::Result<ExitCode> {
    let config = config::load(check.configured.config.as_deref())?;
    config.validate()?;
    let tenant = tenant(&config, check.tenant.clone())?;
    let mut told = Vec::new();
    let (classes, _) = whole::classes(&config, &mut told)?;
    let directory = Directory::new(Arc::new(classes));
    // Beside a running server too: what the register knows decides how a device is judged.
    if config.store.folder.join("registry.sqlite").is_file() {
        let records = store::open_records(&config.store).await.context("cannot read the register")?;
        directory.learn(&records.assets(&tenant).await?);
    }
    let payload = payload(&check)?;
    let bytes = payload.len();
    let message = RawMessage {
        tenant: tenant.clone(),
        source: Arc::from("check"),
        topic: check.topic.into(),
        payload: Bytes::from(payload),
        bytes,
        received: SystemClock.now(),
        retained: false,
    };
    let mut trial = Trial::new(&config.ingest, tenant, Arc::new(directory))?;
    let arrival = trial.hear(&message);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    show(&arrival, &message.topic, &mut out)?;
    for command in trial.commands() {
        writeln!(out, "would answer on {} ({} bytes)", command.topic, command.payload.len())?;
    }
    out.flush()?;
    Ok(if arrival.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tenant(config: &Config, asked: Option<TenantId>) -> anyhow::Result<TenantId> {
    let known: Vec<&TenantId> = config.tenants.iter().map(|tenant| &tenant.id).collect();
    match (asked, &known[..]) {
        (Some(tenant), _) if known.contains(&&tenant) => Ok(tenant),
        (Some(tenant), _) => bail!("there is no tenant {tenant} in the configuration"),
        (None, [only]) => Ok((*only).clone()),
        (None, _) => bail!("there are several tenants: say which with --tenant"),
    }
}

fn payload(check: &CheckMapping) -> anyhow::Result<Vec<u8>> {
    if check.payload.as_os_str() == "-" {
        let mut payload = Vec::new();
        std::io::stdin().lock().read_to_end(&mut payload).context("cannot read standard input")?;
        return Ok(payload);
    }
    std::fs::read(&check.payload).with_context(|| format!("cannot read {}", check.payload.display()))
}

fn show(arrival: &Arrival, topic: &str, out: &mut impl Write) -> std::io::Result<()> {
    if arrival.readings.is_empty() && arrival.refused.is_empty() {
        writeln!(out, "nothing: messages on {topic} are ignored, or this one says no value")?;
    }
    if !arrival.readings.is_empty() {
        let mut table = comfy_table::Table::new();
        table.load_preset(comfy_table::presets::UTF8_FULL_CONDENSED);
        table.set_header(["device", "metric", "value", "unit", "time", "quality"]);
        for reading in &arrival.readings {
            table.add_row(row(reading));
        }
        writeln!(out, "{table}")?;
    }
    for newcomer in &arrival.seen {
        let class = newcomer.class.as_ref().map_or_else(
            || "no class (no rule of ingest.welcome fits): its readings stay as sent".to_owned(),
            |class| format!("class {class}"),
        );
        writeln!(out, "new device {}: {class}", newcomer.device)?;
    }
    for letter in &arrival.refused {
        let lost = match letter.readings {
            0 => "the message would be refused".to_owned(),
            1 => "1 reading would be refused".to_owned(),
            more => format!("{more} readings would be refused"),
        };
        writeln!(out, "{lost} ({}): {}", letter.reason.as_str(), letter.detail)?;
        writeln!(out, "  {}", hint(letter))?;
    }
    Ok(())
}

fn row(reading: &Reading) -> [String; 6] {
    let value = match &reading.value {
        Value::Number(number) => number.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        // A text may hold what would confuse a terminal.
        Value::Text(text) => format!("{text:?}"),
        Value::Gap => "(no value)".to_owned(),
    };
    let time = if reading.time == reading.received { "arrival".to_owned() } else { reading.time.to_rfc3339() };
    let plain = |text: &str| text.chars().map(|c| if c.is_control() { '·' } else { c }).collect::<String>();
    [
        plain(reading.series.device.as_str()),
        plain(reading.series.metric.as_str()),
        value,
        plain(reading.unit.as_str().unwrap_or_default()),
        time,
        reading.quality.as_str().to_owned(),
    ]
}

/// What to change so that it would be taken.
fn hint(letter: &DeadLetter) -> &'static str {
    match letter.reason {
        Reason::Malformed => {
            "the bytes are not of the route's format: look at the place that is named, or at the format of the route"
        }
        Reason::Schema => {
            "the format of the route asks for something else: look at the mapping's device and time, or at the route's format"
        }
        Reason::Range => "a number that no double holds; leave the field out with mapping.exclude",
        Reason::Timestamp => {
            "mind mapping.time (field, format, zone), or say in the class how far its clock is believed"
        }
        Reason::TooLarge => "raise ingest.max_message_bytes, or let the gateway send less at once",
        Reason::TooDeep => "raise ingest.max_depth",
        Reason::DuplicateKey => "the sender says one key twice; which of them is true nobody can tell",
        Reason::UnknownFormat => "add a [[ingest.routes]] whose topic fits, or list the topic in ingest.ignored_topics",
        Reason::UnknownAlias => "the sender must say its birth first; a running server asks for it",
        Reason::UnknownDevice => {
            "register the device (specola assets import), or set ingest.unknown_devices to register or quarantine"
        }
        Reason::Unstorable => "the store cannot keep it",
    }
}
