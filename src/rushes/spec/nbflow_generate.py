"""Generator nodes: NanobananaAPI to TEXT_TO_IMAGE, Veo3 to IMAGE_TO_VIDEO or TEXT_TO_VIDEO.

Defaults where the file leaves a field out are those of the format: 9:16, 1K or 720p, 8 seconds. An absent
`outputCount` is one candidate, which is what an editor makes of it. `repeatCount` and `sampleCount` multiply it.
Times in the file are milliseconds.
"""

from __future__ import annotations

import re
from typing import Any

from rushes.model.media import Kind
from rushes.model.operation import Operation
from rushes.model.text import Ref, Text
from rushes.model.workflow import Input, Node, Param
from rushes.spec.nbflow_context import MOST_CANDIDATES, Feed, TabContext, join
from rushes.spec.nbflow_graph import GraphNode
from rushes.spec.nbflow_kinds import slot_role

FRAMES = frozenset({"frames_to_video", "start_image", "start_end_image"})
COMPONENTS = frozenset({"components", "components_to_video"})
TEXT_ONLY = frozenset({"text_to_video"})
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_VEO_MODELS = {"fast": "veo_31_fast", "relax": "veo_31_lite_relaxed", "quality": "veo_31_quality"}


def read_image(ctx: TabContext, node: GraphNode) -> Node:
    """A NanobananaAPI node."""
    roles = _by_role(ctx, node)
    props = node.props
    params: dict[str, Param] = {
        "aspect_ratio": _word(ctx, node, "aspectRatio", "9:16"),
        "resolution": _word(ctx, node, "resolution", "1K"),
    }
    return Node(
        id=node.id,
        tab=node.tab,
        op=Operation.TEXT_TO_IMAGE,
        path=node.path,
        title=node.title,
        model=_model(ctx, node, props.get("model")),
        prompt=_prompt(ctx, node, roles.get("prompt", [])),
        params=params,
        inputs=tuple(join("reference", roles.get("reference", []))),
        candidates=_candidates(ctx, node, ("outputCount", "repeatCount")),
        timeout=_timeout(ctx, node),
        enabled=node.enabled,
    )


def read_video(ctx: TabContext, node: GraphNode) -> Node:
    """A Veo3 node."""
    roles = _by_role(ctx, node)
    props = node.props
    inputs = _frames(ctx, node, roles)
    op = Operation.TEXT_TO_VIDEO
    if any(one.role == "start_frame" for one in inputs):
        op = Operation.IMAGE_TO_VIDEO
    return Node(
        id=node.id,
        tab=node.tab,
        op=op,
        path=node.path,
        title=node.title,
        model=_model(ctx, node, props.get("model") or _VEO_MODELS.get(str(props.get("veoModel")).lower())),
        prompt=_prompt(ctx, node, roles.get("prompt", [])),
        params=_video_params(ctx, node),
        inputs=inputs,
        candidates=_candidates(ctx, node, ("outputCount", "repeatCount", "sampleCount")),
        timeout=_timeout(ctx, node),
        enabled=node.enabled,
    )


def _by_role(ctx: TabContext, node: GraphNode) -> dict[str, list[Feed]]:
    """What each role receives, in the order of the slots."""
    roles: dict[str, list[Feed]] = {}
    for slot in sorted(node.feeds) if len(node.feeds) > 1 else node.feeds:
        role = slot_role(node.kind, slot, node.slot_name(slot))
        fed = ctx.feed(node, slot, node.feeds[slot], Kind.TEXT if role == "prompt" else Kind.IMAGE)
        if fed is not None:
            roles.setdefault(role, []).append(fed)
    return roles


def _prompt(ctx: TabContext, node: GraphNode, feeds: list[Feed]) -> Text | None:
    if feeds:
        return Text((Ref(feeds[0].refs[0]),))
    if any(slot_role(node.kind, slot, node.slot_name(slot)) == "prompt" for slot in node.feeds):
        return None  # something is linked, and what is wrong with it is already said
    name = node.props.get("inputVariable")
    named = ctx.prompts.get(name.strip(), []) if isinstance(name, str) and name.strip() else []
    if len(named) == 1:
        ctx.note(
            node,
            "nb-prompt-unwired",
            f"the prompt of {node.label} has no link; it is taken from {named[0].label}, which `inputVariable` names",
            try_="connect the prompt",
            at=("properties", "inputVariable"),
        )
        return Text((Ref(named[0].id),))
    ctx.note(node, "nb-prompt-missing", f"{node.label} has no prompt", try_="connect a prompt to its first input")
    return None


def _frames(ctx: TabContext, node: GraphNode, roles: dict[str, list[Feed]]) -> tuple[Input, ...]:
    said = node.props.get("mode")
    mode = said.strip().lower().replace("-", "_") if isinstance(said, str) else "frames_to_video"
    starts, ends, more = (roles.get(role, []) for role in ("start_frame", "end_frame", "reference"))
    if mode in COMPONENTS:
        return tuple(join("reference", starts + ends + more))
    if mode in TEXT_ONLY:
        if starts or ends or more:
            ctx.note(
                node,
                "nb-value-ignored",
                f"{node.label} is in the mode {said!r}, so its pictures are not used",
                try_="set `mode` to frames-to-video",
                at=("properties", "mode"),
            )
        return ()
    if mode not in FRAMES:
        ctx.note(
            node,
            "nb-mode",
            f"{node.label} is in the mode {str(said)[:60]!r}",
            try_="use frames-to-video, components or text-to-video",
            at=("properties", "mode"),
        )
    if ends and not starts and not any(node.slot_name(slot) and slot == 1 for slot in node.feeds):
        ctx.note(
            node,
            "nb-frame-missing",
            f"{node.label} has an end frame and no start frame",
            try_="connect the start frame too",
        )
    return (*join("start_frame", starts[:1]), *join("end_frame", ends[:1]), *join("reference", more))


def _video_params(ctx: TabContext, node: GraphNode) -> dict[str, Param]:
    props = node.props
    params: dict[str, Param] = {
        "aspect_ratio": _word(ctx, node, "aspectRatio", "9:16"),
        "resolution": _word(ctx, node, "resolution", "720p"),
        "duration": _whole(ctx, node, "durationSeconds", 8, 1, 600),
    }
    negative = props.get("negativePrompt")
    if isinstance(negative, str) and negative.strip():
        params["negative_prompt"] = negative
    seed = _whole(ctx, node, "seed", 0, -(2**63), 2**63)
    if seed:
        params["seed"] = seed
    return params


def _model(ctx: TabContext, node: GraphNode, value: Any) -> str | None:
    if isinstance(value, str) and value.strip():
        return value.strip()
    ctx.note(
        node,
        "nb-model-missing",
        f"{node.label} names no model, so the default is asked",
        try_="set `model`",
        at=("properties", "model"),
    )
    return None


def _word(ctx: TabContext, node: GraphNode, name: str, default: str) -> str:
    value = node.props.get(name)
    if isinstance(value, str) and value.strip():
        return value.strip()
    if value is not None and value != "":
        _wrong(ctx, node, name, value, f"a text such as {default!r}")
    return default


def _whole(ctx: TabContext, node: GraphNode, name: str, default: int, least: int, most: int) -> int:
    """A whole number, also as text ("8"): the format writes seconds so."""
    value = node.props.get(name)
    if type(value) is int and least <= value <= most:
        return value
    if value is None or value == "":
        return default
    number: int | None = None
    if (isinstance(value, float) and value.is_integer()) or (
        isinstance(value, str) and _WHOLE.fullmatch(value.strip())
    ):
        number = int(value)
    if number is None or not least <= number <= most:
        _wrong(ctx, node, name, value, f"a whole number from {least} to {most}")
        return default
    return number


def _candidates(ctx: TabContext, node: GraphNode, names: tuple[str, ...]) -> int:
    count = 1
    for name in names:
        count *= _whole(ctx, node, name, 1, 1, MOST_CANDIDATES)
    if count > MOST_CANDIDATES:
        _wrong(ctx, node, names[0], count, f"at most {MOST_CANDIDATES} in all ({' times '.join(names)})")
        return 1
    return count


def _timeout(ctx: TabContext, node: GraphNode) -> float | None:
    value = node.props.get("timeout")
    if value is None:
        return None
    if type(value) in (int, float) and 0 < value < 1e9:
        return float(value) / 1000
    _wrong(ctx, node, "timeout", value, "milliseconds, more than 0")
    return None


def _wrong(ctx: TabContext, node: GraphNode, name: str, value: object, wants: str) -> None:
    ctx.note(
        node,
        "nb-value",
        f"`{name}` of {node.label} is {_short(value)}",
        try_=f"write {wants}",
        at=("properties", name),
    )


def _short(value: object) -> str:
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, str):
        return repr(value[:60])
    if type(value) is int and abs(value) > 10**30:
        return "a very large number"
    return str(value)
