//! The floor of `read-orders`: an order is looked up by one signed call.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;
use sluice_reference::{clock::Moment, http::Connection, job, runtime_api, sign::Signer};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    path_parameters: HashMap<String, String>,
}

fn main() -> Result<()> {
    let table = std::env::var("ORDERS_TABLE")?;
    let secret = job::secret()?;
    let signer = Signer::from_env("dynamodb")?;
    let mut dynamodb = Connection::to(&std::env::var("AWS_ENDPOINT_URL")?)?;
    runtime_api::serve(|event| {
        let request: Request = serde_json::from_slice(event)?;
        let id = request
            .path_parameters
            .get("id")
            .context("there is no id")?;
        let call = job::get_item(id, &table, &secret)?;
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", "DynamoDB_20120810.GetItem"),
        ];
        let headers = signer.headers(dynamodb.host(), &headers, &call, Moment::now());
        let answer = dynamodb.ask("POST", "/", &headers, &call)?;
        ensure!(answer.status == 200, "DynamoDB answered {}", answer.status);
        Ok(serde_json::to_vec(&json!({
            "statusCode": 200,
            "headers": {"content-type": "application/json"},
            "body": job::view(id, answer.body)?.to_string(),
            "isBase64Encoded": false,
        }))?)
    })
}
