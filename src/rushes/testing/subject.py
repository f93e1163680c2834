"""A provider under check, and the service behind it as a test can look at it and disturb it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol

from rushes.model.request import Request
from rushes.plugin.provider import Context, Finished, Output, Provider

MOST_POLLS = 10_000
"""Questions about one job after which it counts as never finished."""


class Books(NamedTuple):
    """What the service itself wrote down: the judge of every promise about money.

    `posts` are submissions that arrived, `accepted` those that became jobs, `duplicates` askings that were accepted
    more than once, `billed` in USD, `uploads` of inputs.
    """

    posts: int
    accepted: int
    duplicates: int
    billed: Decimal
    uploads: int


class Service(Protocol):
    """The service behind a provider under check: a simulator, or a server of the test's own.

    A fault is a word: `429` (with `Retry-After`), `429-bare`, `500` to `504` and the same with `-after` (the request
    was accepted all the same), `close-before`, `close-after`, `close-mid`, `truncated`, `slow`, `unknown-status`,
    `expired`, `refused`, `refused-billed`, `failed`, `retired`, `no-money`. A place is `submit`, `status`, `result`,
    `upload` or `download`.
    """

    def strike(self, fault: str, place: str = "submit", *, first: int | None = None, seconds: float = 0.0) -> None:
        """From now on this fault meets every request of that place, or the `first` so many of each."""
        ...

    def calm(self) -> None:
        """Switch all faults off."""
        ...

    def allow(self, most: int) -> None:
        """From now on at most so many submissions a day are taken, and answers tell what is left of them."""
        ...

    def books(self) -> Books:
        """The books as they are now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A provider under check.

    `make` gives a client of the service, a new one each time; `context` one for an idempotency key.
    `requests` are two or more different requests that it must fulfil. `deterministic`: equal requests
    have equal bytes.

    `service` is the other side, where a test can reach it: without it the checks that need faults have nothing to say.
    `unreachable` gives a client whose service is not there, `keyless` one without a key. `secret` is the key,
    which must show nowhere. `floor` is the least number of seconds between two questions about one job. `tells`:
    answers of the service say what is left of its limits.
    """

    make: Callable[[], Provider]
    requests: Sequence[Request]
    context: Callable[[str], Context]
    deterministic: bool = False
    service: Service | None = None
    unreachable: Callable[[], Provider] | None = None
    keyless: Callable[[], Provider] | None = None
    secret: str = ""
    floor: float = 0.0
    tells: bool = False


async def finish(provider: Provider, request: Request, context: Context) -> Finished:
    """Submit and ask until it is finished, as the engine does."""
    answer = await provider.submit(request, context)
    return answer if isinstance(answer, Finished) else await await_job(provider, answer.remote, context)


async def await_job(provider: Provider, remote: str, context: Context) -> Finished:
    """Ask about a job until it is finished."""
    for _ in range(MOST_POLLS):
        answer = await provider.poll(remote, context)
        if isinstance(answer, Finished):
            return answer
        assert answer.wait >= 0, f"Pending.wait is {answer.wait}; it is the seconds until the next question"
        await context.sleep(answer.wait)
    raise AssertionError(f"the job {remote!r} was not finished after {MOST_POLLS} polls")


async def read(provider: Provider, output: Output, context: Context) -> bytes:
    """All bytes of one output."""
    pieces = []
    async for piece in provider.fetch(output, context):
        assert isinstance(piece, bytes), f"fetch gave a {type(piece).__name__}, not bytes"
        pieces.append(piece)
    return b"".join(pieces)


async def results(subject: Subject, request: Request, key: str) -> tuple[bytes, ...]:
    """The answer to one request as bytes: its outputs, or its text."""
    provider, context = subject.make(), subject.context(key)
    finished = await finish(provider, request, context)
    if finished.text is not None:
        return (finished.text.encode(),)
    return tuple([await read(provider, output, context) for output in finished.outputs])
