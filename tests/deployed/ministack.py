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
    """On a free port of loopback."""

    def __init__(self, trusted):
        self.trusted = trusted

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
        return inherited | ROOT | settings

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


    def forget(self, function):
        """Ends a function's processes, so that its next request finds a new one, which remembers nothing.

        MiniStack keeps a published version's process whatever it is told. The processes are found in the group that
        was started here; MiniStack notices the end itself.
        """
        named = f"AWS_LAMBDA_FUNCTION_NAME={function}".encode()
        ended = [pid for pid in self.group() if named in environment_of(pid)]
        for pid in ended:
            os.kill(pid, signal.SIGKILL)
        while set(ended) & set(self.group()):
            time.sleep(0.002)

    def group(self):
        """The processes that live in MiniStack's group."""
        for folder in Path("/proc").iterdir():
            if not folder.name.isdecimal():
                continue
            try:
                # Behind the name in parentheses: state, parent, group (proc(5)). Ended is who can be waited for: no
                # thread of theirs is left but the first.
                state, _, group = folder.joinpath("stat").read_text().rpartition(")")[2].split()[:3]
                ended = state in "ZX" and len(list(folder.joinpath("task").iterdir())) <= 1
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(group) == self.process.pid and not ended:
                yield int(folder.name)


def environment_of(pid):
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
