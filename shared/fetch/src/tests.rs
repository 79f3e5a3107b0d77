use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::future::BoxFuture;
use rcgen::CertifiedKey;
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use super::*;

const HOST: &str = "rp.example";

/// A relying party over TLS on loopback that always gives one answer, and what it was asked.
struct RelyingParty {
    port: u16,
    roots: RootCertStore,
    asked: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl Drop for RelyingParty {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl RelyingParty {
    async fn answering(answer: String) -> Self {
        let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(vec![HOST.to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (acceptor, heard) = (TlsAcceptor::from(Arc::new(config)), Arc::clone(&asked));
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    heard.lock().unwrap().push("a handshake that failed".into());
                    continue;
                };
                let name = stream.get_ref().1.server_name().unwrap_or_default().to_owned();
                let mut bytes = vec![0; 4096];
                let read = stream.read(&mut bytes).await.unwrap();
                heard.lock().unwrap().push(format!("{name}\n{}", String::from_utf8_lossy(&bytes[..read])));
                let _ = stream.write_all(answer.as_bytes()).await;
                if answer.is_empty() {
                    // Silent, and holding on.
                    std::future::pending::<()>().await;
                }
                let _ = stream.shutdown().await;
            }
        });
        Self { port, roots, asked, server }
    }

    fn url(&self) -> RegisteredUrl {
        format!("https://{HOST}:{}/path?q=1", self.port).parse().unwrap()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Names lead to what `resolve` says; loopback stands for the public Internet where `may_reach` says so.
    fn fetch(&self, resolve: impl Fn() -> Vec<IpAddr> + Send + Sync + 'static, may_reach: fn(IpAddr) -> bool) -> Fetch {
        let resolve = move |_: String, port: u16| -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            let addresses = resolve().into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
            Box::pin(async move { Ok(addresses) })
        };
        Fetch::new(Arc::new(Internet::of_tests(resolve, may_reach, self.roots.clone())))
    }

    /// The name leads here, and here may be reached.
    fn reached(&self) -> Fetch {
        self.fetch(|| vec![Ipv4Addr::LOCALHOST.into()], |_| true)
    }
}

fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
}

#[tokio::test]
async fn an_answer_comes_back_from_the_name_that_was_registered() {
    let rp = RelyingParty::answering(answer("200 OK", "{}")).await;
    let answered = rp.reached().get(&rp.url()).await.unwrap();
    assert_eq!(
        (answered.status.as_u16(), answered.content_type.as_str(), answered.body.as_ref()),
        (200, "application/json", &b"{}"[..])
    );
    let asked = rp.asked();
    assert!(asked[0].starts_with("rp.example\nGET /path?q=1 HTTP/1.1\r\n"), "{asked:?}");
    assert!(asked[0].contains(&format!("host: {HOST}:{}\r\n", rp.port)), "{asked:?}");
}

#[tokio::test]
async fn a_form_is_posted_and_any_status_is_an_answer() {
    let rp = RelyingParty::answering(answer("400 Bad Request", "no")).await;
    let answered = rp.reached().post_form(&rp.url(), &[("logout_token", "a.b-c_"), ("x", "&")]).await.unwrap();
    assert_eq!(answered.status.as_u16(), 400);
    let asked = rp.asked().remove(0);
    assert!(asked.contains("content-type: application/x-www-form-urlencoded\r\n"), "{asked}");
    assert!(asked.ends_with("\r\n\r\nlogout_token=a.b-c_&x=%26"), "{asked}");
}

#[tokio::test]
async fn checklist_39_a_redirect_is_an_error_and_is_not_followed() {
    let elsewhere = RelyingParty::answering(answer("200 OK", "{}")).await;
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let location = format!("location: {}\r\ncontent-length", elsewhere.url());
        let rp = RelyingParty::answering(answer(status, "").replace("content-length", &location)).await;
        let refused = rp.reached().get(&rp.url()).await;
        assert!(matches!(refused, Err(FetchError::Redirect(300..=399))), "{status}: {refused:?}");
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn checklist_39_a_name_is_resolved_once_and_re_binding_changes_nothing() {
    let rp = RelyingParty::answering(answer("200 OK", "{}")).await;
    let times = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&times);
    // First what may be reached; whoever asked again would be sent to what may not.
    let rebinding = move || match counted.fetch_add(1, Ordering::SeqCst) {
        0 => vec![IpAddr::from(Ipv4Addr::LOCALHOST)],
        _ => vec![IpAddr::from(Ipv4Addr::new(127, 0, 0, 66))],
    };
    let fetch = rp.fetch(rebinding, |address| address == IpAddr::from(Ipv4Addr::LOCALHOST));
    assert!(fetch.get(&rp.url()).await.is_ok());
    assert_eq!(times.load(Ordering::SeqCst), 1);
    // The second fetch resolves again, and checks again.
    assert!(matches!(fetch.get(&rp.url()).await, Err(FetchError::Forbidden)));
    assert_eq!(rp.asked().len(), 1);
}

#[tokio::test]
async fn checklist_39_one_forbidden_address_among_others_forbids_them_all() {
    let rp = RelyingParty::answering(answer("200 OK", "{}")).await;
    for hidden in ["127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1", "fd00::1", "64:ff9b::7f00:1"] {
        let addresses: Vec<IpAddr> = vec!["1.1.1.1".parse().unwrap(), hidden.parse().unwrap()];
        let fetch = rp.fetch(move || addresses.clone(), address::is_public);
        assert!(matches!(fetch.get(&rp.url()).await, Err(FetchError::Forbidden)), "{hidden}");
    }
    assert!(rp.asked().is_empty(), "no connection was made");
}

#[tokio::test]
async fn checklist_39_an_address_in_place_of_a_name_is_checked_too() {
    let rp = RelyingParty::answering(answer("200 OK", "{}")).await;
    let fetch = rp.fetch(|| panic!("an address needs no resolver"), address::is_public);
    for host in
        ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "100.64.0.1", "0.0.0.0"]
    {
        let url = format!("https://{host}:{}/", rp.port).parse().unwrap();
        assert!(matches!(fetch.get(&url).await, Err(FetchError::Forbidden)), "{host}");
    }
    assert!(rp.asked().is_empty(), "no connection was made");
}

#[tokio::test]
async fn an_address_written_otherwise_is_a_name_and_what_it_leads_to_is_checked() {
    let fetch = Fetch::new(Arc::new(Internet::default()));
    for host in ["2130706433", "0x7f.1", "127.1", "localhost"] {
        let refused = fetch.get(&format!("https://{host}/").parse().unwrap()).await;
        assert!(matches!(refused, Err(FetchError::Forbidden | FetchError::Unresolved)), "{host}: {refused:?}");
    }
}

#[tokio::test]
async fn http_is_not_fetched() {
    let rp = RelyingParty::answering(answer("200 OK", "{}")).await;
    let url = format!("http://{HOST}:{}/", rp.port).parse().unwrap();
    assert!(matches!(rp.reached().get(&url).await, Err(FetchError::NotHttps)));
    assert!(rp.asked().is_empty());
}

#[tokio::test]
async fn a_certificate_of_another_name_is_not_believed() {
    let rp = RelyingParty::answering(answer("200 OK", "{}")).await;
    let url = format!("https://other.example:{}/", rp.port).parse().unwrap();
    assert!(matches!(rp.reached().get(&url).await, Err(FetchError::Unreachable(_))));
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_not_read() {
    let rp = RelyingParty::answering(answer("200 OK", &"x".repeat(LONGEST_BODY))).await;
    assert_eq!(rp.reached().get(&rp.url()).await.unwrap().body.len(), LONGEST_BODY);
    let rp = RelyingParty::answering(answer("200 OK", &"x".repeat(LONGEST_BODY + 1))).await;
    assert!(matches!(rp.reached().get(&rp.url()).await, Err(FetchError::TooLarge)));
}

#[tokio::test]
async fn silence_ends_in_time() {
    let rp = RelyingParty::answering(String::new()).await;
    let fetch = Fetch { overall: Duration::from_millis(200), ..rp.reached() };
    assert!(matches!(fetch.get(&rp.url()).await, Err(FetchError::Timeout)));
    assert_eq!(OVERALL, Duration::from_secs(3));
}
