"""The parameters of a step: some are prompts, inputs or candidates under another name; the rest go to the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rushes.model.ids import NodeId
from rushes.model.media import Kind
from rushes.model.operation import panels_of
from rushes.model.problem import Path, did_you_mean
from rushes.model.text import Text
from rushes.model.workflow import Mode
from rushes.spec.making import RUN_MEDIA, Making, a_kind
from rushes.spec.notes import shown
from rushes.spec.outline import Draft, members_of
from rushes.spec.settings import as_text, read_rows
from rushes.spec.text import Hole, split, unclosed
from rushes.spec.words import LOCAL, LOCAL_PARAMS, MEANINGS, Means

_SWITCHES = frozenset({"on", "off", "yes", "no", "true", "false"})


def read_params(making: Making) -> None:
    """Sort the parameters: prompt, inputs, candidates, rows, and what goes to the model as it is."""
    draft = making.draft
    raw = draft.raw.get("params")
    if raw is None:
        return
    path: Path = (*draft.path, "params")
    if raw.__class__ is not dict:
        making.notes.wrong(draft.raw, "params", draft.path, "a mapping")
        return
    meanings = MEANINGS[making.op]
    sent = making.op not in LOCAL
    if "prompts" in raw and meanings.get("prompts") is Means.PROMPTS:
        _prompts(making, raw["prompts"], (*path, "prompts"))
    for key, value in raw.items():
        means = meanings.get(key)
        if means is None:
            if sent and (value.__class__ is int or (value.__class__ is str and "{{" not in value)):
                making.params[key] = value
            else:
                _plain(making, key, value, (*path, key))
        elif means.__class__ is str:
            _role(making, means, key, value, (*path, key))
        else:
            handle = _HANDLERS.get(means)  # type: ignore[call-overload]  # a Means: the class was asked above
            if handle is not None:
                handle(making, key, value, (*path, key))


def _plain(making: Making, key: str, value: Any, path: Path) -> None:
    """A parameter of the model, or of local work, which knows its few."""
    if making.op in LOCAL and key not in LOCAL_PARAMS[making.op]:
        _unknown(making, key, path)
    elif value.__class__ is str:
        text = making.text(value, path, media_allowed=False)
        if text is not None:
            making.params[key] = text.literal if text.literal is not None else text
        elif not value.strip():
            making.params[key] = value
    elif value.__class__ in (list, dict) and _holes_inside(value):
        try_ = "write the value itself; only texts directly under params are filled in"
        making.notes.say("ref-place", f"{shown(key)} has a placeholder inside a list or mapping", path, try_)
    else:
        making.params[key] = value


def _unknown(making: Making, key: str, path: Path) -> None:
    known = [name for name, means in MEANINGS[making.op].items() if means is not Means.NO_ROLE]
    options = sorted({*known, *LOCAL_PARAMS[making.op]} - ({"prompt"} if making.signature.prompt is False else set()))
    near = making.notes.nearest(key, options)
    try_ = did_you_mean(near, f"it takes {', '.join(options) or 'none'}")
    making.notes.say("key-unknown", f"{making.op} has no parameter {shown(key)}", path, try_)


def _holes_inside(value: Any) -> bool:
    if isinstance(value, str):
        return "{{" in value and any(isinstance(piece, Hole) for piece in split(value))
    if isinstance(value, dict):
        return any(_holes_inside(one) for one in value.values())
    return isinstance(value, list) and any(_holes_inside(one) for one in value)


def read_prompt(making: Making, key: str, value: Any, path: Path) -> None:
    """The prompt, wherever it stands; twice the same is once."""
    if value is None:
        return
    text = value if value.__class__ is str else None if isinstance(value, bool) else as_text(value)
    if text is None:
        says = f"{shown(key)} is {shown(value)}, and it takes a text"
        making.notes.say("value-type", says, path, "write a text")
        return
    if making.signature.prompt is False:
        making.notes.say("prompt-refused", f"{making.op} takes no prompt", path, f"remove {key!r}")
        return
    if not text.strip():
        return
    found = making.text(text, path, True) if "{{" in text else Text((text,))
    if making.prompt_given and found != making.prompt:
        making.notes.say("value-conflict", "the prompt is given twice", path, "keep one of them")
        return
    making.prompt_given = True
    making.prompt = found


def _prompts(making: Making, value: Any, path: Path) -> None:
    """One prompt per row: the panels of a split, or the members of a list."""
    if value is None:
        return
    if not isinstance(value, list):
        making.notes.say("value-type", f"'prompts' is {shown(value)}, and it takes a list of texts", path)
        return
    if making.draft.rows is not None or making.draft.rows_from is not None:
        making.notes.say("value-conflict", "the step has both rows and prompts", path, "keep one of them")
        return
    making.draft.rows = read_rows(value, path, making.notes)


def _candidates(making: Making, key: str, value: Any, path: Path) -> None:
    making.candidates = making.notes.whole({key: value}, key, path[:-1], 1, 100)


def _workers(making: Making, key: str, value: Any, path: Path) -> None:
    making.workers = making.notes.whole({key: value}, key, path[:-1])


def _parallel(making: Making, key: str, value: Any, path: Path) -> None:
    if making.notes.flag({key: value}, key, path[:-1]) is False:
        making.workers = 1


def _grid(making: Making, key: str, value: Any, path: Path) -> None:
    try:
        panels_of(value)
    except ValueError:
        says = f"{shown(key)} is {shown(value)}, which is no grid"
        making.notes.say("value-range", says, path, "write columns and rows, such as 2x2 or 3x3")
        return
    if making.params.setdefault("grid", str(value)) != str(value):
        making.notes.say("value-conflict", "the grid is given twice", path, "keep one of them")


def _source(making: Making, key: str, value: Any, path: Path) -> None:
    """The file of a media step, which may be one that the run or a variable names."""
    if making.source is not None:
        making.notes.say("value-conflict", "the source is given twice", path, "keep one of them")
        return
    text, making.source_from = _from_variable(making, value)
    making.source = making.notes.source(text, path) or ""


def _from_variable(making: Making, value: Any) -> tuple[Any, str | None]:
    """What a text that is nothing but one variable stands for, and that variable; else the text."""
    pieces = split(value) if isinstance(value, str) else []
    if len(pieces) == 1 and isinstance(pieces[0], Hole):
        name = pieces[0].name
        found = making.desk.inputs.get(name) or making.desk.variables.get(name)
        return (found, name) if found else (value, None)
    return value, None


def _file_name(making: Making, key: str, value: Any, path: Path) -> None:
    if making.notes.output_path({key: value}, key, path[:-1]) is not None:
        says = f"{shown(key)} has no effect: results are named after the workflow and the step"
        making.notes.say("no-effect", says, path, "remove it")


def _no_role(making: Making, key: str, value: Any, path: Path) -> None:
    if isinstance(value, str | list) and not _is_switch(value):
        # said of a step that is switched off too: it has no place for this however it is wired
        making.broken = True
        says = f"{making.op} takes no {key}"
        making.notes.say("input-unused", says, path, "remove it, or use a step type that takes one")
    else:
        _plain(making, key, value, path)


def _is_switch(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lower() in _SWITCHES


_HANDLERS: dict[Means, Callable[[Making, str, Any, Path], None]] = {
    Means.PROMPT: read_prompt,
    Means.CANDIDATES: _candidates,
    Means.WORKERS: _workers,
    Means.PARALLEL: _parallel,
    Means.GRID: _grid,
    Means.SOURCE: _source,
    Means.FILE_NAME: _file_name,
    Means.NO_ROLE: _no_role,
}


def _role(making: Making, role: str, key: str, value: Any, path: Path) -> None:
    """A parameter that is an input: steps, paths and URLs, one or a list."""
    if role == "audio" and (value is True or value is False or _is_switch(value)):
        making.params[key] = making.notes.flag({key: value}, key, path[:-1])  # `audio: true` asks the model for sound
        return
    if value is None or value == []:
        return
    entries = value if isinstance(value, list) else [value]
    refs: list[NodeId] = []
    mode = Mode.ALL
    for number, entry in enumerate(entries):
        at = (*path, number) if isinstance(value, list) else path
        suffix = key if number == 0 else f"{key}.{number + 1}"
        found, one_mode = _entry(making, role, entry, suffix, at)
        refs.extend(found)
        mode = one_mode if len(entries) == 1 else mode
    if refs:
        making.fill(role, tuple(refs), mode, path)


def _entry(making: Making, role: str, entry: Any, suffix: str, path: Path) -> tuple[list[NodeId], Mode]:
    """The nodes of one input: what a reference names, or a new media node for a path or URL."""
    kinds = making.signature.slots[role].kinds
    desk = making.desk
    variable: str | None = None
    pieces = split(entry) if isinstance(entry, str) else []
    holes = [piece for piece in pieces if isinstance(piece, Hole)]
    if len(pieces) == 1 and isinstance(entry, str):
        name = holes[0].name if holes else entry
        item = desk.names.find(name) if holes else desk.names.tab.get(name)
        if item is not None:
            mode = Mode.ALL if isinstance(item, Draft) else item.mode
            return _members(making, members_of(item), kinds, name, path), mode
        if holes:
            name = _run_name(kinds) if name == "input" else name
            if name in RUN_MEDIA:
                return _run(making, name, kinds, path), Mode.ALL
            if name not in desk.variables:
                making.unknown(name, path)
                return [], Mode.ALL
            entry, variable = desk.variables[name], name
    elif holes or unclosed(pieces):
        try_ = "write a whole reference such as {{step.output}}, or a path"
        making.notes.say("ref-place", f"{shown(entry)} is partly a reference", path, try_)
        return [], Mode.ALL
    node = making.source_node(entry, suffix, kinds, path, variable)
    return ([] if node is None else [node]), Mode.ALL


def _members(making: Making, drafts: list[Draft], kinds: tuple[Kind, ...], name: str, path: Path) -> list[NodeId]:
    refs = []
    for draft in drafts:
        kind = making.desk.names.kind(draft)
        if kind is None or kind in kinds:
            refs.append(draft.out)
        else:
            says = f"{shown(name)} makes {a_kind(kind)}, and {shown(path[-1])} takes {' or '.join(map(a_kind, kinds))}"
            making.flow("ref-mismatch", says, path, "name a step that makes one")
    return refs


def _run_name(kinds: tuple[Kind, ...]) -> str:
    return "input_video" if Kind.VIDEO in kinds and Kind.IMAGE not in kinds else "input_image"


def _run(making: Making, name: str, kinds: tuple[Kind, ...], path: Path) -> list[NodeId]:
    if RUN_MEDIA[name] in kinds:
        return [making.desk.run_media(name, making.draft)]
    says = f"{name} is {a_kind(RUN_MEDIA[name])}, and {shown(path[-1])} takes {' or '.join(map(a_kind, kinds))}"
    making.flow("ref-mismatch", says, path, "name a file, or a step that makes one")
    return []
