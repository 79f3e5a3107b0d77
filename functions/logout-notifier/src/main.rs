//! The function's bootstrap.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::serve_consumer::<logout_notifier::LogoutNotifier>().await
}
