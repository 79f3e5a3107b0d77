"""The examples of infra/examples, each as an agency would run it: argument node, python or php."""

import os
import pathlib
import socket
import subprocess
import sys
import time

import requests

from relying_party import PATIENCE, SERVICE, Person, feature, finish, registered

EXAMPLES = pathlib.Path(__file__).parents[2] / "infra" / "examples"
SIGN_IN, SIGNED_IN = "Sign in with Digital ID", "Signed in as"


class Clinic:
    def __init__(self, language):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.base = f"http://localhost:{port}"
        client = registered(
            redirect_uris=[f"{self.base}/callback"],
            post_logout_redirect_uris=[f"{self.base}/"],
            backchannel_logout_uri=f"{self.base}/backchannel-logout",
            scope="openid profile citizen_id offline_access",
        )
        command = {
            "node": ["node", "server.js"],
            "python": [sys.executable, "app.py"],
            "php": ["php", "-S", f"127.0.0.1:{port}", "index.php"],
        }[language]
        secrets = {"CLIENT_ID": client["client_id"], "CLIENT_SECRET": client["client_secret"]}
        environment = os.environ | secrets | {"ISSUER": SERVICE, "BASE": self.base}
        self.process = subprocess.Popen(command, cwd=EXAMPLES / language, env=environment, stdout=subprocess.DEVNULL)
        self.answers()

    def answers(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                requests.get(self.base, timeout=PATIENCE)
                return
            except requests.ConnectionError:
                time.sleep(0.05)
        raise RuntimeError("the example does not answer")

    def shows(self, person, path="/", **more):
        told = person.visits(self.base + path, **more)
        return told["status"], told["text"]


clinic, person = Clinic(sys.argv[1]), Person()

try:

    @feature("sign in, ID token, userinfo")
    def _():
        assert SIGN_IN in clinic.shows(person)[1]
        status, text = clinic.shows(person, "/sign-in")
        assert (status, SIGNED_IN in text) == (200, True), text
        assert person.told["given_name"] in text and person.told["citizen_id"] in text and "level 1.3" in text, text

    @feature("refresh")
    def _():
        for times in (2, 3):
            status, text = clinic.shows(person, "/refresh")
            assert (status, f"read {times} times" in text) == (200, True), text

    @feature("sign out here and at the provider")
    def _():
        told = person.visits(f"{clinic.base}/sign-out")
        assert told["address"] == f"{clinic.base}/" or told["address"].startswith(f"{clinic.base}/?state="), told
        assert SIGN_IN in told["text"], told
        led = person.visits(f"{clinic.base}/sign-in", until=f"{SERVICE}/sign-in")
        assert led["address"].startswith(f"{SERVICE}/sign-in"), led

    @feature("signed out by the back channel")
    def _():
        assert SIGNED_IN in clinic.shows(person, "/sign-in")[1]
        person.visits(f"{SERVICE}/connect/endsession")
        deadline = time.monotonic() + PATIENCE
        while SIGNED_IN in clinic.shows(person)[1]:
            assert time.monotonic() < deadline, "the session goes on"
            time.sleep(0.1)

    @feature("a forged logout token is refused")
    def _():
        forged = requests.post(f"{clinic.base}/backchannel-logout", data={"logout_token": "a.b.c"}, timeout=PATIENCE)
        assert forged.status_code == 400, forged.text

    @feature("an answer that nobody asked for is refused")
    def _():
        status, text = clinic.shows(person, f"/callback?code=x&state=y&iss={SERVICE}")
        assert (status, SIGNED_IN in text) == (400, False), (status, text)

    @feature("saying no")
    def _():
        status, text = clinic.shows(Person(), "/sign-in", decision="deny")
        assert (status, "You said no" in text) == (403, True), (status, text)

finally:
    clinic.process.terminate()
    clinic.process.wait(timeout=PATIENCE)
finish()
