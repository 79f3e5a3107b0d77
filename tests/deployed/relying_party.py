"""An agency's service, registered as an operator would, and what it asks of the provider."""

import base64
import hashlib
import itertools
import json
import time
import uuid
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from caller import FORM, Caller, basic
from person import go_on
from stack import ISSUER

# RFC 7636 appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

NUMBERS = itertools.count(1)


class RelyingParty:
    def __init__(self, service, **metadata):
        self.program = Caller(service)
        self.client_id = f"rp-{next(NUMBERS)}"
        self.callback = f"https://{self.client_id}.example/callback"
        self.bye = f"https://{self.client_id}.example/bye"
        self.key = None
        order = {
            "action": "register", "operator": "somchai.r", "second_operator": "malee.s", "reason": "a test of the stack",
            "client_id": self.client_id, "client_name": self.client_id,
            "redirect_uris": [self.callback], "post_logout_redirect_uris": [self.bye],
            "scope": "openid profile phone citizen_id offline_access",
            "grant_types": ["authorization_code", "refresh_token", "client_credentials", EXCHANGE],
        } | metadata
        told = service.order("ops-clients", order, lambda answer: "client_id" in answer.json())
        self.secret = told.get("client_secret")

    # ------------------------------------------------------------ by way of the person's browser

    def request(self, **changes):
        usual = {
            "client_id": self.client_id, "response_type": "code", "redirect_uri": self.callback,
            "scope": "openid profile phone citizen_id offline_access", "state": "a state", "nonce": "a nonce",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        }
        return usual | changes

    def asked_by(self, browser, request=None, **changes):
        return browser.get(f"/connect/authorize?{urlencode(request or self.request(**changes))}", expect=(303,))

    def signed_in(self, browser, person, request=None):
        """The whole way as the person goes it, to what the provider tells: `code`, or `error`."""
        return self.told(go_on(browser, person, self.asked_by(browser, request)))

    def told(self, location):
        assert str(location).startswith(self.callback), location
        told = {name: value[0] for name, value in parse_qs(urlsplit(location).query).items()}
        assert told["iss"] == ISSUER and told["state"] == "a state", told
        return told

    # ------------------------------------------------------------ by itself

    def call(self, path, headers=None, expect=(200, 201), **form):
        headers = {"Content-Type": FORM} | (headers or {})
        if self.key:
            # Made anew each time, since none is good twice.
            form |= {"client_assertion_type": ASSERTION, "client_assertion": lambda: self.assertion()}
        else:
            headers |= basic(self.client_id, self.secret)
        return self.program.post(path, form, expect=expect, headers=headers)

    def redeem(self, code, **options):
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.callback, "code_verifier": VERIFIER}
        return self.call("/connect/token", **form, **options).json()

    def tokens(self, browser, person):
        return self.redeem(self.signed_in(browser, person)["code"])

    def userinfo(self, token, expect=(200,)):
        return self.program.get("/connect/userinfo", expect=expect, headers={"Authorization": f"Bearer {token}"}).json()

    def introspect(self, token):
        return self.call("/connect/introspect", token=token).json()

    def assertion(self):
        now = int(time.time())
        claims = {"iss": self.client_id, "sub": self.client_id, "aud": ISSUER, "iat": now, "exp": now + 120, "jti": uuid.uuid4().hex}
        return self.key.jwt({"alg": "ES256", "typ": "JWT", "kid": self.key.kid}, claims)


class Key:
    """An ES256 key of a client."""

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        numbers = self.private.public_key().public_numbers()
        members = {"crv": "P-256", "kty": "EC", "x": b64(numbers.x.to_bytes(32, "big")), "y": b64(numbers.y.to_bytes(32, "big"))}
        # RFC 7638: the members in this order, without spaces.
        self.kid = b64(hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest())
        self.members = members
        self.jwk = members | {"alg": "ES256", "use": "sig", "kid": self.kid}

    def jwt(self, header, claims):
        signed = ".".join(b64(json.dumps(part).encode()) for part in (header, claims))
        r, s = decode_dss_signature(self.private.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def proof(self, method, path, token=None):
        """RFC 9449."""
        claims = {"htm": method, "htu": ISSUER + path, "iat": int(time.time()), "jti": uuid.uuid4().hex}
        if token:
            claims["ath"] = b64(hashlib.sha256(token.encode()).digest())
        return self.jwt({"alg": "ES256", "typ": "dpop+jwt", "jwk": self.members}, claims)


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims_of(token):
    """What a JWT says; whether it may be believed is for the provider's own tests."""
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
