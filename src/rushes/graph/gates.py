"""Gates: only approved bytes pass, whoever approves them: a person, or the policy of the gate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rushes.graph.answers import first_clean
from rushes.graph.grid import Grid
from rushes.graph.needs import lacking, serving_of, withheld
from rushes.graph.setting import Setting
from rushes.graph.value import Known, Outcome, State
from rushes.model.ids import Digest
from rushes.model.operation import INLINE, Fan
from rushes.model.result import GONE, Result, Value
from rushes.model.verdict import Choice, Decision
from rushes.model.workflow import Node, Pick

_DONE, _RUN, _WAITING = State.DONE, State.RUN, State.WAITING  # looked up once
_ASK, _FIRST_CLEAN = Pick.ASK, Pick.FIRST_CLEAN


def pick_of(node: Node, setting: Setting) -> Pick:
    """The policy of a gate in this run."""
    return setting.pick if setting.pick_wins or node.pick is None else node.pick


def shown_as(value: Value) -> Digest:
    """What a decision about this value is bound to: its main artifact, or the digest of its text."""
    if value.main is not None:
        return value.main.digest
    return Digest(hashlib.sha256((value.text or "").encode("utf-8", "surrogatepass")).hexdigest())


class Held(NamedTuple):
    """What a gate decides about: the generator's outcome or what a gate before it let through, and what was decided."""

    subject: Outcome | None
    decisions: Sequence[Decision] = ()


def held_by(
    grid: Grid, gates: Iterable[int], outcomes: Sequence[Outcome | None], known: Known, setting: Setting
) -> dict[int, Held]:
    """What each of these gates decides about, at one or two questions to the ledger.

    What stands approved is among the candidates, also when somebody has asked the same question anew since, here or in
    another workflow: what was made in its place is one more to choose from. Only whoever asks anew himself sees what
    comes of it alone.
    """
    cells = {number: _source(grid, number, outcomes) for number in gates}
    subjects = {number: None if cell is None else outcomes[cell] for number, cell in cells.items()}
    bases = {one.base: None for one in subjects.values() if one is not None and one.base is not None and one.candidates}
    decisions = known.decisions(list(bases)) if bases else {}
    found = {
        number: Held(one, decisions.get(one.base, ()) if one is not None and one.base is not None else ())
        for number, one in subjects.items()
    }
    lacking = {
        number: held.subject
        for number, held in found.items()
        if held.decisions  # as of few: most gates are decided once, or not yet
        and held.subject is not None
        and _displaced(held.subject, held.decisions)
        and _generates(grid, cells[number])
    }
    if lacking:
        answers = known.results(list({one.base: None for one in lacking.values() if one.base is not None}))
        for number, subject in lacking.items():
            results = answers.get(subject.base, ()) if subject.base is not None else ()
            found[number] = _recalled(found[number], subject, results, setting)
    return found


def gate_subject(grid: Grid, number: int, outcomes: Sequence[Outcome | None]) -> Outcome | None:
    """The outcome that a gate decides about: the generator's, or what a gate before it let through."""
    source = _source(grid, number, outcomes)
    return None if source is None else outcomes[source]


def _source(grid: Grid, number: int, outcomes: Sequence[Outcome | None]) -> int | None:
    for _role, mode, feeding in grid.cells[number].inputs:
        for serving in serving_of(grid, mode, feeding, outcomes) or feeding:
            return serving
    return None


def _generates(grid: Grid, cell: int | None) -> bool:
    """Whether a cell has candidates of its own; the panels of one picture share their question with each other."""
    node = grid.nodes[grid.cells[cell].node] if cell is not None else None
    return node is not None and node.op not in INLINE and node.signature.fan is not Fan.SPLIT


def _displaced(subject: Outcome, decisions: Sequence[Decision]) -> bool:
    standing = _standing(decisions)
    return standing is not None and all(shown_as(one.value) != standing for one in subject.candidates)


def _recalled(held: Held, subject: Outcome, results: Sequence[Result], setting: Setting) -> Held:
    standing, base = _standing(held.decisions), subject.base
    for one in results:
        asked_anew = base is not None and one.salt < setting.floors.get((base, one.candidate), 0)
        if one.value is not GONE and not asked_anew and shown_as(one.value) == standing:
            return held._replace(subject=subject._replace(candidates=(*subject.candidates, one)))
    return held


def settle_gate(grid: Grid, number: int, outcomes: Sequence[Outcome | None], about: Held, setting: Setting) -> Outcome:
    """A gate's outcome: the approved bytes, a policy's pick, or WAITING.

    A standing approval of bytes that are still there always wins over a policy: an approved picture is never silently
    changed, also while further candidates are being made. Rejected candidates are never picked by a policy. What passes
    is handed on as the only candidate, so that a second gate decides about it again.
    """
    cell = grid.cells[number]
    node = grid.nodes[cell.node]
    held = withheld(grid, node, outcomes)
    if held is not None:
        return held
    subject, decisions = about
    approved = _approved(subject, decisions)
    if subject is not None and approved is not None and subject.state in (_DONE, _RUN):
        return Outcome(_DONE, approved.value, subject.base, (approved,), says="approved")
    stop = lacking(grid, cell, node, outcomes)
    if stop is not None:
        return stop
    if subject is None or subject.value is None:
        return Outcome(State.BLOCKED, says="nothing comes in that could be approved")
    if subject.base is None or not subject.candidates:
        return subject  # a file of the person's own, or a text of the document: approved by being there
    return _judged(subject, decisions, pick_of(node, setting))


def _approved(subject: Outcome | None, decisions: Sequence[Decision]) -> Result | None:
    if subject is None or not decisions:
        return None
    shown = [(shown_as(one.value), one) for one in subject.candidates]
    if len(shown) == 1:
        # the panels of one picture share a question, so a decision about a neighbour says nothing here
        decisions = [one for one in decisions if one.artifact == shown[0][0]]
    standing = _standing(decisions)
    return next((one for digest, one in shown if digest == standing), None)


def _judged(subject: Outcome, decisions: Sequence[Decision], policy: Pick) -> Outcome:
    if policy is _ASK:
        return _waiting(subject, "waits for approval")
    open_: Sequence[Result] = subject.candidates
    if decisions:
        latest = {one.artifact: one.choice for one in decisions}
        open_ = [one for one in open_ if latest.get(shown_as(one.value)) != Choice.REJECTED]
    if not open_:
        return _waiting(subject, "every candidate is rejected: ask for new ones, or approve one")
    if policy is _FIRST_CLEAN:
        best = first_clean(open_)
    else:
        best = max(open_, key=lambda r: (not r.verdict.flagged, r.verdict.score))
    if best.verdict.flagged:
        return _waiting(subject, "every candidate is flagged: a person must decide")
    return Outcome(_DONE, best.value, subject.base, (best,), policy.value)


def _waiting(subject: Outcome, says: str) -> Outcome:
    return Outcome(_WAITING, None, subject.base, subject.candidates, says)


def _standing(decisions: Sequence[Decision]) -> Digest | None:
    """The artifact that stands approved: the last approval that was not taken back by a rejection."""
    standing: Digest | None = None
    for one in decisions:
        if one.choice == "approved":
            standing = one.artifact
        elif one.artifact == standing:
            standing = None
    return standing
