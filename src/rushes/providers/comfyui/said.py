"""What a server says of its jobs: who waits in its queue, how a job ended, which files it made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from rushes.model.media import SUFFIX_OF_TYPE
from rushes.providers.errors import Heard
from rushes.providers.remote import listed, media_type

RUNNING = "running"
"""Where a job stands that is being worked on."""


class Saved(NamedTuple):
    """One file of a job: its media type, and the query of its address."""

    media_type: str
    query: str


def entries(queue: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """The ids of a queue's jobs, and the ids of whose they are."""
    for one in listed(queue.get(name)):
        if isinstance(one, list) and len(one) > 1 and isinstance(one[1], str):
            yield one[1], client(one)


def ids(queue: Mapping[str, Any], name: str) -> list[str]:
    """The ids of a queue's jobs."""
    return [id_ for id_, _client_id in entries(queue, name)]


def client(entry: object) -> str:
    """The client's id of a queued job: `[number, id, graph, extra_data, outputs]`."""
    more = entry[3] if isinstance(entry, list) and len(entry) > 3 else None
    return str(more.get("client_id") or "") if isinstance(more, dict) else ""


def waiting(queue: Mapping[str, Any], id_: str) -> str | None:
    """Where a job stands in the queue, for people; None when it is not there."""
    if id_ in ids(queue, "queue_running"):
        return RUNNING
    pending = sorted(listed(queue.get("queue_pending")), key=_number)
    there = [one[1] for one in pending if isinstance(one, list) and len(one) > 1]
    return f"{there.index(id_) + 1} in the queue" if id_ in there else None


def _number(entry: object) -> float:
    """The queue is a heap: its order is that of the numbers, not of the list."""
    first = entry[0] if isinstance(entry, list) and entry else 0.0
    return float(first) if isinstance(first, int | float) else 0.0


def failure(status: Mapping[str, Any]) -> Heard:
    """How a job ended, from its messages: `["execution_error", {...}]`."""
    for one in listed(status.get("messages")):
        word, said = one if isinstance(one, list) and len(one) == 2 and isinstance(one[1], dict) else ("", {})
        if word == "execution_interrupted":
            return Heard(200, [word], "it was interrupted")
        if word == "execution_error":
            where = f"node {said.get('node_id')} ({said.get('node_type')})"
            kind = str(said.get("exception_type") or "")
            return Heard(200, [word, kind], f"{where}: {said.get('exception_message')}")
    return Heard(200, ["execution_error"], "it failed, and does not say why")


def files(entry: Mapping[str, Any], of: str) -> list[Saved]:
    """The files of a job in the order of its nodes, or those `of` one node: what was saved, else what is a preview."""
    outputs = entry.get("outputs")
    found: list[tuple[bool, Saved]] = []
    for node, made in outputs.items() if isinstance(outputs, dict) else ():
        if of in ("", node) and isinstance(made, dict):
            for word, many in made.items():
                found += (one for item in listed(many) if (one := _saved(word, item)) is not None)
    kept = [one for is_saved, one in found if is_saved]
    return kept or [one for _is_saved, one in found]


_KINDS = {"images": "image", "gifs": "video", "video": "video", "videos": "video", "audio": "audio"}


def _saved(word: str, item: object) -> tuple[bool, Saved] | None:
    """One file, and whether it was saved; None for what is no file of a kind that is known."""
    name = item.get("filename") if isinstance(item, dict) else None
    if word not in _KINDS or not isinstance(item, dict) or not isinstance(name, str) or not name:
        return None
    place = str(item.get("type") or "output")
    try:
        query = urlencode({"filename": name, "subfolder": str(item.get("subfolder") or ""), "type": place})
        kind = media_type(None, f"//x/{quote(name)}", _KINDS[word])
    except UnicodeEncodeError:  # half a character: no file has such a name
        return None
    return (place == "output", Saved(kind, query)) if kind in SUFFIX_OF_TYPE else None
