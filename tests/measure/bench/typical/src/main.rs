//! The accept job as tutorials write a function: `lambda_runtime` and the SDK with their defaults, nothing special.

use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use aws_sdk_sns::{Client, types::MessageAttributeValue};
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use sluice_reference::{clock::Moment, job};

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let topic = std::env::var("ORDERS_TOPIC_ARN")?;
    let secret = job::secret()?;
    let config = aws_config::load_from_env().await;
    let client = Client::new(&config);
    run(service_fn(|event| accept(event, &client, &topic, &secret))).await
}

async fn accept(
    event: LambdaEvent<ApiGatewayProxyRequest>,
    client: &Client,
    topic: &str,
    secret: &str,
) -> Result<ApiGatewayProxyResponse, Error> {
    let request = event.payload;
    let key = request.multi_value_headers.get("idempotency-key");
    let key = key.ok_or("there is no key")?.to_str()?;
    let order = request.body.ok_or("there is no body")?;
    let accepted = job::accept(&order, key, secret, Moment::now())?;
    client
        .publish()
        .topic_arn(topic)
        .message(&accepted.message)
        .message_attributes("lane", attribute("standard")?)
        .message_attributes("event_type", attribute("sluice.order.accepted.v1")?)
        .message_group_id(&accepted.group)
        .send()
        .await?;
    tracing::info!("accepted");
    let mut response = ApiGatewayProxyResponse::default();
    response.status_code = 202;
    response.body = Some(accepted.receipt.to_string().into());
    Ok(response)
}

fn attribute(value: &str) -> Result<MessageAttributeValue, Error> {
    let attribute = MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value);
    Ok(attribute.build()?)
}
