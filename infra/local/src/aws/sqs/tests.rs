use super::*;
use crate::template::{Queue, Redrive};

fn queues() -> Queues {
    let redrive = Redrive { dead_letters: "dead".into(), max_receive_count: 2 };
    let queue = |name: &str, redrive| Queue { logical_id: name.into(), name: name.into(), redrive };
    Queues::new(&[queue("dead", None), queue("work", Some(redrive))])
}

fn ask(sqs: &Sqs, operation: &str, body: Value) -> (StatusCode, Value) {
    let reply = sqs.answer(operation, body.to_string().as_bytes());
    (reply.status, serde_json::from_str(&reply.body).unwrap())
}

fn batch(bodies: &[&str]) -> Value {
    let entries =
        bodies.iter().enumerate().map(|(place, body)| json!({ "Id": place.to_string(), "MessageBody": body }));
    json!({ "QueueUrl": "https://sqs.local/000000000000/work", "Entries": entries.collect::<Vec<_>>() })
}

fn bodies(queues: &Queues, queue: &str) -> Vec<String> {
    queues.messages(queue).into_iter().map(|message| message.body).collect()
}

#[test]
fn messages_wait_in_their_order() {
    let (queues, url) = (queues(), "https://sqs.local/000000000000/work");
    let sqs = Sqs::new(queues.clone());
    assert_eq!(ask(&sqs, "SendMessage", json!({ "QueueUrl": url, "MessageBody": "a" })).0, StatusCode::OK);
    let (status, answer) = ask(&sqs, "SendMessageBatch", batch(&["b", "c"]));
    assert_eq!((status, answer["Successful"].as_array().unwrap().len()), (StatusCode::OK, 2));
    assert_eq!(bodies(&queues, "work"), ["a", "b", "c"]);
}

#[test]
fn what_sqs_would_refuse_is_refused() {
    let sqs = Sqs::new(queues());
    let elsewhere = json!({ "QueueUrl": "https://sqs.local/000000000000/other", "MessageBody": "a" });
    let twice = json!({ "QueueUrl": "x/work", "Entries": [{ "Id": "1", "MessageBody": "a" }, { "Id": "1", "MessageBody": "b" }] });
    let large = "x".repeat(LONGEST / 2 + 1);
    for (operation, body, code) in [
        ("SendMessage", elsewhere, "QueueDoesNotExist"),
        ("SendMessage", json!({ "QueueUrl": "x/work" }), "InvalidParameterValue"),
        ("SendMessage", json!({ "QueueUrl": "x/work", "MessageBody": "" }), "MissingParameter"),
        ("SendMessageBatch", batch(&[]), "EmptyBatchRequest"),
        ("SendMessageBatch", batch(&["x"; 11]), "TooManyEntriesInBatchRequest"),
        ("SendMessageBatch", batch(&[&large, &large]), "BatchRequestTooLong"),
        ("SendMessageBatch", twice, "BatchEntryIdsNotDistinct"),
        ("ReceiveMessage", json!({ "QueueUrl": "x/work" }), "UnsupportedOperation"),
    ] {
        let (status, error) = ask(&sqs, operation, body);
        assert_eq!((status, &error["__type"]), (StatusCode::BAD_REQUEST, &json!(format!("com.amazonaws.sqs#{code}"))));
    }
}

#[test]
fn one_entry_can_fail_alone() {
    let queues = queues();
    let reply =
        Sqs::new(queues.clone()).answer_but_the_first("SendMessageBatch", batch(&["a", "b"]).to_string().as_bytes());
    let answer: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!((&answer["Failed"][0]["Id"], &answer["Successful"][0]["Id"]), (&json!("0"), &json!("1")));
    assert_eq!(bodies(&queues, "work"), ["b"]);
}

#[tokio::test]
async fn a_message_that_fails_comes_again_and_then_is_dead() {
    let queues = queues();
    for body in ["good", "bad"] {
        queues.put("work", body.into()).unwrap();
    }
    for (count, expected) in [(1, vec!["good", "bad"]), (2, vec!["bad"])] {
        let taken = queues.take("work", 10).await;
        assert_eq!(taken.iter().map(|message| message.body.as_str()).collect::<Vec<_>>(), expected);
        for message in taken {
            assert_eq!(message.receive_count, count);
            let outcome = if message.body == "good" { Outcome::Done } else { Outcome::Failed };
            queues.settle("work", message, outcome);
        }
    }
    queues.settled("work").await;
    assert_eq!((bodies(&queues, "work"), bodies(&queues, "dead")), (vec![], vec!["bad".to_owned()]));
}
