//! Plays labelled data through the detectors and prints how good they are:
//! `cargo run --release -p rules --example score -- --data FOLDER [--only water] [--pred FOLDER] [--verbose]`.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::error::Error;

use rules::score::{Report, Request};

fn request() -> Result<Request, String> {
    let mut request = Request::default();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--data" => request.data = value()?.into(),
            "--only" => request.only = Some(value()?),
            "--pred" => request.predictions = Some(value()?.into()),
            "--verbose" => request.details = true,
            _ => return Err(format!("{word} is not known: --data FOLDER [--only NAME] [--pred FOLDER] [--verbose]")),
        }
    }
    Ok(request)
}

fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", Report::of(&request()?)?);
    Ok(())
}
