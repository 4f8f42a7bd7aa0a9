//! How many connections the server has from the functions' user: it is asked again and again.

use std::time::Duration;

use tokio::{sync::oneshot, task::JoinHandle, time::interval};

use super::server::Server;

/// How often it is asked.
const EVERY: Duration = Duration::from_millis(100);

/// A question that goes on.
pub(crate) struct Connections {
    end: oneshot::Sender<()>,
    asking: JoinHandle<usize>,
}

impl Connections {
    /// Begins, by a connection of its own.
    pub(crate) async fn watch() -> Self {
        let mut server = Server::connect().await;
        let (end, mut ended) = oneshot::channel();
        let asking = tokio::spawn(async move {
            let (mut pace, mut most) = (interval(EVERY), 0);
            loop {
                tokio::select! {
                    _ = &mut ended => return most,
                    _ = pace.tick() => most = most.max(server.connections().await),
                }
            }
        });
        Self { end, asking }
    }

    /// Ends, and tells the most that there were at once.
    pub(crate) async fn most(self) -> usize {
        let _ = self.end.send(());
        self.asking.await.expect("it only asks")
    }
}
