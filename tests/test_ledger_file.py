"""A ledger is one file: a copy is told from the original, and others may be at work in it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dunwell.cli import main
from dunwell.errors import UnavailableError
from dunwell_ledger import mark, patience
from dunwell_ledger.patience import Patience
from dunwell_ledger.store import Ledger, create, open_ledger

from tests.explain_kit import ON, POLICY
from tests.test_cli_planning import CONFIG, fill

WHO = ("--by", "luis", "--because", "agreed")
HERE = Path("ledger.sqlite")


def call(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == code, result.output
    return result


def configure(more: str = "") -> None:
    text = CONFIG.format(on=ON).replace("[channels.email]", f"{more}\n[channels.email]")
    Path("dunwell.toml").write_text(text, encoding="utf-8")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger in which Dunwell has worked once; C2 waits for a yes."""
    (tmp_path / "office").mkdir()
    monkeypatch.chdir(tmp_path / "office")
    monkeypatch.delenv("DUNWELL_CONFIG", raising=False)
    Path("policy.yaml").write_text(POLICY, encoding="utf-8")
    configure()
    fill(create(HERE, identity="test"))
    assert "done=2" in call("run", code=6).stdout


def restored() -> Path:
    """The file is replaced by a copy of itself, as a backup would be."""
    backup = Path("backup.sqlite")
    shutil.copy(HERE, backup)
    HERE.unlink()
    backup.rename(HERE)
    return HERE


def mails() -> int:
    return len(list(Path("outbox").iterdir()))


def test_in_a_restored_ledger_nothing_is_done_until_a_person_says_so() -> None:
    call("plan", "--out", "today.plan")
    before = mails()
    restored()
    shown = call("run", code=5).stdout
    assert "stopped: nothing is done: the ledger 'ledger.sqlite' is another file" in shown
    assert "was it restored? (say 'dunwell ledger adopt' where it is the one" in shown
    for words in (("apply", "today.plan"), ("approve", "today.plan", *WHO)):
        assert "nothing is done: the ledger" in call(*words, code=5).stderr
    assert mails() == before
    adopted = call("ledger", "adopt").stdout.splitlines()
    assert adopted[0].startswith("adopted ledger.sqlite, which was '")
    assert adopted[1] == (
        "its log ends at 2026-03-04 09:00 UTC: what was done after that would be done again"
    )
    call("approve", "today.plan", *WHO)
    assert "done=0" not in call("run").stdout
    assert mails() == before + 1


def test_a_copy_can_be_looked_at_and_says_what_it_is() -> None:
    restored()
    shown = call("plan").stdout
    assert "the ledger 'ledger.sqlite' is another file than the one" in shown
    call("explain", "C1")
    call("log")
    healthy = call("doctor", code=4).stdout
    assert "dunwell.toml:2:2: the ledger 'ledger.sqlite' is another file" in healthy
    assert "a run cannot be done here" in healthy


def test_a_copy_of_a_ledger_that_is_still_there_is_called_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tmp_path / "office", tmp_path / "copy")
    call("run", code=6)  # the original goes on undisturbed
    monkeypatch.chdir(tmp_path / "copy")
    original = tmp_path / "office" / "ledger.sqlite"
    stopped = call("run", code=5).stdout
    assert f"the ledger 'ledger.sqlite' is a copy of '{original}'" in stopped
    adopted = call("ledger", "adopt").stdout
    assert f"never let Dunwell work in '{original}' too" in adopted
    call("run", code=6)


def test_a_ledger_that_was_moved_by_copying_asks_one_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tmp_path / "office", tmp_path / "other")
    monkeypatch.chdir(tmp_path / "other")
    shutil.rmtree(tmp_path / "office")
    assert "was copied or moved from" in call("run", code=5).stdout
    assert "never let Dunwell work" not in call("ledger", "adopt").stdout
    call("run", code=6)
    assert "nothing had to be adopted" in call("ledger", "adopt").stdout


def test_a_ledger_that_was_renamed_or_whose_folder_was_moved_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "office").rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path / "moved")
    HERE.rename("receivables.sqlite")
    configure('path = "receivables.sqlite"')
    text = Path("dunwell.toml").read_text("utf-8").replace('path = "ledger.sqlite"\n', "")
    Path("dunwell.toml").write_text(text, "utf-8")
    call("run", code=6)


def test_whoever_vouches_for_the_only_copy_is_not_asked() -> None:
    configure("only_copy = true")
    restored()
    call("run", code=6)


def test_a_ledger_in_which_dunwell_never_worked_may_be_copied_freely() -> None:
    fresh = create(Path("fresh.sqlite"))
    fresh.close()
    shutil.copy("fresh.sqlite", "template.sqlite")
    copy = open_ledger(Path("template.sqlite"))
    with copy.reading() as connection:
        assert mark.doubt(connection, copy.path) == ""
    copy.close()


def test_a_file_system_without_file_numbers_raises_no_doubt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    restored()
    monkeypatch.setattr(mark, "here", lambda path: None)
    call("run", code=6)


# -- waiting --------------------------------------------------------------------------------------


@contextmanager
def occupied(path: Path) -> Iterator[None]:
    """Another program writes to the ledger meanwhile."""
    other = Ledger(path)
    try:
        with other.writing():
            yield
    finally:
        other.close()


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "QUIET", 0.01)
    monkeypatch.setattr("dunwell_ledger.store.QUIET", 0.01)


@pytest.mark.usefixtures("_impatient")
def test_whoever_waits_for_a_ledger_says_so_once_and_goes_on_when_it_is_free() -> None:
    told: list[str] = []
    free, held = threading.Event(), threading.Event()
    ledger = Ledger(HERE)

    def tell(line: str) -> None:
        told.append(line)
        free.set()

    ledger.patience.tell = tell

    def other() -> None:
        with occupied(HERE):
            held.set()
            free.wait(30)

    thread = threading.Thread(target=other)
    thread.start()
    held.wait(30)
    with ledger.writing() as connection:
        connection.execute("SELECT 1")
    thread.join()
    ledger.close()
    assert told == ["waiting for the ledger 'ledger.sqlite': another program is writing to it"]


@pytest.mark.usefixtures("_impatient")
def test_waiting_ends_in_words_and_whoever_waited_in_vain_does_not_wait_again() -> None:
    told: list[str] = []
    ledger = Ledger(HERE)
    ledger.patience = Patience("ledger.sqlite", 0.05, told.append)
    with occupied(HERE):
        for _ in range(3):
            with pytest.raises(UnavailableError, match=r"waited for 0\.05 seconds"):
                ledger.writing().__enter__()
    assert len(told) == 1
    with ledger.writing():
        assert not ledger.patience.in_vain
    ledger.close()


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(
    "words", [("run",), ("approve", "today.plan", *WHO), ("ledger", "pay", "C1", "10 EUR")]
)
def test_a_command_that_waits_in_vain_for_the_ledger_ends_with_4(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    call("plan", "--out", "today.plan")
    call("approve", "today.plan", *WHO)
    monkeypatch.setattr(Patience.__init__, "__defaults__", (None,))
    monkeypatch.setattr("dunwell_ledger.store.LONGEST", 0.05)
    monkeypatch.setattr(Ledger.__init__, "__kwdefaults__", {"wait": 0.05})
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with occupied(HERE):
        result = call(*words, code=4)
    told = result.stderr + result.stdout
    assert "waiting for the ledger 'ledger.sqlite': another program is writing to it" in told
    assert "the ledger 'ledger.sqlite' is being written by another program" in told
