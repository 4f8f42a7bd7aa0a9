//! Skeleton.
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(
        async |_: LambdaEvent<serde_json::Value>| {
            Ok::<_, Error>(serde_json::json!({"statusCode": 200, "body": "{}"}))
        },
    ))
    .await
}
