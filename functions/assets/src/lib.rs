//! Style sheet, scripts and fonts, from the bootstrap itself: no bucket, no other origin.

mod files;

use web::{Environment, Function, Incoming, Problem, Response, StartError, answer, assets::HASH};

/// The function.
#[derive(Clone, Copy, Debug)]
pub struct Assets;

impl Function for Assets {
    const NAME: &'static str = "assets";

    async fn start(_: &Environment) -> Result<Self, StartError> {
        Ok(Self)
    }

    /// Only under the hash of this very build: a page and its style sheet never come from two versions.
    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let name = incoming.path.strip_prefix("/assets/").and_then(|path| path.strip_prefix(HASH)?.strip_prefix('/'));
        let file = name.and_then(files::find).ok_or(Problem::NotFound)?;
        Ok(answer::immutable(file.content_type, file.body))
    }
}
