"""The tables of the report: failures, what waits, what each node did and why, what each model cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rushes.app.report_html import esc, short
from rushes.app.summary import NodeLine, RunSummary
from rushes.ledger.books import Holds
from rushes.ledger.entry import Entry
from rushes.model.event import Reserved, Stored
from rushes.model.ids import AttemptId
from rushes.model.money import ZERO, show_usd
from rushes.model.size import show_seconds


def failures(summary: RunSummary) -> str:
    """What has no result, and what to do about it."""
    if not summary.failures:
        return ""
    items = []
    for one in summary.failures:
        row = f", row {one.row + 1}" if one.row else ""
        kind = f' <span class="kind">{esc(one.kind)}</span>' if one.kind else ""
        tries = f" after {one.attempts} attempt{'s' if one.attempts != 1 else ''}" if one.attempts else ""
        blocks = f" {one.blocks} more row{'s' if one.blocks != 1 else ''} wait for it." if one.blocks else ""
        items.append(
            f"<li><b>{esc(one.title)}</b> ({esc(one.tab)}{row}){kind}{tries}: {esc(short(one.message, 500))}{blocks}"
            f"<br><code>{esc(one.next_step)}</code></li>"
        )
    return f'<section class="note bad"><h2>Failed</h2><ul>{"".join(items)}</ul></section>'


def waiting(summary: RunSummary) -> str:
    """What a person must decide, and how."""
    if not summary.waiting:
        return ""
    items = []
    for one in summary.waiting:
        row = f", row {one.row + 1}" if one.rows > 1 else ""
        flagged = f"; flagged: {', '.join(map(str, one.flagged))}" if one.flagged else ""
        items.append(
            f"<li><b>{esc(one.title)}</b> ({esc(one.tab)}{row}): {one.candidates} candidates{flagged}"
            f"<br><code>{esc(one.command)}</code></li>"
        )
    then = f"<p>Then: <code>rushes resume {esc(summary.run)}</code></p>"
    return f'<section class="note ask"><h2>Waiting for your choice</h2><ul>{"".join(items)}</ul>{then}</section>'


def notes(summary: RunSummary) -> str:
    """What sums alone would keep quiet about: of money, of time."""
    if not summary.notes:
        return ""
    return f'<section class="note"><ul>{"".join(f"<li>{esc(one)}</li>" for one in summary.notes)}</ul></section>'


def nodes(summary: RunSummary, reasons: Mapping[str, str]) -> Iterator[str]:
    """One line per node: what it came to, why, what it took."""
    tabs = len({one.tab for one in summary.nodes}) > 1
    head = [*(["tab"] if tabs else []), "node", "operation", "model", "came to", "why"]
    yield '<div class="scroll"><table><caption>What every node did, and why</caption><thead><tr>'
    yield "".join(f'<th scope="col">{name}</th>' for name in head)
    yield "".join(f'<th scope="col" class="n">{name}</th>' for name in ("rows", "made", "earlier", "cost", "work"))
    yield "</tr></thead><tbody>"
    for one in summary.nodes:
        yield _node(one, reasons.get(one.node, "") or one.says, tabs)
    yield "</tbody></table></div>"


def _node(one: NodeLine, why: str, tabs: bool) -> str:
    cells = [f"<td>{esc(one.tab)}</td>"] if tabs else []
    cells += [
        f'<th scope="row">{esc(one.title)}</th>',
        f"<td>{esc(one.op.replace('_', ' '))}</td>",
        f"<td>{esc(one.model or '')}</td>",
        f'<td><span class="state {esc(one.state)}">{esc(one.state)}</span></td>',
        f"<td>{esc(short(why, 300))}</td>",
        f'<td class="n">{one.done}/{one.rows}</td>',
        f'<td class="n">{one.bought or ""}</td>',
        f'<td class="n">{one.reused or ""}</td>',
        f'<td class="n">{show_usd(one.spent) if one.bought else ""}</td>',
        f'<td class="n">{esc(show_seconds(one.seconds)) if one.bought else ""}</td>',
    ]
    return f"<tr>{''.join(cells)}</tr>"


class _Cost:
    def __init__(self) -> None:
        self.attempts = self.results = 0
        self.books = Holds()
        self.seconds = 0.0


class Costs:
    """What each provider's model was asked and charged, kept up entry by entry."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], _Cost] = {}
        self._of: dict[AttemptId, _Cost] = {}

    def take(self, entry: Entry) -> None:
        """One entry; they come oldest first."""
        event = entry.event
        if isinstance(event, Reserved):
            cost = self._of[event.attempt] = self._found.setdefault((event.provider, event.model), _Cost())
            cost.attempts += 1
        else:
            known = self._of.get(getattr(event, "attempt", AttemptId("")))
            if known is None:
                return
            cost = known
        cost.books.take(event)
        if isinstance(event, Stored):
            cost.results += 1
            cost.seconds += event.seconds

    def table(self) -> str:
        """The table; `""` where nothing was asked."""
        return _costs(self._found) if self._found else ""


def _costs(found: Mapping[tuple[str, str], _Cost]) -> str:
    rows = []
    for (provider, model), cost in sorted(found.items()):
        money = cost.books.balance
        unpriced = f" + {money.unpriced} unpriced" if money.unpriced else ""
        mean = show_seconds(cost.seconds / cost.results) if cost.results else ""
        rows.append(
            f'<tr><th scope="row">{esc(provider)}</th><td>{esc(model)}</td><td class="n">{cost.attempts}</td>'
            f'<td class="n">{cost.results}</td><td class="n">{esc(mean)}</td>'
            f'<td class="n">{show_usd(money.spent)}{unpriced}</td></tr>'
        )
    total = show_usd(sum((cost.books.balance.spent for cost in found.values()), ZERO))
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("provider", "model", "attempts", "results", "each", "cost")
    )
    return (
        f'<div class="scroll"><table class="cost"><caption>Cost by model</caption><thead><tr>{head}</tr></thead><tbody>'
        f'{"".join(rows)}</tbody><tfoot><tr><th scope="row" colspan="5">together</th><td class="n">{total}</td></tr>'
        f"</tfoot></table></div>"
    )
