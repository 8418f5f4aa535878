//! Says when to embed again: only when the built pages changed. It runs no npm and downloads nothing.

fn main() {
    println!("cargo::rerun-if-changed=dist");
}
