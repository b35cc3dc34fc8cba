"""What an import makes of a file by itself, where it asks, and what it never overwrites."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from dunwell.cli import main
from dunwell.errors import ConfigurationError, ProblemsError
from dunwell_ledger import people
from dunwell_ledger.cli import ledger as command
from dunwell_ledger.guessing import propose
from dunwell_ledger.importing import Report, import_files
from dunwell_ledger.mapping import ColumnMapping
from dunwell_ledger.sample import make_sample
from dunwell_ledger.store import Ledger, create, open_ledger
from dunwell_ledger.tablefile import parse_table

from tests.ledger_kit import ON, adapter, small, table

INVOICES = """Factura;Cliente;Fecha;Vencimiento;Importe
F-1;C1;02/01/2026;01/02/2026;1.234,50
F-2;C1;13/01/2026;12/02/2026;99,90
"""
PAYMENTS = "Cliente;Fecha cobro;Importe;Factura\nC1;20/02/2026;500,00;F-1\n"


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return create(tmp_path / "ledger.sqlite")


def take(book: Ledger, text: str, on: date = ON, **more: object) -> Report:
    path = book.path.with_name("a.csv")
    path.write_text(text, "utf-8")
    return import_files(book, [path], on=on, **more)  # type: ignore[arg-type]


def refused(book: Ledger, text: str, **more: object) -> str:
    with pytest.raises(ProblemsError) as caught:
        take(book, text, **more)  # type: ignore[arg-type]
    return str(caught.value).replace(f"{book.path.parent}/", "")


def run(folder: Path, *arguments: str) -> Result:
    path = str(folder / "ledger.sqlite")
    return CliRunner().invoke(main, ["ledger", "--ledger", path, *arguments])


# Which table


@pytest.mark.parametrize(
    "header",
    [
        "Cliente;Fecha cobro;Importe;Factura",
        "Código cliente;Fecha de pago;Importe cobrado;Referencia;Nº factura",
        "Kunde;Zahlungsdatum;Betrag;Rechnung",
        "Kundennummer;Zahltag;Zahlbetrag;Verwendungszweck;Rechnungsnr.",
        "Customer ID;Payment Date;Amount;Invoice",
        "Customer;Paid on;Amount paid;Payment reference;Invoice No",
        "Kunde;Valuta;Betrag;Referenz",
    ],
)
def test_a_list_of_payments_is_known_by_its_day(header: str) -> None:
    mapping = propose(header.split(";"))
    assert mapping.table == "payments"
    assert {"customer", "on", "amount"} <= mapping.columns.keys()
    assert set(mapping.columns.values()) == set(header.split(";"))


@pytest.mark.parametrize(
    "header",
    [
        "Factura;Cliente;Fecha;Vencimiento;Importe",
        "Cliente;Nombre;Correo;Factura;Fecha factura;Importe;Pendiente",
        "Invoice,Customer ID,Customer Name,Date,Due Date,Amount,Currency,Paid on",
        "Rechnung;Kunde;Kundenname;Fälligkeit;Betrag;Offen",
        "cust_number,clear_date,posting_date,document_create_date,due_in_date,total_open_amount,"
        "baseline_create_date,invoice_id",
    ],
)
def test_a_list_of_invoices_is_known_by_its_days(header: str) -> None:
    assert propose(header.replace(";", ",").split(",")).table == "invoices"


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("Cliente;Fecha;Importe;Factura", "fit 'invoices' and 'payments'"),
        ("Kunde;Buchungsdatum;Betrag;Rechnung", "fit 'invoices' and 'payments'"),
        ("Kunde;Belegdatum;Buchungsdatum;Betrag;Rechnung;Fälligkeit", "--table invoices or pay"),
        ("Cliente;Factura;Vencimiento;Fecha cobro;Importe", "--table invoices or payments"),
        ("Cliente;Factura;Fecha;Vencimiento;Importe;Fecha cobro banco", "'Fecha cobro banco'"),
        ("Cliente;Factura;Vencimiento;Importe;Fecha alta", "what is the day in 'Fecha alta'"),
        ("Cliente;Factura;Importe", "'invoices' would need a column for 'issued' or 'due'"),
        ("Cliente;Saldo", "cannot tell what the rows are"),
        ("foo;bar", "cannot tell what the rows are"),
        ("Cliente;Nombre;Correo", "fit 'customers' and 'contacts'"),
    ],
)
def test_a_file_that_may_be_several_things_is_asked_about(
    book: Ledger, header: str, words: str
) -> None:
    said = refused(book, f"{header}\n")
    assert words in said
    assert "--table" in said
    assert said.startswith("a.csv: ")


def test_an_exclusion_is_known_by_its_end_and_a_dispute_by_having_none() -> None:
    assert propose(["Kunde", "Rechnung", "Datum", "Grund"]).table == "disputes"
    assert propose(["Kunde", "Rechnung", "Datum", "Grund", "Bis"]).table == "exclusions"


def test_naming_the_table_answers_the_question(book: Ledger) -> None:
    take(book, INVOICES)
    take(book, "Cliente;Fecha;Importe;Factura\nC1;20/02/2026;500,00;F-1\n", table="payments")
    assert table(adapter(book), "items")["balance"].to_list() == [73450, 9990]


def test_a_list_of_payments_overwrites_no_invoice(book: Ledger) -> None:
    take(book, INVOICES)
    report = take(book, PAYMENTS)
    assert str(report.counts["payments"]) == "1 new, 0 changed, 0 same"
    items = table(adapter(book), "items").select("id", "amount", "balance").rows()
    assert items == [("F-1", 123450, 73450), ("F-2", 9990, 9990)]


@pytest.mark.parametrize("row", ["F-1;C1;500,00;EUR", "F-1;C2;1.234,50;EUR", "F-1;C1;1234,50;USD"])
def test_a_file_without_days_changes_no_invoice_even_when_it_is_called_one(
    book: Ledger, row: str
) -> None:
    take(book, INVOICES)
    before = table(adapter(book), "items")
    said = refused(book, f"Factura;Cliente;Importe;Moneda\n{row}\n", table="invoices")
    assert said.startswith("a.csv:2:1: 'F-1' is 1234.50 EUR of 'C1', not ")
    assert "--table payments" in said
    assert table(adapter(book), "items").equals(before)
    same = "Factura;Cliente;Importe;Pendiente\nF-1;C1;1.234,50;34,50\n"
    take(book, same, table="invoices")  # what is open may change
    assert table(adapter(book), "items")["balance"].to_list() == [3450, 9990]


def test_changed_amounts_of_invoices_are_told(tmp_path: Path) -> None:
    head = "number,customer,amount,due\n"
    rows = [f"F-{n},C1,{n}.00,2026-01-0{n}\n" for n in range(1, 8)]
    file = tmp_path / "a.csv"
    file.write_text(head + "".join(rows))
    assert "changed:" not in run(tmp_path, "import", str(file)).output
    file.write_text(head + "".join(row.replace(".00", ".50") for row in rows))
    for more in (["--dry-run"], []):
        said = run(tmp_path, "import", str(file), *more).output
        assert "7 amounts changed:\n  F-1: 1.50 EUR, was 1.00 EUR\n" in said
        assert "  F-5: 5.50 EUR, was 5.00 EUR\n  and 2 more\n" in said


# What is known of payments


@pytest.mark.parametrize(
    ("text", "more", "known"),
    [
        (INVOICES, {}, None),
        (INVOICES.replace("Importe", "Importe;Pendiente").replace("0\n", "0;0\n"), {}, ON),
        (INVOICES.replace("Importe", "Importe;Paid on").replace("0\n", "0;\n"), {}, ON),
        (PAYMENTS.replace("F-1", ""), {"table": "payments"}, ON),
        (PAYMENTS.replace("2026", "2031").replace("F-1", ""), {"table": "payments"}, ON),
    ],
)
def test_a_file_that_tells_of_payments_makes_them_known_until_today(
    book: Ledger, text: str, more: dict[str, str], known: date | None
) -> None:
    with book.writing() as connection:
        people.add(connection, "companies", [{"id": "main", "name": "M", "currency": "EUR"}])
        people.add(connection, "customers", [{"id": "C1", "name": "One"}])
    report = take(book, text, **more)  # type: ignore[arg-type]
    assert report.bank_data_on == ("" if known is None else known.isoformat())
    assert adapter(book).describe().bank_data_on == known


def test_a_list_of_all_that_is_open_makes_payments_known_until_today(book: Ledger) -> None:
    columns = propose(INVOICES.splitlines()[0].split(";")).columns
    mapping = ColumnMapping("invoices", columns, missing="settled")
    assert take(book, INVOICES, mapping=mapping).bank_data_on == "2026-03-04"


def test_what_is_known_of_payments_never_moves_back(book: Ledger) -> None:
    take(book, INVOICES)
    take(book, PAYMENTS)
    earlier = take(book, PAYMENTS, on=ON - timedelta(days=30))
    assert earlier.bank_data_on == "2026-03-04"
    assert adapter(book).describe().bank_data_on == ON


def test_the_import_says_until_when_payments_are_known(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(INVOICES, "utf-8")
    assert "payments are known" not in run(tmp_path, "import", str(file)).output
    file.write_text(PAYMENTS, "utf-8")
    assert "payments are known up to 20" in run(tmp_path, "import", str(file)).output


# Titles, ids, paths, help


@pytest.mark.parametrize("lines", [1, 3, 5])
@pytest.mark.parametrize("title", ["Listado, a 4 de marzo, de facturas", "Empresa:;ACME", '"a;b"'])
def test_a_title_above_the_header_is_looked_past(book: Ledger, lines: int, title: str) -> None:
    report = take(book, f"{title}\n" * lines + "\n" + INVOICES)
    assert f"the header in line {lines + 2}" in report.found[0]
    assert "separated by semicolon" in report.found[0]
    assert table(adapter(book), "items").height == 2


def test_a_header_of_own_names_below_a_title_is_found_by_the_mapping(book: Ledger) -> None:
    columns = {"number": "Nr", "customer": "Wer", "amount": "Wieviel"}
    mapping = ColumnMapping("invoices", columns)
    take(book, "Bericht\nNr;Wer;Wieviel\nF-1;C1;10,00\n", mapping=mapping)
    assert table(adapter(book), "items")["amount"].to_list() == [1000]


def test_a_title_above_unknown_names_is_refused_with_its_line(book: Ledger) -> None:
    said = refused(book, "Bericht\nNr;Wer;Wieviel\nF-1;C1;10,00\n", table="invoices")
    assert said == (
        "a.csv:1:1: 'Bericht' is one cell, line 2 has more"
        " (the names of the columns come first: delete the title above them)"
    )


def test_a_first_line_of_names_is_the_header_whatever_follows() -> None:
    file = parse_table("a.csv", b"number,customer,x\nnumber,customer,amount\n")
    assert (file.header, len(file.rows)) == (("number", "customer", "x"), 1)


@pytest.mark.parametrize("bad", ["a\x00b", "a\nb", "a\x1b[2Jb", "\x85"])
@pytest.mark.parametrize("column", ["id", "payer"])
def test_no_id_holds_a_control_character(tmp_path: Path, bad: str, column: str) -> None:
    with small(tmp_path / "l.sqlite").writing() as connection:
        row = {"id": "C9", "name": "Nine", "payer": "C1", column: bad}
        with pytest.raises(ConfigurationError, match=f"'{column}' holds a character"):
            people.add(connection, "customers", [row])
        people.add(connection, "customers", [{"id": "ü 'ß", "name": "tab\there"}])


@pytest.mark.parametrize(
    "text",
    [
        'number,customer,amount,due\n"F\n1",C1,10,2026-01-01\n',
        'number,customer name,amount,due\nF1,"C\n1",10,2026-01-01\n',
    ],
)
def test_an_id_of_two_lines_in_a_file_is_refused_in_words(book: Ledger, text: str) -> None:
    assert "holds a character that no" in refused(book, text)


def test_paths_are_told_as_seen_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(tmp_path, "new", "ES").output == "made ledger.sqlite\n"
    again = run(tmp_path, "new", "ES")
    assert (again.exit_code, "'ledger.sqlite' exists already" in again.stderr) == (2, True)
    monkeypatch.chdir("/")
    with pytest.raises(ConfigurationError, match=r"there is no ledger at 'nowhere/l.sqlite'"):
        open_ledger(Path("/nowhere/l.sqlite"))


@pytest.mark.parametrize("name", sorted(command.commands))
def test_the_help_of_every_command_shows_how_it_is_used(name: str) -> None:
    said = CliRunner().invoke(main, ["ledger", name, "--help"]).output
    _, _, shown = said.partition("Example")
    assert re.search(rf"  dunwell ledger {name}\b", shown)
    assert isinstance(command.commands[name], click.Command)


def test_a_mapping_is_proposed_for_one_file_that_is_clear(tmp_path: Path) -> None:
    one, other = tmp_path / "a.csv", tmp_path / "b.csv"
    one.write_text(INVOICES, "utf-8")
    other.write_text("Cliente;Fecha;Importe;Factura\n", "utf-8")
    proposal = str(tmp_path / "map.toml")
    several = run(tmp_path, "import", str(one), str(other), "--propose", proposal)
    assert (several.exit_code, "for one file, not for 2" in several.output) == (2, True)
    unclear = run(tmp_path, "import", str(other), "--propose", proposal)
    assert (unclear.exit_code, "--table invoices or payments" in unclear.output) == (1, True)
    assert not Path(proposal).exists()
    wrong = run(tmp_path, "import", str(one), "--propose", str(tmp_path / "no" / "map.toml"))
    assert (wrong.exit_code, "cannot be written" in wrong.output) == (1, True)
    clear = run(tmp_path, "import", str(other), "--table", "payments", "--propose", proposal)
    assert 'on = "Fecha"' in clear.output
    assert run(tmp_path, "import", str(one), "--table", "cats").exit_code == 2


def test_a_sample_keeps_every_rule_of_the_ledger(tmp_path: Path) -> None:
    book = make_sample(tmp_path / "s.sqlite", customers=40, on=ON)
    with book.reading() as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


@pytest.mark.parametrize(
    ("number", "name"),
    [("Customer No", "Customer"), ("Kundennr", "Kunde"), ("Código cliente", "Cliente")],
)
def test_a_customer_beside_its_number_is_the_name(number: str, name: str) -> None:
    for header in ([number, name], [name, number]):
        found = propose([*header, "Invoice", "Date", "Due date", "Amount"]).columns
        assert (found["customer"], found["customer_name"]) == (number, name)
        alone = propose([name, "Invoice", "Date", "Due date", "Amount"]).columns
        assert (alone["customer"], alone.get("customer_name")) == (name, None)
    people = propose([name, number, "Country", "Customer type"]).columns
    assert (people["id"], people["name"]) == (number, name)
