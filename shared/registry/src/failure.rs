//! Why the card registry could not be asked.

use std::error::Error;

/// The card registry could not be asked. Never a "no", and the person is not charged a try for it.
///
/// Neither text nor source holds anything of the request or of the answer's body: both are personal data.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// No answer in time, the second try included.
    #[error("the card registry did not answer in time")]
    Timeout,
    /// No connection, or one that broke before the answer was complete.
    #[error("the card registry cannot be reached")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
    /// An HTTP status other than 200. Redirects are not followed: the details would go to an address nobody configured.
    #[error("the card registry answered with status {0}")]
    Status(u16),
    /// `IsError` is true.
    #[error("the card registry reports an error of its own")]
    IsError,
    /// A SOAP fault in place of a result.
    #[error("the card registry answered with a SOAP fault")]
    Fault,
    /// Code 5, the request is incomplete: our doing, not the person's.
    #[error("the card registry calls the request incomplete")]
    Incomplete,
    /// An answer that cannot be read.
    #[error("the card registry's answer cannot be read: {0}")]
    Malformed(#[from] MalformedAnswer),
}

impl RegistryError {
    /// Whether asking again at once may help. Asking changes nothing at the registry, so it is always safe.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Timeout | Self::Unreachable(_) | Self::IsError | Self::Fault => true,
            Self::Status(status) => (500..=599).contains(status),
            Self::Incomplete | Self::Malformed(_) => false,
        }
    }
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedAnswer {
    /// The content type is another: the HTML page of a proxy, usually.
    #[error("not declared as XML")]
    ContentType,
    /// More than 64 KiB.
    #[error("too large")]
    TooLarge,
    /// Not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// Not well-formed, or cut off.
    #[error("not well-formed XML")]
    NotWellFormed,
    /// A document type or an entity of its own: SOAP 1.2 part 1, section 5 forbids both, and they are how XML readers are attacked.
    #[error("with a document type or an entity")]
    DocumentType,
    /// Not a SOAP 1.2 envelope.
    #[error("not a SOAP 1.2 envelope")]
    NotSoap,
    /// An envelope without a result, or a result without its `IsError` or `Code`.
    #[error("without {0}")]
    Missing(&'static str),
    /// A field given twice: which one holds is anybody's guess.
    #[error("with two of {0}")]
    Repeated(&'static str),
    /// A field whose value is not of its type.
    #[error("with an unreadable {0}")]
    Unreadable(&'static str),
}
