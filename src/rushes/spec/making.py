"""One step on its way to being a node, and the desk it lies on."""

from __future__ import annotations

from collections.abc import Mapping

from rushes.model.ids import NodeId
from rushes.model.media import Kind, kind_of_name
from rushes.model.operation import SIGNATURES, Operation, Signature
from rushes.model.problem import Path, did_you_mean
from rushes.model.text import Ref, Text, Var
from rushes.model.workflow import Input, LimitSpec, Mode, Node, Param
from rushes.spec.notes import Notes, shown
from rushes.spec.outline import Draft, Item, members_of
from rushes.spec.refs import Names
from rushes.spec.text import RUN_VARIABLES, halves, joined
from rushes.spec.words import ROLES

_FILLED = frozenset(RUN_VARIABLES) - {"item", "row"}
RUN_MEDIA = {"input_image": Kind.IMAGE, "input_video": Kind.VIDEO}


class Desk:
    """What all steps of a tab share. `nodes` grows in the order of the file; `candidates` is the document's default."""

    def __init__(
        self,
        tab: str,
        prefix: str,
        names: Names,
        notes: Notes,
        inputs: Mapping[str, str],
        variables: Mapping[str, str],
        lists: Mapping[str, tuple[str, ...]],
        taken: set[str],
        candidates: int | None = None,
    ) -> None:
        self.tab = tab
        self.prefix = prefix
        self.names = names
        self.notes = notes
        self.inputs = inputs
        self.variables = variables
        self.lists = lists
        self.taken = taken
        self.candidates = candidates
        self.nodes: list[Node] = []
        self.limits: list[LimitSpec] = []
        self._run_media: dict[str, NodeId] = {}

    def fresh(self, wanted: str) -> NodeId:
        """An id that no step has."""
        while wanted in self.taken:
            wanted += "~"
        self.taken.add(wanted)
        return NodeId(wanted)

    def media(self, wanted: str, source: str | None, path: Path, variable: str | None = None) -> NodeId:
        """A media node for a file that a step names, itself or through a variable."""
        node = self.fresh(wanted)
        self.nodes.append(
            Node(id=node, tab=self.tab, op=Operation.MEDIA, path=path, source=source, source_from=variable)
        )
        return node

    def run_media(self, name: str, draft: Draft) -> NodeId:
        """The node of the run's own picture or clip; one for all steps of the tab."""
        known = self._run_media.get(name)
        if known is None:
            source = self.inputs.get(name)
            if source is None and draft.enabled:
                what = "picture" if name == "input_image" else "clip"
                says = f"the step works on a {what}, nothing before it makes one, and the file names none"
                try_ = f"write `{name}: PATH` at the top, or name the step it comes from with input_from"
                self.notes.say("input-needed", says, draft.path, try_)
            known = self._run_media[name] = self.media(self.prefix + name, source, (name,), name)
        return known


class Making:
    """A step that is being read."""

    __slots__ = (
        "broken",
        "candidates",
        "desk",
        "draft",
        "explicit",
        "fills",
        "item_used",
        "notes",
        "op",
        "params",
        "prompt",
        "prompt_given",
        "signature",
        "source",
        "source_from",
        "workers",
    )

    def __init__(self, draft: Draft, desk: Desk) -> None:
        self.draft = draft
        self.desk = desk
        self.notes = desk.notes
        self.op = draft.op
        self.signature: Signature = SIGNATURES[draft.op]
        self.params: dict[str, Param] = {}
        self.fills: dict[str, list[Input]] = {}
        self.prompt: Text | None = None
        self.prompt_given = False
        self.explicit = False
        self.broken = draft.doubtful  # something in it is wrong: what follows from that is not said again
        self.item_used = False
        self.candidates: int | None = None
        self.workers: int | None = None
        self.source: str | None = None
        self.source_from: str | None = None

    def flow(self, code: str, says: str, path: Path, try_: str = "") -> None:
        """Write down what is wrong with the wiring; a step that is switched off may be half-wired."""
        self.broken = True
        if self.draft.enabled:
            self.notes.say(code, says, path, try_)

    def lacks(self, code: str, says: str, try_: str) -> None:
        """Write down what is not there, unless something wrong in this step already explains it."""
        if not self.broken and self.draft.enabled:
            self.notes.say(code, says, self.draft.path, try_)

    def fill(self, role: str, refs: tuple[NodeId, ...], mode: Mode, path: Path) -> None:
        """Feed a role. Several for one place become rows, unless they are alternatives."""
        one = self.signature.slots[role].most == 1
        if one and role in self.fills:
            self.flow("value-conflict", f"the {role} of this step is given twice", path, "keep one of them")
            return
        if one and mode is Mode.ALL and len(refs) > 1:
            mode = Mode.ROWS
        self.fills.setdefault(role, []).append(Input(role, refs, mode))

    def open_role(self, kind: Kind | None) -> str | None:
        """The best role for something of this kind that is still open."""
        roles = ROLES[self.op, kind]
        for role in roles:
            if role not in self.fills:
                return role
        for role in reversed(roles):
            if self.signature.slots[role].most is None:
                return role
        return None

    def feed(self, refs: list[NodeId], kind: Kind | None, mode: Mode, path: Path, name: str) -> None:
        """Feed media of one kind to the best open role, or say why none takes it."""
        role = self.open_role(kind)
        if role is not None:
            self.fill(role, tuple(refs), mode, path)
        elif ROLES[self.op, kind]:
            says = f"{shown(name)} is one input more than {self.op} takes"
            self.flow("input-unused", says, path, "remove a reference")
        else:
            says = f"{shown(name)} makes {a_kind(kind)}, and {self.op} takes {self.takes()}"
            self.flow("ref-mismatch", says, path, "name a step that makes one, or use another step type")

    def takes(self) -> str:
        """What this step can be fed, in words."""
        kinds = dict.fromkeys(str(kind) for slot in self.signature.slots.values() for kind in slot.kinds)
        if not kinds:
            return "only a prompt" if self.signature.prompt is not False else "nothing"
        return "only " + " and ".join(kinds)

    def text(self, raw: str, path: Path, media_allowed: bool) -> Text | None:
        """A text with its holes resolved. References to media become inputs, and None is left if that was all."""
        if "{{" not in raw:
            return Text((raw,))
        pieces = halves(raw)
        if any("{{" in literal for literal in pieces[::2]):
            try_ = "close it with }}, or write single braces"
            self.notes.say("placeholder-open", f"{shown(raw)} opens two braces and does not close them", path, try_)
        parts: list[str | Ref | Var] = [pieces[0]] if pieces[0] else []
        for number in range(1, len(pieces), 2):
            found = self._hole(pieces[number].strip(), path, media_allowed)
            literal = pieces[number + 1]
            if found:
                parts.extend(found)
            elif not parts or (isinstance(parts[-1], str) and parts[-1][-1:].isspace()):
                literal = literal.lstrip(" ")  # the hole vanished: no doubled space in its place
            if literal:
                parts.append(literal)
        text = joined(parts)
        return None if text.literal is not None and not text.literal.strip() else text

    def _hole(self, name: str, path: Path, media_allowed: bool) -> list[str | Ref | Var]:
        if name in ("item", "row"):
            self.item_used = True
            if self.draft.rows is None and self.draft.rows_from is None:
                try_ = "give the step rows, or put it into a batch with for_each"
                self.notes.say("item-outside-rows", f"{{{{{name}}}}} needs rows, and this step has none", path, try_)
            return [Var("item")]
        variable = self.variable(name)
        if variable is not None:
            return [variable]
        if name in RUN_MEDIA and self.desk.names.find(name) is None:
            self._media([self.desk.run_media(name, self.draft)], RUN_MEDIA[name], Mode.ALL, path, name, media_allowed)
            return []
        item = self.desk.names.find(name)
        if item is None:
            self.unknown(name, path)
            return []
        return self._refer(item, name, path, media_allowed)

    def variable(self, name: str) -> Var | None:
        """A name that the run fills in."""
        if name in _FILLED or name in self.desk.variables:
            return Var(name)
        return Var(name) if name.startswith("env.") and name[4:].isidentifier() else None

    def _refer(self, item: Item, name: str, path: Path, media_allowed: bool) -> list[str | Ref | Var]:
        if item.__class__ is Draft:
            kind = item.kind or self.desk.names.kind(item)
            if kind is Kind.TEXT:
                return [Ref(item.out)]
            self._media([item.out], kind, Mode.ALL, path, name, media_allowed)
            return []
        parts: list[str | Ref | Var] = []
        media: dict[Kind | None, list[NodeId]] = {}
        for draft in members_of(item):
            kind = draft.kind or self.desk.names.kind(draft)
            if kind is Kind.TEXT:
                parts.extend(["\n\n"] if parts else [])
                parts.append(Ref(draft.out))
            else:
                media.setdefault(kind, []).append(draft.out)
        mode = Mode.ALL if isinstance(item, Draft) else item.mode
        for kind, refs in media.items():
            self._media(refs, kind, mode, path, name, media_allowed)
        return parts

    def _media(
        self, refs: list[NodeId], kind: Kind | None, mode: Mode, path: Path, name: str, media_allowed: bool
    ) -> None:
        if media_allowed:
            if self.fills:  # what is named twice in one prompt is one input
                known = {ref for many in self.fills.values() for entry in many for ref in entry.refs}
                refs = [ref for ref in refs if ref not in known]
            if refs:
                self.feed(refs, kind, mode, path, name)
            return
        says = f"{shown(name)} makes {a_kind(kind)}, and {shown(path[-1])} takes a text"
        self.flow("ref-mismatch", says, path, "name it with input_from, or in an input such as image or end_frame")

    def unknown(self, name: str, path: Path) -> None:
        """Say that a placeholder or reference names nothing."""
        self.broken = True
        if name in self.desk.lists:
            says = f"{shown(name)} is a list, and only rows and for_each take one"
            self.notes.say("value-type", says, path, "put it into rows, and write {{item}} here")
            return
        options = [*self.desk.names.options(), *self.desk.variables]
        stem = name.rpartition(".")[0] if "." in name else name
        near = self.notes.nearest(stem, options)
        try_ = did_you_mean(near, "name a step, a variable, or {{input}}")
        code = "ref-unknown" if "." in name else "placeholder-unknown"
        self.notes.say(code, f"there is no step or variable {shown(name)}", path, try_)

    def source_node(
        self, value: str, suffix: str, kinds: tuple[Kind, ...], path: Path, variable: str | None = None
    ) -> NodeId | None:
        """A media node for a path or URL in a parameter; None, and a problem, if it is of the wrong kind."""
        source = self.notes.source(value, path)
        if source is None:
            return None
        kind = kind_of_name(source)
        if kind is not None and kind not in kinds:
            says = f"{shown(value)} is {a_kind(kind)}, and {' or '.join(a_kind(one) for one in kinds)} is wanted"
            self.flow("ref-mismatch", says, path, "name a file of that kind")
            return None
        return self.desk.media(f"{self.draft.id}.{suffix}", source, path, variable)


def a_kind(kind: Kind | None) -> str:
    """`an image`, `a video`: a kind with its article."""
    if kind is None:
        return "something"
    if kind in (Kind.SUBTITLES, Kind.AUDIO):
        return str(kind)
    return f"an {kind}" if kind is Kind.IMAGE else f"a {kind}"
