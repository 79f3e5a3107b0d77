//! Line 40 of the checklist, at its source: nothing that is linked into a bootstrap knows of the local run.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn checklist_40_no_function_is_built_from_anything_local() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    files(&root.join("functions"), &mut found);
    files(&root.join("shared"), &mut found);
    assert!(found.len() > 100, "{}", found.len());
    for path in found {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        assert!(!text.contains("/_local"), "{}", path.display());
        let depends = path.ends_with("Cargo.toml") && text.lines().any(|line| line.starts_with("local"));
        assert!(!depends, "{}", path.display());
    }
}
