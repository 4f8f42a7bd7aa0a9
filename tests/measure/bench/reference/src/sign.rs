//! AWS Signature Version 4.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt::Write;

use anyhow::{Context, Result};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::clock::Moment;

/// Who signs, and for which service.
pub struct Signer {
    /// The access key's id.
    pub key_id: String,
    /// The secret access key.
    pub secret: String,
    /// The token of the session, where the credentials are temporary.
    pub token: Option<String>,
    /// The region.
    pub region: String,
    /// The service's name in signatures, such as `sns`.
    pub service: &'static str,
}

impl Signer {
    /// With the credentials and the region that Lambda gives a function.
    ///
    /// # Errors
    /// They are not in the environment.
    pub fn from_env(service: &'static str) -> Result<Self> {
        let read = |name: &str| std::env::var(name).with_context(|| name.to_owned());
        Ok(Self {
            key_id: read("AWS_ACCESS_KEY_ID")?,
            secret: read("AWS_SECRET_ACCESS_KEY")?,
            token: read("AWS_SESSION_TOKEN").ok(),
            region: read("AWS_REGION")?,
            service,
        })
    }

    /// The header lines of a signed POST to `/`: `headers`, which are names in small letters with their values, and those of
    /// the signature.
    pub fn headers(
        &self,
        host: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        now: Moment,
    ) -> String {
        let time = now.compact();
        let mut signed = vec![("host", host), ("x-amz-date", &time)];
        signed.extend(
            self.token
                .as_deref()
                .map(|token| ("x-amz-security-token", token)),
        );
        signed.extend(headers);
        signed.sort_unstable();
        let signature = self.signature("POST", "/", &signed, body);
        let names: Vec<_> = signed.iter().map(|(name, _)| *name).collect();
        let scope = self.scope(&time);
        let mut lines = format!(
            "authorization: AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={}, Signature={signature}\r\n",
            self.key_id,
            names.join(";")
        );
        for (name, value) in signed.iter().filter(|(name, _)| *name != "host") {
            let _ = write!(lines, "{name}: {value}\r\n");
        }
        lines
    }

    /// The signature over these headers, which stand in the order of their names and have `x-amz-date` among them.
    pub fn signature(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> String {
        let mut canonical = format!("{method}\n{path}\n\n");
        for (name, value) in headers {
            let _ = writeln!(canonical, "{name}:{value}");
        }
        let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        let _ = write!(
            canonical,
            "\n{}\n{}",
            names.join(";"),
            hex(&Sha256::digest(body))
        );
        let time = headers.iter().find(|(name, _)| *name == "x-amz-date");
        let time = time.map(|(_, time)| *time).unwrap_or_default();
        let scope = self.scope(time);
        let canonical = hex(&Sha256::digest(canonical));
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{canonical}");
        let secret = format!("AWS4{}", self.secret);
        let key = [&scope[..8], &self.region, self.service, "aws4_request"]
            .iter()
            .fold(secret.into_bytes(), |key, part| mac(&key, part.as_bytes()));
        hex(&mac(&key, text.as_bytes()))
    }

    fn scope(&self, time: &str) -> String {
        let day = time.get(..8).unwrap_or("00000000");
        format!("{day}/{}/{}/aws4_request", self.region, self.service)
    }
}

/// HMAC-SHA256.
pub fn mac(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length, so there is no error to meet.
    Hmac::<Sha256>::new_from_slice(key).map_or_else(
        |_| Vec::new(),
        |mac| mac.chain_update(data).finalize().into_bytes().to_vec(),
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `get-vanilla` of AWS's test suite for Signature Version 4, whose published signature this is.
    #[test]
    fn signs_as_aws_does() {
        let signer = Signer {
            key_id: "AKIDEXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            token: None,
            region: "us-east-1".into(),
            service: "service",
        };
        let headers = [
            ("host", "example.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
        ];
        assert_eq!(
            signer.signature("GET", "/", &headers, b""),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
    }
}
