//! Whether a call is one that AWS would take: nobody shall be measured who does less.

use anyhow::{Context, Result, bail, ensure};
use hyper::{HeaderMap, body::Bytes};
use serde_json::{Value, json};
use sluice_order::{OrderAccepted, Secrets, message::EVENT_TYPE};
use sluice_reference::sign::Signer;

use crate::events::{QUANTITY, SECRETS, UNIT_PRICE, sku};

/// What every program signs with.
pub(crate) const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub(crate) const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub(crate) const TOKEN: &str = "IQoJb3JpZ2luX2VjEEXAMPLETOKEN";
pub(crate) const REGION: &str = "eu-west-1";

/// Where the secrets of the order ids are.
pub(crate) const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ids-AbCdEf";

/// A call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    GetSecret,
    Publish,
    PutItem,
    GetItem,
    SendMessage,
    ChangeVisibility,
}

impl Call {
    /// Which one a request makes.
    pub(crate) fn of(headers: &HeaderMap, body: &[u8]) -> Result<Self> {
        Ok(
            match headers
                .get("x-amz-target")
                .map(|target| target.to_str())
                .transpose()?
            {
                Some("secretsmanager.GetSecretValue") => Self::GetSecret,
                Some("DynamoDB_20120810.PutItem") => Self::PutItem,
                Some("DynamoDB_20120810.GetItem") => Self::GetItem,
                Some("AmazonSQS.SendMessage") => Self::SendMessage,
                Some("AmazonSQS.ChangeMessageVisibilityBatch") => Self::ChangeVisibility,
                None if body.starts_with(b"Action=Publish&") => Self::Publish,
                other => bail!("a call that no function makes: {other:?}"),
            },
        )
    }

    fn service(self) -> &'static str {
        match self {
            Self::GetSecret => "secretsmanager",
            Self::Publish => "sns",
            Self::PutItem | Self::GetItem => "dynamodb",
            Self::SendMessage | Self::ChangeVisibility => "sqs",
        }
    }
}

/// The signature is right, and the call holds what it must.
pub(crate) fn check(call: Call, headers: &HeaderMap, body: &Bytes) -> Result<()> {
    check_signature(call, headers, body)?;
    match call {
        Call::Publish => check_publish(str::from_utf8(body)?),
        Call::PutItem => check_item(&serde_json::from_slice(body)?),
        Call::GetSecret | Call::GetItem | Call::SendMessage | Call::ChangeVisibility => Ok(()),
    }
}

fn check_signature(call: Call, headers: &HeaderMap, body: &[u8]) -> Result<()> {
    let header = |name: &str| {
        let value = headers
            .get(name)
            .with_context(|| format!("no header {name}"))?;
        Ok::<_, anyhow::Error>(value.to_str()?.trim())
    };
    let given = header("authorization")?;
    let part = |name: &str| {
        let (_, rest) = given
            .split_once(name)
            .with_context(|| format!("no {name} in {given}"))?;
        Ok::<_, anyhow::Error>(rest.split(',').next().unwrap_or(rest).trim())
    };
    let by = Signer {
        key_id: KEY_ID.into(),
        secret: SECRET_KEY.into(),
        token: None,
        region: REGION.into(),
        service: call.service(),
    };
    let day = header("x-amz-date")?.get(..8).context("no date")?;
    let credential = format!("{KEY_ID}/{day}/{REGION}/{}/aws4_request", call.service());
    ensure!(
        part("Credential=")? == credential,
        "signed for another scope: {given}"
    );
    let names: Vec<_> = part("SignedHeaders=")?.split(';').collect();
    for needed in ["host", "x-amz-date", "x-amz-security-token"] {
        ensure!(names.contains(&needed), "{needed} is not signed");
    }
    ensure!(
        header("x-amz-security-token")? == TOKEN,
        "another session's token"
    );
    let signed = names.iter().map(|name| Ok((*name, header(name)?)));
    let signed: Vec<_> = signed.collect::<Result<_>>()?;
    let expected = by.signature("POST", "/", &signed, body);
    ensure!(part("Signature=")? == expected, "the signature is wrong");
    Ok(())
}

/// The message is one that `fulfill-orders` stores, and has what the topic's subscriptions and queues need.
fn check_publish(form: &str) -> Result<()> {
    let field = |name: &str| {
        let value = form
            .split('&')
            .find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        decoded(value.with_context(|| format!("no {name}"))?)
    };
    let message = field("Message")?;
    let message = OrderAccepted::from_body(&message, &Secrets::from_json(SECRETS)?)?;
    ensure!(
        field("MessageGroupId")? == message.order.customer_id().message_group(),
        "another group"
    );
    ensure!(field("TopicArn")?.ends_with(":orders"), "another topic");
    let attributes: Vec<_> = (1..=2)
        .map(|n| {
            Ok((
                field(&format!("MessageAttributes.entry.{n}.Name"))?,
                field(&format!("MessageAttributes.entry.{n}.Value.StringValue"))?,
            ))
        })
        .collect::<Result<_>>()?;
    for (name, value) in [("lane", "standard"), ("event_type", EVENT_TYPE)] {
        ensure!(
            attributes.contains(&(name.into(), value.into())),
            "the attributes are {attributes:?}"
        );
    }
    Ok(())
}

fn decoded(text: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'%' => {
                let (digits, after) = rest.split_at_checked(2).context("half a byte")?;
                bytes.push(u8::from_str_radix(str::from_utf8(digits)?, 16)?);
                rest = after;
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    Ok(String::from_utf8(bytes)?)
}

/// The item has every attribute of a stored order, under the condition that there is none yet.
fn check_item(call: &Value) -> Result<()> {
    ensure!(call["TableName"] == "orders", "another table");
    ensure!(
        call["ConditionExpression"] == "attribute_not_exists(order_key)",
        "another condition"
    );
    let item = &call["Item"];
    for (attribute, kind) in [
        ("order_key", "S"),
        ("record", "S"),
        ("accepted_key", "S"),
        ("order_id", "S"),
        ("order_status", "S"),
        ("content_hash", "S"),
        ("accepted_at", "S"),
        ("stored_at", "S"),
        ("customer_id", "S"),
        ("currency", "S"),
        ("total", "N"),
        ("skus", "L"),
        ("lines", "L"),
        ("ship_to", "M"),
    ] {
        ensure!(!item[attribute][kind].is_null(), "no {attribute} in {item}");
    }
    let lines = item["lines"]["L"].as_array().map_or(&[][..], Vec::as_slice);
    let (line, before) = lines.split_last().context("no line")?;
    let (line, number) = (&line["M"], u64::try_from(before.len())?);
    let is = |value: &Value, count: u64| *value == json!({"N": count.to_string()});
    ensure!(
        is(&line["quantity"], QUANTITY)
            && is(&line["unit_price"], UNIT_PRICE)
            && line["sku"]["S"] == sku(number),
        "the last line is {line}"
    );
    let total = QUANTITY * UNIT_PRICE * (number + 1);
    ensure!(
        is(&item["total"], total),
        "the total is {}, and that of the lines {total}",
        item["total"]
    );
    Ok(())
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
