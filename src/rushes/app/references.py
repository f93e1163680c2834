"""The bytes behind a document's references, as artifacts in the store.

Under `sketch`, which must work without a network, an address that cannot be reached is stood in for by a picture
painted from its name; it is said in the plan, and it is another artifact than the real bytes, so nothing made from it
is ever taken for the real thing.
"""

from __future__ import annotations

import asyncio
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from rushes.app.models import Models
from rushes.app.project import DEFAULT_PROVIDER, Project
from rushes.assets.sources import Source, artifact_of, read_sources
from rushes.model.canonical import base_key
from rushes.model.ids import Digest
from rushes.model.media import Artifact
from rushes.model.operation import Operation, Where
from rushes.model.problem import Problem, Severity
from rushes.model.request import Recipe, Request
from rushes.model.workflow import Node, Workflow
from rushes.plugin.provider import Finished

_STAND_IN = "stand-in"  # the memo: version and address -> digest


async def read_references(
    project: Project, workflow: Workflow, folder: Path, models: Models
) -> tuple[dict[str, Artifact], list[Problem]]:
    """Every reference by its own text, and a problem for each one that cannot be had."""
    nodes = [node for node in workflow.nodes() if node.source is not None]
    if not nodes:
        return {}, []
    found = await read_sources((node.source or "" for node in nodes), folder, project.store, project.ledger)
    artifacts = {ref: source.artifact for ref, source in found.items() if source.artifact is not None}
    problems: list[Problem] = []
    offline = project.simulator is not None or _all_sketched(workflow, models)
    for node in nodes:
        ref = node.source or ""
        if ref in artifacts:
            continue
        if offline and ref.startswith(("http://", "https://")):
            artifacts[ref] = await _stand_in(project, ref)
            problems.append(_stood_in(node, found[ref]))
        else:
            problems.append(_unread(node, found[ref]))
    return artifacts, problems


def _all_sketched(workflow: Workflow, models: Models) -> bool:
    remote = [node for node in workflow.nodes() if node.signature.where is Where.REMOTE]
    return all(models.provider_of(node) in (DEFAULT_PROVIDER, "local") for node in remote)


async def _stand_in(project: Project, url: str) -> Artifact:
    sketch = project.provider(DEFAULT_PROVIDER)
    name = unquote(PurePosixPath(urlsplit(url).path).stem).replace("-", " ").replace("_", " ") or "reference"
    recipe = Recipe(
        op=Operation.TEXT_TO_IMAGE,
        provider=sketch.name,
        model=sketch.version("stand-in"),
        prompt=name,
        params={"aspect_ratio": "1:1", "resolution": "512px"},
        inputs={},
    )
    noted = f"{recipe.model} {url}"
    known = project.ledger.memo(_STAND_IN, [noted]).get(noted)
    if known is None or not project.store.has(Digest(known)):
        from rushes.engine.clock import SystemClock  # a plan that paints nothing loads no engine
        from rushes.engine.parts import JobContext

        base = base_key(recipe.plain())
        request = Request(recipe=recipe, base=base, candidate=0, salt=0, seed=int(base[4:12], 16) & 0x7FFFFFFF)
        context = JobContext(project.scratch, "", project.store, SystemClock(), project.ledger)
        answer = await sketch.submit(request, context)
        assert isinstance(answer, Finished), "the sketch provider answers at once"
        digest, _size = await project.store.put_stream(sketch.fetch(answer.outputs[0], context))
        project.ledger.memoize(_STAND_IN, {noted: digest})
        known = digest
    return await asyncio.to_thread(artifact_of, Digest(known), project.store, project.ledger)


def _stood_in(node: Node, source: Source) -> Problem:
    return node.problem(
        "reference-stand-in",
        f"{node.source} cannot be reached: sketch paints a stand-in from its name",
        why=source.says,
        try_="the real picture is used as soon as it can be fetched",
        severity=Severity.WARNING,
    )


def _unread(node: Node, source: Source) -> Problem:
    return node.problem(
        "reference-unreadable",
        source.says or f"{node.source} cannot be read",
        why="what needs it cannot be made",
        try_=source.next_step or "name a picture, clip or sound that exists",
    )
