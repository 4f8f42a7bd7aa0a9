//! The floor of `accept-order`: an order is named and published by one signed call.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;
use sluice_reference::{clock::Moment, http::Connection, job, runtime_api, sign::Signer};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    body: String,
    multi_value_headers: Headers,
}

#[derive(Deserialize)]
struct Headers {
    #[serde(rename = "Idempotency-Key")]
    idempotency_key: Vec<String>,
}

fn main() -> Result<()> {
    let topic = std::env::var("ORDERS_TOPIC_ARN")?;
    let secret = job::secret()?;
    let signer = Signer::from_env("sns")?;
    let mut sns = Connection::to(&std::env::var("AWS_ENDPOINT_URL")?)?;
    runtime_api::serve(|event| {
        let request: Request = serde_json::from_slice(event)?;
        let key = request.multi_value_headers.idempotency_key;
        let key = key.first().context("there is no key")?;
        let now = Moment::now();
        let accepted = job::accept(&request.body, key, &secret, now)?;
        let form = job::publish(&accepted, &topic);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let headers = signer.headers(sns.host(), &headers, form.as_bytes(), now);
        let answer = sns.ask("POST", "/", &headers, form.as_bytes())?;
        ensure!(answer.status == 200, "SNS answered {}", answer.status);
        Ok(serde_json::to_vec(&json!({
            "statusCode": 202,
            "headers": {"content-type": "application/json", "location": format!("orders/{}", accepted.receipt["order_id"])},
            "body": accepted.receipt.to_string(),
            "isBase64Encoded": false,
        }))?)
    })
}
