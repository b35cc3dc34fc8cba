"""Configuration, plugins and policies become an engine; everything in force has a digest."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from dunwell.cli import main, wiring
from dunwell.cli.wording import TemplateWording
from dunwell.errors import ProblemsError
from dunwell.message import Company, Customer, MessageFacts, Templates
from dunwell.port import Adapter, Channel
from dunwell.run.words import Wording

FACTS = MessageFacts(date(2026, 3, 2), Customer("Acme"), Company("Example Ltd"))


@pytest.fixture
def starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A starter, and we are in it."""
    monkeypatch.delenv("DUNWELL_CONFIG", raising=False)
    result = CliRunner().invoke(main, ["init", str(tmp_path / "s")])
    assert result.exit_code == 0, result.output
    monkeypatch.chdir(tmp_path / "s")
    return tmp_path / "s"


def digests() -> dict[str, str]:
    with wiring.engine(wiring.set_up(Path("dunwell.toml"))) as engine:
        return dict(engine.digests)


def test_an_engine_is_made_of_what_the_configuration_names(starter: Path) -> None:
    config = starter / "dunwell.toml"
    config.write_text(config.read_text("utf-8") + "\n[run]\nlease = 120\nworkers = 1\n")
    with wiring.engine(wiring.set_up(Path("dunwell.toml")), verify="all") as engine:
        assert isinstance(engine.adapter, Adapter)
        assert isinstance(engine.channels["email"], Channel)
        assert isinstance(engine.wording, TemplateWording)
        assert [policy.name for policy in engine.house.policies] == ["standard_b2b"]
        assert (engine.lease, engine.workers, engine.verify) == (120, 1, "all")
        assert "ES" in engine.calendars[0].codes()


def test_digests_change_with_the_policy_and_the_templates_and_with_nothing_else(
    starter: Path,
) -> None:
    first = digests()
    assert digests() == first
    test = starter / "policies/standard_b2b.test.yaml"
    test.write_text(test.read_text("utf-8") + "# a remark\n")
    (starter / "README.md").write_text("changed")
    assert digests() == first
    policy = starter / "policies/standard_b2b.yaml"
    policy.write_text(policy.read_text("utf-8") + "# a remark\n")
    template = starter / "templates/first_notice.en.j2"
    template.write_text(template.read_text("utf-8").replace("overlooked", "missed"))
    changed = {name for name, value in digests().items() if value != first[name]}
    assert changed == {"policies", "templates"}


def test_an_engine_is_refused_with_every_problem(starter: Path) -> None:
    policy = starter / "policies/standard_b2b.yaml"
    policy.write_text(policy.read_text("utf-8").replace("days_past_due", "days_past_du"))
    setup = wiring.set_up(Path("dunwell.toml"))
    with pytest.raises(ProblemsError) as caught, wiring.engine(setup):
        pass
    assert len(caught.value.problems) > 5
    assert {problem.where.file for problem in caught.value.problems} == {
        "policies/standard_b2b.yaml"
    }


def test_a_plugin_with_a_problem_stops_the_engine(starter: Path) -> None:
    (starter / "plugins").mkdir()
    (starter / "plugins/veto.py").write_text("import not_there_at_all\n")
    config = starter / "dunwell.toml"
    config.write_text(config.read_text("utf-8") + '\n[plugins]\nfolder = "plugins"\n')
    with pytest.raises(ProblemsError, match="'veto' cannot be loaded"):
        digests()
    config.write_text(config.read_text("utf-8") + 'off = ["veto"]\n')
    assert "veto" not in digests()["plugins"]


@pytest.mark.parametrize(
    ("languages", "language"),
    [(["es_MX", "en"], "es"), (["fr", "es"], "es"), (["fr"], "en"), ([], "en"), (["en_GB"], "en")],
)
def test_a_message_is_in_the_first_language_that_there_is(
    languages: list[str], language: str
) -> None:
    wording: Wording = TemplateWording(Templates())
    assert wording.message("first_notice", languages, FACTS).language == language
    assert wording.statement(languages, FACTS).type == "text/html"


def test_the_house_speaks_its_own_language_where_none_fits() -> None:
    wording = TemplateWording(Templates(house=["es"]))
    assert wording.message("first_notice", ["fr"], FACTS).language == "es"


def test_an_inline_text_is_one_line() -> None:
    wording = TemplateWording(Templates())
    assert wording.inline("Call\n {{ customer.name }}", [], FACTS) == "Call Acme"
