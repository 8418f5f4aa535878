//! Which readings are missing, told to a person.

use std::io::Write;
use std::process::Stdio;

use crate::books::closed_books;
use crate::city::{Home, Mosquitto};

fn config(broker: u16) -> String {
    format!(
        r#"
[[tenants]]
id = "city"
name = "Prova"
[store]
folder = "{{folder}}/data"
[api]
bind = "127.0.0.1:0"
[[ingest.brokers]]
name = "mosquitto"
tenant = "city"
url = "mqtt://127.0.0.1:{broker}"
"#
    )
}

#[test]
fn the_devices_with_holes_are_named_and_their_holes_listed() {
    let broker = Mosquitto::start();
    let home = Home::new(&config(broker.port));
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    let mut publisher =
        broker.publisher().args(["-t", "specola/v1/city/gw/readings", "-l"]).stdin(Stdio::piped()).spawn().unwrap();
    {
        let mut lines = publisher.stdin.take().unwrap();
        // A reading every ten minutes for two days; the second lamp is silent from 20:00 to 02:00, the third for the whole second day.
        for slot in 0..288_u32 {
            let time = format!("2026-03-0{}T{:02}:{:02}:00Z", 1 + slot / 144, slot % 144 / 6, slot % 6 * 10);
            for lamp in 1..=3_u32 {
                let silent = (lamp == 2 && (120..156).contains(&slot)) || (lamp == 3 && slot >= 144);
                if !silent {
                    writeln!(lines, r#"{{"device":"lamp-{lamp}","time":"{time}","values":{{"power":{slot}}}}}"#)
                        .unwrap();
                }
            }
        }
    }
    assert!(publisher.wait().unwrap().success());
    closed_books(&running);
    let ask = |words: &[&str]| {
        let words: Vec<&str> = [&["completeness", "--config", "specola.toml"], words].concat();
        let output = home.run(&words);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    // Beside the running server.
    let both = ["--from", "2026-03-01", "--to", "2026-03-03"];
    let table = ask(&both);
    // 864 are expected; 36 and 144 are missing.
    assert!(
        table.starts_with("79.16 % of expected readings") && table.contains("of 3 devices these 2 have holes:"),
        "{table}"
    );
    let csv = ask(&[&both[..], &["--format", "csv"]].concat());
    let rows: Vec<&str> = csv.lines().skip(1).collect();
    assert_eq!(rows, ["lamp-1,288,288,0,600,0", "lamp-2,252,288,36,22200,0", "lamp-3,144,288,144,87000,0"], "{csv}");
    let holes = ask(&[&both[..], &["--device", "lamp-2", "--format", "csv"]].concat());
    assert_eq!(holes.lines().nth(1), Some("power,2026-03-01T19:50:00Z,2026-03-02T02:00:00Z,36"), "{holes}");
    // Of the second day alone the third lamp is known from the first, and missed.
    let second = ask(&["--from", "2026-03-02", "--to", "2026-03-03", "--format", "csv"]);
    assert!(second.contains("lamp-3,0,144,144"), "{second}");
    running.terminate();
}
