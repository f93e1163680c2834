"""`rushes limits`: what accounts may be asked, who says so, what can be set, and what is no limit."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rushes.ledger.ledger import Ledger
from rushes.ledger.limits import seen
from rushes.ledger.open import open_ledger
from rushes.ledger.owner import new_owner
from rushes.ledger.permit import Refusal
from rushes.ledger.permits import Ask, Permits
from rushes.model.limit import Allowed, Rate, Unit

from .conftest import Rushes

FOUND = {"most": 12.7, "free": False, "pace": 0.5}


@pytest.fixture
def ledger(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    monkeypatch.setenv("FAL_KEY", "id:secret-of-mine")
    (place.parent / "home").mkdir()
    with open_ledger(place.parent / "home" / "ledger.sqlite") as opened:
        yield opened


def asks(ledger: Ledger, name: str, *, used: int = 0, wants: int = 0, until: float | None = None) -> None:
    """A process that lives asks under this limit."""
    now = time.time()
    refusals = () if until is None else (Refusal(now, now + until),)
    asked = Ask(name, used, wants, refusals=refusals, found=FOUND)
    Permits(ledger, new_owner()).exchange([asked], now)


def test_nothing_is_known_of_what_was_never_asked(rushes: Rushes, ledger: Ledger) -> None:
    said = rushes("limits")
    assert said.code == 0 and "no account was asked yet" in said.out
    assert "not known yet" in rushes("limits", "--provider", "fal").out
    assert rushes("limits", "--provider", "luma", "--json").json["data"][0]["most_by"] == "declared"


def test_a_limit_says_what_is_asked_what_was_found_and_who_waits(rushes: Rushes, ledger: Ledger) -> None:
    asks(ledger, "fal@simulated", used=5, wants=30, until=89.0)
    asks(ledger, "fal@simulated", used=4, wants=3)
    (line,) = rushes("limits", "--json").json["data"]
    assert (line["in_flight"], line["waiting"], line["processes"]) == (9, 33, 2)
    assert (line["most"], line["most_by"]) == (12, "found") and line["found"]["pace"] == 0.5
    assert 80 < line["paused"] <= 89 and line["told"] and line["seen"] == pytest.approx(time.time(), abs=60)
    said = rushes("limits").out
    assert max(map(len, said.splitlines())) <= 80
    assert (
        "9 of 12 found" in said and "30/min found" in said and "now by 2" in said and "sent nothing for 1 min 2" in said
    )


def test_what_a_person_sets_holds_for_all_and_what_finds_itself_stays_below_it(rushes: Rushes, ledger: Ledger) -> None:
    asks(ledger, "fal@simulated")
    assert rushes("limits", "set", "fal@simulated", "8", "--rate", "60/min", "--rate", "10 usd/day").code == 0
    (one,) = seen(ledger, time.time())
    assert one.set == Allowed(8, (Rate(60, 60.0), Rate(10, 86400.0, Unit.USD)))
    line = rushes("limits", "set", "fal@simulated", "40", "--json").json["data"]
    assert (line["most"], line["most_by"]) == (12, "found"), "it is known to take no more"
    assert line["rates"] == ["60/min", "10 usd/day"] and line["rates_by"] == "set", "what was set before stays"
    line = rushes("limits", "set", "fal@simulated", "3", "--json").json["data"]
    assert (line["most"], line["most_by"]) == (3, "set")
    assert rushes("limits", "set", "fal@simulated", "--clear").code == 0
    assert seen(ledger, time.time())[0].set is None
    said = rushes("limits", "set", "fal@simulated", "--clear")
    assert said.code == 2 and "nothing was set for fal@simulated" in said.err


def test_a_short_name_means_the_account_of_this_key(rushes: Rushes, ledger: Ledger) -> None:
    name = rushes("limits", "set", "fal/FLUX dev", "2", "--json").json["data"]["name"]
    account, _, model = name.partition("/")
    assert model == "flux_dev" and account.startswith("fal@") and "secret" not in name and len(account) == 12
    assert rushes("limits", "set", name, "3").code == 0, "as it is shown, it is understood"
    assert [(one.name, one.set) for one in seen(ledger, time.time())] == [(name, Allowed(3))]
    assert "never" in rushes("limits").out


def test_what_was_found_is_forgotten_and_what_was_set_and_sent_is_not(rushes: Rushes, ledger: Ledger) -> None:
    daily = Allowed(None, (Rate(100, 86400.0),))
    Permits(ledger, "me").leave([Ask("fal@simulated", 0, 0, allowed=daily, found=FOUND)], time.time())

    def kept() -> dict[str, object]:
        ((text,),) = ledger.database.read("SELECT body FROM limits")
        return dict(json.loads(text))

    before = kept()
    assert before["found"] and before["rates"], "what was sent of the day's quota"
    rushes("limits", "set", "fal@simulated", "40")
    assert rushes("limits", "forget", "fal@simulated").code == 0
    assert seen(ledger, time.time())[0].set == Allowed(40)
    assert kept() == {**{name: one for name, one in before.items() if name != "found"}, "set": kept()["set"]}
    said = rushes("limits", "forget", "fal@simulated")
    assert said.code == 2 and "nothing was found of fal@simulated" in said.err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("set", "fall", "8"), "did you mean 'fal'?"),
        (("set", "fal/flux_dve", "8"), "flux_dev"),
        (("set", "fal@12345678", "8"), "no account fal@12345678 was ever asked"),
        (("set", "fal", "0"), "0 is not in the range x>=1"),
        (("set", "fal"), "say what to set"),
        (("set", "fal", "8", "--clear"), "leave the rest out"),
        (("set", "fal", "--rate", "sixty"), "write a rate such as 60/min"),
        (("forget", "fal"), "nothing was found of fal@"),
        (("--provider", "fall"), "did you mean 'fal'?"),
    ],
)
def test_what_is_no_limit_says_what_to_do(rushes: Rushes, ledger: Ledger, args: tuple[str, ...], says: str) -> None:
    said = rushes("limits", *args)
    assert said.code == 2 and says in said.err and said.out == ""


def test_how_long_a_run_takes_is_reckoned_with_what_the_account_takes(
    rushes: Rushes, ledger: Ledger, place: Path
) -> None:
    rows = ", ".join(f"n{n}" for n in range(48))
    step = f"{{name: a, type: text_to_image, model: flux_dev, rows: [{rows}], prompt: '{{{{item}}}}'}}"
    (place / "many.yaml").write_text(f"steps:\n  - {step}\n")

    def seconds() -> float:
        plan = rushes("plan", "many.yaml", "--provider", "auto", "--sim", "http://127.0.0.1:9", "--json").json["data"]
        return float(plan["seconds"])

    before = seconds()
    rushes("limits", "set", "fal@simulated", "24")
    assert seconds() == pytest.approx(before / 3), "24 at once, where 8 were taken for granted"
