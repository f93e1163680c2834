"""Units under a ceiling: what fits is bought, what may fit later waits, what never fits is told."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from rushes.engine.parts import Stop
from rushes.errors import ErrorClass
from rushes.graph.value import State
from rushes.ledger.books import balance
from rushes.model.event import Accepted, CellFailed, Event, Released, Reserved, Submitting
from rushes.model.ids import RunId
from rushes.model.money import Quote
from rushes.model.request import Recipe
from rushes.model.run import RunState
from rushes.model.wait import Wait
from rushes.testing.provider import Fault, ScriptedProvider

from .rig import Rig, still, workflow

PRICE = Decimal("0.10")


class Cheaper(ScriptedProvider):
    """Quotes up to twice what it charges, so that money comes back when an attempt settles; `dear` costs more."""

    def estimate(self, recipe: Recipe) -> Quote:
        high = Decimal(5) if "dear" in (recipe.prompt or "") else 2 * PRICE
        return Quote(PRICE, high, 1.0, "scripted")


def go(one: Rig, run: RunId, most: str, *names: str, **more: object) -> object:
    one.ledger.set_ceilings(run, {f"run:{run}": Decimal(most)})
    flow = workflow(*(still(name) for name in names))
    return one.go(flow, run=run, scopes=lambda _node: (f"run:{run}",), **more)  # type: ignore[arg-type]


def rig(folder: Path, kind: type[ScriptedProvider] = ScriptedProvider, **more: object) -> Rig:
    return Rig(folder, kind(latency=10.0, **{"price": PRICE, **more}))  # type: ignore[arg-type]


def bought(one: Rig) -> int:
    return sum(one.provider.bought.values())  # type: ignore[attr-defined]


def test_a_unit_that_does_not_fit_waits_for_money_that_comes_back(tmp_path: Path) -> None:
    one = rig(tmp_path, Cheaper)
    run = one.new_run()
    end = go(one, run, "0.40", "a", "b", "c")
    assert end.state is RunState.DONE  # type: ignore[attr-defined]
    assert one.provider.most_in_flight == 2, "more was sent than the ceiling could pay for"  # type: ignore[attr-defined]
    assert bought(one) == 3


def test_money_that_comes_back_is_used_at_once_and_not_when_all_is_over(tmp_path: Path) -> None:
    provider = Cheaper(price=PRICE, latency=lambda request: 900.0 if "slow" in (request.recipe.prompt or "") else 10.0)
    one = Rig(tmp_path, provider)
    run = one.new_run()
    assert go(one, run, "0.50", "slow", "a", "b").state is RunState.DONE  # type: ignore[attr-defined]
    entries = one.ledger.events(run)
    assert entries[-1].at - entries[0].at < 905.0
    assert provider.most_in_flight == 2


def test_a_wait_for_money_is_shown_as_the_budget_it_waits_for(tmp_path: Path) -> None:
    one = rig(tmp_path, Cheaper)
    run = one.new_run()
    seen: list[dict[str, Wait]] = []
    gauges: list[object] = []

    def look(event: Event) -> None:
        if gauges:
            seen.append(dict(gauges[0]()))  # type: ignore[operator]

    one.ledger.set_ceilings(run, {f"run:{run}": Decimal("0.40")})
    flow = workflow(*(still(f"s{n}") for n in range(5)))
    one.go(flow, run=run, scopes=lambda _node: (f"run:{run}",), watch=look, gauge=gauges.append)
    assert any("budget of run" in waits and waits["budget of run"].number == 3 for waits in seen)


def test_what_can_never_fit_is_told_with_the_ceiling_and_cheaper_work_goes_on(tmp_path: Path) -> None:
    one = rig(tmp_path, Cheaper)
    run = one.new_run()
    end = go(one, run, "1.00", "dear", "a", "b")
    assert end.state is RunState.FAILED  # type: ignore[attr-defined]
    assert [outcome.state for outcome in end.outcomes] == [State.FAILED, State.DONE, State.DONE]  # type: ignore[attr-defined]
    (lost,) = [event for event in one.events if isinstance(event, CellFailed)]
    assert lost.error is ErrorClass.QUOTA
    assert "$1.00 of run" in lost.says
    assert "$5.00 needed" in lost.says
    assert bought(one) == 2


def test_when_the_money_is_spent_the_rest_is_told_and_nothing_more_is_sent(tmp_path: Path) -> None:
    one = rig(tmp_path)
    run = one.new_run()
    end = go(one, run, "0.50", *(f"s{n}" for n in range(200)))
    assert end.state is RunState.FAILED  # type: ignore[attr-defined]
    assert bought(one) == 5, "the budget was not used, or not kept"
    books = balance(one.ledger.events(run))
    assert (books.spent, books.held) == (Decimal("0.50"), Decimal(0))


def test_a_price_that_nobody_knows_is_refused_under_a_ceiling(tmp_path: Path) -> None:
    one = rig(tmp_path, price=None)
    run = one.new_run()
    end = go(one, run, "5.00", "a")
    assert end.state is RunState.FAILED  # type: ignore[attr-defined]
    assert "price is not known" in end.outcomes[0].says  # type: ignore[attr-defined]
    assert not one.provider.posts  # type: ignore[attr-defined]


def test_a_failure_that_was_not_charged_gives_its_money_to_the_next(tmp_path: Path) -> None:
    one = rig(tmp_path, faults=[Fault(error=ErrorClass.INVALID_INPUT, at=0)], in_flight=1)
    run = one.new_run()
    go(one, run, "0.20", "a", "b", "c")
    assert bought(one) == 2


def test_claims_ahead_hold_no_more_than_is_in_flight(tmp_path: Path) -> None:
    one = rig(tmp_path, in_flight=2)
    run = one.new_run()
    open_: set[str] = set()
    most = 0

    def watch(event: Event) -> None:
        nonlocal most
        if isinstance(event, Reserved):
            open_.add(event.attempt)
        elif isinstance(event, Submitting):
            open_.discard(event.attempt)
        most = max(most, len(open_))

    go(one, run, "100", *(f"s{n}" for n in range(40)), watch=watch)
    assert 0 < most <= 4


def test_nothing_stays_held_for_what_was_never_sent(tmp_path: Path) -> None:
    one = rig(tmp_path, in_flight=1)
    run = one.new_run()
    stop = Stop()

    def watch(event: Event) -> None:
        if isinstance(event, Accepted):
            stop.ask()

    end = go(one, run, "100", *(f"s{n}" for n in range(9)), stop=stop, watch=watch)
    assert end.state is RunState.INTERRUPTED  # type: ignore[attr-defined]
    assert [event for event in one.events if isinstance(event, Released)]
    assert balance(one.ledger.events(run)).held == PRICE, "only what was sent is held"
