//! `sam local start-api`: the API as the template has it, its functions in containers.

use std::{
    fs,
    net::TcpStream,
    time::{Duration, Instant},
};

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{machine::Machine, project::say, stack::Stack};

/// How long any wait may last.
const PATIENCE: Duration = Duration::from_secs(90);

#[tokio::test]
async fn an_order_goes_through_the_api_to_storage() {
    let stack = Stack::take().await;
    // The deployed consumer takes the order, so it must be able to verify its id.
    let machine = Machine::ready(&stack, &stack.secret_arn()).await;
    let Machine::Containers(containers) = machine else {
        say("SKIPPED: `sam local start-api` needs containers");
        return;
    };
    let (mut server, api, log) = containers.api();
    let told = || fs::read_to_string(&log).unwrap_or_default();
    let begun = Instant::now();
    while TcpStream::connect(api.trim_start_matches("http://")).is_err() {
        assert!(
            server.runs() && begun.elapsed() < PATIENCE,
            "no API: {}",
            told()
        );
        sleep(Duration::from_millis(50)).await;
    }

    // Unsigned, because `sam local` does not emulate AWS_IAM; the end-to-end tests see that the deployed API does.
    let http = Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .unwrap();
    let order = json!({
        "customer_id": "sam-local", "currency": "GBP",
        "lines": [{"sku": "85123A", "quantity": 6, "unit_price": 255}],
    });
    let post = http
        .post(format!("{api}/orders"))
        .header("content-type", "application/json")
        .header("idempotency-key", "sam-local")
        .body(order.to_string());
    let (status, accepted) = send(post).await;
    assert_eq!(status, 202, "{accepted}\n{}", told());
    assert_eq!(
        (&accepted["status"], &accepted["total"]),
        (&json!("ACCEPTED"), &json!(1530))
    );

    let id = accepted["order_id"].as_str().unwrap();
    let begun = Instant::now();
    let stored = loop {
        let (status, found) = send(http.get(format!("{api}/orders/{id}"))).await;
        assert_eq!(status, 200, "{found}\n{}", told());
        if found["status"] != "ACCEPTED" {
            break found;
        }
        assert!(begun.elapsed() < PATIENCE, "still in the buffer: {found}");
        sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(stored["status"], "IN_FULFILLMENT", "{stored}");
    assert_eq!(stored["lines"], order["lines"]);

    assert!(
        !containers.running().is_empty(),
        "the functions run in containers"
    );
    drop(server);
    assert_eq!(
        containers.running(),
        Vec::<String>::new(),
        "SAM removes its containers"
    );
}

async fn send(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("the API answers");
    let status = response.status().as_u16();
    let text = response.text().await.expect("the answer has a body");
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, body)
}
