//! The register of assets as an administrator keeps it: with a running server and without one.

use crate::city::{Home, Running, free_port, get, sign_in, wait_for};

const CITY: &str = "id,name,class,longitude,latitude,area,devices,relations\n\
    circuit-1,Circuito 1,circuit,15.55,38.19,Centro,,\n\
    lamp-1,Lampione 1,lamp,15.551,38.19,Centro,lamp-1,powered-by:circuit-1\n\
    lamp-2,Lampione 2,lamp,15.552,38.19,Centro,lamp-2,powered-by:circuit-1\n";

fn home(extra: &str) -> (Home, u16) {
    let (http, mqtt) = (free_port(), free_port());
    let config = format!(
        "[[tenants]]\nid = \"city\"\nname = \"Prova\"\n[store]\nfolder = \"{{folder}}/data\"\n[api]\nbind = \"127.0.0.1:{http}\"\n\
         [ingest]\n{extra}\n[ingest.listener]\nenabled = true\nanonymous = true\ntenant = \"city\"\nbind = \"127.0.0.1:{mqtt}\"\n"
    );
    let home = Home::new(&config);
    std::fs::write(home.path().join("city.csv"), CITY).unwrap();
    (home, mqtt)
}

/// What a command said, and whether it went well.
fn say(home: &Home, words: &[&str]) -> (bool, String) {
    let words: Vec<&str> = words.iter().copied().chain(["--config", "specola.toml"]).collect();
    let output = home.run(&words);
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    (output.status.success(), said)
}

#[track_caller]
fn well(home: &Home, words: &[&str]) -> String {
    let (well, said) = say(home, words);
    assert!(well, "{words:?}: {said}");
    said
}

fn publish(mqtt: u16, device: &str, values: &str) {
    let payload = format!("{{\"device\":\"{device}\",\"values\":{values}}}");
    let status = std::process::Command::new("mosquitto_pub")
        .args([
            "-h",
            "127.0.0.1",
            "-p",
            &mqtt.to_string(),
            "-q",
            "1",
            "-t",
            "specola/v1/city/gw/readings",
            "-m",
            &payload,
        ])
        .status();
    assert!(status.unwrap().success());
}

fn asset(running: &Running, token: &str, id: &str) -> Option<serde_json::Value> {
    let (status, body) = get(running.http, &format!("/api/v1/assets/{id}"), Some(token))?;
    (status == 200).then(|| serde_json::from_str(&body).unwrap())
}

#[test]
fn a_file_is_looked_at_taken_and_given_out_again_without_a_server() {
    let (home, _) = home("");
    assert!(well(&home, &["assets", "import", "city.csv", "--dry-run"]).contains("would be: 3 added"));
    assert!(well(&home, &["assets", "list"]).contains("0 assets"));
    assert!(well(&home, &["assets", "import", "city.csv"]).contains("3 added, 0 changed, 0 retired, 0 unchanged"));
    for form in ["csv", "geojson"] {
        let file = format!("again.{form}");
        well(&home, &["assets", "export", "--format", form, "--output", &file]);
        let said = well(&home, &["assets", "import", &file, "--retire-missing"]);
        assert!(said.contains("0 added, 0 changed, 0 retired, 3 unchanged"), "{said}");
    }
    std::fs::write(home.path().join("change.csv"), "id,name\nlamp-1,Lampione nuovo\n").unwrap();
    let said = well(&home, &["assets", "import", "change.csv"]);
    assert!(said.contains("~ lamp-1\n    name: \"Lampione 1\" → \"Lampione nuovo\""), "{said}");
    assert!(said.contains("2 are in the register and not in the file"), "{said}");
    let said = well(&home, &["assets", "import", "change.csv", "--retire-missing"]);
    assert!(said.contains("- circuit-1") && said.contains("2 retired, 1 unchanged"), "{said}");
    let said = well(&home, &["assets", "set-life", "lamp-2", "planned"]);
    assert!(said.contains("lifecycle: \"retired\" → \"planned\""), "{said}");
    let audit = well(&home, &["assets", "audit", "--asset", "lamp-2", "--format", "json"]);
    let whats: Vec<String> = audit
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["what"].to_string())
        .collect();
    assert_eq!(whats, ["\"changed\"", "\"retired\"", "\"added\""], "{audit}");
    assert!(well(&home, &["assets", "audit"]).contains("7 changes"));
}

#[test]
fn a_file_with_a_mistake_is_taken_not_at_all() {
    let (home, _) = home("");
    std::fs::write(
        home.path().join("wrong.csv"),
        format!("{CITY}lamp-3,Terzo,lamp,15,5,38.1,,\nlamp-4,Quarto,lamp,15.5,95,,,\n"),
    )
    .unwrap();
    let (well, said) = say(&home, &["assets", "import", "wrong.csv"]);
    assert!(!well && said.contains("line 6") && said.contains("nothing was changed"), "{said}");
    assert!(say(&home, &["assets", "list"]).1.contains("0 assets"));
    let (well, said) = say(&home, &["assets", "import", "city.txt"]);
    assert!(!well && said.contains(".geojson"), "{said}");
    let (well, said) = say(&home, &["assets", "approve", "nobody"]);
    assert!(!well && said.contains("no asset nobody"), "{said}");
}

#[test]
fn a_running_server_sees_what_a_command_changes() {
    let (home, mqtt) = home("unknown_devices = \"quarantine\"\nwelcome = [{ device = \"lamp-*\", class = \"lamp\" }]");
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    let (refused, said) = say(&home, &["assets", "import", "city.csv"]);
    assert!(!refused && said.contains("--role admin"), "{said}");
    let link = well(&home, &["user", "add", "anna", "--role", "admin"]);
    let token = sign_in(&running, &link);

    // A lamp that nobody registered is heard of, kept, and of the class that it is welcomed with.
    publish(mqtt, "lamp-9", r#"{"voltage":{"value":231000,"unit":"mV"}}"#);
    let heard = wait_for("the new lamp", || asset(&running, &token, "lamp-9"));
    assert_eq!((heard["lifecycle"].as_str(), heard["class"].as_str()), (Some("quarantined"), Some("lamp")), "{heard}");
    let kept = home.query("select value, unit from readings where device = 'lamp-9'");
    assert_eq!(kept, [serde_json::json!({"value": 231.0, "unit": "V"})]);
    let said = well(&home, &["assets", "list", "--quarantined"]);
    assert!(said.contains("lamp-9") && said.contains("1 asset"), "{said}");
    let said = well(&home, &["assets", "approve", "--class", "lamp"]);
    assert!(said.contains("lifecycle: \"quarantined\" → \"in-service\""), "{said}");
    assert_eq!(asset(&running, &token, "lamp-9").unwrap()["lifecycle"], "in-service");

    assert!(well(&home, &["assets", "import", "city.csv", "--dry-run"]).contains("would be: 3 added"));
    assert_eq!(asset(&running, &token, "lamp-1"), None);
    assert!(well(&home, &["assets", "import", "city.csv"]).contains("3 added"));
    assert_eq!(asset(&running, &token, "lamp-1").unwrap()["circuit"], "circuit-1");
    publish(mqtt, "lamp-1", r#"{"temperature":{"value":68,"unit":"°F"}}"#);
    wait_for("a reading in the unit of its class", || {
        let lamp = asset(&running, &token, "lamp-1")?;
        let series = lamp["series"].as_array()?.first()?.clone();
        (series["value"] == 20.0 && series["unit"] == "°C").then_some(())
    });
    let said = well(&home, &["assets", "set-life", "lamp-1", "retired"]);
    assert!(said.contains("1 changed"), "{said}");
    let (_, listed) = get(running.http, "/api/v1/assets", Some(&token)).unwrap();
    assert!(!listed.contains("\"lamp-1\""), "a retired lamp is not on the map");
    let (taken, said) = say(&home, &["assets", "set-life", "nobody", "retired"]);
    assert!(!taken && said.contains("no such thing"), "{said}");
    // Who did what to which asset, and when.
    let audit = well(&home, &["assets", "audit", "--asset", "lamp-1", "--format", "csv"]);
    let rows: Vec<&str> = audit.lines().skip(1).collect();
    assert_eq!(rows.len(), 2, "{audit}");
    assert!(
        rows[0].contains(",anna,set-life,lamp-1,retired,\"lifecycle: \"\"in-service\"\" → \"\"retired\"\"\""),
        "{audit}"
    );
    assert!(rows[1].contains(",anna,import,lamp-1,added,"), "{audit}");
    let (_, told) = get(running.http, "/api/v1/assets/changes?asset=lamp-9", Some(&token)).unwrap();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let acts: Vec<&str> = told["items"].as_array().unwrap().iter().filter_map(|item| item["act"].as_str()).collect();
    assert_eq!(acts, ["approve", "first sight"], "{told}");
    let (code, _) = running.terminate();
    assert_eq!(code, Some(0));
    assert!(well_after(&home).contains("retired"));
}

fn well_after(home: &Home) -> String {
    well(home, &["assets", "list", "--class", "lamp"])
}

#[test]
fn a_payload_is_shown_as_it_would_be_kept_and_what_would_be_refused_with_advice() {
    let (home, _) = home("");
    std::fs::write(home.path().join("good.json"), r#"{"device":"x","values":{"a":{"value":1.5,"unit":"V"},"b":null}}"#)
        .unwrap();
    let said = well(&home, &["check", "mapping", "--payload", "good.json", "--topic", "specola/v1/city/gw/readings"]);
    assert!(
        said.contains("│ x") && said.contains("1.5") && said.contains("arrival") && said.contains("good"),
        "{said}"
    );
    for (topic, words) in [("other/topic", "ingest.routes"), ("senml/x/json", "format of the route")] {
        let (well, said) = say(&home, &["check", "mapping", "--payload", "good.json", "--topic", topic]);
        assert!(!well && said.contains(words), "{said}");
    }
    assert!(!home.path().join("data").exists(), "a look leaves nothing behind");
}
