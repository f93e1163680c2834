"""Hugging Face: pictures by one call to its own inference, `hf-inference`. The answer is the picture itself.

Sources: the wire of huggingface-hub 2.4.0; Hugging Face's pages on Inference Providers, their tasks and prices, as of
2026-11-20. Other services behind the same router speak protocols of their own, and are not reached here.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from rushes.errors import ErrorClass
from rushes.model.request import Recipe, Request
from rushes.plugin.access import Access
from rushes.plugin.provider import Context, Duplicates, Facts, Finished, Output
from rushes.providers.answering import Answering
from rushes.providers.cut import is_cut
from rushes.providers.errors import COMMON, EDGE, LOST, Heard, Row, unknown
from rushes.providers.http import Answer
from rushes.providers.remote import document, listed
from rushes.providers.said_limits import LONGEST_WAIT
from rushes.providers.spelled import Put

HOST = "https://router.huggingface.co"
HUB = "https://huggingface.co"

ANSWER_WITHIN = 300.0
"""Seconds for one call: the picture is made meanwhile."""

MOST_PICTURE = 100_000_000
"""Bytes of the largest picture that is read."""

SUBMIT: tuple[Row, ...] = (
    Row("503", ErrorClass.TRANSIENT, says="currently loading"),  # nothing has run: the model is not there yet
    Row(
        "400|404|410",
        ErrorClass.RETIRED_MODEL,
        says="not supported|does not exist|no longer|deprecated",
        next_step="choose another model: rushes models",
    ),
    Row(
        "400|403|422",
        ErrorClass.CONTENT_POLICY,
        says="nsfw|content was flagged|content policy",
        billed=True,  # how a refusal looks, and whether it is charged, is not documented
        next_step="change the prompt or the picture: the same again is refused again",
    ),
    Row("402", ErrorClass.QUOTA, next_step="add credits at huggingface.co/settings/billing"),
    *EDGE,
    *COMMON,
    *LOST,
)
"""About a call, by its words: there are no codes."""

_MAGIC = ((b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"RIFF", "image/webp"))


class HuggingFace(Answering):
    """Pictures at Hugging Face's own inference. It charges the seconds of its machines, and no answer says how many."""

    name = "huggingface"
    facts = Facts(
        duplicates=Duplicates.NEVER,
        remembers=None,  # nothing is kept that could be asked about
        bills_refusals=None,  # not documented
        outputs_live=None,  # they come with the answer
        in_flight=None,  # not documented
    )

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._host = (access.url or HOST).rstrip("/")
        self._hub = (access.url or HUB).rstrip("/")

    def put(self, recipe: Recipe) -> Put:
        """The parameters; a model that changes pictures takes one."""
        ready = super().put(recipe)
        if len(recipe.inputs.get("image", ())) > 1:
            ready.problems.append(self.problem("huggingface changes one picture", "give it one"))
        return ready

    async def submit(self, request: Request, context: Context) -> Finished:
        """Ask once and wait for the picture."""
        recipe = request.recipe
        asked = self.body(request, self.ready(recipe))
        if size := asked.pop("size", None):
            asked["width"], asked["height"] = (int(side) for side in size.split("x"))
        picture = next(iter(recipe.inputs.get("image", ())), None)
        if picture is not None:
            data = await context.work(context.path(picture.digest).read_bytes)
            asked["inputs"] = base64.b64encode(data).decode()
        body = {"inputs": asked.pop("inputs"), "parameters": asked}
        headers = {**self._headers(), "Content-Type": "application/json", "Accept": "image/png"}
        if self.access.simulated:
            headers["x-rushes-asking"] = request.key  # lets the simulator's books tell two candidates from a duplicate
        answer = await self.http.post_once(
            f"{self._host}/hf-inference/models/{self.endpoint(recipe)}",
            headers=headers,
            body=await context.work(lambda: json.dumps(body).encode()),
            within=ANSWER_WITHIN,
            most=MOST_PICTURE,
        )
        return Finished((_picture(self.accepted(answer, SUBMIT, context)),))

    async def check_key(self, context: Context) -> None:
        """Try the key with a question that costs nothing: whose it is. Raises RemoteError."""
        await self.free("GET", f"{self._hub}/api/whoami-v2", self._headers(), context)

    def heard(self, answer: Answer) -> Heard:
        """An `error` of one sentence or several; beside it the seconds after which a model that loads is there."""
        said = document(answer.body)
        said = said if isinstance(said, dict) else {}
        error: Any = said.get("error")
        if isinstance(error, dict):
            error = error.get("message")
        says = error if isinstance(error, str) else "; ".join(str(one) for one in listed(error))
        loads = said.get("estimated_time")
        wait = self.wait(answer, says)
        if wait is None and isinstance(loads, int | float) and 0 < loads <= LONGEST_WAIT:
            wait = float(loads)
        return Heard(answer.status, [], says, wait)

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key()}"}


def _picture(answer: Answer) -> Output:
    """The picture of an answer. Raises RemoteError, unknown, for what is none or ends early."""
    media_type = next((kind for magic, kind in _MAGIC if answer.body.startswith(magic)), None)
    if media_type is None:
        said = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        raise unknown(f"huggingface answered with {said or 'nothing'} and no picture: it may be paid for")
    if is_cut(answer.body):
        raise unknown("huggingface sent a picture whose end is missing: it may be paid for")
    return Output(media_type, data=answer.body)
