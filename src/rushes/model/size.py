"""Bytes and spans of time as people write them: `1GB`, `500 MB`, `7d`, `12h`."""

from __future__ import annotations

import re

_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}
_BINARY = {"ki": 1024, "mi": 1024**2, "gi": 1024**3, "ti": 1024**4}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([kmgt]i?)?b?", re.IGNORECASE | re.ASCII)
_SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGE = re.compile(r"(\d{1,9})\s*([smhdw])", re.IGNORECASE | re.ASCII)


def parse_bytes(text: str) -> int | None:
    """The bytes of `1GB` (10^9), `1GiB` (2^30), `500 MB` or `1000`; None for what is no size."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        return None
    unit = (match[2] or "").lower()
    return int(float(match[1]) * (_UNITS.get(unit) or _BINARY[unit]))


def show_bytes(size: int) -> str:
    """For people, in powers of ten as disks are sold: `0 B`, `12 kB`, `3.4 MB`, `1.2 GB`."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if unit in ("B", "kB") or amount >= 99.5 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def show_seconds(seconds: float) -> str:
    """For people: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600} h" + (f" {whole % 3600 // 60} min" if whole % 3600 // 60 else "")


def parse_age(text: str) -> float | None:
    """The seconds of `7d`, `12h`, `30m`, `90s`, `2w`; None for what is no span of time."""
    match = _AGE.fullmatch(text.strip())
    return None if match is None else float(int(match[1]) * _SPANS[match[2].lower()])
