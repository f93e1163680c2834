"""The commands as import paths, and the text of `rushes --help`. Imports nothing, so that asking costs nothing."""

from __future__ import annotations

COMMANDS: dict[str, tuple[str, str]] = {
    "check": ("rushes.cli.commands.check:check", "say everything that is wrong with workflow files"),
    "plan": ("rushes.cli.commands.plan:plan", "show what a run would do, why, how long and for how much"),
    "run": ("rushes.cli.commands.run:run", "run a workflow: buy what is missing, keep every result"),
    "batch": ("rushes.cli.commands.batch:batch", "run a workflow for every row of a table"),
    "rerun": ("rushes.cli.commands.run:rerun", "ask again for some nodes, and for nothing else"),
    "resume": ("rushes.cli.commands.run:resume", "go on with a run that was stopped, parked or killed"),
    "status": ("rushes.cli.commands.show:status", "show where a run stands"),
    "runs": ("rushes.cli.commands.show:runs", "list the runs, newest first"),
    "ctl": ("rushes.cli.commands.ctl:ctl", "tell a run under way to pause, to finish, to go faster"),
    "approve": ("rushes.cli.commands.review:approve", "let a candidate through its gate"),
    "reject": ("rushes.cli.commands.review:reject", "turn a candidate down"),
    "unknowns": ("rushes.cli.commands.unknowns:unknowns", "list the requests that may or may not have been charged"),
    "resolve": ("rushes.cli.commands.unknowns:resolve", "say what became of a request in doubt"),
    "export": ("rushes.cli.commands.export:export", "write a run's files and its report again"),
    "models": ("rushes.cli.commands.models:models", "list the models: prices, limits, ends; show one"),
    "keys": ("rushes.cli.commands.keys:keys", "keep the keys of providers, check them, delete them"),
    "limits": ("rushes.cli.commands.limits:limits", "say how much accounts take, and who waits; set it"),
    "compare": ("rushes.cli.commands.compare:compare", "ask several models the same, and show it side by side"),
    "bench": ("rushes.cli.commands.bench:bench", "run a workflow several times: how long, why, for how much"),
    "costs": ("rushes.cli.commands.costs:costs", "say what was bought, for how much, and what of it was wasted"),
    "stats": ("rushes.cli.commands.stats:stats", "say how fast models were, and how requests ended"),
    "fanout": ("rushes.cli.commands.fanout:fanout", "copy a tab of a node graph for other accounts"),
    "diff": ("rushes.cli.commands.diff:diff", "say what is different between two versions"),
    "gc": ("rushes.cli.commands.gc:gc", "free the store of what nobody needs; undo for 30 days"),
    "verify": ("rushes.cli.commands.verify:verify", "read everything again, and say what is not what it was"),
    "sim": ("rushes.cli.commands.sim:sim", "simulate the providers, with faults and books"),
    "chaos": ("rushes.cli.commands.chaos:chaos", "let everything go wrong with a workflow, simulated, and judge"),
    "schema": ("rushes.cli.commands.schema:schema", "print the JSON Schema of workflow files"),
    "version": ("rushes.cli.commands.version:version", "print the version"),
}
"""By name: where the command is, and the line that `rushes --help` says about it."""

GROUPS: dict[str, tuple[str, ...]] = {
    "runs": ("runs", "ctl", "unknowns", "resolve", "export"),
    "models": ("models", "keys", "limits", "compare", "bench"),
    "books": ("costs", "stats"),
    "files": ("fanout", "diff", "gc", "verify", "schema"),
    "proofs": ("sim", "chaos"),
    "itself": ("version",),
}
"""Commands that fewer people need, by what they are about: the help, which has to fit a screen, only names them."""

_HEAD = """\
Usage: rushes COMMAND [OPTIONS]

  A build system for generated media: buys only what is missing, keeps it all.

"""
_TAIL = """
  rushes COMMAND --help says everything about it.  Start with  rushes plan FILE
"""


def help_text() -> str:
    """What `rushes --help` prints: at most 80 columns and 24 lines."""
    grouped = {name for names in GROUPS.values() for name in names}
    lines = [f"  {name:<9}{says}\n" for name, (_where, says) in COMMANDS.items() if name not in grouped]
    more = [f"  {about:<9}{', '.join(names)}\n" for about, names in GROUPS.items()]
    return _HEAD + "".join(lines) + "\n" + "".join(more) + _TAIL
