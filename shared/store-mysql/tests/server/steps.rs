//! Steps that a later release may have: how this server takes them.

use sluice_mysql::migrate_by;
pub(crate) use sluice_mysql::{STEPS, Step};
use sluice_testing::wait_for;

use crate::database::{Database, admin};

/// A step that builds an index.
pub(crate) const INDEX: Step = Step::Index {
    table: "orders",
    name: "added",
    columns: "total",
};

/// What is there of it when it was stopped half-way: nothing.
pub(crate) const BEGUN: Option<bool> = None;

/// Whatever the second step was, it is not marked any more.
pub(crate) const FORGET: &str = "DELETE FROM migrations WHERE version = 2";

pub(crate) const ADDS: Step = Step::Statements(include_str!("adds.sql"));

impl Database {
    /// Migrates by a connection of its own. The version, or why it failed.
    pub(crate) async fn migrate_by(&self, steps: &[Step]) -> Result<i32, String> {
        let client = admin(&self.server, &self.name).await;
        let migrated = migrate_by(&mut *client.0.lock().await, steps).await;
        migrated.map_err(|error| error.to_string())
    }

    /// Whether the index of [`INDEX`] is there. Here each that is there is valid.
    pub(crate) async fn index(&self) -> Option<bool> {
        let sql = "SELECT COUNT(*) FROM information_schema.statistics \
                   WHERE table_schema = DATABASE() AND index_name = 'added'";
        (self.number(sql).await > 0).then_some(true)
    }

    /// The number of the connection that builds an index, and waits for the table.
    async fn building(&self) -> Option<u64> {
        let sql = format!(
            "SELECT id FROM information_schema.processlist WHERE db = '{}' \
             AND info LIKE 'ALTER TABLE orders ADD INDEX%' AND state = 'Waiting for table metadata lock'",
            self.name
        );
        self.admin.rows(&sql).await.first().copied()
    }

    pub(crate) async fn wait_for_the_build(&self) {
        let waits = async || self.building().await.is_some();
        wait_for("the building", waits).await;
    }

    /// Stops it while it waits.
    pub(crate) async fn stop_the_build(&self) {
        wait_for("the building", async || {
            let Some(building) = self.building().await else {
                return false;
            };
            self.run(&format!("KILL QUERY {building}")).await;
            true
        })
        .await;
    }
}
