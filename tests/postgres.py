"""A private PostgreSQL server for the tests: a throw-away cluster on a free loopback port, gone at the end.

`initdb` and the server refuse to run as root, so root hands them to the user `postgres` that Debian's package makes.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

INSTALL = "apt-get install -y postgresql"


class NoServer(Exception):
    """PostgreSQL is not installed here."""


class Server:
    """A running cluster; `fresh` makes an empty database in it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, database: str) -> str:
        return f"postgresql://tester@127.0.0.1:{self.port}/{database}"

    def fresh(self) -> str:
        """The address of a new empty database."""
        name = f"t{secrets.token_hex(6)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)


def programs() -> Path:
    """The folder with the newest server's programs."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if folders:
        return folders[-1].parent
    found = shutil.which("postgres")
    if found:
        return Path(found).resolve().parent
    raise NoServer(f"PostgreSQL is not installed, and the ledger is tested on it too: {INSTALL}")


@contextmanager
def server() -> Iterator[Server]:
    """A server that lives as long as the block."""
    bin_ = programs()
    folder = Path(tempfile.mkdtemp(prefix="rushes-pg-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    data = folder / "data"

    def run(*command: str | Path) -> None:
        done = subprocess.run(command, cwd=folder, user=user, env={"LC_ALL": "C.UTF-8"}, capture_output=True, text=True)
        assert done.returncode == 0, f"{command[0]} failed: {done.stdout}{done.stderr}"

    try:
        run(bin_ / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c max_connections=60"
        start = [bin_ / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "-t", "60"]
        run(*start, "start")
        try:
            yield Server(port)
        finally:
            run(bin_ / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
