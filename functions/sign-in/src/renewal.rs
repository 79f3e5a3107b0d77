//! A verifier made when guessing cost less (OWASP, Password Storage: upgrading the work factor): stored anew, now that
//! its password was typed and right.

use domain::{password::Password, username::Username};
use keys::passwords::Passwords;
use store::accounts::Login;

use crate::SignIn;

impl SignIn {
    /// Beside what else the sign-in writes, once in the life of an old verifier. Whatever fails, the sign-in does not:
    /// the next one tries again.
    pub(crate) async fn renew(&self, username: &Username, password: &Password, login: &Login) {
        if !Passwords::is_outdated(&login.password) {
            return;
        }
        let salt = self.authentication.entropy.bytes();
        let new = match self.passwords.make(password, login.account_id, salt).await {
            Ok(new) => new,
            Err(error) => return tracing::warn!(%error, "an old verifier was not made anew"),
        };
        match self.authentication.accounts.replace_verifier(username, &login.password, &new).await {
            Ok(true) => tracing::info!("an old verifier was replaced"),
            // A changed password, or another sign-in at the same time: what stands there is newer.
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "an old verifier was not replaced"),
        }
    }
}
