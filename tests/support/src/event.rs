//! Events as API Gateway (REST, proxy version 1.0) and SQS send them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A request to the API.
pub struct Request<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// The resource as the API defines it.
    pub resource: &'a str,
    /// The `id` in the path, where the resource has one.
    pub id: Option<&'a str>,
    /// Headers, each with its values.
    pub headers: &'a [(&'a str, &'a str)],
    /// Query parameters, each with one value.
    pub query: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: Option<&'a str>,
    /// Whether the body is base64.
    pub base64: bool,
}

/// The event of a request.
pub fn of_request(request: &Request<'_>) -> Value {
    let multiple = |pairs: &[(&str, &str)]| {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs {
            values
                .entry((*name).to_owned())
                .or_default()
                .push((*value).to_owned());
        }
        values
    };
    let last = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect()
    };
    let or_null = |value: Value| {
        if value == json!({}) {
            Value::Null
        } else {
            value
        }
    };
    let fixed = [
        ("Host", "abcdef1234.execute-api.eu-west-1.amazonaws.com"),
        ("User-Agent", "storefront/3.1"),
        (
            "X-Amzn-Trace-Id",
            "Root=1-6a1b2c3d-0123456789abcdef01234567",
        ),
        ("X-Forwarded-For", "203.0.113.7"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ];
    let headers = [&fixed, request.headers].concat();
    let path = request
        .resource
        .replace("{id}", request.id.unwrap_or_default());
    json!({
        "resource": request.resource,
        "path": path,
        "httpMethod": request.method,
        "headers": last(&headers),
        "multiValueHeaders": multiple(&headers),
        "queryStringParameters": or_null(json!(last(request.query))),
        "multiValueQueryStringParameters": or_null(json!(multiple(request.query))),
        "pathParameters": request.id.map(|id| json!({"id": id})),
        "stageVariables": null,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdef1234",
            "domainName": "abcdef1234.execute-api.eu-west-1.amazonaws.com",
            "domainPrefix": "abcdef1234",
            "extendedRequestId": "Kx1DwGmPDoEEv0w=",
            "httpMethod": request.method,
            "identity": {
                "accessKey": null,
                "accountId": "123456789012",
                "caller": "AROAEXAMPLE:storefront",
                "sourceIp": "203.0.113.7",
                "user": "AROAEXAMPLE:storefront",
                "userAgent": "storefront/3.1",
                "userArn": "arn:aws:sts::123456789012:assumed-role/storefront/storefront",
            },
            "path": format!("/v1{path}"),
            "protocol": "HTTP/1.1",
            "requestId": "5f2c1c7e-8f0e-4a51-9a43-0d4ad1b1e6a4",
            "requestTime": "27/Nov/2026:08:00:00 +0000",
            "requestTimeEpoch": 1_795_766_400_000_i64,
            "resourceId": "a1b2c3",
            "resourcePath": request.resource,
            "stage": "v1",
        },
        "body": request.body,
        "isBase64Encoded": request.base64,
    })
}

/// The event of a batch: one record a body, each received as often as stated.
pub fn of_batch(records: &[(u32, String)]) -> Value {
    let records: Vec<_> = records
        .iter()
        .enumerate()
        .map(|(n, (receives, body))| {
            json!({
                "messageId": message_id(n),
                "receiptHandle": format!("AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a{n}"),
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": receives.to_string(),
                    "AWSTraceHeader": "Root=1-6a1b2c3d-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1",
                    "SentTimestamp": "1795766400100",
                    "SenderId": "AIDAISDL4IHLFEXAMPLE",
                    "ApproximateFirstReceiveTimestamp": "1795766400160",
                    "MessageGroupId": "n9G3zY7cWbq8Ck1v2D3e4Q",
                },
                "messageAttributes": {
                    "lane": {"stringValue": "standard", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
                    "event_type": {"stringValue": sluice_order::message::EVENT_TYPE, "stringListValues": [], "binaryListValues": [], "dataType": "String"},
                },
                "md5OfBody": "d41d8cd98f00b204e9800998ecf8427e",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:sluice-standard",
                "awsRegion": "eu-west-1",
            })
        })
        .collect();
    json!({"Records": records})
}

/// The id of the n-th record of a batch.
pub fn message_id(n: usize) -> String {
    format!("059f36b4-87a3-44ab-83d2-{n:012}")
}

/// The event of a request to the API for tokens, whose authorizer read this customer and end (Unix seconds) in the token.
pub fn of_customer(mut event: Value, customer: &str, expires: i64) -> Value {
    event["stageVariables"] = json!({"callers": "customers", "origin": ""});
    // API Gateway makes every value a text.
    event["requestContext"]["authorizer"] = json!({
        "customer": customer,
        "expires": expires.to_string(),
        "principalId": customer,
        "integrationLatency": 9,
    });
    event
}
