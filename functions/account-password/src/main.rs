//! The function's bootstrap.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::serve::<account_password::AccountPassword>().await
}
