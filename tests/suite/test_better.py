"""Where the suite lost work: every result of any number is there; what tells of a run grows no faster than it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.envelopes.simulated import simulator

from .conftest import Aicp


def group(number: int, workers: int) -> str:
    members = "".join(
        f"      - {{name: p{one}, type: text_to_image, model: flux_schnell, prompt: picture {one}}}\n"
        for one in range(number)
    )
    return (
        f"name: many{number}\nsteps:\n  - name: group\n    type: parallel_group\n    max_workers: {workers}\n"
        f"    steps:\n{members}"
    )


@pytest.mark.parametrize(("number", "workers"), [(20, 1), (20, 20), (200, 20)])
def test_every_one_of_n_results_is_on_disk_and_listed(number: int, workers: int, aicp: Aicp, place: Path) -> None:
    (place / "many.yaml").write_text(group(number, workers))
    with simulator("--most-side", "32") as url:
        said = aicp("run-chain", "--config", "many.yaml", "--sim", url, "--json")
    assert said.code == 0, said.err
    files = [Path(one) for outputs in said.data["outputs"].values() for one in outputs]
    assert len(files) == len(set(files)) == number == said.data["steps_completed"]
    assert all(path.stat().st_size for path in files)


def test_a_report_grows_with_the_run_and_no_faster(aicp: Aicp, place: Path) -> None:
    sizes = {}
    for number in (10, 100):
        (place / "many.yaml").write_text(group(number, 20))
        with simulator("--most-side", "32") as url:
            assert aicp("run-chain", "--config", "many.yaml", "--sim", url, "--save-json", "told.json").code == 0
        (report,) = (place / "Assets" / f"many{number}").glob("report-*.html")
        sizes[number] = (report.stat().st_size, (place / "told.json").stat().st_size)
    for few, many in zip(sizes[10], sizes[100], strict=True):
        assert many < 11 * few
