"""Google's Files API: inputs that are too large for a request lie there for two days, and cost nothing.

Source: the wire of google-genai 3.4.0 and Google's guide to files, as of 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Artifact
from rushes.plugin.provider import Context
from rushes.providers.errors import COMMON, Row, read
from rushes.providers.http import Answer, Unreachable
from rushes.providers.remote import Remote, document

KEPT = 48 * 3600.0
"""Seconds for which a file is kept."""

MOST = 200_000_000
"""Bytes of the largest file that is sent, in one piece; Google takes 2 GB, in pieces."""

LOOKS, PAUSE = 60, 2.0
"""How often a film that was uploaded is asked about, and how many seconds apart: Google looks through it first."""

_FAILED = (*COMMON, Row(None, ErrorClass.TRANSIENT))


def own(host: str, url: str) -> bool:
    """Whether an address is the service's: the key may go there."""
    there, here = urlsplit(url), urlsplit(host)
    return (there.scheme, there.netloc) == (here.scheme, here.netloc)


class Files:
    """The files of one account; `key` gives the header that opens it."""

    def __init__(self, of: Remote, host: str, key: Callable[[], Mapping[str, str]]) -> None:
        self._of = of
        self._host = host
        self._key = key

    async def upload(self, artifact: Artifact, context: Context) -> str:
        """Send a file, and wait until it can be used; its address. Free, so it may be repeated. Raises RemoteError."""
        if artifact.size > MOST:
            says = f"an input of {artifact.size} bytes is too large for gemini, which is sent {MOST} at most"
            raise RemoteError(ErrorClass.INVALID_INPUT, says, next_step="use a smaller file")
        place = await self._place(artifact, context)
        data = await context.work(context.path(artifact.digest).read_bytes)
        headers = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"}
        said = _file(await self._asked("POST", place, headers, context, data))
        for _look in range(LOOKS):
            uri, state = said.get("uri"), said.get("state", "ACTIVE")
            if not isinstance(uri, str) or not own(self._host, uri):
                raise RemoteError(ErrorClass.TRANSIENT, "gemini's storage answered without an address of its own")
            if state == "ACTIVE":
                return uri
            if state == "FAILED":
                raise RemoteError(ErrorClass.INVALID_INPUT, "gemini cannot read an input", next_step="use another file")
            await context.sleep(PAUSE)
            said = _file(await self._asked("GET", uri, self._key(), context))
        raise RemoteError(ErrorClass.TRANSIENT, "gemini is still looking through an input: try again later")

    async def _place(self, artifact: Artifact, context: Context) -> str:
        headers = {
            **self._key(),
            "Content-Type": "application/json",
            "X-Goog-Upload-Protocol": "resumable",
            "X-Goog-Upload-Command": "start",
            "X-Goog-Upload-Header-Content-Length": str(artifact.size),
            "X-Goog-Upload-Header-Content-Type": artifact.media_type,
        }
        body = b'{"file":{"mimeType":"%s","sizeBytes":"%d"}}' % (artifact.media_type.encode(), artifact.size)
        answer = await self._asked("POST", f"{self._host}/upload/v1/files", headers, context, body)
        place = answer.headers.get("x-goog-upload-url", "")
        if not own(self._host, place):  # what is uploaded is the customer's: it goes to the service and nowhere else
            raise RemoteError(ErrorClass.TRANSIENT, "gemini's storage names no place of its own for an input")
        return place

    async def _asked(
        self, method: str, url: str, headers: Mapping[str, str], context: Context, body: bytes = b""
    ) -> Answer:
        try:
            answer = await self._of.http.ask(method, url, headers=headers, body=body, sleep=context.sleep)
        except Unreachable as error:
            raise RemoteError(ErrorClass.TRANSIENT, f"gemini cannot be reached: {error}") from None
        if answer.status != 200:
            raise read(_FAILED, self._of.heard(answer), self._of.name, self._of.access.key)
        return answer


def _file(answer: Answer) -> Mapping[str, Any]:
    """The file of an answer, which may stand inside `file`."""
    said = document(answer.body)
    inner = said.get("file", said) if isinstance(said, dict) else None
    return inner if isinstance(inner, dict) else {}
