//! The requests of the journey, in their order.

/// One of them. The first client has keys, pushes its requests and may refresh; the second has a secret and JWTs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// `POST /connect/par`
    Push,
    /// `GET /connect/authorize` with what was pushed; nobody is signed in.
    Begin,
    /// `GET /sign-in`
    LookAtSignIn,
    /// `POST /sign-in` in a browser not seen before.
    SignIn,
    /// `GET /sign-in/otp`
    LookAtCode,
    /// `POST /sign-in/otp`
    Code,
    /// `GET /connect/resume`: consent is wanted.
    Resume,
    /// `GET /consent`
    LookAtConsent,
    /// `POST /consent`
    Consent,
    /// `GET /connect/resume`: a code.
    Issue,
    /// `POST /connect/token`
    Redeem,
    /// `GET /connect/userinfo`, with the citizen ID.
    Userinfo,
    /// `POST /connect/token`
    Refresh,
    /// `POST /connect/introspect`
    Introspect,
    /// The second client: `POST /connect/authorize` from its own site.
    BeginPosted,
    /// `GET /connect/resume`: the request is bound, and a code.
    IssuePosted,
    /// `POST /connect/token`: two JWTs.
    RedeemJwt,
    /// `POST /connect/userinfo`
    UserinfoJwt,
    /// `POST /connect/token`
    Exchange,
    /// `POST /connect/token`
    ClientCredentials,
    /// `POST /connect/introspect`
    IntrospectJwt,
    /// `GET /connect/authorize` with a hint and without pages: a code at once.
    Silent,
    /// `POST /connect/revocation`
    Revoke,
    /// `GET /connect/authorize` with `prompt=login`
    Again,
    /// `POST /sign-in` in a browser that is known by now.
    SignInAgain,
    /// `GET /connect/endsession` without a hint
    AskedToSignOut,
    /// `POST /connect/endsession`
    SignOut,
}

impl Step {
    pub(crate) const EVERY: [Self; 27] = [
        Self::Push,
        Self::Begin,
        Self::LookAtSignIn,
        Self::SignIn,
        Self::LookAtCode,
        Self::Code,
        Self::Resume,
        Self::LookAtConsent,
        Self::Consent,
        Self::Issue,
        Self::Redeem,
        Self::Userinfo,
        Self::Refresh,
        Self::Introspect,
        Self::BeginPosted,
        Self::IssuePosted,
        Self::RedeemJwt,
        Self::UserinfoJwt,
        Self::Exchange,
        Self::ClientCredentials,
        Self::IntrospectJwt,
        Self::Silent,
        Self::Revoke,
        Self::Again,
        Self::SignInAgain,
        Self::AskedToSignOut,
        Self::SignOut,
    ];

    /// Whether clients call it themselves, and are told in OAuth's words (RFC 6749 section 5.2).
    pub(crate) const fn is_a_clients_call(self) -> bool {
        matches!(
            self,
            Self::Push
                | Self::Redeem
                | Self::Userinfo
                | Self::Refresh
                | Self::Introspect
                | Self::RedeemJwt
                | Self::UserinfoJwt
                | Self::Exchange
                | Self::ClientCredentials
                | Self::IntrospectJwt
                | Self::Revoke
        )
    }

    /// Whether it gives tokens.
    pub(crate) const fn gives_tokens(self) -> bool {
        matches!(self, Self::Redeem | Self::Refresh | Self::RedeemJwt | Self::Exchange | Self::ClientCredentials)
    }

    /// What is used up by it once and for all: with the answer to that transaction lost for good, nobody can tell, and
    /// the same request is refused.
    pub(crate) const fn uses_up(self) -> bool {
        matches!(self, Self::Code | Self::Issue | Self::IssuePosted | Self::Redeem | Self::RedeemJwt)
    }
}
