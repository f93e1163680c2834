"""Names of the accounts that money is held in and spent from, and of the ceilings on them.

Ceilings nest: a request counts under its node, its run, the batch and the project that the run belongs to, the day,
the agent that drives it and the client of a program; each may have a ceiling of its own, and all must allow it.
"""

from __future__ import annotations

NODE, RUN, BATCH, PROJECT, DAY, AGENT = "node", "run", "batch", "project", "day", "agent"
CLIENT = "client"


def scope(kind: str, name: str) -> str:
    """`run:20261121-...`; a node's name is `RUN/NODE`, a day's is `2026-11-21` where the person is."""
    return f"{kind}:{name}"


def kind_of(name: str) -> str:
    """`run` of `run:20261121-...`. A ceiling on a kind alone holds for every account of that kind."""
    return name.partition(":")[0]
