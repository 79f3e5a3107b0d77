//! The card registry, to be asked about a card.
//!
//! Asking changes nothing there, so a try that failed for reasons that may pass is made once more, within a total time.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use domain::entropy::Entropy;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use secrecy::ExposeSecret;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use crate::{
    answer,
    card_details::CardDetails,
    config::{Credentials, RegistryConfig, TimeOuts},
    failure::{MalformedAnswer, RegistryError},
    transport::{RootsError, Transport},
    verdict::Verdict,
};

/// An answer is under 1 KiB; whatever is this large is something else.
const LARGEST_ANSWER: usize = 64 * 1024;

/// SOAP 1.2 part 2, section 6.5.3 puts the action into the content type, where SOAP 1.1 had a header.
const CONTENT_TYPE: &str = r#"application/soap+xml; charset=utf-8; action="http://tempuri.org/CheckCardByLaser""#;

/// The card registry's client. Clones share their connector.
#[derive(Clone)]
pub struct CardRegistry {
    endpoint: Uri,
    headers: HeaderMap,
    time_outs: TimeOuts,
    transport: Transport,
    entropy: Entropy,
}

impl CardRegistry {
    /// A client. `entropy` only spreads the second tries of many instances over time.
    ///
    /// # Errors
    /// [`RootsError`], for an https registry, where the platform has no certificate roots.
    pub fn new(config: RegistryConfig, entropy: Entropy) -> Result<Self, RootsError> {
        let transport = Transport::new(&config)?;
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/soap+xml"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static("digital-id"));
        if let Some(value) = config.credentials.as_ref().and_then(basic) {
            headers.insert(header::AUTHORIZATION, value);
        }
        Ok(Self { endpoint: config.endpoint, headers, time_outs: config.time_outs, transport, entropy })
    }

    /// Asks whether the card is good and its details belong together.
    ///
    /// # Errors
    /// [`RegistryError`] where the registry could not be asked, after a second try where that could help.
    pub async fn check(&self, card: &CardDetails<'_>) -> Result<Verdict, RegistryError> {
        let tries = async {
            let request = Bytes::from(card.to_soap());
            match self.ask(request.clone()).await {
                Err(error) if error.is_retryable() => {
                    tracing::warn!(%error, "the card registry is asked a second time");
                    sleep(self.pause()).await;
                    self.ask(request).await
                }
                first => first,
            }
        };
        timeout(self.time_outs.overall, tries).await.unwrap_or(Err(RegistryError::Timeout))
    }

    /// 50 to 150 ms.
    fn pause(&self) -> Duration {
        Duration::from_millis(50 + self.entropy.number() % 101)
    }

    /// One try.
    async fn ask(&self, body: Bytes) -> Result<Verdict, RegistryError> {
        timeout(self.time_outs.per_try, self.exchange(body)).await.unwrap_or(Err(RegistryError::Timeout))
    }

    async fn exchange(&self, body: Bytes) -> Result<Verdict, RegistryError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.endpoint.clone();
        *request.headers_mut() = self.headers.clone();

        let response = self.transport.send(request).await.map_err(|error| RegistryError::Unreachable(error.into()))?;
        if response.status() != StatusCode::OK {
            return Err(RegistryError::Status(response.status().as_u16()));
        }
        if !may_be_xml(response.headers()) {
            return Err(MalformedAnswer::ContentType.into());
        }
        match Limited::new(response.into_body(), LARGEST_ANSWER).collect().await {
            Ok(body) => answer::read(&body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(MalformedAnswer::TooLarge.into()),
            Err(error) => Err(RegistryError::Unreachable(error)),
        }
    }
}

impl fmt::Debug for CardRegistry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CardRegistry").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// RFC 7617 section 2, with UTF-8. Base64 always fits a header, so credentials are never silently left out.
fn basic(credentials: &Credentials) -> Option<HeaderValue> {
    let pair = Zeroizing::new(format!("{}:{}", credentials.user, credentials.secret.expose_secret()));
    let encoded = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut value = HeaderValue::from_str(&encoded).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Any XML type, or none declared. A maintenance page of a proxy in front says `text/html`, with status 200.
fn may_be_xml(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let text = value.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(essence.as_str(), "text/xml" | "application/xml")
        || essence.ends_with("+xml") && essence != "application/xhtml+xml"
}

#[cfg(test)]
mod tests;
