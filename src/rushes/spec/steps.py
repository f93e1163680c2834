"""Second pass: one draft to one node, with its gate behind it and the files it names before it."""

from __future__ import annotations

import re
from typing import Any

from rushes.model.ids import NodeId
from rushes.model.operation import Operation
from rushes.model.problem import Path
from rushes.model.workflow import Condition, Input, LimitSpec, Node, Pick
from rushes.spec.feeds import continue_chain, finish_tail, read_input_from
from rushes.spec.making import Desk, Making
from rushes.spec.notes import shown
from rushes.spec.outline import Draft, Group
from rushes.spec.params import read_params, read_prompt
from rushes.spec.refs import bare
from rushes.spec.settings import money, read_pick
from rushes.spec.words import LOCAL

_PLAIN_KEYS = frozenset({"name", "type", "model", "params", "prompt", "input_from", "rows", "enabled", "source"})
_CONDITION = re.compile(r"(.+)\.(failed|failure|succeeded|success|completed|done)")
_IMAGE_MAKERS = (Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE)
_MOST_ATTEMPTS = 100


def build_step(draft: Draft, desk: Desk) -> None:
    """Put the node of a draft on the desk; its problems go to the notes."""
    raw = draft.raw
    desk.notes.node = draft.id
    making = Making(draft, desk)
    if "source" in raw:
        making.source = desk.notes.source(raw["source"], (*draft.path, "source"))
    read_params(making)
    if "prompt" in raw:
        read_prompt(making, "prompt", raw["prompt"], (*draft.path, "prompt"))
    read_input_from(making)
    continue_chain(making)
    _check_rows(making)
    node = Node(
        id=draft.id,
        tab=desk.tab,
        op=draft.op,
        path=draft.path,
        title=_title(draft, desk),
        model=_model(making),
        prompt=making.prompt,
        params=making.params,
        inputs=tuple(entry for many in making.fills.values() for entry in many),
        rows=draft.rows,
        rows_from=draft.rows_from,
        source=making.source,
        enabled=draft.enabled,
        **_policy(making),
    )
    desk.nodes.append(node)
    if draft.gate:
        desk.nodes.append(_gate(making))
    draft.tail = finish_tail(making, draft.out, desk.names.kind(draft))


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
    if making.op in LOCAL:
        says = f"a {making.op} step is done on this machine; the model {shown(model)} is not asked"
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
    """The keys that say how a step is run; most steps have none of them."""
    draft = making.draft
    raw, path, notes = draft.raw, draft.path, making.notes
    found: dict[str, Any] = {}
    if draft.group is not None:
        found["limit"] = str(draft.group.id)
        _from_group(making, draft.group, found)
    if making.candidates is not None:
        found["candidates"] = making.candidates
    if making.workers is not None:
        found["limit"] = _limit(making, making.workers)
    if raw.keys() <= _PLAIN_KEYS:
        return found
    if "description" in raw and not isinstance(raw["description"], str | int | float | None):
        notes.wrong(raw, "description", path, "a text")
    found["timeout"] = notes.number(raw, "timeout", path)
    found["budget"] = money(raw, "budget", path, notes)
    found["provider"] = notes.word(raw, "provider", path)
    found["attempts"] = _attempts(making)
    _candidates(making, found)
    if "on_error" in raw:
        found["keep_going"] = notes.one_of(raw, "on_error", path, ("continue", "stop", "fail")) == "continue"
    if raw.get("condition") is not None:
        found["condition"] = _condition(making, raw["condition"], (*path, "condition"))
    if raw.get("limit") is not None:
        found["limit"] = _limit(making, notes.whole(raw, "limit", path)) or found.get("limit")
    if "approve" in raw and not draft.gate:
        pick = read_pick(raw, path, notes)
        if draft.op is Operation.APPROVE:
            found["pick"] = pick
        elif pick is not None:
            says = f"there is nothing to approve: a {draft.op} step makes no candidates"
            notes.say("no-effect", says, (*path, "approve"), "remove it")
    return found


def _from_group(making: Making, group: Group, found: dict[str, Any]) -> None:
    """What the group says for its members, unless a member says otherwise itself."""
    raw = making.draft.raw
    said = group.said("on_error")
    if said is not None and "on_error" not in raw:
        word = making.notes.one_of(said[0], "on_error", said[1], ("continue", "stop", "fail"))
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


def _attempts(making: Making) -> int | None:
    """`attempts` counts every try; `retry_count` only those after the first."""
    raw, path = making.draft.raw, making.draft.path
    attempts = making.notes.whole(raw, "attempts", path, 1, _MOST_ATTEMPTS)
    retries = making.notes.whole(raw, "retry_count", path, 0, _MOST_ATTEMPTS - 1)
    if retries is None:
        return attempts
    if attempts is not None and attempts != retries + 1:
        says = f"attempts is {attempts}, and retry_count {retries} means {retries + 1} attempts"
        making.notes.say("value-conflict", says, (*path, "retry_count"), "keep attempts")
    return attempts or retries + 1


def _candidates(making: Making, found: dict[str, Any]) -> None:
    raw, path = making.draft.raw, making.draft.path
    said = making.notes.whole(raw, "candidates", path, 1, 100)
    if said is None:
        return
    if making.candidates not in (None, said):
        says = f"candidates is {said}, and num_images is {making.candidates}"
        making.notes.say("value-conflict", says, (*path, "candidates"), "keep one of them")
    if said > 1 and making.op in LOCAL:
        says = f"a {making.op} step has one result; more candidates change nothing"
        making.notes.say("no-effect", says, (*path, "candidates"), "remove it")
        return
    found["candidates"] = said


def _condition(making: Making, value: Any, path: Path) -> Condition | None:
    match = _CONDITION.fullmatch(bare(value)) if isinstance(value, str) else None
    if match is None:
        says = f"the condition is {shown(value)}"
        making.notes.say("value-range", says, path, "write NAME.failed or NAME.succeeded")
        return None
    item = making.desk.names.find(match.group(1))
    if item is None:
        making.unknown(match.group(1) + ".", path)
        return None
    if isinstance(item, Group):
        says = f"{shown(item.id)} is a group, and a condition asks about one step"
        making.notes.say("ref-mismatch", says, path, "name one of its members")
        return None
    return Condition(item.id, "failed" if match.group(2).startswith("fail") else "done")


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
