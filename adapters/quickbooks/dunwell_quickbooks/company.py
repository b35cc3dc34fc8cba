"""What is known of a company: read whole once, afterwards only what changed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from pathlib import Path

from dunwell.errors import ContractBrokenError
from dunwell_quickbooks import cache, changes, querying
from dunwell_quickbooks.bundle import Main, UnreadableError, is_task, note_key, read_main
from dunwell_quickbooks.cache import Entity, Kept
from dunwell_quickbooks.calendar import ServiceClock, instant, zone_of
from dunwell_quickbooks.door import Door, RefusedError
from dunwell_quickbooks.options import Options
from dunwell_quickbooks.querying import PAGE

LISTS = {"Term": ("Invoice", "SalesTermRef"), "CustomerType": ("Customer", "CustomerTypeRef")}
"""Lists of names, and which records name their entries by which field: read when one does."""


class Company:
    """The records of one company in memory, as fresh as the newest `sync`."""

    def __init__(
        self,
        options: Options,
        door: Door,
        clock: ServiceClock,
        *,
        cache_file: Path | None = None,
        page: int = PAGE,
    ) -> None:
        self.options, self.door, self.clock = options, door, clock
        self.cache_file, self.page = cache_file, page
        self.kept: Kept | None = None
        self.turn = self._saved = 0  # moves on whenever something that is known changes
        self._unnamed = False
        self.seen: set[str] = set()  # the keys of tasks whose notes were seen in this process
        self._mains: dict[str, dict[str, Main]] = {}

    @property
    def records(self) -> Kept:
        """What is known; everything is read the first time."""
        if self.kept is None:
            self.sync()
        assert self.kept is not None
        return self.kept

    @property
    def zone(self) -> tzinfo:
        """The company's time zone."""
        rows = self.records.of("Customer").values()
        stamps = (str((row.get("MetaData") or {}).get("LastUpdatedTime") or "") for row in rows)
        stamp = next((stamp for stamp in stamps if stamp), "")
        return zone_of(self.options.timezone, self.records.company, stamp)

    @property
    def currency(self) -> str:
        """The currency of the books."""
        prefs = self.records.preferences.get("CurrencyPrefs") or {}
        return str((prefs.get("HomeCurrency") or {}).get("value") or "USD")

    # -- reading --------------------------------------------------------------------------------

    def sync(self) -> None:
        """Bring everything up to date: one call for the changes, or all pages where that is not
        enough.
        """
        if self.kept is None:
            options = self.options
            self.kept = cache.load(
                self.cache_file, realm=options.realm, months=options.history_months
            )
            for number, note in self.kept.notes.items():
                self._index(number, str(note["Note"]))
        kept = self.kept
        if kept.since is None or kept.whole is None or not changes.catch_up(self, kept):
            self._read_whole(kept)
        if self._unnamed:
            self._name(kept)

    def _read_whole(self, kept: Kept) -> None:
        """Read everything, then what changed while it was read."""
        kept.company = querying.one(self.door, "CompanyInfo")
        start = self.clock.now()
        kept.preferences = querying.one(self.door, "Preferences")
        kept.records = {
            kind: self.all_of(kept, kind) for kind in changes.KINDS if kind not in LISTS
        }
        self._unnamed = True
        if kept.whole is None:
            self.scan(kept)
        kept.since = kept.whole = start
        self.turn += 1
        # what changed meanwhile; more than it can tell is left to the next reading
        changes.take(self, changes.told(self, start - changes.OVERLAP))
        cache.save(self.cache_file, kept)

    def _name(self, kept: Kept) -> None:
        """Read the lists of names of which something names an entry that is not known."""
        for kind, (owner, field) in LISTS.items():
            used = {reference(row, field) for row in kept.of(owner).values()} - {""}
            if used <= kept.of(kind).keys():
                continue
            try:
                rows = self.every(kind, changes.EVERY_NAME if kind == "Term" else "")
            except RefusedError:  # not every plan has them
                rows = []
            known = {str(row["Id"]): cache.slim(kind, row) for row in rows}
            nameless: dict[str, Entity] = {number: {"Id": number} for number in used}
            kept.records[kind] = nameless | kept.of(kind) | known
            self.turn += 1
        self._unnamed = False

    def all_of(self, kept: Kept, kind: str) -> dict[str, Entity]:
        """All records of a kind; of what is settled only the history that is asked for."""
        conditions = [where for where, _ in changes.wanted(self, kept, kind)]
        rows = (row for where in conditions for row in self.every(kind, where))
        return {row["Id"]: cache.slim(kind, row) for row in rows}

    def every(self, kind: str, where: str) -> list[Entity]:
        """All records of a kind under a condition, by pages."""
        links = kind == "Invoice" and self.options.payment_links
        more = {"include": "invoiceLink"} if links else {}
        return querying.every(self.door, kind, where, page=self.page, **more)

    def scan(self, kept: Kept | None = None) -> None:
        """Find the notes of all logs: a head that a person removed is found again by them."""
        kept = kept or self.records
        known = set(kept.notes)
        for row in self.every("Attachable", ""):
            self.put_note(row, kept)
            known.discard(str(row["Id"]))
        for number in known:  # deleted meanwhile
            self._forget(kept, number)

    def _forget(self, kept: Kept, number: str) -> None:
        self.turn += 1
        del kept.notes[number]
        for mains in self._mains.values():
            mains.pop(number, None)

    # -- what we wrote or read otherwise --------------------------------------------------------

    def put(self, kind: str, row: Entity) -> None:
        """Take a record over as the service says it is now; one that is deleted goes."""
        records = self.records.of(kind)
        self.turn += 1
        if row.get("status") == "Deleted":
            records.pop(str(row["Id"]), None)
        else:
            old = records.get(str(row["Id"]), {})
            if kind == "Invoice" and "InvoiceLink" not in row and "InvoiceLink" in old:
                row = {**row, "InvoiceLink": old["InvoiceLink"]}  # changes come without it
            records[str(row["Id"])] = cache.slim(kind, row)
            self._unnamed |= kind in ("Invoice", "Customer")

    def put_note(self, row: Entity, kept: Kept | None = None) -> None:
        """Keep an attached note where it is part of a log, and where it is a task its Id."""
        text = str(row.get("Note") or "")
        if text.startswith("Dunwell: ") and "\n[dunwell " in text.replace("\r\n", "\n"):
            note = {"Note": text, "At": row["MetaData"]["CreateTime"]}
            self.turn += 1
            (kept or self.records).notes[str(row["Id"])] = note
            self._index(str(row["Id"]), text)
        elif is_task(text):
            self.seen.add(note_key(text))
            (kept or self.records).tasks[note_key(text)] = str(row["Id"])
            self.turn += 1

    def _index(self, number: str, text: str) -> None:
        with contextlib.suppress(UnreadableError):
            main = read_main(text)
            if main is not None:
                self._mains.setdefault(main.debtor, {})[number] = main

    def mains(self, debtor: str) -> Mapping[str, Main]:
        """The main notes of a debtor's log that are known here, those of losers too, by Id."""
        return self._mains.get(debtor, {})

    def notes(self, ids: Iterable[str]) -> dict[str, Entity]:
        """Notes of logs by Id; what is not known yet is read, what is gone is missing."""
        known = self.records.notes
        wanted = set(ids)
        missing = wanted - known.keys()
        if missing:
            for row in querying.chosen(self.door, "Attachable", missing, page=self.page):
                self.put_note(row)
        return {number: known[number] for number in wanted if number in known}

    def reread(self, kind: str, ids: Iterable[str]) -> dict[str, Entity]:
        """Some records as they are at this moment."""
        found = {}
        for row in querying.chosen(self.door, kind, ids, page=self.page):
            self.put(kind, row)
            found[str(row["Id"])] = self.records.of(kind)[str(row["Id"])]
        return found

    def close(self) -> None:
        """Keep what is known for the next run."""
        if self.kept is not None and self.turn != self._saved:
            cache.save(self.cache_file, self.kept)
            self._saved = self.turn

    # -- who pays for whom ----------------------------------------------------------------------

    def payer(self, customer: str) -> str:
        """Who gets the bill: up the parents as long as the bill goes with them."""
        rows, seen = self.records.of("Customer"), {customer}
        while True:
            row = rows.get(customer, {})
            parent = str((row.get("ParentRef") or {}).get("value") or "")
            if not row.get("BillWithParent") or not parent or parent in seen:
                return customer
            if parent not in rows:
                return customer
            customer = parent
            seen.add(customer)


def amount(row: Entity, name: str) -> Decimal:
    """An amount of a record; nothing is 0."""
    value = row.get(name)
    if value is None:
        return Decimal(0)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    raise ContractBrokenError(f"'{name}' of {row.get('Id')} is {value!r}, not an amount")


def reference(row: Entity, name: str) -> str:
    """The Id that a reference names."""
    return str((row.get(name) or {}).get("value") or "")


def created(row: Entity) -> datetime | None:
    """When a record was made."""
    return instant((row.get("MetaData") or {}).get("CreateTime"))


def sent_at(row: Entity) -> datetime | None:
    """When an invoice was mailed last."""
    return instant((row.get("DeliveryInfo") or {}).get("DeliveryTime"))
