"""Loans in the ledger, over SQLite and over PostgreSQL: found under their own key, and never under the question's."""

from __future__ import annotations

from typing import Any

from tests.ledger.facts import artifact, base, record, sha, stored

from rushes.ledger.books import balance
from rushes.ledger.fold import fold
from rushes.ledger.ledger import Ledger
from rushes.model.canonical import borrowed_key, is_borrowed, request_key
from rushes.model.event import Borrowed, Place
from rushes.model.ids import NodeId, RunId
from rushes.model.result import BORROWED, Value
from rushes.model.verdict import Verdict

R1 = RunId("r1")
RECIPE: dict[str, Any] = {"op": "text_to_image", "provider": "sketch", "model": 'm"%_1', "prompt": "q", "params": {}}


def borrowed(question: str = "q", name: str = "still", **more: Any) -> Borrowed:
    key = borrowed_key(base(question), [sha(name)])
    values: dict[str, Any] = {
        "place": Place(node=NodeId("scene")),
        "key": request_key(key, 0, 0),
        "base": key,
        "asks": base(question),
        "candidate": 0,
        "salt": 0,
        "from_base": base("other"),
        "from_digest": sha(name),
        "score": 0.97,
        "by": "--take",
        "artifacts": (artifact(name),),
        "verdict": Verdict(False, 0.5),
        "recipe": {**RECIPE, "borrowed": {"asks": base(question)}},
    }
    return Borrowed(**{**values, **more})


def test_a_loan_is_a_result_under_its_own_key_and_none_of_the_question(ledger: Ledger) -> None:
    ledger.create_run(record())
    event = borrowed()
    ledger.append(R1, [event], 5.0)
    found = ledger.results([base("q"), event.base])
    assert list(found) == [event.base]
    (result,) = found[event.base]
    assert (result.value, result.attempt) == (Value(None, (artifact("still"),)), BORROWED)
    assert ledger.recipes([event.base])[event.base]["borrowed"] == {"asks": base("q")}
    assert fold(ledger.events(R1)).results == {event.base: (result,)}


def test_a_loan_moves_no_money_and_claims_nothing(ledger: Ledger) -> None:
    ledger.create_run(record())
    ledger.append(R1, [borrowed()], 5.0)
    money = balance(ledger.events(R1))
    assert (money.reserved, money.spent, money.held, money.unpriced) == (0, 0, 0, 0)
    assert not ledger.doubtful() and not ledger.claimants()
    assert ledger.durations("sketch", "sketch-1") == []


def test_a_loan_written_down_twice_stands_once(ledger: Ledger) -> None:
    ledger.create_run(record())
    ledger.append(R1, [borrowed()], 5.0)
    ledger.append(R1, [borrowed(place=Place(node=NodeId("another")))], 6.0)
    assert len(ledger.results([borrowed().base])[borrowed().base]) == 1


def test_the_key_of_a_loan_is_that_of_exactly_these_bytes() -> None:
    keys = {borrowed_key(base(q), lent) for q in "ab" for lent in (["x"], ["y"], ["x", "y"], ["y", "x"])}
    assert len(keys) == 8 and all(map(is_borrowed, keys))
    assert not is_borrowed(base("a")) and not is_borrowed(None)


def test_the_recipes_of_one_model_are_found_by_what_they_begin_with(ledger: Ledger) -> None:
    ledger.create_run(record())
    others = [{**RECIPE, "model": "m"}, {**RECIPE, "op": "image_to_image"}, {**RECIPE, "model": 'm"%_12'}]
    for number, recipe in enumerate([RECIPE, *others]):
        ledger.append(R1, [stored(f"q{number}", f"r1/{number}", recipe=recipe)], 1.0)
    assert ledger.recipes_of("text_to_image", "sketch", 'm"%_1') == {base("q0"): RECIPE}
    assert ledger.recipes_of("text_to_image", "sketch", "nobody") == {}


def test_what_a_digest_was_made_for_is_found_by_its_beginning(ledger: Ledger) -> None:
    ledger.create_run(record())
    ledger.append(R1, [stored("a"), stored("b", "r1/2")], 1.0)
    digest = stored("a").artifacts[0].digest
    assert ledger.made_for(digest[:8]) == [(base("a"), digest)]
    assert ledger.made_for("0" * 64) == [] and ledger.made_for("%") == []
