//! TLS to the database.

use std::sync::Arc;

use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring::{
        default_provider,
        kx_group::{SECP256R1, SECP384R1, X25519},
    },
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::BadSettings;

/// A connector that trusts these authorities and no other.
pub(crate) fn connector(pem: &[u8]) -> Result<MakeRustlsConnect, BadSettings> {
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
    let mut provider = default_provider();
    // PostgreSQL before 18 takes P-256 only (`ssl_ecdh_curve`). If X25519 came first, the server would ask again: one more round
    // trip for each connection. <https://www.postgresql.org/docs/17/runtime-config-connection.html#GUC-SSL-ECDH-CURVE>
    provider.kx_groups = vec![SECP256R1, X25519, SECP384R1];
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| BadSettings::Tls(e.to_string()))?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
