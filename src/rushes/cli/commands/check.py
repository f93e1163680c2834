"""`rushes check`."""

from __future__ import annotations

from pathlib import Path

import click

from rushes.app.check import FileCheck, check_files
from rushes.app.project import Project
from rushes.cli.exits import Exit
from rushes.cli.say import clean, count, problem_lines
from rushes.cli.session import Session, common, plain_problem, session
from rushes.model.problem import Severity


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="Mend what can be mended safely, and show the difference.")
@common
def check(files: tuple[Path, ...], fix: bool) -> int:
    """Say everything that is wrong with workflow FILES: where, what, why it matters and what to do.

    Nothing is bought and nothing is run. Exit code 2 when a file cannot run as it is.
    """
    now = session()
    with Project.open(files[0].absolute().parent, home=now.home) as project:
        found = check_files(project, files, fix=fix)
    ok = all(one.ok for one in found)
    everything = [problem for one in found for problem in one.problems]
    now.result([_plain(one) for one in found], ok=ok, problems=everything)
    if now.for_people:
        for one in found:
            _show(one, now)
    return Exit.OK if ok else Exit.MISTAKE


def _plain(one: FileCheck) -> dict[str, object]:
    return {
        "file": str(one.file),
        "ok": one.ok,
        "fixed": list(one.fixed),
        "diff": one.diff,
        "problems": [plain_problem(problem) for problem in one.problems],
    }


def _show(one: FileCheck, now: Session) -> None:
    for said in one.fixed:
        click.echo(f"mended: {clean(said)}")
    if one.diff:
        click.echo(one.diff)
    wanted = [p for p in one.problems if not now.quiet or p.severity is Severity.ERROR]
    for line in problem_lines(wanted):
        click.echo(line)
    kinds = [
        count(number, word)
        for severity, word in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.ADVICE, "hint"))
        if (number := sum(p.severity is severity for p in one.problems))
    ]
    if not now.quiet or not one.ok:
        click.echo(f"{clean(str(one.file))}: {', '.join(kinds) or 'in order'}")
