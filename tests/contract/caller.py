"""Somebody at the service: a program or a browser, whose every answer is held against the document."""

import itertools
import os
import re

import requests

import document
from person import Person

SERVICE = os.environ["SERVICE"]
TERMS = {"terms_version": "2026-11-01", "consent": "accept"}
JSON, HTML = "application/json", "text/html"
FORM = "application/x-www-form-urlencoded"

# Every answer met so far, as `document.documented` has them.
SEEN = set()

_addresses = itertools.count(1)


def fresh_address():
    """An address that nobody has called from, so that no limit is shared."""
    number = next(_addresses)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


class Caller:
    """With cookies and an address of its own. `accept` is JSON for a program, HTML for a browser."""

    def __init__(self, accept=JSON):
        self.accept = accept
        self.session = requests.Session()
        self.session.headers["X-Forwarded-For"] = fresh_address()

    def get(self, path, **options):
        return self.send("GET", path, **options)

    def post(self, path, fields=None, media_type=None, **options):
        """A program posts JSON, a browser a form."""
        media_type = media_type or (JSON if self.accept == JSON else FORM)
        body = {"json": fields} if media_type == JSON else {"data": fields}
        return self.send("POST", path, **body, **options)

    def send(self, method, path, headers=None, **options):
        """Any request; fails if the answer is not documented."""
        headers = {"Accept": self.accept} | (headers or {})
        response = self.session.request(
            method, SERVICE + path, headers=headers, allow_redirects=False, timeout=30, **options
        )
        operation = document.operation_of(method, path.split("?")[0])
        SEEN.add(document.check(operation, response))
        return response

    def as_browser(self):
        """The same person's browser: the same cookies and address."""
        other = Caller(HTML)
        other.session = self.session
        return other

    # ------------------------------------------------------------ the wizard

    def walk(self, step, person=None):
        """Registers up to `step`; "done" makes the account, "signed_in" signs in too. Returns the person."""
        person = person or Person()
        steps = {
            "identity": lambda: self.post("/registration/terms", TERMS),
            "account": lambda: self.post("/registration/identity", person.identity),
            "mobile": lambda: self.post("/registration/account", person.account),
            "otp": lambda: self.post("/registration/mobile", {"mobile_number": person.mobile_number}),
            "review": lambda: self.post("/registration/otp", {"code": code_sent_to(person)}),
            "done": lambda: self.post("/registration/review", {"confirm": "yes"}),
            "signed_in": lambda: self.post("/sign-in", person.credentials),
        }
        for reached, take in steps.items():
            response = take()
            assert response.status_code in (200, 201, 303), response.text
            if reached == step:
                return person
        raise ValueError(step)


def code_sent_to(person):
    """The code in the last text message to this person."""
    texts = requests.get(f"{SERVICE}/_local/sms", headers={"Accept": JSON}, timeout=30).json()
    to = "+66" + person.mobile_number.removeprefix("0")
    text = next(text["text"] for text in reversed(texts) if text["to"] == to)
    return re.search(r"#(\d{6})$", text)[1]


def wrong(code):
    """Another code."""
    return f"{(int(code) + 1) % 1_000_000:06}"
