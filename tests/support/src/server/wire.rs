//! A proxy before a database server that loses answers, cuts connections, and counts.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// What it does with what comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Passes all.
    Pass,
    /// Cuts the connection when the server has answered, without the answer.
    LoseAnswer,
    /// Cuts the connection when the client asks, without the question.
    LoseQuestion,
    /// Takes all and passes nothing.
    Hole,
}

/// It ends when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    way: watch::Sender<Way>,
    counts: Arc<Counts>,
    listening: JoinHandle<()>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    questions: AtomicUsize,
    round_trips: AtomicUsize,
}

impl Proxy {
    /// Before this port of this machine.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let way = watch::Sender::new(Way::Pass);
        let counts = Arc::<Counts>::default();
        let (ways, counted) = (way.subscribe(), Arc::clone(&counts));
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                counted.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(client, port, ways.clone(), Arc::clone(&counted)));
            }
        });
        Self {
            address,
            way,
            counts,
            listening,
        }
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it does from now on, with the connections that it has too.
    pub fn set(&self, way: Way) {
        self.way.send_replace(way);
    }

    /// How many connections it took.
    pub fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::Relaxed)
    }

    /// How many pieces came from clients. A question that fits one packet is one piece.
    pub fn questions(&self) -> usize {
        self.counts.questions.load(Ordering::Relaxed)
    }

    /// How often clients said something after they had heard something, or for the first time. So often they had to wait for the
    /// way to the server and back, if they say nothing before they need to.
    pub fn round_trips(&self) -> usize {
        self.counts.round_trips.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Passes both directions until one of them ends, then closes both.
async fn serve(client: TcpStream, port: u16, way: watch::Receiver<Way>, counts: Arc<Counts>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut client_in, mut client_out) = client.into_split();
    let (mut server_in, mut server_out) = server.into_split();
    let way_of_questions = way.clone();
    let has_heard = AtomicBool::new(true);
    let questions = async {
        let mut piece = vec![0; 65_536];
        while let Ok(length @ 1..) = client_in.read(&mut piece).await {
            counts.questions.fetch_add(1, Ordering::Relaxed);
            if has_heard.swap(false, Ordering::Relaxed) {
                counts.round_trips.fetch_add(1, Ordering::Relaxed);
            }
            let way = *way_of_questions.borrow();
            match way {
                Way::Pass | Way::LoseAnswer => {
                    if server_out.write_all(&piece[..length]).await.is_err() {
                        return;
                    }
                }
                Way::LoseQuestion => return,
                Way::Hole => {}
            }
        }
    };
    let answers = async {
        let mut piece = vec![0; 65_536];
        while let Ok(length @ 1..) = server_in.read(&mut piece).await {
            has_heard.store(true, Ordering::Relaxed);
            let way = *way.borrow();
            match way {
                Way::Pass | Way::LoseQuestion => {
                    if client_out.write_all(&piece[..length]).await.is_err() {
                        return;
                    }
                }
                Way::LoseAnswer => return,
                Way::Hole => {}
            }
        }
    };
    tokio::select! {
        () = questions => {}
        () = answers => {}
    }
}
