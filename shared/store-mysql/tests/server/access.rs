//! TLS and passwords.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sluice_mysql::{BadSettings, Engine, MysqlStore, Password, Settings, Tls};
use sluice_store::{OrderStore, contract::order};
use sluice_testing::mysql::{Mysql, Stop};

use crate::{
    assert_stored,
    database::{Client, Database},
    unavailable,
};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server with a certificate for `localhost`, where the functions' user needs TLS and a password.
async fn guarded(name: &str, authority: &Authority) -> Option<Database> {
    let database = Database::on(Arc::new(Mysql::start(&[])?), name).await;
    let rule = format!("ALTER USER {name}@'%' IDENTIFIED BY 'first' REQUIRE SSL");
    database.run(&rule).await;
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let server = &database.server;
    let certificate = server.private_file("server.crt", certificate.pem().as_bytes());
    let key = server.private_file("server.key", key.serialize_pem().as_bytes());
    server.stop(Stop::Fast);
    server.resume(&[
        &format!("ssl-cert={}", certificate.display()),
        &format!("ssl-key={}", key.display()),
    ]);
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
        let store = MysqlStore::new(settings).unwrap();
        let why = unavailable(store.put(&it).await);
        assert!(!why.contains("first"), "{what}: {why}");
    }
    // One authority of several is enough.
    let both = format!("{}\n{}", foreign.pem(), ours.pem());
    let store = MysqlStore::new(by_tls(&database, "localhost", both)).unwrap();
    assert_stored(store.put(&it).await);
    let client = Client::of(by_tls(&database, "localhost", ours.pem())).await;
    let sql = "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'SSL_VERSION'";
    assert_eq!(client.rows::<String>(sql).await, ["TLSv1.3"]);
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
    let store = MysqlStore::new(Settings {
        password,
        ..by_tls(&database, "localhost", ours.pem())
    })
    .unwrap();
    assert_stored(store.put(&order("c", 1, 0, &["a"])).await);
    database
        .run("ALTER USER rotated@'%' IDENTIFIED BY 'second'")
        .await;
    database.terminate().await;
    let it = order("c", 2, 0, &["a"]);
    // It had not heard of the end yet.
    unavailable(store.put(&it).await);
    assert_eq!(unavailable(store.put(&it).await), "MySQL error 1045");
    let why = unavailable(store.put(&it).await);
    assert_eq!(why, "no password: nobody knows");
    assert_stored(store.put(&it).await);
    assert_eq!(asked.load(Ordering::Relaxed), 4);
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let refused = |tls, host: &str| {
        let settings = Settings::new(Engine::Mysql, host, "d", "u", tls);
        MysqlStore::new(settings).map(|_| ()).unwrap_err()
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
    let other = Settings::new(Engine::Postgres, "localhost", "d", "u", Tls::LoopbackOnly);
    assert_eq!(
        MysqlStore::new(other).unwrap_err(),
        BadSettings::Engine(Engine::Postgres, Engine::Mysql)
    );
    for host in ["localhost", "127.0.0.1", "::1"] {
        let settings = Settings::new(Engine::Mysql, host, "d", "u", Tls::LoopbackOnly);
        MysqlStore::new(settings).unwrap();
    }
    let hidden = Settings {
        password: Password::fixed("a secret"),
        ..Settings::new(Engine::Mysql, "localhost", "d", "u", Tls::LoopbackOnly)
    };
    let shown = format!("{:?}", MysqlStore::new(hidden).unwrap());
    assert!(!shown.contains("a secret"), "{shown}");
}
