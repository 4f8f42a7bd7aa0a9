//! TLS to a database.

use std::sync::Arc;

use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::{SupportedKxGroup, ring::default_provider},
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::BadSettings;

/// These authorities, PEM.
///
/// # Errors
/// [`BadSettings::NoAuthority`]: there is none, or one of them cannot be read.
pub fn authorities(pem: &[u8]) -> Result<RootCertStore, BadSettings> {
    let mut authorities = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        certificate
            .ok()
            .and_then(|certificate| authorities.add(certificate).ok())
            .ok_or(BadSettings::NoAuthority)?;
    }
    if authorities.is_empty() {
        return Err(BadSettings::NoAuthority);
    }
    Ok(authorities)
}

/// What a client needs that trusts these authorities, PEM, and no other. The way to exchange keys that comes first is tried first: a
/// server that does not have it asks again, one more round trip for each connection.
///
/// # Errors
/// [`BadSettings::NoAuthority`], [`BadSettings::Tls`].
pub fn client_config(
    pem: &[u8],
    key_exchange: Vec<&'static dyn SupportedKxGroup>,
) -> Result<ClientConfig, BadSettings> {
    let authorities = authorities(pem)?;
    let mut provider = default_provider();
    provider.kx_groups = key_exchange;
    Ok(ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| BadSettings::Tls(e.to_string()))?
        .with_root_certificates(authorities)
        .with_no_client_auth())
}
