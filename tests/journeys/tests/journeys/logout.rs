//! Back-channel logout from the queue on: the token, the relying party's answers, retries and dead letters.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use journeys::{RelyingParty, World, calls::operations};
use local::aws::faults::{Fault, Refusal, Rule, Service};
use queue::{Queue, QueueError};
use serde_json::{Value, json};

const QUEUE: &str = "LogoutNotices";
const DEAD: &str = "LogoutNoticesDead";

pub(crate) fn queue(world: &World) -> Queue {
    let client = aws_sdk_sqs::Client::new(&world.local.sdk_config());
    Queue::new(client, format!("https://sqs.ap-southeast-1.amazonaws.com/000000000000/{QUEUE}"))
}

pub(crate) fn notice(url: &str, algorithm: &str) -> Value {
    json!({ "client_id": "rp", "backchannel_logout_uri": url, "sub": "sub-1", "sid": "sid-1", "algorithm": algorithm })
}

/// Sends one notice and waits until it is done or dead: the logout tokens the relying party got.
pub(crate) async fn told(world: &World, rp: &RelyingParty, algorithm: &str) -> Vec<String> {
    let before = rp.bodies().len();
    queue(world).send(&[notice(&rp.url(), algorithm)]).await.unwrap();
    world.local.queues().settled(QUEUE).await;
    let token = |body: &String| body.strip_prefix("logout_token=").expect("a form of one field").to_owned();
    rp.bodies().iter().skip(before).map(token).collect()
}

pub(crate) fn part(token: &str, place: usize) -> Value {
    let part = token.split('.').nth(place).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn dead(world: &World) -> usize {
    world.local.queues().messages(DEAD).len()
}

#[tokio::test]
async fn checklist_23_a_logout_token_has_what_it_must_and_no_nonce() {
    let world = World::new().await;
    let rp = RelyingParty::answering("200 OK").await;
    for algorithm in ["ES256", "RS256"] {
        let [token]: [String; 1] = told(&world, &rp, algorithm).await.try_into().unwrap();
        let (header, claims) = (part(&token, 0), part(&token, 1));
        assert_eq!((&header["typ"], &header["alg"]), (&json!("logout+jwt"), &json!(algorithm)));
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!("http://localhost:8080"), &json!("rp")));
        assert_eq!((&claims["sub"], &claims["sid"]), (&json!("sub-1"), &json!("sid-1")));
        assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
        assert_eq!(claims["iat"], world.now().as_second());
        assert!(claims["exp"].as_i64().unwrap() - world.now().as_second() <= 120);
        assert!(claims["jti"].as_str().is_some() && claims.get("nonce").is_none());
    }
}

#[tokio::test]
async fn a_notice_costs_one_signature() {
    let world = World::new().await;
    let rp = RelyingParty::answering("204 No Content").await;
    told(&world, &rp, "ES256").await;
    world.calls.take();
    told(&world, &rp, "ES256").await;
    assert_eq!(operations(&world.calls.take()), ["Sign"]);
}

#[tokio::test]
async fn checklist_23_what_a_relying_party_answers_decides() {
    for (head, deliveries, dead_letters) in [
        ("200 OK", 1, 0),
        ("204 No Content", 1, 0),
        // It may have failed to sign the person out.
        ("400 Bad Request", 5, 1),
        ("401 Unauthorized", 5, 1),
        ("500 Internal Server Error", 5, 1),
        ("503 Service Unavailable", 5, 1),
    ] {
        let world = World::new().await;
        let rp = RelyingParty::answering(head).await;
        assert_eq!(told(&world, &rp, "ES256").await.len(), deliveries, "{head}");
        assert_eq!(dead(&world), dead_letters, "{head}");
    }
}

#[tokio::test]
async fn checklist_39_a_redirect_is_not_followed() {
    let world = World::new().await;
    let elsewhere = RelyingParty::answering("200 OK").await;
    let rp = RelyingParty::answering(&format!("307 Temporary Redirect\r\nlocation: {}", elsewhere.url())).await;
    assert_eq!(told(&world, &rp, "ES256").await.len(), 5);
    assert_eq!((dead(&world), elsewhere.bodies()), (1, Vec::new()));
}

#[tokio::test]
async fn checklist_23_no_request_to_private_addresses_but_this_machines_own_over_http() {
    let world = World::new().await;
    let urls = [
        "https://127.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "ftp://x/",
        "",
    ];
    let notices = urls.map(|url| notice(url, "ES256"));
    queue(&world).send(&notices).await.unwrap();
    world.local.queues().settled(QUEUE).await;
    assert_eq!(dead(&world), urls.len());
}

#[tokio::test]
async fn what_is_no_notice_is_a_dead_letter_and_harms_no_other() {
    let world = World::new().await;
    let rp = RelyingParty::answering("200 OK").await;
    let mut mixed: Vec<Value> = vec![json!({ "client_id": "rp" }), json!("x")];
    // A client that registered no address is not told, and that is that.
    mixed.push(json!({ "client_id": "rp", "sub": "s", "sid": "t", "algorithm": "ES256" }));
    mixed.extend((0..9).map(|_| notice(&rp.url(), "ES256")));
    queue(&world).send(&mixed).await.unwrap();
    world.local.queues().settled(QUEUE).await;
    assert_eq!((rp.bodies().len(), dead(&world)), (9, 2));
}

#[tokio::test]
async fn a_signature_that_fails_is_made_at_the_next_delivery() {
    let world = World::new().await;
    let rp = RelyingParty::answering("200 OK").await;
    // As often as the client of KMS tries within one delivery.
    world.local.faults().add(Rule::new(Service::Kms, "Sign", Fault::Refuse(Refusal::InternalServerError)).times(3));
    assert_eq!(told(&world, &rp, "ES256").await.len(), 1);
    assert_eq!((world.local.faults().pending(), dead(&world)), (0, 0));
}

#[tokio::test]
async fn entries_that_a_batch_lost_are_sent_once_more() {
    let world = World::new().await;
    let rp = RelyingParty::answering("200 OK").await;
    let refuse_one = || Rule::new(Service::Sqs, "SendMessageBatch", Fault::RefuseEntry).of(QUEUE);
    let notices: Vec<_> = (0..23).map(|_| notice(&rp.url(), "ES256")).collect();
    world.local.faults().add(refuse_one());
    queue(&world).send(&notices).await.unwrap();
    world.local.queues().settled(QUEUE).await;
    assert_eq!((world.local.faults().pending(), rp.bodies().len()), (0, 23));

    world.local.faults().add(refuse_one().times(2));
    let refused = queue(&world).send(&notices[..2]).await;
    assert!(matches!(refused, Err(QueueError::Refused { count: 1, .. })), "{refused:?}");
    world.local.faults().clear();
    world
        .local
        .faults()
        .add(Rule::new(Service::Sqs, "SendMessageBatch", Fault::Refuse(Refusal::Throttling)).times(u32::MAX));
    let refused = queue(&world).send(&notices[..2]).await;
    assert!(matches!(refused, Err(QueueError::Unavailable(_))), "{refused:?}");
}
