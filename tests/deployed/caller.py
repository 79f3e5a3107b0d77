"""Somebody at the deployed service: requests through API Gateway, at the service's own domain, with a cookie jar."""

import base64
import http.client
import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from stack import ISSUER

JSON, HTML, FORM = "application/json", "text/html", "application/x-www-form-urlencoded"


@dataclass
class Answer:
    status: int
    headers: list
    body: str

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self):
        return json.loads(self.body)

    @property
    def location(self):
        return self.header("Location") or ""

    def __str__(self):
        return f"{self.status} {self.location} {self.body[:600]}"


@dataclass
class Request:
    """What is sent, as often as it is sent: a field or header that is a function is asked anew, and the cookies are
    those that the caller has by then, from a failure's answer too."""

    service: "Service"
    method: str
    path: str
    headers: dict
    fields: dict | None = None
    expected: tuple = (200,)
    accept: object = None
    cookies: dict = field(default_factory=dict)

    @property
    def function(self):
        return self.service.stack.template.function_at(self.method, self.path)

    def __str__(self):
        names = f" ({', '.join(self.fields)})" if self.fields else ""
        return f"{self.method} {urlsplit(self.path).path}{names}"

    def send(self):
        body = None
        if self.fields is not None:
            fields = {name: value() if callable(value) else value for name, value in self.fields.items()}
            body = (json.dumps(fields) if self.headers["Content-Type"] == JSON else urlencode(fields)).encode()
        address = urlsplit(self.service.stack.ministack.address)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        try:
            headers = {name: value() if callable(value) else value for name, value in self.headers.items()}
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers = {"Host": urlsplit(ISSUER).hostname, "Cookie": cookies} | headers
            connection.request(self.method, self.path, body, headers)
            answer = connection.getresponse()
            answer = Answer(answer.status, answer.getheaders(), answer.read().decode(errors="replace"))
        finally:
            connection.close()
        self.keep(answer)
        return answer

    def keep(self, answer):
        """Cookies, as a browser would take them over https: none without the prefix's conditions."""
        for name, value in answer.headers:
            if name.lower() != "set-cookie":
                continue
            for cookie in SimpleCookie(value).values():
                assert cookie.key.startswith("__Host-") or cookie.key == "lang", value
                assert cookie["secure"] and cookie["path"] == "/" and not cookie["domain"], value
                if cookie["max-age"] == "0" or not cookie.value:
                    self.cookies.pop(cookie.key, None)
                else:
                    self.cookies[cookie.key] = cookie.value

    def fits(self, answer):
        return answer.status in self.expected and (self.accept is None or bool(self.accept(answer)))


@dataclass
class Order:
    """An event handed to a function by somebody whom IAM lets."""

    service: "Service"
    function: str
    event: dict
    accept: object
    cookies: dict = field(default_factory=dict)

    def __str__(self):
        return f"invoke {self.function} ({self.event.get('action', 'a batch')})"

    def send(self):
        payload = self.service.stack.invoke(self.function, self.event)
        return Answer(200, [], json.dumps(payload))

    def fits(self, answer):
        return self.accept(answer)


class Service:
    """The deployed service. `way` sends a request and says what came of it: once, or once per permission."""

    def __init__(self, stack, way=None):
        self.stack = stack
        self.way = way or once

    def order(self, function, event, accept=None):
        accept = accept or (lambda answer: not answer.json().get("error") and "errorMessage" not in answer.json())
        return self.way(Order(self, function, event, accept)).json()


def once(request):
    answer = request.send()
    if not request.fits(answer):
        raise AssertionError(f"{request}: {answer}")
    return answer


@dataclass
class Caller:
    """A browser, or a program that speaks JSON."""

    service: Service
    html: bool = False
    cookies: dict = field(default_factory=dict)

    def get(self, path, expect=(200,), headers=None, accept=None):
        return self.send("GET", path, None, expect, headers or {}, accept)

    def post(self, path, fields, expect=(200, 201), headers=None, accept=None):
        """A program posts JSON, a browser a form, to which a service of ours always answers 303."""
        return self.send("POST", path, fields, (303,) if self.html and expect == (200, 201) else expect, headers or {}, accept)

    def submit(self, page, fields, **options):
        """Fills in the page's form for these fields, hidden ones included."""
        form = form_with(page.body, fields)
        return self.post(form.action, form.hidden | fields, **options)

    def send(self, method, path, fields, expect, headers, accept):
        headers = {
            "Accept": HTML if self.html else JSON,
            "Accept-Language": "en",
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0",
        } | ({"Content-Type": FORM if self.html else JSON} if fields is not None else {}) | headers
        return self.service.way(Request(self.service, method, path, headers, fields, expect, accept, self.cookies))


def basic(client_id, secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


class FormReader(HTMLParser):
    """The forms of a page: where each leads, its fields, and what its hidden ones hold."""

    def __init__(self):
        super().__init__()
        self.forms = []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.forms.append(Form(attributes.get("action") or "", set(), {}))
        elif tag in ("input", "select", "textarea", "button") and self.forms and attributes.get("name"):
            self.forms[-1].names.add(attributes["name"])
            if attributes.get("type") == "hidden":
                self.forms[-1].hidden[attributes["name"]] = attributes.get("value", "")


@dataclass
class Form:
    action: str
    names: set
    hidden: dict


def form_with(page, fields):
    reader = FormReader()
    reader.feed(page)
    found = [form for form in reader.forms if set(fields) <= form.names]
    assert found, f"no form for {set(fields)} among {reader.forms}"
    return found[0]
