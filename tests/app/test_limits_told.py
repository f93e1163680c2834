"""`[limits]` in rushes.toml: what binds the runs of a project, and what is no limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from rushes.app.config import load_config
from rushes.app.keyring import Keyring
from rushes.app.limits_shown import at_once
from rushes.app.project import Project
from rushes.errors import ConfigError
from rushes.ledger.permits import Ask, Permits
from rushes.model.limit import Allowed, Rate, Unit

FILE = """
[limits.fal]
in_flight = 8
rates = ["60/min", "100000 tokens/min"]

[limits."fal/flux_dev"]
rates = ["10 usd/day"]
"""


def test_a_project_says_what_an_account_and_a_model_at_it_may_be_asked(tmp_path: Path) -> None:
    (tmp_path / "rushes.toml").write_text(FILE)
    found = load_config(tmp_path, {}).limits
    assert found["fal"].value == Allowed(8, (Rate(60, 60.0), Rate(100_000, 60.0, Unit.TOKENS)))
    assert found["fal/flux_dev"].value == Allowed(None, (Rate(10, 86400.0, Unit.USD),))
    assert found["fal"].source.endswith("rushes.toml")


def test_the_limits_of_a_project_bind_its_runs(tmp_path: Path) -> None:
    (tmp_path / "rushes.toml").write_text(FILE)
    accounts = Project.open(tmp_path, home=str(tmp_path / "home")).accounts
    limit = accounts.account("provider:fal", Allowed(40, (Rate(5, 1.0),)), finds=True)
    assert limit.most == 8 and [one.rate for one in limit.windows] == [Rate(60, 60.0), Rate(100_000, 60.0, Unit.TOKENS)]
    model = accounts.account("provider:fal/flux_dev", Allowed(), finds=False)
    assert model.most is None and [one.rate.of for one in model.windows] == [Unit.USD]


@pytest.mark.parametrize(
    ("line", "says", "step"),
    [
        ("[limits.fal]\nin_flight = 0", 'limits."fal".in_flight is 0', "at least 1"),
        ('[limits.fal]\nrates = "60/min"', "limits.\"fal\".rates is '60/min'", "a list"),
        ('[limits.fal]\nrates = ["sixty"]', "limits.\"fal\".rates is 'sixty'", "60/min"),
        ("[limits.fal]\nrates = [60]", 'limits."fal".rates is 60', "60/min"),
        ("[limits.fal]\nin_fligth = 8", 'limits."fal".in_fligth is no setting', "did you mean 'in_flight'?"),
        ("[limits]\nfal = 8", 'limits."fal" is no table', "write"),
        ('[limits."fal/"]\nin_flight = 8', "'fal/' is no account", "fal/flux_dev"),
        ('[limits."fal/flux_dve"]\nin_flight = 8', "fal offers no model 'flux_dve'", "flux_dev"),
        ('[limits."luma/flux_dev"]\nin_flight = 8', "luma offers no model 'flux_dev'", ""),
        ("[limits.fall]\nin_flight = 8", "there is no provider 'fall'", "did you mean 'fal'?"),
    ],
)
def test_what_is_no_limit_names_its_place_and_what_is_allowed(tmp_path: Path, line: str, says: str, step: str) -> None:
    (tmp_path / "rushes.toml").write_text(line)
    with pytest.raises(ConfigError) as raised:
        Project.open(tmp_path, home=str(tmp_path / "home"))
    assert says in raised.value.message and str(tmp_path / "rushes.toml") in raised.value.message
    assert step in str(raised.value.next_step)


def test_a_model_is_limited_by_any_of_its_spellings(tmp_path: Path) -> None:
    (tmp_path / "rushes.toml").write_text('[limits."fal/FLUX dev"]\nin_flight = 3')
    assert Project.open(tmp_path, home=str(tmp_path / "home")).told_limits == {"fal/flux_dev": Allowed(3)}


def test_a_plan_reckons_with_what_the_account_asked_last_was_found_to_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(_ring: Keyring) -> bool:
        raise AssertionError("a plan looked for a key")

    monkeypatch.setattr(Keyring, "works", asked)
    monkeypatch.delenv("FAL_KEY", raising=False)
    home = str(tmp_path / "home")
    with Project.open(tmp_path, home=home) as project:
        assert at_once(project, ["fal", "luma"]) == {"fal": None, "luma": 10}
        for name, most, at in (("fal@1a2b3c4d", 20.0, 2.0), ("fal@99999999", 30.0, 1.0), ("fal@simulated", 5.0, 3.0)):
            found = {"most": most, "free": False, "pace": None}
            Permits(project.ledger, "me").leave([Ask(name, 0, 0, found=found)], at)
        assert at_once(project, ["fal", "luma"]) == {"fal": 20, "luma": 10}
    with Project.open(tmp_path, home=home, sim="http://127.0.0.1:9") as project:
        assert at_once(project, ["fal"]) == {"fal": 5}
    (tmp_path / "rushes.toml").write_text("[limits.fal]\nin_flight = 3")
    with Project.open(tmp_path, home=home) as project:
        assert at_once(project, ["fal"]) == {"fal": 3}
