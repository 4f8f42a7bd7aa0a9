//! Addresses of databases.

use std::str::FromStr;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::{BadSettings, Engine, Password, Settings, Tls};

/// `postgres://USER:PASSWORD@HOST:PORT/DATABASE` or `mysql://…`, to a server on this machine: it is not encrypted. What cannot
/// stand in an address is written as `%40` and so on. Without a database PostgreSQL has the one of the user's name, as `psql`
/// does. <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>
///
/// Options (`?name=value`) are refused, because none would have an effect.
impl FromStr for Settings {
    type Err = BadSettings;

    /// What goes wrong never quotes the address, because a password may be in it.
    fn from_str(address: &str) -> Result<Self, BadSettings> {
        read(address).ok_or(BadSettings::Address)
    }
}

fn read(address: &str) -> Option<Settings> {
    let url = Url::parse(address).ok()?;
    let engine = match url.scheme() {
        "postgres" | "postgresql" => Engine::Postgres,
        "mysql" => Engine::Mysql,
        _ => return None,
    };
    if url.query().is_some() || url.fragment().is_some() {
        return None;
    }
    let host = match url.host()? {
        // A list of hosts, or the folder of a socket.
        Host::Domain(name) if name.is_empty() || name.contains([',', '%']) => return None,
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let user = decoded(url.username())?;
    let path = decoded(url.path().strip_prefix('/').unwrap_or_default())?;
    let database = match engine {
        Engine::Postgres if path.is_empty() => user.clone(),
        _ => path,
    };
    if user.is_empty() || database.is_empty() || database.contains('/') {
        return None;
    }
    let password = match url.password() {
        Some(password) => Password::fixed(decoded(password)?),
        None => Password::none(),
    };
    Some(Settings {
        port: url.port().unwrap_or(engine.port()),
        password,
        ..Settings::new(engine, host, database, user, Tls::LoopbackOnly)
    })
}

fn decoded(part: &str) -> Option<String> {
    let text = percent_decode_str(part).decode_utf8().ok()?;
    Some(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_everything() {
        for engine in [Engine::Postgres, Engine::Mysql] {
            let url = format!(
                "{}://slu%20ice:s%40fe@127.0.0.1:37723/or%23ders",
                engine.scheme()
            );
            let settings: Settings = url.parse().unwrap();
            let Settings {
                host,
                port,
                database,
                user,
                ..
            } = &settings;
            assert_eq!(
                (host.as_str(), *port, database.as_str(), user.as_str()),
                ("127.0.0.1", 37723, "or#ders", "slu ice")
            );
            assert_eq!(settings.engine, engine);
            assert!(!format!("{settings:?}").contains("s@fe"));
        }
    }

    #[tokio::test]
    async fn what_is_left_out_is_the_usual() {
        let settings: Settings = "postgresql://sluice@[::1]".parse().unwrap();
        assert_eq!((settings.host.as_str(), settings.port), ("::1", 5432));
        assert_eq!(settings.database, "sluice");
        assert_eq!(settings.password.ask().await, Ok(None));
        let settings: Settings = "mysql://u:s%40fe%C3%A9@db.example.com/d".parse().unwrap();
        assert_eq!(settings.port, 3306);
        assert_eq!(settings.host, "db.example.com");
        let password = settings.password.ask().await;
        assert_eq!(password, Ok(Some("s@feé".to_owned())));
        assert_eq!(
            settings.authorities(Engine::Mysql),
            Err(BadSettings::NotEncrypted)
        );
        assert_eq!(
            settings.authorities(Engine::Postgres),
            Err(BadSettings::Engine(Engine::Mysql, Engine::Postgres))
        );
    }

    #[test]
    fn what_is_no_address_is_refused_without_its_password() {
        for url in [
            "",
            "http://u:secret@h/d",
            "mysql://u:secret@h",
            "mysql://u:secret@h/",
            "mysql://u:secret@h/d/e",
            "postgres://u:secret@h:port/d",
            "postgres://u:secret@h/d?sslmode=disable",
            "postgres://u:secret@h/d#e",
            "postgres://u:%FFsecret@h/d",
            "postgres://u:secret@%2Ftmp/d",
            "postgres://u:secret@h1,h2/d",
            "postgres://h/d",
            "postgres:///d",
            "postgres:u:secret",
        ] {
            let error = url.parse::<Settings>().unwrap_err().to_string();
            assert!(error.contains("it is no address"), "{url}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
