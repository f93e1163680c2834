"""Pins are facts of the ledger, on both databases; a survey reads all of it, a page at a time."""

from __future__ import annotations

import pytest
from tests.ledger.facts import artifact, base, cell_done, decided, record, reserved, sha, stored

from rushes.ledger import skimmed, survey
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.ledger.pins import Pin, pin, pins, unpin
from rushes.model.verdict import Choice


def test_a_pin_stays_as_it_was_first_said_until_it_is_taken_away(ledger_where: str) -> None:
    first = Pin(sha("a"), 1.0, "ana", "the fox")
    with open_ledger(ledger_where) as ledger:
        pin(ledger, [first, Pin(sha("b"), 2.0, "ana", "the hare")])
        pin(ledger, [Pin(sha("a"), 3.0, "bo", "again")])
    with open_ledger(ledger_where) as ledger:
        assert pins(ledger) == [first, Pin(sha("b"), 2.0, "ana", "the hare")]
        assert unpin(ledger, [sha("a"), sha("c")]) == 1
        assert [one.digest for one in pins(ledger)] == [sha("b")]


def test_a_survey_reads_everything_whatever_the_size_of_its_pages(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = record()
    ledger.create_run(run)
    for number in range(7):
        many = (artifact(f"a{number}"), artifact(f"b{number}"))
        recipe = {"op": "o", "provider": "p", "model": "m", "prompt": "", "inputs": {"reference": [sha(f"in{number}")]}}
        ledger.append(
            run.id, [stored(f"q{number}", f"r1/{number}", artifacts=many, recipe=recipe), cell_done()], float(number)
        )
    ledger.append(run.id, [decided("q1", "a1"), decided("q1", "a1", Choice.REJECTED), decided("q2", "a2")], 9.0)
    ledger.memoize("file", {"/a": f'[1, "{sha("noted")}"]'})
    for page in (1, 2, 3, 1000):
        monkeypatch.setattr(survey, "_PAGE", page)
        monkeypatch.setattr(skimmed, "PAGE", page)
        assert {one for one, _size in survey.artifacts(ledger)} == {sha(f"{c}{n}") for c in "ab" for n in range(7)}
        assert {one.base: (one.inputs, one.outputs) for one in survey.made(ledger)} == {
            base(f"q{n}"): ({sha(f"in{n}")}, {sha(f"a{n}"), sha(f"b{n}")}) for n in range(7)
        }
        named = list(survey.named_in(ledger, run.id))
        assert [one.at for one in named if one.kind == "Stored"] == [float(n) for n in range(7)]
        assert all(sha(f"in{n}") in named[2 * n].digests and named[2 * n].node == "scene" for n in range(7))
        said = [(one, digest, choice) for one, digest, choice in survey.approvals(ledger)]
        assert sorted(said[:3]) == sorted(
            [
                (base("q1"), sha("a1"), "approved"),
                (base("q1"), sha("a1"), "rejected"),
                (base("q2"), sha("a2"), "approved"),
            ]
        )
        assert list(survey.noted(ledger)) == [sha("noted")]
    assert len(survey.samples(ledger, "o", "p", "m")) == 7 and survey.samples(ledger, "o", "p", "other") == []


def test_decisions_of_one_question_come_in_the_order_they_were_made_in(ledger: Ledger) -> None:
    run = record()
    ledger.create_run(run)
    for at, choice in ((1.0, Choice.APPROVED), (2.0, Choice.REJECTED), (3.0, Choice.APPROVED)):
        ledger.append(run.id, [decided("q", "a", choice)], at)
    assert [choice for _base, _digest, choice in survey.approvals(ledger)] == ["approved", "rejected", "approved"]


def test_what_is_reserved_names_no_blob(ledger: Ledger) -> None:
    run = record()
    ledger.create_run(run)
    ledger.reserve(run.id, reserved(), "owner", 1.0)
    assert survey.samples(ledger, "text_to_image", "sketch", "sketch-1") == []
