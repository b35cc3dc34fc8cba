"""The template set of a house: finds a template in the reader's language and renders it."""

from __future__ import annotations

import difflib
import hashlib
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dunwell.command import Attachment
from dunwell.errors import NOWHERE, Place, Problem, ProblemsError
from dunwell.message.clean import one_line
from dunwell.message.compiled import (
    SHORT,
    Compiled,
    Environments,
    Find,
    check_source,
    compile_template,
    compile_text,
    environments,
    paragraphs,
    read_blocks,
    tidy_text,
)
from dunwell.message.facts import VARIABLES, MessageFacts, grouped
from dunwell.message.formats import Formats, formats
from dunwell.message.sandbox import FORMATS
from dunwell.message.sources import Source, by_name, languages, read_folder, shipped

ATTACHMENTS: Mapping[str, str] = MappingProxyType({"statement": "statement_of_account"})
"""What `attach:` may name, and the template that makes it."""

_RIGHT_TO_LEFT = ("ar", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi")
_ENDS = (".", "!", "?", "…")
_LONGEST_SHORT = 900  # characters, six text messages
_STYLE = "font-family:sans-serif;font-size:15px;line-height:1.45;max-width:42em"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in words; `language` is the template's, which may not be the one asked for."""

    subject: str
    text: str
    html: str
    language: str


@dataclass(slots=True)
class Templates:
    """The templates of `folders`, the first that has one wins, then those that ship with Dunwell.

    `house` are the languages to fall back to before English. Files are read once, here; every
    template is compiled when it is first used. Rendering is pure and may be done by many threads.
    """

    folders: Sequence[Path] = ()
    house: Sequence[str] = ()
    problems: list[Problem] = field(init=False)
    _sources: Mapping[tuple[str, str], Source] = field(init=False, repr=False)
    _made: Environments = field(init=False, repr=False, default_factory=environments)
    _compiled: dict[tuple[str, str], Compiled] = field(init=False, repr=False)
    _texts: dict[str, Compiled] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        read = [read_folder(folder) for folder in (*self.folders, shipped())]
        self._sources = by_name([sources for sources, _ in read])
        self._compiled = {}
        self.problems = [problem for _, problems in read for problem in problems]

    def __getstate__(self) -> tuple[object, ...]:
        """Another process gets the files as they were read, and compiles them itself."""
        return self.folders, self.house, self.problems, self._sources

    def __setstate__(self, state: Any) -> None:
        """Take the files of another process."""
        self.folders, self.house, self.problems, self._sources = state
        self._made, self._compiled, self._texts = environments(), {}, {}

    def names(self) -> tuple[str, ...]:
        """Every template that a policy can name."""
        hidden = ATTACHMENTS.values()
        names = {name for name, _ in self._sources if not name.startswith("_")}
        return tuple(sorted(names.difference(hidden)))

    def sources(self) -> tuple[Source, ...]:
        """Every file that counts, parts included."""
        return tuple(self._sources[key] for key in sorted(self._sources))

    def digest(self) -> str:
        """A name of all wording: the same in every place with the same files."""
        content = hashlib.sha256()
        for source in self.sources():
            for part in (source.name, source.language, source.text):
                content.update(f"{len(part.encode())}:{part}".encode())
        return content.hexdigest()

    def find(self, name: str, language: str) -> Source | None:
        """The template in the first language that it has: es_MX, es, the house's, English."""
        for wanted in languages(language, self.house):
            source = self._sources.get((name, wanted))
            if source is not None:
                return source
        return None

    def render(self, template: str, language: str, facts: MessageFacts) -> Rendered:
        """The message in the reader's language; money and dates as its locale writes them.

        A ProblemsError when there is no such template or it is wrong (`check_templates`).
        """
        compiled = self._get(template, language)
        source, blocks = compiled.source, compiled.blocks
        if not {"subject", "text"} <= blocks.keys():
            where = Place(source.file)
            raise ProblemsError([Problem(where, "it has no block 'subject' or no block 'text'")])
        values = _values(compiled, facts, _locale(source.language, language))
        subject = one_line(blocks["subject"].render(values))
        if not subject:
            raise ProblemsError([Problem(Place(source.file), "its subject came out empty")])
        text = tidy_text(blocks["text"].render(values))
        body = blocks["html"].render(values)
        page = _page(source.language, subject, paragraphs(body) if compiled.derived else body)
        return Rendered(subject, text, page, source.language)

    def render_short(self, template: str, language: str, facts: MessageFacts) -> Rendered:
        """The message for a channel that carries only plain text, and little of it, on one line:
        its block `short`, or its subject with the part `_short` of its language.
        """
        compiled = self._get(template, language)
        block = compiled.blocks.get("short")
        if block is None or "subject" not in compiled.blocks:
            return replace(self.render(template, language, facts), html="")
        values = _values(compiled, facts, _locale(compiled.source.language, language))
        subject = one_line(compiled.blocks["subject"].render(values))
        said = block.render(values)
        if compiled.led:
            said = f"{subject}{'' if subject.endswith(_ENDS) else '.'} {said}"
        return Rendered(subject, one_line(said, _LONGEST_SHORT), "", compiled.source.language)

    def render_text(self, text: str, language: str, facts: MessageFacts) -> str:
        """A text of a policy (the summary of a task, a note, the reason of a hold)."""
        compiled = self._texts.get(text)
        if compiled is None:
            compiled = self._texts[text] = compile_text(Source("", "", "", text), self._made)
        values = _values(compiled, facts, formats(language))
        return tidy_text(compiled.blocks["text"].render(values)).strip()

    def attach(self, kind: str, language: str, facts: MessageFacts) -> Attachment:
        """What goes with a message: `statement`, the statement of account as a page of HTML.

        Its subject names the file. A ProblemsError for an unknown kind.
        """
        if kind not in ATTACHMENTS:
            close = difflib.get_close_matches(kind, ATTACHMENTS, n=1) or list(ATTACHMENTS)
            hint = f"did you mean '{close[0]}'?"
            raise ProblemsError([Problem(NOWHERE, f"nothing to attach by '{kind}'", hint)])
        compiled = self._get(ATTACHMENTS[kind], language)
        source = compiled.source
        if not {"subject", "html"} <= compiled.blocks.keys():
            where = Place(source.file)
            raise ProblemsError([Problem(where, "it has no block 'subject' or no block 'html'")])
        values = _values(compiled, facts, _locale(source.language, language))
        subject = one_line(compiled.blocks["subject"].render(values))
        body = compiled.blocks["html"].render(values)
        return Attachment(_file_name(subject), "text/html", _page(source.language, subject, body))

    def _get(self, name: str, language: str) -> Compiled:
        compiled = self._compiled.get((name, language))
        if compiled is not None:
            return compiled
        source = self.find(name, language)
        if source is None:
            raise ProblemsError([unknown_template(NOWHERE, name, self.names())])
        # readers of many locales share one file: it is compiled once
        compiled = self._compiled.get((name, source.language))
        if compiled is None:
            compiled = compile_template(source, self._parts(source.language), self._made)
            self._compiled[name, source.language] = compiled
        self._compiled[name, language] = compiled
        return compiled

    def check(self, source: Source) -> list[Problem]:
        """All that is wrong inside one file and the parts it includes."""
        return check_source(source, self._parts(source.language), self._made.text)

    def shortens(self, source: Source) -> bool:
        """Whether a template has a short text, of its own or of its language."""
        part = self._parts(source.language)(SHORT)
        own = "short" in self.blocks(source)
        return own or (part is not None and "short" in self.blocks(part))

    def blocks(self, source: Source) -> frozenset[str]:
        """The blocks that a file has; a ProblemsError when it has anything else."""
        return frozenset(read_blocks(source, self._made.text))

    def _parts(self, language: str) -> Find:
        """Where a template finds its parts: in its own language only."""

        def find(name: str) -> Source | None:
            own = self._sources.get((name, language))
            return own or self._sources.get((name, language.partition("_")[0]))

        return find


def unknown_template(where: Place, name: str, known: Sequence[str]) -> Problem:
    """Nobody wrote this template."""
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(known)}"
    return Problem(where, f"unknown template '{name}'", hint)


def _locale(language: str, wanted: str) -> Formats:
    """The reader's own region where the template speaks the reader's language."""
    wanted = wanted.replace("-", "_")
    same = wanted.partition("_")[0] == language.partition("_")[0]
    return formats(wanted if same else language)


def _values(compiled: Compiled, facts: MessageFacts, locale: Formats) -> dict[str, object]:
    values: dict[str, object] = {FORMATS: locale}
    for word in compiled.words:
        value = getattr(facts, word)
        values[word] = grouped(value) if VARIABLES[word].type == "lines" else value
    return values


def _page(language: str, title: str, body: str) -> str:
    direction = "rtl" if language.partition("_")[0] in _RIGHT_TO_LEFT else "ltr"
    tag = language.replace("_", "-")
    return (
        f'<!doctype html>\n<html lang="{tag}" dir="{direction}"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title></head>\n"
        f'<body style="{_STYLE}">\n{body.strip()}\n</body></html>\n'
    )


def _file_name(subject: str) -> str:
    """A file name that every system takes: letters, digits, dots, hyphens."""
    kept = "".join(c if c.isalnum() or c in ".-" else "_" for c in subject)
    return "_".join(part for part in kept.split("_") if part)[:80].strip(".-") + ".html"
