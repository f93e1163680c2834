"""What notebooks show: plans as a table, results as pictures. Whatever comes from outside goes through `esc`.

Pictures are small data URLs, so that a notebook which is sent to somebody shows them there too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rushes.app.made import Made
from rushes.app.planned import Plan
from rushes.app.report_html import Thumb, esc, short
from rushes.app.summary import RunSummary
from rushes.model.ids import Digest
from rushes.model.money import show_estimate, show_usd
from rushes.model.size import show_seconds

_MOST_PICTURES = 24
_MOST_ROWS = 200
_TEXT = 400  # characters of a text that a card shows

_CARD = "display:inline-block;vertical-align:top;width:230px;margin:4px;padding:8px;border-radius:6px;border:"
_PICKED, _PLAIN = "2px solid #2a7", "1px solid #8886"
_IMAGE = "max-width:100%;max-height:230px;display:block;margin-bottom:6px"
_CELL = "text-align:left;padding:2px 10px 2px 0;vertical-align:top"
_SMALL = "font-size:85%;line-height:1.4;overflow-wrap:anywhere"


class _Files:
    """The exported files, by the digest of what is in them."""

    def __init__(self, results: Iterable[Made]) -> None:
        self._paths = {one.artifact.digest: one.path for one in results if one.artifact and one.path}

    def path(self, digest: Digest) -> Path:
        """The file with these bytes."""
        return self._paths[digest]


def ran_html(summary: RunSummary, results: Sequence[Made]) -> str:
    """What a run came to: a line of sums, what failed or waits, and a card for each result."""
    sums = [str(summary.state), f"{len(results):,} here, {summary.counts.bought:,} made now", _cost(summary)]
    troubles = [f"{one.title}: {one.message}. {one.next_step}" for one in summary.failures]
    troubles += [f"{one.title} waits: {one.command}" for one in summary.waiting]
    said = "".join(f'<div style="color:#c33">{esc(short(one, _TEXT))}</div>' for one in troubles)
    head = f"<div><b>{esc(summary.workflow)}</b> · {' · '.join(map(esc, sums))}</div>"
    return f"<div>{head}{said}{_cards(results)}</div>"


def plan_html(file: Path, plan: Plan) -> str:
    """A plan: a line of sums, and a row for each step with the reason."""
    money = plan.money
    calls = f"{plan.calls:,} calls" if plan.calls == plan.most else f"{plan.calls:,} to {plan.most:,} calls"
    sums = [calls, show_estimate(money), f"about {show_seconds(plan.seconds)}", f"plan {plan.fingerprint}"]
    head = "".join(f'<th style="{_CELL}">{name}</th>' for name in ("", "step", "model", "calls", "cost", "why"))
    rows = []
    for one in plan.nodes[:_MOST_ROWS]:
        cells = (one.action, one.title or one.node, one.model, one.most or "", show_estimate(one.money), one.reason)
        rows.append("<tr>" + "".join(f'<td style="{_CELL}">{esc(cell)}</td>' for cell in cells) + "</tr>")
    more = f"<div>and {len(plan.nodes) - _MOST_ROWS:,} more</div>" if len(plan.nodes) > _MOST_ROWS else ""
    warned = "".join(f"<div>{esc(one)}</div>" for one in plan.warnings)
    table = f'<table style="{_SMALL}"><tr>{head}</tr>{"".join(rows)}</table>'
    return f"<div><div><b>{esc(file.name)}</b> · {' · '.join(map(esc, sums))}</div>{warned}{table}{more}</div>"


def _cards(results: Sequence[Made]) -> str:
    from rushes.app.report_pictures import thumbs  # decoders: for those who look

    shown = results[:_MOST_ROWS]
    small = thumbs((one.artifact for one in shown if one.artifact and one.path), _Files(shown), _MOST_PICTURES)
    alone = len(results) == 1
    cards = "".join(_card(one, small.get(one.artifact.digest) if one.artifact else None, alone) for one in shown)
    more = f"<div>and {len(results) - len(shown):,} more</div>" if len(results) > len(shown) else ""
    return cards + more


def _card(one: Made, thumb: Thumb | None, alone: bool) -> str:
    picture = f'<img src="{esc(thumb.src)}" alt="{esc(one.title or one.node)}" style="{_IMAGE}">' if thumb else ""
    text = f"<div>{esc(short(one.text, _TEXT))}</div>" if one.text else ""
    place = one.title or str(one.node)
    if not alone:
        place += f" · row {one.row + 1} · candidate {one.candidate + 1}"
    marks = ["picked"] if one.picked else []
    if one.verdict.flagged:
        marks.append("flagged: " + ", ".join(found.says for found in one.verdict.findings if found.flags))
    cost = "was there" if one.reused else show_usd(one.usd)
    took = "" if one.took is None else f" · {show_seconds(one.took)}"
    lines = [place, f"{one.model} · {cost}{took}", " · ".join(marks), str(one.path or "")]
    said = "".join(f"<div>{esc(line)}</div>" for line in lines if line)
    return f'<div style="{_CARD}{_PICKED if one.picked else _PLAIN};{_SMALL}">{picture}{text}{said}</div>'


def _cost(summary: RunSummary) -> str:
    said = show_usd(None if summary.unpriced else summary.spent)
    return said if summary.simulator is None else f"{said} (simulated)"
