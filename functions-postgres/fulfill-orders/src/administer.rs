//! The administering function: this program with another job, so that a deploy needs no program more. It has the owner's login,
//! which the consumers do not have.

use sluice_postgres::{Client, MigrateError, PostgresStore, admit, count, grant, hashes, migrate};
use sluice_rds::{Administered, Administration, Listed};

/// The database, as its owner sees it.
pub(crate) struct Database(pub(crate) Administration);

impl Database {
    async fn client(&self) -> Result<Client, String> {
        self.0.connected(PostgresStore::client).await
    }
}

impl Administered for Database {
    async fn migrate(&self) -> Result<i32, String> {
        let told = |error: MigrateError| error.to_string();
        let admission = self.0.admission().await?;
        let client = self.client().await?;
        let version = migrate(&client).await.map_err(told)?;
        admit(&client, &self.0.user, &admission)
            .await
            .map_err(told)?;
        grant(&client, &self.0.user).await.map_err(told)?;
        Ok(version)
    }

    async fn count(&self) -> Result<u64, String> {
        let count = count(&self.client().await?).await;
        count.map_err(|error| error.to_string())
    }

    async fn hashes(&self, after: &str, limit: u32) -> Result<Vec<Listed>, String> {
        let hashes = hashes(&self.client().await?, after, limit).await;
        hashes.map_err(|error| error.to_string())
    }
}
