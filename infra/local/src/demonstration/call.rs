//! One call of the provider, over HTTP, on a connection of its own.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use fetch::{Network, RegisteredUrl};
use form_urlencoded::Serializer;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;

use super::failure::Failure;

/// How long the provider has.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest answer that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// What is sent.
pub(super) struct Call<'a> {
    url: &'a str,
    authorization: Option<String>,
    /// Posted; without, it is a GET.
    form: Option<String>,
}

/// What came back.
pub(super) struct Reply {
    status: StatusCode,
    body: Bytes,
}

impl<'a> Call<'a> {
    /// A GET, with a bearer token if there is one (RFC 6750 section 2.1).
    pub(super) fn get(url: &'a str, token: Option<&str>) -> Self {
        Self { url, authorization: token.map(|token| format!("Bearer {token}")), form: None }
    }

    /// A POST of a form by a client that says who it is.
    pub(super) fn post(url: &'a str, authorization: String, fields: &[(&str, &str)]) -> Self {
        let form = Serializer::new(String::new()).extend_pairs(fields).finish();
        Self { url, authorization: Some(authorization), form: Some(form) }
    }

    /// Sends it.
    pub(super) async fn send(self, network: &Arc<dyn Network>) -> Result<Reply, Failure> {
        let exchanged = tokio::time::timeout(PATIENCE, self.exchange(network)).await;
        exchanged.unwrap_or_else(|_| Err(unanswered("not in time")))
    }

    async fn exchange(self, network: &Arc<dyn Network>) -> Result<Reply, Failure> {
        let url: RegisteredUrl = self.url.parse().map_err(unanswered)?;
        let stream = network.connect(&url).await.map_err(unanswered)?;
        let request = self.request()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(unanswered)?;
        let answered = async {
            let response = sender.send_request(request).await.map_err(unanswered)?;
            let status = response.status();
            let body = Limited::new(response.into_body(), LONGEST).collect().await.map_err(unanswered)?.to_bytes();
            Ok(Reply { status, body })
        };
        let (mut answered, mut connection) = (std::pin::pin!(answered), std::pin::pin!(connection));
        tokio::select! {
            biased;
            reply = &mut answered => reply,
            _ = &mut connection => answered.await,
        }
    }

    fn request(self) -> Result<Request<Full<Bytes>>, Failure> {
        let uri: Uri = self.url.parse().map_err(unanswered)?;
        let host = uri.authority().map(ToString::to_string).unwrap_or_default();
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::builder()
            .method(if self.form.is_some() { Method::POST } else { Method::GET })
            .uri(path)
            .header(header::HOST, host)
            .header(header::ACCEPT, "application/json");
        if let Some(authorization) = self.authorization {
            let mut value = HeaderValue::from_str(&authorization).map_err(unanswered)?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        if self.form.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        request.body(self.form.unwrap_or_default().into()).map_err(unanswered)
    }
}

impl Reply {
    /// The JSON of a good answer, `null` where it has no body; else what the provider says is wrong.
    pub(super) fn json(self) -> Result<Value, Failure> {
        let json = if self.body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&self.body) };
        let json: Value = json.map_err(|_| unanswered(format_args!("{} and no JSON", self.status)))?;
        if self.status.is_success() {
            return Ok(json);
        }
        let text = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        match text("error") {
            error if error.is_empty() => Err(unanswered(self.status)),
            error => Err(Failure::Refused { error, description: text("error_description") }),
        }
    }
}

fn unanswered(reason: impl ToString) -> Failure {
    Failure::Unanswered(reason.to_string())
}
