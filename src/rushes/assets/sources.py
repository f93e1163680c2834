"""What the references of a workflow stand for today: files beside it and URLs, as artifacts in the store.

Bytes count only if they are media by their content, whatever their name says: a workflow that calls a password file
a picture gets a refusal, and nothing leaves this machine.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from rushes.assets.files import Memo, known_files, store_file
from rushes.assets.probe import probe
from rushes.errors import RefusedError, RushesError, StoreError
from rushes.model.ids import Digest
from rushes.model.media import Artifact, Kind, kind_of_type
from rushes.plugin.blobs import BlobStore

_FACTS = "media"  # the memo digest -> JSON of media type, size, width, height, seconds
_AT_ONCE = 8


class Source(NamedTuple):
    """What a reference stands for: an artifact, or why there is none and what to do about it."""

    artifact: Artifact | None
    says: str = ""
    next_step: str = ""


async def read_sources(refs: Iterable[str], near: Path, store: BlobStore, memo: Memo) -> dict[str, Source]:
    """Every reference, by its own text. Paths are relative to the folder `near`.

    Unchanged files cost one look at the folder; URLs are asked whether they changed. Raises nothing for a reference
    that cannot be used; StoreError when the ledger cannot be read.
    """
    wanted = list(dict.fromkeys(refs))
    paths = {ref: _path(near, ref) for ref in wanted if not _is_url(ref)}
    known = await asyncio.to_thread(known_files, list(set(paths.values())), store, memo)
    facts = _known_facts(list(known.values()), memo)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def read(ref: str) -> Source:
        path = paths.get(ref)
        if path is not None and path in known and known[path] in facts:
            return Source(facts[known[path]])
        async with gate:
            return await _guarded(lambda: _read(ref, path, store, memo))

    return dict(zip(wanted, await asyncio.gather(*(read(ref) for ref in wanted)), strict=True))


async def read_url(url: str, store: BlobStore, memo: Memo) -> Artifact:
    """The artifact at a URL now. RefusedError, NotFound or StoreError; StoreError too when it is no media."""
    from rushes.assets.fetch import fetch_url  # httpx takes longer to load than a plan without URLs takes

    return _media(await asyncio.to_thread(artifact_of, await fetch_url(url, store, memo), store, memo), url)


def read_file(path: Path, store: BlobStore, memo: Memo) -> Artifact:
    """The artifact in a file now. UserError for what cannot be read, StoreError when it is no media."""
    known = known_files([path], store, memo).get(path)
    if known is None:
        if os.path.isfile(path):  # noqa: PTH113 - the method raises for names that no file can have
            _refuse_text(probe(path).media_type, str(path))  # what is no media is not even copied
        known = store_file(path, store, memo)
    return _media(artifact_of(known, store, memo), str(path))


def _media(artifact: Artifact, name: str) -> Artifact:
    _refuse_text(artifact.media_type, name)
    return artifact


def _refuse_text(media_type: str, name: str) -> None:
    if kind_of_type(media_type) is Kind.TEXT:
        raise StoreError(
            f"{name} is text, no picture, film, sound or subtitles", next_step="write texts into the workflow itself"
        )


def artifact_of(digest: Digest, store: BlobStore, memo: Memo) -> Artifact:
    """The media facts of a stored blob, looked up or found out; StoreError when it is no media."""
    known = _known_facts([digest], memo)
    if digest in known:
        return known[digest]
    found = looked_at(digest, store.path(digest))
    memo.memoize(_FACTS, {digest: json.dumps([found.media_type, found.size, found.width, found.height, found.seconds])})
    return found


def looked_at(digest: Digest, path: Path) -> Artifact:
    """`artifact_of` for a result, whose facts the ledger keeps with it: a note of them would be a second commit."""
    media_type, width, height, seconds = probe(path)
    return _noted(digest, media_type, path.stat().st_size, width, height, seconds)


def _known_facts(digests: list[Digest], memo: Memo) -> Mapping[Digest, Artifact]:
    notes = memo.memo(_FACTS, digests)
    return {Digest(digest): _noted(Digest(digest), *json.loads(note)) for digest, note in notes.items()}


def _noted(
    digest: Digest, media_type: str, size: int, width: int | None, height: int | None, seconds: float | None
) -> Artifact:
    return Artifact(digest=digest, media_type=media_type, size=size, width=width, height=height, seconds=seconds)


async def _read(ref: str, path: Path | None, store: BlobStore, memo: Memo) -> Artifact:
    if path is not None:
        return await asyncio.to_thread(read_file, path, store, memo)
    if ref.partition(":")[0].lower() not in ("http", "https"):
        raise RefusedError(f"{ref[:120]} is no http or https address", next_step="use http, https, or a file")
    return await read_url(ref, store, memo)


async def _guarded(read: Callable[[], Awaitable[Artifact]]) -> Source:
    try:
        return Source(await read())
    except RushesError as error:
        return Source(None, error.message, error.next_step)


def _is_url(ref: str) -> bool:
    return "://" in ref or ref.startswith("data:")


def _path(near: Path, ref: str) -> Path:
    return (near / ref).absolute()
