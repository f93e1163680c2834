"""The public names as a stranger uses them. Never executed: what the type checker minds here would break people."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import rushes
from rushes.model.event import Event, Stored
from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.plugin.provider import Provider


def look(file: Path) -> list[str]:
    """Check a file and plan it."""
    print(rushes.__version__)
    try:
        with rushes.Project.open(file.parent) as project:
            for checked in rushes.check_files(project, [file]):
                print(checked.problems)
            options = rushes.RunOptions(mode=rushes.RunMode.IMAGES, pick=rushes.Pick.FIRST_CLEAN, provider="sketch")
            plan = asyncio.run(rushes.prepare(project, file, options)).plan
            return [plan.fingerprint]
    except rushes.ProblemsError as error:
        return [f"{problem.where}: {problem.says}" for problem in error.problems]
    except (rushes.ConfigError, rushes.NotFound, rushes.PlanChanged) as error:
        return [error.message, error.next_step]


async def make(project: rushes.Project, file: Path) -> int:
    """Run, decide, go on, ask again."""
    summary = await rushes.run_file(project, file, rushes.RunOptions())
    if summary.state is rushes.RunState.PARKED:
        await rushes.decide(project, summary.run, "gate", 1, rushes.Choice.APPROVED)
        summary = await rushes.resume(project, summary.run)
    await rushes.rerun_file(project, file, rushes.RunOptions(rerun=("scene-03",), fresh_seed=True))
    await rushes.status(project, None)
    return len(rushes.runs(project, file=file))


async def ask(folder: Path) -> Decimal:
    """A client: one question after the other, many at once, a workflow, and what it all cost."""
    async with rushes.Client(folder, provider="sketch", budget="2.50") as client:
        with client.track_costs() as costs:
            still = await client.generate_image("a red fox", params={"resolution": "360p"}, candidates=2)
            film, told = await asyncio.gather(
                client.generate_video("it runs", image=still), client.analyze_image(still, "what is it?")
            )
            answers: list[rushes.Answer] = [still, film, told]
            print([(one.path, one.text, one.cost, one.seconds, one.verdict.flagged) for one in answers])
            quoted = await client.quote(Operation.TEXT_TO_SPEECH, "good evening", {})
            print(quoted.most, quoted.seconds)
            workflow = rushes.Workflow.from_file(folder / "film.yaml").with_variables(input="a fox")
            planned: rushes.Planned = await client.plan(workflow)
            ran: rushes.Ran = await client.run(workflow, plan=planned, yes=True, progress=print)
            print([node.id for node in workflow.nodes], [made.path for made in ran.picked], ran.cost)
        return costs.total


def ask_now(folder: Path) -> list[Path]:
    """The same without `await`."""
    with rushes.SyncClient(folder) as client, client.track_costs() as costs:
        still = client.generate_image("a red fox", budget=Decimal("0.10"))
        ran = client.run(rushes.Workflow.from_text("steps: []"), rushes.RunOptions(pick=rushes.Pick.BEST))
        print(costs.by_model, costs.simulated, ran.ok, client.plan(folder / "film.yaml").most)
        print(client.batch(folder / "film.yaml", folder / "rows.csv", canary=5).totals.done)
        print([one.median for one in client.compare("a fox", ["flux_dev"], image=still).contenders])
        return [still.path, client.upscale(still).path]


def explain(error: rushes.RushesError) -> str:
    """The branches of the error tree."""
    if isinstance(error, rushes.RemoteError):
        return "later" if error.kind is rushes.ErrorClass.RATE_LIMIT else error.message
    if isinstance(error, rushes.DamagedError | rushes.StoreError):
        return "look at the disk"
    if isinstance(error, rushes.UserError | rushes.RefusedError):
        return error.next_step
    return error.message


def price(provider: Provider, event: Event) -> Decimal | None:
    """Contracts and values are public too."""
    quote: Quote | None = None
    if isinstance(event, Stored):
        print(provider.name, event.artifacts[0].digest)
    return quote.high if quote is not None else None
