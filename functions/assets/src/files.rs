//! The files themselves, linked in.

/// A file, and what it is.
pub(crate) struct File {
    pub(crate) content_type: &'static str,
    pub(crate) body: &'static [u8],
    name: &'static str,
}

macro_rules! files {
    ($($name:literal: $content_type:expr),* $(,)?) => {
        &[$(File {
            name: $name,
            content_type: $content_type,
            body: include_bytes!(concat!("../../../shared/web/assets/", $name)),
        }),*]
    };
}

const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const FONT: &str = "font/woff2";

static FILES: &[File] = files! {
    "countdown.js": SCRIPT,
    "favicon.svg": "image/svg+xml",
    "password.js": SCRIPT,
    "sarabun-regular.woff2": FONT,
    "sarabun-semibold.woff2": FONT,
    "send.js": SCRIPT,
    "session.js": SCRIPT,
    "site.css": STYLE,
    "submit.js": SCRIPT,
};

/// The file of this name.
pub(crate) fn find(name: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_that_a_page_could_name_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/web/assets");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let served = [".css", ".js", ".woff2", ".svg"].iter().any(|ending| name.ends_with(ending));
            assert_eq!(find(&name).is_some(), served, "{name}");
        }
    }
}
