"""The work of a simulated fal job: refusals of meaning, painting, planted faults, files at addresses of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from rushes.model.operation import Operation
from rushes.sim.fal_models import output_fields
from rushes.sim.jobs import Job, JobFailed
from rushes.sim.making import REFUSED, UNREADABLE, kept, made
from rushes.sim.paint import Asking, Made
from rushes.sim.wire import Request
from rushes.sim.world import Call

KEPT = 7 * 24 * 3600.0
"""Simulated seconds for which outputs can be fetched: fal keeps files at least seven days when nothing else is said."""


def detail(field: str, kind: str, message: str) -> list[dict[str, Any]]:
    """A model's error in fal's form."""
    where = ["body"] if field == "body" else ["body", field]
    return [{"loc": where, "msg": message, "type": kind, "url": f"https://docs.fal.ai/errors#{kind}"}]


def lifetime(request: Request, header: str) -> float | None:
    """For how many simulated seconds a client wants its files kept; None when it does not say."""
    try:
        wanted = json.loads(request.headers.get(header, ""))["expiration_duration_seconds"]
        return float(wanted) if float(wanted) > 0 else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


class FileMaker:
    """Makes the result of one job. `job` is set as soon as there is one; `address` makes our own URL from a path."""

    job: Job

    def __init__(self, call: Call, op: Operation, prompt: str, address: Callable[[str], str]) -> None:
        self._call = call
        self._op = op
        self._prompt = prompt
        self._address = address

    async def make(self, wanted: Sequence[Asking]) -> dict[str, Any]:
        """The model's answer. Raises JobFailed for a refusal or a failure."""
        try:
            found = await made(self._call, wanted)
        except JobFailed as failure:
            raise _in_fals_words(failure) from None
        told = next((one for one in found if one.text is not None), None)
        files = [self._kept(one, number) for number, one in enumerate(found) if one.text is None]
        return output_fields(self._op, files, told, wanted[0].seed, self._prompt)

    def _kept(self, one: Made, number: int) -> dict[str, Any]:
        asked = lifetime(self._call.request, "x-fal-object-lifecycle-preference")
        path = kept(self._call, self.job, one, number, KEPT if asked is None else asked)
        return {
            "url": self._address(path),
            "content_type": one.media_type,
            "file_name": path.rpartition("/")[2],
            "file_size": len(one.data),
            "width": one.width,
            "height": one.height,
        }


_FLAGGED = "The content could not be processed because it contained material flagged by a content checker."


def _in_fals_words(failure: JobFailed) -> JobFailed:
    if failure.kind == REFUSED:
        kind, message, field = "content_policy_violation", _FLAGGED, "prompt"
    elif failure.kind == UNREADABLE:
        message = str(failure)
        return JobFailed("invalid_input", message, detail=detail(failure.detail, "value_error", message))
    else:
        kind, message, field = "internal_server_error", "Internal server error", "body"
    return JobFailed(kind, message, billed=failure.billed, detail=detail(field, kind, message))
