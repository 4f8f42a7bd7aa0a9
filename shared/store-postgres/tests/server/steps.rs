//! Steps that a later release may have: how this server takes them.

use sluice_postgres::migrate_by;
pub(crate) use sluice_postgres::{STEPS, Step};
use sluice_testing::wait_for;

use crate::database::{Database, admin};

/// A step that builds an index.
pub(crate) const INDEX: Step = Step::Index {
    name: "added",
    on: "sluice.orders (total)",
};

/// What is there of it when it was stopped half-way: an index that is not valid.
pub(crate) const BEGUN: Option<bool> = Some(false);

/// Whatever the second step was, it is not marked any more.
pub(crate) const FORGET: &str = "DELETE FROM sluice.migrations WHERE version = 2";

pub(crate) const ADDS: Step = Step::Statements(include_str!("adds.sql"));

const BUILDS: &str = "FROM pg_stat_activity WHERE datname = current_database() \
    AND query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock'";

impl Database {
    /// Migrates by a connection of its own. The version, or why it failed.
    pub(crate) async fn migrate_by(&self, steps: &[Step]) -> Result<i32, String> {
        let client = admin(&self.server, &self.name).await;
        let migrated = migrate_by(&client, steps).await;
        migrated.map_err(|error| error.to_string())
    }

    /// Whether the index of [`INDEX`] is there, and whether it is valid.
    pub(crate) async fn index(&self) -> Option<bool> {
        let sql = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('sluice.added')";
        let rows = self.admin.query_typed(sql, &[]).await.unwrap();
        rows.first().map(|row| row.get(0))
    }

    /// Waits until the building of an index waits for a transaction.
    pub(crate) async fn wait_for_the_build(&self) {
        let sql = format!("SELECT count(*) {BUILDS}");
        wait_for("the building", async || self.number(&sql).await > 0).await;
    }

    /// Stops it while it waits.
    pub(crate) async fn stop_the_build(&self) {
        let sql = format!("SELECT count(pg_cancel_backend(pid)) {BUILDS}");
        wait_for("the building", async || self.number(&sql).await > 0).await;
    }
}
