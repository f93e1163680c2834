"""A service with jobs: submitted once, asked about until they are done. What its adapters share.

A subclass says where a job is asked about and what a state means; whatever keeps an answer from us is a reason to ask
later, and never to buy again.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rushes.errors import ErrorClass, RemoteError
from rushes.model.request import Request
from rushes.plugin.provider import Absent, Context, Found, Pending, Unknowable
from rushes.providers.errors import Row, paid, read
from rushes.providers.http import Answer, Unreachable
from rushes.providers.remote import Remote, document, pace

BUSY = frozenset({408, 409, 425, 429})
_LATER = 5.0
_ID = re.compile(r"[\w.:~-]{1,200}", re.ASCII)


class Job(NamedTuple):
    """All that is needed to ask about a job: its id at the service, and since when it is (unix seconds, 0: unknown)."""

    id: str
    at: float = 0.0


class Queued(Remote):
    """The base of an adapter whose service has jobs."""

    floor: float
    """Seconds between two questions about one job, at least."""

    @staticmethod
    def remote_of(id_: str) -> str:
        """What is remembered of a job, and is all that any process needs to ask about it."""
        return json.dumps([id_, round(time.time(), 3)], separators=(",", ":"))

    def job(self, remote: str) -> Job:
        """The job of a remote id; a person who adopts one gives the bare id. Raises RemoteError for what is none."""
        try:
            found = json.loads(remote) if remote.startswith("[") else [remote]
            job = Job(str(found[0]), float(found[1]) if len(found) > 1 else 0.0)
        except (ValueError, TypeError, IndexError):
            job = Job("")
        if not self.is_id(job.id):  # it becomes part of an address, and the key goes there
            raise RemoteError(ErrorClass.INVALID_INPUT, f"this is no job of {self.name}", maybe_billed=True)
        return job

    def is_id(self, id_: str) -> bool:
        """Whether a text can be the id of a job here."""
        return _ID.fullmatch(id_) is not None and ".." not in id_

    async def asked(
        self, url: str, headers: Mapping[str, str], job: Job, rows: Sequence[Row], context: Context
    ) -> dict[str, Any] | Pending:
        """What the service says of a job, or a reason to ask again. Raises RemoteError, as paid, for a definite no."""
        try:
            answer = await self.http.ask("GET", url, headers=headers, sleep=context.sleep, when=self.when)
        except Unreachable as error:
            return Pending(pace(job.at, _LATER), says=f"{self.name} cannot be reached: {error}")
        said = self.about(answer)
        if answer.status == 200 and isinstance(said, dict):
            return said
        if 400 <= answer.status < 500 and not self.passing(answer):
            raise paid(read(rows, self.heard(answer), self.name, self.access.key))
        return Pending(self._when(job, answer), says=f"{self.name} says {answer.status}")

    def about(self, answer: Answer) -> object:
        """What an answer says of a job: its document, unless a service has more to say beside it."""
        return document(answer.body)

    def passing(self, answer: Answer) -> bool:
        """Whether a refusal of a question says nothing about the job: it is asked again."""
        return answer.status in BUSY

    def _when(self, job: Job, answer: Answer) -> float:
        return max(pace(job.at, _LATER), self.when(answer) or 0.0)

    def later(self, job: Job, says: str = "", progress: float | None = None, *, queued: bool = False) -> Pending:
        """It is not done yet; `queued` where nobody works on it, either."""
        return Pending(pace(job.at, self.floor), progress, says, queued)

    async def reconcile(self, request: Request, context: Context) -> Found | Absent | Unknowable:
        """Most services have no list of jobs that a request could be found in."""
        return Unknowable()
