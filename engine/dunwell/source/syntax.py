"""Say in an accountant's words why a text is not YAML."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from yaml.error import Mark, MarkedYAMLError

from dunwell.errors import Place, Problem

_QUOTE_IT: Final = "put the text in quotes"
_SECOND_COLON: Final = "a second ':' in one value"
_QUOTE_THE_COLON: Final = f"{_QUOTE_IT} if the ':' belongs to it"
_MISSING_BLANK: Final = re.compile(r"^(?:[ ]*-)*[ ]*([A-Za-z_][\w-]*):[^\s/:]")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Where the parser gave up; lines and columns count from 0."""

    what: str
    line: int
    column: int
    context: str
    context_line: int
    context_column: int
    lines: list[str]
    opener: tuple[int, int] | None

    def text(self, line: int) -> str:
        """A line of the file, empty beyond its end."""
        return self.lines[line] if 0 <= line < len(self.lines) else ""

    @property
    def here(self) -> str:
        """The line on which the parser gave up."""
        return self.text(self.line)

    @property
    def at_end(self) -> bool:
        """Nothing follows any more."""
        rest = [self.here[self.column :], *self.lines[self.line + 1 :]]
        return not any(line.strip() for line in rest)


Finding: TypeAlias = tuple[int, int, str, str]
"""Line and column from 0, message, hint."""


def explain(
    error: MarkedYAMLError,
    *,
    lines: list[str],
    opener: tuple[int, int] | None,
    at: Callable[[int, int], Place],
) -> Problem:
    """Turn a parser's error into a problem.

    `opener` is the line and column of the bracket that is still open, if any; `at` makes a place.
    """
    mark = error.problem_mark or error.context_mark or Mark("", 0, 0, 0, None, 0)
    context = error.context_mark or mark
    trouble = Trouble(
        what=error.problem or "",
        line=mark.line,
        column=mark.column,
        context=error.context or "",
        context_line=context.line,
        context_column=context.column,
        lines=lines,
        opener=opener,
    )
    for pattern, reading in _READINGS:
        if re.search(pattern, f"{trouble.context}: {trouble.what}"):
            line, column, message, hint = reading(trouble)
            break
    else:
        line, column = trouble.line, trouble.column
        message, hint = "this is not valid YAML", "compare it with the lines around it"
    return Problem(at(line, column), message, hint)


def _clip(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def _second_colon(t: Trouble) -> Finding:
    before = t.here[: t.column]
    if re.search(r":\s", before):
        return t.line, t.column, _SECOND_COLON, _QUOTE_THE_COLON
    glued = _missing_blank(t, t.line - 1)
    if glued is not None:
        return glued
    key = before.strip().lstrip("-? ")
    if not key:
        return t.line, t.column, "a ':' without a key before it", "write the key before the ':'"
    above = t.text(t.line - 1).strip()
    if above and not re.search(r"^[-#]|:(\s|$)", above):
        return _word_without_colon(t, t.line - 1, t.text(t.line - 1).index(above))
    message = f"the line above has a value already, '{_clip(key)}:' cannot follow"
    hint = f"put '{_clip(key)}' in the column of the keys it belongs to"
    return t.line, len(before) - len(before.lstrip()), message, hint


def _no_colon(t: Trouble) -> Finding:
    line, column = t.context_line, t.context_column
    return _missing_blank(t, line) or _word_without_colon(t, line, column)


def _word_without_colon(t: Trouble, line: int, column: int) -> Finding:
    word = _clip(t.text(line)[column:].strip())
    hint = "write 'key: value', or '- ' before an entry"
    return line, column, f"'{word}' has no ':' after it", hint


def _missing_blank(t: Trouble, line: int) -> Finding | None:
    match = _MISSING_BLANK.match(t.text(line))
    if match is None:
        return None
    message = f"no blank after the ':' of '{match[1]}'"
    return line, match.end(1), message, f"write '{match[1]}: ' and then the value"


def _not_closed(t: Trouble) -> Finding:
    found = t.here[t.column : t.column + 1]
    if t.opener is not None and (t.line != t.opener[0] or not found.strip()):
        line, column = t.opener
        bracket = t.text(line)[column : column + 1]
        close = {"[": "]", "{": "}"}.get(bracket, "]")
        return line, column, f"the '{bracket}' is not closed", f"add '{close}' where it ends"
    if found == ":":
        return t.line, t.column, _SECOND_COLON, _QUOTE_THE_COLON
    hint = f"add a ',' before it, or {_QUOTE_IT}"
    if found in "]}":
        hint = "each '[' ends with ']' and each '{' with '}'"
    return t.line, t.column, f"unexpected '{found}' in a list or mapping in brackets", hint


def _no_content(t: Trouble) -> Finding:
    found = t.here[t.column : t.column + 1]
    if t.opener is not None and (t.at_end or t.here.startswith(("---", "..."))):
        return _not_closed(t)
    if found == ",":
        return t.line, t.column, "unexpected ','", "write a value before it, or delete it"
    if found in ("]", "}"):
        return t.line, t.column, f"unexpected '{found}'", "delete it, or open it before"
    if found == ":":
        return t.line, t.column, "a ':' without a key before it", "write the key before the ':'"
    if found == "-":
        return t.line, t.column, "unexpected '-'", f"{_QUOTE_IT} if it belongs to the text"
    return t.line, t.column, "a value is missing here", "write it, or delete the line"


def _misfit(t: Trouble) -> Finding:
    before = t.here[: t.column]
    if before.strip(" -"):
        quote = before.rstrip()[-1:]
        if quote in ("'", '"'):
            hint = "put the whole value in one pair of quotes"
            if quote == "'":
                hint += ", and write '' for a ' inside it"
            return t.line, t.column, "text after the closing quote", hint
        return t.line, t.column, "unexpected text after the value", f"{_QUOTE_IT} as a whole"
    if t.here[t.column : t.column + 2] in ("- ", "-") and t.column == t.context_column:
        hint = "put the list below its own key, or delete the '-'"
        return t.line, t.column, "a list entry among keys", hint
    if t.here[t.column : t.column + 1] == ":":
        return t.line, t.column, "a ':' without a key before it", "write the key before the ':'"
    if t.column == t.context_column:
        hint = "put '- ' before it, or move it to the column of its own keys"
        return t.line, t.column, "a key among the entries of a list", hint
    hint = f"the keys of one block start in one column, around here in {t.context_column + 1}"
    return t.line, t.column, "the indentation fits no line above", hint


def _bad_start(t: Trouble) -> Finding:
    found = t.here[t.column : t.column + 1]
    if found == "\t":
        return t.line, t.column, "a tab", "use blanks"
    return t.line, t.column, f"a text cannot begin with '{found}'", _QUOTE_IT


def _open_quote(t: Trouble) -> Finding:
    quote = t.text(t.context_line)[t.context_column : t.context_column + 1]
    hint = f"add a {quote} where the text ends"
    return t.context_line, t.context_column, f"the quote {quote} is not closed", hint


def _escape(t: Trouble) -> Finding:
    line = t.here
    column = t.column
    while column > 0 and line[column : column + 1] != "\\":
        column -= 1
    hint = "in double quotes write \\\\ for one \\, or use single quotes"
    return t.line, column, f"'{line[column : column + 2]}' means nothing in double quotes", hint


def _block_head(t: Trouble) -> Finding:
    start = t.text(t.context_line)[t.context_column : t.context_column + 1]
    hint = f"start the text on the next line, or {_QUOTE_IT} if the '{start}' belongs to it"
    return t.line, t.column, f"unexpected text after '{start}'", hint


def _block_tab(t: Trouble) -> Finding:
    return t.line, t.column, "a tab in the indentation", "use blanks"


def _anchor(t: Trouble) -> Finding:
    sign = t.text(t.context_line)[t.context_column : t.context_column + 1]
    return t.context_line, t.context_column, f"a text cannot begin with '{sign}'", _QUOTE_IT


def _list_here(t: Trouble) -> Finding:
    hint = f"put the list on the next line, or {_QUOTE_IT} if the '-' belongs to it"
    return t.line, t.column, "a list cannot start on the line of its key", hint


def _after_document(t: Trouble) -> Finding:
    hint = "delete it, or write '---' on a line before it"
    return t.line, t.column, "unexpected text after the end of the document", hint


def _directive(t: Trouble) -> Finding:
    return t.line, 0, "a line cannot begin with '%'", "delete the line"


def _explicit_key(t: Trouble) -> Finding:
    return t.line, t.column, "unexpected '?'", f"{_QUOTE_IT} if it belongs to the text"


def _glued_colon(t: Trouble) -> Finding:
    hint = f"write a blank after it, or {_QUOTE_THE_COLON}"
    return t.line, t.column, "no blank after the ':'", hint


def _too_deep(t: Trouble) -> Finding:
    return t.line, t.column, "nested too deeply", "write it in fewer levels"


# The C parser and the Python parser word the same trouble differently; the first that fits counts.
_READINGS: Final[tuple[tuple[str, Callable[[Trouble], Finding]], ...]] = (
    (r"mapping values are not allowed", _second_colon),
    (r"could not find expected ':'", _no_colon),
    (r"found unexpected ':'", _glued_colon),
    (r"while scanning a quoted scalar: found unexpected", _open_quote),
    (r"quoted scalar|double-quoted scalar", _escape),
    (r"found character .*that cannot start any token", _bad_start),
    (r"found a tab character", _block_tab),
    (r"block scalar", _block_head),
    (r"scanning an? (anchor|alias)|(anchor|alias):", _anchor),
    (r"tag", _anchor),
    (r"block sequence entries are not allowed|sequence entries are not allowed", _list_here),
    (r"mapping keys are not allowed", _explicit_key),
    (r"expected ',' or", _not_closed),
    (r"node content", _no_content),
    (r"expected key|expected '-' indicator|expected <block end>", _misfit),
    (r"<document start>", _after_document),
    (r"directive|YAML document", _directive),
    (r"[Mm]aximum|nesting|depth", _too_deep),
)
