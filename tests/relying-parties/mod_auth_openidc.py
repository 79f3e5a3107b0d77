"""mod_auth_openidc, OpenID Connect for Apache: a whole agency's web server as the relying party."""

import contextlib
import json
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import requests

from relying_party import PATIENCE, SERVICE, Person, feature, finish, registered

HERE = pathlib.Path(__file__).parent


class Behind(BaseHTTPRequestHandler):
    """The agency's application behind Apache: it answers with the headers it was sent."""

    def do_GET(self):
        answer = json.dumps(dict(self.headers)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format, *args):
        """Nobody reads it."""


class Apache:
    """With a configuration, a folder and a client of its own, as somebody without privileges."""

    def __init__(self, running, behind, **metadata):
        """`running` stops it in the end."""
        self.port = free_port()
        self.origin = f"http://localhost:{self.port}"
        self.client = registered(
            redirect_uris=[f"{self.origin}/secret/callback"],
            post_logout_redirect_uris=[f"{self.origin}/signed-out"],
            backchannel_logout_uri=f"{self.origin}/secret/callback?logout=backchannel",
            scope="openid profile citizen_id offline_access",
            **metadata,
        )
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="relying-party-apache-"))
        definitions = {
            "HOME_DIR": self.folder, "PORT": self.port, "BEHIND": behind, "SERVICE": SERVICE,
            "MODULES": "/usr/lib/apache2/modules", "PASSPHRASE": secrets.token_hex(16),
            "CLIENT_ID": self.client["client_id"], "CLIENT_SECRET": self.client["client_secret"],
            "ALGORITHM": self.client["id_token_signed_response_alg"],
        }
        lines = [f'Define {name} "{value}"' for name, value in definitions.items()]
        configuration = self.folder / "apache2.conf"
        configuration.write_text("\n".join(lines) + "\n" + (HERE / "mod_auth_openidc.conf").read_text())
        command = [shutil.which("apache2") or "/usr/sbin/apache2", "-D", "FOREGROUND", "-f", str(configuration)]
        if os.getuid() == 0:
            nobody = pwd.getpwnam("www-data")
            for path in (self.folder, configuration):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
            command = ["setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups", *command]
        self.process = subprocess.Popen(command, cwd=self.folder)
        running.callback(self.stop)
        self.answers()

    def answers(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise RuntimeError(f"apache2 does not answer: {self.log()}")

    def log(self):
        log = self.folder / "error.log"
        return log.read_text() if log.exists() else ""

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)
        shutil.rmtree(self.folder)

    def opened(self, person, path="/secret/page"):
        """The headers that the application got for this person."""
        told = person.visits(self.origin + path)
        assert told["address"] == self.origin + path and told["status"] == 200, told | {"log": self.log()[-2000:]}
        return {name.lower(): value for name, value in json.loads(told["text"]).items()}

    def asks_again(self, person):
        """That this person has no session here: the first step leads to the provider."""
        told = person.visits(f"{self.origin}/secret/page", until=f"{SERVICE}/connect/authorize")
        return told["address"].startswith(f"{SERVICE}/connect/authorize")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


server = ThreadingHTTPServer(("127.0.0.1", 0), Behind)
threading.Thread(target=server.serve_forever, daemon=True).start()
person = Person()
running = contextlib.ExitStack()
# However this ends, killed included, no Apache outlives it.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

with running:
    agency = Apache(running, server.server_port)
    other = Apache(running, server.server_port, id_token_signed_response_alg="RS256")

    @feature("discovery, code with PKCE, ID token ES256, claims as headers")
    def _():
        headers = agency.opened(person)
        assert headers["oidc_claim_citizen_id"] == person.told["citizen_id"], headers
        assert headers["oidc_claim_ial_level"] == "1.3" and headers["oidc_claim_sub"], headers

    @feature("a session of Apache's own: no second request")
    def _():
        assert not agency.asks_again(person)

    @feature("ID token RS256, and a second service asks for no password")
    def _():
        told = person.visits(f"{other.origin}/secret/page", until=f"{SERVICE}/sign-in")
        assert told["address"] == f"{other.origin}/secret/page", told

    @feature("refresh")
    def _():
        before = agency.opened(person)["oidc_access_token"]
        back = f"{agency.origin}/secret/page"
        hook = f"{agency.origin}/secret/callback?refresh={quote(back, safe='')}&access_token={quote(before)}"
        told = person.visits(hook)
        assert told["address"] == back, told | {"log": agency.log()[-2000:]}
        assert agency.opened(person)["oidc_access_token"] != before

    @feature("introspection of a token that a program brings")
    def _():
        token = agency.opened(person)["oidc_access_token"]
        asked = lambda token: requests.get(
            f"{agency.origin}/api/records", headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE
        )
        assert asked(token).ok, agency.log()[-2000:]
        assert asked("unknown").status_code == 401

    @feature("end-session, and the token revoked")
    def _():
        token = agency.opened(person)["oidc_access_token"]
        back = f"{agency.origin}/signed-out"
        told = person.visits(f"{agency.origin}/secret/callback?logout={quote(back, safe='')}", until=back)
        assert told["address"].startswith(back), told
        bearer = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{SERVICE}/connect/userinfo", headers=bearer, timeout=PATIENCE).status_code == 401
        assert agency.asks_again(person)

    @feature("back-channel logout ends the session of the other Apache")
    def _():
        agency.opened(person)
        other.opened(person)
        assert not other.asks_again(person)
        back = f"{agency.origin}/signed-out"
        person.visits(f"{agency.origin}/secret/callback?logout={quote(back, safe='')}", until=back)
        deadline = time.monotonic() + PATIENCE
        while not other.asks_again(person):
            assert time.monotonic() < deadline, other.log()[-2000:]
            time.sleep(0.1)

finish()
