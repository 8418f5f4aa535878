//! The command line: what can be asked, and the help that teaches it.

mod load;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use model::{AssetClass, AssetId, DeviceId, LetterId, Lifecycle, Reason, Role, TenantId, Timestamp, UserName};

pub(crate) use load::{Load, Target};

/// The telemetry backend and control room of a city.
#[derive(Debug, Parser)]
#[command(
    name = "specola",
    version,
    about = "Telemetry backend and control room of a city",
    long_about = "Specola keeps what a city's sensors say, judges it by rules, and shows it on a live map.\n\
                  Without a command it shows the demo city: nothing has to be installed or prepared.",
    after_help = "First steps:\n  \
                  specola demo                            a living city on http://127.0.0.1:8080\n  \
                  specola config --print-default > specola.toml\n  \
                  specola check --config specola.toml     is the configuration right?\n  \
                  specola serve --config specola.toml     run it\n  \
                  specola check mapping --payload FILE --topic TOPIC --config specola.toml\n  \
                  specola assets import city.csv --dry-run --config specola.toml\n  \
                  specola user add anna --role operator --config specola.toml\n  \
                  specola query \"select metric, count(*) from readings group by metric\""
)]
pub(crate) struct Cli {
    /// Says more: -v what happens, -vv how, -vvv everything.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    /// What to do; the demo city when nothing is said.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

impl Cli {
    /// Whether it asks for something that goes on until it is stopped.
    pub(crate) fn is_lasting(&self) -> bool {
        matches!(self.command, None | Some(Command::Demo(_) | Command::Serve(_) | Command::Simulate(_)))
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows a living demo city: broker, store, simulators, rules and dashboard in one process
    Demo(Demo),
    /// Runs the control room by a configuration file
    Serve(Configured),
    /// Publishes the simulated city to a broker, as real MQTT clients
    Simulate(Simulate),
    /// Asks the kept readings in SQL (also while the server runs)
    #[command(
        after_help = "Table readings: tenant, device, metric, time, value, integer, flag, text, unit, quality, received.\n\
                      Example: specola query \"select device, max(value) from readings where metric = 'pressure' \
                      and time > now() - interval '1 hour' group by device order by 2 desc limit 10\""
    )]
    Query(Query),
    /// Shows what was refused, and reads it again when the configuration was corrected
    Letters(Letters),
    /// Tells how much of what should have come has come, and which devices have holes
    #[command(
        after_help = "A series that comes at even steps has a rhythm; where a step is longer, readings are missing.\n\
                      Example: specola completeness --from 2026-11-01 --to 2026-12-01 --format csv > november.csv"
    )]
    Completeness(Completeness),
    /// Tells whether a configuration with its classes, rules and assets is right, or what a payload would become, without starting anything
    Check(Check),
    /// Puts assets in from files, gives them out, approves what was heard of (also while the server runs)
    #[command(subcommand)]
    Assets(Assets),
    /// Prints the default configuration with comments, or the one in force
    Config(ShowConfig),
    /// Adds people and gives them one-time sign-in links; adds machines and gives them tokens
    #[command(subcommand)]
    User(User),
    /// Loads a broker with numbered readings, measures how they are acknowledged, and proves what became of them
    #[command(after_help = "Examples:\n  \
                      specola load --clients 200 --for 30s --verify --data specola-data\n  \
                      specola load --format senml-cbor --values 50 --rate 5000\n  \
                      specola load --target subscriber --broker 127.0.0.1:1884    what another broker hands on")]
    Load(Load),
    /// Measures a running server: publish-to-screen latency, queues, memory and processor
    Measure(Measure),
}

#[derive(Debug, Args)]
pub(crate) struct Configured {
    /// The configuration file; without it the defaults hold
    #[arg(long, short, value_name = "FILE", env = "SPECOLA_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// What to look at; all of the configuration when nothing is said
    #[command(subcommand)]
    pub(crate) what: Option<CheckWhat>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CheckWhat {
    /// Prints what a payload would become: device, metric, value, unit, time, quality, and what would be refused
    Mapping(CheckMapping),
}

#[derive(Debug, Args)]
pub(crate) struct CheckMapping {
    /// The file that holds the payload; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) payload: PathBuf,
    /// The topic on which it would come
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: String,
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// Whose message; may be left out while there is one tenant
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<TenantId>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Assets {
    /// Adds and changes assets by a CSV or GeoJSON file, all or none, and prints what is different
    Import(ImportAssets),
    /// Writes all assets as CSV or GeoJSON; what is exported and imported again changes nothing
    Export(ExportAssets),
    /// Lists assets
    List(ListAssets),
    /// Brings quarantined assets into service
    Approve(ApproveAssets),
    /// Brings an asset into a stage of its life: planned, installed, in-service, out-of-service, retired, quarantined
    SetLife(SetLife),
}

/// Which register, and by which way.
#[derive(Debug, Args)]
pub(crate) struct Register {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// Folder that keeps the register; by default the one of the configuration
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// Whose assets; may be left out while there is one tenant
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<TenantId>,
    /// Where a running server answers; by default where the configuration says
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The administrator in whose name a running server is asked; by default the first one
    #[arg(long = "as", value_name = "USER")]
    pub(crate) user: Option<UserName>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportAssets {
    /// The file; its name ends in .csv, .geojson or .json
    pub(crate) file: PathBuf,
    /// Only prints what would change
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Retires the assets that the file does not name
    #[arg(long)]
    pub(crate) retire_missing: bool,
    #[command(flatten)]
    pub(crate) register: Register,
}

#[derive(Debug, Args)]
pub(crate) struct ExportAssets {
    /// How to write
    #[arg(long, value_enum, default_value_t = AssetFormat::Geojson)]
    pub(crate) format: AssetFormat,
    /// Writes to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) register: Register,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AssetFormat {
    /// Comma-separated, one asset a row
    Csv,
    /// GeoJSON, one asset a feature
    Geojson,
}

#[derive(Debug, Args)]
pub(crate) struct ListAssets {
    /// Only those that were heard of and wait for approval
    #[arg(long)]
    pub(crate) quarantined: bool,
    /// Only those of this class
    #[arg(long, value_name = "CLASS")]
    pub(crate) class: Option<String>,
    #[command(flatten)]
    pub(crate) register: Register,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["ids", "class", "all"]))]
pub(crate) struct ApproveAssets {
    /// The ids of the assets
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<AssetId>,
    /// All of this class that wait
    #[arg(long, value_name = "CLASS")]
    pub(crate) class: Option<AssetClass>,
    /// All that wait
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) register: Register,
}

#[derive(Debug, Args)]
pub(crate) struct SetLife {
    /// The id of the asset
    pub(crate) id: AssetId,
    /// planned, installed, in-service, out-of-service, retired or quarantined
    #[arg(value_parser = stage)]
    pub(crate) stage: Lifecycle,
    #[command(flatten)]
    pub(crate) register: Register,
}

fn stage(word: &str) -> Result<Lifecycle, String> {
    Lifecycle::from_word(word).ok_or_else(|| {
        format!("{word:?} is no stage of life; write {}", Lifecycle::ALL.map(Lifecycle::as_str).join(", "))
    })
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Address of dashboard and broker
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(crate) bind: IpAddr,
    /// Port of the dashboard
    #[arg(long, default_value_t = 8080, value_name = "PORT")]
    pub(crate) http_port: u16,
    /// Port of the embedded MQTT broker
    #[arg(long, default_value_t = 1883, value_name = "PORT")]
    pub(crate) mqtt_port: u16,
    /// Folder that keeps what the city says
    #[arg(long, default_value = "specola-data", value_name = "FOLDER")]
    pub(crate) data: PathBuf,
    /// Seed of the city: the same seed is the same city
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Readings per second that the city sends; by default what its sensors' intervals give
    #[arg(long, value_name = "NUMBER")]
    pub(crate) rate: Option<f64>,
    /// What gateways speak: sparkplug-b for all, water=sparkplug-b for one domain, mixed for what such sensors really speak; may be repeated
    #[arg(long, value_name = "[DOMAIN=]DIALECT")]
    pub(crate) dialect: Vec<String>,
    /// Leaves out the faults of the script: a healthy city
    #[arg(long)]
    pub(crate) healthy: bool,
    /// Leaves out yesterday's history, which is otherwise made at the first start
    #[arg(long)]
    pub(crate) no_history: bool,
    /// Folder of rule files; by default those that come with the program
    #[arg(long, value_name = "FOLDER")]
    pub(crate) rules: Option<PathBuf>,
}

impl Default for Demo {
    fn default() -> Self {
        #[derive(Parser)]
        struct Alone {
            #[command(flatten)]
            demo: Demo,
        }
        Alone::parse_from(["specola"]).demo
    }
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// The broker, as host:port
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) broker: Option<String>,
    /// Seed of the city
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Readings per second that the city sends
    #[arg(long, value_name = "NUMBER")]
    pub(crate) rate: Option<f64>,
    /// What gateways speak: sparkplug-b for all, water=sparkplug-b for one domain, mixed for what such sensors really speak; may be repeated
    #[arg(long, value_name = "[DOMAIN=]DIALECT")]
    pub(crate) dialect: Vec<String>,
    /// Ends after this time, such as 10m or 90s; runs until Ctrl-C without it
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) r#for: Option<Duration>,
    /// Writes the assets of the city as GeoJSON to this file and ends; name it in `tenants.assets` of the server
    #[arg(long, value_name = "FILE")]
    pub(crate) assets: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Query {
    /// The query: one select over the table readings
    pub(crate) sql: String,
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// Folder that keeps the readings; by default the one of the configuration
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// Whose readings; may be left out while there is one tenant
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<TenantId>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Rows at most
    #[arg(long, default_value_t = 1_000, value_name = "ROWS")]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Letters {
    #[command(subcommand)]
    pub(crate) command: Option<LettersCommand>,
    #[command(flatten)]
    pub(crate) list: ListLetters,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LettersCommand {
    /// Lists what was refused, the newest first (what `specola letters` alone does)
    List(ListLetters),
    /// Shows one refused message whole: text, bytes, reason, and what to change
    Show(ShowLetter),
    /// Reads refused messages again by the present configuration, with their original time of arrival
    #[command(after_help = "Correct the configuration (a mapping, a route, a limit), try it, then replay:\n  \
                            specola letters replay --reason schema --dry-run\n  \
                            specola letters replay --reason schema\n\
                            What is understood is kept and leaves the list; what is refused again stays with its new reason.\n\
                            Beside a running server the server reads them, by the configuration that it was started with.")]
    Replay(ReplayLetters),
    /// Removes refused messages that nobody will read again
    Discard(DiscardLetters),
}

/// Where letters are kept and whose they are.
#[derive(Debug, Args)]
pub(crate) struct LetterPlace {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// Folder that keeps the letters; by default the one of the configuration
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// Whose letters; may be left out while there is one tenant
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<TenantId>,
}

/// Which letters.
#[derive(Debug, Args)]
pub(crate) struct LetterChoice {
    /// Only with this reason, such as malformed or unknown_format
    #[arg(long, value_name = "REASON", value_parser = reason)]
    pub(crate) reason: Option<Reason>,
    /// Only from this source, as the configuration names it
    #[arg(long, value_name = "SOURCE")]
    pub(crate) source: Option<String>,
    /// Only on topics that begin so
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: Option<String>,
    /// Only those that came at this moment or later, such as 2026-11-25T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) since: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct ListLetters {
    #[command(flatten)]
    pub(crate) place: LetterPlace,
    #[command(flatten)]
    pub(crate) choice: LetterChoice,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Letters at most, newest first
    #[arg(long, default_value_t = 50, value_name = "LETTERS")]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ShowLetter {
    /// The number of the letter, as the list tells it
    pub(crate) id: LetterId,
    #[command(flatten)]
    pub(crate) place: LetterPlace,
    /// Writes only the bytes of the message, as they came
    #[arg(long)]
    pub(crate) raw: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayLetters {
    #[command(flatten)]
    pub(crate) place: LetterPlace,
    #[command(flatten)]
    pub(crate) choice: LetterChoice,
    /// Only these letters; may be given more than once
    #[arg(long, value_name = "NUMBER")]
    pub(crate) id: Vec<LetterId>,
    /// Only tells what would become of them, by the configuration named here; changes nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DiscardLetters {
    #[command(flatten)]
    pub(crate) place: LetterPlace,
    #[command(flatten)]
    pub(crate) choice: LetterChoice,
    /// Only these letters; may be given more than once
    #[arg(long, value_name = "NUMBER")]
    pub(crate) id: Vec<LetterId>,
    /// Discards all letters of the tenant when nothing else is chosen
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Completeness {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// Folder that keeps the readings; by default the one of the configuration
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// Whose readings; may be left out while there is one tenant
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<TenantId>,
    /// The first moment, such as 2026-11-01 or 2026-11-01T06:00:00Z; a day before the last one when left out
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) from: Option<Timestamp>,
    /// The moment after the last one; now when left out
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) to: Option<Timestamp>,
    /// Lists the holes of this device one by one
    #[arg(long, value_name = "DEVICE")]
    pub(crate) device: Option<DeviceId>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for reading
    Table,
    /// Comma-separated, for spreadsheets
    Csv,
    /// One JSON object a line, for programs
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct ShowConfig {
    /// Prints every key with its default and what it is for
    #[arg(long)]
    pub(crate) print_default: bool,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Adds a person and prints a one-time sign-in link (or reads a password from standard input), or a machine and prints its token
    Add(AddUser),
    /// Prints a new one-time sign-in link for a person
    Link(LinkUser),
    /// Prints a new token with which a machine (role sender) hands readings in by HTTP
    Token(TokenUser),
    /// Ends all sessions and tokens of a user, within seconds
    Revoke(RevokeUser),
}

#[derive(Debug, Args)]
pub(crate) struct AddUser {
    /// The name to sign in with
    pub(crate) user: UserName,
    /// The name that others read; by default the same
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// operator, crew, analyst or admin; sender for a machine that hands readings in
    #[arg(long, default_value = "operator")]
    pub(crate) role: Role,
    /// Whose data; may be left out while there is one tenant
    #[arg(long)]
    pub(crate) tenant: Option<TenantId>,
    /// Reads the password from the first line of standard input
    #[arg(long)]
    pub(crate) password_stdin: bool,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct LinkUser {
    /// The name to sign in with
    pub(crate) user: UserName,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct TokenUser {
    /// The machine's name
    pub(crate) user: UserName,
    /// Days until the token ends
    #[arg(long, default_value_t = TOKEN_DAYS, value_parser = clap::value_parser!(u32).range(1..=3650), value_name = "DAYS")]
    pub(crate) days: u32,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeUser {
    /// The name of the person or machine
    pub(crate) user: UserName,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

/// Days that the token of a machine stands when nobody says: long enough to be renewed with the yearly maintenance.
pub(crate) const TOKEN_DAYS: u32 = 400;

#[derive(Debug, Args)]
pub(crate) struct Measure {
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub(crate) url: String,
    /// A one-time sign-in link of that server
    #[arg(long, value_name = "LINK")]
    pub(crate) link: String,
    /// The broker that the server listens to, as host:port
    #[arg(long, default_value = "127.0.0.1:1883", value_name = "HOST:PORT")]
    pub(crate) broker: String,
    /// The tenant whose topics the probe uses
    #[arg(long, default_value = "messina")]
    pub(crate) tenant: TenantId,
    /// How long
    #[arg(long, default_value = "60s", value_name = "TIME", value_parser = duration)]
    pub(crate) r#for: Duration,
    /// Process id of the server, to state its memory and processor time
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Option<u32>,
}

/// Reads a moment: RFC 3339, or a day, which begins at midnight UTC.
fn moment(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    Timestamp::parse(text)
        .or_else(|_| Timestamp::parse(&format!("{text}T00:00:00Z")))
        .map_err(|_| format!("{text:?} is no time; write 2026-11-01 or 2026-11-01T06:00:00+01:00"))
}

/// Reads why something was refused.
fn reason(word: &str) -> Result<Reason, String> {
    Reason::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        format!("{word:?} is no reason; use one of {}", known.join(", "))
    })
}

/// Reads 90s, 10m, 2h or a number of seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let number: f64 = number.parse().map_err(|_| format!("{text:?} is no time; write 90s, 10m or 2h"))?;
    let factor = match unit {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("{unit:?} is no unit of time; use ms, s, m or h")),
    };
    Duration::try_from_secs_f64(number * factor).map_err(|_| format!("{text:?} is no time; write 90s, 10m or 2h"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_time_is_read_with_its_unit() {
        assert_eq!(duration("90s").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("1.5m").unwrap(), Duration::from_secs(90));
        assert!(duration("soon").is_err());
        assert!(duration("3 weeks").is_err());
    }

    #[test]
    fn a_moment_is_a_day_or_a_time_with_its_zone() {
        assert_eq!(moment("2026-11-01").unwrap(), moment("2026-11-01T01:00:00+01:00").unwrap());
        assert!(moment("01/11/2026").is_err());
        assert!(reason("bored").unwrap_err().contains("unknown_format"));
    }

    #[test]
    fn nothing_said_is_the_demo() {
        let cli = Cli::try_parse_from(["specola"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(Demo::default().http_port, 8080);
    }
}
