"""Waiting for a job, and being woken: by its time, by a webhook, by a person who wants to stop.

A wake says only "look now". It carries no result, so a webhook and a poll cannot bring two, and one that somebody
forged costs a poll and nothing else.
"""

from __future__ import annotations

import asyncio


class Wakes:
    """Who waits for which job.

    `remote` is what the provider called the job, as in `Accepted`. Where that is a JSON list its first item is the
    job's own id, and that is enough to wake it.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Future[bool]]] = {}

    async def wait(self, remote: str, seconds: float) -> bool:
        """Wait so long, or until woken; says whether it was woken."""
        woken = self.open(remote)
        timer = asyncio.get_running_loop().call_later(seconds, settle, woken, False)
        try:
            return await woken
        finally:
            timer.cancel()
            self.close(remote, woken)

    def open(self, remote: str) -> asyncio.Future[bool]:
        """A future that a wake sets to True; hand it back to `close`."""
        woken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(_id(remote), []).append(woken)
        return woken

    def close(self, remote: str, woken: asyncio.Future[bool]) -> None:
        """Nobody waits on this future any more."""
        name = _id(remote)
        left = self._waiting.get(name)
        if left is not None:
            left.remove(woken)
            if not left:
                del self._waiting[name]

    def wake(self, remote: str) -> bool:
        """Wake whoever waits for this job, and nobody else; says whether anybody did."""
        waiting = self._waiting.get(_id(remote), ())
        for woken in waiting:
            settle(woken, True)
        return bool(waiting)


def _id(remote: str) -> str:
    if remote.startswith('["'):
        end = remote.find('"', 2)
        return remote[2:end] if end > 0 else remote
    return remote


def settle(future: asyncio.Future[bool], value: bool) -> None:
    """Set it, unless it is set or given up."""
    if not future.done():
        future.set_result(value)
