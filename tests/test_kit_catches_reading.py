"""Every test of the contract about reading and scale catches an adapter broken on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

from dunwell.log.entry import Entry
from dunwell.model import TABLES, Describe
from dunwell.model.tables import PageLike
from dunwell.port import Appended, Found, Heads, Sought
from dunwell.testing import Erp, MemoryAdapter
from dunwell.testing.contract import PagingContract, ReadingContract, ScaleContract
from dunwell.testing.contract.catching import Broken, Catches, contract_tests, misread
from dunwell.testing.rows import Row


class OtherTenant(MemoryAdapter):
    """Names its tenant anew each time it is opened."""

    def describe(self) -> Describe:
        name = self.__dict__.setdefault("name", uuid4().hex)
        return replace(super().describe(), tenant=name)


class Twice(MemoryAdapter):
    """Joins a table that has two rows for one."""

    def _rows(
        self, name: str, keys: Sequence[str], chosen: frozenset[str] | None, since: date | None
    ) -> list[Row]:
        rows = super()._rows(name, keys, chosen, since)
        return [*rows, *rows] if name == "settlements" else rows


class ShowsPaid(MemoryAdapter):
    """Reads items that are paid."""

    def _rows(
        self, name: str, keys: Sequence[str], chosen: frozenset[str] | None, since: date | None
    ) -> list[Row]:
        if name == "items" and chosen is None:
            return [dict(self.erp.rows["items"][key]) for key in keys]
        return super()._rows(name, keys, chosen, since)


class Turns(MemoryAdapter):
    """Reads in another order each time."""

    def _rows(
        self, name: str, keys: Sequence[str], chosen: frozenset[str] | None, since: date | None
    ) -> list[Row]:
        turned = self.__dict__["turned"] = not self.__dict__.get("turned", False)
        rows = super()._rows(name, keys, chosen, since)
        return rows[::-1] if turned else rows


class OwnIds(MemoryAdapter):
    """Numbers the rows of settlements itself."""

    def _rows(
        self, name: str, keys: Sequence[str], chosen: frozenset[str] | None, since: date | None
    ) -> list[Row]:
        rows = super()._rows(name, keys, chosen, since)
        prefix = self.__dict__.setdefault("prefix", uuid4().hex)
        return (
            [{**row, "id": f"{prefix}{n}"} for n, row in enumerate(rows)]
            if (name == "settlements" and since is None)
            else rows
        )


class Remembers(MemoryAdapter):
    """Reads a table once, and then never again."""

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        kept: dict[str, list[PageLike]] = self.__dict__.setdefault("kept", {})
        if table not in ("items", "customers") or debtors is not None:
            return super().read(table, debtors=debtors, since=since)
        if table not in kept:
            kept[table] = list(super().read(table))
        return iter(kept[table])


class Branchless(MemoryAdapter):
    """Refreshes a customer, not a debtor."""

    def _debtors(self, table: str, row: Row) -> set[str]:
        if table == "disputes":
            return super()._debtors(table, row)
        return {str(row["id"] if table == "customers" else row["customer"])}


class AllDisputes(MemoryAdapter):
    """Refreshes all disputes."""

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        return super().read(table, debtors=None if table == "disputes" else debtors, since=since)


class SinceTheDayAfter(MemoryAdapter):
    """Leaves the first day out."""

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        later = since + timedelta(days=1) if since else None
        return super().read(table, debtors=debtors, since=later)


class Archives(Erp):
    """What is put away is not read."""

    def archive(self, customer: str) -> None:
        del self.rows["customers"][customer]


class KeepsReversed(Erp):
    """A payment taken back is still there."""

    def reverse(self, settlement: str) -> None:
        kept = self.rows["settlements"][settlement]
        super().reverse(settlement)
        self.rows["settlements"][settlement] = kept


# -- paging and scale ---------------------------------------------------------------------------


class Unpaged(MemoryAdapter):
    """Reads a table in one page."""

    def __init__(self, erp: Erp, *, page_rows: int) -> None:
        super().__init__(erp, page_rows=1_000_000)
        assert page_rows


class Offset(MemoryAdapter):
    """Pages by counting rows from the first."""

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        if table != "items":
            yield from super().read(table, debtors=debtors, since=since)
            return
        start = 0
        while True:
            rows = self.erp.rows["items"]
            keys = sorted(key for key, row in rows.items() if row["balance"])
            page = keys[start : start + self._page_rows]
            if not page:
                return
            self.erp.calls += 1
            yield {name: [rows[key].get(name) for key in page] for name in TABLES["items"].schema}
            start += self._page_rows


class CallPerCustomer(MemoryAdapter):
    """Asks for the items of each customer."""

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        if table == "items" and debtors is None:
            self.erp.calls += len(self.erp.rows["customers"])
        return super().read(table, debtors=debtors, since=since)


class CallPerDebtor(MemoryAdapter):
    """Refreshes one debtor after the other."""

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        self.erp.calls += len(debtors or ())
        return super().read(table, debtors=debtors, since=since)


class CallPerHead(MemoryAdapter):
    """Asks for the head of each debtor."""

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        self.erp.calls += len(list(self.erp.logbook.debtors()))
        return super().heads(debtors=debtors, since=since)


class CallPerKey(MemoryAdapter):
    """Looks one key up after the other."""

    def look_up(self, sought: Sequence[Sought]) -> Sequence[Found]:
        self.erp.calls += len(sought)
        return super().look_up(sought)


class CallPerEntry(MemoryAdapter):
    """Appends one entry after the other."""

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        self.erp.calls += len(entries)
        return super().append(entries)


class WholeLog(MemoryAdapter):
    """Pages through the log to its end."""

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        for debtor in debtors or ():
            self.erp.calls += len(self.erp.logbook._numbered.get(debtor, ())) // 100
        return super().heads(debtors=debtors, since=since)


HIDES = (
    "test_an_invoice_issued_meanwhile_hides_no_other",
    "test_an_invoice_paid_meanwhile_hides_no_other",
    "test_an_invoice_deleted_meanwhile_hides_no_other",
)
COUNTS: Sequence[tuple[str, str, type[MemoryAdapter]]] = (
    ("customer", "test_reading_needs_calls_for_pages_not_for_customers", CallPerCustomer),
    ("debtor", "test_a_refresh_needs_calls_for_pages_not_for_debtors", CallPerDebtor),
    ("head", "test_heads_need_calls_for_pages_not_for_debtors", CallPerHead),
    ("key", "test_looking_up_needs_calls_for_pages_not_for_keys", CallPerKey),
    ("entry", "test_appending_a_batch_needs_calls_for_pages_not_for_debtors", CallPerEntry),
)


def with_(**columns: object) -> Callable[[Row], Row]:
    """Rows with other values in some columns."""
    return lambda row: {**row, **columns}


BROKEN = [
    Broken("another tenant", ("test_an_instance_says_whose_books_it_reads",), OtherTenant),
    Broken(
        "an empty number",
        ("test_pages_fit_the_published_schema", "test_an_open_item_is_read_as_it_was_issued"),
        misread("items", with_(number=None)),
    ),
    Broken(
        "rows twice",
        (
            "test_rows_have_unique_ids",
            "test_pages_fit_the_published_schema",
            "test_settlements_since_a_day_leave_out_older_ones",
        ),
        Twice,
    ),
    Broken(
        "due when issued",
        ("test_an_open_item_is_read_as_it_was_issued",),
        misread("items", lambda row: {**row, "issued": row.get("due")}),
    ),
    Broken(
        "who owes is no customer",
        (
            "test_every_item_has_a_known_customer",
            "test_a_branch_names_its_payer",
            "test_a_refresh_reads_the_debtors_asked_for_with_their_branches",
        ),
        misread("customers", lambda row: None if row["payer"] else row),
    ),
    Broken(
        "archived is gone",
        ("test_an_archived_customer_that_owes_is_still_known",),
        erp=Archives,
    ),
    Broken("shows paid items", ("test_a_paid_item_is_not_open",), ShowsPaid),
    Broken(
        "keeps what was reversed",
        ("test_a_payment_taken_back_opens_the_item_again",),
        erp=KeepsReversed,
    ),
    Broken(
        "due today if not known",
        ("test_an_item_without_a_due_date_is_listed",),
        misread("items", lambda row: {**row, "due": row.get("due") or date(2026, 3, 2)}),
    ),
    Broken(
        "never due is not read",
        ("test_an_item_without_a_due_date_is_listed",),
        misread("items", lambda row: row if row.get("due") else None),
    ),
    Broken(
        "instalments of nothing",
        ("test_each_instalment_is_an_item_of_one_document",),
        misread("items", with_(document=None)),
    ),
    Broken(
        "everybody pays",
        ("test_a_branch_names_its_payer",),
        misread("customers", with_(payer=None)),
    ),
    Broken(
        "one company",
        ("test_items_name_the_company_they_are_owed",),
        misread("items", with_(company="main")),
    ),
    Broken("turns around", ("test_reading_twice_gives_the_same",), Turns),
    Broken(
        "ids of its own",
        ("test_identifiers_mean_the_same_to_a_new_instance",),
        OwnIds,
    ),
    Broken("remembers", ("test_a_change_is_seen_at_once",), Remembers),
    Broken(
        "without branches",
        ("test_a_refresh_reads_the_debtors_asked_for_with_their_branches",),
        Branchless,
    ),
    Broken("all disputes", ("test_a_refresh_of_disputes_follows_their_items",), AllDisputes),
    Broken(
        "since the day after",
        ("test_settlements_since_a_day_leave_out_older_ones",),
        SinceTheDayAfter,
    ),
    Broken("one page", ("test_pages_are_bounded",), Unpaged),
    Broken("offset", HIDES, Offset),
    *(Broken(f"a call for each {what}", (test,), adapter) for what, test, adapter in COUNTS),
    Broken("the whole log", ("test_an_old_log_needs_no_more_calls_than_a_new_one",), WholeLog),
]


class TestBrokenReaders(Catches, ReadingContract, PagingContract, ScaleContract):
    broken = BROKEN


def test_every_test_about_reading_and_scale_catches_something() -> None:
    caught = {name for broken in BROKEN for name in broken.fails}
    subjects = (ReadingContract, PagingContract, ScaleContract)
    assert caught == {name for subject in subjects for name in contract_tests(subject)}
