//! Names the assets by their content: one hash over the folder, so that browsers keep them for ever.

use std::{fs, path::PathBuf};

use sha2::{Digest, Sha256};

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=assets");
    let mut files: Vec<PathBuf> =
        fs::read_dir("assets")?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    let mut hash = Sha256::new();
    for file in files.iter().filter(|file| file.is_file()) {
        hash.update(file.to_string_lossy().as_bytes());
        hash.update(fs::read(file)?);
    }
    println!("cargo::rustc-env=ASSETS_HASH={}", &hex::encode(hash.finalize())[..16]);
    Ok(())
}
