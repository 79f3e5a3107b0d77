//! Why somebody is not signed in, or something they asked for was not done.

/// A failure, kept for the page that tells it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// The provider said no, in the words of RFC 6749 sections 4.1.2.1 and 5.2.
    #[error("refused: {error}")]
    Refused {
        /// `error`
        error: String,
        /// `error_description`, empty if there is none.
        description: String,
    },
    /// What came is not to be believed, and why.
    #[error("not to be believed: {0}")]
    Untrusted(&'static str),
    /// No answer, or one that makes no sense.
    #[error("no answer: {0}")]
    Unanswered(String),
    /// An answer to nothing that this browser asked.
    #[error("an answer to nothing that was asked")]
    NotAsked,
}
