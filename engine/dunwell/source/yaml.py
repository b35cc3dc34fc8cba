"""Read YAML into nodes that know their place.

All scalars stay text: `NO` is a country, `12:30` a time, `1e3` a word. Of YAML's features only
mappings, lists and texts are read; anchors, aliases, tags and merge keys are refused, because a
reviewer must see what holds where it holds.
"""

from __future__ import annotations

import re
from typing import Final

from yaml.error import MarkedYAMLError, YAMLError

from dunwell.errors import Place, Problem, ProblemsError
from dunwell.source.compose import Composer
from dunwell.source.limits import MOST_NODES, first_problems
from dunwell.source.nodes import Node
from dunwell.source.syntax import explain
from dunwell.source.text import LINE_BREAK, decode

_MOST_RESTARTS: Final = 10
_DOCUMENT_START: Final = re.compile(r"---(?:[ \t]|$)")
_STRANGE_INDENTATION: Final = re.compile("(?:^|[\r\n]) *[\t\xa0]")
_STRANGE_START: Final = re.compile("( *)([\t\xa0])[ \t\xa0]*[^ \t\xa0#]")
_TEXT_BELOW: Final = re.compile(r"(?:^|[:-])\s+[|>][-+0-9]*\s*(?:#.*)?$")
_PERCENT: Final = re.compile("(?:^|[\r\n])%")
_HARMLESS_PERCENT: Final = re.compile(r"%YAML 1\.[12][ ]*$")


def parse(text: str | bytes, *, file: str) -> list[Node]:
    """The documents of a YAML text, in order; `file` is its name in places.

    Raises ProblemsError with every problem found.

    >>> parse("country: NO", file="a.yaml")[0].get("country").text
    'NO'
    """
    nodes, problems = read(text, file=file)
    if problems:
        raise ProblemsError(problems)
    return nodes


def read(text: str | bytes, *, file: str) -> tuple[list[Node], list[Problem]]:
    """The documents that can be used and every problem found, so that both can be shown at once.

    A document with a syntax error or an alias is left out; a duplicate key is only a problem.
    """
    source, problems = decode(text, file=file)
    if source is None:
        return [], first_problems(problems)
    problems += _percent_lines(source, file=file)
    documents: list[Node] = []
    rest: str | None = None if problems and _PERCENT.search(source) else source
    line, nodes_left = 0, MOST_NODES
    for _ in range(_MOST_RESTARTS):
        if rest is None:
            break
        composer = Composer(file=file, first_line=line, nodes_left=nodes_left)
        found, skipped, rest = _read_stream(rest, composer)
        documents += composer.documents
        problems += found
        line, nodes_left = line + skipped, composer.nodes_left
    if not documents and not problems:
        problems.append(Problem(Place(file), "the file is empty", "delete it or fill it"))
    return documents, first_problems(problems)


def _read_stream(text: str, composer: Composer) -> tuple[list[Problem], int, str | None]:
    """Compose documents up to the first syntax error; the text from the document after it.

    The number is of lines from the start of `text` to the start of the rest.
    """
    error: YAMLError | None = None
    try:
        composer.compose(text)
    except YAMLError as trouble:
        error = trouble
    if error is None and _STRANGE_INDENTATION.search(text) is None:
        return composer.problems, 0, None
    lines = LINE_BREAK.split(text)
    if error is None or composer.is_full:
        last = len(lines) - 1 if error is None else composer.document_line
        blanks = _strange_blanks(lines[: last + 1], composer)
        for problem in blanks:
            composer.drop_document(problem.where.line)
        return composer.problems + blanks, 0, None
    if not isinstance(error, MarkedYAMLError):
        message = "this is not valid YAML"
        return [Problem(Place(composer.file), message, str(error).lower())], 0, None
    syntax = explain(error, lines=lines, opener=composer.opener, at=composer.place)
    last = _last_sure_line(error, syntax.where.line - composer.first_line - 1)
    skipped = _next_document(lines, error, composer)
    blanks = _strange_blanks(lines[: last + 1], composer)
    if blanks:  # they explain the error, and where there is one there are more
        composer.long_texts += _likely_texts(lines, last + 1)
        blanks = _strange_blanks(lines[: skipped or len(lines)], composer)
    rest = "\n".join(lines[skipped:]) if skipped else None
    return composer.problems + (blanks or [syntax]), skipped, rest


def _likely_texts(lines: list[str], start: int) -> list[tuple[int, int]]:
    """First and last line of what looks like a text after `|` or `>` from line `start` on."""
    texts: list[tuple[int, int]] = []
    number = start
    while number < len(lines):
        first = number
        number += 1
        if _TEXT_BELOW.search(lines[first]) is None:
            continue
        while number < len(lines) and _deeper(lines[number], lines[first]):
            number += 1
        texts.append((first, number - 1))
    return texts


def _deeper(line: str, than: str) -> bool:
    return not line.strip() or _indentation(line) > _indentation(than)


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _last_sure_line(error: MarkedYAMLError, line: int) -> int:
    """The last line before an error that is surely not inside a text of several lines."""
    if error.context_mark is not None and "scalar" in (error.context or ""):
        return min(line, error.context_mark.line)
    return line


def _next_document(lines: list[str], error: YAMLError, composer: Composer) -> int:
    """The line, from 0, on which the first document after an error starts; 0 if there is none."""
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    if mark is None:
        return 0
    first = mark.line if mark.line > composer.document_line and mark.column == 0 else mark.line + 1
    for number in range(max(first, 1), len(lines)):
        if _DOCUMENT_START.match(lines[number]):
            return number
    return 0


def _strange_blanks(lines: list[str], composer: Composer) -> list[Problem]:
    """Tabs and non-breaking blanks in indentation, except inside texts of several lines."""
    names = {"\t": "a tab in the indentation", "\xa0": "a non-breaking blank in the indentation"}
    inside = {number for start, end in composer.long_texts for number in range(start + 1, end + 1)}
    problems = []
    for number, line in enumerate(lines):
        match = _STRANGE_START.match(line)
        if match is not None and number not in inside:
            place = composer.place(number, match.start(2))
            problems.append(Problem(place, names[match[2]], "use blanks"))
    return problems


def _percent_lines(text: str, *, file: str) -> list[Problem]:
    """YAML's directives: nobody needs them, and the parser is slow on many of them."""
    if _PERCENT.search(text) is None:
        return []
    return [
        Problem(Place(file, number, 1), "a line cannot begin with '%'", "delete or indent it")
        for number, line in enumerate(LINE_BREAK.split(text), start=1)
        if line.startswith("%") and not _HARMLESS_PERCENT.match(line)
    ]
