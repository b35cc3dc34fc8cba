"""Write the schema and the reference of the language: `python -m dunwell.policy.publish docs`."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel

from dunwell.facts import Registry
from dunwell.policy.reference import Word, reference
from dunwell.policy.schema import json_schema

SCHEMA = "policy.schema.json"
REFERENCE = "language.md"
SHIPPED_CHANNELS = ("email",)

_INTRO = """# The policy language

This page is made from the same source as `check` and the JSON Schema; `dunwell schema WORD` shows
one word of it.

Files are YAML 1.2. Every value is read as text and typed by the place where it stands, so `NO` is
a country and `12:30` a time. Anchors, aliases and tags are refused. A file holds one or several
documents, divided by `---`: a `house`, policies, tests.

A condition is a mapping of facts to tests; all of them must hold. A value means equals, a list one
of, a mapping compares. A test on a fact that is not known does not hold, negated or not.
"""


def files(
    registry: Registry,
    channels: Collection[str] = SHIPPED_CHANNELS,
    *,
    test: type[BaseModel] | None = None,
) -> dict[str, str]:
    """The published files by name."""
    schema = json_schema(registry, channels, test=test)
    return {
        SCHEMA: json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
        REFERENCE: render_reference_markdown(reference(registry)),
    }


def render_reference_markdown(words: Sequence[Word]) -> str:
    """The reference as one page: parts, actions, tests, facts, reserved words."""
    return "\n".join([_INTRO, *_sections(words)]).rstrip() + "\n"


def _sections(words: Sequence[Word]) -> Iterator[str]:
    for title, kind in (("Parts of files", "part"), ("Actions", "action")):
        yield f"## {title}\n"
        for part in words:
            if part.kind == kind:
                yield from _part(part, [word for word in words if word.of == part.name])
    yield "## Tests\n"
    yield from _table(("test", "meaning", "example"), _tests(words))
    for level in ("item", "account"):
        yield f"## Facts of the {level}\n"
        yield from _table(("fact", "meaning", "compared with", "example"), _facts(words, level))
    yield "## Reserved words\n"
    rows = [(f"`{word.name}`", word.meaning) for word in words if word.kind == "reserved"]
    yield from _table(("word", "meaning"), rows)


def _tests(words: Sequence[Word]) -> list[tuple[str, ...]]:
    found = [word for word in words if word.kind == "test"]
    return [(f"`{word.name}`", word.meaning, f"`{word.example}`") for word in found]


def _facts(words: Sequence[Word], level: str) -> list[tuple[str, ...]]:
    found = [word for word in words if word.kind == "fact" and word.of == level]
    return [(f"`{each.name}`", each.meaning, each.form, f"`{each.example}`") for each in found]


def _part(part: Word, own: Sequence[Word]) -> Iterator[str]:
    yield f"### `{part.name}`\n"
    yield f"{part.meaning}\n"
    if part.example:
        yield f"    {part.example}\n"
    rows = [
        (f"`{word.name}`" + (" *" if word.required else ""), word.meaning, word.form)
        for word in own
        if word.kind == "word"
    ]
    yield from _table(("word (* required)", "meaning", "value"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    lines = [head, ["---"] * len(head), *rows]
    yield "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in lines)
    yield ""


def main(arguments: Sequence[str]) -> int:
    """Write the files into the folder that is named; 2 without one."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m dunwell.policy.publish FOLDER\n")
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files(Registry()).items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
