"""What is built is what is in the tree, and each folder is what the layout says it is."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import dunwell

REPOSITORY = Path(__file__).parents[1]
PYPROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
WHEEL: dict[str, Any] = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
PACKAGES = [REPOSITORY / package for package in WHEEL["packages"]]
ENTRY_POINTS: dict[str, str] = PYPROJECT["project"]["entry-points"]["dunwell"]


class Installed(NamedTuple):
    """A wheel, and an environment that has it."""

    wheel: Path
    bin: Path

    def run(self, *command: str) -> str:
        """Run a program of that environment, away from the repository; its standard output."""
        done = subprocess.run(
            [self.bin / command[0], *command[1:]],
            cwd=self.wheel.parent,
            env={"PATH": os.environ.get("PATH", ""), "HOME": str(self.wheel.parent)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the wheel and install it in a new environment, without asking any registry.

    hatchling builds without isolation, and only the wheel is installed: the dependencies are
    those of the environment that runs the tests, put on the path as a folder. Python reads no
    .pth file in such a folder, so the editable install there stays invisible.
    """
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    (wheel,) = folder.glob("*.whl")
    environment = folder / "environment"
    _run(sys.executable, "-m", "venv", "--without-pip", str(environment))
    pip = [sys.executable, "-m", "pip", "--python", str(environment), "--quiet"]
    _run(*pip, "install", "--no-index", "--no-deps", "--no-compile", str(wheel))
    (site_packages,) = environment.glob("[Ll]ib/**/site-packages")
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    return Installed(wheel, environment / ("Scripts" if os.name == "nt" else "bin"))


def _run(*command: str) -> None:
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_says_that_it_is_typed() -> None:
    assert [package.name for package in PACKAGES if not (package / "py.typed").is_file()] == []


def test_an_import_root_is_a_folder_and_not_a_package() -> None:
    roots = {
        parent
        for package in PACKAGES
        for parent in package.parents
        if parent.is_relative_to(REPOSITORY)
    }
    assert [str(root) for root in roots if (root / "__init__.py").exists()] == []


def test_every_package_in_the_tree_is_shipped() -> None:
    roots = {package.relative_to(REPOSITORY).parts[0] for package in PACKAGES}
    found = {
        marker.parent
        for root in roots
        for marker in (REPOSITORY / root).rglob("dunwell*/__init__.py")
        if not (marker.parents[1] / "pyproject.toml").is_file()  # a distribution of its own
    }
    assert found == set(PACKAGES)


def test_every_adapter_and_plugin_registers_as_a_stranger_would() -> None:
    extensions = {
        package.name
        for package in PACKAGES
        if package.relative_to(REPOSITORY).parts[0] in {"adapters", "plugins"}
    }
    assert {module.partition(".")[0] for module in ENTRY_POINTS.values()} == extensions


def test_the_layer_contracts_watch_every_package() -> None:
    watched = PYPROJECT["tool"]["importlinter"]["root_packages"]
    assert sorted(watched) == sorted(package.name for package in PACKAGES)


def test_no_two_test_files_share_a_name() -> None:
    names = Counter(path.name for path in (REPOSITORY / "tests").rglob("*.py"))
    assert [name for name, times in names.items() if times > 1] == []


def test_the_wheel_holds_the_packages_whole_and_nothing_else(installed: Installed) -> None:
    shipped = {
        name for name in zipfile.ZipFile(installed.wheel).namelist() if ".dist-info/" not in name
    }
    written = {
        path.relative_to(package.parent).as_posix()
        for package in PACKAGES
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert shipped == written


def test_the_wheel_carries_the_licence(installed: Installed) -> None:
    (licence,) = (
        name for name in zipfile.ZipFile(installed.wheel).namelist() if name.endswith("LICENSE")
    )
    assert b"Apache License" in zipfile.ZipFile(installed.wheel).read(licence)


def test_the_installed_command_says_its_version(installed: Installed) -> None:
    assert dunwell.__version__ in installed.run("dunwell", "--version")


def test_the_installed_package_is_the_wheels_own(installed: Installed) -> None:
    where = installed.run("python", "-c", "import dunwell; print(dunwell.__file__)")
    assert Path(where.strip()).is_relative_to(installed.bin.parent)


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_what_ships_as_a_plugin_loads_where_it_is_installed(
    installed: Installed, name: str
) -> None:
    load = (
        "from importlib.metadata import entry_points;"
        f"print(entry_points(group='dunwell')[{name!r}].load().__name__)"
    )
    assert installed.run("python", "-c", load).strip() == ENTRY_POINTS[name]
