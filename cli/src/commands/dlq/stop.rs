//! Ctrl-C: the command stops where that does no harm, and releases the letters that it holds.

use std::future::pending;

use tokio::{signal::ctrl_c, sync::watch};

/// Whether the command has to stop.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// From the first Ctrl-C on. The second one ends the process at once.
    pub(crate) fn on_ctrl_c() -> Self {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            while ctrl_c().await.is_ok() {
                if sender.send_replace(true) {
                    std::process::exit(130);
                }
                eprintln!("Stopping, and releasing what was received. Ctrl-C again ends at once.");
            }
        });
        Self(receiver)
    }

    /// From the moment that the sender sends `true`.
    pub(crate) fn with_sender() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    pub(crate) fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for it.
    pub(crate) async fn requested(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|stop| *stop).await.is_err() {
            pending::<()>().await;
        }
    }
}
