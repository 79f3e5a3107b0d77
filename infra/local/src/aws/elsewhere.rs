//! A DynamoDB that runs elsewhere, to which requests are handed on: Amazon's own DynamoDB Local, for a second opinion.
//!
//! It keeps the tables of each access key and region apart and checks no signature, so that a key made up for a run gives
//! the run tables of its own.

use aws_lc_rs::rand;
use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use super::{
    AwsError,
    reply::{Protocol, Reply},
};
use crate::template::{REGION, Table};

/// The tables of one run.
#[derive(Clone, Debug)]
pub(super) struct Elsewhere {
    endpoint: Uri,
    authorization: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Elsewhere {
    /// Makes the tables. Their times to live are left out: what is expired is deleted by the clock of the machine, and a
    /// run has its own.
    pub(super) async fn open(endpoint: &Uri, tables: &[Table]) -> Result<Self, AwsError> {
        let mut key = [0; 8];
        rand::fill(&mut key).map_err(|_| AwsError::Elsewhere("no randomness".to_owned()))?;
        // Letters and digits alone are taken.
        let key = format!("{:016X}", u64::from_ne_bytes(key));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={key}/20261124/{REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
        );
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        let elsewhere = Self { endpoint: endpoint.clone(), authorization, client };
        for table in tables {
            let made = elsewhere.answer("CreateTable", table.create.to_string().into()).await;
            if made.status != StatusCode::OK {
                return Err(AwsError::Elsewhere(made.body));
            }
        }
        Ok(elsewhere)
    }

    /// Answers an operation.
    pub(super) async fn answer(&self, operation: &str, body: Bytes) -> Reply {
        match self.hand_on(operation, body).await {
            Ok((status, body)) => Reply { status, protocol: Protocol::Json10, body },
            Err(error) => {
                let code = "com.amazonaws.dynamodb.v20120810#InternalServerError";
                Reply::refusal(Protocol::Json10, StatusCode::INTERNAL_SERVER_ERROR, code, &error.to_string())
            }
        }
    }

    async fn hand_on(
        &self,
        operation: &str,
        body: Bytes,
    ) -> Result<(StatusCode, String), Box<dyn std::error::Error + Send + Sync>> {
        let request = Request::post(self.endpoint.clone())
            .header(header::AUTHORIZATION, &self.authorization)
            .header(header::CONTENT_TYPE, "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .body(Full::new(body))?;
        let (parts, body) = self.client.request(request).await?.into_parts();
        Ok((parts.status, String::from_utf8(body.collect().await?.to_bytes().into())?))
    }
}
