"""File names for people: readable, safe on every file system, and never the same for two things.

Two names are *the same* here when any common file system might think so: letters that differ in case only
(macOS, Windows), in Unicode form only (macOS), or a name that Windows keeps for a device.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 120
"""Bytes of one name before suffixes; every file system in use takes 255."""

_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
_NO_WORD = re.compile("[^a-z0-9]+")
_SCENE = re.compile(r"(?<![a-z])(?:scene|szene|shot)[-_ ]*0*(\d{1,4})(?!\d)")
_NOTHING_SAID = re.compile(
    "images?|img|pictures?|stills?|photo|frame|videos?|clips?|films?|movie|audio|sound|voice|text|generat(e|ed|or|ion)|"
    "gen|render|create|make|node|step|nanobananaapi|nano|banana|nanobanana|api|veo3?|scenes?|prompt|to|[ti]2[iv]"
)


def identity(name: str) -> str:
    """What a careless file system would compare: names with equal identities may be one file."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).upper().casefold())


def slug(text: str) -> str:
    """Lower-case words with hyphens between them, `""` when nothing printable is left."""
    if text.isascii():
        return _safe(_NO_WORD.sub("-", text.lower()).strip("-"))
    kept = (char if _is_word(char) else "-" for char in unicodedata.normalize("NFKC", text).lower())
    return _safe(re.sub("-+", "-", "".join(kept)).strip("-"))


def folder_name(text: str, fallback: str = "workflow") -> str:
    """The text as one folder's name: as people wrote it, without what a path or a shell would trip over."""
    kept = (char if _is_word(char) or char in "-_. +()" else "-" for char in unicodedata.normalize("NFC", text))
    return _safe(re.sub(r"\.\.+", ".", "".join(kept)).strip(" .-")) or fallback


def _is_word(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char)[0] == "M"


def _safe(name: str) -> str:
    raw = name.encode("utf-8", "ignore")[:LONGEST]
    name = raw.decode("utf-8", "ignore").rstrip(" .-")
    # Windows takes `con.png` for the device as well, so the part before the first dot decides
    head = identity(name.partition(".")[0]).strip()
    return f"_{name}" if head in _DEVICES else name


def scene_stem(title: str) -> str | None:
    """`scene03` for a title such as "Scene 3 image", `scene03-end` for "Scene 3 – end frame"; None without a number."""
    said = slug(title)
    found = _SCENE.search(said)
    if found is None:
        return None
    number = int(found.group(1))
    rest = _telling(said[: found.start()] + "-" + said[found.end() :])
    return f"scene{number:02d}" + (f"-{rest}" if rest else "")


def stem(title: str) -> str:
    """`lantern-start` for "Generate: lantern, start": the title without words that only say what kind of node it is."""
    said = slug(title)
    rest = _telling(said)
    return rest if any(char.isalpha() for char in rest) and _safe(rest) == rest else said


def _telling(said: str) -> str:
    return "-".join(word for word in said.split("-") if word and not _NOTHING_SAID.fullmatch(word))


def row_name(row: int, rows: int) -> str:
    """`scene01` for the first of several rows, wide enough to sort."""
    return f"scene{row + 1:0{max(2, len(str(rows)))}d}"


class Namer:
    """Hands out each name once. The first asker gets it as it is, later ones get `-2`, `-3`."""

    def __init__(self, *taken: str) -> None:
        self._taken = {identity(name) for name in taken}
        self._next: dict[str, int] = {}

    def claim(self, wanted: str) -> str:
        """The name, or the next free one like it."""
        key = identity(wanted)
        if key not in self._taken:
            self._taken.add(key)
            return wanted
        number = self._next.get(key, 2)
        while (other := identity(f"{wanted}-{number}")) in self._taken:
            number += 1
        self._next[key] = number + 1
        self._taken.add(other)
        return f"{wanted}-{number}"
