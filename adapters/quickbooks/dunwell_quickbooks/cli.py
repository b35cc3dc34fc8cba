"""`dunwell quickbooks`: connect a company, note a promise, disconnect."""

from __future__ import annotations

import secrets
import webbrowser
from collections.abc import Iterator
from datetime import datetime

import click

from dunwell.cli.output import examples
from dunwell.cli.own import own_settings
from dunwell.hooks import Settings
from dunwell.money import parse_money
from dunwell_quickbooks.connecting import code_in, listening, question
from dunwell_quickbooks.mending import NONE, Damage, damage, mend
from dunwell_quickbooks.noting import add_line, customer_named, promise_line
from dunwell_quickbooks.opening import opened, tokens_of
from dunwell_quickbooks.options import Options, read_options
from dunwell_quickbooks.tokens import locked

PATIENCE = 600.0
"""Seconds that a person has in the browser."""

PORT = 8765


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def quickbooks() -> None:
    """Connect a company on QuickBooks Online, note promises in it, or disconnect it."""


@quickbooks.command(
    epilog=examples("dunwell quickbooks connect", "dunwell quickbooks connect --paste")
)
@click.option("--port", default=PORT, show_default=True, help="Of this machine, for the answer.")
@click.option("--paste", is_flag=True, help="Paste the address that the browser was sent to.")
@click.option("--redirect", default="", help="The redirect URI of the app, with --paste.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.pass_context
def connect(
    context: click.Context, port: int, paste: bool, redirect: str, no_browser: bool
) -> None:
    """Let a person say yes in a browser, and keep the tokens."""
    options, settings = _settings(context)
    tokens = tokens_of(options, settings)
    state = secrets.token_urlsafe(24)
    if paste:
        where = redirect or f"http://localhost:{port}/callback"
        _show(options, where, state, no_browser=no_browser)
        address = click.prompt("The address that the browser was sent to")
    else:
        with listening(port) as listener:
            where = listener.redirect
            _show(options, where, state, no_browser=no_browser)
            address = listener.wait(PATIENCE)
    code = code_in(address, state=state, realm=options.realm)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": where}
    with locked(tokens.lock):
        tokens.exchange(form, seed=tokens.seed())
    kept = "the system keyring" if options.token_store == "keyring" else options.token_file
    click.echo(f"connected company {options.realm}; the tokens are in {kept}")


def _show(options: Options, redirect: str, state: str, *, no_browser: bool) -> None:
    address = question(options.client_id, redirect, state, url=options.authorize_url)
    click.echo(f"the app must have this redirect URI: {redirect}")
    click.echo(f"say yes here: {address}")
    if not no_browser:
        webbrowser.open(address)


@quickbooks.command(
    epilog=examples('dunwell quickbooks promise "Bright Bakery" "450 EUR" 2026-05-01 --item 1042')
)
@click.argument("customer")
@click.argument("amount")
@click.argument("by", metavar="BY", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--item", "items", multiple=True, help="Number of an invoice; may be repeated.")
@click.pass_context
def promise(
    context: click.Context, customer: str, amount: str, by: datetime, items: tuple[str, ...]
) -> None:
    """Note that CUSTOMER (Id or name) promised to pay AMOUNT, such as "450 EUR", until BY."""
    try:
        worth = parse_money(amount)
    except ValueError as error:
        raise click.UsageError(" ".join(str(error).split(" | "))) from error
    _, settings = _settings(context)
    adapter = opened(settings)
    try:
        on = adapter.describe().on
        number = customer_named(adapter.company, customer)
        line = promise_line(worth, by.date(), on, items)
        add_line(adapter.logbook, number, line)
    finally:
        adapter.close()
    click.echo(f"noted on customer {number}: {line}")


@quickbooks.command(
    short_help="Let a log go on that cannot be read any more.",
    epilog=examples(
        "dunwell quickbooks repair 42",
        "dunwell quickbooks repair 42 --keep 8117 --by ana --because 'a note was deleted'",
    ),
)
@click.argument("customer")
@click.option("--keep", metavar="NOTE", help="Let the log go on from this note (or 'none').")
@click.option("--by", metavar="NAME", default="", help="Who says so.")
@click.option("--because", metavar="TEXT", default="", help="Why, for the log.")
@click.pass_context
def repair(context: click.Context, customer: str, keep: str | None, by: str, because: str) -> None:
    """Say what is wrong with the log of CUSTOMER (Id or name), and let it go on from a note.

    Without --keep nothing is written. What was claimed and is lost becomes unknown, for
    'dunwell resolve'.
    """
    if keep and not (by and because):
        raise click.UsageError("'--keep' goes with '--by' and '--because'")
    _, settings = _settings(context)
    adapter = opened(settings)
    try:
        adapter.describe()
        number = customer_named(adapter.company, customer)
        if keep:
            click.echo(mend(adapter.logbook, number, keep, by=by, because=because))
        else:
            for line in told(damage(adapter.logbook, number), number):
                click.echo(line)
    finally:
        adapter.close()


def told(found: Damage, customer: str) -> Iterator[str]:
    """What is wrong with a log, and what to do, line by line."""
    if not found.why:
        yield f"the log of customer {customer} is whole"
        return
    yield f"the log of customer {customer} cannot be read: {found.why}"
    for choice in found.choices:
        several = f"-{choice.last}" if choice.first != choice.last else ""
        lost = f"; {choice.lost} later entries would be lost" if choice.lost else ""
        what = f"entry {choice.first}{several} of {choice.on}, {choice.text}{lost}"
        yield f"  note {choice.note}: {what}"
    if not found.choices:
        yield "  nothing is left of it"
    name = found.choices[0].note if found.choices else NONE
    yield f"go on with: dunwell quickbooks repair {customer} --keep {name} --by YOU --because WHY"


@quickbooks.command(epilog=examples("dunwell quickbooks disconnect"))
@click.pass_context
def disconnect(context: click.Context) -> None:
    """Give the tokens back and forget them, and what was read."""
    options, settings = _settings(context)
    had = tokens_of(options, settings).revoke()
    for file in (options.cache_file, options.pace_file):
        file.unlink(missing_ok=True)
    click.echo(f"disconnected company {options.realm}" if had else "there was nothing connected")


def _settings(context: click.Context) -> tuple[Options, Settings]:
    """The company that `dunwell.toml` names."""
    settings = own_settings(context, "quickbooks")
    return read_options(settings.values, settings.folder), settings
