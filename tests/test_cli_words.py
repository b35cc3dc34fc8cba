"""`dunwell schema` and `dunwell plugins`: what there is, in the terminal and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dunwell.cli import exits, main
from dunwell.cli.schema import json_schema
from dunwell.facts import Registry
from dunwell.hooks import load_plugins
from dunwell.policy.publish import REFERENCE, SCHEMA, files
from dunwell.policy.reference import reference

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DUNWELL_CONFIG", raising=False)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="dunwell")


def test_a_fact_is_explained() -> None:
    assert call("schema", "to_pay").output == (
        "to_pay: a fact of an item\n"
        "  The balance less the credits that cover it and its disputed part.\n"
        "  Written as an amount.\n"
        "  Example: {to_pay: {at_least: 50 EUR}}\n"
    )


def test_a_part_shows_its_words() -> None:
    text = call("schema", "limits").output
    assert text.startswith("limits: a part of a file\n")
    assert "  word (* required)  meaning\n" in text
    assert "  share_of_accounts  Part of all accounts" in text


def test_one_word_of_one_part_can_be_asked_for() -> None:
    assert call("schema", "stage.when").output.startswith("stage.when: a word of 'stage'\n")
    assert call("schema", "when").output.count("a word of") > 3


def test_every_word_of_the_language_is_listed_and_explained() -> None:
    listed = call("schema").output
    for word in reference(Registry()):
        if word.kind != "word":
            assert word.name in listed
        assert word.meaning.split()[0] in call("schema", word.name).output.replace("\n", " ")


def test_an_unknown_word_is_answered_with_the_one_that_was_meant() -> None:
    result = call("schema", "days_past_do")
    assert result.exit_code == exits.USAGE
    assert "unknown word 'days_past_do' (did you mean 'days_past_due'?)" in result.stderr


def test_programs_get_the_reference_and_the_schema() -> None:
    words = json.loads(call("schema", "--format", "json").output)
    assert len(words) == len(reference(Registry()))
    (word,) = json.loads(call("schema", "to_pay", "--format", "json").output)
    assert (word["kind"], word["of"]) == ("fact", "item")
    schema = json.loads(call("schema", "--json").output)
    assert schema["$schema"].startswith("https://json-schema.org/")


def test_the_published_schema_and_reference_are_those_of_the_models() -> None:
    schema = (DOCS / SCHEMA).read_text("utf-8")
    assert schema == json_schema(Registry(), load_plugins()), "run 'make schema'"
    reference_page = (DOCS / REFERENCE).read_text("utf-8")
    assert reference_page == files(Registry())[REFERENCE], "run 'make schema'"


def test_facts_of_plugins_are_words_too(tmp_path: Path) -> None:
    tmp_path.joinpath("plugins").mkdir()
    tmp_path.joinpath("plugins", "insurer.py").write_text(
        "from dunwell.facts import Fact\nfrom dunwell.hooks import hookimpl\n"
        "@hookimpl\ndef dunwell_facts():\n"
        "    return [Fact('risk_class', 'account', 'text', 'class at the insurer', column=id)]\n"
    )
    tmp_path.joinpath("dunwell.toml").write_text('[plugins]\nfolder = "plugins"\n')
    text = call("schema", "risk_class").output
    assert "Class at the insurer; from the plugin insurer." in text
    assert "fact_risk_class" in call("schema", "--json").output
    assert "fact risk_class" in call("plugins").output


def test_plugins_are_listed_with_what_they_bring() -> None:
    result = call("plugins")
    assert result.exit_code == exits.DONE
    lines = [line.split("  ") for line in result.output.splitlines()]
    brings = {line[0].strip(): line[-1].strip() for line in lines if len(line) > 2}
    assert brings["ledger"] == "adapter ledger"
    assert brings["calendars"] == "calendar holidays"
    assert brings["mail"] == "channel email via smtp, channel email via folder"


@pytest.fixture
def starter() -> Path:
    """A company of its own, as `dunwell init` makes it."""
    assert call("init", "company").exit_code == exits.DONE
    return Path("company")


def test_one_plugin_is_shown_with_its_hooks_and_what_it_can_do_here(starter: Path) -> None:
    here = ("--config", str(starter), "plugins")
    text = call(*here, "ledger").output
    assert "dunwell_adapters" in text
    assert "adapter ledger" in text
    assert "exclusive" in text
    told = json.loads(call(*here, "ledger", "--format", "json").output)
    assert told["capabilities"]["append"]["strength"] == "exclusive"
    assert json.loads(call(*here, "mail", "--format", "json").output)["capabilities"] is None


def test_an_erp_that_does_not_answer_is_a_problem_of_its_plugin(starter: Path) -> None:
    starter.joinpath("ledger.sqlite").write_text("no ledger")
    result = call("--config", str(starter), "plugins", "ledger")
    assert result.exit_code == exits.PROBLEMS
    assert "ledger.sqlite" in result.output


def test_a_plugin_that_is_not_there_is_named_with_the_nearest_one() -> None:
    result = call("plugins", "leger")
    assert result.exit_code == exits.USAGE
    assert "did you mean 'ledger'" in result.output


def test_a_plugin_can_be_switched_off_by_its_name(tmp_path: Path) -> None:
    tmp_path.joinpath("dunwell.toml").write_text('[plugins]\noff = ["ledger"]\n')
    assert "switched off" in call("plugins").output
    assert "  ledger " not in call("--help").output
    assert call("ledger", "--help").exit_code == exits.USAGE


def test_programs_get_the_plugins_with_their_problems(tmp_path: Path) -> None:
    tmp_path.joinpath("plugins").mkdir()
    tmp_path.joinpath("plugins", "bad.py").write_text("1 / 0\n")
    tmp_path.joinpath("dunwell.toml").write_text('[plugins]\nfolder = "plugins"\n')
    result = call("plugins", "--format", "json")
    assert result.exit_code == exits.PROBLEMS
    told = {plugin["name"]: plugin for plugin in json.loads(result.output)}
    (problem,) = told["bad"]["problems"]
    assert "ZeroDivisionError" in problem["message"]
    assert problem["line"] == 1
    assert told["ledger"]["problems"] == []
