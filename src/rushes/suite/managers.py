"""The manager: the suite's documented calls, to be awaited, and the same without."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypedDict, TypeVar, Unpack

from rushes.app.export import write_whole
from rushes.app.one_off import Question
from rushes.app.shelf import models
from rushes.app.spent import Costs
from rushes.errors import UserError
from rushes.model.event import CellDone, CellFailed, Event
from rushes.model.operation import Operation
from rushes.model.run import RunOptions
from rushes.python.answers import Planned
from rushes.python.asking import Sources, Usd, known, question_of
from rushes.python.client import Client
from rushes.python.sync import Face, now
from rushes.python.workflow import Workflow, placed
from rushes.suite.chains import OWN, ContentCreationChain, usd
from rushes.suite.result import Result

T = TypeVar("T")

_PARALLEL = "PIPELINE_PARALLEL_ENABLED"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

Config = Mapping[str, Any] | Path | str | ContentCreationChain


class How(TypedDict, total=False):
    """What every call takes: where its outputs go, seconds for one attempt, and who hears of every event."""

    output_dir: Path | str | None
    timeout: float | None
    progress: Callable[[Event], None] | None


class AsyncAIPipelineManager:
    """The calls, to be awaited; `AIPipelineManager` has the same without `await`.

    `base_dir` is the folder of the project, `max_cost` the most, in USD, that everything together may cost; without it
    what costs more than the threshold of consent is refused, or `yes=True` agrees. `parallel` is True, False (one
    request at a time) or the most at once. Without `quiet` each step that ends is told on stderr, at the `log_level`s
    DEBUG and INFO. Raises ConfigError, UserError.
    """

    def __init__(
        self,
        base_dir: Path | str | None = None,
        quiet: bool = False,
        *,
        parallel: bool | int | None = None,
        output_dir: Path | str | None = None,
        max_cost: Usd | None = None,
        log_level: str = "INFO",
        provider: str | None = None,
        home: Path | str | None = None,
        sim: str | None = None,
        yes: bool = False,
    ) -> None:
        folder = placed(base_dir or ".")
        if log_level.upper() not in _LEVELS:
            raise UserError(f"there is no log_level {log_level!r}", next_step=f"one of: {', '.join(_LEVELS)}")
        self._tells = not quiet and log_level.upper() in ("DEBUG", "INFO")
        self.client = Client(
            folder,
            home=home,
            provider=provider,
            sim=sim,
            concurrency=_at_once(parallel),
            output_dir=None if output_dir is None else placed(output_dir),
            budget=max_cost,
            yes=yes,
        )
        self.client.project.usual = OWN

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.client.close()

    def close_now(self) -> None:
        """Stop what is under way, in order, and let go of everything."""
        self.client.close_now()

    def wait_for(self, work: Callable[[], Awaitable[T]]) -> T:
        """The face without `await` stands on this."""
        return self.client.wait_for(work)

    def track_costs(self) -> AbstractContextManager[Costs]:
        """Count what is bought in a block: `total`, `by_model`, `simulated`."""
        return self.client.track_costs()

    # pipelines

    def create_chain_from_config(self, config: Config) -> ContentCreationChain:
        """A pipeline from a file or a dict. What is wrong with it says `validate`, or whoever runs it."""
        if isinstance(config, ContentCreationChain):
            return config
        return ContentCreationChain.from_config(config, self.client.folder)

    def create_simple_chain(
        self, steps: Sequence[str], models: Mapping[str, str] | None = None, name: str = "simple_chain"
    ) -> ContentCreationChain:
        """A pipeline of these step types, one after the other; `models` by step type."""
        named = models or {}
        listed = [{"type": one, **({"model": named[one]} if one in named else {})} for one in steps]
        return self.create_chain_from_config({"name": name, "steps": listed})

    async def run_pipeline(self, /, config: Config, input_text: str | None = None, **how: Unpack[How]) -> Result:
        """Run a pipeline: what is missing is bought, in parallel. The input is a text, or a path."""
        return await self._ran(self.create_chain_from_config(config).about(input_text), how)

    async def execute_chain(self, /, chain: Config, input: str | None = None, **how: Unpack[How]) -> Result:
        """`run_pipeline` by the name that it has there."""
        return await self.run_pipeline(chain, input, **how)

    async def plan(self, chain: Config, input: str | None = None) -> Planned:
        """What a run would do, and why."""
        return await self.client.plan(self.create_chain_from_config(chain).about(input))

    async def estimate_chain_cost(self, chain: Config, input: str | None = None) -> dict[str, Any]:
        """What a run would cost at most, step by step; what is there already costs nothing. None: not known."""
        planned = await self.plan(chain, input)
        steps = [
            {"step": str(one.node), "type": str(one.op), "model": one.model or None, "cost": usd(one.money)}
            for one in planned.plan.nodes
            if one.model or one.most
        ]
        return {"total_cost": usd(planned.plan.money), "step_costs": steps, "currency": "USD"}

    estimate_cost = estimate_chain_cost

    # one thing

    async def generate_image(
        self, /, prompt: str, model: str | None = None, *, reference: Sources | None = None, **params: Any
    ) -> Result:
        """A picture from words. `timeout`, `output_dir`, `progress`; all else are parameters of the model."""
        return await self._made(Operation.TEXT_TO_IMAGE, prompt, {"reference": reference}, model, params)

    async def text_to_video(self, /, prompt: str, model: str | None = None, **params: Any) -> Result:
        """A film from words."""
        return await self._made(Operation.TEXT_TO_VIDEO, prompt, {}, model, params)

    async def image_to_video(
        self, /, image: Sources, prompt: str | None = None, model: str | None = None, **params: Any
    ) -> Result:
        """A film that begins with a picture."""
        return await self._made(Operation.IMAGE_TO_VIDEO, prompt, {"start_frame": image}, model, params)

    async def text_to_speech(self, /, text: str, model: str | None = None, **params: Any) -> Result:
        """Words, spoken."""
        return await self._made(Operation.TEXT_TO_SPEECH, text, {}, model, params)

    async def analyze_image(
        self, /, image: Sources, prompt: str | None = None, model: str | None = None, **params: Any
    ) -> Result:
        """What is to be seen in a picture: `Result.text`."""
        return await self._made(Operation.ANALYZE_IMAGE, prompt, {"image": image}, model, params)

    async def analyze_video(
        self, /, video: Sources, prompt: str | None = None, model: str | None = None, **params: Any
    ) -> Result:
        """What happens in a film: `Result.text`."""
        return await self._made(Operation.ANALYZE_VIDEO, prompt, {"video": video}, model, params)

    async def create_video(
        self,
        text: str,
        image_model: str | None = None,
        video_model: str | None = None,
        *,
        duration: int | None = None,
        aspect_ratio: str | None = None,
        **how: Unpack[How],
    ) -> Result:
        """A picture from words, and a film that begins with it."""
        still = Question(
            op=Operation.TEXT_TO_IMAGE,
            name="image",
            model=_named(image_model),
            prompt=text,
            params=_said(aspect_ratio=aspect_ratio),
        )
        film = Question(
            op=Operation.IMAGE_TO_VIDEO,
            name="video",
            model=_named(video_model),
            prompt=text,
            inputs={"start_frame": ["image"]},
            params=_said(duration=duration),
        )
        return await self._ran(self.client.workflow_of(still, film), how)

    quick_create_video = create_video

    # what there is

    def list_models(self, category: str | None = None, provider: str | None = None) -> list[dict[str, Any]]:
        """Models with their kind of work, providers, price and typical seconds. Raises UserError."""
        return [one._asdict() for one in models(self.client.project, category=category, provider=provider)]

    def get_available_models(self) -> dict[str, list[str]]:
        """The names of all models, by kind of work."""
        found: dict[str, list[str]] = {}
        for one in models(self.client.project):
            if not one.ended:
                found.setdefault(one.category, []).append(one.key)
        return found

    def create_example_configs(self, output_dir: Path | str = "examples") -> list[str]:
        """Write two pipelines that run as they are; nothing is written over."""
        from rushes.cli.suite.examples import EXAMPLES

        wanted = {self.client.folder / output_dir / name: text for name, text in EXAMPLES.items()}
        for path, text in wanted.items():
            if path.exists():
                raise UserError(f"{path} is there already, and not written over", next_step="name another folder")
            write_whole(path, text)
        return [str(path) for path in wanted]

    def cleanup_temp_files(self) -> None:
        """There are none: what a run needs for a moment is gone when it ends."""

    def register_provider(self, *_args: Any, **_more: Any) -> None:
        """Not here: raises UserError, with the way that there is."""
        raise UserError(
            "register_provider is not here: a provider is found by its name",
            next_step="write one as docs/providers.md says: a package with an entry point in rushes.providers",
        )

    async def _made(
        self,
        op: Operation,
        prompt: str | None,
        inputs: dict[str, Sources | None],
        model: str | None,
        params: dict[str, Any],
    ) -> Result:
        how = How(
            output_dir=params.pop("output_dir", None),
            timeout=params.pop("timeout", None),
            progress=params.pop("progress", None),
        )
        question = question_of(op, prompt, inputs, {"model": _named(model), "params": _said(**params)})
        return await self._ran(self.client.workflow_of(question), how)

    async def _ran(self, workflow: Workflow, how: How) -> Result:
        known(How, how)
        output_dir, progress = how.get("output_dir"), how.get("progress")
        where = None if output_dir is None else str(placed(output_dir))

        def told(event: Event) -> None:
            if self._tells:
                _tell(event)
            if progress is not None:
                progress(event)

        options = RunOptions(timeout=how.get("timeout"), output_dir=where)
        return Result(await self.client.run(workflow, options, progress=told))


class AIPipelineManager(Face[AsyncAIPipelineManager]):
    """The calls without `await`; the arguments are those of `AsyncAIPipelineManager`."""

    def __init__(self, base_dir: Path | str | None = None, quiet: bool = False, **more: Any) -> None:
        super().__init__(AsyncAIPipelineManager(base_dir, quiet, **more))

    run_pipeline = now(AsyncAIPipelineManager.run_pipeline)
    execute_chain = now(AsyncAIPipelineManager.execute_chain)
    plan = now(AsyncAIPipelineManager.plan)
    estimate_chain_cost = estimate_cost = now(AsyncAIPipelineManager.estimate_chain_cost)
    generate_image = now(AsyncAIPipelineManager.generate_image)
    text_to_video = now(AsyncAIPipelineManager.text_to_video)
    image_to_video = now(AsyncAIPipelineManager.image_to_video)
    text_to_speech = now(AsyncAIPipelineManager.text_to_speech)
    analyze_image = now(AsyncAIPipelineManager.analyze_image)
    analyze_video = now(AsyncAIPipelineManager.analyze_video)
    create_video = quick_create_video = now(AsyncAIPipelineManager.create_video)

    def __getattr__(self, name: str) -> Any:  # what awaits nothing is the same
        if name == "inner":
            raise AttributeError(name)
        return getattr(self.inner, name)


def _named(model: str | None) -> str | None:
    return None if model == "auto" else model


def _said(**params: Any) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


def _at_once(parallel: bool | int | None) -> int | None:
    if parallel is None:
        parallel = os.environ.get(_PARALLEL, "").strip().lower() not in ("false", "0", "no", "off")
    if isinstance(parallel, bool):
        return None if parallel else 1
    return parallel


def _tell(event: Event) -> None:
    if isinstance(event, CellDone):
        print(f"{event.place.node}: {'was there' if event.reused else 'done'}", file=sys.stderr)
    elif isinstance(event, CellFailed):
        print(f"{event.place.node}: failed: {event.says}", file=sys.stderr)
