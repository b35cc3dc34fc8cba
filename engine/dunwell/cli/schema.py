"""`dunwell schema`: the reference of the policy language in the terminal, and its JSON Schema."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dunwell.cli.output import examples, say, say_json, say_table
from dunwell.cli.session import Session, format_option, pass_session

if TYPE_CHECKING:
    from dunwell.facts import Registry
    from dunwell.hooks import Plugins
    from dunwell.policy.reference import Word

_WIDTH = 88
_TITLES = {
    "part": "parts of files",
    "action": "actions",
    "test": "tests",
    "fact": "facts",
    "reserved": "reserved words",
}


@click.command(
    short_help="Explain the words of the language.",
    epilog=examples(
        "dunwell schema days_past_due",
        "dunwell schema stage.when",
        "dunwell schema --json > policy.schema.json",
    ),
)
@click.argument("word", required=False)
@click.option("--json", "as_schema", is_flag=True, help="Print the JSON Schema for editors.")
@format_option
@pass_session
def schema(session: Session, word: str | None, as_schema: bool, form: str) -> None:
    """Explain WORD of the policy language; without it, list all words.

    PART.WORD asks for the word of one part only.
    """
    from dunwell.cli.found import erp_of, find
    from dunwell.facts import Registry
    from dunwell.policy import reference

    plugins = _plugins(session)
    registry = Registry(plugins.facts.values())
    if as_schema:
        erp = erp_of(find(Path.cwd(), given=session.given))
        click.echo(json_schema(registry, plugins, erp), nl=False)
        return
    words = reference.reference(registry)
    found: Sequence[Word] = words
    if word is not None:
        found, meant = reference.word(word, words)
        if not found:
            hint = f"did you mean '{meant}'?" if meant else "'dunwell schema' lists all words"
            raise click.UsageError(f"unknown word '{word}' ({hint})")
    if form == "json":
        say_json([asdict(each) for each in found])
    elif word is None:
        _list(words)
    else:
        for number, each in enumerate(found):
            if number:
                say()
            _explain(each, words)


def json_schema(registry: Registry, plugins: Plugins, erp: str = "") -> str:
    """The schema of one document, the tests of policies included, as a file holds it; with the
    channels that an ERP by the adapter `erp` carries.
    """
    from dunwell.casefile.words import Test
    from dunwell.policy.publish import SCHEMA, files

    return files(registry, sorted(plugins.carried(erp)), test=Test)[SCHEMA]


def _plugins(session: Session) -> Plugins:
    """The plugins in force, with or without a configuration."""
    from dunwell.cli.found import find, plugin_settings
    from dunwell.hooks import load_plugins

    off, folder = plugin_settings(find(Path.cwd(), given=session.given))
    return load_plugins(off=off, folder=folder)


def _list(words: Sequence[Word]) -> None:
    say("The words of the policy language; 'dunwell schema WORD' explains one.")
    for kind, title in _TITLES.items():
        for level, more in (("", ""), ("item", " of an item"), ("account", " of an account")):
            names = [w for w in words if w.kind == kind and (kind != "fact" or w.of == level)]
            if (kind == "fact") != bool(level):
                continue
            say()
            say(click.style(f"{title}{more}", bold=True))
            line = ", ".join(each.name for each in names)
            say(textwrap.fill(line, _WIDTH, initial_indent="  ", subsequent_indent="  "))


def _explain(word: Word, words: Sequence[Word]) -> None:
    say(click.style(_what(word), bold=True))
    say(_wrapped(word.meaning))
    if word.form and word.kind not in ("part", "action"):
        say(_wrapped(f"Written as {word.form.replace('`', '')}."))
    if word.example:
        say(_wrapped(f"Example: {word.example}"))
    own = [w for w in words if w.of == word.name and w.kind == "word"]
    if word.kind in ("part", "action") and own:
        say()
        head = ("  word (* required)", "meaning")
        say_table(head, list(_rows(own)))


def _rows(own: Sequence[Word]) -> Iterator[tuple[str, str]]:
    for each in own:
        name = f"  {each.name}{' *' if each.required else ''}"
        lines = textwrap.wrap(each.meaning, _WIDTH - 20) or [""]
        yield name, lines[0]
        for line in lines[1:]:
            yield "", line


def _what(word: Word) -> str:
    if word.kind == "word":
        return f"{word.of}.{word.name}: a word of '{word.of}'"
    if word.kind == "fact":
        article = "an" if word.of in ("item", "account") else "a"
        return f"{word.name}: a fact of {article} {word.of}"
    kinds = {"part": "a part of a file", "action": "an action", "test": "a test"}
    return f"{word.name}: {kinds.get(word.kind, 'a reserved word')}"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent="  ")
