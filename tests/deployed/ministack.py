"""MiniStack, started for one run and thrown away after it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

REGION = "ap-southeast-1"
# MiniStack's root; the functions get credentials of their own roles.
ROOT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class MiniStack:
    """On a free port of loopback. `cold`: no function keeps its process, so that nothing is remembered in between."""

    def __init__(self, trusted, cold=False):
        self.trusted = trusted
        self.cold = cold

    def __enter__(self):
        # Ended from outside, it still takes with it what it started.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        self.folder = tempfile.TemporaryDirectory(prefix="digital-id-deployed-")
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        with self.log.open("wb") as log:
            # In a process group of its own, which the functions' processes are in too.
            self.process = subprocess.Popen(
                [Path(sys.executable).with_name("ministack")],
                env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )
        try:
            self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for signalled in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, signalled)
                self.process.wait(timeout=10)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        self.process.wait()
        self.folder.cleanup()

    @property
    def log(self):
        return Path(self.folder.name, "ministack.log")

    @property
    def environment(self):
        """MiniStack's, which the functions inherit: nothing of whoever runs this, above all no credentials."""
        inherited = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
        settings = {
            "AUTH": "true",
            "AWS_ENDPOINT_URL": self.address,
            "AWS_DEFAULT_REGION": REGION,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "MINISTACK_REGION": REGION,
            "SFTP_ENABLED": "0",
            # The card registry's certificate is this run's own.
            "SSL_CERT_FILE": str(self.trusted),
            "TMPDIR": self.folder.name,
        }
        return inherited | ROOT | settings | ({"LAMBDA_KEEPALIVE_MS": "0"} if self.cold else {})

    def wait(self):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.address}/_ministack/health", timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("MiniStack does not start:\n" + self.log.read_text()[-4000:])


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
