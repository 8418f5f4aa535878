//! The outside of a city for tests: a real broker, the real program, and the tools people use.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long anything may take on a busy machine before the test says that it will never happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Asks until `question` answers, or fails with what was waited for.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut question: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(answer) = question() {
            return answer;
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
    panic!("waited {PATIENCE:?} for {what}");
}

/// Debian's mosquitto on a port of its own, with everything in memory.
pub(crate) struct Mosquitto {
    child: Child,
    pub(crate) port: u16,
    _folder: TempDir,
}

impl Mosquitto {
    pub(crate) fn start() -> Self {
        let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"]
            .into_iter()
            .find(|path| Path::new(path).exists())
            .expect("mosquitto is not installed: apt-get install mosquitto mosquitto-clients");
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let config = folder.path().join("mosquitto.conf");
        // No limit on what waits for a session that is away: the tests kill it again and again.
        let text = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\nmax_inflight_messages 1000\nuser root\n"
        );
        std::fs::write(&config, text).unwrap();
        let child =
            Command::new(program).arg("-c").arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let broker = Self { child, port, _folder: folder };
        wait_for("mosquitto to listen", || TcpStream::connect(("127.0.0.1", port)).ok());
        broker
    }

    /// `mosquitto_pub` on this broker, QoS 1.
    pub(crate) fn publisher(&self) -> Command {
        let mut command = Command::new("mosquitto_pub");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-q", "1"]);
        command
    }

    /// Publishes one message and waits for its acknowledgement.
    #[track_caller]
    pub(crate) fn publish(&self, topic: &str, payload: &[u8]) {
        let mut child = self.publisher().args(["-t", topic, "-s"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(payload).unwrap();
        assert!(child.wait().unwrap().success(), "mosquitto_pub on {topic}");
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The program under test, in a folder of its own.
pub(crate) struct Home {
    folder: TempDir,
}

/// A running `specola`.
pub(crate) struct Running {
    child: Child,
    pub(crate) http: SocketAddr,
    /// What it wrote to standard output until it was ready.
    pub(crate) said: Vec<String>,
}

impl Home {
    /// A folder with this configuration; `{folder}` in it is the folder.
    pub(crate) fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = config.replace("{folder}", &folder.path().display().to_string());
        std::fs::write(folder.path().join("specola.toml"), text).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("specola.toml")
    }

    /// A command of the program with this configuration, in this folder.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_specola"));
        command.args(words).current_dir(self.path());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SPECOLA_")) {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Starts `words` and waits until it says where its dashboard is.
    #[track_caller]
    pub(crate) fn start(&self, words: &[&str]) -> Running {
        self.start_logging_to(&self.path().join("log.txt"), words)
    }

    /// The same with another file for the log.
    #[track_caller]
    pub(crate) fn start_logging_to(&self, log: &Path, words: &[&str]) -> Running {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut child = self.command(words).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        let http = loop {
            let Some(Ok(line)) = lines.next() else {
                let status = child.wait().unwrap();
                panic!("specola ended with {status}; it said {said:?} and logged\n{}", self.log());
            };
            said.push(line.clone());
            if let Some(at) = line.find("http://") {
                let address: String =
                    line[at + 7..].chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
                break address.parse().unwrap();
            }
        };
        // The rest is read so that the program never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Running { child, http, said }
    }

    /// What the program has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("log.txt")).unwrap_or_default()
    }

    /// Rows of a query, one JSON object each.
    #[track_caller]
    pub(crate) fn query(&self, sql: &str) -> Vec<serde_json::Value> {
        let config = self.config().display().to_string();
        let output = self.run(&["query", sql, "--config", &config, "--format", "json", "--limit", "10000000"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        json_lines(&output.stdout)
    }

    /// Dead letters, one JSON object each.
    #[track_caller]
    pub(crate) fn letters(&self) -> Vec<serde_json::Value> {
        let config = self.config().display().to_string();
        let output = self.run(&["letters", "--config", &config, "--format", "json", "--limit", "100000"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        json_lines(&output.stdout)
    }
}

fn json_lines(bytes: &[u8]) -> Vec<serde_json::Value> {
    std::str::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

impl Running {
    /// `/status` as it is now.
    pub(crate) fn status(&self) -> Option<serde_json::Value> {
        get(self.http, "/status", None).map(|(_, body)| serde_json::from_str(&body).unwrap())
    }

    #[track_caller]
    pub(crate) fn wait_until_ready(&self) {
        wait_for("the program to be ready", || self.status().filter(|status| status["ready"] == true));
    }

    /// A counter of a stage in `/status`.
    pub(crate) fn counter(&self, stage: &str, counter: &str) -> Option<u64> {
        let status = self.status()?;
        let stages = status["stages"].as_array()?;
        stages.iter().find(|one| one["name"] == stage)?["counters"][counter].as_u64()
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop; returns its exit code and how long it took.
    #[track_caller]
    pub(crate) fn terminate(mut self) -> (Option<i32>, Duration) {
        let started = Instant::now();
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let status = wait_for("the program to stop", || self.child.try_wait().unwrap());
        (status.code(), started.elapsed())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A request over plain HTTP/1.1: status and body; `None` when nobody answers.
pub(crate) fn get(address: SocketAddr, path: &str, token: Option<&str>) -> Option<(u16, String)> {
    request(address, "GET", path, token, None)
}

/// A request with an optional JSON body.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&serde_json::Value>,
) -> Option<(u16, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
        let mut request = client.request(method.parse().unwrap(), format!("http://{address}{path}"));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.ok()?;
        Some((response.status().as_u16(), response.text().await.ok()?))
    })
}

/// Signs in with the one-time link among the lines that the program said; returns the token.
#[track_caller]
pub(crate) fn sign_in(running: &Running, link: &str) -> String {
    let code = link.split_once("code=").unwrap().1.trim();
    let body = serde_json::json!({ "code": code });
    let (status, text) = request(running.http, "POST", "/api/v1/session/link", None, Some(&body)).unwrap();
    assert_eq!(status, 200, "{text}");
    let session: serde_json::Value = serde_json::from_str(&text).unwrap();
    session["token"].as_str().unwrap().to_owned()
}
