//! Disks of a test's own: small ones that fill up, and ones that can be stopped, emptied of names, or made read-only. Only root may have them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Says that a test could not try what it is for.
pub(crate) fn skipped(why: &str) {
    let said = format!("SKIPPED: {why} (run the tests as root)\n");
    std::io::stderr().write_all(said.as_bytes()).unwrap();
}

/// Runs a command; whether it went well.
pub(crate) fn run(program: &str, words: &[&str]) -> bool {
    Command::new(program).args(words).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// A disk that is mounted in a folder, taken away at the end.
pub(crate) struct Disk {
    folder: PathBuf,
    frozen: bool,
    /// What lies below it and can fail it.
    below: Option<Box<Disk>>,
}

impl Disk {
    /// So many megabytes of memory.
    pub(crate) fn of_memory(folder: &Path, megabytes: u32) -> Option<Self> {
        std::fs::create_dir(folder).unwrap();
        let size = format!("size={megabytes}m");
        Self::mounted(folder, &["-t", "tmpfs", "-o", &size, "tmpfs"])
    }

    /// A file system in a file of so many megabytes, with room for so many files.
    pub(crate) fn of_file(folder: &Path, megabytes: u64, files: u32) -> Option<Self> {
        Self::of_image(folder, &folder.with_extension("image"), megabytes, files)
    }

    fn of_image(folder: &Path, image: &Path, megabytes: u64, files: u32) -> Option<Self> {
        std::fs::create_dir(folder).unwrap();
        std::fs::File::create(image).unwrap().set_len(megabytes << 20).unwrap();
        let (image, files) = (image.display().to_string(), files.to_string());
        if !run("mkfs.ext4", &["-q", "-F", "-N", &files, &image]) {
            return None;
        }
        Self::mounted(folder, &["-o", "loop", &image])
    }

    /// A file system on a device that promises more than it has, as shared storage does.
    pub(crate) fn of_a_promise(folder: &Path) -> Option<Self> {
        let cellar = folder.with_extension("below");
        let below = Self::of_memory(&cellar, 16)?;
        let mut disk = Self::of_image(folder, &cellar.join("image"), 64, 4_096)?;
        disk.below = Some(Box::new(below));
        Some(disk)
    }

    /// From now on the device fails what is written to it.
    pub(crate) fn break_promise(&self) {
        self.below.as_ref().unwrap().fill();
    }

    /// Takes it away, gives the device what it promised, repairs what is written on it, and mounts it again. Nobody may use it meanwhile.
    pub(crate) fn repair(&mut self) {
        let below = self.below.as_ref().unwrap();
        let (at, image) = (self.folder.display().to_string(), below.folder.join("image").display().to_string());
        assert!(run("umount", &[&at]), "somebody uses the disk");
        below.empty();
        // Its exit code says that it repaired something.
        run("e2fsck", &["-f", "-y", &image]);
        assert!(run("mount", &["-o", "loop", &image, &at]), "the repaired disk cannot be mounted");
    }

    fn mounted(folder: &Path, words: &[&str]) -> Option<Self> {
        let at = folder.display().to_string();
        run("mount", &[words, &[&at]].concat()).then(|| Self { folder: folder.to_owned(), frozen: false, below: None })
    }

    /// Takes all room that is left.
    pub(crate) fn fill(&self) {
        let mut ballast = std::fs::File::create(self.ballast()).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Gives the room back.
    pub(crate) fn empty(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }

    /// Takes all names that are left: there is room, and no file can be made.
    pub(crate) fn use_up_names(&self) {
        let folder = self.folder.join("names");
        std::fs::create_dir(&folder).unwrap();
        let mut number = 0;
        while std::fs::File::create(folder.join(number.to_string())).is_ok() {
            number += 1;
        }
    }

    /// Gives the names back.
    pub(crate) fn give_names_back(&self) {
        std::fs::remove_dir_all(self.folder.join("names")).unwrap();
    }

    /// From now on whoever writes waits. Whoever writes here waits too, so nothing may until it thaws.
    pub(crate) fn freeze(&mut self) -> bool {
        self.frozen = run("fsfreeze", &["-f", &self.folder.display().to_string()]);
        self.frozen
    }

    /// Goes on as if nothing had been.
    pub(crate) fn thaw(&mut self) {
        if std::mem::take(&mut self.frozen) {
            assert!(run("fsfreeze", &["-u", &self.folder.display().to_string()]), "the disk stays frozen");
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let at = self.folder.display().to_string();
        if self.frozen {
            run("fsfreeze", &["-u", &at]);
        }
        run("umount", &["-l", &at]);
    }
}
