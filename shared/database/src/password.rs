//! How a user of a database proves who it is.

use std::{fmt, pin::Pin, sync::Arc};

type Asked = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;
type Ask = dyn Fn() -> Asked + Send + Sync;

/// How a user proves who it is. It is asked each time a connection is opened, so that a password may be rotated and a token may
/// expire while the process runs.
#[derive(Clone)]
pub struct Password(Option<Arc<Ask>>);

impl Password {
    /// No password: the server trusts the connection.
    pub fn none() -> Self {
        Self(None)
    }

    /// This password.
    pub fn fixed(password: impl Into<String>) -> Self {
        let password = password.into();
        Self::asked(move || {
            let password = password.clone();
            async { Ok(password) }
        })
    }

    /// What this says each time. Its error is logged, so it must not hold a secret; the call that needed the connection is to
    /// be repeated.
    pub fn asked<A, F>(ask: A) -> Self
    where
        A: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<String, String>> + Send + 'static,
    {
        Self(Some(Arc::new(move || Box::pin(ask()))))
    }

    /// The password as it is now; `None` if there is none.
    ///
    /// # Errors
    /// It was asked for, and not told; why.
    pub async fn ask(&self) -> Result<Option<String>, String> {
        match &self.0 {
            None => Ok(None),
            Some(ask) => ask().await.map(Some),
        }
    }
}

/// It shows nothing of the password.
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Password(..)"
        } else {
            "Password(none)"
        })
    }
}
