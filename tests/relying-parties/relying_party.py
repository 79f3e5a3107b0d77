"""What every relying party in Python needs: to be registered, people to sign in, a page to be told at, a line a feature."""

import os
import queue
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import requests

SERVICE, PEOPLE = os.environ["SERVICE"], os.environ["PEOPLE"]
CALLBACK = "http://localhost:4499/callback"
SIGNED_OUT = "http://localhost:4499/signed-out"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
SCOPE = "openid profile citizen_id offline_access records.read"
PATIENCE = 30

_failed = []


def feature(name):
    """Runs at once what shows a feature, and says how it went; the other features go on."""

    def shown(function):
        try:
            function()
            print("passed", name, flush=True)
        except Exception as error:
            traceback.print_exc()
            print("failed", f"{name}: {error!r}".replace("\n", " "), flush=True)
            _failed.append(name)

    return shown


def finish():
    sys.exit(1 if _failed else 0)


def registered(**metadata):
    """Registers a client as an operator does, and returns its metadata, with its secret."""
    usual = {
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": [SIGNED_OUT],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials", EXCHANGE],
        "scope": SCOPE,
        "id_token_signed_response_alg": "ES256",
    }
    answer = requests.post(f"{SERVICE}/_local/clients", json=usual | metadata, timeout=PATIENCE)
    assert answer.status_code == 201, answer.text
    return answer.json()


class Person:
    def __init__(self):
        answer = requests.post(f"{PEOPLE}/people", timeout=PATIENCE)
        assert answer.status_code == 201, answer.text
        self.told = answer.json()

    def visits(self, address, **more):
        """Where an address leads this person at last: `until` and `decision` as in Browser.go and Person.visit."""
        path = f"/people/{self.told['id']}/visit"
        answer = requests.post(PEOPLE + path, json={"address": address} | more, timeout=2 * PATIENCE)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def answers(self, address, until=CALLBACK, **more):
        """The address they are led to at the relying party."""
        told = self.visits(address, until=until, **more)
        assert told["address"].startswith(until), told
        return told["address"]


class Listener:
    """A relying party's own address, where forms are posted to it."""

    def __enter__(self):
        forms = self.forms = queue.Queue()

        class Posted(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                forms.put(dict(parse_qsl(body)))

            def log_message(self, format, *args):
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Posted)
        self.address = f"http://127.0.0.1:{self.server.server_port}/backchannel-logout"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def heard(self):
        """The next form that comes."""
        return self.forms.get(timeout=PATIENCE)
