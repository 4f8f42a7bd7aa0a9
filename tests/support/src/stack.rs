//! The deployed stack, as the tests use it: its API and its table. [`crate::queues`], [`crate::dead_letters`]
//! and [`crate::consumers`] are the rest.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use sluice_order::Secrets;
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    deployed::{Deployed, signature},
    wait_for,
};

/// One test at a time: some kill processes or change a queue that the others use.
static TURN: Mutex<()> = Mutex::const_new(());

/// The stack, for one test.
pub struct Stack {
    deployed: Deployed,
    /// For what is asked of the queues and is no method here.
    pub sqs: aws_sdk_sqs::Client,
    /// For what is asked of the table and is no method here.
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) lambda: aws_sdk_lambda::Client,
    _turn: MutexGuard<'static, ()>,
}

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HashMap<String, String>,
    /// The body; a text, where it is no JSON.
    pub body: Value,
}

impl Stack {
    /// The stack that the environment names, once it is this test's turn, and as it was deployed.
    pub async fn take() -> Self {
        let turn = TURN.lock().await;
        let deployed = Deployed::find().await;
        let stack = Self {
            sqs: aws_sdk_sqs::Client::new(&deployed.config),
            dynamodb: aws_sdk_dynamodb::Client::new(&deployed.config),
            lambda: aws_sdk_lambda::Client::new(&deployed.config),
            deployed,
            _turn: turn,
        };
        stack.as_deployed().await;
        stack
    }

    /// One of its outputs.
    pub fn output(&self, name: &str) -> &str {
        self.deployed.output(name)
    }

    /// Address of the local AWS.
    pub fn endpoint(&self) -> &str {
        &self.deployed.endpoint
    }

    /// Sends with a signature for the API.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        self.send_as_is(request.header("authorization", signature("execute-api")))
            .await
    }

    /// Sends without a signature of its own.
    pub async fn send_as_is(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer comes");
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        let text = response.text().await.expect("the answer has a body");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer {
            status,
            headers,
            body,
        }
    }

    /// A request to the API.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.deployed
            .http
            .request(method, format!("{}{path}", self.output("ApiUrl")))
    }

    /// Posts an order.
    pub async fn post(&self, key: Option<&str>, order: &Value) -> Answer {
        let mut request = self
            .request(reqwest::Method::POST, "/orders")
            .header("content-type", "application/json")
            .body(order.to_string());
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.send(request).await
    }

    /// Gets from the API.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(reqwest::Method::GET, path)).await
    }

    /// Waits until the order has this status, and returns what is known of it then.
    pub async fn wait_for_status(&self, order_id: &str, status: &str) -> Value {
        let last = std::cell::RefCell::new(Value::Null);
        wait_for(&format!("{order_id} to be {status}"), async || {
            let answer = self.get(&format!("/orders/{order_id}")).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let there = answer.body["status"] == status;
            *last.borrow_mut() = answer.body;
            there
        })
        .await;
        last.into_inner()
    }

    /// The secrets that the deployed functions seal ids with.
    pub async fn secrets(&self) -> Secrets {
        Secrets::from_json(&self.deployed.secrets().await).unwrap()
    }

    /// Every item of the table, as JSON.
    pub async fn table(&self) -> Vec<Value> {
        let mut pages = self
            .dynamodb
            .scan()
            .table_name(self.output("OrdersTable"))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.expect("the table can be read");
            items.push(serde_dynamo::from_item(item).expect("an item is JSON"));
        }
        items
    }

    /// Every item of the table that the customer's orders have.
    pub async fn items_of(&self, customer: &str) -> Vec<HashMap<String, AttributeValue>> {
        let mut pages = self
            .dynamodb
            .scan()
            .table_name(self.output("OrdersTable"))
            .consistent_read(true)
            .filter_expression("customer_id = :c OR rejected_order.customer_id = :c")
            .expression_attribute_values(":c", AttributeValue::S(customer.to_owned()))
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.expect("the table can be read"));
        }
        items
    }

    /// How often each order of the customer is stored.
    pub async fn orders_of(&self, customer: &str) -> HashMap<String, usize> {
        let mut orders = HashMap::new();
        for item in self.items_of(customer).await {
            if item["record"].as_s().unwrap() == "order" {
                let id = item["order_id"].as_s().unwrap().clone();
                *orders.entry(id).or_default() += 1;
            }
        }
        orders
    }
}
