//! The guide "connect a sensor in five minutes", followed word by word.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::city::{free_port, get, request, wait_for};

fn page(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap()
}

/// The commands of a page, block by block.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// How many rules are shipped.
fn shipped_rules() -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/rules");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    files.map(|text| text.lines().filter(|line| *line == "[[rule]]").count()).sum()
}

/// A desk at which somebody copies commands: only the ports are other ones, because those of the page may be taken.
struct Desk {
    folder: tempfile::TempDir,
    http: u16,
    mqtt: u16,
    server: Option<Child>,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_specola"), bin.join("specola")).unwrap();
        std::fs::create_dir(folder.path().join("work")).unwrap();
        Self { folder, http: free_port(), mqtt: free_port(), server: None }
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    fn shell(&self, block: &str) -> Command {
        let block = block.replace("8080", &self.http.to_string()).replace("1883", &self.mqtt.to_string());
        let path = format!("{}:{}", self.folder.path().join("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", &block]).current_dir(self.work()).env("PATH", path);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SPECOLA_")) {
            command.env_remove(name);
        }
        command
    }

    #[track_caller]
    fn copy(&self, block: &str) -> String {
        let Output { status, stdout, stderr } = self.shell(block).output().unwrap();
        let (said, log) = (String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr));
        assert!(status.success(), "{block}\n{said}\n{log}");
        said
    }

    /// The second terminal.
    fn serve(&mut self, block: &str) {
        let block = format!("exec {}", block.trim());
        self.server = Some(self.shell(&block).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let address = format!("127.0.0.1:{}", self.http).parse().unwrap();
        wait_for("the server", || get(address, "/status", None).filter(|(status, _)| *status == 200));
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            drop(server.kill());
            drop(server.wait());
        }
    }
}

#[test]
fn both_languages_give_the_same_commands() {
    let (english, italian) = (page("connect-a-sensor.md"), page("collega-un-sensore.md"));
    assert!(blocks(&english).len() >= 8);
    assert_eq!(blocks(&english), blocks(&italian));
}

#[test]
fn a_new_kind_of_sensor_comes_onto_the_map_by_files_only() {
    let page = page("connect-a-sensor.md");
    let mut desk = Desk::new();
    let mut link = String::new();
    let address = format!("127.0.0.1:{}", desk.http).parse().unwrap();
    for block in blocks(&page) {
        if block.starts_with("specola serve") {
            desk.serve(block);
            continue;
        }
        let said = desk.copy(block);
        if block.contains("specola check --config") {
            // The city's own rule, and the two that the class brings by templates.
            let expected = format!("rules: {} in force", shipped_rules() + 3);
            assert!(said.contains(&expected), "{expected:?} is not in\n{said}");
        }
        if block.contains("check mapping") {
            for words in ["bin-001", "fill", "91.5", "temperature", "20", "°C", "3.56", "good", "class waste-bin"] {
                assert!(said.contains(words), "{words:?} is not in\n{said}");
            }
        }
        if block.contains("assets import") {
            assert!(said.contains("would be: 2 added") && said.contains("\n2 added, 0 changed"), "{said}");
            link = said.lines().find(|line| line.contains("code=")).unwrap().to_owned();
        }
        if block.contains("specola query") {
            assert!(said.contains("temperature") && said.contains("°C"), "{said}");
        }
    }
    let code = link.split_once("code=").unwrap().1.trim();
    let body = serde_json::json!({ "code": code });
    let (_, session) = request(address, "POST", "/api/v1/session/link", None, Some(&body)).unwrap();
    let session: serde_json::Value = serde_json::from_str(&session).unwrap();
    let token = session["token"].as_str().unwrap();
    let (_, bin) = get(address, "/api/v1/assets/bin-001", Some(token)).unwrap();
    let bin: serde_json::Value = serde_json::from_str(&bin).unwrap();
    assert_eq!((bin["domain"].as_str(), bin["lifecycle"].as_str()), (Some("waste"), Some("in-service")), "{bin}");
    assert_eq!((bin["lon"].as_f64(), bin["lat"].as_f64()), (Some(15.5553), Some(38.1871)));
    assert_eq!((bin["series"][0]["metric"].as_str(), bin["series"][0]["value"].as_f64()), (Some("fill"), Some(91.5)));
    // Rules and classes of the files take hold within seconds; a bin speaks again and again.
    let (say, publish) = (blocks(&page)[4], blocks(&page)[6]);
    let alarm = wait_for("the alarm of a full bin", || {
        desk.copy(say);
        desk.copy(publish);
        let (_, alarms) = get(address, "/api/v1/alarms?state=open", Some(token))?;
        let alarms: serde_json::Value = serde_json::from_str(&alarms).unwrap();
        alarms["items"].as_array()?.iter().find(|alarm| alarm["rule"] == "waste-bin-full").cloned()
    });
    assert_eq!(alarm["title"]["en"], "Bin 1 Piazza Cairoli is 91.5 % full");
}
