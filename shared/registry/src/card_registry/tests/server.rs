//! A server on loopback that plays what it is told, connection by connection.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{Card, client};
use crate::{card_registry::CardRegistry, config::TimeOuts, failure::RegistryError, verdict::Verdict};

/// What the server does with one connection, once it has read the request.
pub(super) enum Act {
    Send(Vec<u8>),
    /// Keep quiet, the connection open, for as long as the test runs.
    Hang,
    /// Send one byte over and over.
    Flood,
}

/// A server whose n-th connection gets the n-th act, and the requests it read.
pub(super) struct Server {
    pub(super) client: CardRegistry,
    pub(super) requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(super) async fn playing(acts: Vec<Act>) -> Self {
        Self::playing_within(acts, TimeOuts::default()).await
    }

    pub(super) async fn playing_within(acts: Vec<Act>, time_outs: TimeOuts) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = client(&format!("http://{}/check.asmx", listener.local_addr().unwrap()), time_outs);
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        tokio::spawn(async move {
            let mut quiet = Vec::new();
            for act in acts {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                seen.lock().unwrap().push(request);
                match act {
                    Act::Send(bytes) => stream.write_all(&bytes).await.unwrap(),
                    Act::Hang => quiet.push(stream),
                    Act::Flood => {
                        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n";
                        stream.write_all(head).await.unwrap();
                        while stream.write_all(&[b' '; 1024]).await.is_ok() {}
                    }
                }
            }
            std::future::pending::<()>().await;
        });
        Self { client, requests }
    }

    pub(super) async fn check(&self) -> Result<Verdict, RegistryError> {
        self.client.check(&Card::of_somchai().details()).await
    }

    pub(super) fn tries(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

/// Head and body, by its content length.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        stream.read_buf(&mut bytes).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let length: usize = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.parse().unwrap());
        if bytes.len() >= head.len() + 4 + length {
            return text;
        }
    }
}
