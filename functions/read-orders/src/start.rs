//! What every reader does at its start, whichever storage it reads.

use std::sync::Arc;

use lambda_http::{Context, Error};
use sluice_api::{ProxyRequest, ProxyResponse};
use sluice_runtime::{Https, LiveSecrets, SettingError};
use sluice_store::OrderStore;

use crate::ReadOrders;

/// Runs the function on the storage that `open` gives it. `open` opens the connections too. The secrets are read meanwhile.
///
/// # Errors
/// The Runtime API is out of reach.
pub async fn run<S: OrderStore + 'static>(
    crate_name: &'static str,
    open: impl AsyncFnOnce(&Https, &LiveSecrets) -> Result<S, SettingError>,
) -> Result<(), Error> {
    sluice_runtime::run(crate_name, async || {
        let https = Https::new();
        let secrets = LiveSecrets::from_env(&https)?;
        let store = secrets.read_while(open(&https, &secrets)).await?;
        let read = Arc::new(ReadOrders::new(store, secrets));
        Ok(
            async move |event: ProxyRequest, _: Context| -> ProxyResponse {
                read.handle(&event.into()).await.into()
            },
        )
    })
    .await
}
