//! The real queue control against an SQS that answers as it likes.
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use serde_json::{Value, json};
use sluice_consumer::{
    SqsQueue,
    message::{Attribute, AttributeValue, Message},
    queue::{QueueControl, VisibilityChange},
};
use sluice_order::{DeadLetter, LetterType, RejectReason};
use sluice_runtime::Https;
use sluice_testing::stand_in::StandIn;

async fn sqs(answer: fn(&Value) -> Option<Value>) -> (SqsQueue, StandIn) {
    let sqs = StandIn::of_json(answer).await;
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(sqs.url())
        .retry_config(RetryConfig::disabled())
        .http_client(Https::new())
        .build();
    let client = aws_sdk_sqs::Client::from_conf(config);
    let queue = SqsQueue::new(client, "http://sqs/queue".into(), "http://sqs/dead".into());
    (queue, sqs)
}

fn changes(count: u32) -> Vec<VisibilityChange> {
    (0..count)
        .map(|n| VisibilityChange {
            receipt_handle: format!("receipt {n}"),
            seconds: n,
        })
        .collect()
}

#[tokio::test]
async fn visibility_is_changed_ten_at_a_time_and_each_once() {
    let (queue, sqs) = sqs(|_| Some(json!({"Successful": [], "Failed": []}))).await;
    assert_eq!(queue.change_visibility(&changes(25)).await, Ok(()));
    let requests = sqs.bodies();
    let mut sizes = Vec::new();
    let mut seconds = Vec::new();
    for request in &requests {
        let entries = request["Entries"].as_array().unwrap();
        sizes.push(entries.len());
        for entry in entries {
            let timeout = entry["VisibilityTimeout"].as_u64().unwrap();
            assert_eq!(entry["ReceiptHandle"], format!("receipt {timeout}"));
            seconds.push(timeout);
        }
    }
    sizes.sort_unstable();
    seconds.sort_unstable();
    assert_eq!(sizes, [5, 10, 10]);
    assert_eq!(seconds, (0..25).collect::<Vec<_>>());
}

/// A batch call succeeds as a whole while some of its entries fail.
#[tokio::test]
async fn an_entry_that_failed_is_told_and_stops_no_other() {
    let one_fails = |request: &Value| {
        let mut failed = Vec::new();
        for entry in request["Entries"].as_array().unwrap() {
            if entry["ReceiptHandle"] == "receipt 3" {
                failed.push(json!({"Id": entry["Id"], "SenderFault": true, "Code": "ReceiptHandleIsInvalid"}));
            }
        }
        Some(json!({"Successful": [], "Failed": failed}))
    };
    let (queue, sqs) = sqs(one_fails).await;
    let error = queue.change_visibility(&changes(20)).await.unwrap_err();
    assert!(error.to_string().contains("1 of 10 entries"), "{error}");
    assert!(
        error.to_string().contains("ReceiptHandleIsInvalid"),
        "{error}"
    );
    assert_eq!(sqs.calls().len(), 2);
}

/// P2: the letter and what came with the message, as far as SQS lets it carry them.
#[tokio::test]
async fn a_dead_letter_has_its_reason_and_at_most_ten_attributes() {
    let (queue, sqs) = sqs(|_| Some(json!({"MessageId": "m"}))).await;
    let text = |name: String, text: &str| Attribute {
        name,
        data_type: "String".into(),
        value: AttributeValue::Text(text.into()),
    };
    let mut attributes: Vec<_> = (0..9).map(|n| text(format!("a{n}"), "v")).collect();
    attributes.push(text("sluice.dead_letter".into(), "an earlier letter"));
    let message = Message {
        body: "poison".into(),
        group: Some("g".into()),
        attributes,
        ..Message::default()
    };
    let letter = DeadLetter {
        r#type: LetterType::Permanent,
        reason: Some(RejectReason::NotJson),
        detail: "no JSON".into(),
        original_message_id: "m-1".into(),
        receives: 1,
        replays: 3,
        trace: None,
    };
    queue.dead_letter(&message, &letter).await.unwrap();
    let requests = sqs.bodies();
    let [sent] = &requests[..] else {
        unreachable!("one letter")
    };
    assert_eq!(sent["QueueUrl"], "http://sqs/dead");
    assert_eq!(
        (&sent["MessageBody"], &sent["MessageGroupId"]),
        (&json!("poison"), &json!("g"))
    );
    let attributes = sent["MessageAttributes"].as_object().unwrap();
    assert_eq!(attributes.len(), 10);
    let told = attributes["sluice.dead_letter"]["StringValue"]
        .as_str()
        .unwrap();
    assert_eq!(DeadLetter::from_text(told), Some(letter));
}

/// P2.
#[tokio::test]
async fn a_letter_that_is_refused_is_an_error() {
    let (queue, _sqs) = sqs(|_| None).await;
    let letter = DeadLetter {
        r#type: LetterType::Permanent,
        reason: None,
        detail: String::new(),
        original_message_id: String::new(),
        receives: 1,
        replays: 0,
        trace: None,
    };
    let error = queue
        .dead_letter(&Message::default(), &letter)
        .await
        .unwrap_err();
    assert_eq!(
        error.0, "InvalidParameterValue",
        "SQS's words may repeat what it was sent"
    );
}
