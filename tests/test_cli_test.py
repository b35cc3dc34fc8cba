"""`dunwell test`: which tests run when files are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dunwell.cli import exits, main

HOUSE = """\
house: acme
policies: [mild, firm]
roles: {collector: ana@acme.example}
"""
POLICY = """\
policy: NAME
currency: EUR
ladder:
  - stage: call
    when: {days_past_due: {at_least: 3}}
    do: [{task: {summary: "Call", assign: [collector]}}]
"""
TEST = """\
test: NAME calls
policy: NAME
given:
  customer: {name: Acme, type: business, country: ES}
  invoices: [{number: F-1, issued: 2026-01-10, due: 2026-02-10, amount: 900 EUR}]
steps:
  - {date: 2026-02-13, expect: {commands: [{task: call}]}}
"""


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="dunwell")


def told(*arguments: str) -> tuple[list[str], list[str]]:
    """The tests that ran, and the policies that have none."""
    said = json.loads(call("test", *arguments, "--format", "json").stdout)
    untested = [problem["message"].split("'")[1] for problem in said["untested"]]
    assert all(test["passed"] for test in said["tests"])
    return [test["test"] for test in said["tests"]], untested


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A house with a file for each policy; the tests of `firm` have names of their own."""
    monkeypatch.delenv("DUNWELL_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    policies = tmp_path / "policies"
    policies.mkdir()
    policies.joinpath("house.yaml").write_text(HOUSE)
    for name in ("mild", "firm"):
        text = POLICY if name == "firm" else POLICY + "applies_to: {customer_type: business}\n"
        policies.joinpath(f"{name}.yaml").write_text(text.replace("NAME", name))
    policies.joinpath("mild.test.yaml").write_text(TEST.replace("NAME", "mild"))
    policies.joinpath("other.test.yaml").write_text(TEST.replace("NAME", "firm"))
    tmp_path.joinpath("dunwell.toml").write_text(
        'policies = ["policies"]\n[erp]\nadapter = "ledger"\npath = "ledger.sqlite"\n'
    )
    return policies


def test_a_policy_that_is_named_is_judged_by_its_house_and_has_its_own_tests_told(
    folder: Path,
) -> None:
    assert told("policies/mild.yaml") == (["mild calls"], [])
    assert told("policies/firm.yaml") == (["firm calls"], [])
    assert told(str(folder / "mild.yaml")) == (["mild calls"], [])
    assert told("policies/house.yaml") == (["mild calls", "firm calls"], [])
    assert told("policies") == told() == (["mild calls", "firm calls"], [])


def test_tests_that_are_named_are_all_that_is_told(folder: Path) -> None:
    assert told("policies/mild.test.yaml") == (["mild calls"], [])
    assert told("policies/mild.yaml", "policies/mild.test.yaml") == (["mild calls"], [])


def test_a_named_policy_without_a_test_is_reported_and_no_other(folder: Path) -> None:
    folder.joinpath("mild.test.yaml").unlink()
    folder.joinpath("other.test.yaml").unlink()
    assert told("policies/firm.yaml") == ([], ["firm"])
    assert told() == ([], ["mild", "firm"])


def test_a_policy_and_its_tests_find_each_other_without_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DUNWELL_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    text = POLICY.replace("NAME", "alone").replace("collector", "ana@acme.example")
    tmp_path.joinpath("alone.yaml").write_text(text)
    tmp_path.joinpath("alone.test.yaml").write_text(TEST.replace("NAME", "alone"))
    assert told("alone.yaml") == (["alone calls"], [])
    assert told("alone.test.yaml") == (["alone calls"], [])


def test_what_is_wrong_with_tests_beside_a_named_policy_is_told(folder: Path) -> None:
    folder.joinpath("other.test.yaml").write_text("tset: misspelt\npolicy: mild\n")
    result = call("test", "policies/mild.yaml")
    assert result.exit_code == exits.PROBLEMS
    assert "policies/other.test.yaml:1:1: this is no test (did you mean 'test'?)" in result.stderr
