"""What a key could look like anywhere, a place to run in, and a service that repeats every key it is given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from rushes.app.plugins import REMOTE

IDENT = "c0ffee11-2222-4333-8444-k3y1d3nt1ty0"
SECRET = "5up3rS3cr3tV4lu3ThatN0b0dyMaySee77"
KEYS = {
    **{name: f"{name}-{SECRET}" for name in REMOTE},
    "fal": f"{IDENT}:{SECRET}",
    "gemini": f"AIza{SECRET}g3m1n1",
}
"""A key for every provider elsewhere."""

_CARRIERS = ("authorization", "x-goog-api-key", "xi-api-key", "x-api-key")


def needles() -> set[bytes]:
    """The keys and their secret parts: as they are, for a URL, in hex, and in base64 wherever it begins."""
    found: set[bytes] = set()
    for text in (*KEYS.values(), IDENT, SECRET):
        raw = text.encode()
        found |= {raw, quote(text, safe="").encode(), raw.hex().encode()}
        # the ends depend on what stands beside it, so they are left out
        found |= {b64encode(b"\0" * before + raw)[2 + before : -4] for before in range(3)}
    return found


def leaks_in(data: bytes) -> bool:
    """Whether a key is in these bytes, in any of its forms."""
    return any(needle in data for needle in needles())


def leaking_files(folder: Path) -> list[str]:
    """Every file below in whose name or bytes a key is."""
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if leaks_in(str(path).encode()) or (path.is_file() and leaks_in(path.read_bytes()))
    ]


def told_to_all() -> list[str]:
    """The processes of this machine whose arguments, which everybody can read, hold a key."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if leaks_in(process.read_bytes()):
                found.append(process.parent.name)
        except OSError:  # it has ended
            continue
    return found


class Ran(NamedTuple):
    """One command: its exit code and everything that it said."""

    code: int
    said: bytes


def rushes(folder: Path, *arguments: str) -> Ran:
    """Run a command with all keys in the environment, in `folder`, with the home `folder/home`."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("RUSHES_")},
        **{f"RUSHES_KEY_{name.upper()}": key for name, key in KEYS.items() if name not in ("fal", "gemini")},
        "RUSHES_HOME": str(folder / "home"),
        "FAL_KEY": KEYS["fal"],
        "GEMINI_API_KEY": KEYS["gemini"],
    }
    environ.pop("GOOGLE_API_KEY", None)
    command = [sys.executable, "-m", "rushes", *arguments]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, timeout=120)
    return Ran(done.returncode, done.stdout + done.stderr)


class Echo:
    """A service that fails as it is told to, and repeats the key it was sent in all that it says."""

    def __init__(self, status: int | None) -> None:
        self.status = status  # None: it reads the request and hangs up
        self.bought: list[str] = []  # which providers were sent a paid request
        self.sent_keys: set[str] = set()
        self.told: list[str] = []


@contextmanager
def echoing(status: int | None) -> Iterator[tuple[str, Echo]]:
    """The service's address, and what it saw."""
    echo = Echo(status)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            echo.bought += [self.path.split("/")[1]] if self.command == "POST" else []
            echo.told += told_to_all()
            given = next((value for name in _CARRIERS if (value := self.headers.get(name))), "").rpartition(" ")[2]
            echo.sent_keys.add(given)
            if echo.status is None:
                self.close_connection = True
                return
            coded, part = b64encode(given.encode()).decode(), given.rpartition(":")[2]
            text = f"bad key {given} {quote(given, safe='')} {coded} {part}"
            error = text if self.path.startswith("/glabs/") else {"code": 400, "message": text}
            body = json.dumps({"detail": text, "error": error}).encode()
            self.send_response(echo.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Repeated", given)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """It keeps no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", echo
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
