//! TLS to PostgreSQL.

use sluice_database::client_config;
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::crypto::ring::kx_group::{SECP256R1, SECP384R1, X25519};

use crate::BadSettings;

/// A connector that trusts these authorities and no other.
///
/// PostgreSQL before 18 takes P-256 only (`ssl_ecdh_curve`). If X25519 came first, the server would ask again: one more round trip
/// for each connection. <https://www.postgresql.org/docs/17/runtime-config-connection.html#GUC-SSL-ECDH-CURVE>
pub(crate) fn connector(pem: &[u8]) -> Result<MakeRustlsConnect, BadSettings> {
    let config = client_config(pem, vec![SECP256R1, X25519, SECP384R1])?;
    Ok(MakeRustlsConnect::new(config))
}
