//! The function's bootstrap.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::serve_operation::<ops_clients::OpsClients>().await
}
