"""Transport faults over any protocol's answer."""

from __future__ import annotations

from rushes.sim.faults import Fault, What
from rushes.sim.protocol import Spoken
from rushes.sim.wire import End, Piece, Reply, Request

_BEFORE = {What.BEFORE_500: 500, What.BEFORE_502: 502, What.BEFORE_503: 503, What.BEFORE_504: 504}
_AFTER = {What.AFTER_500: 500, What.AFTER_502: 502, What.AFTER_503: 503, What.AFTER_504: 504}


def refusal(fault: Fault, speaker: Spoken, request: Request) -> Reply | None:
    """The answer of a fault that strikes before anything was looked at; None for the others."""
    if fault.what is What.RATE_LIMIT:
        return speaker.error(429, request, retry_after=fault.seconds)
    if fault.what is What.RATE_LIMIT_BARE:
        return speaker.error(429, request)
    if fault.what is What.CLOSE_BEFORE:
        return Reply(0, end=End.RESET)
    if fault.what in _BEFORE:
        # a service that is down for an hour and knows it says when to come back; what stands in front of it does not
        return speaker.error(_BEFORE[fault.what], request, retry_after=fault.seconds or None)
    return None


def laid_over(fault: Fault, reply: Reply, speaker: Spoken, request: Request) -> Reply:
    """What a client gets of a reply when this fault strikes on the way back."""
    body = reply.body
    half = len(body) // 2
    if fault.what in _AFTER:
        return speaker.error(_AFTER[fault.what], request)
    if fault.what is What.CLOSE_AFTER:
        return Reply(0, end=End.SILENT)
    if fault.what is What.CLOSE_MID:
        return reply._replace(pieces=(Piece(body[:half]),), end=End.CUT, length=len(body))
    if fault.what is What.TRUNCATED:
        return reply._replace(pieces=(Piece(body[:half]),), receipt=None)
    if fault.what is What.HANG_UP:
        return reply._replace(end=End.HANG_UP)
    if fault.what is What.SLOW:
        return reply._replace(pieces=(Piece(body[:half]), Piece(body[half:], fault.seconds)))
    return reply
