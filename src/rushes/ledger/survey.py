"""All of a ledger, a page at a time: for those who look after the store. Memory does not grow with the ledger."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from rushes.ledger.database import Row
from rushes.ledger.ledger import Ledger
from rushes.ledger.project import to_json
from rushes.ledger.skimmed import pages
from rushes.model.ids import BaseKey, Digest, NodeId, RunId

_PAGE = 2000
_SAMPLES = 200
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


class Made(NamedTuple):
    """A question with the blobs that it was asked with, and those that answered it."""

    base: BaseKey
    inputs: frozenset[Digest]
    outputs: frozenset[Digest]


class Named(NamedTuple):
    """An event that names blobs: its kind, when it was written (unix seconds), its node and row if it has them."""

    kind: str
    at: float
    node: NodeId | None
    row: int | None
    digests: frozenset[Digest]


def artifacts(ledger: Ledger) -> Iterator[tuple[Digest, int]]:
    """Every artifact with its size in bytes."""
    for digest, size in _pages(ledger, "SELECT digest, size FROM artifacts WHERE digest > ? ORDER BY digest LIMIT ?"):
        yield Digest(digest), size


def approvals(ledger: Ledger) -> Iterator[tuple[BaseKey, Digest, str]]:
    """Every decision: question, artifact, choice. Those of one question together, in the order they were made in."""
    subjects = "SELECT DISTINCT subject FROM decisions WHERE subject > ? ORDER BY subject LIMIT ?"
    for (subject,) in _pages(ledger, subjects):
        for decisions in ledger.decisions([subject]).values():
            for one in decisions:
                yield BaseKey(subject), one.artifact, str(one.choice)


def made(ledger: Ledger) -> Iterator[Made]:
    """Every question that has results."""
    page: list[BaseKey] = []
    for (base,) in _pages(ledger, "SELECT DISTINCT base FROM results WHERE base > ? ORDER BY base LIMIT ?"):
        page.append(BaseKey(base))
        if len(page) == _PAGE:
            yield from _made(ledger, page)
            page.clear()
    yield from _made(ledger, page)


def named_in(ledger: Ledger, run: RunId) -> Iterator[Named]:
    """Every event of a run that names a blob, in order."""
    for rows in pages(ledger.database, run):
        for _seq, at, kind, body in rows:
            found = frozenset(map(Digest, _DIGEST.findall(body)))
            if found:
                place = json.loads(body).get("place") or {}
                yield Named(kind, at, place.get("node"), place.get("row"), found)


def noted(ledger: Ledger) -> Iterator[Digest]:
    """Every blob that a note names: references that were read, stand-ins, media facts."""
    kinds = ledger.database.read("SELECT DISTINCT kind FROM memos ORDER BY kind")
    for (kind,) in kinds:
        sql = "SELECT name, body FROM memos WHERE kind = ? AND name > ? ORDER BY name LIMIT ?"
        for name, body in _pages(ledger, sql, kind):
            yield from map(Digest, _DIGEST.findall(f"{name} {body}"))


def samples(ledger: Ledger, op: str, provider: str, model: str) -> list[tuple[int, str]]:
    """Some results of one model: bytes, and JSON of media type, width, height, seconds. A few hundred at most."""
    # a body is written in one order, whatever wrote it (`Recipe.plain`)
    start = to_json({"op": op, "provider": provider, "model": model})[:-1] + ","
    rows = ledger.database.read(
        "SELECT results.size, results.media FROM recipes JOIN results ON results.base = recipes.base"
        " WHERE substr(recipes.body, 1, ?) = ? AND results.size IS NOT NULL LIMIT ?",
        (len(start), start, _SAMPLES),
    )
    return [(size, media) for size, media in rows]


def noted_under(ledger: Ledger, kind: str) -> list[str]:
    """The names of all notes of one kind."""
    return [name for (name,) in ledger.database.read("SELECT name FROM memos WHERE kind = ? ORDER BY name", (kind,))]


def _made(ledger: Ledger, bases: list[BaseKey]) -> Iterator[Made]:
    results = ledger.results(bases)
    for base, recipe in ledger.recipes(list(results)).items():
        inputs = (one for many in (recipe.get("inputs") or {}).values() for one in many)
        outputs = (artifact.digest for result in results.get(base, ()) for artifact in result.value.artifacts)
        yield Made(base, frozenset(map(Digest, inputs)), frozenset(outputs))


def _pages(ledger: Ledger, sql: str, *before: str) -> Iterator[Row]:
    """The rows of a query whose last two arguments are the key after which to go on, and how many."""
    after = ""
    while rows := ledger.database.read(sql, (*before, after, _PAGE)):
        yield from rows
        after = rows[-1][0]
        if len(rows) < _PAGE:
            return
