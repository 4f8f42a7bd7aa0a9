//! The time of a call of the store.

use std::{sync::Arc, time::Duration};

use sluice_store::StoreError;
use sluice_telemetry::Statement;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use crate::{Connect, Connection, Verdict};

/// One call of the store: one or two statements, within the time of one call.
pub struct Call<'a, C: Connect> {
    connection: &'a Connection<C>,
    limit: Duration,
    deadline: Instant,
}

impl<'a, C: Connect> Call<'a, C> {
    /// A call whose time begins now.
    pub fn new(connection: &'a Connection<C>, limit: Duration) -> Self {
        Self {
            connection,
            limit,
            deadline: Instant::now() + limit,
        }
    }

    fn late(&self) -> Verdict {
        Verdict::gone(format!("no answer within {:?}", self.limit))
    }

    /// The connection, opened if there is none.
    ///
    /// # Errors
    /// There is none, or not in time.
    pub async fn link(&self) -> Result<Arc<C::Link>, StoreError> {
        Ok(timeout_at(self.deadline, self.connection.get())
            .await
            .unwrap_or_else(|_| Err(self.late()))?)
    }

    /// Waits for a statement's answer, and drops the connection if the answer says so or does not come. `summary` is what the
    /// statement does, for its trace, such as `INSERT orders`.
    ///
    /// # Errors
    /// What the answer means.
    pub async fn bounded<T>(
        &self,
        link: &Arc<C::Link>,
        summary: &'static str,
        answer: impl Future<Output = Result<T, Verdict>> + Send,
    ) -> Result<T, StoreError> {
        Ok(self.told(link, summary, answer).await?)
    }

    /// The same for a question, which may be asked twice: where its connection was of no use any more, it is asked again by
    /// another one. Without that a reader would hear of each connection that ended while nobody used it.
    ///
    /// # Errors
    /// What the second answer means, or why there is no connection.
    pub async fn asked<T, F>(
        &self,
        summary: &'static str,
        ask: impl Fn(Arc<C::Link>) -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Verdict>> + Send,
    {
        let link = self.link().await?;
        match self.told(&link, summary, ask(Arc::clone(&link))).await {
            Err(verdict) if verdict.drops => {
                let link = self.link().await?;
                Ok(self.told(&link, summary, ask(Arc::clone(&link))).await?)
            }
            told => Ok(told?),
        }
    }

    async fn told<T>(
        &self,
        link: &Arc<C::Link>,
        summary: &'static str,
        answer: impl Future<Output = Result<T, Verdict>> + Send,
    ) -> Result<T, Verdict> {
        let statement = Statement::begin(C::ENGINE.name(), summary);
        let answer = answer.instrument(statement.span().clone());
        let outcome = timeout_at(self.deadline, answer).await;
        let outcome = outcome.unwrap_or_else(|_| Err(self.late()));
        statement.end(&outcome);
        if let Err(verdict) = &outcome
            && verdict.drops
        {
            self.connection.drop(link);
        }
        outcome
    }
}
