"""`dunwell ledger`: make, fill and keep a ledger by hand."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import click

from dunwell.cli.output import count, examples
from dunwell.errors import Place, Problem, ProblemsError
from dunwell_ledger import books, mark
from dunwell_ledger.cli_people import COMMANDS
from dunwell_ledger.cli_values import Day, kept, must_be_new, settings_of, today_of
from dunwell_ledger.exporting import export_tables
from dunwell_ledger.fields import TABLES
from dunwell_ledger.guessing import propose
from dunwell_ledger.importing import Report, import_files
from dunwell_ledger.mapping import load_mapping, shown
from dunwell_ledger.sample import make_sample
from dunwell_ledger.store import Ledger, create, near, open_ledger
from dunwell_ledger.tablefile import read_table

_LISTED = 5
"""So many changed amounts are listed."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--ledger",
    "path",
    type=click.Path(path_type=Path),
    help="The file; else as dunwell.toml says.",
)
@click.pass_context
def ledger(context: click.Context, path: Path | None) -> None:
    """A receivables ledger in one file, for companies whose ERP only exports files."""
    context.obj = path


@ledger.command(
    epilog=examples(
        'dunwell ledger new ES --name "Acme S.L." --country ES --timezone Europe/Madrid',
    )
)
@click.argument("company")
@click.option("--name", default="", help="As printed on messages.")
@click.option("--currency", default="EUR", show_default=True)
@click.option("--country", default=None)
@click.option("--timezone", default=None, help="Such as Europe/Madrid.")
@click.pass_context
def new(
    context: click.Context,
    company: str,
    name: str,
    currency: str,
    country: str | None,
    timezone: str | None,
) -> None:
    """Make an empty ledger for COMPANY."""
    path, _ = settings_of(context)
    must_be_new(path)
    row = {"id": company, "name": name or company, "currency": currency, "country": country,
           "timezone": timezone}  # fmt: skip
    with closing(create(path)) as book, kept(), book.writing() as connection:
        books.put(connection, "companies", [row])
    click.echo(f"made {near(path)}")


@ledger.command(epilog=examples("dunwell ledger sample sample.sqlite --customers 1000"))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--customers", default=300, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=7, show_default=True)
@click.option("--on", type=Day(), default="2026-03-04", show_default=True)
def sample(target: Path, customers: int, seed: int, on: date) -> None:
    """Make a believable ledger of invented companies at TARGET."""
    must_be_new(target)
    make_sample(target, customers=customers, seed=seed, on=on).close()
    click.echo(f"made {target} as of {on}: {customers} customers")


@ledger.command(
    "import",
    epilog=examples(
        "dunwell ledger import open_items.csv",
        "dunwell ledger import open_items.csv --propose open_items.toml",
        "dunwell ledger import open_items.csv --mapping open_items.toml --dry-run",
        "dunwell ledger import received.csv --table payments",
    ),
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A TOML file.",
)
@click.option(
    "--table",
    type=click.Choice(tuple(TABLES)),
    metavar="TABLE",
    default=None,
    help=f"What the files hold, where their headers leave it open: {', '.join(TABLES)}.",
)
@click.option("--company", default="", help="For rows that name none.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option(
    "--propose",
    "proposal",
    type=click.Path(path_type=Path),
    help="Write the mapping, import nothing.",
)
@click.pass_context
def import_(
    context: click.Context,
    files: tuple[Path, ...],
    mapping_file: Path | None,
    table: str | None,
    company: str,
    dry_run: bool,
    proposal: Path | None,
) -> None:
    """Import CSV or XLSX files; a ledger that does not exist is made. Twice changes nothing."""
    if proposal is not None:
        _propose(files, table or "", proposal)
        return
    mapping = None if mapping_file is None else load_mapping(mapping_file)
    path, clock = settings_of(context)
    made = not path.exists()
    keep = False
    book = create(path) if made else open_ledger(path)
    try:
        with kept():
            report = import_files(
                book, files, mapping=mapping, table=table or "", company=company,
                dry_run=dry_run, on=today_of(book, clock),
            )  # fmt: skip
        keep = not dry_run
    finally:
        book.close()
        if made and not keep:
            _remove(book)
    _tell(report, guessed=mapping is None, dry_run=dry_run)


def _propose(files: Sequence[Path], table: str, proposal: Path) -> None:
    if len(files) > 1:
        message = f"a mapping is proposed for one file, not for {len(files)}"
        raise click.UsageError(f"{message} (call it once for each kind of file)")
    file = read_table(files[0])
    text = shown(propose(file.header, table, file=file.name), file.header)
    try:
        proposal.write_text(text, "utf-8")
    except OSError as error:
        why = f"cannot be written: {(error.strerror or str(error)).lower()}"
        raise ProblemsError([Problem(Place(str(proposal)), why)]) from error
    click.echo(f"{text}\nwritten to {proposal}")


def _remove(book: Ledger) -> None:
    """A ledger that was made only now goes again: nothing was imported."""
    for ending in ("", "-wal", "-shm"):
        Path(f"{book.path}{ending}").unlink(missing_ok=True)


def _tell(report: Report, *, guessed: bool, dry_run: bool) -> None:
    for line in report.found:
        click.echo(line)
    if guessed:
        for file, mapping in report.mappings:
            click.echo(f"\n# how {file.name} was read\n{shown(mapping, file.header)}")
    for what, counts in report.counts.items():
        click.echo(f"{what}: {counts}")
    if report.amounts:
        click.echo(f"{count(len(report.amounts), 'amount')} changed:")
        for line in report.amounts[:_LISTED]:
            click.echo(f"  {line}")
        if len(report.amounts) > _LISTED:
            click.echo(f"  and {len(report.amounts) - _LISTED} more")
    if report.bank_data_on:
        click.echo(f"payments are known up to {report.bank_data_on}")
    if dry_run:
        click.echo("a dry run: nothing was changed")


@ledger.command(epilog=examples("dunwell ledger export tables"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_context
def export(context: click.Context, folder: Path) -> None:
    """Write every table as CSV into FOLDER."""
    path, _ = settings_of(context)
    with closing(open_ledger(path)) as book:
        for table, rows in export_tables(book, folder).items():
            click.echo(f"{table}.csv: {count(rows, 'row')}")


@ledger.command(
    short_help="Say that this file is the one to work in.", epilog=examples("dunwell ledger adopt")
)
@click.pass_context
def adopt(context: click.Context) -> None:
    """Say that this file is the ledger to work in from now on, after it was moved or restored.

    Dunwell knows the file that it works in. In another one with the same log it does nothing until
    a person has said this: a copy would write to the same customers a second time, a restored
    backup has forgotten what was sent since.
    """
    path, _ = settings_of(context)
    with closing(open_ledger(path)) as book, book.writing() as connection:
        before = mark.remembered(connection)
        doubted = mark.doubt(connection, path)
        mark.remember(connection, path, adopt=True)
        newest = connection.execute(
            "SELECT max(at) FROM log WHERE position IS NOT NULL"
        ).fetchone()[0]
    if before is None or not doubted:
        click.echo(f"{near(path)} is the file that Dunwell works in: nothing had to be adopted")
        return
    click.echo(f"adopted {near(path)}, which was '{before.path}'")
    if newest:
        until = newest[:16].replace("T", " ")
        click.echo(f"its log ends at {until} UTC: what was done after that would be done again")
    if mark.stands(before):
        click.echo(f"never let Dunwell work in '{before.path}' too: remove it, or put it away")


for command in COMMANDS:
    ledger.add_command(command)
