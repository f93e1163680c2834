"""The client: an opened project for programs, with a method for each thing to ask for.

Every call is a run like any other: planned, under the same ceilings, kept by content, resumable. Calls of one client
share what its providers take at once, its budget and the ledger, so any number may be awaited together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Unpack

from rushes.app.hooks import Hooks
from rushes.app.made import Made
from rushes.app.one_off import Question, written
from rushes.app.plan import prepare_new
from rushes.app.run import asked_anew, run_document
from rushes.app.summary import RunSummary
from rushes.model.operation import Operation
from rushes.model.run import RunOptions
from rushes.python.answers import Answer, Planned, Ran, answer_of
from rushes.python.asking import (
    Asking,
    Source,
    Sources,
    Spending,
    is_film,
    known,
    main_input,
    name_of,
    places_of,
    question_of,
    usd_of,
)
from rushes.python.opened import Opened
from rushes.python.workflow import Workflow, placed

if TYPE_CHECKING:
    from rushes.app.batch_told import BatchSummary
    from rushes.app.compared import Comparison


class Client(Opened):
    """A project for programs. `async with Client() as client:`, or close it yourself; `SyncClient` is without `await`.

    `folder` is where `rushes.toml` is looked for and outputs go; `rushes.python.asking.Opening` says what else may be
    said. Methods raise `rushes.errors`: ProblemsError for what is wrong with a question or a document, RefusedError for
    what a ceiling or missing consent forbids, RemoteError for what a provider failed.
    """

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
        return answer_of(await self._run(workflow, _options(op, asking), asking))

    async def quote(
        self, op: Operation, prompt: str | None, inputs: dict[str, Sources | None], **asking: Unpack[Asking]
    ) -> Planned:
        """What `ask` would do, for how much, and how long it takes. Buys nothing."""
        return await self.plan(self.workflow_of(question_of(op, prompt, inputs, asking)), _options(op, asking))

    def workflow_of(self, *questions: Question) -> Workflow:
        """The document that questions are asked as: to plan what one would cost."""
        name = name_of(questions)
        data, words = written(name, questions)
        return Workflow(self.folder / f"{name}.json", data, words)

    # workflows

    async def plan(self, workflow: Workflow | Path | str, options: RunOptions | None = None) -> Planned:
        """What a run would do, why, how long and for how much. Buys nothing."""
        document = _document(workflow)
        meant = _meant(options, {}, document.variables)

        async def prepare() -> Planned:
            options = await self._anew(document, meant)
            prepared = await prepare_new(self.project, document.file, document.data, options)
            return Planned(workflow=document, plan=prepared.plan, problems=prepared.problems)

        return await self.looked_up(prepare)

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
        known(Spending, spending)
        bound_to = plan.fingerprint if isinstance(plan, Planned) else plan
        return await self._run(_document(workflow), options, spending, bound_to)

    async def _run(
        self,
        document: Workflow,
        options: RunOptions | None,
        spending: Spending | Asking,
        bound_to: str | None = None,
    ) -> Ran:
        meant = _meant(options, spending, document.variables)
        made: list[Made] = []

        def keep(results: Sequence[Made]) -> None:
            made[:] = results

        async def work(hooks: Hooks) -> RunSummary:
            options = await self._anew(document, meant)
            return await run_document(
                self.project,
                document.file,
                document.data,
                options,
                bound_to=bound_to,
                hooks=hooks._replace(made=keep),
            )

        summary = await self.carried(document.file, spending, work)
        return Ran(summary=summary, results=tuple(made))

    async def _anew(self, document: Workflow, options: RunOptions) -> RunOptions:
        """The options, under which what is to be asked again is passed over."""
        return await asked_anew(self.project, document.file, document.data, options) if options.rerun else options

    async def batch(
        self,
        workflow: Path | str,
        table: Path | str,
        options: RunOptions | None = None,
        *,
        canary: int | None = None,
        failed: bool = False,
        **spending: Unpack[Spending],
    ) -> BatchSummary:
        """Run a workflow file for every row of a table (CSV, JSONL, text); the same call again goes on where it ended.

        `canary` rows go first, and the others only with `yes`; `failed` tries again what failed. `budget` is the most
        that all rows together may cost.
        """
        known(Spending, spending)
        from rushes.app.batch import Ways, run_batch  # for those who have a table
        from rushes.app.batch_told import Told

        file, rows = placed(workflow), placed(table)
        meant, ways = _meant(options, spending), Ways(canary=canary, failed=failed)
        told = Told(canary=lambda _canary: self.agreed(spending))
        return await self.carried(
            file, spending, lambda hooks: run_batch(self.project, file, rows, meant, ways, hooks=hooks, told=told)
        )

    async def compare(
        self,
        prompt: str | None,
        models: Sequence[str],
        *,
        image: Sources | None = None,
        op: Operation | None = None,
        count: int = 1,
        **asking: Unpack[Asking],
    ) -> Comparison:
        """Ask several models the same, side by side: time, cost, size and quality of each, and a contact sheet.

        A model that fails does not stop the others. `op` is what most of them can do, where it is not said.
        """
        known(Asking, asking)
        if "model" in asking or "candidates" in asking:
            raise TypeError("compare takes `models`, and `count` results of each: no `model` and no `candidates`")
        from rushes.app.compare import Wish, compare_models  # for those who compare

        pictures = () if image is None else places_of("image", image)
        wish = Wish(
            models=models,
            prompt=prompt,
            pictures=pictures,
            op=op,
            count=count,
            params=dict(asking.get("params") or {}),
            fresh=asking.get("fresh", False),
        )
        meant = _meant(RunOptions(provider=asking.get("provider"), timeout=asking.get("timeout")), asking)
        return await self.carried(
            self.folder / "compare.json",
            asking,
            lambda hooks: compare_models(self.project, wish, meant, folder=self.folder, hooks=hooks),
        )


def _document(workflow: Workflow | Path | str) -> Workflow:
    return workflow if isinstance(workflow, Workflow) else Workflow.from_file(workflow)


def _options(op: Operation, asking: Asking) -> RunOptions:
    rerun = (str(op),) if asking.get("fresh") else ()
    return RunOptions(provider=asking.get("provider"), timeout=asking.get("timeout"), rerun=rerun)


def _meant(
    options: RunOptions | None, spending: Spending | Asking, variables: Mapping[str, str] = MappingProxyType({})
) -> RunOptions:
    meant, budget = options or RunOptions(), usd_of(spending.get("budget"))
    meant = dataclasses.replace(meant, variables={**meant.variables, **variables})
    return meant if budget is None else dataclasses.replace(meant, budget=budget)
