//! The proxy event of a REST API, payload version 1.0.

use std::net::IpAddr;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, header, request::Parts};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Matched;
use crate::template::ACCOUNT;

/// The event that API Gateway would send for a request, `BinaryMediaTypes` being everything.
///
/// The path stays as it was sent, percent-encoding included; the query is decoded. The caller's address is the first
/// entry of `X-Forwarded-For` if that is an address (the local run's licence; deployed nobody is believed), else `peer`.
pub fn event_of(parts: &Parts, body: &[u8], matched: &Matched, peer: IpAddr, now: Timestamp) -> Value {
    let path = parts.uri.path();
    let method = matched.method.as_str();
    let request_id = request_id();
    let mut headers = parts.headers.clone();
    let source_ip = caller(&headers).unwrap_or(peer);
    forwarded(&mut headers, peer);
    let domain = headers.get(header::HOST).map(text).unwrap_or_default();
    json!({
        "resource": matched.resource,
        "path": path,
        "httpMethod": method,
        "headers": last_values(&headers),
        "multiValueHeaders": all_values(&headers),
        "queryStringParameters": or_null(query(parts, |values| values.last().cloned().unwrap_or_default())),
        "multiValueQueryStringParameters": or_null(query(parts, |values| json!(values))),
        "pathParameters": or_null(matched.path_parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect()),
        "stageVariables": null,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": domain,
            "domainPrefix": domain.split('.').next(),
            "extendedRequestId": request_id,
            "httpMethod": method,
            "identity": {
                "accessKey": null,
                "accountId": null,
                "apiKey": null,
                "caller": null,
                "sourceIp": source_ip,
                "user": null,
                "userAgent": headers.get(header::USER_AGENT).map(text),
                "userArn": null,
            },
            "path": path,
            "protocol": "HTTP/1.1",
            "requestId": request_id,
            "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "requestTimeEpoch": now.as_millisecond(),
            "resourceId": "local",
            "resourcePath": matched.resource,
            // lambda_http puts any other stage before the path, unless an environment variable, which the template
            // sets and one process of many functions cannot, tells it not to.
            "stage": "$default",
        },
        "body": (!body.is_empty()).then(|| BASE64_STANDARD.encode(body)),
        "isBase64Encoded": !body.is_empty(),
    })
}

/// Any UUID; it only has to differ from the others.
fn request_id() -> String {
    let mut bytes = [0; 16];
    // Without entropy the identifiers are all alike, and that is all.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

fn caller(headers: &HeaderMap) -> Option<IpAddr> {
    text(headers.get("x-forwarded-for")?).split(',').next()?.trim().parse().ok()
}

/// What API Gateway writes over or adds.
fn forwarded(headers: &mut HeaderMap, peer: IpAddr) {
    let sent = headers.get("x-forwarded-for").map(text);
    let chain = sent.map_or_else(|| peer.to_string(), |sent| format!("{sent}, {peer}"));
    if let Ok(chain) = HeaderValue::from_str(&chain) {
        headers.insert("x-forwarded-for", chain);
    }
    headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
}

fn last_values(headers: &HeaderMap) -> Map<String, Value> {
    // Later values of a name replace the earlier ones.
    headers.iter().map(|(name, value)| (name.to_string(), json!(text(value)))).collect()
}

fn all_values(headers: &HeaderMap) -> Map<String, Value> {
    let values = |name| headers.get_all(name).iter().map(text).collect::<Vec<_>>();
    headers.keys().map(|name| (name.to_string(), json!(values(name)))).collect()
}

fn query(parts: &Parts, shown: impl Fn(&[Value]) -> Value) -> Map<String, Value> {
    let mut names: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
        match names.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(json!(value)),
            None => names.push((name.into_owned(), vec![json!(value)])),
        }
    }
    names.into_iter().map(|(name, values)| (name, shown(&values))).collect()
}

/// API Gateway says null where there is nothing.
fn or_null(map: Map<String, Value>) -> Value {
    if map.is_empty() { Value::Null } else { Value::Object(map) }
}

/// JSON has text only: bytes beyond UTF-8 are replaced.
fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, net::Ipv4Addr};

    use http::{Method, Request};
    use lambda_http::{Body, RequestExt, request::RequestContext};

    use super::*;

    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn event(request: http::request::Builder, body: &[u8]) -> Value {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let matched = Matched {
            method: parts.method.clone(),
            resource: "/{proxy+}".to_owned(),
            path_parameters: BTreeMap::from([("proxy".to_owned(), parts.uri.path()[1..].to_owned())]),
        };
        event_of(&parts, body, &matched, PEER, Timestamp::from_second(1_800_000_000).unwrap())
    }

    fn through_lambda_http(event: &Value) -> lambda_http::Request {
        lambda_http::request::from_str(&event.to_string()).unwrap()
    }

    #[test]
    fn it_is_a_rest_api_event() {
        let event = event(
            Request::get("/a%20b/c?x=1&x=%E0%B8%81+%26&y")
                .header("host", "localhost:8080")
                .header("user-agent", "test")
                .header("accept", "text/html"),
            b"",
        );
        assert_eq!(event["path"], "/a%20b/c");
        assert_eq!(event["requestContext"]["path"], "/a%20b/c");
        assert_eq!(event["requestContext"]["requestTime"], "15/Jan/2027:08:00:00 +0000");
        assert_eq!(event["requestContext"]["identity"]["userAgent"], "test");
        assert_eq!(event["queryStringParameters"], json!({"x": "ก &", "y": ""}));
        assert_eq!(event["multiValueQueryStringParameters"], json!({"x": ["1", "ก &"], "y": [""]}));
        assert_eq!(event["headers"]["accept"], "text/html");
        assert_eq!(event["multiValueHeaders"]["accept"], json!(["text/html"]));
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&Value::Null, &json!(false)));
        let id = event["requestContext"]["requestId"].as_str().unwrap();
        assert_eq!(id.len(), 36);
    }

    #[test]
    fn the_caller_is_the_first_forwarded_address_or_the_peer() {
        let address = |sent: &[&str]| {
            let request = sent.iter().fold(Request::get("/"), |request, sent| request.header("x-forwarded-for", *sent));
            event(request, b"")["requestContext"]["identity"]["sourceIp"].as_str().unwrap().to_owned()
        };
        assert_eq!(address(&[]), "127.0.0.1");
        assert_eq!(address(&["203.0.113.7, 10.0.0.1"]), "203.0.113.7");
        assert_eq!(address(&["2001:db8::1"]), "2001:db8::1");
        assert_eq!(address(&["unknown"]), "127.0.0.1");
        let passed = event(Request::get("/").header("x-forwarded-for", "203.0.113.7"), b"");
        assert_eq!(passed["headers"]["x-forwarded-for"], "203.0.113.7, 127.0.0.1");
    }

    #[test]
    fn lambda_http_reads_it() {
        let event = event(
            Request::post("/a%20b/%2e%2e/c%2Fd?x=1&x=a%26b&lang=th").header("host", "localhost:8080"),
            &[0, 159, 255],
        );
        let request = through_lambda_http(&event);
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.raw_http_path(), "/a%20b/%2e%2e/c%2Fd");
        assert_eq!(request.body(), &Body::Binary(vec![0, 159, 255]));
        let parameters = request.query_string_parameters();
        assert_eq!(parameters.all("x"), Some(vec!["1", "a&b"]));
        assert_eq!(parameters.first("lang"), Some("th"));
        let Some(RequestContext::ApiGatewayV1(context)) = request.request_context_ref() else { panic!("no context") };
        assert_eq!(context.identity.source_ip.as_deref(), Some("127.0.0.1"));
        assert_eq!(context.resource_path.as_deref(), Some("/{proxy+}"));
    }

    /// What a handler must know of lambda_http, kept here so that a change of it is noticed.
    #[test]
    fn lambda_http_has_its_ways() {
        let request = through_lambda_http(&event(
            Request::get("/a/../b?x=1")
                .header("host", "localhost:8080")
                .header("cookie", "a=1")
                .header("cookie", "b=2"),
            b"",
        ));
        // The URI is normalised and absolute; the raw path is not.
        assert_eq!(request.uri(), "http://localhost:8080/b?x=1");
        assert_eq!(request.raw_http_path(), "/a/../b");
        // Of several headers of one name only the last arrives: `headers` replaces what `multiValueHeaders` said.
        let cookies: Vec<_> = request.headers().get_all("cookie").iter().collect();
        assert_eq!(cookies, ["b=2"]);
        assert_eq!(request.body(), &Body::Empty);
    }
}
