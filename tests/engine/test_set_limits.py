"""What a person sets for a limit holds in a process that runs, within a second, and until it is taken back."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rushes.engine.limit import Limit
from rushes.engine.limits import Accounts
from rushes.engine.share import Share
from rushes.ledger.limits import allow
from rushes.ledger.open import open_ledger
from rushes.ledger.permits import Permits
from rushes.model.limit import Allowed, Rate
from rushes.testing.clock import VirtualClock, run_virtual

DECLARED = Allowed(10, (Rate(30, 60.0),))


def said(limit: Limit) -> Allowed:
    return Allowed(limit.most, tuple(window.rate for window in limit.windows))


def test_what_is_set_while_a_process_runs_holds_within_a_second(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:

        async def main() -> None:
            accounts = Accounts()
            named = Share(accounts, Permits(ledger, "me"), VirtualClock(), lambda name: name.removeprefix("provider:"))
            async with named.taking_part():
                account = accounts.account("provider:luma", DECLARED, finds=True)
                model = accounts.account("provider:luma/ray_2", Allowed(), finds=False)
                await asyncio.sleep(2.0)
                assert (said(account), said(model)) == (DECLARED, Allowed())
                allow(ledger, "luma", Allowed(4))
                allow(ledger, "luma/ray_2", Allowed(None, (Rate(2, 1.0),)))
                await asyncio.sleep(1.0)
                assert said(account) == Allowed(4, DECLARED.rates), "of what is not set the declared word holds"
                assert said(model) == Allowed(None, (Rate(2, 1.0),))
                allow(ledger, "luma", None)
                allow(ledger, "luma/ray_2", None)
                await asyncio.sleep(1.0)
                assert (said(account), said(model)) == (DECLARED, Allowed())

        run_virtual(main())
