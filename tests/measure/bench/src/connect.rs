//! How long it takes to open a connection to a database, cold: in a process that does nothing else.
//!
//! The functions as they are shipped use no TLS to this machine, and trust nobody who could sign for a server on it. So what they
//! do at their start is done here by the same store.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use sluice_mysql::MysqlStore;
use sluice_postgres::{Engine, PostgresStore};
use sluice_testing::server::wire::Proxy;

use crate::{
    database::{Database, settings},
    figures::{ByProgram, Figures, float, median, quantile},
    process::cpu,
};

/// The word that asks for this instead of a measurement.
pub(crate) const WORD: &str = "connect";

/// What is measured.
pub(crate) const FIGURES: [&str; 3] = ["open_ms", "open_cpu_ms", "open_trips"];

/// Opens a connection, and says how many nanoseconds that took, and how many of a processor. The arguments are the scheme of the
/// server's addresses, its port, and the file with its authority where TLS is used.
pub(crate) fn open(mut arguments: impl Iterator<Item = OsString>) -> Result<()> {
    let mut next = || arguments.next().and_then(|word| word.into_string().ok());
    let scheme = next().context("no scheme")?;
    let port = next().context("no port")?.parse()?;
    let authority = next().map(fs::read_to_string).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let this = std::process::id();
    let (used, begun) = (cpu(this)?, Instant::now());
    if scheme == Engine::Postgres.scheme() {
        let settings = settings(Engine::Postgres, port, authority.as_deref());
        runtime.block_on(PostgresStore::new(settings)?.warm())?;
    } else {
        let settings = settings(Engine::Mysql, port, authority.as_deref());
        runtime.block_on(MysqlStore::new(settings)?.warm())?;
    }
    let took = begun.elapsed();
    // The kernel counts at ticks, and when a thread goes to sleep.
    std::thread::sleep(Duration::from_micros(1));
    println!(
        "{} {}",
        took.as_nanos(),
        cpu(this)?.saturating_sub(used).as_nanos()
    );
    Ok(())
}

/// With and without TLS to each of these, in turns.
pub(crate) async fn measure(
    databases: &[Database],
    rounds: u64,
    folder: &Path,
) -> Result<ByProgram> {
    let mut samples = BTreeMap::<_, [Vec<Duration>; 2]>::new();
    let mut trips = BTreeMap::<_, Vec<usize>>::new();
    for _ in 0..rounds {
        for database in databases {
            for by_tls in [false, true] {
                let file = folder.join("authority.pem");
                fs::write(&file, database.authority())?;
                let proxy = Proxy::before(database.port()).await;
                let mut command =
                    tokio::process::Command::from(Command::new(std::env::current_exe()?));
                command
                    .args([WORD, database.engine().scheme(), &proxy.port().to_string()])
                    .args(by_tls.then_some(file));
                let said = command.output().await?;
                let failure = String::from_utf8_lossy(&said.stderr);
                ensure!(said.status.success(), "no connection: {failure}");
                let said = String::from_utf8(said.stdout)?;
                let (took, used) = said.trim().split_once(' ').context("no times")?;
                let kind = kind(database.engine(), by_tls);
                let sample = samples.entry(kind).or_default();
                sample[0].push(Duration::from_nanos(took.parse()?));
                sample[1].push(Duration::from_nanos(used.parse()?));
                trips.entry(kind).or_default().push(proxy.round_trips());
            }
        }
    }
    let figures = samples.into_iter().map(|(kind, [mut took, mut used])| {
        let trips = trips.get_mut(kind).map(|trips| quantile(trips, 0.5));
        let trips = float(trips.unwrap_or_default() as u64);
        let values = [median(&mut took), median(&mut used), trips];
        (kind, FIGURES.into_iter().zip(values).collect::<Figures>())
    });
    Ok(figures.collect())
}

fn kind(engine: Engine, by_tls: bool) -> &'static str {
    match (engine, by_tls) {
        (Engine::Postgres, false) => "PostgreSQL",
        (Engine::Postgres, true) => "PostgreSQL by TLS",
        (Engine::Mysql, false) => "MySQL",
        (Engine::Mysql, true) => "MySQL by TLS",
    }
}
