"""Each rule says what its own examples promise, and the documentation is made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rushes.lint.docs import rules_markdown
from rushes.lint.example import Example, Put, base_story, example_file
from rushes.lint.rule import LintSettings, Rule
from rushes.lint.run import RULES, SHOWN, in_order, lint
from rushes.model.problem import Problem, Severity
from rushes.spec.load import Loaded, load
from rushes.spec.nbflow_repair import repair

ROOT = Path(__file__).parents[2]


def loaded(example: Example) -> Loaded:
    return load(*example_file(example))


def said(example: Example) -> list[Problem]:
    """What `check` says about an example: the reader's problems and the rules'."""
    found = loaded(example)
    assert found.document is not None and found.workflow is not None
    return in_order(found.document, [*found.problems, *lint(found.document, found.workflow)])


def named(rule: Rule) -> str:
    return rule.code


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_the_bad_example_breaks_the_rule_and_the_good_one_does_not(rule: Rule) -> None:
    broken = [problem for problem in said(rule.bad) if problem.code == rule.code]
    assert broken and all(problem.severity is rule.severity for problem in broken)
    assert all(problem.why and problem.try_ and problem.mark for problem in broken)
    assert rule.code not in [problem.code for problem in said(rule.good)]


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.fixable], ids=named)
def test_what_a_rule_says_can_be_mended_is_mended(rule: Rule) -> None:
    document = loaded(rule.bad).document
    assert document is not None
    data, changes = repair(document)
    after = load(document.file, data)
    assert changes and after.document is not None and after.workflow is not None
    assert rule.code not in [p.code for p in (*after.problems, *lint(after.document, after.workflow))]


def test_a_missing_input_that_a_link_leads_to_is_mended_too() -> None:
    rule = next(rule for rule in RULES if rule.code == "nb-link-slot")
    document = loaded(rule.bad).document
    assert document is not None
    assert load(document.file, repair(document)[0]).problems == []


def test_the_base_story_breaks_no_rule() -> None:
    assert said(()) == [] and len(base_story()["tabs"]) == 2


def test_codes_are_unique_and_all_nine_sanity_checks_are_there() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    assert sorted(rule.sanity for rule in RULES if rule.sanity) == list(range(1, 10))


def test_the_page_of_rules_is_current() -> None:
    page = ROOT / "docs" / "rules.md"
    assert page.read_text(encoding="utf-8") == rules_markdown(), "run: python -m rushes.lint.docs > docs/rules.md"


def test_a_rule_can_be_switched_off_and_its_numbers_are_settings() -> None:
    found = loaded((Put("A", "Generate", "properties.outputCount", 2), Put("A", "Generate", "properties.model", "x")))
    assert found.document is not None and found.workflow is not None
    assert {p.code for p in lint(found.document, found.workflow)} == {"nb-model", "nb-output-count"}
    assert {p.code for p in lint(found.document, found.workflow, disabled={"nb-model"})} == {"nb-output-count"}
    loose = LintSettings(image_models=(), output_count=None)
    assert lint(found.document, found.workflow, settings=loose) == []


def test_advice_that_fits_many_places_is_summed_up() -> None:
    rows: list[object] = [f"Mia walks on, number {n}." for n in range(40)]
    framing = [
        p for p in said((Put("A", "Prompt: rows", "properties.dynamicRows", rows),)) if p.code == "image-framing"
    ]  # type: ignore[arg-type]
    assert len(framing) == SHOWN + 1 and "and 34 more places" in framing[-1].says


def test_errors_come_first_and_then_the_order_of_the_file() -> None:
    many = said(
        (
            Put("A", "Prompt: rows", "properties.dynamicRows.1", "Mia - and more."),
            Put("A", "Prompt: rows", "properties.dynamicRows.0", 3),
            Put("B", "Veo", "properties.negativePrompt", None),
            Put("A", "Veo", "properties.negativePrompt", None),
        )
    )
    assert [p.severity for p in many] == sorted(
        (p.severity for p in many), key=[Severity.ERROR, Severity.WARNING, Severity.ADVICE].index
    )
    assert [p.tab for p in many if p.code == "nb-negative-prompt"] == ["A", "B"]


def test_a_template_that_doubles_itself_again_and_again_costs_little() -> None:
    steps = "".join(
        f'  - {{name: p{n}, type: prompt, prompt: "{{{{p{n - 1}}}}} {{{{p{n - 1}}}}}"}}\n' for n in range(1, 60)
    )
    text = f"steps:\n  - {{name: p0, type: prompt, prompt: A fox}}\n{steps}"
    assert isinstance(said(text + '  - {name: a, type: text_to_image, prompt: "{{p59}}"}\n'), list)


WORKFLOWS = [path for path in sorted((ROOT / "examples").glob("*.*")) if path.name != "accounts.yaml"]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)
def test_every_example_loads_and_breaks_no_rule_but_the_configured_ones(file: Path) -> None:
    found = load(str(file), file.read_bytes())
    assert found.usable and found.problems == []
    assert found.document is not None and found.workflow is not None
    assert {p.code for p in lint(found.document, found.workflow)} <= {"nb-output-count"}


def test_the_pictures_that_examples_refer_to_are_there_and_small() -> None:
    for file in sorted((ROOT / "examples").glob("*.*")):
        workflow = load(str(file), file.read_bytes()).workflow
        for node in workflow.nodes() if workflow is not None else ():
            assert node.source is None or 0 < (file.parent / node.source).stat().st_size < 60_000
