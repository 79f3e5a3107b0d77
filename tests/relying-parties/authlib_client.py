"""Authlib, OAuth and OpenID Connect for Python."""

import time
from urllib.parse import parse_qsl, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from relying_party import (
    ACCESS_TOKEN, CALLBACK, EXCHANGE, PATIENCE, SCOPE, SERVICE, SIGNED_OUT, Listener, Person, feature, finish, registered,
)

person = Person()
provider = OpenIDProviderMetadata(requests.get(get_well_known_url(SERVICE, external=True), timeout=PATIENCE).json())


class ShortLived(PrivateKeyJWT):
    """Authlib's assertions are good for an hour; we take no more than five minutes. Each has a `jti` of its own."""

    def sign(self, auth, token_endpoint):
        self.claims = {"exp": int(time.time()) + 60}
        return super().sign(auth, token_endpoint)


class RelyingParty:
    def __init__(self, key=None, **metadata):
        """A client of its own. `key` signs what authenticates it, in place of a secret."""
        self.metadata = registered(**metadata)
        method = self.metadata["token_endpoint_auth_method"]
        secret = key or self.metadata.get("client_secret")
        self.session = OAuth2Session(
            self.metadata["client_id"], secret, token_endpoint_auth_method=method, redirect_uri=CALLBACK,
            token_endpoint=provider["token_endpoint"], code_challenge_method="S256",
            revocation_endpoint_auth_method=method,
        )
        if key:
            self.session.register_client_auth_method(ShortLived(provider["token_endpoint"], alg="ES256"))

    def asks(self, who=person, scope=SCOPE, decision="allow", **more):
        """The answer to an authorization request, and what it is checked against."""
        verifier, nonce = generate_token(48), generate_token()
        url, state = self.session.create_authorization_url(
            provider["authorization_endpoint"], code_verifier=verifier, nonce=nonce, scope=scope, **more
        )
        return who.answers(url, decision=decision), {"code_verifier": verifier, "state": state}, nonce

    def redeem(self, answer, checks):
        told = dict(parse_qsl(urlsplit(answer).query))
        if "error" in told:
            raise AuthlibBaseError(told["error"], told["error_description"])
        return self.session.fetch_token(authorization_response=answer, **checks)

    def sign_in(self, **more):
        """Tokens, and the ID token's claims, validated."""
        answer, checks, nonce = self.asks(**more)
        tokens = self.redeem(answer, checks)
        return tokens, self.claims(tokens, nonce, max_age=more.get("max_age"))

    def claims(self, tokens, nonce, **params):
        keys = KeySet.import_key_set(requests.get(provider["jwks_uri"], timeout=PATIENCE).json())
        algorithm = self.metadata["id_token_signed_response_alg"]
        decoded = jwt.decode(tokens["id_token"], keys, algorithms=[algorithm])
        expected = {
            "iss": {"essential": True, "value": SERVICE},
            "aud": {"essential": True, "value": self.metadata["client_id"]},
        }
        params |= {"nonce": nonce, "client_id": self.metadata["client_id"], "access_token": tokens["access_token"]}
        claims = CodeIDToken(decoded.claims, decoded.header, expected, params)
        claims.validate(now=int(time.time()), leeway=10)
        return claims

    def userinfo(self, token):
        bearer = {"Authorization": f"Bearer {token}"}
        return requests.get(provider["userinfo_endpoint"], headers=bearer, timeout=PATIENCE)

    def refresh(self, token):
        return self.session.refresh_token(provider["token_endpoint"], refresh_token=token)

    def introspect(self, token):
        return self.session.introspect_token(provider["introspection_endpoint"], token=token).json()


def refused(error, asked, *arguments, **more):
    """That the provider refuses with this error code."""
    try:
        asked(*arguments, **more)
    except AuthlibBaseError as thrown:
        assert thrown.error == error, thrown
    else:
        raise AssertionError(f"it is not refused with {error}")


usual = RelyingParty()


@feature("discovery")
def _():
    for endpoint in ("authorization", "token", "userinfo", "introspection", "revocation", "end_session"):
        assert provider[f"{endpoint}_endpoint"].startswith(f"{SERVICE}/connect/")
    assert provider["issuer"] == SERVICE


@feature("code with PKCE, ID token ES256, userinfo")
def _():
    tokens, claims = usual.sign_in()
    told = usual.userinfo(tokens["access_token"]).json()
    assert told["sub"] == claims["sub"] and told["citizen_id"] == person.told["citizen_id"], told


@feature("ID token RS256")
def _():
    RelyingParty(id_token_signed_response_alg="RS256").sign_in()


@feature("another nonce or state is noticed")
def _():
    answer, checks, nonce = usual.asks()
    refused("mismatching_state", usual.redeem, answer, checks | {"state": "another"})
    tokens = usual.redeem(answer, checks)
    usual.claims(tokens, nonce)
    try:
        usual.claims(tokens, "another")
    except Exception as thrown:
        assert "nonce" in str(thrown), thrown
    else:
        raise AssertionError("another nonce is good")


@feature("iss of the answer")
def _():
    answer, *_ = usual.asks()
    assert dict(parse_qsl(urlsplit(answer).query))["iss"] == SERVICE, answer


@feature("prompt=none")
def _():
    usual.sign_in(prompt="none")
    answer, checks, _ = usual.asks(who=Person(), prompt="none")
    refused("login_required", usual.redeem, answer, checks)


@feature("max_age")
def _():
    _, claims = usual.sign_in(max_age=30)
    assert claims["auth_time"] > time.time() - 40, claims


@feature("acr_values")
def _():
    _, claims = usual.sign_in(acr_values="aal2")
    assert claims["acr"] == "aal2", claims


@feature("client_secret_post")
def _():
    RelyingParty(token_endpoint_auth_method="client_secret_post").sign_in()


@feature("public client")
def _():
    grants = ["authorization_code", "refresh_token"]
    app = RelyingParty(token_endpoint_auth_method="none", grant_types=grants, scope="openid profile offline_access")
    tokens, _ = app.sign_in(scope="openid profile offline_access")
    assert app.refresh(tokens["refresh_token"])["access_token"]


@feature("private_key_jwt")
def _():
    key, other = (ECKey.generate_key("P-256", {"kid": "1", "alg": "ES256", "use": "sig"}) for _ in "12")
    metadata = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [key.as_dict(private=False)]}}
    RelyingParty(key=key, **metadata).sign_in()
    forger = RelyingParty(key=other, **metadata)
    refused("invalid_client", forger.session.fetch_token, grant_type="client_credentials")


@feature("a code works once")
def _():
    answer, checks, _ = usual.asks()
    tokens = usual.redeem(answer, checks)
    refused("invalid_grant", usual.redeem, answer, checks)
    assert usual.userinfo(tokens["access_token"]).status_code == 401


@feature("refresh")
def _():
    tokens, _ = usual.sign_in()
    fresh = usual.refresh(tokens["refresh_token"])
    assert fresh["refresh_token"] != tokens["refresh_token"]
    assert usual.userinfo(fresh["access_token"]).ok


@feature("refresh reuse ends the family")
def _():
    first = usual.sign_in()[0]["refresh_token"]
    second = usual.refresh(first)["refresh_token"]
    last = usual.refresh(second)
    refused("invalid_grant", usual.refresh, first)
    refused("invalid_grant", usual.refresh, last["refresh_token"])
    assert usual.userinfo(last["access_token"]).status_code == 401


@feature("introspection")
def _():
    tokens, _ = usual.sign_in()
    assert usual.introspect(tokens["access_token"])["active"] is True
    assert RelyingParty().introspect(tokens["access_token"]) == {"active": False}


@feature("revocation")
def _():
    tokens, _ = usual.sign_in()
    answer = usual.session.revoke_token(provider["revocation_endpoint"], token=tokens["refresh_token"])
    assert answer.status_code == 200, answer.text
    assert usual.introspect(tokens["access_token"]) == {"active": False}


@feature("client_credentials")
def _():
    # A session of its own: Authlib remembers the last grant type.
    tokens = RelyingParty().session.fetch_token(grant_type="client_credentials", scope="records.read")
    assert tokens["scope"] == "records.read", tokens


@feature("token exchange")
def _():
    records = RelyingParty(sector="records.example")
    audience = records.metadata["client_id"]
    chained = RelyingParty(exchange_audiences=[audience])
    subject = {"subject_token": chained.sign_in()[0]["access_token"], "subject_token_type": ACCESS_TOKEN}
    exchanged = chained.session.fetch_token(grant_type=EXCHANGE, audience=audience, **subject)
    assert records.introspect(exchanged["access_token"])["act"]["client_id"] == chained.metadata["client_id"]


@feature("end-session")
def _():
    tokens, _ = usual.sign_in()
    query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": SIGNED_OUT, "state": "bye"}
    url = requests.Request("GET", provider["end_session_endpoint"], params=query).prepare().url
    assert person.answers(url, until=SIGNED_OUT) == f"{SIGNED_OUT}?state=bye"
    answer, checks, _ = usual.asks(prompt="none")
    refused("login_required", usual.redeem, answer, checks)


@feature("back-channel logout")
def _():
    with Listener() as listener:
        listening = RelyingParty(backchannel_logout_uri=listener.address)
        tokens, claims = listening.sign_in()
        person.visits(f"{provider['end_session_endpoint']}?id_token_hint={tokens['id_token']}")
        keys = KeySet.import_key_set(requests.get(provider["jwks_uri"], timeout=PATIENCE).json())
        token = jwt.decode(listener.heard()["logout_token"], keys, algorithms=["ES256"])
        assert token.header["typ"] == "logout+jwt", token.header
        expected = {"iss": SERVICE, "aud": listening.metadata["client_id"], "sub": claims["sub"], "sid": claims["sid"]}
        assert token.claims.items() >= expected.items() and "nonce" not in token.claims, token.claims
        assert "http://schemas.openid.net/event/backchannel-logout" in token.claims["events"]


finish()
