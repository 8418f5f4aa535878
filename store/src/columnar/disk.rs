//! The engine's hand on the disk: files that grow, files that appear whole, folders that remember their names.

use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that is being written.
pub(super) trait DiskFile: Write + Send {
    /// Returns when everything written so far survives a power cut.
    fn sync(&mut self) -> io::Result<()>;

    /// Makes the file end after `length` bytes.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

/// Every change on the disk goes through one of these, so that a test can let it fail at any moment.
pub(super) trait Disk: Send + Sync + Debug {
    /// Creates a file, empty; an older one of that name is emptied.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file its final name, durably.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file; one that is not there is fine.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Creates a folder and the missing ones above it, durably.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The disk of the machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct RealDisk;

impl DiskFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        self.sync_all()
    }
}

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(File::create(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)?;
        to.parent().map_or(Ok(()), |folder| self.sync_folder(folder))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
        if let Some(above) = above {
            self.create_folder(above)?;
        }
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        above.map_or(Ok(()), |above| self.sync_folder(above))
    }
}

/// The name under which a file is written before it is finished.
pub(super) fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    PathBuf::from(name)
}

/// Writes a whole file so that after a crash either the old or the new one is there, never a mixture.
pub(super) fn replace(disk: &dyn Disk, path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = unfinished(path);
    let mut file = disk.create(&draft)?;
    file.write_all(content)?;
    file.sync()?;
    drop(file);
    disk.rename(&draft, path)
}

/// A disk that fails when it is told to.
#[cfg(test)]
pub(super) mod faulty {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::{Disk, DiskFile, File, Path, RealDisk, Write, fs, io};

    /// What fails from now on.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(in crate::columnar) enum Fault {
        None,
        /// The next sync fails once; what was written stays on the disk.
        SyncOnce,
        /// Every write fails half-way, as on a full disk.
        Full,
        /// Every sync takes so long.
        Slow(Duration),
    }

    #[derive(Debug, Clone)]
    pub(in crate::columnar) struct FaultyDisk(pub(in crate::columnar) Arc<Mutex<Fault>>);

    impl FaultyDisk {
        pub(in crate::columnar) fn new() -> Self {
            Self(Arc::new(Mutex::new(Fault::None)))
        }

        pub(in crate::columnar) fn fail(&self, fault: Fault) {
            *self.0.lock().unwrap() = fault;
        }
    }

    struct FaultyFile(File, FaultyDisk);

    fn full() -> io::Error {
        io::Error::new(io::ErrorKind::StorageFull, "no space left on device")
    }

    impl Write for FaultyFile {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if *self.1.0.lock().unwrap() == Fault::Full {
                if bytes.len() < 2 {
                    return Err(full());
                }
                let _ = self.0.write(&bytes[..bytes.len() / 2])?;
                return Err(full());
            }
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }

    impl DiskFile for FaultyFile {
        fn sync(&mut self) -> io::Result<()> {
            let fault = *self.1.0.lock().unwrap();
            match fault {
                Fault::SyncOnce => {
                    self.1.fail(Fault::None);
                    return Err(io::Error::other("input/output error"));
                }
                Fault::Slow(time) => std::thread::park_timeout(time),
                Fault::None | Fault::Full => {}
            }
            self.0.sync_data()
        }

        fn cut(&mut self, _: u64) -> io::Result<()> {
            Err(io::Error::other("input/output error"))
        }
    }

    impl Disk for FaultyDisk {
        fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
            if *self.0.lock().unwrap() == Fault::Full {
                return Err(full());
            }
            Ok(Box::new(FaultyFile(fs::File::create(path)?, self.clone())))
        }

        fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
            RealDisk.rename(from, to)
        }

        fn remove(&self, path: &Path) -> io::Result<()> {
            RealDisk.remove(path)
        }

        fn sync_folder(&self, folder: &Path) -> io::Result<()> {
            RealDisk.sync_folder(folder)
        }

        fn create_folder(&self, folder: &Path) -> io::Result<()> {
            RealDisk.create_folder(folder)
        }
    }
}
