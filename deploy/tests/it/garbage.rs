//! Nonsense over the wire: nothing stops, everything is accounted for, and the reading after it is stored.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::books::{book, closed_books};
use crate::city::{free_port, wait_for};
use crate::prelude::Prelude;

/// Messages of nonsense, unless `SPECOLA_NONSENSE` says otherwise (100,000 in the nightly run).
const MESSAGES: u32 = 6_000;
/// Messages on their way at the same time.
const WINDOW: u32 = 200;

/// A publisher that speaks just enough MQTT 3.1.1.
struct Publisher(TcpStream);

impl Publisher {
    fn connect(port: u16) -> Self {
        let mut stream = wait_for("the listener", || TcpStream::connect(("127.0.0.1", port)).ok());
        stream.write_all(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04nona").unwrap();
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [0x20, 2, 0, 0]);
        Self(stream)
    }

    fn publish(&mut self, number: u32, topic: &str, payload: &[u8]) {
        let length = 2 + topic.len() + 2 + payload.len();
        let mut packet = vec![0x32];
        let mut rest = length;
        loop {
            let (low, high) = ((rest % 128) as u8, rest / 128);
            packet.push(if high > 0 { low | 0x80 } else { low });
            rest = high;
            if rest == 0 {
                break;
            }
        }
        packet.extend_from_slice(&(topic.len() as u16).to_be_bytes());
        packet.extend_from_slice(topic.as_bytes());
        // A number is free again when its message is answered.
        packet.extend_from_slice(&((number % 60_000 + 1) as u16).to_be_bytes());
        packet.extend_from_slice(payload);
        self.0.write_all(&packet).unwrap();
    }

    fn acknowledged(&mut self, messages: u32) {
        for _ in 0..messages {
            let mut answer = [0; 4];
            self.0.read_exact(&mut answer).unwrap();
            assert_eq!(answer[..2], [0x40, 2], "no PUBACK");
        }
    }
}

/// Bytes that are no message of any format, the same in every run.
struct Nonsense(u64);

impl Nonsense {
    fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn payload(&mut self) -> Vec<u8> {
        let whole = br#"{"time":"2026-03-01T10:00:00Z","readings":[{"device":"d","metric":"m","value":1.5}]}"#;
        if self.number().is_multiple_of(2) {
            return whole[..self.number() as usize % whole.len()].to_vec();
        }
        let mut bytes: Vec<u8> = (0..self.number() % 300).map(|_| self.number() as u8).collect();
        // Never by chance a JSON text.
        bytes.insert(0, 0xff);
        bytes
    }
}

#[test]
fn nonsense_over_the_wire_is_refused_counted_and_kept_and_the_next_reading_is_stored() {
    let port = free_port();
    let home = Prelude::city().listener(port).home();
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    let mut publisher = Publisher::connect(port);
    let mut nonsense = Nonsense(0x2545_f491_4f6c_dd1d);
    let topics =
        ["specola/v1/city/gw/readings", "senml/gw/json", "application/a/device/00aa00aa00aa00aa/event/up", "chi/lo/sa"];
    let most = std::env::var("SPECOLA_NONSENSE").map_or(MESSAGES, |text| text.parse().expect("a number of messages"));
    // What is left over after the last window would stay unanswered.
    let most = most.next_multiple_of(WINDOW);
    for number in 1..=most {
        let topic = topics[nonsense.number() as usize % topics.len()];
        publisher.publish(number, topic, &nonsense.payload());
        if number % WINDOW == 0 {
            publisher.acknowledged(WINDOW);
        }
    }
    publisher.publish(most + 1, topics[0], br#"{"device":"marker","values":{"m":1}}"#);
    publisher.acknowledged(1);

    // The acknowledgement is the proof: nothing has to be waited for.
    let books = closed_books(&running);
    let (messages, readings) = (book(&books, "listener", "messages"), book(&books, "listener", "readings"));
    assert_eq!(messages.received, u64::from(most) + 1, "{messages:?}");
    assert_eq!((messages.all("refused"), messages.of("stored")), (u64::from(most), 1), "{messages:?}");
    assert_eq!((readings.received, readings.of("stored")), (1, 1), "{readings:?}");
    let letters = home.letters();
    let times: u64 = letters.iter().map(|letter| letter["times"].as_str().unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(times, u64::from(most), "what was refused is kept");
    assert!(letters.len() < most as usize, "the same nonsense is kept once");
    assert_eq!(running.terminate().0, Some(0), "{}", home.log());
    assert_eq!(home.query("select * from readings where device = 'marker'").len(), 1);
    assert!(!home.log().contains("panicked"), "{}", home.log());
}
