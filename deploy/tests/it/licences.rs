//! Every crate in the lock file has a licence that `deny.toml` allows, and none is banned.

use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn metadata() -> serde_json::Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn deny() -> toml::Table {
    toml::from_str(&std::fs::read_to_string(root().join("deny.toml")).unwrap()).unwrap()
}

#[test]
fn every_licence_is_allowed_and_no_crate_is_banned() {
    let deny = deny();
    let allowed: Vec<&str> = deny["licenses"]["allow"].as_array().unwrap().iter().filter_map(|l| l.as_str()).collect();
    let banned: Vec<&str> =
        deny["bans"]["deny"].as_array().unwrap().iter().filter_map(|b| b["crate"].as_str()).collect();
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100, "only {} packages were read", packages.len());
    let mut found = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        if banned.contains(&name) {
            found.push(format!("{name} is banned"));
        }
        // Some old manifests write "MIT/Apache-2.0", which SPDX writes with OR.
        let licence = package["license"].as_str().unwrap_or("none").replace('/', " OR ");
        let fits = spdx::Expression::parse(&licence).is_ok_and(|expression| {
            expression.evaluate(|requirement| allowed.contains(&requirement.to_string().as_str()))
        });
        if !fits {
            found.push(format!("{name}: {licence}"));
        }
    }
    found.sort();
    assert_eq!(found, Vec::<String>::new());
}
