"""A plan by brute force: what `make_plan` must agree with, written without its levels, frames or short cuts.

Each cell is looked at through the definitions of the words alone, recursively, in any order.
"""

from __future__ import annotations

from tests.graph.build import Memory

from rushes.graph.setting import Setting
from rushes.model.canonical import base_key
from rushes.model.ids import BaseKey
from rushes.model.media import Artifact
from rushes.model.operation import Fan, Operation, Where, panels_of
from rushes.model.text import Ref, Var
from rushes.model.workflow import Mode, Node, Pick, Workflow

Found = tuple[str, object]  # a state, and for "done" (text or None, artifact or None), for "blocked" whether forgiven
LOST = ("failed", "blocked", "skipped")


class Naive:
    """One workflow under one setting, evaluated on demand."""

    def __init__(self, workflow: Workflow, setting: Setting, known: Memory) -> None:
        self.nodes: dict[str, Node] = {str(node.id): node for node in workflow.nodes()}
        self.setting = setting
        self.known = known
        self.units: set[tuple[BaseKey, int, int]] = set()
        self.shown: dict[tuple[str, int], tuple[BaseKey, list[tuple[str, bool, float, object]]]] = {}
        self.seen: dict[tuple[str, int], Found] = {}

    def rows(self, name: str) -> int:
        """How many rows a node hands on."""
        node = self.nodes[name]
        if node.signature.fan is Fan.GATHER:
            return 1
        counts = [1]
        if node.rows is not None:
            counts.append(len(node.rows))
        for entry in node.inputs:
            feeding = [self.rows(str(one)) for one in entry.refs]
            counts.append(sum(feeding) if entry.mode is Mode.ROWS else max(feeding))
        for text in (node.prompt, *node.params.values()):
            counts.extend(self.rows(str(one)) for one in getattr(text, "refs", ()))
        most = max(counts)
        if node.signature.fan is Fan.SPLIT:
            columns, lines = panels_of(node.params.get("grid", "2x2"))
            most *= columns * lines
        return most

    def cell(self, name: str, row: int) -> Found:
        """The state of a cell, and what it hands on."""
        if (name, row) not in self.seen:
            self.seen[name, row] = self._cell(name, row)
        return self.seen[name, row]

    def at(self, name: str, row: int) -> Found:
        """A cell, where one row serves any."""
        return self.cell(name, row if self.rows(name) > 1 else 0)

    def _cell(self, name: str, row: int) -> Found:
        node = self.nodes[name]
        panel = 0
        if node.signature.fan is Fan.SPLIT:
            columns, lines = panels_of(node.params.get("grid", "2x2"))
            row, panel = divmod(row, columns * lines)
        if not node.enabled:
            return "skipped", None
        if node.condition is not None:
            watched = str(node.condition.node)
            states = {self.cell(watched, one)[0] for one in range(self.rows(watched))}
            if states & {"run", "after", "waiting"}:
                return "after", None
            if bool(states & {"failed", "blocked"}) != (node.condition.wants == "failed"):
                return "skipped", None
        feeds = {id(entry): self._feeding(node, entry, row) for entry in node.inputs}
        if node.op is Operation.APPROVE:
            return self._gate(name, row, node, feeds)
        stop = self._stop(node, row, feeds)
        if stop is not None:
            return stop
        if node.op is Operation.PROMPT:
            return "done", (self._text(node, node.prompt, row), None)
        if node.op is Operation.MEDIA:
            return self._media(name, row, node, feeds)
        return self._generator(name, row, panel, node, feeds)

    def _feeding(self, node: Node, entry: object, row: int) -> list[tuple[str, int]]:
        refs = [str(one) for one in entry.refs]  # type: ignore[attr-defined]
        mode = entry.mode  # type: ignore[attr-defined]
        if node.signature.fan is Fan.GATHER:
            if mode is Mode.FIRST:
                refs = [self._first(refs, None)]
            return [(one, number) for one in refs for number in range(self.rows(one))]
        if mode is Mode.ROWS:
            every = [(one, number) for one in refs for number in range(self.rows(one))]
            return [every[row if len(every) > 1 else 0]]
        if mode is Mode.FIRST:
            refs = [self._first(refs, row)]
        return [(one, row if self.rows(one) > 1 else 0) for one in refs]

    def _first(self, refs: list[str], row: int | None) -> str:
        for one in refs:
            cells = [self.at(one, row)] if row is not None else [self.cell(one, n) for n in range(self.rows(one))]
            if not any(state in ("failed", "blocked", "skipped") for state, _ in cells):
                return one
        return refs[-1]

    def _stop(self, node: Node, row: int, feeds: dict[int, list[tuple[str, int]]]) -> Found | None:
        states = []
        for entry in node.inputs:
            mine = [(self.cell(one, number)[0], self._forgives(one, number)) for one, number in feeds[id(entry)]]
            kept = [(state, forgiven) for state, forgiven in mine if not (state in LOST and forgiven)]
            slot = node.signature.slots.get(entry.role)
            if entry.mode is Mode.FIRST or (not kept and slot is not None and slot.least):
                kept = mine
            states.extend(kept)
        for text in (node.prompt, *node.params.values()):
            for one in getattr(text, "refs", ()):
                number = row if self.rows(str(one)) > 1 else 0
                states.append((self.cell(str(one), number)[0], self._forgives(str(one), number)))
        lost = [forgiven for state, forgiven in states if state in LOST]
        if lost:
            return "blocked", all(lost)
        if any(state != "done" for state, _forgiven in states):
            return "after", None
        return None

    def _forgives(self, one: str, number: int) -> bool:
        return self.nodes[one].keep_going or self.cell(one, number) == ("blocked", True)

    def _text(self, node: Node, text: object, row: int) -> str | None:
        if text is None:
            return None
        said = ""
        for part in text.parts:  # type: ignore[attr-defined]
            if isinstance(part, Ref):
                value = self.at(str(part.node), row)[1]
                said += (value[0] or "") if isinstance(value, tuple) else ""
            elif isinstance(part, Var):
                assert node.rows is not None
                said += node.rows[row if len(node.rows) > 1 else 0]
            else:
                said += part
        return said

    def _media(self, name: str, row: int, node: Node, feeds: dict[int, list[tuple[str, int]]]) -> Found:
        for entry in node.inputs:
            for one, number in feeds[id(entry)]:
                if self.cell(one, number)[0] != "done":
                    continue  # lost, and allowed to be
                if (one, number) in self.shown:
                    self.shown[name, row] = self.shown[one, number]
                return self.cell(one, number)
        found = self.setting.sources.get(node.source or "")
        return ("blocked", None) if found is None else ("done", (None, found))

    def _generator(self, name: str, row: int, panel: int, node: Node, feeds: dict[int, list[tuple[str, int]]]) -> Found:
        gathered: dict[str, list[Artifact]] = {}
        for entry in node.inputs:
            for one, number in feeds[id(entry)]:
                state, value = self.cell(one, number)
                if state == "done" and isinstance(value, tuple) and value[1] is not None:
                    gathered.setdefault(entry.role, []).append(value[1])
        choice = self.setting.choose(node)
        base = base_key(
            {
                "op": str(node.op),
                "provider": choice.provider,
                "model": choice.version,
                "prompt": self._text(node, node.prompt, row),
                "params": dict(node.params),
                "inputs": {role: [one.digest for one in many] for role, many in gathered.items()},
            }
        )
        wanted = node.candidates if node.signature.where is Where.REMOTE else 1
        attempts = node.attempts or self.setting.attempts
        answers, missing = [], False
        for candidate in range(wanted):
            mine = sorted((r for r in self.known.held.get(base, ()) if r.candidate == candidate), key=lambda r: r.salt)
            clean = [one for one in mine if not one.verdict.flagged]
            if clean:
                answers.append(clean[-1])
            elif len(mine) >= attempts:
                answers.append(max(mine, key=lambda one: one.verdict.score))
            else:
                missing = True
                self.units.add((base, candidate, mine[-1].salt + 1 if mine else 0))
        place = (name, row if node.signature.fan is not Fan.SPLIT else self._panel_row(node, row, panel))
        split = node.signature.fan is Fan.SPLIT
        cut = [(one, one.value.artifacts[panel : panel + 1]) for one in answers]
        faces = [
            (a[0].digest, r.verdict.flagged, r.verdict.score, (None if split else r.value.text, a[0]))
            for r, a in cut
            if a
        ]
        self.shown[place] = (base, [(str(d), f, s, v) for d, f, s, v in faces])
        if missing:
            return "run", None
        if not faces:
            return "failed", None
        best = next((one for one in faces if not one[1]), None) or max(faces, key=lambda one: one[2])
        return "done", best[3]

    def _panel_row(self, node: Node, row: int, panel: int) -> int:
        columns, lines = panels_of(node.params.get("grid", "2x2"))
        return row * columns * lines + panel

    def _gate(self, name: str, row: int, node: Node, feeds: dict[int, list[tuple[str, int]]]) -> Found:
        (entry,) = node.inputs
        (source,) = feeds[id(entry)]
        state, value = self.cell(*source)
        shown = self.shown.get(source)
        if shown is not None and state in ("done", "run"):
            base, faces = shown
            standing = None
            for decision in self.known.decided.get(base, ()):
                if len(faces) == 1 and decision.artifact != faces[0][0]:
                    continue
                if decision.choice == "approved":
                    standing = decision.artifact
                elif decision.artifact == standing:
                    standing = None
            for face in faces:
                if face[0] == standing:
                    self.shown[name, row] = (base, [face])
                    return "done", face[3]
        if state in ("failed", "blocked", "skipped"):
            return "blocked", None
        if state != "done":
            return "after", None
        if shown is None:
            return "done", value
        return self._policy(name, row, node, shown)

    def _policy(
        self, name: str, row: int, node: Node, shown: tuple[BaseKey, list[tuple[str, bool, float, object]]]
    ) -> Found:
        base, faces = shown
        latest = {decision.artifact: decision.choice for decision in self.known.decided.get(base, ())}
        open_ = [face for face in faces if latest.get(face[0]) != "rejected"]  # type: ignore[call-overload]
        clean = [face for face in open_ if not face[1]]
        policy = node.pick or self.setting.pick
        self.shown[name, row] = shown
        if policy is Pick.ASK or not clean:
            return "waiting", None
        best = clean[0] if policy is Pick.FIRST_CLEAN else max(clean, key=lambda face: face[2])
        self.shown[name, row] = (base, [best])
        return "done", best[3]
