"""Files of an ERP into the ledger: what is understood, what is refused, and that twice is once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.cli import main
from dunwell.errors import ProblemsError
from dunwell.money import Money
from dunwell_ledger import people
from dunwell_ledger.booking import Booking
from dunwell_ledger.exporting import export_tables, safe
from dunwell_ledger.guessing import propose
from dunwell_ledger.importing import Report, import_files
from dunwell_ledger.mapping import ColumnMapping, load_mapping, shown
from dunwell_ledger.sample import make_sample
from dunwell_ledger.store import Ledger, create
from dunwell_ledger.tablefile import parse_table
from dunwell_ledger.values import CellError, amount, day, sniff_decimal, sniff_order

from tests.ledger_kit import ON, adapter, small, table

ENGLISH = """Invoice,Customer ID,Customer Name,Date,Due Date,Amount,Currency,Paid on
F-1,C1,Acme <b>"Ltd",2026-01-02,2026-02-01,"1,234.50",EUR,
F-2,C1,,2026-01-03,2026-02-02,99.90,EUR,2026-02-03
F-3,C2,Böhm,2026-01-04,2026-02-03,5000,JPY,
F-4,C2,Böhm,2026-01-05,,1.234,KWD,
"""
SPANISH = """Nº factura;Código cliente;Nombre cliente;Fecha;Vencimiento;Importe;Pendiente
F-1;C1;Peña;02/01/2026;01/02/2026;1.234,50;34,50
F-2;C1;Peña;13/01/2026;12/02/2026;99,90 €;0,00
"""
GERMAN = """Rechnungsnr.;Kundennummer;Kundenname;Rechnungsdatum;Fälligkeit;Betrag
R-1;D1;Groß;02.01.2026;01.02.2026;1.234,50-
R-2;D1;Groß;02.01.2026;01.02.2026;7,00
"""


def write(folder: Path, text: str, name: str = "a.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def imported(folder: Path, text: str, book: Ledger | None = None, **more: object) -> Report:
    files = [write(folder, text)]
    if book is not None:
        return import_files(book, files, on=ON, **more)  # type: ignore[arg-type]
    with closing(create(folder / "ledger.sqlite")) as own:
        return import_files(own, files, on=ON, **more)  # type: ignore[arg-type]


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    with closing(create(tmp_path / "ledger.sqlite")) as ledger:
        yield ledger


def said(report: Report) -> dict[str, str]:
    return {what: str(counts) for what, counts in report.counts.items()}


def problems(folder: Path, text: str, **more: object) -> list[str]:
    with pytest.raises(ProblemsError) as caught:
        imported(folder, text, **more)  # type: ignore[arg-type]
    return [str(one).removeprefix(f"{folder}/") for one in caught.value.problems]


def test_an_invoice_without_a_due_date_is_due_by_its_terms_or_never(
    tmp_path: Path, book: Ledger
) -> None:
    text = "number,customer,amount,issued,due,terms_days\n"
    text += "A,C,10.00,2026-01-01,,30\nB,C,10.00,2026-01-01,2026-01-08,30\n"
    text += "D,C,10.00,2026-01-01,,\nE,C,10.00,,,30\n"
    imported(tmp_path, text, book)
    items = table(adapter(book), "items").select("id", "due").sort("id").rows()
    assert items == [("A", date(2026, 1, 31)), ("B", date(2026, 1, 8)), ("D", None), ("E", None)]


def test_one_file_brings_invoices_customers_and_payments(tmp_path: Path, book: Ledger) -> None:
    report = imported(tmp_path, ENGLISH, book)
    erp = adapter(book)
    items = table(erp, "items").select("id", "customer", "amount", "currency", "due").rows()
    assert items == [
        ("F-1", "C1", 123450, "EUR", date(2026, 2, 1)),
        ("F-3", "C2", 5000, "JPY", date(2026, 2, 3)),
        ("F-4", "C2", 1234, "KWD", None),
    ]
    assert table(erp, "customers")["name"].to_list() == ['Acme <b>"Ltd"', "Böhm"]
    assert table(erp, "settlements").select("item", "on", "amount", "closes").rows() == [
        ("F-2", date(2026, 2, 3), 9990, True)
    ]
    assert said(report)["invoices"] == "4 new, 0 changed, 0 same"


def test_the_same_file_twice_changes_nothing(tmp_path: Path, book: Ledger) -> None:
    for text in (ENGLISH, SPANISH, GERMAN):
        imported(tmp_path, text, book)
        before = adapter(book)
        tables = [table(before, name) for name in ("items", "settlements", "credits", "customers")]
        again = imported(tmp_path, text, book)
        assert all((c.new, c.changed) == (0, 0) for c in again.counts.values()), said(again)
        after = [table(before, name) for name in ("items", "settlements", "credits", "customers")]
        assert all(a.equals(b) for a, b in zip(tables, after, strict=True))


def test_a_newer_file_updates(tmp_path: Path, book: Ledger) -> None:
    imported(tmp_path, ENGLISH, book)
    newer = ENGLISH.replace("EUR,\n", "EUR,2026-02-20\n").replace("2026-02-03\nF-3", "\nF-3")
    report = imported(tmp_path, newer, book)
    erp = adapter(book)
    assert table(erp, "items")["id"].to_list() == ["F-2", "F-3", "F-4"]
    assert table(erp, "settlements").select("item", "on").rows() == [("F-1", date(2026, 2, 20))]
    assert said(report)["payments"].startswith("2 new")


def test_a_changed_amount_or_payment_day_is_told_anew(tmp_path: Path, book: Ledger) -> None:
    imported(tmp_path, ENGLISH, book)
    text = ENGLISH.replace("99.90,EUR,2026-02-03", "50.00,EUR,2026-02-05")
    imported(tmp_path, text, book)
    erp = adapter(book)
    assert table(erp, "settlements").select("on", "amount", "closes").rows() == [
        (date(2026, 2, 5), 5000, True)
    ]
    assert table(erp, "credits").is_empty()


def test_what_people_booked_in_the_ledger_survives_the_same_file(
    tmp_path: Path, book: Ledger
) -> None:
    imported(tmp_path, ENGLISH, book)
    with book.writing() as connection:
        people.pay(connection, "C1", Money(1000, "EUR"), ON, items=["F-1"])
    imported(tmp_path, ENGLISH, book)
    assert table(adapter(book), "items")["balance"].to_list()[0] == 122450


def test_spanish_headers_and_open_amounts_are_understood(tmp_path: Path, book: Ledger) -> None:
    report = imported(tmp_path, SPANISH, book)
    assert "decimal comma" in report.found[0]
    assert "dates day-month-year" in report.found[0]
    assert "separated by semicolon" in report.found[0]
    items = table(adapter(book), "items").select("amount", "balance", "due").rows()
    assert items == [(123450, 3450, date(2026, 2, 1))]


def test_a_negative_invoice_is_a_credit_note(tmp_path: Path, book: Ledger) -> None:
    imported(tmp_path, GERMAN, book)
    erp = adapter(book)
    assert table(erp, "items")["id"].to_list() == ["R-2"]
    credit = table(erp, "credits").select("id", "kind", "on", "balance").rows()
    assert credit == [("R-1", "credit_note", date(2026, 1, 2), -123450)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_found_out(tmp_path: Path, book: Ledger, encoding: str) -> None:
    path = write(tmp_path, GERMAN, encoding=encoding)
    report = import_files(book, [path], on=ON)
    assert table(adapter(book), "customers")["name"].to_list() == ["Groß"]
    assert encoding.removesuffix("-sig") in report.found[0]


def test_several_due_dates_under_one_number_are_instalments(tmp_path: Path, book: Ledger) -> None:
    head = "number,customer,amount,due\n"
    rows = "F-1,C1,10,2026-01-01\n", "F-1,C1,20,2026-02-01\n"
    imported(tmp_path, head + rows[0] + rows[1], book)
    imported(tmp_path, head + rows[1], book)  # the first is no longer listed
    items = table(adapter(book), "items").select("id", "document", "kind").rows()
    assert items == [
        ("F-1/2026-01-01", "F-1", "instalment"), ("F-1/2026-02-01", "F-1", "instalment"),
    ]  # fmt: skip


def test_items_no_longer_listed_can_count_as_paid(tmp_path: Path, book: Ledger) -> None:
    columns = {"number": "number", "customer": "customer", "amount": "amount"}
    mapping = ColumnMapping("invoices", columns, missing="settled")
    head = "number,customer,amount\n"
    imported(tmp_path, head + "F-1,C1,10\nF-2,C1,20\n", book, mapping=mapping)
    imported(tmp_path, head + "F-2,C1,20\n", book, mapping=mapping)
    erp = adapter(book)
    assert table(erp, "items")["id"].to_list() == ["F-2"]
    assert table(erp, "settlements").select("item", "on").rows() == [("F-1", ON)]


def test_all_bad_rows_are_told_at_once_and_nothing_is_imported(
    tmp_path: Path, book: Ledger
) -> None:
    text = """number,customer,customer_type,amount,currency,due
F-1,C1,alien,10.50,EUR,2026-01-01
,C1,business,10,EUR,2026-01-01
F-3,C1,business,10.005,EUR,2026-01-01
F-4,C1,business,ten,EUR,2026-02-30
F-5,C1,business,10,EURO,2026-01-01
F-6,C1,business,10,EUR,2026-01-01
"""
    assert problems(tmp_path, text, book=book) == [
        "a.csv:2:3: 'alien' is not a type (business, consumer or public)",
        "a.csv:3:1: 'number' is empty",
        "a.csv:4:4: '10.005' has more decimals than EUR (it has 2)",
        "a.csv:5:4: 'ten' is not an amount (write it like '1234.50')",
        "a.csv:5:6: '2026-02-30' is not a day (write it like '2026-03-04')",
        "a.csv:6:5: unknown currency 'EURO' (did you mean 'EUR'?)",
    ]
    assert table(adapter(book), "items").is_empty()
    assert table(adapter(book), "customers").is_empty()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.csv: has no rows (the first row names the columns)"),
        ("number,number\n", "a.csv:1:2: the column 'number' occurs twice (rename one)"),
        (
            "number,customer,amount\nF,C,1,2\n",
            "a.csv:2:1: the row has 4 cells, the header 3 (quote cells that hold a mark)",
        ),
        ('number,customer,amount\n"F,C,1\n', "a.csv:2:1: cannot be read from here on"),
        ("number,customer\nF,C\n", "a.csv: no column for 'amount' of invoices"),
        (
            "number,customer,amount\nF,C,1\nF,C,1\n",
            "a.csv:3:1: 'F' stands in line 2 already",
        ),
        ("number,customer,amount\nF,C,1.234\n", "a.csv: '1.234' could be thousands or a fraction"),
        (
            "number,customer,amount,due\nF,C,1,03/04/2026\n",
            "a.csv: '03/04/2026' could be two days",
        ),
        (
            "number,customer,amount,balance\nF,C,1,2\n",
            "a.csv:2:1: 'F' does not add up: open 2.00 EUR of 1.00 EUR",
        ),
        ("number,customer,amount\nF,C,99999999999999999999\n", "a.csv:2:3: '9999999"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    (first, *_) = problems(tmp_path, text, table="invoices")
    assert first.startswith(message)


def test_other_tables_are_imported_too(tmp_path: Path, book: Ledger) -> None:
    imported(tmp_path, ENGLISH, book)
    for name, text in {
        "customers": "id,name,email,payer,tags,credit limit,credit_currency\n"
        'C9,Nine,n@x.example,C1,"vip,b2b",500,USD\n',
        "contacts": "customer,contact,role,email\nC1,Ana,billing,ana@x.example\n",
        "payments": "customer,date,amount,currency,invoice\nC1,2026-02-09,34.50,EUR,F-1\n",
        "promises": "customer,made,by,amount\nC1,2026-02-09,2026-02-20,100\n",
        "disputes": "item,since,reason\nF-1,2026-02-09,price\n",
        "exclusions": "customer,since,until\nC2,2026-02-09,\n",
        "rates": "currency,on,rate\nUSD,2026-01-01,0.92\n",
        "people": "id,name,active\nana,Ana,yes\n",
    }.items():
        first = imported(tmp_path, text, book, table=name)
        assert sum(c.new for c in first.counts.values()) == 1, name
        again = imported(tmp_path, text, book, table=name)
        assert all((c.new, c.changed) == (0, 0) for c in again.counts.values()), name
    erp = adapter(book)
    nine = table(erp, "customers").filter(table(erp, "customers")["id"] == "C9")
    assert nine.select("payer", "credit_limit").rows() == [("C1", 50000)]
    assert table(erp, "items")["balance"][0] == 120000
    assert table(erp, "disputes")["item"].to_list() == ["F-1"]


def test_rows_about_customers_that_do_not_exist_are_refused(tmp_path: Path) -> None:
    text = "customer,made,by,amount\nC1,2026-02-09,2026-02-20,100\n"
    assert problems(tmp_path, text, table="promises") == ["a.csv:2:1: there is no customer 'C1'"]


def test_a_mapping_names_columns_and_sets_constants(tmp_path: Path, book: Ledger) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text(
        'table = "invoices"\n[columns]\nnumber = "ref"\ncustomer = "who"\namount = "sum"\n'
        'settled_date = "cleared"\n[constants]\ncurrency = "USD"\ncustomer_type = "business"\n'
        'customer_email = "{who}@example.invalid"\ncustomer_country = "us"\n'
    )
    text = "ref,who,sum,cleared\n1,a,10,\n2,b,10,2026-01-31\n"
    imported(tmp_path, text, book, mapping=load_mapping(mapping))
    erp = adapter(book)
    rows = table(erp, "customers").select("email", "type", "country").rows()
    assert rows[0] == ("a@example.invalid", "business", "US")
    assert table(erp, "items").select("id", "currency").rows() == [("1", "USD")]


def test_all_that_is_wrong_with_a_mapping_is_told_at_once(tmp_path: Path) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text('table = "invoices"\ntabel = 1\ndecimal = ";"\n[columns]\nnumbr = "x"\n')
    with pytest.raises(ProblemsError) as caught:
        load_mapping(mapping)
    text = str(caught.value)
    assert "did you mean 'table'" in text
    assert "did you mean 'number'" in text
    assert "';' for decimal" in text


def test_a_proposed_mapping_can_be_read_back(tmp_path: Path) -> None:
    header = [*SPANISH.splitlines()[0].split(";"), 'a "b" \\']
    proposal = propose(header)
    path = tmp_path / "map.toml"
    path.write_text(shown(proposal, header), "utf-8")
    read = load_mapping(path)
    assert (read.table, read.columns) == (proposal.table, proposal.columns)
    assert proposal.columns["balance"] == "Pendiente"


def test_spreadsheets_keep_their_numbers_and_days(tmp_path: Path, book: Ledger) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="the extra 'xlsx' is not installed")
    sheet = openpyxl.Workbook()
    sheet.active.append(["number", "customer", "customer name", "amount", "due"])
    sheet.active.append([1001.0, 7, "=1+1", 0.105, date(2026, 2, 1)])
    sheet.active.append(["F-2", 7, None, 1234.5, date(2026, 2, 2)])
    sheet.save(tmp_path / "a.xlsx")
    with pytest.raises(ProblemsError, match="more decimals than EUR"):
        import_files(book, [tmp_path / "a.xlsx"], on=ON)
    sheet.active["D2"] = 0.1 + 0.2 - 0.2  # 0.10000000000000003
    sheet.save(tmp_path / "a.xlsx")
    import_files(book, [tmp_path / "a.xlsx"], on=ON)
    items = table(adapter(book), "items").select("id", "customer", "amount", "due").rows()
    assert items == [
        ("1001", "7", 10, date(2026, 2, 1)), ("F-2", "7", 123450, date(2026, 2, 2)),
    ]  # fmt: skip


@given(st.binary(max_size=300), st.sampled_from(["", "PK\x03\x04", "\xff\xfe", "a,b\n", '"']))
def test_no_bytes_make_a_traceback(content: bytes, start: str) -> None:
    content = start.encode("latin-1") + content
    try:
        file = parse_table("a.csv", content)
    except ProblemsError:
        return  # refused in words
    assert all(len(cells) == len(file.header) for _, cells in file.rows)


_CELL = st.one_of(
    st.sampled_from(["C1", "F-1", "10", "1,5", "1.5", "2026-01-01", "1/2/2026", "EUR", "=1", ""]),
    st.text(max_size=8),
)


@settings(max_examples=40)
@given(rows=st.lists(st.lists(_CELL, min_size=5, max_size=5), max_size=6))
def test_any_rows_are_imported_whole_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("f")
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["number", "customer", "amount", "due", "currency"])
    writer.writerows(rows)
    path = folder / "a.csv"
    path.write_bytes(out.getvalue().encode("utf-8", "replace"))
    book = create(folder / "l.sqlite")
    try:
        import_files(book, [path], on=ON)
    except ProblemsError:
        assert table(adapter(book), "customers").is_empty()
    else:
        again = import_files(book, [path], on=ON)
        assert all((c.new, c.changed) == (0, 0) for c in again.counts.values())
    book.close()


@given(st.integers(-(10**12), 10**12), st.sampled_from([".", ","]), st.booleans())
def test_amounts_are_exact_however_they_are_written(minor: int, mark: str, grouped: bool) -> None:
    whole, cents = divmod(abs(minor), 100)
    text = f"{whole:,}" if grouped else str(whole)
    text = text.replace(",", "." if mark == "," else ",") + f"{mark}{cents:02d}"
    text = f"-{text}" if minor < 0 else text
    assert sniff_decimal([text]) == mark
    assert amount(text, "EUR", mark) == minor
    assert amount(f"({text.lstrip('-')}) EUR", "EUR", mark) == -abs(minor)


@given(st.dates(min_value=date(1900, 1, 1)))
def test_days_are_read_in_every_order(when: date) -> None:
    assert day(when.isoformat(), None) == when.isoformat()
    for pattern, order in (("%d/%m/%Y", "day-month-year"), ("%m/%d/%Y", "month-day-year")):
        text = when.strftime(pattern)
        assert day(text, order) == when.isoformat()  # type: ignore[arg-type]
        try:
            found = sniff_order([text])
        except CellError:
            assert when.day <= 12
        else:
            assert found == order or when.day == when.month


def test_an_export_is_safe_in_a_spreadsheet_and_comes_back(tmp_path: Path) -> None:
    book = small(tmp_path / "l.sqlite")
    hostile = '=HYPERLINK("http://x")'
    with book.writing() as connection:
        people.add(connection, "customers", [{"id": "C1", "name": hostile}])
    counts = export_tables(book, tmp_path / "out")
    assert counts["items"] == 2
    text = (tmp_path / "out" / "customers.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["name"] == f"'{hostile}"
    items = (tmp_path / "out" / "items.csv").read_text("utf-8-sig")
    assert next(csv.DictReader(io.StringIO(items)))["amount"] == "10.00"
    with closing(create(tmp_path / "other.sqlite")) as other:
        import_files(other, [tmp_path / "out" / "customers.csv"], on=ON, table="customers")
        assert hostile in table(adapter(other), "customers")["name"].to_list()


@given(st.text())
def test_no_exported_text_begins_like_a_formula(text: str) -> None:
    assert safe(text)[:1] not in tuple("=+-@\t\r")


def test_a_rate_of_the_currency_of_the_books_is_answered_with_what_is_meant(book: Ledger) -> None:
    folder = book.path.parent
    head = "Customer,Invoice,Date,Due date,Amount,Currency"
    imported(folder, f"{head}\nC1,F-1,2026-01-01,2026-02-01,9,USD\n", book)
    with pytest.raises(ProblemsError) as caught:
        imported(folder, "currency,on,rate\nUSD,2026-01-01,0.77\n", book)
    assert "the books of 'main' are in USD: write the other currency" in str(caught.value)
    report = imported(folder, "currency,on,rate\nEUR,2026-01-01,1.30\n", book)
    assert said(report)["rates"] == "1 new, 0 changed, 0 same"


# The commands


def run(folder: Path, *arguments: str) -> Result:
    path = str(folder / "ledger.sqlite")
    return CliRunner().invoke(main, ["ledger", "--ledger", path, *arguments])


def test_the_commands_fill_and_keep_a_ledger(tmp_path: Path) -> None:
    file = str(write(tmp_path, ENGLISH))
    tried = run(tmp_path, "import", file, "--dry-run")
    assert "invoices: 4 new" in tried.output
    assert not (tmp_path / "ledger.sqlite").exists()
    assert "customer_name = " in run(tmp_path, "import", file).output
    for arguments in (
        ("pay", "C1", "10 EUR", "--on", "2026-03-01"),
        ("reverse", "payment:2"),
        ("promise", "C1", "100 EUR", "2030-01-01", "F-1"),
        ("dispute", "F-1", "--reason", "price", "--amount", "5 EUR"),
        ("resolve", "F-1"),
        ("exclude", "C2", "--until", "2030-01-01"),
        ("contact", "C1", "call", "will pay", "--in"),
        ("write-off", "F-3"),
        ("export", str(tmp_path / "out")),
    ):
        result = run(tmp_path, *arguments)
        assert result.exit_code == 0, (arguments, result.output)
    with Ledger(tmp_path / "ledger.sqlite").reading() as connection:
        disputed = connection.execute("SELECT amount, ended IS NOT NULL FROM disputes").fetchall()
    assert disputed == [(500, 1)]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("pay", "nobody", "10 EUR"), 4, "there is no customer 'nobody'"),
        (("pay", "C1", "10 EURO"), 2, "unknown currency 'EURO'"),
        (("lift", "C1", "orders"), 4, "no 'orders' hold"),
        (("done", "k"), 4, "no open task 'k'"),
        (("new", "X"), 2, "exists already"),
        (("promise", "C1", "1 EUR", "soon"), 2, "'soon' is not a day"),
        (("promise", "C1", "1 EUR", "2020-01-01"), 4, "it must lie ahead"),
        (("exclude", "C1", "--until", "2020-01-01"), 4, "it must lie ahead"),
    ],
)
def test_what_cannot_be_is_said_in_words(
    tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    small(tmp_path / "ledger.sqlite").close()
    result = run(tmp_path, *arguments)
    assert (result.exit_code, words in result.output) == (code, True), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_failed_import_leaves_no_new_ledger_behind(tmp_path: Path) -> None:
    bad = str(write(tmp_path, "number,customer,amount,due\nF,C,x,\n"))
    result = run(tmp_path, "import", bad)
    assert (result.exit_code, "'x' is not an amount" in result.output) == (1, True)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.csv"]


def test_new_sample_and_propose_make_their_files(tmp_path: Path) -> None:
    assert run(tmp_path, "new", "ES", "--timezone", "Europe/Madrid").exit_code == 0
    assert run(tmp_path, "sample", str(tmp_path / "s.sqlite"), "--customers", "5").exit_code == 0
    proposal = tmp_path / "map.toml"
    file = str(write(tmp_path, GERMAN, encoding="cp1252"))
    assert run(tmp_path, "import", file, "--propose", str(proposal)).exit_code == 0
    assert load_mapping(proposal).columns["amount"] == "Betrag"


def test_a_booking_counts_what_it_writes(tmp_path: Path) -> None:
    book = make_sample(tmp_path / "s.sqlite", customers=3, on=ON)
    with book.writing() as connection:
        booking = Booking(connection, ON, "iberia")
        booking.put("people", [{"id": "eva", "name": "Eva"}, {"id": "ana", "name": "Anna"}])
        booking.put("people", [{"id": "eva", "name": "Eva"}])
    assert str(booking.counts["people"]) == "1 new, 1 changed, 1 same"
