"""Use case: what is different between two versions of a workflow, and what that means for a run. Buys nothing."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from rushes.app.begun import document_of
from rushes.app.diff_means import Means, asked_by, means
from rushes.app.diff_unseen import unseen
from rushes.app.plan import Prepared, prepare_document, read_file
from rushes.app.project import Project
from rushes.app.show import run_named
from rushes.errors import NotFound, RushesError
from rushes.graph.diff import Diff, NodeDiff, diff
from rushes.graph.diff_match import Asked
from rushes.graph.diff_node import Change
from rushes.model.ids import Digest
from rushes.model.problem import ProblemsError, Severity
from rushes.model.run import RunOptions
from rushes.model.text import Text
from rushes.model.wording import Share, compared, share
from rushes.model.workflow import Node
from rushes.spec.load import Loaded, load

_RUN = "run:"
_QUOTED = re.compile(r'"[^"]*"|“[^”]*”')


class Side(NamedTuple):
    """One of the two versions: a file, or the document that a run began with. `options` are that run's."""

    name: str
    file: Path
    data: bytes
    run: str | None = None
    options: RunOptions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two versions and what is different.

    `words` is how much of all that prompts and rows say was rewritten, in nodes that are in both, `spoken` how much of
    what is said in quotes. `means` is None, with the reason in `unknown`, where one of them cannot be run as it is.
    `unseen` counts, by name, what differs in the files and changes no result.
    """

    old: Side
    new: Side
    diff: Diff
    words: Share
    spoken: Share
    means: Means | None
    unknown: str
    unseen: dict[str, int]

    @property
    def same(self) -> bool:
        """Whether both are one workflow."""
        return self.diff.empty

    def plain(self) -> dict[str, Any]:
        """As JSON; money as strings."""
        return {
            "old": _plain_side(self.old),
            "new": _plain_side(self.new),
            "same": self.same,
            "tabs": [one._asdict() for one in self.diff.tabs],
            "nodes": [_plain_node(one) for one in self.diff.nodes],
            "workflow": [_plain_change(one) for one in self.diff.workflow],
            "unchanged": self.diff.same,
            "words": self.words._asdict(),
            "spoken": self.spoken._asdict(),
            "means": None if self.means is None else self.means.plain(),
            "unknown": self.unknown,
            "unseen": self.unseen,
        }


async def compare(project: Project, old: str, new: str, options: RunOptions) -> Compared:
    """Compare two versions, each named by a file, a run's id, or `run:ID`.

    Both are looked at under the same `options`; where one is a run, what it was asked with counts. Raises NotFound,
    UserError for what cannot be read, ProblemsError for what is no workflow.
    """
    sides = side_of(project, old), side_of(project, new)
    options = _options(project, sides, options)
    loaded = [_loaded(side) for side in sides]
    prepared: list[Prepared] = []
    unknown = ""
    for side in sides:
        try:
            prepared.append(await prepare_document(project, side.file, side.data, options))
        except ProblemsError as error:
            unknown = unknown or f"{side.name}: {error.problems[0].says}"
        except RushesError as error:
            unknown = unknown or f"{side.name}: {error.message}"
    behind = [_bytes(one) for one in prepared] if not unknown else [{}, {}]
    before, after = loaded[0].workflow, loaded[1].workflow
    assert before is not None and after is not None
    asked: tuple[Asked, Asked] = ({}, {}) if unknown else (asked_by(prepared[0]), asked_by(prepared[1]))
    found = diff(before, after, behind[0], behind[1], asked)
    texts = list(_texts(found, asked))
    return Compared(
        old=sides[0],
        new=sides[1],
        diff=found,
        words=_rewritten(texts, str),
        spoken=_rewritten(texts, _spoken),
        means=None if unknown else means(prepared[0], prepared[1]),
        unknown=unknown,
        unseen=unseen(loaded[0].document, loaded[1].document, found),
    )


def side_of(project: Project, said: str) -> Side:
    """The version that a person names. A file comes before a run of the same name."""
    path = Path(said)
    named = said[len(_RUN) :] if said.lower().startswith(_RUN) else None
    if named is None and (path.exists() or path.suffix):
        return Side(said, path, read_file(path))
    try:
        record = run_named(project, named or said)
    except NotFound as error:
        if named is not None:
            raise
        raise NotFound(
            f"{said} is neither a file nor a run", next_step=f"name a workflow file, or a run: {error.next_step}"
        ) from error
    return Side(f"run {record.id}", Path(record.file), document_of(project, record), record.id, record.options)


def _options(project: Project, sides: Iterable[Side], given: RunOptions) -> RunOptions:
    """What both are asked with: the flags, and where they say nothing what the run was asked with that is compared."""
    run = next((side.options for side in sides if side.options is not None), None)
    if run is not None:
        variables = {**run.variables, **given.variables}
        provider, candidates = given.provider or run.provider, run.candidates
        given = dataclasses.replace(given, variables=variables, provider=provider, candidates=candidates)
    return dataclasses.replace(given, sim=project.config.sim.value)


def _loaded(side: Side) -> Loaded:
    loaded = load(str(side.file), side.data)
    if loaded.workflow is None:
        raise ProblemsError([one for one in loaded.problems if one.severity is Severity.ERROR], what=side.name)
    return loaded


def _bytes(prepared: Prepared) -> dict[str, Digest]:
    return {name: artifact.digest for name, artifact in prepared.setting.sources.items()}


# --- words ------------------------------------------------------------------------------------------------------


def _texts(found: Diff, asked: tuple[Asked, Asked]) -> Iterator[tuple[str, str]]:
    """What each node says in both versions; a node that asks the very same says the same, wherever its words stand."""
    for old, new in found.pairs:
        question = asked[0].get(old.id)
        same = question is not None and question == asked[1].get(new.id)
        yield (_said(new) if same else _said(old)), _said(new)


def _rewritten(texts: Iterable[tuple[str, str]], part: Callable[[str], str]) -> Share:
    total = Share(0, 0)
    for old, new in texts:
        total += share(compared(part(old), part(new)))
    return total


def _said(node: Node) -> str:
    """All that a node says to a model, what is open left out."""
    texts = list(node.rows or ())
    if isinstance(node.prompt, Text):
        texts.append("".join(part for part in node.prompt.parts if isinstance(part, str)))
    return "\n".join(texts)


def _spoken(text: str) -> str:
    return "\n".join(_QUOTED.findall(text))


# --- as JSON ----------------------------------------------------------------------------------------------------


def _plain_side(side: Side) -> dict[str, Any]:
    return {"name": side.name, "file": str(side.file), "run": side.run}


def _plain_node(one: NodeDiff) -> dict[str, Any]:
    kind = "changed" if one.old and one.new else "added" if one.new else "removed"
    return {
        "kind": kind,
        "op": one.op,
        "old": None if one.old is None else one.old._asdict(),
        "new": None if one.new is None else one.new._asdict(),
        "changes": [_plain_change(change) for change in one.changes],
    }


def _plain_change(change: Change) -> dict[str, Any]:
    words = None if change.share is None else change.share._asdict()
    return {"field": change.field, "old": change.old, "new": change.new, "words": words, "says": change.says}
