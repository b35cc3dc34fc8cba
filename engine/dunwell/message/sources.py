"""Template files: how they are named, where they are looked for, and in which language."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dunwell.errors import Place, Problem

_FILE = re.compile(r"(_?[a-z][a-z0-9_]*)\.([a-z]{2,3}(?:_[A-Z]{2})?)\.j2")
LAST_LANGUAGE = "en"
LARGEST_FILE = 100_000  # bytes


@dataclass(frozen=True, slots=True)
class Source:
    """One template in one language: a file `NAME.LANGUAGE.j2`; a name with `_` in front is a part
    that others include.
    """

    name: str
    language: str
    file: str
    text: str

    def place(self, line: int | None, word: str = "") -> Place:
        """A spot in the file: the first `word` on a line, or the start of the line."""
        lines = self.text.splitlines()
        if not line or line > len(lines):
            return Place(self.file, line or 0, 1 if line else 0)
        found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", lines[line - 1]) if word else None
        return Place(self.file, line, found.start() + 1 if found else 1)


def shipped() -> Path:
    """The folder of the templates that ship with Dunwell."""
    return Path(str(importlib.resources.files("dunwell_rules") / "templates"))


def languages(language: str, house: Iterable[str] = ()) -> tuple[str, ...]:
    """The languages to try, in order: `es_MX`, `es`, the house's own, `en`.

    >>> languages("es-MX", ["de"])
    ('es_MX', 'es', 'de', 'en')
    """
    order = []
    for wanted in (language, *house, LAST_LANGUAGE):
        known = wanted.replace("-", "_")
        order += [known, known.partition("_")[0]]
    return tuple(dict.fromkeys(name for name in order if name))


def read_folder(folder: Path) -> tuple[list[Source], list[Problem]]:
    """Every template of a folder, by name and language, and what is wrong with its files."""
    sources: list[Source] = []
    problems: list[Problem] = []
    if not folder.is_dir():
        return [], [Problem(Place(str(folder)), "there is no such folder of templates")]
    for path in sorted(folder.glob("*.j2")):
        where = Place(str(path))
        named = _FILE.fullmatch(path.name)
        if named is None:
            hint = "name it like 'first_notice.en.j2': the template, the language"
            problems.append(Problem(where, f"'{path.name}' does not name a template", hint))
            continue
        try:
            raw = path.read_bytes()
            text = raw.decode("utf-8")
        except OSError as error:
            problems.append(Problem(where, f"it cannot be read: {error.strerror}"))
            continue
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            problems.append(
                Problem(Place(str(path), line, 1), "it is not UTF-8", "save it as UTF-8")
            )
            continue
        if len(raw) > LARGEST_FILE:
            problems.append(Problem(where, f"it is larger than {LARGEST_FILE} bytes"))
            continue
        sources.append(Source(named[1], named[2], str(path), text))
    return sources, problems


def by_name(folders: Sequence[Iterable[Source]]) -> Mapping[tuple[str, str], Source]:
    """The template of each name and language: the first folder that has it."""
    found: dict[tuple[str, str], Source] = {}
    for sources in folders:
        for source in sources:
            found.setdefault((source.name, source.language), source)
    return found
