"""Where the configuration is, and which plugins it switches off: read before anything else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dunwell.cli.toml import read_toml

FILE = "dunwell.toml"
VARIABLE = "DUNWELL_CONFIG"


def find(start: Path, *, given: Path | None = None) -> Path | None:
    """The configuration: the one given, `DUNWELL_CONFIG`, or the nearest here or above."""
    named = given or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if named is not None:
        return named / FILE if named.is_dir() else named
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / FILE).is_file():
            return shown(folder / FILE)
    return None


def shown(path: Path) -> Path:
    """A path as short as it can be said from here."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path


def plugin_settings(path: Path | None) -> tuple[tuple[str, ...], Path | None]:
    """Which plugins are off, and the folder of one-file plugins, of a file that may be broken."""
    table = _table(path, "plugins")
    if path is None or table is None:
        return (), None
    off, folder = table.get("off"), table.get("folder")
    names = tuple(str(name) for name in off) if isinstance(off, list) else ()
    return names, path.absolute().parent / folder if isinstance(folder, str) and folder else None


def erp_of(path: Path | None) -> str:
    """The adapter that a file names, which may be broken."""
    return str((_table(path, "erp") or {}).get("adapter") or "")


def _table(path: Path | None, name: str) -> Mapping[str, object] | None:
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    toml, _ = read_toml(text, file=str(path))
    table = toml.values.get(name) if toml is not None else None
    return table if isinstance(table, dict) else None
