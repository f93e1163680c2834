"""`aicp run-chain`, `aicp estimate-cost`, `aicp create-examples`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from rushes.app.expanded import expanded
from rushes.app.export import write_whole
from rushes.app.plan import Prepared, prepare
from rushes.app.planned import NodePlan
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.cli.options import dollars
from rushes.cli.say import clean, count, problem_lines
from rushes.cli.session import plain_problem
from rushes.cli.suite.driving import carried_out, options_for, project_at
from rushes.cli.suite.examples import EXAMPLES
from rushes.cli.suite.session import Exit, Suite, common, existing, suite
from rushes.cli.suite.texts import read
from rushes.errors import UserError
from rushes.model.money import show_usd
from rushes.model.run import RunOptions
from rushes.model.size import show_seconds


@click.command("run-chain")
@click.option("-c", "--config", "config", metavar="FILE", help="The pipeline file, YAML or JSON.")
@click.option("--input-text", metavar="TEXT", help="The text of {{input}}.")
@click.option("--prompt-file", metavar="FILE", help="A file with that text.")
@click.option("--input", "input_", metavar="FILE|-", help="A file with that text, or - for stdin; beats the other two.")
@click.option("--no-confirm", is_flag=True, help="Buy without asking.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, why and for how much; buy nothing.")
@click.option("--parallel", is_flag=True, help="Run in parallel, whatever PIPELINE_PARALLEL_ENABLED says.")
@click.option("--stream", is_flag=True, help="A line of JSON on stderr for each step.")
@click.option("--save-json", metavar="FILE", help="Write the result here too.")
@click.option("--output-dir", metavar="DIR", help="Write outputs here, not beside the file.")
@click.option("--budget", callback=dollars, metavar="USD", help="Spend at most USD in this run.")
@click.option("--provider", metavar="NAME", help="Ask this provider for everything; sketch paints offline, for free.")
@click.option("--sim", metavar="URL", help="A simulator stands in for every remote provider.")
@common
def run_chain(
    config: str | None, stream: bool, dry_run: bool, no_confirm: bool, save_json: str | None, **how: Any
) -> int:
    """Run a pipeline file: what is missing is bought, in parallel, and every result is kept.

    What was made before is used again. Where a run costs more than a dollar somebody is asked; without a terminal it
    takes --no-confirm. Exit codes: 0 done, 2 arguments or file, 3 missing, 4 provider, 5 not all results.
    """
    now = suite()
    now.stream = stream
    file = _config(config)
    with project_at(file.absolute().parent, now, provider=how["provider"], sim=how["sim"]) as project:
        options = _options(project, now, **how)
        if dry_run:
            return _estimated(now, project, file, options, show=_show_plan)
        return carried_out(
            now, lambda hooks: run_file(project, file, options, hooks=hooks), yes=no_confirm, save=save_json
        )


@click.command("estimate-cost")
@click.option("-c", "--config", "config", metavar="FILE", help="The pipeline file, YAML or JSON.")
@click.option("--input-text", metavar="TEXT", help="The text of {{input}}.")
@click.option("--provider", metavar="NAME", help="Ask this provider for everything.")
@common
def estimate_cost(config: str | None, input_text: str | None, provider: str | None) -> int:
    """Say what a run of a pipeline file would cost, step by step. What is there already costs nothing."""
    now = suite()
    file = _config(config)
    with project_at(file.absolute().parent, now, provider=provider) as project:
        return _estimated(now, project, file, _options(project, now, input_text=input_text), show=_show_costs)


@click.command("create-examples")
@click.option("--output-dir", default="examples", show_default=True, metavar="DIR", help="Write them here.")
@common
def create_examples(output_dir: str) -> int:
    """Write two pipelines that run as they are, also offline and free: aicp run-chain --provider sketch."""
    now = suite()
    folder = now.folder / output_dir
    wanted = {folder / name: text for name, text in EXAMPLES.items()}
    there = [str(path) for path in wanted if path.exists()]
    if there:
        raise UserError(f"{', '.join(there)}: there already, and not written over", next_step="name another folder")
    for path, text in wanted.items():
        write_whole(path, text)
    now.listing([str(path) for path in wanted])
    if now.for_people:
        for path in wanted:
            click.echo(f"{clean(str(path))}\n  aicp run-chain --provider sketch --config {clean(str(path))}")
    return Exit.OK


def _config(given_: str | None) -> Path:
    if given_ is None:
        raise click.UsageError("--config FILE is missing: the pipeline to run")
    return existing(given_, "--config")


def _options(
    project: Project,
    now: Suite,
    *,
    input_text: str | None = None,
    prompt_file: str | None = None,
    input_: str | None = None,
    output_dir: str | None = None,
    **more: Any,
) -> RunOptions:
    text = _text(input_, input_text, prompt_file)
    where = output_dir or now.base
    return options_for(
        project,
        variables={} if text is None else {"input": text},
        output_dir=None if where is None else str(expanded(where).absolute()),
        parallel=more.get("parallel", False),
        budget=more.get("budget"),
    )


def _text(input_: str | None, text: str | None, file: str | None) -> str | None:
    """What the pipeline is about: a file or stdin, then the flag, then the prompt file; last what the pipeline says."""
    if input_ is not None:
        return read(input_, "--input", hint="a text is given with --input-text")
    if text is not None:
        return text
    return None if file is None else read(file, "--prompt-file")


def _estimated(now: Suite, project: Project, file: Path, options: RunOptions, show: Any) -> int:
    prepared = asyncio.run(prepare(project, file, options))
    for line in problem_lines(prepared.problems):
        now.talk(line)
    now.tell(_plain(prepared))
    if now.for_people:
        show(prepared)
    return Exit.OK


def _plain(prepared: Prepared) -> dict[str, Any]:
    plan = prepared.plan
    return {
        "success": True,
        "dry_run": True,
        "total_cost": None if plan.money.unknown else float(plan.money.high),
        "currency": "USD",
        "unknown_prices": plan.money.unknown,
        "requests": plan.most,
        "estimated_time": round(plan.seconds, 3),
        "step_costs": [
            {
                "step": str(one.node),
                "type": str(one.op),
                "model": one.model or None,
                "action": str(one.action),
                "reason": one.reason,
                "cost": None if one.money.unknown else float(one.money.high),
            }
            for one in plan.nodes
        ],
        "warnings": list(plan.warnings),
        "problems": [plain_problem(one) for one in prepared.problems],
    }


def _show_plan(prepared: Prepared) -> None:
    from rushes.cli.tables import out, show_plan

    show_plan(prepared.plan, prepared.workflow.name, out(), every=False)


def _show_costs(prepared: Prepared) -> None:
    for one in prepared.plan.nodes:
        click.echo(f"{_cost(one):>10}  {clean(one.title or str(one.node))}  {clean(one.model)}")
    money = prepared.plan.money
    known = f"{show_usd(money.high)} for {count(prepared.plan.most, 'request')}"
    unknown = f", and {count(money.unknown, 'request')} of unknown price" if money.unknown else ""
    click.echo(f"{known}{unknown}, about {show_seconds(prepared.plan.seconds)}")


def _cost(one: NodePlan) -> str:
    return "not known" if one.money.unknown else show_usd(one.money.high)
