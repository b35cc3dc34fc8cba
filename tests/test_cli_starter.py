"""`dunwell init`: a starter that is right from its first minute."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dunwell.cli import exits, main
from dunwell.facts import Registry
from dunwell.policy.publish import SCHEMA, files
from dunwell.testing import MemoryAdapter

CONTENT = """\
.gitignore
.vscode/settings.json
README.md
dunwell.toml
ledger.sqlite
policies/standard_b2b.test.yaml
policies/standard_b2b.yaml
policy.schema.json
templates/first_notice.en.j2
templates/first_notice.es.j2
"""


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="dunwell")


@pytest.fixture
def starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A starter, and we are in it."""
    monkeypatch.delenv("DUNWELL_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    result = call("init", "receivables")
    assert result.exit_code == 0, result.output
    monkeypatch.chdir(tmp_path / "receivables")
    return tmp_path / "receivables"


def test_a_starter_has_everything_and_nothing_else(starter: Path) -> None:
    found = sorted(
        path.relative_to(starter).as_posix() for path in starter.rglob("*") if path.is_file()
    )
    assert found == CONTENT.split()


def test_a_starter_passes_check(starter: Path) -> None:
    result = call("check")
    assert result.output == "1 policy, 8 stages, 5 watches, 26 tests: no problems\n"
    assert result.exit_code == exits.DONE


def test_checking_a_starter_needs_no_columns(starter: Path) -> None:
    code = (
        "import sys\n"
        "from dunwell.cli import main\n"
        "try: main(['check'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'polars', 'durable'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.slow
def test_a_starter_passes_its_tests(starter: Path) -> None:
    result = call("test")
    assert result.exit_code == exits.DONE, result.output
    assert result.output.endswith("tests: all passed\n")


def test_a_starter_is_healthy(starter: Path) -> None:
    result = call("doctor")
    assert result.exit_code == exits.DONE, result.output
    assert result.output.startswith("ERP 'ledger' works\n")


def test_a_starter_without_invoices_asks_for_them_and_not_for_another_policy(
    starter: Path,
) -> None:
    result = call("plan")
    assert (
        "there is no invoice and no payment in the ERP yet; bring them in first" in result.output
    )
    assert "bank_data_within" not in result.output
    assert result.exit_code == exits.STOPPED


def test_what_the_starter_says_to_try_is_there(starter: Path) -> None:
    lines = (starter / "README.md").read_text("utf-8").splitlines()
    commands = [line.split()[1] for line in lines if line.startswith("    dunwell ")]
    assert commands[:2] == ["check", "test"]
    for command in commands:
        assert call(command, "--help").exit_code == 0, command


def test_editors_find_the_schema(starter: Path) -> None:
    settings = json.loads((starter / ".vscode/settings.json").read_text("utf-8"))
    ((schema, globs),) = settings["yaml.schemas"].items()
    assert (starter / schema).is_file()
    assert any(starter.glob(pattern) for pattern in globs)
    for policy in (starter / "policies").iterdir():
        first = policy.read_text("utf-8").splitlines()[0]
        prefix = "# yaml-language-server: $schema="
        assert first.startswith(prefix)
        assert (policy.parent / first.removeprefix(prefix)).is_file()


def test_the_schema_of_the_starter_knows_everything_that_is_published(starter: Path) -> None:
    ours = json.loads((starter / "policy.schema.json").read_text("utf-8"))
    published = json.loads(files(Registry())[SCHEMA])
    assert set(published["$defs"]) <= set(ours["$defs"])
    assert "Test" in ours["$defs"]


def test_no_secret_has_a_place_in_the_configuration(starter: Path) -> None:
    values = tomllib.loads((starter / "dunwell.toml").read_text("utf-8"))
    assert "password" not in str(values)
    assert "DUNWELL_SMTP_PASSWORD" in (starter / "dunwell.toml").read_text("utf-8")


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    tmp_path.joinpath("mine.txt").write_text("precious")
    result = call("init", str(tmp_path))
    assert result.exit_code == exits.USAGE
    assert "is not empty (name a new one)" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    assert call("init", str(tmp_path)).exit_code == exits.DONE
    assert (tmp_path / "dunwell.toml").is_file()


def test_a_demand_that_the_erp_cannot_meet_is_told_at_its_line(starter: Path) -> None:
    policy = starter / "policies/standard_b2b.yaml"
    text = policy.read_text("utf-8")
    policy.write_text(
        text.replace(
            "hold: {kind: orders, reason", "hold: {kind: orders, strength: enforced, reason"
        )
    )
    result = call("check")
    line = next(n for n, x in enumerate(text.splitlines(), 1) if "hold: {kind: orders" in x)
    assert result.exit_code == exits.PROBLEMS
    assert result.output.startswith(
        f"policies/standard_b2b.yaml:{line}:9: a hold in 'ledger' is advisory, "
        "and the policy wants enforced ("
    )


def test_a_policy_whose_messages_nobody_carries_is_told(starter: Path) -> None:
    config = starter / "dunwell.toml"
    config.write_text(config.read_text("utf-8").partition("[channels.email]")[0])
    result = call("check")
    assert result.exit_code == exits.PROBLEMS
    assert (
        "no channel carries 'email', and 'ledger' sends no messages itself "
        "(add [channels.email] to dunwell.toml)"
    ) in result.output


def test_check_tells_what_is_wrong_in_every_place_at_once(starter: Path) -> None:
    config = starter / "dunwell.toml"
    config.write_text(config.read_text("utf-8").replace("languages", "langages"))
    policy = starter / "policies/standard_b2b.yaml"
    policy.write_text(policy.read_text("utf-8").replace("days_past_due:", "days_past_du:", 1))
    result = call("check", "--format", "json")
    told = json.loads(result.output)
    assert result.exit_code == exits.PROBLEMS
    assert {problem["file"] for problem in told["problems"]} == {
        "dunwell.toml",
        "policies/standard_b2b.yaml",
    }
    assert all(problem["line"] and problem["message"] for problem in told["problems"])
    assert told["counts"]["errors"] == len(told["problems"])


def test_a_template_that_lacks_a_language_or_a_variable_is_told(starter: Path) -> None:
    (starter / "templates/first_notice.en.j2").write_text(
        "{% block subject %}x{% endblock %}{% block text %}{{ custmer.name }}{% endblock %}"
    )
    config = starter / "dunwell.toml"
    config.write_text(config.read_text("utf-8").replace('["en", "es"]', '["en", "fr"]'))
    output = call("check").output
    assert "templates/first_notice.en.j2:1:" in output
    assert "custmer" in output
    assert (
        "the template 'first_notice' is not there in 'fr' (write 'first_notice.fr.j2')" in output
    )


def test_settings_that_a_plugin_refuses_are_told_at_its_table(starter: Path) -> None:
    config = starter / "dunwell.toml"
    text = config.read_text("utf-8").replace('folder = "outbox"', 'foldr = "outbox"')
    config.write_text(text)
    line = 1 + text.splitlines().index("[channels.email]")
    result = call("check")
    assert (
        f"dunwell.toml:{line}:2: unknown setting 'foldr' (did you mean 'folder'?)" in result.output
    )
    assert result.exit_code == exits.PROBLEMS


RUBBISH = """\
tset: a misspelt word
policy: standard_b2b
given: {}
steps: [{date: 2026-01-01}]
---
- no mapping
---
policy: stray
currency: EUR
---
test: a word that no test knows
policy: standrd_b2b
given: {invoces: []}
steps: []
---
test: told of a policy that is not there
policy: standrd_b2b
given: {}
steps: [{date: 2026-01-01}]
---
test: [
"""


def test_check_reports_rubbish_among_tests(starter: Path) -> None:
    file = starter / "policies" / "more.test.yaml"
    file.write_text(RUBBISH, encoding="utf-8")
    name = "policies/more.test.yaml"
    own = [
        f"{name}:1:1: this is no test (did you mean 'test'?)",
        f"{name}:6:1: this is no test (a test begins with 'test: ' and what it shows)",
        f"{name}:8:1: a policy in a file of tests is never read "
        "(put it into a file that ends with .yaml, not .test.yaml)",
        f"{name}:13:9: unknown key 'invoces' (did you mean 'invoices'?)",
        f"{name}:14:8: 'steps' must have at least 1 entry",
        f"{name}:21:7: the '[' is not closed (add ']' where it ends)",
    ]
    unknown = f"{name}:17:9: no policy 'standrd_b2b' (did you mean 'standard_b2b'?)"
    result = call("check")
    assert result.stdout.splitlines()[:-1] == [*own[:5], unknown, own[5]]
    assert result.exit_code == exits.PROBLEMS
    alone = call("check", name)
    assert alone.stdout.splitlines() == [*own, "1 test: 6 problems"]
    assert alone.exit_code == exits.PROBLEMS
    assert call("test").exit_code == exits.PROBLEMS


def test_policies_can_be_checked_without_a_configuration_and_without_the_erp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    policy = tmp_path / "mine.yaml"
    policy.write_text(
        "policy: mine\ncurrency: EUR\nladder:\n  - stage: a\n    when: {days_past_due: 3 weks}\n"
        "    do: [{remind: {template: frist_notice}}]\n"
    )
    result = call("check", "mine.yaml")
    assert result.exit_code == exits.PROBLEMS
    assert result.output.startswith("mine.yaml:5:27: ")
    policy.write_text(policy.read_text().replace("3 weks", "3"))
    assert "mine.yaml:6:" in call("check", "mine.yaml").output
    assert "unknown template 'frist_notice' (did you mean 'first_notice'?)" in (
        call("check", "mine.yaml").output
    )
    tmp_path.joinpath("empty").mkdir()
    assert call("check", "empty").output == (
        "empty: there is no policy in this folder "
        "(policies end with .yaml, their tests with .test.yaml)\n1 problem\n"
    )


def test_an_erp_out_of_reach_is_a_warning_for_check_and_the_end_for_doctor(
    starter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_plugin(starter, 'raise UnavailableError("the ERP does not answer")')
    result = call("check")
    assert "warning: the ERP could not be asked: the ERP does not answer" in result.output
    assert result.exit_code == exits.DONE
    result = call("doctor")
    assert "ERP 'far' does not answer" in result.output
    assert "a run cannot be done here" in result.output
    assert result.exit_code == exits.UNREACHABLE


def test_doctor_says_who_can_grant_what_is_missing(starter: Path) -> None:
    _with_plugin(starter, 'raise DeniedError("may not read partners", remedy="ask Ana")')
    result = call("doctor")
    assert "may not read partners (ask Ana)" in result.output
    assert result.exit_code == exits.UNREACHABLE


def test_a_plugin_that_fails_while_it_is_opened_is_named(starter: Path) -> None:
    _with_plugin(starter, "return settings.nonsense")
    result = call("doctor", "--format", "json")
    (problem,) = [p for p in json.loads(result.output)["problems"] if p["level"] == "error"]
    assert problem["message"].startswith("the adapter 'far' failed while it was opened: Attribute")
    assert result.exit_code == exits.UNREACHABLE


def _with_plugin(starter: Path, body: str) -> None:
    """An adapter of one's own, in a file."""
    (starter / "plugins").mkdir()
    (starter / "plugins/far.py").write_text(
        "from dunwell.errors import DeniedError, UnavailableError\n"
        "from dunwell.hooks import AdapterPlugin, hookimpl\n"
        f"def reach(settings):\n    {body}\n"
        "@hookimpl\ndef dunwell_adapters():\n    return [AdapterPlugin('far', reach)]\n"
    )
    config = starter / "dunwell.toml"
    text = config.read_text("utf-8").replace('adapter = "ledger"', 'adapter = "far"')
    config.write_text(text + '\n[plugins]\nfolder = "plugins"\n')


def test_doctor_warns_of_a_schedule_that_never_meets_a_window(starter: Path) -> None:
    words = "no run at 06:00 (Europe/Madrid) meets the window of 'email'"
    assert words in call("doctor", "--at", "06:00").output
    assert words not in call("doctor", "--at", "06:00", "--at", "09:30").output
    assert "19:00" in call("doctor", "--at", "19:00").output.splitlines()[-3]
    assert call("doctor", "--at", "6 o'clock").exit_code == exits.USAGE


def test_doctor_tells_a_program_everything(starter: Path) -> None:
    told = json.loads(call("doctor", "--format", "json").output)
    assert told["able"] is True
    assert told["tenant"].startswith("ledger:")
    assert told["capabilities"]["append"] == {"strength": "exclusive", "reason": "", "remedy": ""}
    assert told["channels"] == {"email": {"via": "folder", "problems": []}}
    assert "orders" in told["hold_kinds"]


def test_a_broken_plugin_stops_before_anything_is_asked(starter: Path) -> None:
    _with_plugin(starter, "return None")
    (starter / "plugins/veto.py").write_text("import not_there_at_all\n")
    for command in ("check", "doctor"):
        result = call(command)
        assert "plugins/veto.py:1:1: the plugin 'veto' cannot be loaded" in result.output
        assert result.exit_code in (exits.PROBLEMS, exits.UNREACHABLE)
    result = call("plugins")
    assert "cannot be used" in result.output
    assert result.exit_code == exits.PROBLEMS


def test_the_memory_adapter_of_the_kit_meets_the_shipped_policy() -> None:
    import dunwell_rules
    from dunwell.cli.demands import demands
    from dunwell.cli.policies import load_policies, policy_files
    from dunwell.errors import Place
    from dunwell.hooks import load_plugins
    from dunwell.testing import Erp

    folder = Path(dunwell_rules.__file__).parent / "policies"
    files_, _ = policy_files([folder / "standard_b2b.yaml"])
    house, _ = load_policies(files_, load_plugins(), Registry())
    assert house is not None
    can = MemoryAdapter(Erp()).capabilities()
    found = demands(house, can, ["email"], erp="memory", places={"erp": Place("x")})
    assert list(found) == []


def test_an_adapters_commands_obey_the_configuration_that_is_named(
    starter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (starter / "ledger.sqlite").unlink()
    monkeypatch.chdir(starter.parent)
    result = call("--config", "receivables/dunwell.toml", "ledger", "new", "main")
    assert result.exit_code == exits.DONE, result.output
    assert (starter / "ledger.sqlite").is_file()
