"""The client without `await`: each method of `Client`, carried out in the client's thread and waited for here.

So it works in a script, in any thread, and in a notebook whose own loop is running.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar, Unpack

from rushes.app.one_off import Question
from rushes.app.spent import Costs
from rushes.python.asking import Opening
from rushes.python.client import Client
from rushes.python.workflow import Workflow

P = ParamSpec("P")
T = TypeVar("T")


def _now(
    method: Callable[Concatenate[Client, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[SyncClient, P], T]:
    """The method, waited for. Ctrl-C stops its run in order; a second one calls off what providers are at."""

    def waited(self: SyncClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.client.wait_for(method(self.client, *args, **kwargs))

    for name in ("__name__", "__doc__"):  # `wraps` would make it something else than a method, for a type checker
        setattr(waited, name, getattr(method, name))
    return waited


class SyncClient:
    """`Client` for programs that do not await: `with SyncClient() as client:`. The same arguments, the same methods."""

    def __init__(self, folder: Path | str = ".", **opening: Unpack[Opening]) -> None:
        self.client = Client(folder, **opening)

    def __enter__(self) -> SyncClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop what is under way, in order, and let go of the ledger."""
        self.client.close_now()

    generate_image = _now(Client.generate_image)
    edit_image = _now(Client.edit_image)
    generate_video = _now(Client.generate_video)
    edit_video = _now(Client.edit_video)
    analyze_image = _now(Client.analyze_image)
    analyze_video = _now(Client.analyze_video)
    write_prompt = _now(Client.write_prompt)
    speak = _now(Client.speak)
    transcribe = _now(Client.transcribe)
    add_audio = _now(Client.add_audio)
    upscale = _now(Client.upscale)
    ask = _now(Client.ask)
    plan = _now(Client.plan)
    run = _now(Client.run)
    batch = _now(Client.batch)
    compare = _now(Client.compare)

    def workflow_of(self, *questions: Question) -> Workflow:
        """The document that questions are asked as: to plan what one would cost."""
        return self.client.workflow_of(*questions)

    def track_costs(self) -> AbstractContextManager[Costs]:
        """Count what this client buys from here to the end of the block, whichever thread asks for it."""
        return self.client.track_costs()
