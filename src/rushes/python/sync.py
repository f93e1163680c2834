"""The client without `await`: each method of `Client`, carried out in the client's thread and waited for here.

So it works in a script, in any thread, and in a notebook whose own loop is running.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, Unpack

from rushes.app.one_off import Question
from rushes.app.spent import Costs
from rushes.python.asking import Opening
from rushes.python.client import Client
from rushes.python.workflow import Workflow

P = ParamSpec("P")
T = TypeVar("T")


class Awaited(Protocol):
    """What a face without `await` is a face of."""

    def wait_for(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do some work in a thread of its own, and wait for it here."""
        ...

    def close_now(self) -> None:
        """Stop what is under way, in order, and let go of everything."""
        ...

    def track_costs(self) -> AbstractContextManager[Costs]:
        """Count what is bought."""
        ...


A = TypeVar("A", bound=Awaited)


class Face(Generic[A]):
    """The same without `await`; `inner` is what it is a face of."""

    def __init__(self, inner: A) -> None:
        self.inner = inner

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop what is under way, in order, and let go of the ledger."""
        self.inner.close_now()

    def track_costs(self) -> AbstractContextManager[Costs]:
        """Count what is bought from here to the end of the block, whichever thread asks for it."""
        return self.inner.track_costs()


def now(method: Callable[Concatenate[A, P], Coroutine[Any, Any, T]]) -> Callable[Concatenate[Face[A], P], T]:
    """The method, waited for. Ctrl-C stops its run in order; a second one calls off what providers are at."""

    def waited(self: Face[A], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.inner.wait_for(lambda: method(self.inner, *args, **kwargs))

    for name in ("__name__", "__doc__"):  # `wraps` would make it something else than a method, for a type checker
        setattr(waited, name, getattr(method, name))
    return waited


class SyncClient(Face[Client]):
    """`Client` for programs that do not await: `with SyncClient() as client:`. The same arguments, the same methods.

    `progress` is called in the client's thread.
    """

    def __init__(self, folder: Path | str = ".", **opening: Unpack[Opening]) -> None:
        super().__init__(Client(folder, **opening))

    generate_image = now(Client.generate_image)
    edit_image = now(Client.edit_image)
    generate_video = now(Client.generate_video)
    edit_video = now(Client.edit_video)
    analyze_image = now(Client.analyze_image)
    analyze_video = now(Client.analyze_video)
    write_prompt = now(Client.write_prompt)
    speak = now(Client.speak)
    transcribe = now(Client.transcribe)
    add_audio = now(Client.add_audio)
    upscale = now(Client.upscale)
    ask = now(Client.ask)
    quote = now(Client.quote)
    plan = now(Client.plan)
    run = now(Client.run)
    batch = now(Client.batch)
    compare = now(Client.compare)

    def workflow_of(self, *questions: Question) -> Workflow:
        """The document that questions are asked as: to plan what one would cost."""
        return self.inner.workflow_of(*questions)
