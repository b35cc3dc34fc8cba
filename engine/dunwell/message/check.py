"""What is wrong with templates and with texts in policies, found before anybody is written to."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from dunwell.errors import Place, Problem, ProblemsError
from dunwell.message.compiled import check_text_source, environments
from dunwell.message.facts import Company, Credit, Customer, Line, MessageFacts
from dunwell.message.formats import formats
from dunwell.message.sources import Source
from dunwell.message.templates import ATTACHMENTS, Templates, unknown_template
from dunwell.money import Money


def check_templates(
    names: Mapping[str, Place],
    wanted: Iterable[str],
    folders: Sequence[Path] = (),
    *,
    attach: Mapping[str, Place] | None = None,
    short: Mapping[str, Place] | None = None,
) -> list[Problem]:
    """Everything wrong with the user's templates and with what the policies need of any.

    `names` are the templates that policies name, each with a place that names it; `wanted` the
    languages that they must exist in (`es` serves `es_MX`); `attach` the same for attachments;
    `short` names those that must be short enough for a text message as well.
    Every file in `folders` is read with types and rendered with rich and with minimal facts; those
    that ship only where a part of `folders` changes them, as they are tested where they are made.
    """
    templates = Templates(folders)
    wanted = sorted({language.replace("-", "_") for language in wanted})
    problems = list(templates.problems) + _bad_languages(wanted)
    known = templates.names()
    for name, where in names.items():
        if name not in known:
            problems.append(unknown_template(where, name, known))
            continue
        problems += _missing(templates, name, where, wanted)
    for kind, where in (attach or {}).items():
        if kind not in ATTACHMENTS:
            hint = f"known: {', '.join(ATTACHMENTS)}"
            problems.append(Problem(where, f"nothing to attach by '{kind}'", hint))
        else:
            problems += _missing(templates, ATTACHMENTS[kind], where, wanted)
    for name, where in (short or {}).items():
        problems += _without_short(templates, name, where, wanted)
    needed = {*names, *(ATTACHMENTS[kind] for kind in attach or {} if kind in ATTACHMENTS)}
    sources = templates.sources()
    changed = any(s.name.startswith("_") and Path(s.file).parent in folders for s in sources)
    for source in sources:
        own = Path(source.file).parent in folders
        if own or (changed and source.name in needed):
            problems += _check_file(templates, source)
    return sorted(set(problems))


def check_text(text: str, where: Place) -> list[Problem]:
    """Everything wrong with a text inside a policy; the place is that of the text."""
    source = Source("", "", where.file, text)
    found = check_text_source(source, environments().text)
    return sorted({dataclasses.replace(problem, where=where) for problem in found})


def _bad_languages(wanted: Iterable[str]) -> list[Problem]:
    problems = []
    for language in wanted:
        try:
            formats(language)
        except ValueError as error:
            message, _, hint = str(error).partition(" | ")
            problems.append(Problem(Place(""), message, hint))
    return problems


def _missing(
    templates: Templates, name: str, where: Place, wanted: Iterable[str]
) -> list[Problem]:
    problems = []
    for language in wanted:
        found = templates.find(name, language)
        base = language.partition("_")[0]
        if found is None or found.language not in (language, base):
            message = f"the template '{name}' is not there in '{language}'"
            problems.append(Problem(where, message, f"write '{name}.{base}.j2'"))
    return problems


def _without_short(
    templates: Templates, name: str, where: Place, wanted: Iterable[str]
) -> Iterator[Problem]:
    for language in wanted:
        found = templates.find(name, language)
        if found is None or templates.check(found):
            continue
        if not templates.shortens(found):
            message = f"the template '{name}' has no short text in '{found.language}'"
            hint = f"write {{% block short %}} in it, or '_short.{found.language}.j2' for all"
            yield Problem(where, message, hint)


def _check_file(templates: Templates, source: Source) -> list[Problem]:
    if source.name.startswith("_"):
        return _check_part(templates, source)
    problems = templates.check(source)
    if any(problem.level == "error" for problem in problems):
        return problems
    needed = ("subject", "html") if source.name in ATTACHMENTS.values() else ("subject", "text")
    blocks = templates.blocks(source)
    for block in needed:
        if block not in blocks:
            hint = f"write {{% block {block} %}} ... {{% endblock %}}"
            problems.append(Problem(Place(source.file), f"it has no block '{block}'", hint))
    if set(needed) <= blocks:
        problems += _try_out(templates, source)
    return problems


def _check_part(templates: Templates, source: Source) -> list[Problem]:
    """A part is read with types where it is included, since its words may be set there."""
    try:
        templates.blocks(source)
    except ProblemsError as error:
        return list(error.problems)
    return []


def _try_out(templates: Templates, source: Source) -> list[Problem]:
    for facts in (rich_facts(), minimal_facts()):
        try:
            if source.name in ATTACHMENTS.values():
                kind = next(k for k, name in ATTACHMENTS.items() if name == source.name)
                templates.attach(kind, source.language, facts)
            else:
                templates.render(source.name, source.language, facts)
                templates.render_short(source.name, source.language, facts)
        except ProblemsError as error:
            return list(error.problems)
        except ValueError as error:  # a language that nobody speaks
            message, _, hint = str(error).partition(" | ")
            return [Problem(Place(source.file), message, hint)]
    return []


def minimal_facts() -> MessageFacts:
    """The least that a message can be about: nothing is open, nothing optional is known."""
    return MessageFacts(date(2026, 3, 2), Customer("Acme"), Company("Example Ltd"))


def rich_facts() -> MessageFacts:
    """A message in which every word of a template has something to say."""
    today = date(2026, 3, 2)

    def line(number: str, minor: int, late: int, **more: str) -> Line:
        due = date.fromordinal(today.toordinal() - late)
        money = Money(minor, more.pop("currency", "EUR"))
        issued = date.fromordinal(due.toordinal() - 30)
        amount = Money(minor * 2, money.currency)
        return Line(number, money, money, amount, issued, due, max(0, late), **more)

    items = (
        line("F-1", 90_000, 20, link="https://pay.example/F-1"),
        line("F-2", 12_345, 5, document="F-2", kind="instalment"),
        line("F-9", 700, 3, currency="USD", kind="charge"),
        line("F-2", 12_345, 1, document="F-2", kind="instalment"),
    )
    part = dataclasses.replace(items[0], number="F-3", to_pay=Money(50_000, "EUR"), link="")
    return MessageFacts(
        today,
        Customer("Acme & Söhne", "C-1", "es_MX", "MX"),
        Company("Example Ltd", "ar@company.example", "ES"),
        items=(*items, part),
        severer=(line("F-0", 5_000, 60),),
        not_due=(line("F-7", 8_000, -10), line("F-8", 8_100, -20)),
        paused=(line("F-5", 4_000, 30, kind="debit_note"),),
        credits=(Credit("CN-1", Money(-1_000, "EUR"), on=today),),
        overdue=(Money(161_690, "EUR"), Money(700, "USD")),
        oldest_days_past_due=60,
        pay_by=date(2026, 3, 9),
        stage="first_notice",
        contact="Ana López",
    )
