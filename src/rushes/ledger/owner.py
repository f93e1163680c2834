"""Who drives a run: a name that says whether its process still lives.

`host:pid:start:random`. On the host itself a dead process is known at once, because a process id with its start time
is never given twice. From elsewhere an owner is dead when its heartbeat is older than `HEARTBEAT_TTL`.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
from functools import cache
from pathlib import Path

NOBODY = ""
"""The owner of what was left: it never lives."""

HEARTBEAT_TTL = 30.0
"""Seconds without a heartbeat after which an owner on another host counts as dead."""

HEARTBEAT_EVERY = 8.0
"""Seconds between two heartbeats: three may be lost before an owner counts as dead."""


def new_owner() -> str:
    """A name for this process and this drive of a run."""
    pid = os.getpid()
    return f"{_host()}:{pid}:{_start_of(pid) or '-'}:{secrets.token_hex(4)}"


def process_of(owner: str) -> str:
    """The process's own name: what all of its owners begin with."""
    return owner.rpartition(":")[0]


def alive_here(owner: str) -> bool | None:
    """Whether the owner's process lives; None when it is another host's, or this system cannot say."""
    host, _, rest = owner.partition(":")
    pid, _, rest = rest.partition(":")
    start = rest.partition(":")[0]
    if host != _host() or not pid.isdecimal():
        return None
    if start == "-":
        return None
    return _start_of(int(pid)) == start


@cache
def _host() -> str:
    # the boot and the process namespace belong to the name: only there do process ids mean the same
    name = socket.gethostname().replace(":", "_")
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()[:8]
        space = str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        return name
    return f"{name}/{boot}/{space}"


def _start_of(pid: int) -> str | None:
    """The start time of a living process in clock ticks since boot; None when it is gone or a zombie."""
    if sys.platform != "linux":
        return None
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # the command may hold spaces and brackets; after its last bracket come state (field 3) and start (field 22)
    fields = stat[stat.rindex(b")") + 2 :].split()
    return None if fields[0] in (b"Z", b"X") else fields[19].decode("ascii")
