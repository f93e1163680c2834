"""What feeds a step: `input_from`, and where nothing is said, the step before it or the run's own input."""

from __future__ import annotations

from typing import Any

from rushes.model.ids import NodeId
from rushes.model.media import Kind
from rushes.model.operation import Operation, Slot
from rushes.model.problem import Path, did_you_mean
from rushes.model.text import Ref, Text, Var
from rushes.model.workflow import Input, Mode, Node
from rushes.spec.forms import INPUT_FROM, alternatives
from rushes.spec.making import RUN_MEDIA, Making, a_kind
from rushes.spec.notes import shown
from rushes.spec.outline import Draft, Group, Item, Tail, members_of, tail_of
from rushes.spec.text import ITEM

_STORY = (Operation.IMAGE_TO_VIDEO, Operation.TEXT_TO_VIDEO, Operation.GENERATE_SUBTITLES)
_NO_BORROWED_PROMPT = (Operation.UPSCALE_IMAGE, Operation.UPSCALE_VIDEO)
_TEXT, _ALL = Kind.TEXT, Mode.ALL  # looked up once
_MOVERS = frozenset({"audio", "second_audio", "video"})
_RUN_INPUTS = ("input", "{{input}}", "input_image", "input_video")


def read_input_from(making: Making) -> None:
    """Honour `input_from` of the step, or of the group around it where the step refers to nothing itself."""
    draft = making.draft
    raw, path = draft.raw, draft.path
    if raw.get("input_from") is None:
        said = draft.group.said("input_from") if draft.group is not None and not making.fills else None
        if said is None or said[0].get("input_from") is None:
            return
        raw, path = said
    value = raw["input_from"]
    path = (*path, "input_from")
    if isinstance(value, str) and value.strip():
        _names(making, value, path)
    elif isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        _list(making, value, path)
    else:
        making.notes.wrong(raw, "input_from", path[:-1], INPUT_FROM)


def _names(making: Making, value: str, path: Path) -> None:
    item = making.desk.names.find(value)
    if item.__class__ is Draft:
        making.explicit = True
        _feed(making, [item], Mode.ALL, value, path)
        return
    if value.strip() in _RUN_INPUTS and making.desk.names.find(value.strip()) is None:
        return  # the run's own input, which is what a step without a reference is fed from at the start
    making.explicit = True
    whole = making.desk.names.find(value.strip())
    names = [value.strip()] if whole is not None else alternatives(value)
    items = _find(making, names, path)
    if len(items) != len(names):
        return
    if len(items) == 1:
        mode = items[0].mode if isinstance(items[0], Group) else Mode.ALL
        _feed(making, members_of(items[0]), mode, value, path)
    else:
        _feed(making, [draft for item in items for draft in members_of(item)], Mode.FIRST, value, path)


def _list(making: Making, values: list[str], path: Path) -> None:
    """Each entry on its own where it says "a OR b", all plain names together, in order."""
    making.explicit = True
    together: list[Draft] = []
    for number, value in enumerate(values):
        names = [value] if making.desk.names.find(value) is not None else alternatives(value)
        items = _find(making, names, (*path, number))
        first = len(names) > 1 or (len(items) == 1 and isinstance(items[0], Group) and items[0].mode is Mode.FIRST)
        drafts = [draft for item in items for draft in members_of(item)]
        if first:
            _feed(making, drafts, Mode.FIRST, value, (*path, number))
        else:
            together.extend(drafts)
    if together:
        _feed(making, list(dict.fromkeys(together)), Mode.ALL, ", ".join(values), path)


def _find(making: Making, names: list[str], path: Path) -> list[Item]:
    found: list[Item] = []
    for name in names:
        item = making.desk.names.find(name)
        if item is not None:
            found.append(item)
            continue
        making.broken = True
        near = making.notes.nearest(name, making.desk.names.tab)
        try_ = did_you_mean(near, "name a step of this workflow")
        making.notes.say("ref-unknown", f"there is no step {shown(name)}", path, try_)
    return found


def _feed(making: Making, drafts: list[Draft], mode: Mode, name: str, path: Path) -> None:
    texts: list[Draft] = []
    media: dict[Kind | None, list[NodeId]] = {}
    takes_text = making.op in (Operation.APPROVE, Operation.MEDIA)
    for draft in drafts:
        kind = draft.kind or making.desk.names.kind(draft)
        if kind is Kind.TEXT and not takes_text:
            texts.append(draft)
        else:
            media.setdefault(kind, []).append(draft.out)
    if mode is Mode.FIRST and len(media) + bool(texts) > 1:
        says = f"{shown(name)}: the alternatives are of different kinds"
        making.flow("ref-mismatch", says, path, "name alternatives of one kind")
        return
    for kind, refs in media.items():
        making.feed(refs, kind, mode, path, name)
    if texts:
        _texts(making, texts, mode, name, path)


def _texts(making: Making, drafts: list[Draft], mode: Mode, name: str, path: Path) -> None:
    """A text becomes the prompt where there is none; a generated prompt also brings the picture it was made for."""
    passed = any(_pass_media(making, draft, path) for draft in drafts if draft.op is Operation.PROMPT_GENERATION)
    if making.signature.prompt is False:
        if not passed:
            says = f"{shown(name)} makes a text, and {making.op} takes {making.takes()}"
            making.flow("ref-mismatch", says, path, "name a step that makes one")
        return
    if making.prompt is None and not making.prompt_given:
        making.prompt = _first_text(making, drafts, path) if mode is Mode.FIRST else _joined([d.out for d in drafts])
        return
    mentioned = set(making.prompt.refs) if making.prompt is not None else set()
    for value in making.params.values():
        if isinstance(value, Text):
            mentioned.update(value.refs)
    lost = [draft for draft in drafts if draft.out not in mentioned]
    if lost and not passed:
        says = f"{shown(lost[0].id)} makes a text, and this step has a prompt that does not mention it"
        try_ = f"write {{{{{lost[0].id}.output}}}} into the prompt, or remove one of the two"
        making.flow("input-unused", says, path, try_)


def _pass_media(making: Making, draft: Draft, path: Path) -> bool:
    tail = draft.tail
    main = making.signature.main
    if tail is None or main is None or main in making.fills:
        return False
    fitting = tuple(ref for ref, kind in tail.media if kind is None or kind in making.signature.slots[main].kinds)
    if fitting:
        making.fill(main, fitting, tail.mode, path)
    return bool(fitting)


def _first_text(making: Making, drafts: list[Draft], path: Path) -> Text:
    """ "a OR b" of texts: a node that hands on the first one there is."""
    desk = making.desk
    node = desk.fresh(f"{making.draft.id}.input")
    entry = Input("input", tuple(draft.out for draft in drafts), Mode.FIRST)
    desk.nodes.append(Node(id=node, tab=desk.tab, op=Operation.MEDIA, path=path, inputs=(entry,)))
    return Text((Ref(node),))


def _joined(refs: list[NodeId]) -> Text:
    parts: list[Any] = []
    for ref in refs:
        parts.extend(["\n\n", Ref(ref)] if parts else [Ref(ref)])
    return Text(tuple(parts))


def continue_chain(making: Making) -> None:
    """Feed what is still open from the step before, or at the start from the run's own input."""
    main = making.signature.main
    if main is not None and main not in making.fills:
        slot = making.signature.slots[main]
        if slot.least or _wants_optional(making):
            _main(making, main, slot, tail_of(making.draft.before))
    if making.prompt is None and not making.prompt_given and making.signature.prompt is not False:
        making.prompt = _prompt(making, tail_of(making.draft.before))
    if making.prompt is None:
        if making.signature.prompt:
            _no_prompt(making)
        elif making.op is Operation.AVATAR and not making.fills.keys() & _MOVERS:
            try_ = "give it audio, a prompt with the words to say, or a video whose motion it follows"
            making.lacks("input-missing", "nothing makes this avatar move", try_)


def _wants_optional(making: Making) -> bool:
    """Prompt generation looks at a picture if there is one; a media step without a file hands on what it is given."""
    if making.explicit:
        return False
    return making.op is Operation.PROMPT_GENERATION or (making.op is Operation.MEDIA and making.source is None)


def _main(making: Making, main: str, slot: Slot, tail: Tail) -> None:
    path = making.draft.path
    fitting = tuple(ref for ref, kind in tail.media if kind is None or kind in slot.kinds)
    if not fitting and tail.text and Kind.TEXT in slot.kinds:
        fitting = tail.text
    if fitting:
        making.fill(main, fitting, tail.mode, path)
        return
    needed = slot.least > 0
    if tail.start:
        names = [name for name, kind in RUN_MEDIA.items() if kind in slot.kinds]
        given = [name for name in names if name in making.desk.inputs]
        if given or (needed and len(names) == 1 and not making.explicit):
            making.fill(main, (making.desk.run_media((given or names)[0], making.draft),), Mode.ALL, path)
            return
    if needed:
        _no_input(making, main, slot, tail)
    elif making.op is Operation.MEDIA:
        try_ = "write `source: PATH` or a URL, or name a step with input_from"
        making.lacks("input-missing", "a media step has no file and nothing to hand on", try_)


def _no_input(making: Making, main: str, slot: Slot, tail: Tail) -> None:
    wanted = " or ".join(a_kind(kind) for kind in slot.kinds)
    before = making.draft.before
    made = tail.media[0][1] if tail.media else Kind.TEXT if tail.text else None
    try_ = "name the step it comes from with input_from"
    if making.explicit or made is None or before is None:
        making.lacks("input-missing", f"its {main} is missing: {making.op} works on {wanted}", try_)
        return
    says = f"it continues from {shown(before.id)}, which makes {a_kind(made)}, and {making.op} works on {wanted}"
    making.lacks("ref-mismatch", says, try_)


def _prompt(making: Making, tail: Tail) -> Text | None:
    draft = making.draft
    if draft.rows is not None or draft.rows_from is not None:
        return None if making.item_used else ITEM
    if making.op in _NO_BORROWED_PROMPT:
        return None
    if tail.text and not making.explicit:
        return _joined(list(tail.text))
    if tail.story is not None and making.op in _STORY:
        return Text((Ref(tail.story),))
    if tail.start and not making.explicit and (making.signature.prompt or "prompt" in making.desk.inputs):
        return Text((Var("input"),))
    return None


def _no_prompt(making: Making) -> None:
    before = making.draft.before
    says = f"{making.op} needs a prompt"
    if before is not None and not making.explicit and not making.prompt_given:
        says += f", and {shown(before.id)} before it makes no text"
    making.lacks("prompt-missing", says, "write `prompt: ...`, or {{input}} for the run's own text")


def finish_tail(making: Making, out: NodeId, kind: Kind | None) -> Tail:
    """What this step offers to the next one."""
    before = tail_of(making.draft.before)
    if kind is not _TEXT:
        return Tail(((out, kind),), _ALL, (), before.story)
    if making.op is Operation.PROMPT:
        return Tail(before.media, before.mode, (out,), before.story, before.start)
    if making.op is Operation.PROMPT_GENERATION:
        taken = making.fills.get("image")
        if taken:
            media = tuple((ref, Kind.IMAGE) for entry in taken for ref in entry.refs)
            return Tail(media, taken[0].mode if taken[0].mode is Mode.FIRST else Mode.ALL, (out,), out)
        return Tail(before.media, before.mode, (out,), out, before.start)
    return Tail(text=(out,), story=before.story)
