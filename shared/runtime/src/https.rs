//! The one HTTP client of a process, shared by all AWS clients.
//!
//! It is not the SDK's default client. That one reads and parses the system's 150 certificate authorities at the start, which
//! takes longer than everything else together, and does so again for each AWS client.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::{HttpClient, HttpConnectorSettings, SharedHttpConnector},
        interceptors::{Intercept, context::BeforeTransmitInterceptorContextMut},
        orchestrator::HttpRequest,
        result::SdkError,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use tokio::time::timeout;

/// The certificate authorities that certify AWS's endpoints. <https://www.amazontrust.com/repository/>
pub const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// The longest that opening a connection may take.
const CONNECT: Duration = Duration::from_secs(1);

/// Connections to AWS, shared by all AWS clients that use this HTTP client.
///
/// It trusts Amazon's certificate authorities. If those are not enough, it trusts what the system trusts: see [`Https::open`].
/// They are not enough for AWS in China, for an authority that AWS adds later, or behind a proxy that inspects TLS.
/// `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are honoured.
#[derive(Clone, Debug)]
pub struct Https(Arc<Connectors>);

#[derive(Debug)]
struct Connectors {
    amazon: SharedHttpConnector,
    system: OnceLock<SharedHttpConnector>,
}

impl Https {
    /// A client that has no connection yet.
    pub fn new() -> Self {
        let amazon = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
        Self(Arc::new(Connectors {
            amazon: connector(amazon),
            system: OnceLock::new(),
        }))
    }

    /// Opens connections before the first order needs them, while Lambda gives the function its full processor.
    ///
    /// `open` makes calls with [`Opening`] and returns whether there was an answer, as [`is_open`] says. If there was none, the
    /// system's certificate authorities are trusted from now on. If that does not help either, the first order fails to
    /// connect.
    pub async fn open(&self, open: impl AsyncFn() -> bool) {
        if !timeout(CONNECT, open()).await.unwrap_or(false) {
            self.trust_system();
            // The result makes no difference: there is nothing else to trust.
            let _ = timeout(CONNECT, open()).await;
        }
    }
}

impl Https {
    /// Trusts the system's certificate authorities from now on, because Amazon's were not enough.
    pub fn trust_system(&self) {
        let system = || connector(TrustStore::default());
        self.0.system.get_or_init(system);
    }

    pub(crate) fn connector(&self) -> SharedHttpConnector {
        let Connectors { amazon, system } = &*self.0;
        system.get().unwrap_or(amazon).clone()
    }
}

impl Default for Https {
    fn default() -> Self {
        Self::new()
    }
}

fn connector(trust: TrustStore) -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(CONNECT)
        .build();
    let tls = TlsContext::builder().with_trust_store(trust).build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .proxy_config(ProxyConfig::from_env())
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls.unwrap_or_default());
    SharedHttpConnector::new(connector.build())
}

impl HttpClient for Https {
    /// The same connector for all AWS clients. Their timeouts are those of calls and attempts, which the SDK keeps itself.
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.connector()
    }
}

/// Turns a call into an empty `GET /` to the same endpoint, which does nothing there and needs no permission. All that is
/// left of the call is its connection.
#[derive(Debug)]
pub struct Opening;

impl Intercept for Opening {
    fn name(&self) -> &'static str {
        "sluice::Opening"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut question = HttpRequest::empty();
        question.set_method("GET")?;
        question.set_uri(context.request().uri().to_owned())?;
        *context.request_mut() = question;
        Ok(())
    }
}

/// Whether there was an answer. Any answer counts, an error too.
pub fn is_open<T, E, R>(answer: &Result<T, SdkError<E, R>>) -> bool {
    matches!(
        answer,
        Ok(_) | Err(SdkError::ServiceError(_) | SdkError::ResponseError(_))
    )
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};

    use super::*;

    /// As Amazon publishes them; without one of them a part of AWS would be reached by the slow way only.
    #[test]
    fn the_five_roots_are_amazon_s() {
        let text = std::str::from_utf8(AMAZON_ROOTS).unwrap();
        let certificates = text.split("-----BEGIN CERTIFICATE-----").skip(1);
        let fingerprints = certificates.map(|certificate| {
            let (base64, _) = certificate.split_once("-----END").unwrap();
            let base64: String = base64.split_whitespace().collect();
            let digest = Sha256::digest(STANDARD.decode(base64).unwrap());
            u64::from_be_bytes(*digest.first_chunk().unwrap())
        });
        assert_eq!(
            fingerprints.collect::<Vec<_>>(),
            [
                0x8ecd_e688_4f3d_87b1,
                0x1ba5_b2aa_8c65_401a,
                0x18ce_6cfe_7bf1_4e60,
                0xe35d_2841_9ed0_2025,
                0x568d_6905_a2c8_8708,
            ]
        );
    }
}
