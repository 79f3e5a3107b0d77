//! A function that does nothing: what the cold starts of those that do something are measured against.

use lambda_http::{Body, Request, Response, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_http::tracing::init_default_subscriber();
    lambda_http::run(service_fn(|_: Request| async { Ok::<_, lambda_http::Error>(Response::new(Body::Empty)) })).await
}
