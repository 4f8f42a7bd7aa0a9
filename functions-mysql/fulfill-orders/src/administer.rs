//! The administering function: this program with another job, so that a deploy needs no program more. It has the owner's login,
//! which the consumers do not have.

use lambda_runtime::{Context, Error};
use sluice_mysql::{
    Conn, MigrateError, MysqlStore, Settings, admit, count, grant, hashes, migrate,
};
use sluice_rds::{Administered, Event, Login, serve, settings};
use sluice_runtime::{Https, SettingError, required};

/// The database, as its owner sees it.
struct Database {
    owner: Settings,
    functions: Settings,
}

/// Serves CloudFormation and operators until Lambda stops the process.
pub(crate) async fn run() -> Result<(), Error> {
    sluice_runtime::run("fulfill_orders_mysql", async || {
        let https = Https::new();
        let database = Database::new(&https)?;
        Ok(async move |event: Event, _: Context| serve(event, &database, &https).await)
    })
    .await
}

impl Database {
    fn new(https: &Https) -> Result<Self, SettingError> {
        Ok(Self {
            owner: settings(Login::Owner, https)?,
            functions: settings(Login::Functions, https)?,
        })
    }

    /// What a new role logs in with; nothing if that is a token.
    async fn functions_password(&self) -> Result<Option<String>, String> {
        match required("DATABASE_SECRET") {
            Ok(_) => self.functions.password.ask().await,
            Err(_) => Ok(None),
        }
    }

    async fn client(&self) -> Result<Conn, String> {
        let client = MysqlStore::client(self.owner.clone()).await;
        client.map_err(|why| format!("there is no connection to the database: {why}"))
    }
}

impl Administered for Database {
    async fn migrate(&self) -> Result<i32, String> {
        let told = |error: MigrateError| error.to_string();
        let mut client = self.client().await?;
        let version = migrate(&mut client).await.map_err(told)?;
        let role = &self.functions.user;
        let password = self.functions_password().await?;
        admit(&mut client, role, password.as_deref())
            .await
            .map_err(told)?;
        grant(&mut client, role).await.map_err(told)?;
        Ok(version)
    }

    async fn count(&self) -> Result<u64, String> {
        let count = count(&mut self.client().await?).await;
        count.map_err(|error| error.to_string())
    }

    async fn hashes(&self, after: &str, limit: u32) -> Result<Vec<(String, String)>, String> {
        let hashes = hashes(&mut self.client().await?, after, limit).await;
        hashes.map_err(|error| error.to_string())
    }
}
