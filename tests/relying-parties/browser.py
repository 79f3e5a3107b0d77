"""A browser without JavaScript: cookies, redirects, and plain forms filled in by their fields' names."""

import itertools
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

# Further than any sign-in leads; somebody who is asked more is going in circles.
MOST_PAGES = 20
REDIRECTS = (301, 302, 303, 307, 308)

_addresses = itertools.count(1)


class Browser:
    """With cookies and an address of its own, so that nobody shares a limit."""

    def __init__(self):
        number = next(_addresses)
        self.session = requests.Session()
        self.session.headers["Accept"] = "text/html"
        self.session.headers["X-Forwarded-For"] = f"10.1.{number >> 8 & 255}.{number & 255}"

    def go(self, address, knows, until=None):
        """Opens an address and goes on, filling in every form that `knows` gives fields for, to a page without one.

        Stops before whatever begins with `until`: a redirect, or a form that would be posted there.
        """
        method, form = "GET", {}
        for _ in range(MOST_PAGES):
            if until and address.startswith(until):
                return {"address": address, "form": form} if method == "POST" else {"address": address}
            answer = self.session.request(method, address, data=form or None, allow_redirects=False, timeout=30)
            if answer.status_code in REDIRECTS:
                method, address, form = "GET", urljoin(address, answer.headers["Location"]), {}
                continue
            step = next_form(address, answer.text, knows)
            if step is None:
                return {"address": address, "status": answer.status_code, "text": answer.text}
            method, (address, form) = "POST", step
        raise RuntimeError(f"no end of pages at {address}")


def next_form(address, html, knows):
    """The first form that can be filled in, as where it goes and what it sends."""
    page = Page(html)
    for form in page.forms:
        action = urljoin(address, form.action)
        # A form that leads elsewhere is an answer to a relying party (OAuth 2.0 Form Post Response Mode).
        if urlsplit(action).netloc != urlsplit(address).netloc:
            return action, form.filled({})
        fields = knows(urlsplit(action).path)
        if fields is not None:
            return action, form.filled(fields)
    return None


class Form:
    def __init__(self, action):
        self.action = action
        self.inputs = []
        self.buttons = []

    def filled(self, fields):
        """What stands in it, with what is known typed over, and the button pressed that says so."""
        sent = {name: fields.get(name, value) for name, value in self.inputs}
        for name, value in self.buttons:
            if fields.get(name) == value:
                sent[name] = value
        return sent


class Page(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.forms = []
        self.form = None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        has = dict(attributes)
        if tag == "form" and (has.get("method") or "").lower() == "post":
            self.form = Form(has.get("action") or "")
            self.forms.append(self.form)
        if self.form is None or "name" not in has:
            return
        if tag == "button":
            self.form.buttons.append((has["name"], has.get("value") or ""))
        elif tag == "input" and (has.get("type") != "radio" or "checked" in has):
            self.form.inputs.append((has["name"], has.get("value") or ""))

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
