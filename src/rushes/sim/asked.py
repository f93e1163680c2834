"""What a body asks a model for, read by what the catalogue knows of its endpoint: for protocols with plain fields."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from rushes.model.operation import Operation
from rushes.plugin.takes import Takes
from rushes.sim.jobs import JobFailed
from rushes.sim.making import UNREADABLE
from rushes.sim.paint import Asking

Reader = Callable[[str], bytes | None]
"""Gives the file behind an address of the simulator's own; None for every other: it fetches nothing from anywhere."""

_PIXELS = re.compile(r"(\d{3,5})[:x*](\d{3,5})")


def operation_of(takes: Takes, body: Mapping[str, Any], *, film: bool) -> Operation:
    """What is asked for: a film or a picture, of words or of pictures."""
    given = any(body.get(field.removesuffix("[]")) for field in takes.inputs.values())
    if film:
        return Operation.IMAGE_TO_VIDEO if given else Operation.TEXT_TO_VIDEO
    return Operation.IMAGE_TO_IMAGE if given else Operation.TEXT_TO_IMAGE


def params_of(takes: Takes, body: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a body under the names that painting and prices know."""
    inputs = {field.removesuffix("[]") for field in takes.inputs.values()}
    names = {takes.shape: "aspect_ratio", takes.length: "duration", takes.audio: "generate_audio"}
    skipped = {takes.prompt, "seed", *inputs}
    params = {names.get(name, name): value for name, value in body.items() if name not in skipped}
    if size := _PIXELS.fullmatch(str(params.get("aspect_ratio", ""))):
        params |= {"width": int(size[1]), "height": int(size[2])}
    return params


def asking_of(takes: Takes, endpoint: str, body: Mapping[str, Any], seed: int, read: Reader, *, film: bool) -> Asking:
    """What is to be made for a body. Raises JobFailed for an input that cannot be read."""
    op = operation_of(takes, body, film=film)
    inputs: dict[str, list[bytes]] = {}
    seen: set[str] = set()
    for role, field in takes.inputs.items():
        name = field.removesuffix("[]")
        if name in seen or not body.get(name):
            continue
        seen.add(name)  # two roles of one field are one list
        urls = body[name] if isinstance(body[name], list) else [body[name]]
        inputs.setdefault(_painted(role, op), []).extend(_file(name, url, read) for url in urls)
    given = body.get("seed")
    first = given if isinstance(given, int) and not isinstance(given, bool) else seed
    prompt = str(body.get(takes.prompt or "", ""))
    files = {role: tuple(many) for role, many in inputs.items()}
    return Asking(op, endpoint, prompt, params_of(takes, body), files, first & 0x7FFFFFFF)


def _painted(role: str, op: Operation) -> str:
    """A picture that is edited is painted over; of a film the first one is its first frame."""
    if op is Operation.IMAGE_TO_IMAGE:
        return "image"
    return "start_frame" if op is Operation.IMAGE_TO_VIDEO and role in ("image", "reference") else role


def _file(field: str, url: object, read: Reader) -> bytes:
    data = None
    if isinstance(url, str):
        data = inline(url) if url.startswith("data:") else read(url)
    if data is None:
        # the real service would go and fetch it; the simulator goes nowhere, so inputs must have been uploaded to it
        raise JobFailed(UNREADABLE, f"{field}: the file could not be read. It was not uploaded here.", detail=field)
    return data


def inline(url: str) -> bytes | None:
    """The file that a `data:` address holds; None where it holds none."""
    head, _, rest = url.partition(",")
    try:
        return base64.b64decode(rest, validate=True) if head.endswith(";base64") else unquote_to_bytes(rest)
    except (binascii.Error, ValueError):
        return None
