"""The tables, the clock and the link of an ERP in memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from dunwell.model import TABLES
from dunwell.money import Money, parse_money
from dunwell.testing.logbook import Logbook
from dunwell.testing.people import Face

Row = dict[str, object]
Link = Literal["up", "down", "lost", "late", "nonsense", "denied"]


def money(amount: Money | str) -> Money:
    """An amount that was written as one, or as text such as `900 EUR`."""
    return parse_money(amount) if isinstance(amount, str) else amount


def number(row: Row, column: str) -> int:
    """A number of a row."""
    value = row[column]
    assert isinstance(value, int)
    return value


@dataclass(slots=True)
class Work:
    """What Dunwell did under one key; `face` is what people see of it, None when deleted."""

    customer: str
    kind: str
    face: Face | None


class Rows:
    """The tables and the clock of an ERP; `rows[table][id]` has the published schema's columns."""

    def __init__(
        self,
        *,
        on: date,
        timezone: str,
        tenant: str,
    ) -> None:
        self.tenant = tenant
        self.zone = ZoneInfo(timezone)
        self.now = datetime.min.replace(tzinfo=UTC)
        self.on = on
        self.lock = threading.RLock()
        self.link: Link = "up"
        self.calls = 0
        self.bank_data_on: date | None = None
        self.rows: dict[str, dict[str, Row]] = {table: {} for table in TABLES}
        self.works: dict[str, Work] = {}
        self.logbook = Logbook()
        self._drawn = 0

    # -- the clock ------------------------------------------------------------------------------

    @property
    def on(self) -> date:
        """The company's own today; setting it makes it nine o'clock of that day."""
        return self.now.astimezone(self.zone).date()

    @on.setter
    def on(self, day: date) -> None:
        self.now = datetime.combine(day, time(9), self.zone).astimezone(UTC)

    def tick(self, **span: float) -> None:
        """Let time pass: `tick(hours=2)`."""
        self.now += timedelta(**span)

    # -- rows -----------------------------------------------------------------------------------

    def draw(self, prefix: str) -> str:
        """The next free identifier."""
        with self.lock:
            self._drawn += 1
            return f"{prefix}-{self._drawn}"

    def put(self, table: str, /, **row: object) -> str:
        """Write a row as it is, for what no act covers; the answer is its key."""
        unknown = set(row) - set(TABLES[table].schema)
        if unknown:
            raise TypeError(f"table '{table}' has no column '{min(unknown)}'")
        key = str(row[TABLES[table].key])
        if table == "rates":  # several days of one currency
            key = f"{row['company']}/{key}/{row['on']}"
        with self.lock:
            self.rows[table][key] = row
        return key

    def change(self, table: str, key: str, /, **columns: object) -> None:
        """Change some columns of a row."""
        with self.lock:
            self.rows[table][key].update(columns)

    def debtor(self, customer: str) -> str:
        """Who pays for a customer: itself, where nobody known does."""
        payer = str(self.rows["customers"].get(customer, {}).get("payer") or "")
        return payer if payer in self.rows["customers"] else customer

    def owners(self, item: str) -> set[str]:
        """Whose an item is, by its identifier or that of its document."""
        rows = self.rows["items"].values()
        return {str(r["customer"]) for r in rows if item in (r["id"], r.get("document"))}

    def main(self) -> str:
        """The company that is meant when none is named."""
        return next(iter(self.rows["companies"]))
