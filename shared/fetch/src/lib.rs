//! The one client for URLs that relying parties registered (`jwks_uri`, back-channel logout). What they name is not
//! believed: https alone, no redirects, never an address that is not public, and the connection goes to the very
//! address that was checked.

pub mod address;
mod internet;
mod network;
mod url;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

pub use internet::Internet;
pub use network::{Connecting, Io, Network};
pub use url::{RegisteredUrl, UrlError};

/// Resolving, connecting, TLS and the whole answer.
const OVERALL: Duration = Duration::from_secs(3);
/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 64 * 1024;

/// The client.
#[derive(Clone, Debug)]
pub struct Fetch {
    network: Arc<dyn Network>,
    overall: Duration,
}

/// What came back: any status but a redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// `Content-Type`, empty if there is none.
    pub content_type: String,
    /// The body, 64 KiB at most.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Only https is fetched.
    #[error("not https")]
    NotHttps,
    /// The name leads to an address that is nobody's but ours or a neighbour's. No connection was made.
    #[error("an address that may not be reached")]
    Forbidden,
    /// The name leads nowhere.
    #[error("the name does not resolve")]
    Unresolved,
    /// No connection, no TLS, or one that broke.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// A redirect (3xx), which is not followed.
    #[error("answered with a redirect ({0})")]
    Redirect(u16),
    /// More than 64 KiB.
    #[error("the answer is too large")]
    TooLarge,
    /// Not within three seconds.
    #[error("no answer in time")]
    Timeout,
}

impl FetchError {
    pub(crate) fn unreachable(error: impl std::fmt::Display) -> Self {
        Self::Unreachable(error.to_string())
    }
}

impl Fetch {
    /// A client over this network: deployed, the [`Internet`].
    pub fn new(network: Arc<dyn Network>) -> Self {
        Self { network, overall: OVERALL }
    }

    /// GET, for JSON.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub async fn get(&self, url: &RegisteredUrl) -> Result<Answer, FetchError> {
        self.send(url, Method::GET, Bytes::new()).await
    }

    /// POST of a form.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub async fn post_form(&self, url: &RegisteredUrl, fields: &[(&str, &str)]) -> Result<Answer, FetchError> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(url, Method::POST, form.into()).await
    }

    async fn send(&self, url: &RegisteredUrl, method: Method, body: Bytes) -> Result<Answer, FetchError> {
        let exchanged = tokio::time::timeout(self.overall, self.exchange(url, method, body));
        exchanged.await.unwrap_or(Err(FetchError::Timeout))
    }

    /// One exchange on a connection of its own.
    async fn exchange(&self, url: &RegisteredUrl, method: Method, body: Bytes) -> Result<Answer, FetchError> {
        let mut request = Request::builder()
            .uri(url.path_and_query())
            .header(header::HOST, url.authority())
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "digital-id");
        if method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request.method(method).body(Full::new(body)).map_err(FetchError::unreachable)?;
        let stream = self.network.connect(url).await?;
        let (mut sender, connection) =
            http1::Builder::new().handshake(TokioIo::new(stream)).await.map_err(FetchError::unreachable)?;
        let answered = async {
            let response = sender.send_request(request).await.map_err(FetchError::unreachable)?;
            let (parts, body) = response.into_parts();
            if parts.status.is_redirection() {
                return Err(FetchError::Redirect(parts.status.as_u16()));
            }
            let body = match Limited::new(body, LONGEST_BODY).collect().await {
                Ok(body) => body.to_bytes(),
                Err(error) if error.is::<LengthLimitError>() => return Err(FetchError::TooLarge),
                Err(error) => return Err(FetchError::Unreachable(error.to_string())),
            };
            let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            Ok(Answer { status: parts.status, content_type: content_type.unwrap_or_default().to_owned(), body })
        };
        // The connection is driven here and dies with the exchange: nothing of it outlives the three seconds.
        let mut connection = std::pin::pin!(connection);
        let mut answered = std::pin::pin!(answered);
        tokio::select! {
            biased;
            answer = &mut answered => answer,
            // It may end before its last answer has been looked at.
            _ = &mut connection => answered.await,
        }
    }
}

#[cfg(test)]
mod tests;
