//! `cargo run`: the whole service at http://localhost:8080.

use std::{collections::BTreeMap, env, net::Ipv4Addr, process::ExitCode};

use local::{Local, LocalError, Settings, aws::Storage};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = env::var("RUST_LOG").unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "cannot run");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "says where to look")]
async fn serve() -> Result<(), LocalError> {
    let arguments = Arguments::parse(env::args().skip(1), &env::vars().collect())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).await.map_err(LocalError::Listen)?;
    let local =
        Local::start(Settings { storage: arguments.storage, ..Settings::new(arguments.issuer.clone())? }).await?;
    println!(
        "Digital ID runs at {0}\ntext messages are at {0}/_local/sms\na demonstration e-Service is at {0}/_local/rp",
        arguments.issuer
    );
    local.serve(listener).await;
    Ok(())
}

/// The command line and the environment.
struct Arguments {
    port: u16,
    issuer: String,
    storage: Storage,
}

impl Arguments {
    fn parse(
        mut arguments: impl Iterator<Item = String>,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, LocalError> {
        let usage = |reason: &str| LocalError::Usage(reason.to_owned());
        let port = match environment.get("PORT") {
            Some(port) => port.parse().map_err(|_| usage("PORT is a number from 1 to 65535"))?,
            None => 8080,
        };
        let issuer = environment.get("ISSUER").cloned().unwrap_or_else(|| format!("http://localhost:{port}"));
        let mut storage = Storage::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--data" => {
                    let directory = arguments.next().ok_or_else(|| usage("--data DIR"))?;
                    storage = Storage::Directory(directory.into());
                }
                _ => return Err(usage("usage: cargo run [-- --data DIR], with PORT and ISSUER in the environment")),
            }
        }
        Ok(Self { port, issuer, storage })
    }
}
