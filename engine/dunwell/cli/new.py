"""`dunwell new adapter NAME`: a package that installs, registers and reads from the start."""

from __future__ import annotations

import re
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from string import Template

import click

from dunwell import __version__
from dunwell.cli.output import examples, say

FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "{package}/__init__.py": "init.py",
    "{package}/plugin.py": "plugin.py",
    "{package}/client.py": "client.py",
    "{package}/reading.py": "reading.py",
    "{package}/adapter.py": "adapter.py",
    "tests/stand_in.py": "stand_in.py",
    "tests/test_reading.py": "test_reading.py",
    "tests/test_to_do.py": "test_to_do.py",
}
"""Where each template goes; they are text, so that no tool takes them for code."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@click.group(
    short_help="Begin a plugin of your own.", epilog=examples("dunwell new adapter acme_erp")
)
def new() -> None:
    """Begin a plugin of your own, as a package that can be installed."""


@new.command(
    short_help="Begin an adapter to an ERP.",
    epilog=examples("dunwell new adapter acme_erp", "dunwell new adapter acme_erp --in ~/work"),
)
@click.argument("name")
@click.option(
    "--in",
    "parent",
    metavar="DIR",
    default=".",
    type=click.Path(path_type=Path, file_okay=False),
    help="Make the package's folder in DIR, not here.",
)
def adapter(name: str, parent: Path) -> None:
    """Begin an adapter to the ERP NAME: a package in the folder `dunwell-NAME`.

    It installs, registers and reads from a stand-in; the tests of the adapter kit that fail or
    are skipped are the list of what is to be done.
    """
    if not _NAME.fullmatch(name):
        message = f"'{name}' cannot name an adapter (write it like 'acme_erp')"
        raise click.UsageError(message)
    if find_spec(f"dunwell_{name}") is not None:
        message = f"a package 'dunwell_{name}' is installed already (take another name)"
        raise click.UsageError(message)
    folder = parent / distribution(name)
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"the folder '{folder}' is not empty (take another name)")
    for path, text in files(name).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    say(f"made an adapter in '{folder}'; next:")
    say()
    say(f"  cd {folder}")
    say("  pip install -e '.[dev]'")
    say("  dunwell plugins                # it is registered")
    say("  pytest tests/test_reading.py   # what works")
    say("  pytest                         # and what is to be done, by name")


def distribution(name: str) -> str:
    """What the package of an adapter is called where packages are published.

    >>> distribution("acme_erp")
    'dunwell-acme-erp'
    """
    return f"dunwell-{name.replace('_', '-')}"


def files(name: str) -> dict[str, str]:
    """The text of each file of the package of an adapter, by its path."""
    words = {
        "name": name,
        "upper": name.upper(),
        "title": name.replace("_", " ").title(),
        "class_": "".join(part.title() for part in name.split("_")),
        "package": f"dunwell_{name}",
        "distribution": distribution(name),
        "version": __version__,
    }
    folder = resources.files("dunwell.cli") / "scaffold"
    found = {}
    for path, template in FILES.items():
        text = (folder / f"{template}.txt").read_text("utf-8")
        found[path.format(package=words["package"])] = Template(text).substitute(words)
    found[f"{words['package']}/py.typed"] = ""
    return found
