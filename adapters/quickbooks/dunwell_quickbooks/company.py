"""What is known of a company: read whole once, afterwards only what changed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path

from dunwell.errors import ContractBrokenError
from dunwell_quickbooks import cache, querying
from dunwell_quickbooks.bundle import Main, UnreadableError, read_main
from dunwell_quickbooks.cache import Entity, Kept
from dunwell_quickbooks.calendar import ServiceClock, instant, zone_of
from dunwell_quickbooks.door import Door, RefusedError
from dunwell_quickbooks.options import Options
from dunwell_quickbooks.querying import PAGE, quoted

KINDS = ("Customer", "Invoice", "Payment", "CreditMemo", "Term")
CHANGES_FULL = 1000
"""So many changes may be a cut answer: it says nowhere that it was cut."""

OVERLAP = timedelta(minutes=2)
"""How far before the newest reading changes are asked for again."""

OLDEST = timedelta(days=29)
"""Changes are told for 30 days."""

WHOLE = timedelta(days=7)
"""How long changes alone are believed."""


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
        self.changed = False
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
        if kept.since is None or kept.whole is None or not self._catch_up(kept):
            self._read_whole(kept)

    def _catch_up(self, kept: Kept) -> bool:
        """Read what changed; False where only reading everything tells."""
        assert kept.since is not None
        assert kept.whole is not None
        if kept.since - kept.whole > WHOLE:
            return False
        since = kept.since - OVERLAP
        if self.clock.age() < float("inf") and self.clock.now() - since > OLDEST:
            return False
        try:
            found = self._changes(since)
        except RefusedError:
            return False  # the window is too old for the service, whose clock we do not know yet
        now = self.clock.now()
        if now - since > OLDEST:  # the clock was not known before
            return False
        if sum(len(rows) for rows in found.values()) >= CHANGES_FULL:
            self._catch_up_each(kept, since)
        else:
            self._take(found)
        kept.since = max(kept.since, now)
        return now - kept.whole <= WHOLE

    def _catch_up_each(self, kept: Kept, since: datetime) -> None:
        """Changes of each kind alone; all of a kind where even those may be cut."""
        for kind in KINDS:
            found = self._changes(since, kind)
            if len(found.get(kind, ())) >= CHANGES_FULL:
                kept.records[kind] = self._all(kept, kind)
                self.changed = True
            else:
                self._take(found)

    def _take(self, found: Mapping[str, Sequence[Entity]]) -> None:
        for kind, rows in found.items():
            for row in rows:
                self.put(kind, row)

    def _changes(self, since: datetime, *kinds: str) -> Mapping[str, Sequence[Entity]]:
        entities = ",".join(kinds or KINDS)
        params = {"entities": entities, "changedSince": since.isoformat(timespec="seconds")}
        answer = self.door.read("cdc", params)
        found: dict[str, list[Entity]] = {}
        for part in answer.get("CDCResponse") or []:
            for group in part.get("QueryResponse") or []:
                for kind in KINDS:
                    found.setdefault(kind, []).extend(group.get(kind) or [])
        return found

    def _read_whole(self, kept: Kept) -> None:
        """Read everything, then what changed while it was read."""
        kept.company = querying.one(self.door, "CompanyInfo")
        start = self.clock.now()
        kept.preferences = querying.one(self.door, "Preferences")
        kept.records = {kind: self._all(kept, kind) for kind in KINDS}
        try:
            types = self._every("CustomerType", "")
        except RefusedError:  # not every plan has them
            types = []
        kept.records["CustomerType"] = {r["Id"]: cache.slim("CustomerType", r) for r in types}
        if kept.whole is None:
            self._scan(kept)
        kept.since = kept.whole = start
        self.changed = True
        # what changed meanwhile; more than it can tell is left to the next reading
        self._take(self._changes(start - OVERLAP))
        cache.save(self.cache_file, kept)

    def _all(self, kept: Kept, kind: str) -> dict[str, Entity]:
        """All records of a kind; of what is settled only the history that is asked for."""
        zone = zone_of(self.options.timezone, kept.company, "")
        first = self.clock.now().astimezone(zone).date()
        first -= timedelta(days=31 * self.options.history_months)
        recent, older = f"TxnDate >= {quoted(str(first))}", f"TxnDate < {quoted(str(first))}"
        wanted = {
            "Invoice": (recent, f"{older} AND Balance > '0'"),
            "Payment": (recent,),
            "CreditMemo": ("",),
        }
        conditions = wanted.get(kind, ("Active IN (true,false)",))
        rows = (row for where in conditions for row in self._every(kind, where))
        return {row["Id"]: cache.slim(kind, row) for row in rows}

    def _every(self, kind: str, where: str) -> list[Entity]:
        links = kind == "Invoice" and self.options.payment_links
        more = {"include": "invoiceLink"} if links else {}
        return querying.every(self.door, kind, where, page=self.page, **more)

    def _scan(self, kept: Kept) -> None:
        """Find the notes of all logs: a head that a person removed is found again by them."""
        for row in self._every("Attachable", ""):
            self.put_note(row, kept)

    # -- what we wrote or read otherwise --------------------------------------------------------

    def put(self, kind: str, row: Entity) -> None:
        """Take a record over as the service says it is now; one that is deleted goes."""
        records = self.records.of(kind)
        self.changed = True
        if row.get("status") == "Deleted":
            records.pop(str(row["Id"]), None)
        else:
            old = records.get(str(row["Id"]), {})
            if kind == "Invoice" and "InvoiceLink" not in row and "InvoiceLink" in old:
                row = {**row, "InvoiceLink": old["InvoiceLink"]}  # changes come without it
            records[str(row["Id"])] = cache.slim(kind, row)

    def put_note(self, row: Entity, kept: Kept | None = None) -> None:
        """Keep an attached note where it is part of a log."""
        text = str(row.get("Note") or "")
        if text.startswith("Dunwell: ") and "\n[dunwell " in text.replace("\r\n", "\n"):
            note = {"Note": text, "At": row["MetaData"]["CreateTime"]}
            self.changed = True
            (kept or self.records).notes[str(row["Id"])] = note
            self._index(str(row["Id"]), text)

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
        if self.kept is not None and self.changed:
            cache.save(self.cache_file, self.kept)
            self.changed = False

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
