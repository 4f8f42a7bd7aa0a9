//! The administering function: this program with another job, so that a deploy needs no program more. It has the owner's login,
//! which the consumers do not have.

use sluice_mysql::{Conn, MigrateError, MysqlStore, admit, count, grant, hashes, migrate};
use sluice_rds::{Administered, Administration, Listed};

/// The database, as its owner sees it.
pub(crate) struct Database(pub(crate) Administration);

impl Database {
    async fn client(&self) -> Result<Conn, String> {
        self.0.connected(MysqlStore::client).await
    }
}

impl Administered for Database {
    async fn migrate(&self) -> Result<i32, String> {
        let told = |error: MigrateError| error.to_string();
        let admission = self.0.admission().await?;
        let mut client = self.client().await?;
        let version = migrate(&mut client).await.map_err(told)?;
        admit(&mut client, &self.0.user, &admission)
            .await
            .map_err(told)?;
        grant(&mut client, &self.0.user).await.map_err(told)?;
        Ok(version)
    }

    async fn count(&self) -> Result<u64, String> {
        let count = count(&mut self.client().await?).await;
        count.map_err(|error| error.to_string())
    }

    async fn hashes(&self, after: &str, limit: u32) -> Result<Vec<Listed>, String> {
        let hashes = hashes(&mut self.client().await?, after, limit).await;
        hashes.map_err(|error| error.to_string())
    }
}
