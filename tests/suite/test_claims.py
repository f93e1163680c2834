"""What the suite's guide claims of its tool is true of this one: each claim, and the tests that show it.

The claims are those of its pages about parallel work, batches, connections, time-outs, caching, memory, measuring and
costs, in the order in which they come there.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_SUITE = "tests/suite/test_commands.py"
_GUIDE = "tests/suite/test_guide.py"
_BATCH = "tests/app/test_batch.py"
_PYTHON = "tests/python/test_suite.py"

CLAIMS: dict[str, tuple[str, ...]] = {
    "parallel execution, switched by PIPELINE_PARALLEL_ENABLED": (
        f"{_SUITE}::test_the_switch_of_the_suite_gives_one_at_a_time_and_parallel_is_the_default",
        f"{_PYTHON}::test_parallel_is_the_default_and_the_switch_turns_it_off",
    ),
    "`settings: parallel: true` enables it": (f"{_GUIDE}::test_settings_parallel_says_whether_there_is_more_than_one",),
    "a parallel group with `steps:` and a prompt for each": (
        f"{_GUIDE}::test_a_pipeline_of_the_guide_runs_offline_and_every_result_is_on_disk",
        f"{_GUIDE}::test_a_pipeline_of_the_guide_runs_at_its_own_models_and_is_billed_as_quoted",
    ),
    "three pictures take as long as one": (
        "tests/engine/test_run.py::test_steps_that_need_nothing_of_each_other_take_the_time_of_one_and_one_at_a_time_the_sum",
        "tests/suite/test_better.py::test_every_one_of_n_results_is_on_disk_and_listed",
    ),
    "`settings.max_workers` from 2 to 8": (f"{_GUIDE}::test_max_workers_says_how_many_hands_there_are",),
    "what depends on what is found out: `input_from`": (
        "tests/engine/test_run.py::test_a_diamond_takes_its_longest_path_not_the_sum",
        f"{_GUIDE}::test_a_pipeline_of_the_guide_runs_offline_and_every_result_is_on_disk",
    ),
    "an `analyze_image` step after the group": (f"{_GUIDE}::test_a_step_after_a_group_sees_what_its_member_made",),
    "work in chunks through `manager.run_pipeline(config=...)`": (
        f"{_PYTHON}::test_a_pipeline_runs_and_tells_of_its_steps",
        f"{_BATCH}::test_parts_of_any_size_are_one_batch",
    ),
    "sensible sizes of batches: 50, 10, 100": (
        f"{_BATCH}::test_more_at_once_than_makes_sense_is_said_and_what_a_provider_takes_counts",
    ),
    "connections are used again": (
        "tests/providers/test_http.py::test_paid_requests_share_no_connection_even_with_one_that_stays_open",
    ),
    "`timeout=` for each call": (
        f"{_PYTHON}::test_each_single_call_makes_what_it_says",
        "tests/engine/test_run.py::test_a_step_past_its_timeout_fails_and_says_so",
    ),
    "results are cached; similar prompts are found": (
        "tests/app/test_runs.py::test_a_second_run_buys_nothing_and_makes_no_run",
        "tests/app/test_similar.py::test_a_plan_shows_what_is_near_and_how_to_take_it",
        "tests/app/test_similar.py::test_nothing_is_taken_by_itself",
    ),
    "memory is let go of; the disk is looked at first": (
        f"{_BATCH}::test_between_two_parts_everything_of_the_old_one_is_let_go",
        "tests/app/test_disk.py::test_a_run_that_has_no_room_reserves_nothing_and_makes_no_run",
    ),
    "benchmarks: average, least, most": ("tests/app/test_benchmark.py::test_the_shares_of_a_run_add_up_to_its_time",),
    "`manager.generate_image(...)`, `result.cost`": (f"{_PYTHON}::test_each_single_call_makes_what_it_says",),
    "how long each model takes": (
        "tests/app/test_stats.py::test_a_request_is_measured_in_its_parts",
        "tests/cli/test_models.py::test_the_list_has_every_model_in_eighty_columns",
    ),
}


@cache
def _tests_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(one.name for one in tree.body if isinstance(one, kinds) and one.name.startswith("test_"))


def test_every_claim_of_the_page_is_here() -> None:
    assert len(CLAIMS) == 16 and all(CLAIMS.values())


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_has_its_tests(claim: str) -> None:
    for named in CLAIMS[claim]:
        file, _, test = named.partition("::")
        assert test in _tests_in(file), named
