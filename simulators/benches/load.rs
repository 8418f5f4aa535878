//! What the generator of load can do by itself: against an endpoint that acknowledges and does nothing else, on this machine.
//! `cargo bench -p simulators --bench load`
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a measurement prints its figures")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use simulators::load::{Load, Order};
use simulators::{Broker, Dialect};
use tokio_util::sync::CancellationToken;

/// How long each kind of load is measured.
const LASTS: Duration = Duration::from_secs(5);
/// Bytes that are read in one go.
const CHUNK: usize = 1 << 18;

fn main() {
    // `cargo test --benches` runs this too, without the word.
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || acknowledge(stream));
        }
    });
    for (dialect, values, clients, in_flight) in [
        (Dialect::SpecolaJson, 1, 4, 1_000),
        (Dialect::SpecolaJson, 1, 50, 200),
        (Dialect::SenmlCbor, 50, 50, 100),
        (Dialect::SparkplugB, 50, 50, 100),
    ] {
        let broker = Broker { port, ..Broker::default() };
        let order = Order { broker, dialect, values, clients, in_flight, lasts: LASTS, ..Order::default() };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let (load, _) = Load::new(order).unwrap();
        let (report, _) = runtime.block_on(load.run(CancellationToken::new())).unwrap();
        println!(
            "{dialect}, {values} values, {clients} clients with {in_flight} on their way: {:.0} messages/s, {:.0} readings/s",
            report.rate(),
            report.rate() * values as f64
        );
    }
}

/// Welcomes a client and acknowledges everything it says with QoS 1, until it goes.
fn acknowledge(mut stream: TcpStream) {
    let (mut input, mut held, mut answers) = (vec![0; CHUNK], 0, Vec::new());
    while let Ok(read @ 1..) = stream.read(&mut input[held..]) {
        held += read;
        let mut at = 0;
        while let Some((body, end)) = packet(&input[at..held]) {
            match input[at] >> 4 {
                1 => answers.extend([0x20, 2, 0, 0]),
                3 if input[at] & 0b0110 == 0b0010 => {
                    let body = at + body;
                    let id = body + 2 + usize::from(u16::from_be_bytes([input[body], input[body + 1]]));
                    answers.extend([0x40, 2, input[id], input[id + 1]]);
                }
                _ => {}
            }
            at += end;
        }
        input.copy_within(at..held, 0);
        held -= at;
        if stream.write_all(&answers).is_err() {
            return;
        }
        answers.clear();
    }
}

/// Where the body of the first packet begins and ends, if it is whole.
fn packet(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut length = 0;
    for (at, byte) in bytes.iter().enumerate().skip(1).take(4) {
        length |= usize::from(byte & 0x7f) << (7 * (at - 1));
        if byte & 0x80 == 0 {
            let (body, end) = (at + 1, at + 1 + length);
            return (bytes.len() >= end).then_some((body, end));
        }
    }
    None
}
