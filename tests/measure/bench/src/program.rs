//! What is measured: the functions, and what they are measured against.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};
use clap::ValueEnum;
use sluice_postgres::Engine;

use crate::{database::Database, events, tracing::Sampling};

/// What a program is invoked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Job {
    Accept,
    Read,
    Fulfill,
    Nothing,
}

impl Job {
    /// An invocation's event: a request, or a batch of so many orders, each with so many lines.
    pub(crate) fn event(
        self,
        sampling: Sampling,
        lines: u64,
        first: u64,
        orders: u64,
    ) -> Result<String> {
        match self {
            Self::Accept | Self::Nothing => events::request(lines),
            Self::Read => events::question(),
            Self::Fulfill => events::batch(sampling, lines, first, orders),
        }
    }

    /// What an invocation answers that went well.
    pub(crate) fn good(self) -> &'static str {
        match self {
            Self::Accept | Self::Nothing => r#""statusCode":202"#,
            Self::Read => r#"\"status\":\"IN_FULFILLMENT\""#,
            Self::Fulfill => r#""batchItemFailures":[]"#,
        }
    }

    /// How often the call that is its job is made.
    pub(crate) fn calls(self, orders: u64) -> u64 {
        match self {
            Self::Accept | Self::Read => 1,
            Self::Fulfill => orders,
            Self::Nothing => 0,
        }
    }
}

/// A program on disk.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) binary: PathBuf,
    pub(crate) job: Job,
    /// The raw program that does the same job.
    pub(crate) floor: &'static str,
    /// Whether it reads the secrets of the order ids from Secrets Manager. The others find them in their environment.
    pub(crate) reads_secrets: bool,
    /// Whether it waits 10 ms before each write, the least that the consumer can be set to.
    pub(crate) is_paced: bool,
    /// The kind of the database that it stores orders in, and the server's port. The others call AWS.
    pub(crate) database: Option<(Engine, u16)>,
}

/// The consumer's floor, at its pace.
pub(crate) const PACED_FLOOR: &str = "floor-paced";
/// The do-nothing function.
pub(crate) const NOTHING: &str = "nothing";
/// The function as tutorials write it.
pub(crate) const TYPICAL: &str = "typical";

impl Program {
    /// The functions in a folder that `sam build` made; only those with this job, if there is one.
    pub(crate) fn functions(folder: &Path, only: Option<Job>) -> Result<Vec<Self>> {
        [
            ("accept-order", "AcceptOrder", Job::Accept, "floor-accept"),
            ("read-orders", "ReadOrders", Job::Read, "floor-read"),
            (
                "fulfill-orders",
                "FulfillStandard",
                Job::Fulfill,
                "floor-fulfill",
            ),
        ]
        .into_iter()
        .filter(|(_, _, job, _)| only.is_none_or(|only| only == *job))
        .map(|(name, directory, job, floor)| {
            let program = Self::new(name, folder, directory, job, floor)?;
            Ok(Self {
                reads_secrets: true,
                ..program
            })
        })
        .collect()
    }

    /// The programs to compare with, in a folder that `cargo lambda build` made; only those with this job, if there is one.
    pub(crate) fn references(folder: &Path, only: Option<Job>) -> Result<Vec<Self>> {
        let programs = [
            ("floor-accept", Job::Accept, "floor-accept"),
            ("floor-read", Job::Read, "floor-read"),
            ("floor-fulfill", Job::Fulfill, "floor-fulfill"),
            (NOTHING, Job::Nothing, "floor-accept"),
            (TYPICAL, Job::Accept, "floor-accept"),
        ]
        .into_iter()
        .filter(|(_, job, _)| only.is_none_or(|only| only == *job))
        .map(|(name, job, floor)| Self::new(name, folder, name, job, floor));
        let mut programs: Vec<_> = programs.collect::<Result<_>>()?;
        // The same program: how much of the consumer's processor time is the waking up for each write.
        let paced = programs
            .iter()
            .find(|program| program.name == "floor-fulfill")
            .cloned();
        programs.extend(paced.map(|floor| Self {
            name: PACED_FLOOR,
            is_paced: true,
            ..floor
        }));
        Ok(programs)
    }

    /// The consumer for this database, in the same folder.
    pub(crate) fn on(database: &Database, folder: &Path) -> Result<Self> {
        let name = match database.engine() {
            Engine::Postgres => "fulfill-orders-postgres",
            Engine::Mysql => "fulfill-orders-mysql",
        };
        let program = Self::new(name, folder, name, Job::Fulfill, "floor-fulfill")?;
        Ok(Self {
            reads_secrets: true,
            database: Some((database.engine(), database.port())),
            ..program
        })
    }

    /// A copy of it in a folder. Two files with the same bytes differ by some per cent in memory and starts, by how they came into
    /// the system's cache: what is compared must have come there in the same way.
    pub(crate) fn copied(&self, folder: &Path) -> Result<Self> {
        let binary = folder.join(self.name);
        // Anew: a file that is there keeps its place in the cache.
        let _ = fs::remove_file(&binary);
        fs::copy(&self.binary, &binary)?;
        Ok(Self {
            binary,
            ..self.clone()
        })
    }

    fn new(
        name: &'static str,
        folder: &Path,
        directory: &str,
        job: Job,
        floor: &'static str,
    ) -> Result<Self> {
        let binary = folder.join(directory).join("bootstrap");
        let there = binary.is_file();
        ensure!(
            there,
            "{} is not there: `make bench` builds it",
            binary.display()
        );
        Ok(Self {
            name,
            binary: binary.canonicalize()?,
            job,
            floor,
            reads_secrets: false,
            is_paced: name.starts_with("fulfill-orders"),
            database: None,
        })
    }
}
