"""Films in the shape of OpenAI's Videos API: OpenAI itself has shut it down, gateways still imitate it.

Sources: the wire and the types of openai 3.54.0, OpenAI's guide to video generation, and of gateways the open source of
LiteLLM and the pages of APIYI, New API and Bifrost, as of 2026-11-21.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from rushes.errors import ErrorClass
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.plugin.takes import Takes
from rushes.providers.errors import COMMON, Heard, Row
from rushes.providers.openai.painted import sides
from rushes.providers.openai.said import part
from rushes.providers.said_limits import thousandths

FILMS = frozenset({Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_VIDEO})

SHUT_DOWN = "2026-09-24"
"""The day on which OpenAI shut its video models and the Videos API down; it names no successor."""

FLOOR = 5.0
"""Seconds between two questions about one film, at least: it takes minutes."""

AFTER = "openai-poll-after-ms"
"""The header of an answer about a film that says, in thousandths of a second, when to ask next."""

_POLICY = "change the prompt or the picture: the same again is refused again"
_BILLING = "see the billing of the account at the gateway"
_ID = re.compile(r"\w[\w.:~=+/-]{0,499}", re.ASCII)

RESULT: tuple[Row, ...] = (
    Row(None, ErrorClass.CONTENT_POLICY, code=r"moderation_blocked|sentinel_block|.*_policy_violation", billed=True,
        next_step=_POLICY),
    Row(None, ErrorClass.QUOTA, code="insufficient_quota|billing_(hard_limit_reached|not_active)", next_step=_BILLING),
    Row("404|410", ErrorClass.BAD_OUTPUT, billed=True),  # the film is no longer known: it was paid for all the same
    *COMMON,
    Row(None, ErrorClass.BAD_OUTPUT, billed=True),
)  # fmt: skip
"""About a film that was accepted: by the code of its error. What a film that failed costs is not established: some
gateways charge nothing, and OpenAI never said."""


def is_id(id_: str) -> bool:
    """Whether a text can be the id of a film. Gateways make long ones: LiteLLM's are base64, with all of its signs."""
    return _ID.fullmatch(id_) is not None and ".." not in id_


def address(id_: str) -> str:
    """The path of a film. What its id has of a path is quoted: it stays one part of the address."""
    return f"/v1/videos/{quote(id_, safe=':=+~')}"


def size(frame: Artifact | None, takes: Takes) -> str:
    """The size of a film for which none is asked: that of its first frame, where it can be had; else upright as it is.

    Left to the service, nobody knows beforehand what is made, nor what it costs.
    """
    sizes = [str(one) for one in takes.allowed("size") or ()]
    if frame is None or not frame.width or not frame.height:
        return sizes[0]
    if (exact := f"{frame.width}x{frame.height}") in sizes:
        return exact
    upright = frame.height >= frame.width
    return next(one for one in sizes if (sides(one)[1] > sides(one)[0]) is upright)


def unlike(frame: Artifact, wanted: str) -> str | None:
    """Why a first frame may be refused; None when it is as large as the film. OpenAI took no other, for nothing."""
    if not frame.width or not frame.height or (frame.width, frame.height) == sides(wanted):
        return None
    return f"the first frame is {frame.width}x{frame.height} and the film {wanted}: OpenAI took none of another size"


def is_words(piece: bytes) -> bool:
    """Whether what was fetched begins as JSON or a page does: some gateways name another address there."""
    return piece.lstrip()[:1] in (b"{", b"[", b"<")


def asked_again(film: object, headers: Mapping[str, str]) -> object:
    """A film, with the seconds after which it may be asked about again: 0.0 where the service names none."""
    return {**film, AFTER: thousandths(headers, AFTER) or 0.0} if isinstance(film, dict) else film


def progress(said: Mapping[str, Any]) -> float | None:
    """How far a film is, from 0 to 1; None where nothing that can be read says so."""
    found = said.get("progress")
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= 100:
        return None
    return found / 100


def why(said: Mapping[str, Any]) -> Heard:
    """Why a film has failed, in the service's word for it."""
    error = part(said, "error")
    return Heard(200, list(_codes(error)), str(error.get("message") or "the film has failed"))


def _codes(error: Mapping[str, Any]) -> Iterator[str]:
    for one in (error.get("code"), error.get("type")):
        if isinstance(one, str) and one:
            yield one
