"""Second pass: one draft to one node, with its gate behind it and the files it names before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rushes.model.ids import NodeId
from rushes.model.media import Kind
from rushes.model.operation import SIGNATURES, Operation, Where
from rushes.model.problem import Path
from rushes.model.workflow import Condition, Input, LimitSpec, Node, Pick
from rushes.spec.feeds import continue_chain, finish_tail, read_input_from
from rushes.spec.forms import ON_ERROR, bad_condition, condition_parts
from rushes.spec.making import Desk, Making
from rushes.spec.notes import shown
from rushes.spec.outline import Draft, Group
from rushes.spec.params import read_params, read_prompt
from rushes.spec.settings import money, read_pick
from rushes.spec.words import LOCAL

_MOST_ATTEMPTS = 100


def build_step(draft: Draft, desk: Desk) -> None:
    """Put the node of a draft on the desk; its problems go to the notes."""
    raw = draft.raw
    desk.notes.node = draft.id
    making = Making(draft, desk)
    if "source" in raw:
        making.source = desk.notes.source(raw["source"], (*draft.path, "source")) or ""
    read_params(making)
    if "prompt" in raw:
        read_prompt(making, "prompt", raw["prompt"], (*draft.path, "prompt"))
    read_input_from(making)
    continue_chain(making)
    if draft.rows_from is not None:
        _check_rows(making)
    fills = making.fills
    policy = _policy(making)
    if "model" in raw:
        policy["model"] = _model(making)
    if desk.prefix or "description" in raw:
        policy["title"] = _title(draft, desk)
    node = Node(
        id=draft.id,
        tab=desk.tab,
        op=draft.op,
        path=draft.path,
        prompt=making.prompt,
        params=making.params,
        inputs=tuple(entry for many in fills.values() for entry in many) if fills else (),
        rows=draft.rows,
        rows_from=draft.rows_from,
        source=making.source or None,
        source_from=making.source_from,
        enabled=draft.enabled,
        **policy,
    )
    desk.nodes.append(node)
    if draft.gate:
        desk.nodes.append(_gate(making))
    draft.tail = finish_tail(making, draft.out, draft.kind or desk.names.kind(draft))


def _title(draft: Draft, desk: Desk) -> str:
    if desk.prefix:
        return draft.id[len(desk.prefix) :]
    described = draft.raw.get("description")
    return described if isinstance(described, str) else ""


def _model(making: Making) -> str | None:
    raw = making.draft.raw
    model = raw.get("model")
    if model is None:
        return None
    if making.op in LOCAL and isinstance(model, str) and model.strip():
        says = f"{making.op} is done on this machine; the model {shown(model)} is not asked"
        making.notes.say("model-local", says, (*making.draft.path, "model"), "remove it")
        return None
    if model.__class__ is not str or not model.strip() or "{{" in model:
        model = making.notes.word(raw, "model", making.draft.path)
    return None if model == "auto" else model


def _check_rows(making: Making) -> None:
    name = making.draft.rows_from
    if name is None or name == "input_lines" or name in making.desk.variables:
        return
    draft = making.draft
    path: Path = (*draft.path, "rows") if "rows" in draft.raw else (*draft.path[:-1], "for_each")
    if making.desk.names.find(name) is not None:
        says = f"{shown(name)} is a step; its rows go on by themselves"
        making.notes.say("ref-place", says, path, "name it with input_from instead")
    else:
        making.unknown(name, path)


def _policy(making: Making) -> dict[str, Any]:
    """The keys that say how a step is run; most steps have few of them, and pay for no other."""
    found: dict[str, Any] = {}
    draft = making.draft
    if draft.group is not None:
        found["limit"] = str(draft.group.id)
        _from_group(making, draft.group, found)
    if making.candidates is not None:
        found["candidates"] = making.candidates
    elif making.desk.candidates is not None and _makes_media(draft.op):
        found["candidates"] = making.desk.candidates
    if making.workers is not None:
        found["limit"] = _limit(making, making.workers)
    if not _HANDLED.isdisjoint(draft.raw):
        for key, value in draft.raw.items():
            handle = _HANDLERS.get(key)
            if handle is not None and value is not None:
                handle(making, found)
    return found


def _makes_media(op: Operation) -> bool:
    signature = SIGNATURES[op]
    return signature.where is Where.REMOTE and signature.output in (Kind.IMAGE, Kind.VIDEO)


def _description(making: Making, found: dict[str, Any]) -> None:
    if isinstance(making.draft.raw["description"], list | dict):
        making.notes.wrong(making.draft.raw, "description", making.draft.path, "a text")


def _timeout(making: Making, found: dict[str, Any]) -> None:
    found["timeout"] = making.notes.number(making.draft.raw, "timeout", making.draft.path)


def _budget(making: Making, found: dict[str, Any]) -> None:
    found["budget"] = money(making.draft.raw, "budget", making.draft.path, making.notes)


def _provider(making: Making, found: dict[str, Any]) -> None:
    found["provider"] = making.notes.word(making.draft.raw, "provider", making.draft.path)


def _on_error(making: Making, found: dict[str, Any]) -> None:
    word = making.notes.one_of(making.draft.raw, "on_error", making.draft.path, ON_ERROR)
    found["keep_going"] = word == "continue"


def _own_condition(making: Making, found: dict[str, Any]) -> None:
    found["condition"] = _condition(making, making.draft.raw["condition"], (*making.draft.path, "condition"))


def _own_limit(making: Making, found: dict[str, Any]) -> None:
    limit = _limit(making, making.notes.whole(making.draft.raw, "limit", making.draft.path))
    if limit is not None:
        found["limit"] = limit


def _approve(making: Making, found: dict[str, Any]) -> None:
    draft = making.draft
    if draft.gate:
        return  # the gate behind the step reads it
    pick = read_pick(draft.raw, draft.path, making.notes)
    if draft.op is Operation.APPROVE:
        found["pick"] = None if draft.raw["approve"] is True else pick
    elif pick is not None:
        says = f"there is nothing to approve: {draft.op} makes no candidates"
        making.notes.say("no-effect", says, (*draft.path, "approve"), "remove it")


def _from_group(making: Making, group: Group, found: dict[str, Any]) -> None:
    """What the group says for its members, unless a member says otherwise itself."""
    raw = making.draft.raw
    said = group.said("on_error")
    if said is not None and "on_error" not in raw:
        word = making.notes.one_of(said[0], "on_error", said[1], ON_ERROR)
        found["keep_going"] = word == "continue"
    said = group.said("condition")
    if said is not None and raw.get("condition") is None and said[0]["condition"] is not None:
        found["condition"] = _condition(making, said[0]["condition"], (*said[1], "condition"))


def _limit(making: Making, most: int | None) -> str | None:
    if most is None:
        return None
    draft = making.draft
    if any(limit.name == draft.id for limit in making.desk.limits):
        making.notes.say("value-conflict", "the step has two limits", draft.path, "keep one of them")
        return str(draft.id)
    parent = None if draft.group is None else str(draft.group.id)
    making.desk.limits.append(LimitSpec(name=str(draft.id), in_flight=most, parent=parent))
    return str(draft.id)


def _attempts(making: Making, found: dict[str, Any]) -> None:
    """`attempts` counts every try; `retry_count` only those after the first."""
    raw, path = making.draft.raw, making.draft.path
    if "attempts" in found:
        return  # both keys are there, and the first has looked at the other
    attempts = making.notes.whole(raw, "attempts", path, 1, _MOST_ATTEMPTS)
    retries = making.notes.whole(raw, "retry_count", path, 0, _MOST_ATTEMPTS - 1)
    found["attempts"] = attempts if attempts is not None or retries is None else retries + 1
    if attempts is not None and retries is not None and attempts != retries + 1:
        says = f"attempts is {attempts}, and retry_count {retries} means {retries + 1} attempts"
        making.notes.say("value-conflict", says, (*path, "retry_count"), "keep attempts")


def _candidates(making: Making, found: dict[str, Any]) -> None:
    raw, path = making.draft.raw, making.draft.path
    said = making.notes.whole(raw, "candidates", path, 1, 100)
    if said is None:
        return
    if making.candidates not in (None, said):
        says = f"candidates is {said}, and num_images is {making.candidates}"
        making.notes.say("value-conflict", says, (*path, "candidates"), "keep one of them")
    if said > 1 and making.op in LOCAL:
        says = f"{making.op} has one result; more candidates change nothing"
        making.notes.say("no-effect", says, (*path, "candidates"), "remove it")
        return
    found["candidates"] = said


def _condition(making: Making, value: Any, path: Path) -> Condition | None:
    parts = condition_parts(value)
    if parts is None:
        making.notes.say("value-range", *bad_condition(value, path[:-1]))
        return None
    name, wants = parts
    item = making.desk.names.find(name)
    if item is None:
        making.unknown(f"{name}.{wants}", path)
        return None
    if isinstance(item, Group):
        says = f"{shown(item.id)} is a group, and a condition asks about one step"
        making.notes.say("ref-mismatch", says, path, "name one of its members")
        return None
    return Condition(item.id, wants)


def _gate(making: Making) -> Node:
    """The gate behind a step; everything that refers to the step gets what the gate lets through."""
    draft = making.draft
    pick = read_pick(draft.raw, draft.path, making.notes)
    said = draft.raw["approve"]
    asked: Pick | None = None if said is True else pick
    return Node(
        id=NodeId(draft.out),
        tab=making.desk.tab,
        op=Operation.APPROVE,
        path=(*draft.path, "approve"),
        inputs=(Input("input", (draft.id,)),),
        pick=asked,
        enabled=draft.enabled,
    )


_HANDLERS: dict[str, Callable[[Making, dict[str, Any]], None]] = {
    "description": _description,
    "timeout": _timeout,
    "budget": _budget,
    "provider": _provider,
    "attempts": _attempts,
    "retry_count": _attempts,
    "candidates": _candidates,
    "on_error": _on_error,
    "condition": _own_condition,
    "limit": _own_limit,
    "approve": _approve,
}
_HANDLED = frozenset(_HANDLERS)
