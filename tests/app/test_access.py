"""Which provider is asked, at which address, with which key, for how much; and what is refused before anything is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends import null

from rushes.app import plugins
from rushes.app.config import load_config
from rushes.app.keys import Keys
from rushes.app.offers import Offers, oldest_price
from rushes.app.plan import Prepared, prepare
from rushes.app.project import Project
from rushes.app.run import resume, run_file
from rushes.catalogue.load import Catalogue
from rushes.errors import ConfigError, RefusedError, UserError
from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.model.problem import ProblemsError, Severity
from rushes.model.request import Recipe
from rushes.model.run import RunOptions
from rushes.plugin.access import Access
from rushes.testing.provider import ScriptedProvider

TODAY = date(2026, 11, 21)
STILL = '  - {name: still, type: text_to_image, model: nano_banana_2, prompt: a fox, params: {aspect_ratio: "9:16"}}\n'
FILM = '  - {name: film, type: text_to_video, model: veo_31_fast, prompt: a fox, params: {aspect_ratio: "9:16"}}\n'


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring.set_keyring(null.Keyring())
    for name in ("FAL_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "RUSHES_SIM"):
        monkeypatch.delenv(name, raising=False)


def opened(folder: Path, toml: str = "", environ: Mapping[str, str] | None = None, **flags: Any) -> Project:
    (folder / "rushes.toml").write_text(toml)
    return Project(load_config(folder, {"home": folder / "home", **flags}, environ or {}))


def planned(project: Project, folder: Path, steps: str = STILL, **options: Any) -> Prepared:
    file = folder / "w.yaml"
    file.write_text("steps:\n" + steps)
    return asyncio.run(prepare(project, file, RunOptions(**options)))


def asked(
    folder: Path, toml: str = "", environ: Mapping[str, str] | None = None, steps: str = STILL, **flags: Any
) -> str:
    with opened(folder, toml, environ, **flags) as project:
        options = {"provider": flags["provider"]} if "provider" in flags else {}
        return " ".join(one.provider for one in planned(project, folder, steps, **options).plan.nodes)


def recipe(op: Operation, key: str, **params: Any) -> Recipe:
    return Recipe(op=op, provider="x", model="1", alias=key, prompt="p", params=params, inputs={})


# --- which provider --------------------------------------------------------------------------------------------------

CHOSEN = '[models]\n"nano-banana-2" = "gemini"\n'


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        ("sketch", {}),
        ("fal", {"provider": "auto"}),
        ("gemini", {"toml": CHOSEN}),
        ("gemini", {"toml": 'provider = "fal"\n' + CHOSEN}),
        ("gemini", {"toml": CHOSEN, "provider": "auto"}),
        ("fal", {"toml": CHOSEN, "provider": "fal"}),
        ("fal", {"toml": CHOSEN, "environ": {"RUSHES_PROVIDER": "fal"}}),
        ("gemini", {"toml": CHOSEN, "environ": {"RUSHES_PROVIDER": "auto"}}),
        ("sketch", {"toml": CHOSEN, "steps": STILL.replace("prompt", "provider: sketch, prompt")}),
        ("fal", {"toml": 'provider = "gemini"\n', "steps": STILL.replace("prompt", "provider: auto, prompt")}),
        ("gemini fal", {"toml": CHOSEN, "provider": "auto", "steps": STILL + FILM}),
        ("sketch", {"toml": CHOSEN, "steps": STILL.replace("nano_banana_2", "flux_dev")}),
    ],
)
def test_the_provider_is_chosen_by_flag_step_project_and_document(
    expected: str, given: dict[str, Any], tmp_path: Path
) -> None:
    assert asked(tmp_path, **given) == expected


def test_a_model_that_the_chosen_provider_does_not_have_is_refused_naming_who_does(tmp_path: Path) -> None:
    with opened(tmp_path) as project, pytest.raises(ProblemsError) as caught:
        planned(project, tmp_path, STILL.replace("nano_banana_2", "flux_dev"), provider="gemini")
    (problem,) = caught.value.problems
    assert (problem.code, problem.mark and problem.mark.line) == ("model-not-offered", 2)
    assert "fal" in problem.try_


def test_a_model_whose_own_provider_is_not_there_is_a_problem_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(plugins.REMOTE, "elevenlabs")
    said = "  - {name: said, type: text_to_speech, prompt: hello}\n"
    with opened(tmp_path) as project, pytest.raises(ProblemsError) as caught:
        planned(project, tmp_path, said, provider="auto")
    (problem,) = caught.value.problems
    assert problem.code == "provider-unknown" and "elevenlabs" in problem.says and "sketch" in problem.try_


def test_a_model_in_the_project_file_that_nobody_knows_is_named_with_the_right_one(tmp_path: Path) -> None:
    wrong = '[models]\nnano_bananna_2 = "fal"\n'
    with opened(tmp_path, wrong) as project, pytest.raises(ConfigError, match="nano_bananna_2") as caught:
        planned(project, tmp_path)
    assert "'nano_banana_2'" in caught.value.next_step


@pytest.mark.parametrize("provider", ["fal", "gemini"])
def test_a_retired_model_is_refused_before_spending_with_its_successor(provider: str, tmp_path: Path) -> None:
    with opened(tmp_path) as project, pytest.raises(ProblemsError) as caught:
        planned(project, tmp_path, FILM.replace("veo_31_fast", "sora_2"), provider=provider)
    retired = [one for one in caught.value.problems if one.code == "model-retired"]
    assert [one.severity for one in retired] == [Severity.ERROR] and "veo_3_1_fast" in retired[0].try_


# --- for how much ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "op", "key", "params", "low", "high"),
    [
        ("fal", "text_to_image", "nano_banana_2", {"resolution": "512px"}, "0.06", "0.06"),
        ("gemini", "text_to_image", "nano_banana_2", {"resolution": "512px"}, "0.045", "0.045"),
        ("gemini", "text_to_image", "nano_banana_2", {}, "0.067", "0.067"),
        ("gemini", "text_to_image", "nano_banana_2", {"imageSize": "4K"}, None, None),
        ("gemini", "text_to_image", "nano_banana_pro", {"resolution": "2K"}, "0.134", "0.134"),
        ("fal", "image_to_video", "veo_3_1_fast", {"durationSeconds": "4", "resolution": "1080p"}, "0.60", "0.60"),
        ("fal", "text_to_video", "kling_2_6_pro", {"duration": 10}, "1.40", "1.40"),
        ("fal", "text_to_video", "kling_o3_standard_ref", {"duration": 10}, "0.840", "1.120"),
        ("fal", "text_to_image", "flux_dev", {"width": 1024, "height": 1024}, "0.050", "0.050"),
        ("fal", "upscale_video", "topaz", {}, None, None),
    ],
)
def test_the_price_is_exact_to_the_cent_a_range_or_unknown(
    provider: str, op: str, key: str, params: dict[str, Any], low: str | None, high: str | None
) -> None:
    offer = Offers(Catalogue.default(), provider, TODAY)(key, Operation(op))
    assert offer is not None
    quoted = offer.quote(recipe(Operation(op), key, **params))
    assert quoted[:2] == Quote(low and Decimal(low), high and Decimal(high), 0.0)[:2]


def test_a_price_that_nobody_looked_up_for_a_month_is_said_to_be_old() -> None:
    def source(key: str, today: date) -> str:
        offer = Offers(Catalogue.default(), "fal", today)(key, Operation.TEXT_TO_IMAGE)
        assert offer is not None
        return offer.quote(recipe(Operation.TEXT_TO_IMAGE, key)).source

    assert "days ago" not in source("flux_dev", TODAY)
    assert "(looked up 31 days ago)" in source("flux_dev", date(2026, 12, 21))
    assert "(looked up 116 days ago)" in source("seedream_v3", TODAY)


def test_a_plan_says_which_of_its_prices_are_old(tmp_path: Path) -> None:
    steps = FILM.replace("veo_31_fast", "kling_o3_pro_t2v")
    with opened(tmp_path) as project:
        (old,) = [one for one in planned(project, tmp_path, steps, provider="fal").plan.warnings if "days ago" in one]
        assert "kling_o3_pro_t2v" in old
        assert not planned(project, tmp_path, steps).plan.warnings, "what sketch makes has no price"
    assert oldest_price(Catalogue.default(), "fal", "flux_dev", Operation.TEXT_TO_IMAGE, TODAY) is None


def test_nobody_offers_what_the_catalogue_does_not_list() -> None:
    assert Offers(Catalogue.default(), "gemini", TODAY)("flux_dev", Operation.TEXT_TO_IMAGE) is None


# --- with which key --------------------------------------------------------------------------------------------------


def test_every_provider_without_a_key_is_named_at_once_and_a_plan_needs_none(tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    with opened(tmp_path, CHOSEN) as project:
        assert planned(project, tmp_path, STILL + FILM, provider="auto").plan.calls == 2
        with pytest.raises(RefusedError, match="gemini and fal have no key") as caught:
            asyncio.run(run_file(project, file, RunOptions(provider="auto")))
        assert "rushes keys set gemini && rushes keys set fal" in caught.value.next_step
        assert list(project.ledger.runs()) == [], "nothing was begun"


def test_a_plan_reads_no_key_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_keys: Keys, _provider: str) -> None:
        raise AssertionError("a plan has no use for a key")

    monkeypatch.setattr(Keys, "find", read)
    assert asked(tmp_path, provider="fal") == "fal"


# --- at which address ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8787", "http://localhost:1/x/", "http://[::1]:80", "https://sim.example"]
)
def test_a_simulator_is_on_this_machine_or_behind_tls(url: str, tmp_path: Path) -> None:
    for given in ({"environ": {"RUSHES_SIM": url}}, {"sim": url}, {"toml": f'sim = "{url}"\n'}):
        with opened(tmp_path, **given) as project:  # type: ignore[arg-type]
            assert project.simulator == url.rstrip("/") and project.simulated("fal") and not project.simulated("sketch")


@pytest.mark.parametrize(
    "url",
    [
        "http://sim.example",
        "http://127.0.0.1.evil.example",
        "127.0.0.1:8787",
        "ftp://localhost",
        "https://",
        "http://:80",
        "https://user:5ecret@host",
        "http://user:5ecret@[host",
        "https://host/?key=5ecret",
        "https://ho st",
        "http://[::1",
        "http://localhost:x",
    ],
)
def test_an_address_that_could_give_prompts_and_keys_away_is_refused(url: str, tmp_path: Path) -> None:
    for toml in (f'sim = "{url}"\n', f'[providers.fal]\nurl = "{url}"\n'):
        with pytest.raises(ConfigError) as caught:
            opened(tmp_path, toml)
        assert "5ecret" not in str(caught.value) + caught.value.next_step


def test_a_gateway_is_where_the_provider_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Access] = []

    class Theirs(ScriptedProvider):
        def __init__(self, access: Access) -> None:
            super().__init__("theirs")
            seen.append(access)

    entry = EntryPoint("theirs", f"{__name__}:_unused", "rushes.providers")
    monkeypatch.setattr(EntryPoint, "load", lambda _entry: Theirs)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: EntryPoints([entry]))
    toml = '[providers.theirs]\nurl = "https://gateway.example/v2"\n'
    with opened(tmp_path, toml, provider="theirs") as project:
        assert project.remote("theirs") and not project.simulated("theirs")
        project.stand_in("http://127.0.0.1:1")
        assert project.simulated("theirs")
    real, simulated = seen
    assert (real.url, real.simulated) == ("https://gateway.example/v2", False)
    assert simulated.key is not None
    assert (simulated.url, simulated.simulated, simulated.key.reveal()) == (
        "http://127.0.0.1:1/theirs",
        True,
        "simulated",
    )


def test_a_setting_of_a_provider_that_is_none_is_refused_above_all_a_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        opened(tmp_path, '[providers.fal]\nkey = "a:5ecret"\n')
    assert "rushes keys set fal" in caught.value.next_step and "5ecret" not in str(caught.value)


# --- simulated and real never mix ------------------------------------------------------------------------------------


def begun(project: Project, folder: Path, sim: str | None) -> str:
    """A run that was begun against a simulator that is not there (any more), or with the sketch provider; its id."""
    (folder / "w.yaml").write_text("steps:\n" + STILL + "settings: {max_retries: 0}\n")
    summary = asyncio.run(run_file(project, folder / "w.yaml", RunOptions(provider="fal" if sim else "sketch")))
    return summary.run


NOWHERE = "http://127.0.0.1:9"


def test_a_simulated_run_is_said_to_be_one_and_is_never_gone_on_with_for_real(tmp_path: Path) -> None:
    with opened(tmp_path, sim=NOWHERE) as project:
        plan = planned(project, tmp_path, provider="fal").plan
        assert [one.provider for one in plan.nodes] == ["fal (simulated)"]
        assert any("nothing is really bought" in warning for warning in plan.warnings)
        run = begun(project, tmp_path, NOWHERE)
    with opened(tmp_path, environ={}) as project:
        summary = asyncio.run(resume(project, run))
        assert project.simulator == NOWHERE, "the variable is gone; the run is what it was"
        assert summary.simulator == NOWHERE and summary.plain()["simulated"] is True
        assert summary.counts.failed == 1 and "reached" in summary.failures[0].message


def test_a_real_run_is_not_gone_on_with_against_a_simulator(tmp_path: Path) -> None:
    with opened(tmp_path) as project:
        run = begun(project, tmp_path, None)
    with opened(tmp_path, sim=NOWHERE) as project, pytest.raises(RefusedError, match="begun with real providers"):
        asyncio.run(resume(project, run))


def test_a_simulated_result_never_answers_a_real_request(tmp_path: Path) -> None:
    with opened(tmp_path, sim=NOWHERE) as project:
        (simulated,) = planned(project, tmp_path, provider="fal").plan.units
    with opened(tmp_path) as project:
        (real,) = planned(project, tmp_path, provider="fal").plan.units
    assert simulated.base != real.base


def test_an_unknown_provider_is_refused_naming_those_there_are(tmp_path: Path) -> None:
    with opened(tmp_path) as project, pytest.raises(UserError, match="no provider 'fall'") as caught:
        planned(project, tmp_path, provider="fall")
    assert "'fal'" in caught.value.next_step
