//! What a function finds around it on Lambda: its environment from the template, and AWS.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use jiff::Timestamp;
use local::{
    aws::{Aws, Storage},
    template::{self, Template},
};
use serde_json::{Value, json};

use crate::{BenchError, EMPTY, bootstrap::Bootstrap};

/// The event of the function that does nothing.
const EMPTY_EVENT: &str = "home.get";
/// Events whose answer takes a password's hash, which is slow on purpose and no part of a start.
const HASHED: [&str; 1] = ["sign-in.post"];

/// What stands in `events/` for cookies, and cookies that are nobody's: to find that out, the tables are read.
const COOKIES: [(&str, &str); 2] = [
    ("<registration cookie>", "0000000000000000000000000000000000000000000000000000000000000000"),
    (
        "<session cookie>",
        "00000000000000000000000000000000.0000000000000000000000000000000000000000000000000000000000000000",
    ),
];

/// The stand-ins for AWS, and the template deployed to them.
pub(crate) struct Surroundings {
    aws: Aws,
    template: Template,
}

impl Surroundings {
    /// Starts the stand-ins with the template's defaults, and credentials for the card registry as production has them.
    #[expect(clippy::disallowed_methods, reason = "the stand-ins live in today")]
    pub(crate) async fn start() -> Result<Self, BenchError> {
        let path = Template::path();
        let template = Template::read(&path, &BTreeMap::new())?;
        let aws = Aws::start(&template, &Storage::Memory, Arc::new(Timestamp::now)).await?;
        let parameters = BTreeMap::from([
            ("CardRegistryUser".to_owned(), "digital-id".to_owned()),
            ("CardRegistrySecret".to_owned(), encrypted_secret(&aws, &template).await?),
        ]);
        let template = Template::read(&path, &parameters)?;
        Ok(Self { aws, template })
    }

    /// The empty function, then these, or all of the template: each with every event of its own.
    pub(crate) fn bootstraps(&self, names: &[String]) -> Result<Vec<Bootstrap>, BenchError> {
        for name in names {
            if self.template.function(name).is_none() {
                return Err(BenchError::Usage(format!("the template has no function {name}")));
            }
        }
        let events = events()?;
        let empty = EMPTY_EVENT.to_owned();
        let mut bootstraps = vec![self.bootstrap(EMPTY, &BTreeMap::new(), empty)?];
        for function in &self.template.functions {
            if !names.is_empty() && !names.contains(&function.name) {
                continue;
            }
            let own = events.iter().filter(|event| event.split('.').next() == Some(&function.name));
            let before = bootstraps.len();
            for event in own.filter(|event| !HASHED.contains(&event.as_str())) {
                bootstraps.push(self.bootstrap(&function.name, &function.environment, event.clone())?);
            }
            if bootstraps.len() == before {
                return Err(BenchError::Usage(format!("{} has no event", function.name)));
            }
        }
        Ok(bootstraps)
    }

    fn bootstrap(
        &self,
        function: &str,
        variables: &BTreeMap<String, String>,
        event: String,
    ) -> Result<Bootstrap, BenchError> {
        let mut payload = fs::read_to_string(folder("events").join(format!("{event}.json")))?;
        for (place, cookie) in COOKIES {
            payload = payload.replace(place, cookie);
        }
        let path = folder("target/release").join(function);
        let environment = lambda(function, &self.aws.endpoint()).chain(variables.clone()).collect();
        Ok(Bootstrap { function: function.to_owned(), event, path, environment, payload: payload.into() })
    }
}

/// What Lambda sets, and where AWS is.
fn lambda(function: &str, endpoint: &str) -> impl Iterator<Item = (String, String)> {
    let variables = [
        ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("AWS_SESSION_TOKEN", "IQoJb3JpZ2luX2VjEXAMPLE"),
        ("AWS_REGION", template::REGION),
        ("AWS_DEFAULT_REGION", template::REGION),
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_LAMBDA_FUNCTION_NAME", function),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/digital-id/bench"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/25/[1]bench"),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("RUST_LOG", "info"),
        ("TZ", ":UTC"),
        ("_HANDLER", "bootstrap"),
    ];
    variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter()
}

/// The files of `events/`, without their ending, in order.
fn events() -> Result<BTreeSet<String>, BenchError> {
    let names = fs::read_dir(folder("events"))?.map(|entry| Ok(entry?.file_name()));
    let names: Vec<_> = names.collect::<Result<_, std::io::Error>>()?;
    Ok(names.iter().filter_map(|name| name.to_str()?.strip_suffix(".json")).map(str::to_owned).collect())
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

/// A secret as an operator encrypts it (README, "The first deployment"): the function that asks the registry decrypts it
/// when it starts.
async fn encrypted_secret(aws: &Aws, template: &Template) -> Result<String, BenchError> {
    let refused = |reason: String| BenchError::Secret(reason);
    let key =
        template.function("registration-identity").and_then(|function| function.environment.get("CONFIGURATION_KEY"));
    let encrypt = json!({
        "KeyId": key,
        "Plaintext": "c2VjcmV0",
        "EncryptionContext": { "variable": "CARD_REGISTRY_SECRET" },
    });
    let request = Request::post(aws.endpoint())
        .header("x-amz-target", "TrentService.Encrypt")
        .body(Full::new(Bytes::from(encrypt.to_string())))
        .map_err(|error| refused(error.to_string()))?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.map_err(|error| refused(error.to_string()))?;
    let body = response.into_body().collect().await.map_err(|error| refused(error.to_string()))?.to_bytes();
    let answer: Value = serde_json::from_slice(&body).map_err(|error| refused(error.to_string()))?;
    let ciphertext = answer.get("CiphertextBlob").and_then(Value::as_str);
    Ok(ciphertext.ok_or_else(|| refused(answer.to_string()))?.to_owned())
}
