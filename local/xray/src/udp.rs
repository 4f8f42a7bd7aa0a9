//! Datagrams, as X-Ray's daemon takes them.
//!
//! A sender never waits. So one thread only takes datagrams from the system, and another one checks them.

use std::{
    net::UdpSocket,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use anyhow::anyhow;

use crate::{log::log, receiver::Receiver};

/// The most datagrams that wait to be checked.
const WAITING: usize = 4_096;

/// More bytes than a datagram can have.
const LONGEST: usize = 64 * 1024;

/// Starts to receive, for as long as the process runs.
pub(crate) fn start(socket: UdpSocket, receiver: &Arc<Receiver>) -> anyhow::Result<()> {
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
                // Such as too little memory: the datagram is lost, the socket is not.
                Err(error) => {
                    log(&format!("a datagram was not received: {error}"));
                    thread::sleep(Duration::from_secs(1));
                }
            }
        }
    })
}

fn spawn(work: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    thread::Builder::new()
        .spawn(work)
        .map(drop)
        .map_err(|error| anyhow!("no thread can be started: {error}. Next: end other processes"))
}
