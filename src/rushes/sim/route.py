"""Where in a paid call a request belongs."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Place(StrEnum):
    """Where in a paid call a request belongs; faults are asked for by it."""

    SUBMIT = "submit"
    STATUS = "status"
    RESULT = "result"
    CANCEL = "cancel"
    UPLOAD = "upload"
    DOWNLOAD = "download"
    WEBHOOK = "webhook"


class Route(NamedTuple):
    """What a request is about: its place, the model's endpoint (`""` where none is named), and what it names.

    `about` tells requests of one place apart for chance: the remote id, the file's name. Submissions leave it empty:
    they are told apart by their bodies. `open` requests need no key.
    """

    place: Place
    model: str = ""
    about: str = ""
    open: bool = False
