"""What people note in activities, as rows: ends of tasks, promises, disputes, exclusions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dunwell.money import Money, exponent
from dunwell_odoo.activities import Found, Noted
from dunwell_odoo.asking import Ask, Question, Record, parts, these
from dunwell_odoo.installed import Installed
from dunwell_odoo.lines import RECEIVABLE, Row, document
from dunwell_odoo.site import Site
from dunwell_odoo.values import minor

SIZE = 5_000
_AMOUNT = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?) ?([A-Z]{3})\b")
MOVE = "account.move"
LINE = "account.move.line"


@dataclass(frozen=True, slots=True)
class Lines:
    """The receivable lines behind activities: of an invoice all, of a customer the open ones."""

    of_move: Mapping[int, Sequence[Record]]
    of_debtor: Mapping[str, Sequence[Record]]

    def of(self, noted: Noted) -> Sequence[Record]:
        """The lines that an activity is about."""
        if noted.model == MOVE:
            return self.of_move.get(noted.record, ())
        return self.of_debtor.get(noted.owner.debtor, ())


@dataclass(frozen=True, slots=True)
class People:
    """Makes rows of activities."""

    ask: Ask
    installed: Installed
    site: Site

    def tasks(self, found: Found) -> Iterator[Row]:
        """Tasks that Dunwell gave; one that was thrown away was cancelled."""
        for noted in found.of(self.installed.task):
            if noted.key:
                state = "cancelled" if noted.gone else "open" if noted.active else "done"
                yield {
                    "key": noted.key,
                    "customer": noted.owner.debtor,
                    "company": noted.owner.company,
                    "state": state,
                    "outcome": noted.outcome,
                    "ended": noted.ended,
                }

    def promises(self, found: Found) -> Iterator[Row]:
        """A promise until each day it was ever for; what was moved or thrown away has ended."""
        given = list(found.of(self.installed.promises))
        lines = self._lines(given, every=[n for n in given if amount(n.summary) is None])
        for noted in given:
            made = noted.made
            moves = sorted(found.moved.get(noted.id, ()), key=lambda moved: moved.on)
            for moved in moves:
                yield from self._promise(noted, lines, made, moved.old, moved.on)
                made = moved.on
            ended = noted.ended if noted.gone else None
            yield from self._promise(noted, lines, made, noted.by, ended)

    def _promise(
        self, noted: Noted, lines: Lines, made: date, by: date, ended: date | None
    ) -> Iterator[Row]:
        mine = lines.of(noted)
        worth = amount(noted.summary) or self._open(mine)
        if worth is None:
            return
        company = noted.owner.company or str(self.site.main.id)
        yield {
            "id": f"{noted.id}:{by.isoformat()}",
            "customer": noted.owner.debtor,
            "company": company,
            "made": made,
            "by": by,
            "currency": worth.currency,
            "amount": worth.minor,
            "items": [str(row["id"]) for row in mine] if noted.model == MOVE else [],
            "ended": ended,
        }

    def _open(self, lines: Sequence[Record]) -> Money | None:
        """All that is open on some lines, in the currency of the first."""
        owed = [row for row in lines if row["amount_residual_currency"] > 0]
        if not owed:
            return None
        first = owed[0]["currency_id"]
        currency = self.site.currency(first)
        same = (row for row in owed if row["currency_id"] == first)
        return Money(
            sum(minor(row["amount_residual_currency"], currency) for row in same), currency
        )

    def disputes(self, found: Found) -> Iterator[Row]:
        """Disputes; one on a customer is of all that is open."""
        given = list(found.of(self.installed.disputes))
        lines = self._lines(given, every=given)
        for noted in given:
            mine = lines.of(noted)
            named = [document(noted.record)] if noted.model == MOVE else []
            if len(mine) <= 1 or noted.model != MOVE:
                named = [str(row["id"]) for row in mine]
            part = amount(noted.summary)
            for item in named:
                yield {
                    "id": f"{noted.id}" if len(named) == 1 else f"{noted.id}:{item}",
                    "item": item,
                    "since": noted.made,
                    "amount": part.minor if part else None,
                    "reason": _AMOUNT.sub("", noted.summary).strip(" :,") or None,
                    "ended": noted.ended,
                }

    def exclusions(self, found: Found) -> Iterator[Row]:
        """Whom to leave alone, until the day of the activity; on an invoice, only that."""
        given = [each for each in found.of(self.installed.exclusions) if each.active]
        lines = self._lines([each for each in given if each.model == MOVE], every=())
        for noted in given:
            items: Iterable[str | None] = [None]
            if noted.model == MOVE:
                items = [str(row["id"]) for row in lines.of(noted)]
            for item in items:
                yield {
                    "id": str(noted.id) if item is None else f"{noted.id}:{item}",
                    "customer": noted.owner.debtor,
                    "item": item,
                    "reason": noted.summary or None,
                    "since": noted.made,
                    "until": noted.by,
                }

    def _lines(self, given: Sequence[Noted], *, every: Sequence[Noted]) -> Lines:
        """The lines behind activities; `every`: those on a customer that stand for all of it."""
        moves = sorted({each.record for each in given if each.model == MOVE})
        debtors = sorted({int(each.owner.debtor) for each in every if each.model != MOVE})
        of_move: dict[int, list[Record]] = {}
        of_debtor: dict[str, list[Record]] = {}
        spec = these(
            "move_id", "currency_id", "amount_residual_currency",
            partner_id=these("commercial_partner_id"),
        )  # fmt: skip
        for part in parts(moves, SIZE):
            where = [*RECEIVABLE, ["move_id", "in", list(part)]]
            for row in self.ask.all(Question(LINE, where, spec, SIZE)):
                of_move.setdefault(row["move_id"], []).append(row)
        for part in parts(debtors, SIZE):
            where = [
                *RECEIVABLE,
                ["reconciled", "=", False],
                ["partner_id.commercial_partner_id", "in", list(part)],
            ]
            for row in self.ask.all(Question(LINE, where, spec, SIZE)):
                if row["amount_residual_currency"] > 0:
                    payer = str(row["partner_id"]["commercial_partner_id"])
                    of_debtor.setdefault(payer, []).append(row)
        return Lines(of_move, of_debtor)


def amount(summary: str) -> Money | None:
    """The amount in what a person wrote; None where there is none.

    >>> amount("450 EUR, she said"), amount("1200.50 EUR"), amount("on Friday")
    (Money(minor=45000, currency='EUR'), Money(minor=120050, currency='EUR'), None)
    """
    for found in _AMOUNT.finditer(summary):
        try:
            exponent(found[2])
            return Money.of(found[1], found[2])
        except ValueError:
            continue
    return None
