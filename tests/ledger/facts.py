"""Runs and events made by hand, and strategies for all of them."""

from __future__ import annotations

import hashlib
import types
import typing
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from rushes.model import event as events
from rushes.model.canonical import base_key, request_key
from rushes.model.event import EVENTS, CellDone, Decided, Event, Place, Reserved, Stored
from rushes.model.ids import AttemptId, BaseKey, Digest, NodeId, RequestKey, RunId
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.run import RunOptions, RunRecord
from rushes.model.verdict import Choice, Verdict


def sha(text: str) -> Digest:
    return Digest(hashlib.sha256(text.encode()).hexdigest())


def record(name: str = "r1", **more: Any) -> RunRecord:
    values: dict[str, Any] = {
        "workflow": "story",
        "file": "/films/story.yaml",
        "document": sha("document"),
        "format": "yaml",
        "options": RunOptions(),
        "fingerprint": "f1",
        "created": 100.0,
    }
    return RunRecord(id=RunId(name), **{**values, **more})


def base(question: str) -> BaseKey:
    return base_key({"question": question})


def artifact(name: str = "still", **more: Any) -> Artifact:
    values: dict[str, Any] = {"media_type": "image/png", "size": 1234, "width": 64, "height": 36}
    return Artifact(digest=sha(name), **{**values, **more})


def reserved(question: str = "q", attempt: str = "r1/1", candidate: int = 0, salt: int = 0, **more: Any) -> Reserved:
    values: dict[str, Any] = {
        "place": Place(node=NodeId("scene"), candidate=candidate),
        "key": request_key(base(question), candidate, salt),
        "base": base(question),
        "op": Operation.TEXT_TO_IMAGE,
        "provider": "sketch",
        "model": "sketch-1",
        "worst": Decimal("0.05"),
    }
    return Reserved(attempt=AttemptId(attempt), candidate=candidate, salt=salt, **{**values, **more})


def stored(question: str = "q", attempt: str = "r1/1", candidate: int = 0, salt: int = 0, **more: Any) -> Stored:
    values: dict[str, Any] = {
        "place": Place(node=NodeId("scene"), candidate=candidate),
        "key": request_key(base(question), candidate, salt),
        "base": base(question),
        "artifacts": (artifact(f"{question} {candidate} {salt}"),),
        "verdict": Verdict(False, 0.5),
        "recipe": {"provider": "sketch", "model": "sketch-1", "prompt": question},
        "seconds": 2.0,
    }
    return Stored(attempt=AttemptId(attempt), candidate=candidate, salt=salt, **{**values, **more})


def cell_done(node: str = "scene", row: int = 0, question: str | None = "q") -> CellDone:
    asked = None if question is None else base(question)
    return CellDone(place=Place(node=NodeId(node), row=row), base=asked, artifact=None, reused=False)


def decided(question: str = "q", name: str = "still", choice: Choice = Choice.APPROVED, note: str = "") -> Decided:
    place = Place(node=NodeId("gate"))
    return Decided(place=place, subject=base(question), artifact=sha(name), choice=choice, by="ana", note=note)


# Few names, so that the events of a sequence have to do with each other.
_NAMES: dict[object, st.SearchStrategy[Any]] = {
    AttemptId: st.sampled_from(["r1/1", "r1/2", "r1/3"]),
    BaseKey: st.sampled_from([base("a"), base("b")]),
    RequestKey: st.sampled_from(["rk1:a", "rk1:b", "rk1:c"]),
    Digest: st.sampled_from([sha("a"), sha("b"), sha("c")]),
    NodeId: st.sampled_from(["scene", "film", "Straße\0\ud800"]),
}
_MONEY = st.decimals(min_value=0, max_value=1000, places=4)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_TEXTS = st.text(max_size=20) | st.just("\0 \ud83d half")
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _FLOATS | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=5,
)
_SIMPLE: dict[object, st.SearchStrategy[Any]] = {
    int: st.integers(0, 3),
    float: _FLOATS,
    str: _TEXTS,
    bool: st.booleans(),
    Decimal: _MONEY,
    type(None): st.none(),
}


def _of(hint: Any, name: str = "") -> st.SearchStrategy[Any]:
    if name == "state":
        return st.sampled_from(["done", "failed", "cancelled"])
    if name == "recipe":
        return st.dictionaries(st.sampled_from(["provider", "model", "prompt"]), _JSON)
    if name == "media_type":
        return st.sampled_from(["image/png", "video/mp4"])
    for table in (_NAMES, _SIMPLE):
        if hint in table:
            return table[hint]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([_of(arg) for arg in args])
    if origin is tuple:
        return st.lists(_of(args[0]), max_size=2).map(tuple)
    if isinstance(hint, type) and hasattr(hint, "__members__"):
        return st.sampled_from(list(hint))  # type: ignore[call-overload]
    return _build(hint)


def _build(cls: type) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(cls, vars(events))
    hints.pop("durable", None)
    return st.builds(cls, **{name: _of(hint, name) for name, hint in hints.items()})


def event_of(cls: type[Event]) -> st.SearchStrategy[Event]:
    """Any event of one class."""
    return _build(cls)


any_event = st.one_of([event_of(cls) for cls in EVENTS.values()])
