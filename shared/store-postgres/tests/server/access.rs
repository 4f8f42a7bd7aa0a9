//! TLS and passwords.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sluice_postgres::{BadSettings, Engine, Password, PostgresStore, Settings, Tls};
use sluice_store::{OrderStore, contract::order};
use sluice_testing::postgres::{Postgres, Stop};

use crate::{assert_stored, database::Database, unavailable};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server that takes TLS only, with a certificate for `localhost`, and passwords from all but the superuser.
async fn guarded(name: &str, authority: &Authority) -> Option<Database> {
    let database = Database::on(Arc::new(Postgres::start(&[])?), name).await;
    database
        .run(&format!("ALTER ROLE {name} PASSWORD 'first'"))
        .await;
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let server = &database.server;
    server.private_file("server.crt", certificate.pem().as_bytes());
    server.private_file("server.key", key.serialize_pem().as_bytes());
    let rules =
        "host all postgres 127.0.0.1/32 trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
    server.private_file("pg_hba.conf", rules.as_bytes());
    server.stop(Stop::Fast);
    server.resume(&["ssl=on", "log_connections=on"]);
    Some(Database {
        admin: crate::database::admin(server, name).await,
        ..database
    })
}

fn by_tls(database: &Database, host: &str, pem: String) -> Settings {
    Settings {
        host: host.to_owned(),
        password: Password::fixed("first"),
        tls: Tls::Authorities {
            pem: pem.into_bytes(),
        },
        ..database.settings()
    }
}

#[tokio::test]
async fn only_a_server_with_the_right_certificate_hears_the_password() {
    let (ours, foreign) = (authority(), authority());
    let Some(database) = guarded("guarded", &ours).await else {
        return;
    };
    let it = order("c", 1, 0, &["a"]);
    for (what, settings) in [
        (
            "an unknown authority",
            by_tls(&database, "localhost", foreign.pem()),
        ),
        ("another name", by_tls(&database, "127.0.0.1", ours.pem())),
        ("no TLS", database.settings()),
    ] {
        let store = PostgresStore::new(settings).unwrap();
        let why = unavailable(store.put(&it).await);
        assert!(!why.contains("first"), "{what}: {why}");
    }
    // One authority of several is enough.
    let both = format!("{}\n{}", foreign.pem(), ours.pem());
    let store = PostgresStore::new(by_tls(&database, "localhost", both)).unwrap();
    assert_stored(store.put(&it).await);
    let log = fs::read_to_string(database.server.folder().with_extension("log")).unwrap();
    assert!(log.contains("protocol=TLSv1.3"), "{log}");
}

/// The password is asked for each time: it may be rotated while the process runs.
#[tokio::test]
async fn a_password_may_change() {
    let ours = authority();
    let Some(database) = guarded("rotated", &ours).await else {
        return;
    };
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let password = Password::asked(move || {
        let time = count.fetch_add(1, Ordering::Relaxed);
        async move {
            match time {
                0 => Ok("first".to_owned()),
                1 => Ok("wrong".to_owned()),
                2 => Err("nobody knows".to_owned()),
                _ => Ok("second".to_owned()),
            }
        }
    });
    let store = PostgresStore::new(Settings {
        password,
        ..by_tls(&database, "localhost", ours.pem())
    })
    .unwrap();
    assert_stored(store.put(&order("c", 1, 0, &["a"])).await);
    database.run("ALTER ROLE rotated PASSWORD 'second'").await;
    database.terminate().await;
    let it = order("c", 2, 0, &["a"]);
    let mut why = unavailable(store.put(&it).await);
    if asked.load(Ordering::Relaxed) == 1 {
        // It had not heard of the end yet.
        why = unavailable(store.put(&it).await);
    }
    assert_eq!(why, "SQLSTATE 28P01");
    let why = unavailable(store.put(&it).await);
    assert_eq!(why, "no password: nobody knows");
    assert_stored(store.put(&it).await);
    assert_eq!(asked.load(Ordering::Relaxed), 4);
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let refused = |tls, host: &str| {
        let settings = Settings::new(Engine::Postgres, host, "d", "u", tls);
        PostgresStore::new(settings).map(|_| ()).unwrap_err()
    };
    let away = "db.example.com";
    assert_eq!(refused(Tls::LoopbackOnly, away), BadSettings::NotEncrypted);
    for pem in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let tls = Tls::Authorities { pem: pem.into() };
        assert_eq!(refused(tls, away), BadSettings::NoAuthority, "{pem}");
    }
    for host in ["localhost", "127.0.0.1", "::1"] {
        let settings = Settings::new(Engine::Postgres, host, "d", "u", Tls::LoopbackOnly);
        PostgresStore::new(settings).unwrap();
    }
    let hidden = Settings {
        password: Password::fixed("a secret"),
        ..Settings::new(Engine::Postgres, "localhost", "d", "u", Tls::LoopbackOnly)
    };
    let shown = format!("{:?}", PostgresStore::new(hidden).unwrap());
    assert!(!shown.contains("a secret"), "{shown}");
}
