//! The file: one record a line with its checksum. Replaced as a whole when most of it is history.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::note::{Record, State};

const NAME: &str = "listener-state";
/// A file that is smaller than this is not worth replacing.
const SMALL: u64 = 4 * 1024 * 1024;
/// How many times its own size after the last replacement a file may reach.
const GROWTH: u64 = 4;

/// The open file and the state it adds up to.
pub(super) struct StateFile {
    folder: PathBuf,
    file: File,
    /// Bytes that are known to be whole; what is behind them is a write that failed.
    whole: u64,
    fresh: u64,
    pub(super) state: State,
    buffer: Vec<u8>,
}

fn line(record: &Record, into: &mut Vec<u8>) -> io::Result<()> {
    let text = serde_json::to_vec(record)?;
    write!(into, "{:08x} ", crc32fast::hash(&text))?;
    into.extend_from_slice(&text);
    into.push(b'\n');
    Ok(())
}

fn read_line(line: &[u8]) -> Option<Record> {
    let (sum, text) = line.split_at_checked(9)?;
    let sum = u32::from_str_radix(std::str::from_utf8(&sum[..8]).ok()?, 16).ok()?;
    (crc32fast::hash(text) == sum).then(|| serde_json::from_slice(text).ok())?
}

impl StateFile {
    /// Opens the state in `folder`. Lines that are damaged are set aside and told; they never keep us from starting.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(NAME);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(why) if why.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(why) => return Err(why),
        };
        let mut state = State::default();
        let mut damaged = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match read_line(line) {
                Some(record) => state.apply(record),
                None => damaged.extend_from_slice(&[line, b"\n"].concat()),
            }
        }
        // A line that was being written when the power went is no loss: nobody was told that it was kept.
        let torn = damaged.len() < bytes.len()
            && !bytes.ends_with(b"\n")
            && damaged.iter().filter(|b| **b == b'\n').count() == 1;
        if !damaged.is_empty() && !torn {
            tracing::error!(path = %path.display(), bytes = damaged.len(), "part of the listener's state is damaged and was set aside");
            OpenOptions::new()
                .create(true)
                .append(true)
                .open(folder.join("listener-state.damaged"))?
                .write_all(&damaged)?;
        }
        let (file, whole) = replace(folder, &state)?;
        Ok(Self { folder: folder.to_owned(), file, whole, fresh: whole, state, buffer: Vec::new() })
    }

    /// Appends records and makes them durable.
    pub(super) fn append(&mut self, records: &[Record]) -> io::Result<()> {
        self.buffer.clear();
        for record in records {
            line(record, &mut self.buffer)?;
        }
        // Whatever a failed write left is written over.
        self.file.set_len(self.whole)?;
        self.file.seek(SeekFrom::Start(self.whole))?;
        self.file.write_all(&self.buffer)?;
        self.file.sync_data()?;
        self.whole += self.buffer.len() as u64;
        records.iter().cloned().for_each(|record| self.state.apply(record));
        self.buffer.shrink_to(1024 * 1024);
        if self.whole > SMALL.max(self.fresh * GROWTH) {
            (self.file, self.whole) = replace(&self.folder, &self.state)?;
            self.fresh = self.whole;
        }
        Ok(())
    }
}

/// Writes the whole state under a temporary name and puts it in place of the file.
fn replace(folder: &Path, state: &State) -> io::Result<(File, u64)> {
    let (path, temporary) = (folder.join(NAME), folder.join("listener-state.new"));
    let mut out = BufWriter::new(File::create(&temporary)?);
    let mut buffer = Vec::new();
    let mut bytes = 0;
    for record in state.notes() {
        buffer.clear();
        line(&record, &mut buffer)?;
        out.write_all(&buffer)?;
        bytes += buffer.len() as u64;
    }
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    std::fs::rename(&temporary, &path)?;
    File::open(folder)?.sync_all()?;
    Ok((file, bytes))
}

#[cfg(test)]
mod tests {
    use super::super::note::Note;
    use super::*;

    fn record(client: &str, note: Note) -> Record {
        Record { tenant: "messina".into(), client: client.into(), note }
    }

    fn known(client: &str) -> Record {
        record(client, Note::Known { owner: "u".into(), seconds: 60, subscriptions: Vec::new() })
    }

    fn clients(folder: &Path) -> Vec<String> {
        let state = StateFile::open(folder).unwrap().state;
        state.0.values().flat_map(|tenant| tenant.sessions.keys().map(ToString::to_string)).collect()
    }

    #[test]
    fn a_file_cut_anywhere_gives_a_beginning_of_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = StateFile::open(folder.path()).unwrap();
        let names = ["a", "b", "c", "d"];
        for name in names {
            file.append(&[known(name)]).unwrap();
        }
        let whole = std::fs::read(folder.path().join(NAME)).unwrap();
        for cut in 0..=whole.len() {
            std::fs::write(folder.path().join(NAME), &whole[..cut]).unwrap();
            let found = clients(folder.path());
            assert_eq!(found, names[..found.len()], "cut at {cut}");
            let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
            assert!(found.len() >= lines, "a whole line was lost at {cut}");
        }
    }

    #[test]
    fn a_damaged_line_costs_only_itself_and_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = StateFile::open(folder.path()).unwrap();
        file.append(&[known("a"), known("b"), known("c")]).unwrap();
        let mut bytes = std::fs::read(folder.path().join(NAME)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(folder.path().join(NAME), &bytes).unwrap();
        assert_eq!(clients(folder.path()), ["a", "c"]);
        assert!(folder.path().join("listener-state.damaged").exists());
        assert_eq!(clients(folder.path()), ["a", "c"], "the repaired file is whole");
    }

    #[test]
    fn history_is_thrown_away() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = StateFile::open(folder.path()).unwrap();
        let round = (0..20_000).flat_map(|_| [known("a"), record("a", Note::Ended)]).collect::<Vec<_>>();
        for _ in 0..3 {
            file.append(&round).unwrap();
        }
        file.append(&[known("b")]).unwrap();
        drop(file);
        assert!(std::fs::metadata(folder.path().join(NAME)).unwrap().len() < SMALL);
        assert_eq!(clients(folder.path()), ["b"]);
    }
}
