"""`dunwell new adapter`: what it makes installs, registers, and says what is left to be done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dunwell.cli import exits, main

NAME = "acme_erp"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="dunwell")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    parent = tmp_path_factory.mktemp("new")
    result = call("new", "adapter", NAME, "--in", str(parent))
    assert result.exit_code == exits.DONE, result.output
    return parent / "dunwell-acme-erp"


@pytest.fixture(scope="module")
def site(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages with the new one installed, beside those that run the tests."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation"]
    done = tool(made, *pip, *offline, "--target", str(folder), str(made))
    assert done.returncode == 0, done.stderr
    return folder


def tool(
    folder: Path, *command: str, path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def python(folder: Path, *words: str, path: Path) -> subprocess.CompletedProcess[str]:
    return tool(folder, sys.executable, "-m", *words, path=path)


def test_a_new_adapter_is_registered_once_it_is_installed(made: Path, site: Path) -> None:
    code = "from dunwell.cli import main; main(['plugins'])"
    shown = tool(made, sys.executable, "-c", code, path=site)
    assert shown.returncode == exits.DONE, shown.stdout + shown.stderr
    assert "adapter acme_erp" in shown.stdout
    assert "dunwell-acme-erp 0.1.0" in shown.stdout


def test_a_new_adapter_is_in_the_one_format(made: Path) -> None:
    pytest.importorskip("ruff", reason="ruff is only where the code is checked")
    for words in (("check",), ("format", "--check")):
        done = tool(made, sys.executable, "-m", "ruff", *words, "--no-cache", ".")
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_a_new_adapter_is_fully_typed(made: Path, site: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is only where the code is checked")
    done = python(made, "mypy", path=site)
    assert done.returncode == 0, done.stdout


def test_a_new_adapter_passes_what_needs_no_capability(made: Path, site: Path) -> None:
    done = python(
        made, "pytest", "-q", "-p", "no:cacheprovider", "tests/test_reading.py", path=site
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_what_is_to_be_done_fails_by_name(made: Path, site: Path) -> None:
    done = python(
        made, "pytest", "-q", "-rfs", "-p", "no:cacheprovider", "tests/test_to_do.py", path=site
    )
    assert done.returncode == 1, "tests fail, and nothing else is wrong"
    assert "error" not in done.stdout.splitlines()[-1]
    assert "FAILED tests/test_to_do.py::TestLog::test_the_next_position_is_won" in done.stdout
    assert "to be done: `append` and `heads` keep a log" in done.stdout


@pytest.mark.parametrize("name", ["Acme", "acme-erp", "1st", "acme__erp", "_acme"])
def test_a_name_that_no_package_can_have_is_refused(name: str, tmp_path: Path) -> None:
    result = call("new", "adapter", "--in", str(tmp_path), "--", name)
    assert result.exit_code == exits.USAGE
    assert "write it like 'acme_erp'" in result.output
    assert not list(tmp_path.iterdir())


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "dunwell-acme").mkdir()
    (tmp_path / "dunwell-acme" / "kept").write_text("mine")
    result = call("new", "adapter", "acme", "--in", str(tmp_path))
    assert result.exit_code == exits.USAGE
    assert [path.name for path in (tmp_path / "dunwell-acme").iterdir()] == ["kept"]


@pytest.mark.parametrize("name", ["ledger", "mail", "rules"])
def test_the_name_of_an_installed_package_is_not_taken_twice(name: str, tmp_path: Path) -> None:
    result = call("new", "adapter", name, "--in", str(tmp_path))
    assert result.exit_code == exits.USAGE
    assert f"'dunwell_{name}' is installed already (take another name)" in result.stderr
    assert not any(tmp_path.iterdir())
