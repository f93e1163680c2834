"""Nothing of a batch is bought unseen, however cheap its first rows are."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from tests.app.batches import Shop

from rushes.app.batch import Ways
from rushes.app.batch_told import Told
from rushes.app.consent import Spending
from rushes.errors import RefusedError
from rushes.model.request import Recipe
from rushes.testing.provider import ScriptedProvider

PRICE = Decimal("0.10")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, provider=ScriptedProvider(polls=False, price=PRICE))


def test_rows_that_are_here_already_say_nothing_about_the_others(shop: Shop) -> None:
    shop.run(shop.prompts(4, "first.csv"))
    found = shop.run(shop.prompts(40), consent=None, attempts=1)
    assert shop.asked == 4 and found.refused is not None and "$3.60" in found.refused.message
    asked: list[Spending] = []
    whole = shop.run(shop.prompts(40), consent=lambda one: asked.append(one) or True, attempts=1)  # type: ignore[func-returns-value]
    assert whole.whole and shop.asked == 40
    assert [one.most for one in asked] == [Decimal("3.60")], "once, for all of it"


def test_many_small_parts_are_one_large_whole(tmp_path: Path) -> None:
    """Each of them is below the threshold, and the first says that all are."""
    dear = {f"fox {n}, calm" for n in range(5, 41)}

    def price(recipe: Recipe) -> Decimal:
        return PRICE if recipe.prompt in dear else Decimal("0.001")

    shop = Shop(tmp_path, provider=ScriptedProvider(polls=False, price=price))
    found = shop.run(shop.prompts(40), Ways(part_rows=4), consent=None, attempts=1)
    assert found.refused is not None and "$3.60" in found.refused.message
    assert found.totals.spent == Decimal("0.004") and shop.asked == 4
    found = shop.run(shop.prompts(13, "other.csv"), Ways(part_rows=4), consent=None, attempts=1)
    assert found.whole and found.totals.spent == Decimal("0.9"), "a dollar is not asked about"


def test_what_becomes_dearer_than_was_agreed_to_is_asked_about_again(tmp_path: Path) -> None:
    def price(recipe: Recipe) -> Decimal:
        return PRICE * 5 if recipe.prompt == "fox 12, calm" else PRICE

    shop = Shop(tmp_path, provider=ScriptedProvider(polls=False, price=price))
    asked: list[Decimal | None] = []

    def answer(spending: Spending) -> bool:
        asked.append(spending.most)
        return len(asked) == 1

    found = shop.run(shop.prompts(12), Ways(part_rows=4), consent=answer, attempts=1)
    assert asked == [Decimal("1.20"), Decimal("0.80")] and shop.asked == 8 and found.refused is not None


def test_an_unknown_price_among_later_rows_is_asked_about(tmp_path: Path) -> None:
    shop = Shop(
        tmp_path,
        provider=ScriptedProvider(polls=False, price=lambda one: None if one.prompt == "fox 6, calm" else PRICE),
    )
    found = shop.run(shop.prompts(8), Ways(part_rows=4), consent=None, attempts=1)
    assert found.refused is not None and "unknown" in found.refused.message and shop.asked == 4


def test_a_canary_that_was_here_already_says_nothing_about_the_money(shop: Shop) -> None:
    shop.run(shop.table("prompt\nfox 21\n", "one.csv"))
    yes = Told(canary=lambda _canary: True)
    found = shop.run(shop.prompts(40), Ways(part_rows=50, canary=1), consent=None, attempts=1, told=yes)
    assert shop.asked == 1 and found.refused is not None and "$3.90" in found.refused.message


def test_nobody_agreed_and_nothing_was_made(shop: Shop) -> None:
    with pytest.raises(RefusedError, match=r"\$4\.00"):
        shop.run(shop.prompts(40), consent=None, attempts=1)
    assert shop.asked == 0
