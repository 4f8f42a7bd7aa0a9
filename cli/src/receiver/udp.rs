//! Datagrams, as X-Ray's daemon takes them.
//!
//! A sender never waits, so one thread does nothing but take them from the system, and another one checks them.

use std::{
    io,
    net::UdpSocket,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use super::{Receiver, tell};
use crate::Failure;

/// How many datagrams wait to be checked.
const WAITING: usize = 4_096;

/// More than a datagram can have.
const LONGEST: usize = 64 * 1024;

/// Receives for as long as the process runs.
pub(crate) fn start(socket: UdpSocket, receiver: &Arc<Receiver>) -> Result<(), Failure> {
    let (sender, datagrams) = mpsc::sync_channel::<Vec<u8>>(WAITING);
    let receiver = Arc::clone(receiver);
    spawn(move || {
        for datagram in datagrams {
            receiver.datagram(&datagram);
        }
    })?;
    spawn(move || {
        let mut buffer = vec![0; LONGEST];
        loop {
            match socket.recv(&mut buffer) {
                Ok(length) => {
                    if sender.send(buffer[..length].to_vec()).is_err() {
                        return;
                    }
                }
                // Such as too little memory: of one datagram, not of the socket.
                Err(error) => {
                    tell(&format!("a datagram was not received: {error}"));
                    thread::sleep(Duration::from_secs(1));
                }
            }
        }
    })
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let failure = |error: io::Error| {
        Failure::environment(
            format!("no thread can be started: {error}"),
            "end other processes",
        )
    };
    thread::Builder::new()
        .spawn(work)
        .map(drop)
        .map_err(failure)
}
