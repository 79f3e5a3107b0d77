//! A relying party's address for back-channel calls, on loopback over plain http: it gives one answer, and keeps what
//! it was sent.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A relying party that listens until it is dropped.
#[derive(Debug)]
pub struct RelyingParty {
    port: u16,
    bodies: Arc<Mutex<Vec<String>>>,
    published: Arc<Mutex<String>>,
    server: JoinHandle<()>,
}

impl RelyingParty {
    /// One that answers with this status line and headers, such as `200 OK`.
    ///
    /// # Panics
    /// If no port is free.
    #[expect(clippy::expect_used, reason = "only tests have relying parties")]
    pub async fn answering(head: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let bodies = Arc::<Mutex<Vec<String>>>::default();
        let published = Arc::<Mutex<String>>::default();
        let (heard, head, document) = (Arc::clone(&bodies), head.to_owned(), Arc::clone(&published));
        let server = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let body = request_body(&mut stream).await;
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(body);
                let document = document.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let answer = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{document}", document.len());
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { port, bodies, published, server }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/backchannel-logout", self.port)
    }

    /// Answers with this document from now on.
    pub fn publish(&self, document: String) {
        *self.published.lock().unwrap_or_else(PoisonError::into_inner) = document;
    }

    /// The bodies it was sent.
    pub fn bodies(&self) -> Vec<String> {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for RelyingParty {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A request's body, by its announced length.
async fn request_body(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut bytes = [0; 4096];
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().filter_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).next();
            if body.len() >= length.unwrap_or(0_usize) {
                return body.to_owned();
            }
        }
        match stream.read(&mut bytes).await {
            Ok(0) | Err(_) => return text,
            Ok(read) => text.push_str(&String::from_utf8_lossy(bytes.get(..read).unwrap_or_default())),
        }
    }
}
