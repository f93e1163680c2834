"""Prompt nodes: plain, template, dynamic and batch.

What the modes mean: a *dynamic* prompt has one row for each entry of `dynamicRows`; a *template* puts what its
input slots receive into its `{placeholders}`; a *batch* prompt is read as one row for each line of its text that
is not empty (public descriptions name the mode and not its separator, so the count is said in a warning).
"""

from __future__ import annotations

from rushes.model.media import Kind
from rushes.model.operation import Operation
from rushes.model.problem import Edit, Path
from rushes.model.text import Ref, Text, Var, plain
from rushes.model.workflow import Node
from rushes.spec.nbflow_context import TabContext
from rushes.spec.nbflow_graph import GraphNode, Link
from rushes.spec.nbflow_kinds import PLACEHOLDER, NodeKind
from rushes.spec.text import ITEM


def read_prompt(ctx: TabContext, node: GraphNode) -> Node:
    """A PROMPT node; what cannot be read is noted and left out."""
    props = node.props
    rows: tuple[str, ...] | None = None
    dynamic, template = props.get("dynamicMode") is True, props.get("templateMode") is True
    if dynamic and template:
        ctx.note(
            node,
            "nb-prompt-modes",
            f"{node.label} is a template and dynamic at once",
            try_="split it: one dynamic prompt that feeds one template",
            at=("properties", "templateMode"),
        )
    if dynamic:
        rows, prompt = _rows(ctx, node), ITEM
    elif template:
        prompt = _template(ctx, node)
    elif props.get("batchMode") is True:
        rows, prompt = _batch(ctx, node), ITEM
    else:
        prompt = plain(_text(ctx, node))
    if rows == ():
        says, try_ = f"{node.label} has no rows", "give it at least one row"
        ctx.note(node, "nb-rows-empty", says, try_=try_, at=("properties", "dynamicRows" if dynamic else "text"))
    if not template and node.feeds:
        ctx.note(
            node,
            "nb-input-unused",
            f"{node.label} has a link to an input and is no template, so the input is not read",
            try_="switch its template mode on, or take the link out",
            at=("properties", "templateMode"),
        )
    return Node(
        id=node.id,
        tab=node.tab,
        op=Operation.PROMPT,
        path=node.path,
        title=node.title,
        prompt=prompt,
        rows=rows,
        enabled=node.enabled,
    )


def _text(ctx: TabContext, node: GraphNode) -> str:
    text = node.props.get("text")
    if isinstance(text, str):
        return text
    if text is not None:
        ctx.note(
            node,
            "nb-prompt-shape",
            f"the text of {node.label} is {type(text).__name__}, not a text",
            try_="write the prompt as one text in quotes",
            at=("properties", "text"),
        )
    return ""


def _rows(ctx: TabContext, node: GraphNode) -> tuple[str, ...]:
    rows = node.props.get("dynamicRows")
    if not isinstance(rows, list):
        ctx.note(
            node,
            "nb-rows-shape",
            f"the rows of {node.label} are not a list",
            try_="write `dynamicRows` as a list of texts",
            at=("properties", "dynamicRows"),
        )
        return ()
    kept: list[str] = []
    for number, row in enumerate(rows):
        if isinstance(row, str):
            kept.append(row)
            continue
        at = ("properties", "dynamicRows", number)
        says = f"row {number + 1} of {node.label} is not a flat text"
        ctx.note(
            node, "nb-rows-shape", says, try_="write the row as one text in quotes", at=at, fix=_flat(node, at, row)
        )
        kept.append("")
    return tuple(kept)


def _flat(node: GraphNode, at: Path, row: object) -> tuple[Edit, ...]:
    """An object with one text in it can only mean that text."""
    texts = [value for value in row.values() if isinstance(value, str)] if isinstance(row, dict) else []
    return (Edit((*node.path, *at), texts[0]),) if len(texts) == 1 else ()


def _batch(ctx: TabContext, node: GraphNode) -> tuple[str, ...]:
    rows = tuple(line.strip() for line in _text(ctx, node).splitlines() if line.strip())
    ctx.note(
        node,
        "nb-batch",
        f"{node.label} is in batch mode and is read as one prompt for each line: {len(rows)} of them",
        try_="use a dynamic prompt to be sure",
        at=("properties", "batchMode"),
    )
    return rows


def _template(ctx: TabContext, node: GraphNode) -> Text:
    text = _text(ctx, node)
    parts: list[str | Ref | Var] = []
    end = 0
    found: dict[str, Ref | None] = {}
    wired = _wired(ctx, node)
    for hole in PLACEHOLDER.finditer(text):
        name = hole[1]
        if name not in found:
            found[name] = _fill(ctx, node, name, wired)
        ref = found[name]
        if ref is None:
            continue
        if hole.start() > end:
            parts.append(text[end : hole.start()])
        parts.append(ref)
        end = hole.end()
    if end < len(text) or not parts:
        parts.append(text[end:])
    return Text(tuple(parts))


def _wired(ctx: TabContext, node: GraphNode) -> dict[str, tuple[int, Link]]:
    """The links of a template by the placeholder they are for: the slot's name, else the name of what is linked."""
    wired: dict[str, tuple[int, Link]] = {}
    for slot, link in node.feeds.items():
        source = ctx.tab.nodes[link.source]
        if source.kind is NodeKind.PROMPT and source.variable:
            wired.setdefault(source.variable, (slot, link))
    for slot, link in node.feeds.items():
        name = node.slot_name(slot).strip()
        if name:
            wired[name] = (slot, link)
    return wired


def _fill(ctx: TabContext, node: GraphNode, name: str, wired: dict[str, tuple[int, Link]]) -> Ref | None:
    """The prompt that fills a placeholder: one that is linked for it, else the only one of that name."""
    if name in wired:
        fed = ctx.feed(node, *wired[name], Kind.TEXT)
        return Ref(fed.refs[0]) if fed else None
    others = [other for other in ctx.prompts.get(name, ())[:3] if other is not node]
    if len(others) == 1:
        ctx.note(
            node,
            "nb-placeholder-unwired",
            f"{{{name}}} in {node.label} has no link; it is filled from {others[0].label}, which has that name",
            try_=f"connect {others[0].label} to the input {name!r}",
            at=("properties", "text"),
        )
        return Ref(others[0].id)
    many = "several prompts have" if others else "no prompt of this tab has"
    ctx.note(
        node,
        "nb-placeholder-open",
        f"{{{name}}} in {node.label} is filled by nothing: {many} that `variableName`",
        try_=f"connect a prompt whose `variableName` is {name!r} to an input of that name",
        at=("properties", "text"),
    )
    return None
