"""The simulator's books: what was asked, accepted, billed and fetched. They are the judge of a client.

Everything in a report is sorted by what it is and holds no time of day and no count of polls, so equal requests give
equal books in whatever order they arrived.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rushes.model.money import ZERO


@dataclass(slots=True, kw_only=True)
class Entry:
    """One submission.

    `asked` is the request hash: endpoint, body and asking, without what is only about the call; `asking` is the
    client's own name of its asking, where it gave one. `nth` counts the submissions with this hash from 0.
    `intended` is true when the client said that it repeats itself knowingly. `remote` is the job's id (`""`: refused).
    `told` is true once the whole answer to the submission was sent; `answered` once the result was, and `taken` names
    the outputs that were downloaded whole. `kept` is false when the result came once and is not there to be asked for.
    """

    protocol: str
    account: str
    model: str
    asked: str
    nth: int
    asking: str = ""
    intended: bool = False
    remote: str = ""
    status: int = 0
    reason: str = ""
    billed: Decimal = ZERO
    told: bool = False
    answered: bool = False
    cancelled: bool = False
    kept: bool = True
    ended: str = ""
    outputs: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)

    @property
    def accepted(self) -> bool:
        """Whether there is a job."""
        return bool(self.remote)

    @property
    def fetched(self) -> bool:
        """Whether the client has the whole result: the answer, and every file that it names."""
        return self.answered and self.outputs <= self.taken

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "protocol": self.protocol,
            "account": self.account,
            "model": self.model,
            "asked": self.asked,
            "asking": self.asking,
            "nth": self.nth,
            "intended": self.intended,
            "accepted": self.accepted,
            "remote": self.remote or None,
            "status": self.status,
            "reason": self.reason,
            "billed": str(self.billed),
            "told": self.told,
            "ended": self.ended or None,
            "kept": self.kept,
            "cancelled": self.cancelled,
            "outputs": len(self.outputs),
            "fetched": self.fetched,
        }


class Books:
    """All submissions, uploads and cancels. `write` gets a JSON line for each thing as it happens.

    `holds` says whether a file is still there.
    """

    def __init__(self, write: Callable[[str], object] | None = None) -> None:
        self._write = write
        self._entries: list[Entry] = []
        self._jobs: dict[str, Entry] = {}
        self._seen: Counter[str] = Counter()
        self.uploads: Counter[str] = Counter()
        self.cancels: set[str] = set()
        self.holds: Callable[[str], bool] = lambda _name: True

    def submission(
        self, protocol: str, account: str, model: str, asked: str, *, intended: bool, asking: str = ""
    ) -> Entry:
        """Open the entry of a submission that has arrived."""
        entry = Entry(
            protocol=protocol,
            account=account,
            model=model,
            asked=asked,
            asking=asking,
            nth=self._seen[asked],
            intended=intended,
        )
        self._seen[asked] += 1
        self._entries.append(entry)
        return entry

    def accepted(self, entry: Entry, remote: str) -> None:
        """There is a job now."""
        entry.remote, entry.status = remote, 200
        self._jobs[remote] = entry
        self.note("accepted", entry)

    def refused(self, entry: Entry, status: int, reason: str) -> None:
        """There is no job, and will be none."""
        entry.status, entry.reason = status, reason
        self.note("refused", entry)

    def ended(self, entry: Entry, how: str, billed: Decimal) -> None:
        """The job is over and this is what it costs."""
        entry.ended, entry.billed = how, billed
        self.note("ended", entry)

    def job(self, remote: str) -> Entry | None:
        """The entry of a job."""
        return self._jobs.get(remote)

    def upload(self, digest: str) -> None:
        """A file came in."""
        self.uploads[digest] += 1

    def _there(self, entry: Entry) -> bool:
        return entry.kept and all(self.holds(name) for name in entry.outputs)

    def note(self, happened: str, entry: Entry) -> None:
        """Append to the books on disk."""
        if self._write is not None:
            self._write(json.dumps({"simulated": True, "happened": happened, **entry.plain()}, sort_keys=True) + "\n")

    def report(self) -> dict[str, Any]:
        """Everything as JSON: totals, duplicates by request hash, and every entry.

        What was never fetched is `unfetched` while it could be, and `lost` when it is gone.
        """
        entries = sorted(self._entries, key=lambda one: (one.protocol, one.model, one.asked, one.nth))
        accepted = [one for one in entries if one.accepted]
        done = [one for one in accepted if one.ended == "done"]
        refusals = Counter(f"{one.status} {one.reason}" for one in entries if not one.accepted)
        return {
            "simulated": True,
            "submissions": len(entries),
            "accepted": len(accepted),
            "refused": len(entries) - len(accepted),
            "refusals": dict(sorted(refusals.items())),
            "running": sum(not one.ended for one in accepted),
            "done": len(done),
            "failed": sum(one.ended == "failed" for one in accepted),
            "cancelled": sum(one.ended == "cancelled" for one in accepted),
            "untold": sorted(one.remote for one in accepted if not one.told),
            "duplicates": duplicates(entries),
            "fetched": sum(one.fetched for one in done),
            "unfetched": sorted(one.remote for one in done if not one.fetched and self._there(one)),
            "lost": sorted(one.remote for one in done if not one.fetched and not self._there(one)),
            "billed": str(sum((one.billed for one in entries), ZERO)),
            "accounts": _billed(entries, lambda one: f"{one.protocol}/{one.account}"),
            "models": _billed(entries, lambda one: f"{one.protocol}/{one.model}"),
            "uploads": sum(self.uploads.values()),
            "uploaded_again": sum(self.uploads.values()) - len(self.uploads),
            "cancels": len(self.cancels),
            "entries": [one.plain() for one in entries],
        }


def duplicates(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Requests that were accepted more than once although nobody meant to ask again."""
    accepted: dict[str, list[Entry]] = {}
    for one in entries:
        if one.accepted:
            accepted.setdefault(one.asked, []).append(one)
    found = []
    for asked, many in accepted.items():
        unmeant = sum(not one.intended for one in many[1:])
        if unmeant:
            found.append(
                {"asked": asked, "model": many[0].model, "times": unmeant + 1, "jobs": [one.remote for one in many]}
            )
    return found


def _billed(entries: Iterable[Entry], name: Callable[[Entry], str]) -> dict[str, dict[str, Any]]:
    totals: dict[str, list[Entry]] = {}
    for one in entries:
        totals.setdefault(name(one), []).append(one)
    return {
        key: {
            "accepted": sum(one.accepted for one in many),
            "refused": sum(not one.accepted for one in many),
            "billed": str(sum((one.billed for one in many), ZERO)),
        }
        for key, many in sorted(totals.items())
    }
