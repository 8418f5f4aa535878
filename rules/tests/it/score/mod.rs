//! The scores are what they are said to be, and equal those of the data's own scorers where these are at hand.

mod benchmarks;
mod events;
mod play;

use std::path::{Path, PathBuf};
use std::process::Command;

/// What a Python scorer writes as JSON, or `None` where there is no Python or no scorer.
fn python(tool: &str, arguments: &[&str], json: &Path) -> Option<serde_json::Value> {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/tools").join(tool);
    if !tool.exists() {
        return None;
    }
    let done = Command::new("python3").arg(tool).args(arguments).arg("--json").arg(json).output().ok()?;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // Python writes what JSON has no word for.
    let text = std::fs::read_to_string(json).unwrap().replace("Infinity", "null");
    Some(serde_json::from_str(&text).unwrap())
}

/// Numbers that depend on the seed alone.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// Between -1 and 1.
    pub(crate) fn even(&mut self) -> f64 {
        self.below(2_000_001) as f64 / 1e6 - 1.0
    }

    /// Nearly normal, with a standard deviation of one: the sum of twelve even numbers (variance 1/3 each) halved.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.even()).sum::<f64>() / 2.0
    }
}

/// A folder with the labelled data of a small city: `lamp-a` and `lamp-b` on circuit 1, `lamp-c` on circuit 2, a reading every hour.
fn small_city(folder: &Path, events: &str) -> PathBuf {
    let series = |id: &str, group: &str| {
        format!(
            r#"{{"id":"{id}","group":"{group}","metric":"active_power","unit":"W","period_s":3600,"covariates":["lux"]}}"#
        )
    };
    let all = [series("lamp-a", "circuit-1"), series("lamp-b", "circuit-1"), series("lamp-c", "circuit-2")].join(",");
    let meta = format!(
        r#"{{"domain":"streetlight","set":"test","start":"2026-01-01T00:00:00Z","end":"2026-02-01T00:00:00Z",
            "warmup_end":"2026-01-05T00:00:00Z","budget_per_1000_device_days":20,"series":[{all}]}}"#
    );
    std::fs::create_dir_all(folder.join("series")).unwrap();
    std::fs::write(folder.join("meta.json"), meta).unwrap();
    std::fs::write(folder.join("events.json"), events).unwrap();
    for (lamp, watts) in [("lamp-a", 40), ("lamp-b", 50), ("lamp-c", 60)] {
        let mut table = String::from("timestamp,value,lux\n");
        for hour in 0..31 * 24 {
            let (day, hour) = (hour / 24 + 1, hour % 24);
            let lux = if hour % 2 == 0 { hour.to_string() } else { String::new() };
            table.push_str(&format!("2026-01-{day:02}T{hour:02}:00:00Z,{watts},{lux}\n"));
        }
        std::fs::write(folder.join("series").join(format!("{lamp}.csv")), table).unwrap();
    }
    folder.to_owned()
}
