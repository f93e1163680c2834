"""Luma: pictures and films by jobs of the Agents API. Submitted once, asked about until they are done; no cancelling.

Sources: the types and the wire of luma-agents 0.5.0; Luma's guides to images, editing, errors and rate limits and its
FAQ, which says what is charged, as of 2026-11-20. The older Dream Machine interface is another one and not this.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from rushes.errors import ErrorClass, RemoteError
from rushes.model.limit import Rate, Unit
from rushes.model.problem import Problem
from rushes.model.request import Recipe, Request
from rushes.plugin.access import Access
from rushes.plugin.provider import Context, Duplicates, Facts, Finished, Output, Pending, Submitted
from rushes.providers.errors import COMMON, EDGE, LOST, Heard, Row, plain, read, unknown
from rushes.providers.http import Answer
from rushes.providers.queued import Queued
from rushes.providers.remote import NOTHING, document, listed, media_type
from rushes.providers.said_limits import meter
from rushes.providers.spelled import Put

HOST = "https://agents.lumalabs.ai"

ACCEPT_WITHIN = 180.0
"""Seconds that a submission may take: pictures travel in it, and Luma looks at them before it answers."""

FLOOR = 2.0
"""Seconds between two questions about one job, at least: two to five are sensible. Source: Luma's FAQ."""

LONGEST_EDIT = 18.0
"""Seconds of the longest film that is edited. Source: the types of the SDK."""

VIDEO = ("duration", "resolution", "loop", "start_frame", "end_frame")
EDIT = ("strength", "auto_controls")
"""Parameters that travel in `video`, and in its `edit`."""

_UPRIGHT = frozenset({"2:3", "9:16", "1:2", "1:3"})
_POLICY = "change the prompt or the pictures: the same again is refused again"

SUBMIT: tuple[Row, ...] = (
    Row("400", ErrorClass.RETIRED_MODEL, says="^unknown model", next_step="choose another model: rushes models"),
    Row("502", ErrorClass.TRANSIENT, says="^upstream service unavailable$"),  # Luma's own words: it was not queued
    *EDGE,
    *COMMON,
    *LOST,
)
"""About a submission. What Luma itself refuses is not queued and not charged; a gateway may speak for it, though."""

RESULT: tuple[Row, ...] = (
    Row("404|410", ErrorClass.BAD_OUTPUT, billed=True),  # the job is no longer known: it was paid for all the same
    *COMMON,
)
"""About a question."""

FAILED: tuple[Row, ...] = (
    Row(None, ErrorClass.CONTENT_POLICY, code="content_moderated", next_step=_POLICY),
    Row(None, ErrorClass.BAD_OUTPUT, code="generation_failed|output_not_found"),
    Row(
        None,
        ErrorClass.QUOTA,
        code="budget_exhausted",
        billed=True,
        next_step="add credits at platform.lumalabs.ai",
    ),
    Row(
        None,
        ErrorClass.INVALID_INPUT,
        code="image_too_large|unsupported_format|corrupt_input|invalid_request",
        billed=True,
        next_step="use another picture",
    ),
    Row(None, ErrorClass.BAD_OUTPUT, billed=True),
)
"""About a job that failed, by its `failure_code`. The first two rows are refunded, of `budget_exhausted` a part may be
charged; what the FAQ does not name is taken as charged."""


class Luma(Queued):
    """The Agents API of Luma. Jobs are not listed, and a second submission is not recognised."""

    name = "luma"
    floor = FLOOR
    meters = (meter(Unit.REQUESTS, "x-ratelimit-{}"),)
    facts = Facts(
        duplicates=Duplicates.NEVER,
        remembers=None,  # how long a job can be asked about is not documented
        bills_refusals=False,  # moderated ones are refunded
        outputs_live=3600.0,  # each question gives addresses for another hour
        # of a client of the interface, where nothing else is agreed: jobs that are not over, and submissions
        in_flight=10,
        rates=(Rate(30, 60.0),),
    )

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._base = f"{(access.url or HOST).rstrip('/')}/v1"

    def put(self, recipe: Recipe) -> Put:
        """The parameters; a length and a resolution are always said, because the price depends on them."""
        ready = super().put(self.with_defaults(recipe))
        ready.problems.extend(self._conflicts(recipe, ready.body))
        return ready

    def _conflicts(self, recipe: Recipe, body: Mapping[str, Any]) -> Iterator[Problem]:
        """What is right by itself and refused together. Source: Luma's FAQ and the types of the SDK."""
        if body.get("style") == "manga" and body.get("aspect_ratio", "9:16") not in _UPRIGHT:
            yield self.problem("manga is made upright only", f"one of {', '.join(sorted(_UPRIGHT))}", "style")
        if body.get("loop") and body.get("duration") == "10s":
            yield self.problem("a film of 10 s cannot be a loop", "ask for 5 s", "loop")
        if body.get("loop") and recipe.inputs.get("end_frame"):
            yield self.problem("a film with an end frame cannot be a loop", "leave one of them out", "loop")
        if len(recipe.inputs.get("image", ())) > 1:
            yield self.problem("luma edits one picture", "give the others as references")
        for film in recipe.inputs.get("video", ()):
            if film.seconds is not None and film.seconds > LONGEST_EDIT:
                yield self.problem(f"the film lasts {film.seconds:g} s", f"luma edits {LONGEST_EDIT:g} s at most")

    async def submit(self, request: Request, context: Context) -> Submitted:
        """Enter the queue, once."""
        recipe = request.recipe
        ready = self.ready(recipe)
        headers = {**self._headers(), "Content-Type": "application/json"}
        if self.access.simulated:
            headers["x-rushes-asking"] = request.key  # lets the simulator's books tell two candidates from a duplicate
        body = _nested(self.body(request, ready) | self._kind(recipe) | await self._inside(recipe, context))
        data = await context.work(lambda: json.dumps(body).encode())
        answer = await self.http.post_once(
            f"{self._base}/generations", headers=headers, body=data, within=ACCEPT_WITHIN
        )
        said = document(self.accepted(answer, SUBMIT, context).body)
        id_ = said.get("id") if isinstance(said, dict) else None
        if not isinstance(id_, str) or not self.is_id(id_):
            raise unknown("luma accepted this, and its answer cannot be read")
        return Submitted(self.remote_of(id_), FLOOR)

    def _kind(self, recipe: Recipe) -> dict[str, Any]:
        """The model and the kind of work, as the endpoint's schema has them."""
        properties = (self.takes(self.endpoint(recipe)) or NOTHING).properties
        return {name: properties[name]["default"] for name in ("model", "type")}

    async def _inside(self, recipe: Recipe, context: Context) -> dict[str, Any]:
        """Inputs inside the request: private, and nothing of them has to be public first."""
        takes = self.takes(self.endpoint(recipe)) or NOTHING
        fields: dict[str, Any] = {}
        for role, many in recipe.inputs.items():
            name = takes.inputs.get(role, "")
            for artifact in many if name else ():
                data = await context.work(context.path(artifact.digest).read_bytes)
                one = {"data": base64.b64encode(data).decode(), "media_type": artifact.media_type}
                if name.endswith("[]"):
                    fields.setdefault(name[:-2], []).append(one)
                else:
                    fields[name] = one
        return fields

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """Ask about a job; its addresses are fresh with every answer."""
        job, headers = self.job(remote), self._headers(of_a_job=True)
        said = await self.asked(f"{self._base}/generations/{job.id}", headers, job, RESULT, context)
        if isinstance(said, Pending):
            return said
        state = said.get("state")
        if state == "failed":
            code, says = said.get("failure_code"), said.get("failure_reason")
            heard = Heard(200, [str(code)] if code else [], str(says or "the job failed"))
            raise read(FAILED, heard, self.name, self.access.key)
        if state != "completed":
            return self.later(job, plain(str(state), self.access.key), queued=state == "queued")
        outputs = tuple(_outputs(said))
        if not outputs:
            raise RemoteError(ErrorClass.BAD_OUTPUT, "luma finished without a result", maybe_billed=True)
        return Finished(outputs)

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """Luma has no way to stop a job: it runs to its end and costs what it costs."""
        self.job(remote)
        return None

    async def check_key(self, context: Context) -> None:
        """Try the key with a question that costs nothing: the list of files. Raises RemoteError."""
        await self.free("GET", f"{self._base}/files?limit=1", self._headers(), context)

    def heard(self, answer: Answer) -> Heard:
        """Luma's errors are one sentence under `detail`; what is wrong in a body may be a list."""
        said = document(answer.body)
        detail = said.get("detail") if isinstance(said, dict) else None
        parts = [str(one.get("msg", "")) for one in listed(detail) if isinstance(one, dict)]
        says = detail if isinstance(detail, str) else "; ".join(parts)
        return Heard(answer.status, [], says, self.wait(answer, says))

    def _headers(self, *, of_a_job: bool = False) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key(of_a_job=of_a_job)}"}


def _nested(body: dict[str, Any]) -> dict[str, Any]:
    """A body as Luma has it: the options of a film in `video`, those of an edit in its `edit`."""
    video = {name: body.pop(name) for name in VIDEO if name in body}
    edit = {name: body.pop(name) for name in EDIT if name in body}
    if edit:
        video["edit"] = edit
    return body | ({"video": video} if video else {})


def _outputs(said: Mapping[str, Any]) -> Iterator[Output]:
    for one in listed(said.get("output")):
        url = str(one.get("url") or "") if isinstance(one, dict) else ""
        if url.startswith(("http://", "https://")):
            yield Output(media_type(None, url, str(one.get("type"))), url=url)
