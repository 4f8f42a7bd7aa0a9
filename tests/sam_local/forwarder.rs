//! Lets the containers reach the local AWS, which listens on loopback only.

use std::{
    io,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// Takes connections at an address of this machine that the containers see, and no one outside it does.
#[derive(Debug)]
pub struct Forwarder {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
}

impl Forwarder {
    pub fn start(at: Ipv4Addr, to: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((at, 0))?;
        let address = listener.local_addr()?;
        let stopped = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&stopped);
        thread::spawn(move || {
            for taken in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    break;
                }
                // What fails here the function sees as a connection that is closed.
                let _ = taken.and_then(|inner| join(inner, TcpStream::connect(to)?));
            }
        });
        Ok(Self { address, stopped })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread, which waits for a connection.
        let _ = TcpStream::connect(self.address);
    }
}

fn join(inner: TcpStream, outer: TcpStream) -> io::Result<()> {
    pass_on(inner.try_clone()?, outer.try_clone()?);
    pass_on(outer, inner);
    Ok(())
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
