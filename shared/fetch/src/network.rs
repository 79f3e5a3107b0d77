//! Where connections are made. Deployed there is one network, the [`crate::Internet`]; the local run brings its own,
//! so that what it allows beside that is code no bootstrap contains.

use std::{fmt, future::Future, pin::Pin};

use tokio::io::{AsyncRead, AsyncWrite};

use crate::{FetchError, RegisteredUrl};

/// Makes connections, or refuses to.
pub trait Network: fmt::Debug + Send + Sync {
    /// A connection to what a URL names, TLS included where the scheme has it.
    fn connect<'a>(&'a self, url: &'a RegisteredUrl) -> Connecting<'a>;
}

/// A connection being made.
pub type Connecting<'a> = Pin<Box<dyn Future<Output = Result<Box<dyn Io>, FetchError>> + Send + 'a>>;

/// A stream of bytes, both ways.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}
