"""`dunwell.toml`: everything wrong with it at once, at its line, in words that help."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.cli.config import Config, load
from dunwell.cli.found import find, plugin_settings
from dunwell.cli.secrets import secret, variable
from dunwell.cli.toml import read_toml
from dunwell.cli.wiring import set_up
from dunwell.errors import ConfigurationError, ProblemsError

GOOD = """\
policies = ["policies"]
languages = ["en"]

[erp]
adapter = "ledger"
path = "book.sqlite"

[channels.email]
via = "smtp"
host = "smtp.company.example"

[run]
workers = 2
verify = "all"
lease = 600
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with policies, from which the configuration is called dunwell.toml."""
    tmp_path.joinpath("policies").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DUNWELL_CONFIG", raising=False)
    return tmp_path


def read(text: str) -> tuple[Config | None, list[str]]:
    Path("dunwell.toml").write_text(text, encoding="utf-8")
    config, problems = load(Path("dunwell.toml"))
    return config, [str(problem).removeprefix("dunwell.toml:") for problem in problems]


def faults(text: str) -> list[str]:
    config, problems = read(text)
    assert config is None
    return problems


def test_a_good_file_is_read_whole(here: Path) -> None:
    config, problems = read(GOOD)
    assert problems == []
    assert config is not None
    assert config.policies == (here / "policies",)
    assert config.erp.plugin == "ledger"
    assert config.erp.values == {"adapter": "ledger", "path": "book.sqlite"}
    assert config.channels["email"].plugin == "smtp"
    assert (config.run.workers, config.run.verify, config.run.lease) == (2, "all", 600)
    assert config.settings(config.erp).folder == here


def test_only_the_erp_must_be_named() -> None:
    config, problems = read('[erp]\nadapter = "ledger"\n')
    assert problems == []
    assert config is not None
    assert (config.run.workers, config.run.verify, config.run.lease) == (0, "sample", 900)


def test_all_problems_are_told_at_once_each_at_its_line() -> None:
    text = """\
policies = ["nowhere"]
templats = "t"
[erp]
adaptr = "ledger"
[channels.email]
host = "h"
[run]
workers = "many"
verify = "most"
lease = 3
speed = 9
"""
    assert faults(text) == [
        "2:1: unknown key 'templats' (did you mean 'templates'?)",
        "3:2: 'adapter' is required (you wrote 'adaptr')",
        "5:2: 'via' is required (write via = \"...\")",
        "8:1: 'many' must be a whole number",
        "9:1: 'most' must be one of: sample, all",
        "10:1: '3' must be at least 60",
        "11:1: unknown key 'speed' (one of: workers, verify, lease)",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "1:1: 'erp' is required (write [erp] and adapter = \"ledger\" below it)"),
        ("a = = 3\n", '1:5: this is not TOML: invalid value (write key = "value"'),
        ('[erp]\nadapter = "a"\nadapter = "b"\n', "3:14: this is not TOML: cannot overwrite a"),
        ('policies = "x"\n[erp]\nadapter = "a"\n', "1:1: 'x' must be a list (write [\"...\"])"),
        ("erp = 3\n", "1:1: '3' must be a mapping (write it as a table: [name]"),
        ('policies = []\n[erp]\nadapter = "a"\n', "1:1: 'policies' must have at least 1 entry"),
        (
            'policies = ["lost"]\n[erp]\nadapter = "a"\n',
            "1:1: 'policies' names 'lost', and there is no such file or folder (make it, or name",
        ),
        (
            'templates = "lost"\n[erp]\nadapter = "a"\n',
            "1:1: 'templates' names 'lost', and there is no such folder (make it)",
        ),
        (
            '[erp]\nadapter = "a"\n[plugins]\noff = []\nfolder = "lost"\n',
            "5:1: 'folder' names 'lost', and there is no such folder (make it)",
        ),
        (
            '[erp]\nadapter = "a"\npolicies = ["x"]\n',
            "3:1: 'policies' stands in [erp] and belongs to the whole file (move it above",
        ),
    ],
)
def test_what_is_wrong_is_said_in_words(text: str, words: str) -> None:
    assert any(problem.startswith(words) for problem in faults(text)), faults(text)


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        (
            'password = "x"',
            "set DUNWELL_LEDGER_PASSWORD, or 'keyring set dunwell ledger.password'",
        ),
        ('api_key = "x"', "set DUNWELL_LEDGER_API_KEY, or 'keyring set dunwell ledger.api_key'"),
        ('"API-Key" = "x"', "set DUNWELL_LEDGER_API_KEY"),
        ('access_token = "x"', "set DUNWELL_LEDGER_ACCESS_TOKEN"),
        ('clientsecret = {secret = "x"}', "set DUNWELL_LEDGER_SECRET"),
    ],
)
def test_a_secret_in_the_file_is_refused_with_where_to_put_it(line: str, hint: str) -> None:
    (problem,) = faults(f'[erp]\nadapter = "ledger"\n{line}\n')
    assert problem.startswith("3:")
    assert "is a secret and does not belong in the file" in problem
    assert hint in problem


def test_a_secret_of_a_channel_is_named_after_what_carries_it() -> None:
    (problem,) = faults(
        '[erp]\nadapter = "a"\n[channels.email]\nvia = "smtp"\npassword = "hunter2"\n'
    )
    assert problem == (
        "5:1: 'password' is a secret and does not belong in the file "
        "(set DUNWELL_SMTP_PASSWORD, or 'keyring set dunwell smtp.password')"
    )
    assert "hunter2" not in problem


def test_an_address_with_a_password_is_refused_without_showing_it() -> None:
    (problem,) = faults('[erp]\nadapter = "a"\nurl = "https://me:hunter2@erp.example/db"\n')
    assert problem.startswith("3:1: the address in 'url' holds a password")
    assert "hunter2" not in problem


def test_words_that_only_resemble_secrets_are_fine() -> None:
    text = '[erp]\nadapter = "a"\nkeyboard = "x"\ntokens_per_page = 3\nurl = "https://x/a:b@c"\n'
    assert read(text)[1] == []


def test_a_name_that_no_plugin_brings_is_answered_with_the_one_that_was_meant() -> None:
    Path("dunwell.toml").write_text(
        '[erp]\nadapter = "legder"\n[channels.email]\nvia = "smpt"\n[channels.sms]\nvia = "x"\n'
        '[plugins]\noff = ["ledgre"]\n'
    )
    problems = [str(problem).removeprefix("dunwell.toml:") for problem in
                set_up(Path("dunwell.toml")).problems]  # fmt: skip
    assert problems == [
        "8:1: warning: no plugin 'ledgre' is installed that could be off (did you mean 'ledger'?)",
        "2:1: no plugin brings the adapter 'legder' (did you mean 'ledger'?)",
        "4:1: no plugin carries 'email' via 'smpt' (did you mean 'smtp'?)",
        "5:2: no plugin brings the channel 'sms' (only 'email' is known here)",
    ]


def test_names_that_no_plugin_brings_are_told_beside_whatever_else_is_wrong_with_the_file() -> (
    None
):
    Path("dunwell.toml").write_text(
        'policies = 3\n[erp]\nadapter = "legder"\n[channels.email]\nvia = "smpt"\n'
    )
    with pytest.raises(ProblemsError) as caught:
        set_up(Path("dunwell.toml"))
    assert [str(problem).removeprefix("dunwell.toml:") for problem in caught.value.problems] == [
        "1:1: '3' must be a list (write [\"...\"])",
        "3:1: no plugin brings the adapter 'legder' (did you mean 'ledger'?)",
        "5:1: no plugin carries 'email' via 'smpt' (did you mean 'smtp'?)",
    ]


def test_a_number_is_a_name_that_no_plugin_brings() -> None:
    Path("dunwell.toml").write_text("[erp]\nadapter = 7\n[channels.email]\nvia = true\n")
    assert [problem.message for problem in set_up(Path("dunwell.toml")).problems] == [
        "no plugin brings the adapter '7'",
        "no plugin carries 'email' via 'true'",
    ]


def test_a_file_that_is_not_there_is_a_problem() -> None:
    with pytest.raises(ProblemsError, match="there is no such file"):
        set_up(Path("lost.toml"))


def test_secrets_come_from_the_environment_first(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring(monkeypatch, {("dunwell", "smtp.password"): "from the keyring"})
    assert secret("smtp", "password") == "from the keyring"
    monkeypatch.setenv("DUNWELL_SMTP_PASSWORD", "from the environment")
    assert secret("smtp", "password") == "from the environment"


def test_without_a_keyring_there_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert secret("smtp", "password") is None
    keyring(monkeypatch, error="NoKeyringError")
    assert secret("smtp", "password") is None


def test_a_keyring_that_does_not_answer_is_an_error_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keyring(monkeypatch, error="KeyringError")
    with pytest.raises(ConfigurationError, match="set DUNWELL_SMTP_PASSWORD instead"):
        secret("smtp", "password")


def keyring(
    monkeypatch: pytest.MonkeyPatch,
    known: dict[tuple[str, str], str] | None = None,
    *,
    error: str = "",
) -> None:
    """A keyring as the package of that name has it."""
    errors = ModuleType("keyring.errors")
    base = type("KeyringError", (Exception,), {})
    kinds = {"KeyringError": base, "NoKeyringError": type("NoKeyringError", (base,), {})}
    for name, kind in kinds.items():
        setattr(errors, name, kind)

    def get_password(service: str, name: str) -> str | None:
        if error:
            raise kinds[error]("locked")
        return (known or {}).get((service, name))

    made = ModuleType("keyring")
    made.get_password = get_password  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", made)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)


def test_plugin_names_make_good_variables() -> None:
    assert variable("my-erp.v2", "api key") == "DUNWELL_MY_ERP_V2_API_KEY"


def test_the_configuration_is_looked_for_upwards(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = here / "a" / "b"
    inner.mkdir(parents=True)
    here.joinpath("dunwell.toml").write_text(GOOD)
    assert find(inner) == Path("dunwell.toml")
    monkeypatch.setenv("DUNWELL_CONFIG", "other.toml")
    assert find(inner) == Path("other.toml")
    assert find(inner, given=Path("given.toml")) == Path("given.toml")
    assert find(inner, given=here) == here / "dunwell.toml"


def test_which_plugins_are_off_is_known_of_a_broken_file_too() -> None:
    Path("x.toml").write_text('[erp]\nbroken = true\n[plugins]\noff = ["soap"]\nfolder = "p"\n')
    assert plugin_settings(Path("x.toml")) == (("soap",), Path.cwd() / "p")
    Path("x.toml").write_text("= no")
    assert plugin_settings(Path("x.toml")) == ((), None)
    assert plugin_settings(Path("lost.toml")) == ((), None)


def test_places_are_found_in_every_spelling_of_toml() -> None:
    text = (
        'a.b = 1\n"q.r" = 2\n[ t . u ]\n  x = """\n[not]\ny = 1\n"""\nz = 3\n'
        "[[list]]\nn = 1\n[c]\nin = {line = {deep = 1}}\n"
    )
    toml, problems = read_toml(text, file="f")
    assert problems == []
    assert toml is not None
    assert str(toml.place("a", "b")) == "f:1:1"
    assert str(toml.place("q.r")) == "f:2:1"
    assert str(toml.place("t", "u", "x")) == "f:4:3"
    assert str(toml.place("t", "u", "z")) == "f:8:1"
    assert str(toml.place("list")) == "f:9:3"
    assert str(toml.place("c", "in", "line", "deep")) == "f:12:1"
    assert str(toml.place("nowhere")) == "f"


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_no_bytes_end_in_a_traceback(data: str | bytes) -> None:
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    path = Path("fuzz.toml")
    path.write_bytes(raw)
    config, problems = load(path)
    assert (config is None) == bool(problems)
