"""The client: an opened project for programs, with a method for each thing to ask for.

Every call is a run like any other: planned, under the same ceilings, kept by content, resumable. Calls of one client
share what its providers take at once, its budget and the ledger, so any number may be awaited together.
"""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, Unpack
from weakref import WeakValueDictionary

from rushes.app.consent import given
from rushes.app.hooks import Hooks
from rushes.app.made import Made
from rushes.app.one_off import Question, written
from rushes.app.plan import prepare_new
from rushes.app.project import Project
from rushes.app.run import rerun_document, run_document
from rushes.app.spent import Costs
from rushes.model.event import Event
from rushes.model.operation import Operation
from rushes.model.run import RunOptions
from rushes.python.answers import Answer, Planned, Ran, answer_of
from rushes.python.asking import (
    Asking,
    Opening,
    Progress,
    Source,
    Sources,
    Spending,
    Usd,
    is_film,
    main_input,
    name_of,
    question_of,
    usd_of,
)
from rushes.python.calls import Call, Calls
from rushes.python.workflow import Workflow

T = TypeVar("T")

_AT_ONCE = 128
"""Runs of one client that are open together, each with a thread of the ledger; more wait for one to end."""


class Client:
    """A project for programs. `async with Client() as client:`, or close it yourself; `SyncClient` is without `await`.

    `folder` is where `rushes.toml` is looked for and outputs go; `Opening` says what else may be said. Raises
    ConfigError.

    Methods raise `rushes.errors`: ProblemsError for what is wrong with a question or a document, RefusedError for what
    a ceiling or missing consent forbids, RemoteError for what a provider failed.
    """

    def __init__(self, folder: Path | str = ".", **opening: Unpack[Opening]) -> None:
        near = Path(folder).expanduser().absolute()
        flags = {name: value for name, value in opening.items() if name not in ("budget", "yes")}
        self._begin(Project.open(near, **flags), near, usd_of(opening.get("budget")), opening.get("yes", False))

    @classmethod
    def over(
        cls, project: Project, folder: Path | str = ".", *, budget: Usd | None = None, yes: bool = False
    ) -> Client:
        """A client over a project that was opened already; closing the client closes it."""
        client = cls.__new__(cls)
        client._begin(project, Path(folder).expanduser().absolute(), usd_of(budget), yes)
        return client

    def _begin(self, project: Project, folder: Path, budget: Decimal | None, yes: bool) -> None:
        self.project, self.folder = project, folder
        self._yes = yes or budget is not None
        self._calls = Calls()
        self._counting: tuple[Costs, ...] = ()
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._same: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()
        self._opened = ExitStack()
        self._opened.enter_context(project)
        project.at_once = project.config.concurrency.value
        if budget is not None:
            project.limit = (secrets.token_hex(4), budget)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop what is under way, in order, and let go of the ledger."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """`close` for those who cannot await."""
        self._calls.close(self._opened.close)

    # one question

    async def generate_image(
        self, prompt: str, *, reference: Sources | None = None, **asking: Unpack[Asking]
    ) -> Answer:
        """Paint a picture from words, and from pictures to go by."""
        return await self.ask(Operation.TEXT_TO_IMAGE, prompt, {"reference": reference}, **asking)

    async def edit_image(
        self, image: Sources, prompt: str, *, mask: Source | None = None, **asking: Unpack[Asking]
    ) -> Answer:
        """Change a picture as the words say; `mask` is white where it may change."""
        return await self.ask(Operation.IMAGE_TO_IMAGE, prompt, {"image": image, "mask": mask}, **asking)

    async def generate_video(
        self,
        prompt: str | None = None,
        *,
        image: Source | None = None,
        end_frame: Source | None = None,
        reference: Sources | None = None,
        **asking: Unpack[Asking],
    ) -> Answer:
        """Film from words, or from the picture that it begins with."""
        if image is None and end_frame is None:
            return await self.ask(Operation.TEXT_TO_VIDEO, prompt, {"reference": reference}, **asking)
        inputs = {"start_frame": image, "end_frame": end_frame, "reference": reference}
        return await self.ask(Operation.IMAGE_TO_VIDEO, prompt, inputs, **asking)

    async def edit_video(self, video: Source, prompt: str, **asking: Unpack[Asking]) -> Answer:
        """Change a film as the words say."""
        return await self.ask(Operation.VIDEO_TO_VIDEO, prompt, {"video": video}, **asking)

    async def analyze_image(self, image: Sources, prompt: str | None = None, **asking: Unpack[Asking]) -> Answer:
        """Say what is to be seen in pictures, or answer a question about them; the answer's `text`."""
        return await self.ask(Operation.ANALYZE_IMAGE, prompt, {"image": image}, **asking)

    async def analyze_video(self, video: Source, prompt: str | None = None, **asking: Unpack[Asking]) -> Answer:
        """Say what happens in a film, or answer a question about it; the answer's `text`."""
        return await self.ask(Operation.ANALYZE_VIDEO, prompt, {"video": video}, **asking)

    async def write_prompt(
        self, prompt: str | None = None, *, image: Source | None = None, **asking: Unpack[Asking]
    ) -> Answer:
        """Write a prompt, for a picture perhaps; the answer's `text`."""
        return await self.ask(Operation.PROMPT_GENERATION, prompt, {"image": image}, **asking)

    async def speak(self, text: str, **asking: Unpack[Asking]) -> Answer:
        """Say words aloud."""
        return await self.ask(Operation.TEXT_TO_SPEECH, text, {}, **asking)

    async def transcribe(self, audio: Source, **asking: Unpack[Asking]) -> Answer:
        """Write down what is said in a sound or a film; the answer's `text`."""
        return await self.ask(Operation.SPEECH_TO_TEXT, None, {"audio": audio}, **asking)

    async def add_audio(self, video: Source, prompt: str | None = None, **asking: Unpack[Asking]) -> Answer:
        """Give a film its sound."""
        return await self.ask(Operation.ADD_AUDIO, prompt, {"video": video}, **asking)

    async def upscale(self, source: Source, **asking: Unpack[Asking]) -> Answer:
        """Make a picture or a film larger."""
        op = Operation.UPSCALE_VIDEO if is_film(source) else Operation.UPSCALE_IMAGE
        return await self.ask(op, None, {main_input(op): source}, **asking)

    async def ask(
        self, op: Operation, prompt: str | None, inputs: dict[str, Sources | None], **asking: Unpack[Asking]
    ) -> Answer:
        """Ask any question: `inputs` by role, as `rushes.model.operation` lists them. Raises what all methods raise."""
        workflow = self.workflow_of(question_of(op, prompt, inputs, asking))
        rerun = (str(op),) if asking.get("fresh") else ()
        options = RunOptions(provider=asking.get("provider"), timeout=asking.get("timeout"), rerun=rerun)
        return answer_of(await self._run(workflow, options, asking))

    def workflow_of(self, *questions: Question) -> Workflow:
        """The document that questions are asked as: to plan what one would cost."""
        name = name_of(questions[0]) if len(questions) == 1 else "questions"
        data, words = written(name, questions)
        return Workflow(self.folder / f"{name}.json", data, words)

    # workflows

    async def plan(self, workflow: Workflow | Path | str, options: RunOptions | None = None) -> Planned:
        """What a run would do, why, how long and for how much. Buys nothing."""
        document = _document(workflow)
        meant = _meant(document, options)

        async def prepare(_call: Call[Planned]) -> Planned:
            prepared = await prepare_new(self.project, document.file, document.data, meant)
            return Planned(workflow=document, plan=prepared.plan, problems=prepared.problems)

        return await self._calls.begin(prepare).ended()

    async def run(
        self,
        workflow: Workflow | Path | str,
        options: RunOptions | None = None,
        *,
        plan: Planned | str | None = None,
        **spending: Unpack[Spending],
    ) -> Ran:
        """Run a workflow: buy what is missing. A step that fails is told of in what it returns.

        `plan` is a plan, or its fingerprint, that today's must be: PlanChanged if it is another.
        """
        bound_to = plan.fingerprint if isinstance(plan, Planned) else plan
        return await self._run(_document(workflow), options or RunOptions(), spending, bound_to)

    # what it cost

    @contextmanager
    def track_costs(self) -> Iterator[Costs]:
        """Count what this client buys from here to the end of the block, whichever task or thread asks for it."""
        costs = Costs(self.project.simulated)
        self._counting = (*self._counting, costs)
        try:
            yield costs
        finally:
            self._counting = tuple(one for one in self._counting if one is not costs)

    async def _run(
        self, workflow: Workflow, options: RunOptions, spending: Spending | Asking, bound_to: str | None = None
    ) -> Ran:
        budget = usd_of(spending.get("budget"))
        meant = _meant(workflow, options if budget is None else dataclasses.replace(options, budget=budget))
        counting, progress = self._counting, _here(spending.get("progress"))
        consent = given if self._yes or spending.get("yes") else None
        made: list[Made] = []

        def watch(event: Event) -> None:
            for costs in counting:
                costs.take(event)
            progress(event)

        def keep(results: Sequence[Made]) -> None:
            made[:] = results

        async def carry(call: Call[Ran]) -> Ran:
            # one run of a document after the other: the second finds what the first has made
            async with self._same.setdefault(workflow.file, asyncio.Lock()), self._room:
                call.begun()
                hooks = Hooks(watch=watch, made=keep, stop=call.stop, consent=consent)
                run = rerun_document if meant.rerun else partial(run_document, bound_to=bound_to)
                summary = await run(self.project, workflow.file, workflow.data, meant, hooks=hooks)
            return Ran(summary=summary, results=tuple(made))

        return await self._calls.begin(carry).ended()

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Do some work of this client from where nobody awaits: the other face stands on this."""
        return self._calls.wait(lambda: work)


def _document(workflow: Workflow | Path | str) -> Workflow:
    return workflow if isinstance(workflow, Workflow) else Workflow.from_file(workflow)


def _meant(workflow: Workflow, options: RunOptions | None) -> RunOptions:
    meant = options or RunOptions()
    return dataclasses.replace(meant, variables={**meant.variables, **workflow.variables})


def _here(progress: Progress | None) -> Progress:
    """Tells it in the loop of whoever asked, not in the client's thread."""
    if progress is None:
        return lambda _event: None
    loop = asyncio.get_running_loop()
    return lambda event: _tell(loop, progress, event)


def _tell(loop: asyncio.AbstractEventLoop, progress: Progress, event: Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(progress, event)
