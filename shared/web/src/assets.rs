//! Where the style sheet, scripts and fonts are: under a hash of their contents, immutable.

/// The hash over all assets, made when this crate is built.
pub const HASH: &str = env!("ASSETS_HASH");

/// The path of an asset by its file name.
pub fn url(name: &str) -> String {
    format!("/assets/{HASH}/{name}")
}
