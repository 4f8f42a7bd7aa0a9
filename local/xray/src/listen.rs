//! The sockets: one port, by TCP and by UDP.

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, UdpSocket},
};

use anyhow::anyhow;
use socket2::SockRef;
use tokio::net::TcpListener;

use crate::log::log;

/// The receive buffer of the UDP socket, in bytes. A burst of datagrams waits in it until it is read; what does not fit is
/// lost. Each datagram takes about 2 KB.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

/// How many free ports are tried: a port that is free for TCP may be taken for UDP.
const PORTS: usize = 20;

#[derive(Debug)]
pub(crate) struct Sockets {
    pub(crate) address: SocketAddr,
    pub(crate) tcp: TcpListener,
    pub(crate) udp: UdpSocket,
}

impl Sockets {
    /// Listens at the address, or at a free port where the port is 0.
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let mut tries = if address.port() == 0 { PORTS } else { 1 };
        loop {
            tries -= 1;
            match Self::try_open(address).await {
                Ok(sockets) => return Ok(sockets),
                Err(error) if error.kind() == ErrorKind::AddrInUse && tries > 0 => {}
                Err(error) => return Err(failure(address, &error)),
            }
        }
    }

    async fn try_open(address: SocketAddr) -> io::Result<Self> {
        let tcp = TcpListener::bind(address).await?;
        let address = tcp.local_addr()?;
        let udp = UdpSocket::bind(address)?;
        // Linux gives at most what net.core.rmem_max allows, other systems refuse.
        let socket = SockRef::from(&udp);
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        let buffer = socket.recv_buffer_size()?;
        if buffer < RECEIVE_BUFFER {
            log(&format!(
                "the system gives a receive buffer of only {} KB: datagrams of a burst may be lost. Next: \
                 sysctl -w net.core.rmem_max={RECEIVE_BUFFER}, as root",
                buffer / 1024
            ));
        }
        Ok(Self { address, tcp, udp })
    }
}

fn failure(address: SocketAddr, error: &io::Error) -> anyhow::Error {
    if error.kind() == ErrorKind::AddrInUse {
        anyhow!(
            "{address} is taken. Next: use another port, or --listen 127.0.0.1:0 for a free one"
        )
    } else {
        anyhow!(
            "cannot listen on {address}: {error}. Next: use --listen with an address of this machine"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: &str = "127.0.0.1:0";

    #[tokio::test]
    async fn both_have_the_same_port() {
        let sockets = Sockets::open(FREE.parse().unwrap()).await.unwrap();
        assert_eq!(sockets.udp.local_addr().unwrap(), sockets.address);
        assert_eq!(sockets.tcp.local_addr().unwrap(), sockets.address);
        assert_ne!(sockets.address.port(), 0);
    }

    #[tokio::test]
    async fn a_port_that_either_has_taken_is_a_failure() {
        let tcp = std::net::TcpListener::bind(FREE).unwrap();
        let udp = UdpSocket::bind(FREE).unwrap();
        for taken in [tcp.local_addr().unwrap(), udp.local_addr().unwrap()] {
            let failure = Sockets::open(taken).await.unwrap_err();
            let told = failure.to_string();
            assert!(
                told.starts_with(&format!("{taken} is taken. Next: ")),
                "{told}"
            );
        }
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_a_failure() {
        let failure = Sockets::open("192.0.2.1:0".parse().unwrap()).await;
        let told = failure.unwrap_err().to_string();
        assert!(told.contains("cannot listen on 192.0.2.1:0"), "{told}");
    }
}
