"""The people whom the relying parties sign in, for programs in any language, at PEOPLE.

POST /people                 registers somebody; 201 with `id` and what a relying party may learn of them
POST /people/<id>/visit      {"address", "until"?, "decision"?}: where that leads, see Browser.go
POST /people/<id>/browser    they take another browser, which nobody has seen
"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from person import Person

PEOPLE = []


class People(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            status, told = answered(self.path.strip("/").split("/"), json.loads(body or "{}"))
        except Exception as error:
            status, told = 500, {"error": repr(error)}
        answer = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format, *args):
        """Nobody reads it."""


def answered(path, asked):
    match path:
        case ["people"]:
            person = Person()
            person.register()
            PEOPLE.append(person)
            return 201, {"id": str(len(PEOPLE) - 1)} | person.told
        case ["people", number, "visit"]:
            return 200, PEOPLE[int(number)].visit(**asked)
        case ["people", number, "browser"]:
            PEOPLE[int(number)].changes_browser()
            return 200, {}
    return 404, {"error": "not found"}


if __name__ == "__main__":
    at = urlsplit(os.environ["PEOPLE"])
    ThreadingHTTPServer((at.hostname, at.port), People).serve_forever()
