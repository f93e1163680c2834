"""What services say of themselves: asked for on request, kept in the home, compared by the doctor."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes.app.config import load_config
from rushes.app.doctor import Drift, differences, doctor
from rushes.app.plan import prepare
from rushes.app.project import Project
from rushes.app.refresh import Refreshed, refresh
from rushes.app.run import run_file
from rushes.catalogue.endpoints import endpoints, hash_of, takes_at
from rushes.catalogue.snapshot import read_snapshot
from rushes.errors import UserError
from rushes.model.run import RunOptions
from rushes.providers.published import parameters
from rushes.sim.faults import fault_of
from rushes.sim.simulator import Simulator

FLUX = "fal-ai/flux/dev"
FILE = """\
name: story
steps:
  - {name: hero, type: text_to_image, model: flux_dev, prompt: a fox}
"""


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("RUSHES_SIM", raising=False)
    yield


def opened(folder: Path, sim: Simulator | None = None) -> Project:
    (folder / "story.yaml").write_text(FILE)
    flags = {"home": str(folder / "home"), "provider": "fal", "sim": sim.url if sim is not None else None}
    return Project(load_config(folder, flags, {}))


async def refreshed(project: Project, provider: str | None = "fal") -> list[Refreshed]:
    return await refresh(project, provider, lambda _text: None)


async def closed(project: Project) -> None:
    for provider in project.loaded_providers().values():
        await provider.close()


@pytest.mark.parametrize(("provider", "endpoint"), [("fal", FLUX), ("replicate", "black-forest-labs/flux-schnell")])
def test_what_is_published_is_kept_and_nothing_has_drifted(tmp_path: Path, provider: str, endpoint: str) -> None:
    async def play() -> None:
        async with Simulator(time_scale=0.001) as sim:
            with opened(tmp_path, sim) as project:
                (found,) = await refreshed(project, provider)
                assert (found.seen, found.wrong) == (len(endpoints(provider)), "")
                seen = read_snapshot(project.snapshots, provider)
                takes = takes_at(provider, endpoint)
                assert takes is not None
                published = seen[endpoint].schema
                assert published is not None
                assert hash_of(published) == hash_of(parameters_only(takes.schema))
                assert [one for one in doctor(project, provider) if one.kind == "parameter"] == []
                assert sim.report()["submissions"] == 0

    asyncio.run(play())


def parameters_only(schema: Any) -> dict[str, Any]:
    """A schema as it looks after the way through a document."""
    found = parameters({"components": {"schemas": {"XInput": dict(schema)}}})
    assert found is not None
    return found


def test_a_newer_price_is_used_and_the_difference_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import date, timedelta

    import rushes.app.refresh as refreshing

    class Tomorrow(date):
        @classmethod
        def today(cls) -> date:
            return date(2026, 11, 21) + timedelta(days=400)

    monkeypatch.setattr(refreshing, "date", Tomorrow)

    async def play() -> None:
        async with Simulator(time_scale=0.001, prices={FLUX: Decimal("0.5")}) as sim:
            with opened(tmp_path, sim) as project:
                before = (await prepare(project, tmp_path / "story.yaml", RunOptions())).plan.money.high
                await refreshed(project)
                await closed(project)
            with opened(tmp_path, sim) as project:
                after = (await prepare(project, tmp_path / "story.yaml", RunOptions())).plan.money.high
                assert (before, after) == (Decimal("0.025"), Decimal("0.5"))
                (drift,) = [one for one in doctor(project, "fal") if one.kind == "price" and "flux_dev:" in one.says]
                assert "$0.50 a megapixel, ours is $0.025" in drift.says
                await closed(project)

    asyncio.run(play())


def test_receipts_that_are_not_what_was_quoted_are_found(tmp_path: Path) -> None:
    bill = {"provider": "fal", "endpoint": FLUX}
    drift = receipts(tmp_path, worst=Decimal("0.025"), billed=Decimal("0.05"))
    assert [(one.kind, one.provider, one.endpoint) for one in drift] == [("receipt", *bill.values())]
    assert "$0.05, not $0.025" in drift[0].says


def test_receipts_that_are_what_was_quoted_are_no_news(tmp_path: Path) -> None:
    assert receipts(tmp_path, worst=Decimal("0.025"), billed=Decimal("0.025")) == []
    assert receipts(tmp_path / "other", worst=Decimal("0.025"), billed=None) == []


def receipts(folder: Path, *, worst: Decimal, billed: Decimal | None) -> list[Drift]:
    from tests.app.world import record
    from tests.ledger.facts import reserved

    from rushes.model.event import Accepted, Done, Submitting
    from rushes.model.ids import RunId

    folder.mkdir(exist_ok=True)
    with opened(folder) as project:
        run = RunId("run-1")
        project.ledger.create_run(record("run-1"))
        sent = reserved(attempt="run-1/1", provider="fal", model=FLUX, worst=worst)
        project.ledger.reserve(run, sent, "owner", 1.0)
        facts = [
            Submitting(attempt=sent.attempt, idempotency_key="k"),
            Accepted(attempt=sent.attempt, remote="r"),
            Done(attempt=sent.attempt, urls=("https://x.example/1.png",), billed=billed),
        ]
        project.ledger.append(run, facts, 2.0)
        return doctor(project)


def test_what_a_service_refused_although_we_let_it_through_is_found(tmp_path: Path) -> None:
    async def play() -> None:
        async with Simulator(time_scale=0.001) as sim:
            sim.world.faults.active = (fault_of({"what": "refused", "rate": 0.0}),)
            with opened(tmp_path, sim) as project:
                taken = takes_at("fal", FLUX)
                assert taken is not None
                # the service has become stricter than what we know of it
                strict = dict(taken.schema) | {"required": ["prompt", "style"]}
                strict["properties"] = {**taken.properties, "style": {"type": "string"}}
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr("rushes.sim.strict.takes_at", lambda *_: type(taken)(schema=strict))
                    await run_file(project, tmp_path / "story.yaml", RunOptions())
                found = [one for one in doctor(project, "fal") if one.kind == "refusal"]
                assert len(found) == 1
                assert FLUX in found[0].endpoint

    asyncio.run(play())


def test_each_kind_of_difference_is_said_in_words() -> None:
    takes = takes_at("fal", "fal-ai/veo3.1/fast/image-to-video")
    assert takes is not None
    changed = json.loads(json.dumps(dict(takes.schema)))
    changed["properties"].pop("aspect_ratio")
    changed["properties"]["new_one"] = {"type": "string"}
    changed["properties"]["duration"]["enum"] = ["4s", "10s"]
    changed["properties"]["prompt"]["maxLength"] = 7
    changed["required"] = [*changed["required"], "new_one"]
    said = list(differences(takes, changed))
    for words in (
        "aspect_ratio is not there any more (we send it)",
        "new_one is new",
        "6s, 8s cannot be had any more",
        "10s can be had now",
        "maxLength is 7",
        "new_one is needed now",
    ):
        assert any(words in one for one in said), (words, said)
    assert list(differences(takes, takes.schema)) == []


def test_a_snapshot_whose_parameters_have_other_names_is_not_used(tmp_path: Path) -> None:
    with opened(tmp_path) as project:
        takes = takes_at("fal", FLUX)
        assert takes is not None
        for name, used in (("image_size", False), ("guidance_scale", True)):
            schema = json.loads(json.dumps(dict(takes.schema)))
            schema["properties"].pop(name)
            entry = {"at": "2030-01-01", "schema": schema, "usd": None, "unit": None, "ends": None}
            project.snapshots.mkdir(parents=True, exist_ok=True)
            (project.snapshots / "fal.json").write_text(json.dumps({"endpoints": {FLUX: entry}}))
            with opened(tmp_path) as again:
                known = again._takes("fal", FLUX)
                assert known is not None
                assert (known.as_of == "2030-01-01") is used


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"endpoints": []}', '{"endpoints": {"x": {"at": "soon"}}}'])
def test_a_torn_snapshot_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "fal.json").write_text(text)
    assert read_snapshot(tmp_path, "fal") == {}


def test_a_provider_that_publishes_nothing_says_so(tmp_path: Path) -> None:
    with opened(tmp_path) as project, pytest.raises(UserError, match="publishes nothing"):
        asyncio.run(refreshed(project, "gemini"))


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"components": {"schemas": []}},
        {"components": {"schemas": {"XInput": {"$ref": "#/components/schemas/XInput"}}}},
        {"components": {"schemas": {"XOutput": {"properties": {}}}}},
    ],
)
def test_a_document_that_says_nothing_readable_is_none(document: Any) -> None:
    assert parameters(document) is None


def test_references_are_put_in_their_place() -> None:
    document = {
        "components": {
            "schemas": {
                "FluxInput": {
                    "properties": {
                        "size": {"anyOf": [{"$ref": "#/components/schemas/Size"}, {"enum": ["square"], "title": "x"}]},
                        "kind": {"allOf": [{"$ref": "#/components/schemas/Kind"}], "default": "a"},
                    },
                    "required": ["size"],
                },
                "Size": {"type": "object", "properties": {"width": {"type": "integer", "examples": [1]}}},
                "Kind": {"type": "string", "enum": ["a", "b"]},
            }
        }
    }
    assert parameters(document) == {
        "properties": {
            "size": {"anyOf": [{"type": "object", "properties": {"width": {"type": "integer"}}}, {"enum": ["square"]}]},
            "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
        },
        "required": ["size"],
    }
