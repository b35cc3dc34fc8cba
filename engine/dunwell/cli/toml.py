"""Read TOML, and find the line of every key: the parser of Python keeps no places."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from dunwell.errors import Place, Problem

TomlValue: TypeAlias = (
    "str | int | float | bool | datetime.date | datetime.time | list[TomlValue] | Table"
)
Table: TypeAlias = "dict[str, TomlValue]"
Path: TypeAlias = tuple[str, ...]

_KEY = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]")
_ASSIGNED = re.compile(rf"\s*({_DOTTED})\s*=")
_WHERE = re.compile(r"^(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)$", re.DOTALL)
_LONG_TEXT = re.compile(r'"""|\'\'\'')


@dataclass(frozen=True, slots=True)
class Toml:
    """A file as Python values, and where its keys are."""

    file: str
    values: Table
    places: Mapping[Path, Place]

    def place(self, *path: str) -> Place:
        """The place of a key, or of the nearest one around it, or else the file."""
        for length in range(len(path), 0, -1):
            found = self.places.get(path[:length])
            if found is not None:
                return found
        return Place(self.file)

    def table(self, *path: str) -> Table:
        """The table of that name; empty where there is none, or something else."""
        value: TomlValue = self.values
        for key in path:
            value = value.get(key, {}) if isinstance(value, dict) else {}
        return value if isinstance(value, dict) else {}


def as_text(value: TomlValue) -> str:
    """A single value as it is written: `true`, not `True`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_toml(text: str, *, file: str) -> tuple[Toml | None, list[Problem]]:
    """The values of a TOML file, or the place where it is not TOML."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [_problem(str(error), text, file)]
    return Toml(file, values, _places(text, file)), []


def _problem(message: str, text: str, file: str) -> Problem:
    found = _WHERE.match(message)
    line, column = max(1, len(text.splitlines())), 1
    if found is not None:
        message = found[1]
        if found[2]:
            line, column = int(found[2]), int(found[3])
    what = message[:1].lower() + message[1:]
    hint = 'write key = "value", and tables as [name]'
    return Problem(Place(file, line, column), f"this is not TOML: {what}", hint)


def _places(text: str, file: str) -> dict[Path, Place]:
    places: dict[Path, Place] = {}
    table: Path = ()
    in_text = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not in_text:
            header = _HEADER.match(line)
            assigned = None if header else _ASSIGNED.match(line)
            found = header or assigned
            if found is not None:
                path = (() if header else table) + _split(found[1])
                table = path if header else table
                place = Place(file, number, found.start(1) + 1)
                for length in range(1, len(path) + 1):
                    places.setdefault(path[:length], place)
        for mark in _LONG_TEXT.findall(line):
            in_text = "" if in_text == mark else in_text or mark
    return places


def _split(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, dotted))
