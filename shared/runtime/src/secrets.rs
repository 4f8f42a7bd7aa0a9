//! The secrets of the order ids, and of the shop's offers, while a function runs: read at the start, and again when they may have changed.
//!
//! A process of Lambda lives for hours, and a rotation must reach it without a deploy. So the secrets are read again
//!
//! - when an invocation begins, once they are older than their greatest age: so a function that only seals ids changes too;
//! - before an answer, when an id has an unknown number: at most once in a fifth of that age, so that made-up ids cannot cause a
//!   call each.
//!
//! Nothing is read behind an invocation: Lambda freezes the process there, and the answer would come too late.
//!
//! If reading fails, the last good ones stay. If there are none yet, each invocation tries again.

mod secrets_manager;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use sluice_order::Secrets;
use tokio::time::{Instant, timeout};

use crate::{Https, SettingError, number, required};

/// The longest that an invocation waits for them.
const LONGEST: Duration = Duration::from_secs(2);

/// The variable that says where the secrets of the order ids are.
const NAME: &str = "ORDER_ID_SECRETS";

/// The variable that says where the secrets of the shop's offers are.
const OFFERS: &str = "OFFER_SECRETS";

/// The variable that says after how many seconds they are read again.
const MAX_AGE: &str = "ORDER_ID_SECRETS_MAX_AGE";

/// How the text of the secrets is read. The error is for the log and shows no part of them.
type Read = Box<dyn Fn() -> BoxFuture<'static, Result<String, String>> + Send + Sync>;

/// The secrets, as they were read last. A clone is the same.
#[derive(Clone)]
pub struct LiveSecrets(Arc<Inner>);

struct Inner {
    /// `None` where they never change.
    read: Option<Read>,
    /// After this time they are read again.
    max_age: Duration,
    last: Mutex<Last>,
    /// Who reads holds it, so that no two do at once.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Last {
    secrets: Option<Arc<Secrets>>,
    /// When they were asked for, those that were read.
    read_at: Option<Instant>,
    /// When reading began last, however that ended.
    tried_at: Option<Instant>,
    /// Whether an id had an unknown number since.
    is_one_missed: bool,
}

/// The secrets cannot be read, and none were before. The log says why; for the retry machinery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secrets cannot be read")]
pub struct SecretsUnavailable;

impl From<Secrets> for LiveSecrets {
    /// Secrets that never change, as tests have them.
    fn from(secrets: Secrets) -> Self {
        Self::of(
            None,
            Duration::MAX,
            Last {
                secrets: Some(Arc::new(secrets)),
                ..Last::default()
            },
        )
    }
}

impl LiveSecrets {
    /// The secrets that `ORDER_ID_SECRETS` names: the ARN of a secret in Secrets Manager, which is yet to be read; or the
    /// secrets themselves, as JSON, for tests.
    ///
    /// # Errors
    /// The variable is missing, or the secrets in it cannot be used. The text shows no part of a secret.
    pub fn from_env(https: &Https) -> Result<Self, SettingError> {
        Self::of_text(NAME, required(NAME)?, https)
    }

    /// The secrets that `OFFER_SECRETS` names, in the same way. `None` where no customer orders himself.
    ///
    /// # Errors
    /// The secrets in the variable cannot be used. The text shows no part of a secret.
    pub fn of_offers(https: &Https) -> Result<Option<Self>, SettingError> {
        let Ok(value) = required(OFFERS) else {
            return Ok(None);
        };
        Self::of_text(OFFERS, value, https).map(Some)
    }

    fn of_text(name: &'static str, value: String, https: &Https) -> Result<Self, SettingError> {
        if value.trim_start().starts_with('{') {
            let secrets = Secrets::from_json(&value);
            return secrets
                .map(Self::from)
                .map_err(|error| SettingError::invalid(name, error));
        }
        let max_age = Duration::from_secs(number(MAX_AGE)?);
        let read = secrets_manager::read(value, https)?;
        Ok(Self::read_by(max_age, read))
    }

    /// Secrets that are yet to be read, in this way, and again after this time.
    pub fn read_by(
        max_age: Duration,
        read: impl Fn() -> BoxFuture<'static, Result<String, String>> + Send + Sync + 'static,
    ) -> Self {
        Self::of(Some(Box::new(read)), max_age, Last::default())
    }

    fn of(read: Option<Read>, max_age: Duration, last: Last) -> Self {
        Self(Arc::new(Inner {
            read,
            max_age,
            last: Mutex::new(last),
            turn: tokio::sync::Mutex::default(),
        }))
    }

    /// Reads them for the first time, while connections are opened; and once more if that failed, since it is known only
    /// then which certificate authorities to trust.
    pub async fn read_while<T>(&self, opening: impl Future<Output = T>) -> T {
        let (opened, ()) = tokio::join!(opening, self.read(None));
        self.read(None).await;
        opened
    }

    /// The secrets for an invocation that begins, read again first where they are old.
    ///
    /// # Errors
    /// There are none, and they cannot be read.
    pub async fn ready(&self) -> Result<Arc<Secrets>, SecretsUnavailable> {
        self.refresh().await;
        self.last().secrets.ok_or(SecretsUnavailable)
    }

    /// Reads them again where they are old, or where an id was met that they do not know.
    pub async fn refresh(&self) {
        let last = self.last();
        let age = match last.secrets {
            None => None,
            Some(_) if last.is_one_missed => Some(self.pause()),
            Some(_) => Some(self.0.max_age),
        };
        self.read(age).await;
    }

    /// What was read last, if anything was. Reads nothing.
    pub fn current(&self) -> Option<Arc<Secrets>> {
        self.last().secrets
    }

    /// Notes that an id had an unknown number: the next [`Self::refresh`] looks for it.
    pub fn miss_one(&self) {
        self.last_mut().is_one_missed = true;
    }

    /// The secrets for an invocation that has to know this one. If it is unknown they are read again first. Where they are
    /// younger than a fifth of their greatest age they are not: the number is made up then.
    ///
    /// # Errors
    /// Whether there is one cannot be told, because they cannot be read.
    pub async fn knowing(&self, number: u8) -> Result<Arc<Secrets>, SecretsUnavailable> {
        let secrets = self.ready().await?;
        if secrets.knows(number) || self.0.read.is_none() {
            return Ok(secrets);
        }
        self.read(Some(self.pause())).await;
        let last = self.last();
        let is_young = last.read_at.is_some_and(|at| at.elapsed() < self.pause());
        last.secrets.filter(|_| is_young).ok_or(SecretsUnavailable)
    }

    /// The shortest time between two reads that were asked for by unknown ids, or of which the first failed.
    fn pause(&self) -> Duration {
        self.0.max_age / 5
    }

    /// Whether they are older than this, and reading did not fail just now.
    fn is_due(&self, age: Duration) -> bool {
        let last = self.last();
        let is_past = |at: Option<Instant>, age| at.is_none_or(|at| at.elapsed() >= age);
        self.0.read.is_some() && is_past(last.read_at, age) && is_past(last.tried_at, self.pause())
    }

    /// Reads them, when nobody else does: where there are none, or where they are older than this.
    async fn read(&self, age: Option<Duration>) {
        let Some(read) = &self.0.read else { return };
        // With the wait for another read, which has the same bound.
        let _ = timeout(LONGEST, self.read_in_turn(read, age)).await;
    }

    async fn read_in_turn(&self, read: &Read, age: Option<Duration>) {
        let _turn = self.0.turn.lock().await;
        let is_wanted = match age {
            Some(age) => self.is_due(age),
            None => self.last().secrets.is_none(),
        };
        if !is_wanted {
            return;
        }
        // A process may be frozen until the answer is old: what counts is when it was asked for.
        let begun = Instant::now();
        self.last_mut().tried_at = Some(begun);
        let text = read().await;
        match text.and_then(|text| Secrets::from_json(&text).map_err(|error| error.to_string())) {
            Ok(secrets) => {
                let mut last = self.last_mut();
                last.secrets = Some(Arc::new(secrets));
                last.read_at = Some(begun);
                last.is_one_missed = false;
            }
            Err(error) => {
                metrics::counter!("SecretUnreadable").increment(1);
                tracing::error!(error, "the secrets cannot be read");
            }
        }
    }

    fn last(&self) -> Last {
        self.last_mut().clone()
    }

    /// Held for moments only, never across a wait.
    fn last_mut(&self) -> MutexGuard<'_, Last> {
        // Nothing panics while it is held.
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows the numbers only.
impl fmt::Debug for LiveSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.last().secrets.fmt(f)
    }
}

#[cfg(test)]
mod tests;
