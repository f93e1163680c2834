"""First pass over the steps: names, types, groups and rows, so that the second pass can resolve any reference.

Nothing here looks at parameters or references. The order of the file is kept in `before`: what a step without
a reference of its own continues from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rushes.model.ids import NodeId
from rushes.model.media import Kind
from rushes.model.operation import INLINE, SIGNATURES, Operation
from rushes.model.problem import Path, did_you_mean
from rushes.model.workflow import LimitSpec, Mode
from rushes.spec.forms import INPUT_FROM, ON_ERROR, bad_condition, condition_parts, is_input_from
from rushes.spec.notes import Notes, Raw, shown
from rushes.spec.settings import PICKS, read_rows
from rushes.spec.text import Hole, split
from rushes.spec.words import (
    ANY_STEP_KEYS,
    BATCH,
    BATCH_KEYS,
    GROUP,
    GROUP_KEYS,
    GROUP_PARAMS,
    MEDIA_KEYS,
    STEP_KEYS,
    TYPES,
    UNSUPPORTED,
)

_MEDIA = Operation.MEDIA  # looked up once
_LONGEST_NAME = 200
_MEANT_OTHERWISE = re.compile(r"[{}\\]")  # in a name: the braces of a hole, a folder
STRATEGIES = ("collect_all", "first_success")
"""What `merge_strategy` may say."""

_PICKS = {*PICKS, "first_clean", "yes", "on"}


class Tail(NamedTuple):
    """What a step offers to the one after it.

    `media` are nodes with their kinds; `text` are nodes that make texts; `story` is the last generated prompt of the
    chain; `start` is true while nothing has taken the place of the run's own input.
    """

    media: tuple[tuple[NodeId, Kind | None], ...] = ()
    mode: Mode = Mode.ALL
    text: tuple[NodeId, ...] = ()
    story: NodeId | None = None
    start: bool = False


START = Tail(start=True)


class Draft:
    """A step that has a name and a type, and is not yet a node."""

    __slots__ = (
        "before",
        "doubtful",
        "enabled",
        "gate",
        "group",
        "id",
        "kind",
        "op",
        "path",
        "raw",
        "rows",
        "rows_from",
        "tail",
    )

    def __init__(self, node: NodeId, op: Operation, raw: Raw, path: Path, group: Group | None) -> None:
        self.id = node
        self.op = op
        self.kind = SIGNATURES[op].output  # None: what it is fed
        self.raw = raw
        self.path = path
        self.group = group
        self.before: Draft | Group | None = None
        self.enabled = True
        self.gate = False
        self.doubtful = False  # it has a key that means nothing, which may stand for one that is missing
        self.rows: tuple[str, ...] | None = None
        self.rows_from: str | None = None
        self.tail: Tail | None = None

    @property
    def out(self) -> NodeId:
        """The node that others refer to: the gate where there is one."""
        return NodeId(f"{self.id}.approve") if self.gate else self.id


class Group:
    """A parallel group: a name for its members, and a ceiling on them."""

    __slots__ = ("before", "enabled", "id", "members", "mode", "parent", "path", "raw")

    def __init__(self, name: NodeId, raw: Raw, path: Path, parent: Group | None) -> None:
        self.id = name
        self.raw = raw
        self.path = path
        self.parent = parent
        self.before: Draft | Group | None = None
        self.enabled = True
        self.members: list[Draft] = []
        self.mode = Mode.ALL

    def said(self, key: str) -> tuple[Raw, Path] | None:
        """What this group, or the nearest one around it, says for its members; None for nothing."""
        group: Group | None = self
        while group is not None:
            if key in group.raw:
                return group.raw, group.path
            group = group.parent
        return None


Item = Draft | Group


@dataclass(slots=True)
class Outline:
    """One tab, read once. `names` holds every name that a reference in this tab may use."""

    tab: str
    prefix: str
    names: dict[str, Item] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    limits: list[LimitSpec] = field(default_factory=list)


class Outliner:
    """Reads the steps of one tab. `taken` are the ids of the whole document."""

    def __init__(self, tab: str, prefix: str, notes: Notes, taken: set[str], lists: dict[str, tuple[str, ...]]) -> None:
        self.outline = Outline(tab, prefix)
        self._notes = notes
        self._taken = taken
        self._lists = lists

    def read(self, steps: Any, path: Path) -> Outline:
        """Every step of the list, groups and batches opened."""
        self._notes.tab = self.outline.tab
        self._steps(steps, path, None, "")
        return self.outline

    def _steps(self, steps: Any, path: Path, group: Group | None, prefix: str) -> None:
        before: Item | None = None if group is None else group.before
        for index, raw in enumerate(steps):
            item = self._step(raw, (*path, index), index, group, prefix, before)
            if item is not None and item.enabled and group is None:
                before = item

    def _step(
        self, raw: Any, path: Path, index: int, group: Group | None, prefix: str, before: Item | None
    ) -> Item | None:
        if raw.__class__ is not dict:
            says = f"step {index + 1} is {shown(raw)}"
            self._notes.say("value-type", says, path, "write a mapping with a type: `- type: text_to_image`")
            return None
        name = self._name(raw, path, index, prefix)
        self._notes.node = name
        kind = raw.get("type")
        op = TYPES.get(kind) if kind.__class__ is str else None
        item: Item | None
        if op is not None:
            item = self._draft(name, op, raw, path, group)
        elif kind == GROUP:
            return self._group(name, raw, path, group, before)
        elif kind == BATCH:
            item = self._batch(name, raw, path, index, group, prefix)
        else:
            self._no_type(raw, kind, path)
            self._notes.keys(raw, ANY_STEP_KEYS, path, "a step")
            return self._stand_in(name, path, group)
        if item is not None:
            item.before = before
        return item

    def _stand_in(self, name: str, path: Path, group: Group | None) -> Draft:
        """For a step of no known type: what refers to it is not wrong as well, so it makes something of any kind."""
        draft = Draft(NodeId(self.outline.prefix + name), Operation.MEDIA, {}, path, group)
        draft.tail = Tail(media=((draft.id, None),), text=(draft.id,))
        self.outline.names[name] = draft
        return draft

    def _name(self, raw: Raw, path: Path, index: int, prefix: str) -> str:
        """The step's own name, or its place. A name that is taken already is refused, and the place is used."""
        given = raw.get("name")
        if given is None:
            name = _place(prefix, index)
        elif given.__class__ is str and (given.isalnum() or self._usable(given)):
            name = given
        elif given.__class__ is int:
            name = str(given)
        else:
            says = f"{shown(given)} cannot be a step's name"
            try_ = f"use letters, digits, spaces, - and _, up to {_LONGEST_NAME} characters"
            self._notes.say("name-unusable", says, (*path, "name"), try_)
            name = _place(prefix, index)
        whole = self.outline.prefix + name
        if name in self.outline.names or whole in self._taken:
            says = f"the name {shown(name)} is used by two steps"
            self._notes.say("name-doubled", says, (*path, "name") if given else path, "give each step its own name")
            name = f"{_place(prefix, index)}~{len(self._taken)}"
            whole = self.outline.prefix + name
        self._taken.add(whole)
        return name

    @staticmethod
    def _usable(name: str) -> bool:
        bad = name != name.strip() or not name or len(name) > _LONGEST_NAME or not name.isprintable()
        return not bad and _MEANT_OTHERWISE.search(name) is None

    def _no_type(self, raw: Raw, kind: Any, path: Path) -> None:
        if "type" not in raw:
            if not any(self._notes.nearest(key, ["type"]) for key in raw):  # else the key says what it should be
                try_ = "write type: text_to_image, or another type"
                self._notes.say("key-missing", "the step has no type", path, try_)
        elif isinstance(kind, str) and kind.lower().replace("-", "_") in UNSUPPORTED:
            what = UNSUPPORTED[kind.lower().replace("-", "_")]
            says = f"{kind!r} ({what}) is not done here"
            self._notes.say("type-unsupported", says, (*path, "type"), "remove the step")
        else:
            options = [*TYPES, GROUP, BATCH]
            near = self._notes.nearest(kind.lower(), options) if isinstance(kind, str) else []
            try_ = did_you_mean(near, "the types are " + ", ".join(sorted(options)))
            self._notes.say("type-unknown", f"there is no step type {shown(kind)}", (*path, "type"), try_)

    def _draft(self, name: str, op: Operation, raw: Raw, path: Path, group: Group | None) -> Draft:
        known = MEDIA_KEYS if op is _MEDIA else STEP_KEYS
        draft = Draft(NodeId(self.outline.prefix + name), op, raw, path, group)
        if not raw.keys() <= known:
            self._notes.keys(raw, known, path, str(op))
            draft.doubtful = True
        self.outline.names[name] = draft
        self.outline.drafts.append(draft)
        if "enabled" in raw:
            draft.enabled = self._notes.flag(raw, "enabled", path) is not False
        if "approve" in raw and op not in INLINE:
            approve = raw["approve"]
            draft.gate = approve is True or (isinstance(approve, str) and approve.lower() in _PICKS)
        if raw.get("rows") is not None:
            self._rows(draft, raw["rows"], (*path, "rows"))
        if group is not None:
            draft.enabled = draft.enabled and group.enabled
            outer: Group | None = group
            while outer is not None:
                outer.members.append(draft)
                outer = outer.parent
        return draft

    def _group(self, name: str, raw: Raw, path: Path, parent: Group | None, before: Item | None) -> Group:
        notes = self._notes
        notes.keys(raw, GROUP_KEYS, path, "a parallel_group")
        params = notes.mapping(raw, "params", path)
        notes.keys(params, GROUP_PARAMS, (*path, "params"), "the params of a parallel_group")
        if "model" in raw:
            notes.say("no-effect", "a group has no model of its own", (*path, "model"), "give each member its model")
        group = Group(NodeId(self.outline.prefix + name), raw, path, parent)
        group.before = before
        group.enabled = notes.flag(raw, "enabled", path) is not False and (parent is None or parent.enabled)
        group.mode = self._strategy(raw, params, path)
        notes.one_of(raw, "on_error", path, ON_ERROR)
        if raw.get("condition") is not None and condition_parts(raw["condition"]) is None:
            notes.say("value-range", *bad_condition(raw["condition"], path))
        if not is_input_from(raw.get("input_from")):
            notes.wrong(raw, "input_from", path, INPUT_FROM)
        self.outline.names[name] = group
        self._limit(group, raw, params, path)
        found = [(raw, "steps", path), (params, "parallel_steps", (*path, "params"))]
        lists = [(where[key], (*at, key)) for where, key, at in found if key in where]
        if len(lists) != 1:
            says = "the group has its members twice" if lists else "the group has no members"
            notes.say("value-conflict" if lists else "key-missing", says, path, "write its members under `steps`, once")
        for members, at in lists[:1]:
            if not isinstance(members, list) or not members:
                notes.say("value-type", f"the members are {shown(members)}", at, "write a list of steps")
            else:
                self._steps(members, at, group, f"{name}/")
        return group

    def _strategy(self, raw: Raw, params: Raw, path: Path) -> Mode:
        where, at = (raw, path) if "merge_strategy" in raw else (params, (*path, "params"))
        if where.get("merge_strategy") == "best_quality":
            says = "merge_strategy best_quality is not done for a group: its members answer different questions"
            try_ = "use candidates with `approve: best` on one step, or first_success"
            self._notes.say("value-range", says, (*at, "merge_strategy"), try_)
            return Mode.ALL
        said = self._notes.one_of(where, "merge_strategy", at, STRATEGIES)
        return Mode.FIRST if said == "first_success" else Mode.ALL

    def _limit(self, group: Group, raw: Raw, params: Raw, path: Path) -> None:
        def where(key: str) -> tuple[Raw, str, Path]:
            return (raw, key, path) if key in raw else (params, key, (*path, "params"))

        self.outline.limits.append(
            LimitSpec(
                name=group.id,
                in_flight=self._notes.whole(*where("max_workers")),
                parent=None if group.parent is None else group.parent.id,
                fail_fast=bool(self._notes.flag(*where("fail_fast"))),
                timeout=self._notes.number(*where("timeout")),
            )
        )

    def _batch(self, name: str, raw: Raw, path: Path, index: int, group: Group | None, prefix: str) -> Draft | None:
        """A batch is its one step with rows; both names mean that step."""
        notes = self._notes
        notes.keys(raw, BATCH_KEYS, path, "a batch")
        step = raw.get("step")
        if not isinstance(step, dict):
            says = f"'step' is {shown(step)}" if "step" in raw else "the batch has no step"
            notes.say("value-type" if "step" in raw else "key-missing", says, path, "write one step under `step`")
            return None
        if "for_each" not in raw:
            try_ = 'write for_each: "{{input_lines}}", or a list'
            notes.say("key-missing", "the batch has no for_each", path, try_)
        if "rows" in step:
            notes.say("value-conflict", "a step of a batch takes its rows from for_each", (*path, "step", "rows"))
            step = {key: value for key, value in step.items() if key != "rows"}
        inner = step if "name" in step else {**step, "name": None}
        kind = inner.get("type")
        op = TYPES.get(kind) if isinstance(kind, str) else None
        if kind in (GROUP, BATCH):
            says = f"the step of a batch is a {kind}"
            notes.say("value-range", says, (*path, "step", "type"), "write one plain step")
            return None
        if op is None:
            self._no_type(step, kind, (*path, "step"))
            return self._stand_in(name, path, group)
        own = name if inner.get("name") is None else self._name(inner, (*path, "step"), index, prefix)
        draft = self._draft(own, op, inner, (*path, "step"), group)
        self.outline.names[name] = draft
        draft.enabled = draft.enabled and notes.flag(raw, "enabled", path) is not False
        if "for_each" in raw:
            self._rows(draft, raw["for_each"], (*path, "for_each"))
        workers = notes.whole(raw, "max_workers", path)
        if workers is not None and "limit" not in step:
            draft.raw = {**inner, "limit": workers}
        return draft

    def _rows(self, draft: Draft, value: Any, path: Path) -> None:
        if isinstance(value, list):
            draft.rows = read_rows(value, path, self._notes)
            return
        pieces = split(value) if isinstance(value, str) else []
        if len(pieces) == 1 and isinstance(pieces[0], Hole):
            name = pieces[0].name
            if name in self._lists:
                draft.rows = self._lists[name]
            else:
                draft.rows_from = name  # checked against the variables in the second pass
            return
        says = f"{shown(value)} makes no rows"
        self._notes.say("value-type", says, path, 'write a list of texts, or "{{input_lines}}"')


def _place(prefix: str, index: int) -> str:
    """What a step without a name is called: by its place."""
    return f"{prefix}step-{index + 1}"


def members_of(item: Item) -> list[Draft]:
    """The steps that a name stands for: itself, or the members of a group that are not switched off."""
    if item.__class__ is Draft:
        return [item]
    assert isinstance(item, Group)
    return [member for member in item.members if member.enabled] or item.members


def tail_of(item: Item | None) -> Tail:
    """What the step before offers; a group offers what its members do. Only for steps that are built."""
    if item is None:
        return START
    if isinstance(item, Draft):
        return item.tail or Tail()
    tails = [member.tail for member in members_of(item) if member.tail is not None]
    return Tail(
        media=tuple(dict.fromkeys(one for tail in tails for one in tail.media)),
        mode=item.mode,
        text=tuple(dict.fromkeys(one for tail in tails for one in tail.text)),
        story=next((tail.story for tail in reversed(tails) if tail.story is not None), None),
        start=bool(tails) and all(tail.start for tail in tails),
    )
