"""The work of a simulated fal job: refusals of meaning, painting, planted faults, files at addresses of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from rushes.model.media import SUFFIX_OF_TYPE
from rushes.model.operation import Operation
from rushes.sim.blobs import Blob
from rushes.sim.fal_models import output_fields
from rushes.sim.faults import What
from rushes.sim.jobs import Job, JobFailed
from rushes.sim.paint import Asking, Made, Unpaintable
from rushes.sim.plant import planted
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
        self._refusals()
        files, text = [], None
        for number, asking in enumerate(wanted):
            try:
                made = await self._call.world.painter.make(asking)
            except Unpaintable as error:
                said = detail(error.param, "value_error", str(error))
                raise JobFailed("invalid_input", str(error), detail=said) from None
            if made.text is not None:
                text = made.text
            else:
                files.append(self._kept(planted(self._call, made, number), number))
        return output_fields(self._op, files, text, wanted[0].seed, self._prompt)

    def _refusals(self) -> None:
        call = self._call
        billed = call.strikes(What.REFUSED_BILLED)
        if billed or call.strikes(What.REFUSED):
            message = "The content could not be processed because it contained material flagged by a content checker."
            said = detail("prompt", "content_policy_violation", message)
            raise JobFailed("content_policy_violation", message, billed=billed is not None, detail=said)
        if call.strikes(What.FAILED):
            said = detail("body", "internal_server_error", "Internal server error")
            raise JobFailed("internal_server_error", "Internal server error", detail=said)

    def _kept(self, made: Made, number: int) -> dict[str, Any]:
        world = self._call.world
        suffix = SUFFIX_OF_TYPE.get(made.media_type, ".bin")
        name = f"o/{world.chance.word('output', self.job.id, number)}/{number}{suffix}"
        gone = self._call.strikes(What.EXPIRED)
        asked = lifetime(self._call.request, "x-fal-object-lifecycle-preference")
        lives = self.job.seconds + (gone.seconds if gone is not None else KEPT if asked is None else asked)
        world.blobs.put(name, Blob(made.data, made.media_type, self.job.id, world.clock.now() + lives))
        self.job.entry.outputs.add(name)
        return {
            "url": self._address(f"/files/{name}"),
            "content_type": made.media_type,
            "file_name": name.rpartition("/")[2],
            "file_size": len(made.data),
            "width": made.width,
            "height": made.height,
        }
