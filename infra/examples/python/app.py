"""A clinic's appointments, whose patients sign in with Digital ID. Python 3.11, Flask, Authlib.

ISSUER=http://localhost:8080 CLIENT_ID=clinic CLIENT_SECRET=... BASE=http://127.0.0.1:3000 python app.py
"""

import os
import secrets
import time
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, redirect, render_template_string, request, session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ISSUER, BASE = os.environ["ISSUER"], os.environ["BASE"]
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

app = Flask(__name__)
app.secret_key = os.environ.get("SECRET_KEY") or secrets.token_bytes(32)
app.config.update(
    SESSION_COOKIE_NAME="clinic", SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_SECURE=BASE.startswith("https://")
)
digital_id = OAuth(app).register(
    "digital_id",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile citizen_id offline_access", "code_challenge_method": "S256"},
)

# The cookie holds a name only: what is known of the person stays here. In production: a store that all instances share.
people = {}

PAGE = """<!doctype html><html lang="en"><title>Clinic</title><h1>Clinic</h1>
{% if said %}<p>{{ said }} <a href="/">Back</a></p>
{% elif person %}<p>Signed in as {{ person.claims.name }}, level {{ person.ial_level }}.</p>
<p>Citizen ID {{ person.claims.citizen_id }}, read {{ person.asked }} times.</p>
<p><a href="/refresh">Read again</a> <a href="/sign-out">Sign out</a></p>
{% else %}<p>You are not signed in. <a href="/sign-in">Sign in with Digital ID</a></p>{% endif %}</html>"""


def page(said=None, status=200):
    content = render_template_string(PAGE, said=said, person=people.get(session.get("name")))
    return content, status, {"Cache-Control": "no-store"}


@app.get("/")
def home():
    return page()


@app.get("/sign-in")
def sign_in():
    # Authlib keeps state, nonce and code verifier in the session.
    return digital_id.authorize_redirect(f"{BASE}/callback")


@app.get("/callback")
def callback():
    # RFC 9207: an answer of another provider is none.
    if request.args.get("iss") != ISSUER:
        return page("This answer is not from Digital ID.", 400)
    try:
        # State, PKCE, and the ID token: signature, iss, aud, exp, nonce.
        tokens = digital_id.authorize_access_token()
    except AuthlibBaseError as error:
        app.logger.warning("sign-in: %s", error)
        if error.error == "access_denied":
            return page("You said no.", 403)
        return page("Signing in did not work.", 400)
    known = tokens["userinfo"]
    claims = digital_id.userinfo(token=tokens)
    if claims["sub"] != known["sub"]:
        return page("Signing in did not work.", 502)
    session.clear()
    session["name"] = secrets.token_urlsafe(32)
    people[session["name"]] = {
        "sub": known["sub"], "sid": known["sid"], "ial_level": known["ial_level"], "claims": claims, "asked": 1,
        "id_token": tokens["id_token"], "refresh_token": tokens["refresh_token"],
    }
    return redirect("/", 303)


@app.get("/refresh")
def refresh():
    person = people.get(session.get("name"))
    if not person:
        return redirect("/", 303)
    try:
        with OAuth2Session(digital_id.client_id, digital_id.client_secret) as client:
            endpoint = digital_id.load_server_metadata()["token_endpoint"]
            tokens = client.refresh_token(endpoint, refresh_token=person["refresh_token"])
    except AuthlibBaseError as error:
        # The month has passed, or the grant was ended: only the person can go on.
        if error.error != "invalid_grant":
            raise
        people.pop(session["name"])
        return redirect("/", 303)
    person["refresh_token"] = tokens["refresh_token"]
    person["claims"] = digital_id.userinfo(token=tokens)
    person["asked"] += 1
    return redirect("/", 303)


@app.get("/sign-out")
def sign_out():
    person = people.pop(session.pop("name", None), None)
    if not person:
        return redirect("/", 303)
    return digital_id.logout_redirect(post_logout_redirect_uri=f"{BASE}/", id_token_hint=person["id_token"])


@app.post("/backchannel-logout")
def backchannel_logout():
    """The provider calls this when the person signs out anywhere (OpenID Connect Back-Channel Logout 1.0)."""
    try:
        sid = ended_session(request.form.get("logout_token", ""))
    except (JoseError, ValueError) as error:
        app.logger.warning("logout token: %s", error)
        return "", 400, {"Cache-Control": "no-store"}
    for name in [name for name, person in people.items() if person["sid"] == sid]:
        del people[name]
    return "", 200, {"Cache-Control": "no-store"}


def ended_session(logout_token):
    # Asked for anew: the key may be younger than the last sign-in here.
    keys = KeySet.import_key_set(digital_id.fetch_jwk_set(force=True))
    token = jwt.decode(logout_token, keys, algorithms=["ES256", "RS256"])
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": digital_id.client_id},
        exp={"essential": True}, sid={"essential": True}, now=int(time.time()), leeway=10,
    )
    rules.validate(token.claims)
    if token.header.get("typ") != "logout+jwt" or LOGOUT_EVENT not in token.claims.get("events", {}):
        raise ValueError("no logout token")
    if "nonce" in token.claims:
        raise ValueError("a logout token has no nonce")
    return token.claims["sid"]


if __name__ == "__main__":
    app.run("127.0.0.1", urlsplit(BASE).port)
