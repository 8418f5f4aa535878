//! A PostgreSQL of the test's own: Debian's binaries in a temporary folder, gone when the test ends in whatever way.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Waits for the end of the test at its standard input, then stops the server and removes its folder.
const GUARD: &str = r#"
set -u
folder=$1; bin=$2; shift 2
"$@" "$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c unix_socket_permissions=0777 -c fsync=off \
  -c max_connections=60 -c shared_buffers=64MB -c jit=off >>"$folder/log" 2>&1 &
server=$!
while read -r word; do [ "$word" = leave ] && { wait "$server"; exit 0; }; done
kill -INT "$server" 2>/dev/null
wait "$server"
rm -rf "$folder"
"#;

/// A server that is running, unless it was killed.
pub(crate) struct Server {
    bin: PathBuf,
    folder: PathBuf,
    guard: Option<Child>,
}

/// The newest of Debian's PostgreSQL.
fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().expect("no PostgreSQL is installed: apt-get install postgresql").1
}

/// The words before a command that PostgreSQL refuses to run as root.
fn not_as_root() -> Vec<&'static str> {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout.starts_with(b"0\n") {
        vec!["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    } else {
        vec!["env"]
    }
}

fn run(words: &[&str], command: &Path, arguments: &[&str]) {
    let output = Command::new(words[0])
        .args(&words[1..])
        .arg(command)
        .args(arguments)
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}: {}", command.display(), String::from_utf8_lossy(&output.stderr));
}

impl Server {
    /// A new server without data.
    pub(crate) fn start() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // A short path: it is the address of a socket too.
        let folder = std::env::temp_dir().join(format!("specola-pg-{}-{number}", std::process::id()));
        let words = not_as_root();
        run(&words, Path::new("mkdir"), &["-m", "755", folder.to_str().unwrap()]);
        let bin = binaries();
        let data = folder.join("data");
        let settings =
            ["-D", data.to_str().unwrap(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
        run(&words, &bin.join("initdb"), &settings);
        let mut server = Self { bin, folder, guard: None };
        server.restart();
        server
    }

    /// Starts it again with what it had.
    pub(crate) fn restart(&mut self) {
        let mut guard = Command::new("sh");
        guard.arg("-c").arg(GUARD).arg("guard").arg(&self.folder).arg(&self.bin).args(not_as_root());
        // In a group of its own, so that a Ctrl-C at the desk leaves it the time to clean up.
        std::os::unix::process::CommandExt::process_group(&mut guard, 0);
        self.guard = Some(guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let begun = Instant::now();
        while !self.answers() {
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(60), "PostgreSQL does not start: {}", log());
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    fn answers(&self) -> bool {
        let ready = Command::new(self.bin.join("pg_isready")).arg("-q").arg("-h").arg(&self.folder).status().unwrap();
        ready.success()
    }

    /// Kills it without a warning; its files stay as they are.
    pub(crate) fn kill(&mut self) {
        let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let pid = file.lines().next().unwrap();
        let mut guard = self.guard.take().unwrap();
        std::io::Write::write_all(guard.stdin.as_mut().unwrap(), b"leave\n").unwrap();
        run(&["env"], Path::new("kill"), &["-9", pid]);
        guard.wait().unwrap();
        // The next start removes what the dead one left.
        run(&["env"], Path::new("rm"), &["-f", self.folder.join("data/postmaster.pid").to_str().unwrap()]);
    }

    /// The address of a database, which is made if need be.
    pub(crate) fn database(&self, name: &str) -> String {
        if self.ask("postgres", &format!("select 1 from pg_database where datname = '{name}'")).is_empty() {
            self.ask("postgres", &format!("create database {name}"));
        }
        format!("postgres://postgres@localhost/{name}?host={}", self.folder.display())
    }

    /// What the database answers, in lines.
    pub(crate) fn ask(&self, database: &str, sql: &str) -> String {
        let output = Command::new(self.bin.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-c", sql])
            .arg("-h")
            .arg(&self.folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Server {
    /// The guard hears that nobody is there any more.
    fn drop(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            let _ = guard.wait();
        }
    }
}
