//! TLS and passwords.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sluice_database::{BadSettings, Password, Settings, Tls};
use sluice_store::{OrderStore, contract::order};

use super::{assert_stored, unavailable};
use crate::{
    access::{ENGINE, OTHER_ENGINE, WRONG_PASSWORD},
    database::{Database, Store},
};

type Authority = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority() -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server with a certificate for `localhost`, where the functions' user needs TLS and the password `first`.
pub(crate) async fn guarded(name: &str, authority: &Authority) -> Option<Database> {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let database = Database::own(name).await?;
    database.set_password("first").await;
    let (certificate, key) = (certificate.pem(), key.serialize_pem());
    Some(database.guarded(&certificate, &key).await)
}

pub(crate) fn by_tls(database: &Database, host: &str, pem: String) -> Settings {
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
        let store = Store::new(settings).unwrap();
        let why = unavailable(store.put(&it).await);
        assert!(!why.contains("first"), "{what}: {why}");
    }
    // One authority of several is enough.
    let both = format!("{}\n{}", foreign.pem(), ours.pem());
    let store = Store::new(by_tls(&database, "localhost", both)).unwrap();
    assert_stored(store.put(&it).await);
    let settings = by_tls(&database, "localhost", ours.pem());
    assert_eq!(database.tls_version(settings).await, "TLSv1.3");
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
    let store = Store::new(Settings {
        password,
        ..by_tls(&database, "localhost", ours.pem())
    })
    .unwrap();
    assert_stored(store.put(&order("c", 1, 0, &["a"])).await);
    database.set_password("second").await;
    database.terminate().await;
    let it = order("c", 2, 0, &["a"]);
    let mut why = unavailable(store.put(&it).await);
    if asked.load(Ordering::Relaxed) == 1 {
        // It had not heard of the end yet.
        why = unavailable(store.put(&it).await);
    }
    assert_eq!(why, WRONG_PASSWORD);
    let why = unavailable(store.put(&it).await);
    assert_eq!(why, "no password: nobody knows");
    assert_stored(store.put(&it).await);
    assert_eq!(asked.load(Ordering::Relaxed), 4);
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let settings = |host: &str, tls| Settings::new(ENGINE, host, "d", "u", tls);
    let refused = |settings| Store::new(settings).map(|_| ()).unwrap_err();
    let away = "db.example.com";
    assert_eq!(
        refused(settings(away, Tls::LoopbackOnly)),
        BadSettings::NotEncrypted
    );
    for pem in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let tls = Tls::Authorities { pem: pem.into() };
        let why = refused(settings(away, tls));
        assert_eq!(why, BadSettings::NoAuthority, "{pem}");
    }
    let other = Settings::new(OTHER_ENGINE, "localhost", "d", "u", Tls::LoopbackOnly);
    assert_eq!(refused(other), BadSettings::Engine(OTHER_ENGINE, ENGINE));
    for host in ["localhost", "127.0.0.1", "::1"] {
        Store::new(settings(host, Tls::LoopbackOnly)).unwrap();
    }
    let hidden = Settings {
        password: Password::fixed("a secret"),
        ..settings("localhost", Tls::LoopbackOnly)
    };
    let shown = format!("{:?}", Store::new(hidden).unwrap());
    assert!(!shown.contains("a secret"), "{shown}");
}
