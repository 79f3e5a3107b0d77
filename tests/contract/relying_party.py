"""A client of the provider, registered as an operator would."""

import itertools
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from caller import FORM, HTML, SERVICE, Caller

CALLBACK = "http://localhost:9000/cb"
# RFC 7636 appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"

_numbers = itertools.count(1)


class RelyingParty(Caller):
    """A program that shows its secret with every call."""

    def __init__(self, **metadata):
        super().__init__()
        self.client_id = f"rp-{next(_numbers)}"
        order = {
            "action": "register",
            "operator": "somchai",
            "second_operator": "malee",
            "reason": "the interface is tested",
            "client_id": self.client_id,
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": [CALLBACK],
            "scope": "openid profile citizen_id offline_access tax.read",
            "grant_types": ["authorization_code", "refresh_token", "client_credentials", EXCHANGE],
        } | metadata
        told = requests.post(f"{SERVICE}/_local/invoke/ops-clients", json=order, timeout=30).json()
        self.secret = told.get("client_secret")
        assert "client_id" in told or self.secret, told

    def call(self, path, **form):
        return self.post(path, form, media_type=FORM, auth=(self.client_id, self.secret))

    def query(self, **changes):
        """An authorization request; `None` leaves a parameter out."""
        parameters = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid profile citizen_id offline_access",
            "state": "af0",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changes
        return {name: value for name, value in parameters.items() if value is not None}

    def asked_by(self, browser, **changes):
        return browser.get("/connect/authorize?" + urlencode(self.query(**changes)))

    def code_for(self, browser):
        """The code for somebody signed in, who says yes where asked."""
        answer = self.asked_by(browser)
        if answer.headers["Location"].startswith("/consent"):
            request = request_of(answer)
            browser.post(f"/consent?request={request}", {"decision": "allow"})
            answer = browser.get(f"/connect/resume?request={request}")
        return told(answer)["code"]

    def tokens_for(self, browser, **form):
        return self.redeem(self.code_for(browser), **form).json()

    def redeem(self, code, **form):
        redeemed = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER} | form
        return self.call("/connect/token", grant_type="authorization_code", **redeemed)


def told(answer):
    """What a redirect tells the client."""
    assert answer.headers["Location"].startswith(CALLBACK), answer.headers["Location"]
    return {name: value[0] for name, value in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def request_of(answer):
    """The handle of the request that waits."""
    return parse_qs(urlsplit(answer.headers["Location"]).query)["request"][0]


def signed_in():
    """Somebody's browser, and the person."""
    browser = Caller(HTML)
    return browser, browser.walk("signed_in")


