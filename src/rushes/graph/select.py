"""Which nodes a run may make: names to nodes, and the selection flags to one set.

Flags combine by intersection, so `--tab A --mode images` is the stills of tab A. Texts, references and gates cost
nothing and decide nothing by themselves, so they ride along with the work they serve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from difflib import get_close_matches
from fnmatch import fnmatchcase

from rushes.graph.grid import Grid
from rushes.model.ids import NodeId
from rushes.model.media import Kind, kind_of_name
from rushes.model.operation import INLINE, Operation
from rushes.model.problem import Problem, Severity, did_you_mean
from rushes.model.run import RunMode, RunOptions

_TEXT_ENDINGS = (".txt", ".md", ".json", ".srt", ".vtt")


def select(
    grid: Grid, options: RunOptions, failed: Set[NodeId], stale: Set[NodeId]
) -> tuple[frozenset[int] | None, list[Problem]]:
    """Numbers of the nodes that may run (None: all), and a problem for each name that matches nothing.

    `failed` are the nodes that failed in the run before, `stale` those whose answers are to another question than
    today's; they are read only when the flags ask for them.
    """
    problems: list[Problem] = []
    parts: list[set[int]] = []

    def named(names: Sequence[str], flag: str) -> set[int]:
        found, wrong = match(grid, names, flag)
        problems.extend(wrong)
        return found

    if options.only:
        parts.append(named(options.only, "--only"))
    if options.start:
        parts.append(closure(named(options.start, "--from"), grid.topology.children))
    if options.until:
        parts.append(closure(named(options.until, "--until"), grid.topology.parents))
    if options.tabs:
        parts.append(_tabs(grid, options.tabs, problems))
    if options.mode is not RunMode.FULL:
        parts.append(_images(grid) if options.mode is RunMode.IMAGES else _films(grid))
    if options.failed:
        parts.append(closure({grid.index[name] for name in failed if name in grid.index}, grid.topology.children))
    if options.stale:
        parts.append({grid.index[name] for name in stale if name in grid.index})
    if options.without:
        parts.append(set(range(len(grid.nodes))) - named(options.without, "--except"))
    if problems:
        return None, problems
    return (_with_riders(grid, set.intersection(*parts)) if parts else None), []


def flags_of(options: RunOptions) -> str:
    """The selection as the person wrote it: `--only scene-3 --mode images`; empty when everything is selected."""
    said: list[str] = []
    lists = (("only", options.only), ("from", options.start), ("until", options.until))
    for flag, names in (*lists, ("except", options.without), ("tab", options.tabs)):
        said.extend(f"--{flag} {name}" for name in names)
    if options.mode is not RunMode.FULL:
        said.append(f"--mode {options.mode}")
    said.extend(flag for flag, on in (("--failed", options.failed), ("--stale", options.stale)) if on)
    return " ".join(said)


def match(grid: Grid, names: Iterable[str], flag: str = "") -> tuple[set[int], list[Problem]]:
    """Node numbers for names: an id, else a title (any case), else a pattern such as `scene-*` over both.

    A name that matches nothing is a problem (`name-unknown`) that says which names are near.
    """
    ids = {str(node.id): number for number, node in enumerate(grid.nodes)}
    titles: dict[str, list[int]] = {}
    for number, node in enumerate(grid.nodes):
        if node.title:
            titles.setdefault(node.title.casefold(), []).append(number)
    found: set[int] = set()
    problems = []
    for name in names:
        if name in ids:
            found.add(ids[name])
            continue
        hits = titles.get(name.casefold()) or _by_pattern(grid, name)
        found.update(hits)
        if not hits:
            problems.append(_unknown(name, flag, [*ids, *(node.title for node in grid.nodes if node.title)]))
    return found, problems


def _by_pattern(grid: Grid, name: str) -> list[int]:
    wanted = name.casefold()
    return [
        number
        for number, node in enumerate(grid.nodes)
        if fnmatchcase(str(node.id).casefold(), wanted) or (node.title and fnmatchcase(node.title.casefold(), wanted))
    ]


def _tabs(grid: Grid, names: Sequence[str], problems: list[Problem]) -> set[int]:
    tabs = list(dict.fromkeys(node.tab for node in grid.nodes))
    wanted: set[str] = set()
    for name in names:
        hits = [tab for tab in tabs if tab == name] or [
            tab for tab in tabs if fnmatchcase(tab.casefold(), name.casefold())
        ]
        wanted.update(hits)
        if not hits:
            problems.append(_unknown(name, "--tab", tabs, what="tab"))
    return {number for number, node in enumerate(grid.nodes) if node.tab in wanted}


def _unknown(name: str, flag: str, known: Sequence[str], what: str = "step") -> Problem:
    lower = {one.casefold(): one for one in known}
    near = [lower[one] for one in get_close_matches(name.casefold(), lower, n=3)]
    some = ", ".join(list(dict.fromkeys(known))[:5])
    return Problem(
        code="name-unknown",
        severity=Severity.ERROR,
        says=f"{flag} {name!r}: there is no {what} with this name".strip(),
        try_=did_you_mean(near, f"there are: {some}"),
    )


def closure(seeds: Iterable[int], neighbours: Sequence[Sequence[int]], closed: Set[int] = frozenset()) -> set[int]:
    """The seeds and everything reachable from them without passing through `closed`."""
    seen = set(seeds)
    stack = list(seen)
    while stack:
        for one in neighbours[stack.pop()]:
            if one not in seen and one not in closed:
                seen.add(one)
                stack.append(one)
    return seen


def kinds_of(grid: Grid) -> list[Kind]:
    """What each node hands on; a gate and a passed-on reference hand on what comes in."""
    kinds = [Kind.IMAGE] * len(grid.nodes)
    for number in grid.topology.order:
        node = grid.nodes[number]
        output = node.signature.output
        if output is not None:
            kinds[number] = output
        elif node.inputs:
            kinds[number] = kinds[grid.index[node.inputs[0].refs[0]]] if node.inputs[0].refs else Kind.IMAGE
        elif node.source is not None:
            kinds[number] = _promised(node.source)
    return kinds


def _promised(source: str) -> Kind:
    """What a reference is taken for before its bytes are seen: a picture, unless its name says otherwise."""
    text = source.lower().partition("?")[0].endswith(_TEXT_ENDINGS)
    return kind_of_name(source) or (Kind.TEXT if text else Kind.IMAGE)


def _images(grid: Grid) -> set[int]:
    """Every node that hands on a picture, and all that these need."""
    kinds = kinds_of(grid)
    return closure((n for n, kind in enumerate(kinds) if kind is Kind.IMAGE), grid.topology.parents)


def _films(grid: Grid) -> set[int]:
    """Every node that makes moving pictures or sound, and what belongs to it; pictures are reused, never bought."""
    kinds = kinds_of(grid)
    pictures = {number for number, kind in enumerate(kinds) if kind is Kind.IMAGE}
    films = [number for number, kind in enumerate(kinds) if kind not in (Kind.IMAGE, Kind.TEXT)]
    above = closure(films, grid.topology.parents, pictures)
    return above | closure(films, grid.topology.children, pictures)


def _with_riders(grid: Grid, chosen: set[int]) -> frozenset[int]:
    """The chosen nodes, the inline nodes they stand on, and the gates that stand directly on them."""
    topology = grid.topology
    above = _through(grid, chosen, topology.parents, lambda node: True)
    below = _through(grid, chosen, topology.children, lambda node: grid.nodes[node].op is not Operation.PROMPT)
    return frozenset(chosen | above | below)


def _through(
    grid: Grid, seeds: Iterable[int], neighbours: Sequence[Sequence[int]], wanted: Callable[[int], bool]
) -> set[int]:
    """Inline nodes reachable from the seeds through inline nodes alone."""
    found: set[int] = set()
    stack = list(seeds)
    while stack:
        for one in neighbours[stack.pop()]:
            if one not in found and grid.nodes[one].op in INLINE and wanted(one):
                found.add(one)
                stack.append(one)
    return found
