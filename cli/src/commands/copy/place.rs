//! The places between which is copied.

use std::time::Duration;

use sluice_postgres::Settings;

use crate::{
    deployment::{
        aws::{self, Aws},
        stack::Stack,
        store::{self, Store},
    },
    terminal::failure::Failure,
};

/// How long a call may take, and connecting. Parts are large and may come from afar, and no message waits.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where orders are.
#[derive(Debug)]
enum Place {
    Table,
    Database(Box<Settings>),
}

/// Opens both places. Databases are connected to when they are first used.
///
/// # Errors
/// One is no place or cannot be reached, or both are the same.
pub(super) async fn open(stack: &str, from: &str, to: &str) -> Result<(Store, Store), Failure> {
    let (from, to) = (Place::read("--from", from)?, Place::read("--to", to)?);
    let (table, region) = match (&from, &to) {
        (Place::Table, Place::Table) => return Err(same()),
        (Place::Database(one), Place::Database(other)) if is_same(one, other) => {
            return Err(same());
        }
        (Place::Database(_), Place::Database(_)) => (None, aws::region().await),
        _ => {
            let aws = Aws::from_environment().await?;
            let stack = Stack::find(&aws, stack).await?;
            (Some(Store::table(&aws, stack.table()?)), Some(aws.region))
        }
    };
    let opened = |named, place| match place {
        Place::Table => table.clone().ok_or_else(same),
        Place::Database(settings) => {
            store::reached(named, *settings, region.as_deref()).and_then(Store::at)
        }
    };
    Ok((opened("--from", from)?, opened("--to", to)?))
}

fn same() -> Failure {
    Failure::environment("--from and --to are the same place", "name another one")
}

/// Whether both are one database, whoever logs in.
fn is_same(one: &Settings, other: &Settings) -> bool {
    let hosts =
        one.host.eq_ignore_ascii_case(&other.host) || one.is_loopback() && other.is_loopback();
    hosts && (one.engine, one.port, &one.database) == (other.engine, other.port, &other.database)
}

impl Place {
    fn read(option: &str, text: &str) -> Result<Self, Failure> {
        if text == "table" {
            return Ok(Self::Table);
        }
        let settings = store::address(option, text).map_err(|_| {
            Failure::environment(
                format!("{option} is neither `table` nor the address of a database"),
                store::FORM,
            )
        })?;
        Ok(Self::Database(Box::new(Settings {
            connect_timeout: PATIENCE,
            call_timeout: PATIENCE,
            ..settings
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_is_not_copied_to_itself() {
        let here = "postgres://owner:p@127.0.0.1/shop";
        for (one, other) in [
            ("table", "table"),
            (here, here),
            (here, "postgresql://sluice@localhost:5432/shop"),
            ("mysql://a:b@DB.example/d", "mysql://c@db.example:3306/d"),
        ] {
            let why = open("s", one, other).await.unwrap_err().to_string();
            assert!(why.contains("are the same place"), "{one} {other}: {why}");
        }
        for other in [
            "postgres://owner:p@127.0.0.1/other",
            "postgres://owner:p@127.0.0.1:5433/shop",
            "mysql://owner:p@127.0.0.1:5432/shop",
        ] {
            open("s", here, other).await.unwrap();
        }
    }

    #[test]
    fn a_database_has_a_minute() {
        let Ok(Place::Database(settings)) = Place::read("--to", "mysql://u@h/d") else {
            panic!("no database")
        };
        assert_eq!(settings.call_timeout, PATIENCE);
        assert_eq!(settings.connect_timeout, PATIENCE);
    }
}
