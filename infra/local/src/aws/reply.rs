//! What a service answers, before it is HTTP.

use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};

/// An answer in the protocol of its service.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) protocol: Protocol,
    pub(super) body: String,
}

/// How a service writes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Protocol {
    /// DynamoDB's and SQS's.
    Json10,
    /// KMS's.
    Json11,
    /// SNS's.
    Query,
}

impl Reply {
    pub(super) fn done(protocol: Protocol, body: String) -> Self {
        Self { status: StatusCode::OK, protocol, body }
    }

    /// An error as the SDK's parser reads it.
    pub(super) fn refusal(protocol: Protocol, status: StatusCode, code: &str, message: &str) -> Self {
        let body = match protocol {
            Protocol::Json10 | Protocol::Json11 => json!({ "__type": code, "message": message }).to_string(),
            Protocol::Query => {
                let fault = if status.is_server_error() { "Receiver" } else { "Sender" };
                format!(
                    "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>{fault}</Type>\
                     <Code>{code}</Code><Message>{}</Message></Error><RequestId>local</RequestId></ErrorResponse>",
                    escaped(message)
                )
            }
        };
        Self { status, protocol, body }
    }

    /// A JSON error that says more than its message.
    pub(super) fn refusal_with(protocol: Protocol, status: StatusCode, body: &Value) -> Self {
        Self { status, protocol, body: body.to_string() }
    }

    pub(super) fn into_http(self) -> Response<Full<Bytes>> {
        let content_type = match self.protocol {
            Protocol::Json10 => "application/x-amz-json-1.0",
            Protocol::Json11 => "application/x-amz-json-1.1",
            Protocol::Query => "text/xml",
        };
        let mut response = Response::new(Full::from(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
        response
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
