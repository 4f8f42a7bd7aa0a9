//! `sluice submit`: one order.

use std::{fmt::Write, io::Read, path::Path};

use serde_json::Value;

use crate::{
    Exit, Failure, api::Api, args::SubmitArguments, aws::Aws, output, problem::Problem,
    stack::Stack,
};

pub(crate) async fn run(stack: &str, arguments: &SubmitArguments) -> Result<Exit, Failure> {
    let body = read(&arguments.file)?;
    let aws = Aws::from_environment().await?;
    let stack = Stack::find(&aws, stack).await?;
    let api = Api::of(&stack, &aws)?;
    let key = if let Some(key) = &arguments.idempotency_key {
        key.clone()
    } else {
        let key = random_key()?;
        // Before the call: if the answer never comes, this is what makes a repeat safe.
        eprintln!("Idempotency-Key: {key}");

        key
    };
    let repeat = format!("repeat with --idempotency-key {key}: it stays one order");
    let answer = api.post_order(&key, &body).await.map_err(|failure| {
        Failure::environment(
            format!("{failure}. It is not known whether the order was accepted"),
            &repeat,
        )
    })?;
    if answer.status == 202 {
        let receipt: Value = serde_json::from_slice(&answer.body).map_err(|error| {
            Failure::wrong(format!("the service's answer is no JSON: {error}"), &repeat)
        })?;
        output::print_json(&receipt)?;
        return Ok(Exit::Fine);
    }
    eprintln!("{}", Problem::of(&answer).readable());
    if answer.is_transient() {
        return Err(Failure::wrong(
            "the service did not accept the order in time",
            repeat,
        ));
    }
    Ok(Exit::Wrong)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let read = if file == Path::new("-") {
        let mut body = Vec::new();
        std::io::stdin().read_to_end(&mut body).map(|_| body)
    } else {
        std::fs::read(file)
    };
    read.map_err(|error| {
        Failure::environment(
            format!("{} cannot be read: {error}", file.display()),
            "name a file with one order as JSON",
        )
    })
}

/// A random UUID (version 4), which no other caller makes too.
fn random_key() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::environment(format!("no random key: {error}"), "give --idempotency-key")
    })?;
    Ok(uuid(bytes))
}

fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_looks_like_a_uuid_and_is_new_each_time() {
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_ne!(random_key(), random_key());
    }
}
