//! Plays labelled data through the detectors and prints how good they are:
//! `cargo run --release -p rules --example score -- --data FOLDER [--only water] [--pred FOLDER] [--verbose]`.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use rules::score::{DOMAINS, DataSet, Table, read_events, score_events, write_alerts};

struct Wish {
    data: PathBuf,
    only: Option<String>,
    predictions: Option<PathBuf>,
    verbose: bool,
}

fn wish() -> Result<Wish, String> {
    let mut wish = Wish { data: PathBuf::new(), only: None, predictions: None, verbose: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--data" => wish.data = value()?.into(),
            "--only" => wish.only = Some(value()?),
            "--pred" => wish.predictions = Some(value()?.into()),
            "--verbose" => wish.verbose = true,
            _ => return Err(format!("{word} is not known: --data FOLDER [--only NAME] [--pred FOLDER] [--verbose]")),
        }
    }
    Ok(wish)
}

fn main() -> Result<(), Box<dyn Error>> {
    let wish = wish()?;
    let mut table = Table { details: wish.verbose, ..Table::default() };
    for domain in DOMAINS.iter().filter(|domain| wish.only.as_deref().is_none_or(|only| only == domain.name)) {
        let folder = wish.data.join("domains").join(domain.name);
        let set = DataSet::read(&folder)?;
        let events = read_events(&folder)?;
        let alerts = (domain.play)(&set);
        if let Some(folder) = &wish.predictions {
            fs::create_dir_all(folder)?;
            write_alerts(&folder.join(format!("{}.csv", domain.name)), &alerts)?;
        }
        table.lines.push((domain.name.to_owned(), score_events(&set, &events, &alerts)));
    }
    print!("{table}");
    Ok(())
}
