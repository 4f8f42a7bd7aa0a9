//! Signals that ask the command to end: Ctrl-C, SIGTERM (a CI job or systemd) and SIGHUP (the terminal is closed).
//!
//! A command stops where that does no harm, says how to go on, and exits 1.

use std::future::pending;

use tokio::sync::watch;

use super::failure::Failure;

/// Whether the command has to stop.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// From the first signal on. A second Ctrl-C ends the process at once; the other signals may well come twice, since a
    /// terminal and its shell both send SIGHUP.
    pub(crate) fn on_signal() -> Self {
        let (sender, receiver) = watch::channel(false);
        for Signal {
            mut signal,
            is_typed,
        } in signals()
        {
            let sender = sender.clone();
            tokio::spawn(async move {
                while signal.recv().await.is_some() {
                    if sender.send_replace(true) && is_typed {
                        std::process::exit(1);
                    }
                }
            });
        }
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

    /// Does the work, unless the command has to stop: then the work is dropped, and `stopped` says what was done until then
    /// and how to go on.
    pub(crate) fn unless<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
        stopped: impl FnOnce() -> Failure,
    ) -> impl Future<Output = Result<T, Failure>> {
        // Work that calls AWS is large.
        let work = Box::pin(work);
        async move {
            tokio::select! {
                done = work => done,
                () = self.requested() => Err(stopped()),
            }
        }
    }

    /// Does work that changes nothing, unless the command has to stop.
    pub(crate) fn look<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> impl Future<Output = Result<T, Failure>> {
        self.unless(work, || {
            Failure::wrong("stopped: nothing was changed", "run it again")
        })
    }
}

/// One kind of signal.
struct Signal {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
    #[cfg(windows)]
    signal: tokio::signal::windows::CtrlC,
    /// Whether a person types it.
    is_typed: bool,
}

/// The signals that are taken. `nohup` has a command ignore SIGHUP, and then it outlives its terminal.
#[cfg(unix)]
fn signals() -> Vec<Signal> {
    use tokio::signal::unix::{SignalKind, signal};

    let (typed, hangup) = (SignalKind::interrupt(), SignalKind::hangup());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut kinds = vec![typed, SignalKind::terminate()];
    if !ignores_hangup(&status) {
        kinds.push(hangup);
    }
    let taken = kinds.into_iter().filter_map(|kind| {
        let signal = signal(kind).ok()?;
        let is_typed = kind == typed;
        Some(Signal { signal, is_typed })
    });
    taken.collect()
}

#[cfg(windows)]
fn signals() -> Vec<Signal> {
    let signal = tokio::signal::windows::ctrl_c();
    let signal = signal.map(|signal| Signal {
        signal,
        is_typed: true,
    });
    signal.into_iter().collect()
}

/// Whether the process ignores SIGHUP, the first bit in what the kernel says of it (`proc_pid_status(5)`). Where it says
/// nothing, as on macOS, SIGHUP counts as ignored: to die of it as before does less harm than to break `nohup`.
#[cfg(unix)]
fn ignores_hangup(status: &str) -> bool {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_unless_the_command_has_to_stop() {
        let (sender, stop) = Stop::with_sender();
        assert_eq!(stop.look(async { Ok(1) }).await, Ok(1));
        assert!(!stop.is_requested());
        sender.send_replace(true);
        let stopped = stop.look(pending::<Result<(), _>>()).await;
        let failure = stopped.unwrap_err().to_string();
        assert!(failure.contains("nothing was changed"), "{failure}");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_ignored_is_read_from_the_kernel() {
        let ignoring =
            |mask: &str| ignores_hangup(&format!("Name:\tsluice\nSigIgn:\t{mask}\nX:\t1"));
        assert!(ignoring("0000000000001001"));
        assert!(
            !ignoring("0000000000001002"),
            "Ctrl-C, as in a job of a script"
        );
        assert!(ignores_hangup(""));
    }
}
