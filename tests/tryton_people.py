"""What people do in Tryton, done as their client does it: over JSON-RPC, as the administrator."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dunwell.money import Money, parse_money
from dunwell.testing import Face, People
from dunwell.testing.people import absent
from dunwell_tryton.client import Client, reference
from dunwell_tryton.companion import TASK, key_of
from dunwell_tryton.wire import Record, RefusedError

_TASK = re.compile(rf"{TASK}(?: for (?P<owner>\S+))?(?: until (?P<due>\S+))?: (?P<text>.*)", re.S)


class Clerks(People):
    """Everything that a test asks of people; what Tryton lacks stays as it is in `People`."""

    def __init__(
        self, client: Client, today: Callable[[], date], *, module: bool, books: dict[str, Any]
    ) -> None:
        self.client, self.today, self.module = client, today, module
        if not books:  # the same in every copy of a database: asked once
            books |= self._books()
        self.accounts: dict[str, int] = books["accounts"]
        self.journals: dict[str, int] = books["journals"]
        self.currencies: dict[str, int] = books["currencies"]
        self.periods: list[Record] = books["periods"]
        self.newest = ""
        self.invoices = True

    def _books(self) -> dict[str, Any]:
        where = [["closed", "!=", True]]
        accounts = {
            kind: self._one("account.account", [[f"type.{kind}", "=", True], *where])
            for kind in ("receivable", "revenue")
        }
        accounts["cash"] = self._one("account.account", [["code", "=", "1.1.1"]])
        everything = [["active", "in", [True, False]]]
        currencies = self.client.rows("currency.currency", everything, ["code"])
        journals = self.client.rows("account.journal", [], ["type"])
        standard, span = [["type", "=", "standard"]], ["start_date", "end_date"]
        return {
            "accounts": accounts,
            "journals": {row["type"]: row["id"] for row in reversed(journals)},
            "currencies": {row["code"]: row["id"] for row in currencies},
            "periods": self.client.rows("account.period", standard, span),
        }

    def _one(self, model: str, domain: list[Any]) -> int:
        number: int = self.client.rows(model, domain, ["id"])[0]["id"]
        return number

    def _create(self, model: str, *values: Record) -> list[int]:
        numbers: list[int] = self.client.call(f"model.{model}.create", list(values), changes=True)
        return numbers

    def _write(self, model: str, number: int | str, **values: object) -> None:
        self.client.call(f"model.{model}.write", [int(number)], values, changes=True)

    # -- who and what there is ------------------------------------------------------------------

    def customer(
        self,
        name: str = "Acme",
        *,
        payer: str = "",
        email: str = "ap@acme.example",
        tags: Sequence[str] = (),
        credit_limit: Money | None = None,
    ) -> str:
        if payer:
            absent("customer that another one pays for")
        (number,) = self._create("party.party", self._party(name, email))
        if tags:
            made = self._create("party.category", *({"name": tag} for tag in tags))
            self._write("party.party", number, categories=[["add", made]])
        if credit_limit is not None:
            self._write("party.party", number, credit_limit_amount=credit_limit.decimal())
        self.newest = str(number)
        return self.newest

    def _party(self, name: str, email: str) -> Record:
        reached = {"type": "email", "value": email}
        address = {"street": "1 Long Street"}
        return {
            "name": name,
            "contact_mechanisms": [["create", [reached]]] if email else [],
            "addresses": [["create", [address]]],
        }

    def crowd(self, start: int, count: int) -> None:
        """Many customers who owe something, by entries in the books."""
        numbers = self._create(
            "party.party", *(self._party(f"Customer {start + n}", "") for n in range(count))
        )
        self.newest = str(numbers[-1])
        owed = [(str(number), Decimal(900), f"F{number}") for number in numbers]
        self.book([self.owed(*each) for each in owed])

    def person(self, name: str, *, email: str = "") -> str:
        self._create("res.user", {"name": name, "login": email or name, "email": email or None})
        return email or name

    def archive(self, customer: str) -> None:
        self._write("party.party", customer, active=False)

    def change_email(self, customer: str, email: str) -> None:
        where = [["party", "=", int(customer)], ["type", "=", "email"]]
        self._write(
            "party.contact_mechanism", self._one("party.contact_mechanism", where), value=email
        )

    def rate(self, currency: str, rate: str, *, on: date, company: str = "") -> None:
        inverse = (1 / Decimal(rate)).quantize(Decimal("1E-6"))
        if (1 / inverse).quantize(Decimal("1E-12")) != Decimal(rate):
            absent("rates with more than six digits the other way round")
        self._create(
            "currency.currency.rate",
            {"currency": self.currencies[currency], "date": on, "rate": inverse},
        )

    # -- what is owed ---------------------------------------------------------------------------

    def invoice(
        self,
        number: str = "",
        *,
        customer: str = "",
        amount: Money | str = "900 EUR",
        issued: date | None = None,
        due: date | None = None,
        company: str = "",
    ) -> str:
        worth = parse_money(amount) if isinstance(amount, str) else amount
        party = customer or self.newest
        issued = issued or self.today()
        due = due or issued + timedelta(days=30)
        if not self.invoices or worth.currency != "EUR" or worth.minor > 10**12:
            return self._entry(party, worth, issued=issued, due=due, number=number)
        named = re.fullmatch(r"(.*?)([1-9]\d*)", number)
        if named:
            self._number(named[1], int(named[2]), issued)
        invoice = self._draft(party, worth.decimal(), issued, due)
        self.skipping("model.account.invoice.post", [invoice])
        return self._lines(invoice)[0]

    def _number(self, prefix: str, number: int, on: date) -> None:
        """Let the next invoice of a year have this number."""
        where = [["sequence_type.name", "=", "Invoice"], ["name", "=", str(on.year)]]
        sequence = self._one("ir.sequence.strict", where)
        self._write("ir.sequence.strict", sequence, prefix=prefix, number_next=number)

    def _draft(self, party: str, worth: Decimal, issued: date, due: date) -> int:
        line = {
            "type": "line",
            "quantity": 1,
            "unit_price": worth,
            "account": self.accounts["revenue"],
            "description": "goods",
            "currency": self.currencies["EUR"],
        }
        where = [["party", "=", int(party)]]
        (invoice,) = self._create(
            "account.invoice",
            {
                "type": "out",
                "party": int(party),
                "invoice_address": self._one("party.address", where),
                "account": self.accounts["receivable"],
                "journal": self.journals["revenue"],
                "currency": self.currencies["EUR"],
                "invoice_date": issued,
                "payment_term_date": due,
                "lines": [["create", [line]]],
            },
        )
        return invoice

    def _lines(self, invoice: int) -> list[str]:
        where = [["move.origin", "=", reference("account.invoice", invoice)]]
        rows = self.client.rows(
            "account.move.line", [*where, ["account", "=", self.accounts["receivable"]]], ["id"]
        )
        return [str(row["id"]) for row in rows]

    def skipping(self, method: str, *params: object) -> Any:
        """A call; warnings are read and skipped, as people do."""
        for _ in range(5):
            try:
                return self.client.call(method, *params, changes=True)
            except RefusedError as refused:
                if not refused.warning:
                    raise
                warning = refused.warning
                self.client.call("model.res.user.warning.skip", warning, False, changes=True)
        raise AssertionError(f"{method} warns for ever")

    def _entry(self, party: str, worth: Money, *, issued: date, due: date, number: str) -> str:
        """What is owed by an entry in the books, as opening balances are."""
        owed = self.owed(party, worth.decimal(), number, issued=issued, due=due)
        if worth.currency != "EUR":
            for line, sign in zip(owed["lines"][0][1], (1, -1), strict=True):
                line["second_currency"] = self.currencies[worth.currency]
                line["amount_second_currency"] = sign * worth.decimal()
                side = "debit" if sign > 0 else "credit"
                line[side] = Decimal(round(worth.decimal(), 2)) or Decimal(1)
        (move,) = self.book([owed])
        return self._line_of(move)

    def owed(
        self, party: str, worth: Decimal, number: str,
        *, issued: date | None = None, due: date | None = None,
    ) -> Record:  # fmt: skip
        on = issued or self.today()
        owed = {
            "account": self.accounts["receivable"],
            "party": int(party),
            "debit": worth,
            "credit": Decimal(0),
            "maturity_date": due or on + timedelta(days=30),
            "description": number or None,
        }
        earned = {"account": self.accounts["revenue"], "debit": Decimal(0), "credit": worth}
        return self._move("revenue", on, owed, earned)

    def _move(self, journal: str, on: date, *lines: Record) -> Record:
        period = next(p["id"] for p in self.periods if p["start_date"] <= on <= p["end_date"])
        return {
            "period": period,
            "journal": self.journals[journal],
            "date": on,
            "lines": [["create", list(lines)]],
        }

    def book(self, moves: Sequence[Record]) -> list[int]:
        numbers = self._create("account.move", *moves)
        self.client.call("model.account.move.post", numbers, changes=True)
        return numbers

    def _line_of(self, move: int) -> str:
        where = [["move", "=", move], ["account", "=", self.accounts["receivable"]]]
        return str(self._one("account.move.line", where))

    # -- money that comes in --------------------------------------------------------------------

    def pay(self, item: str, amount: Money | str | None = None, *, on: date | None = None) -> str:
        (line,) = self.client.rows(
            "account.move.line", [["id", "=", int(item)]],
            ["party", "debit", "second_currency", "move.origin", "amount_second_currency"],
        )  # fmt: skip
        if line["second_currency"]:
            absent("payment in another currency in these tests")
        origin: str = line["move."]["origin"] or ""
        earlier = self._earlier(origin)
        left = line["debit"] - sum((row["credit"] for row in earlier), Decimal(0))
        worth = parse_money(amount).decimal() if isinstance(amount, str) else None
        worth = amount.decimal() if isinstance(amount, Money) else worth
        paid = left if worth is None else worth
        if paid > left:
            absent("overpayment in these tests")
        payment = self._pay(line["party"], paid, on or self.today())
        if paid == left:
            self._reconcile([int(item), payment, *(row["id"] for row in earlier)])
        elif origin:
            invoice = origin.partition(",")[2]
            self._write("account.invoice", invoice, payment_lines=[["add", [payment]]])
        return f"{payment}-{item}"

    def _earlier(self, origin: str) -> list[Record]:
        if not origin:
            return []
        invoice = int(origin.partition(",")[2])
        open_ = [["invoice_payments", "=", invoice], ["reconciliation", "=", None]]
        return self.client.rows("account.move.line", open_, ["credit"])

    def _pay(self, party: int, worth: Decimal, on: date) -> int:
        owed = {
            "account": self.accounts["receivable"],
            "party": party,
            "debit": Decimal(0),
            "credit": worth,
        }
        got = {"account": self.accounts["cash"], "debit": worth, "credit": Decimal(0)}
        (move,) = self.book([self._move("cash", on, owed, got)])
        return int(self._line_of(move))

    def _reconcile(self, lines: Sequence[int], *more: tuple[str, Record]) -> None:
        """The wizard that reconciles lines."""
        wizard = "wizard.account.move.reconcile_lines"
        context = {"active_model": "account.move.line", "active_ids": list(lines)}
        session, start, _ = self.client.call(f"{wizard}.create", changes=True)
        for state, data in ((start, {}), *more):
            self.client.call(
                f"{wizard}.execute", session, data, state, changes=True,
                active_id=lines[0], **context,
            )  # fmt: skip
        self.client.call(f"{wizard}.delete", session, changes=True)

    def reverse(self, settlement: str) -> None:
        payment = int(settlement.partition("-")[0])
        rows = self.client.rows("account.move.line", [["id", "=", payment]], ["reconciliation"])
        self.client.call(
            "model.account.move.reconciliation.delete", [rows[0]["reconciliation"]], changes=True
        )

    def write_off(self, item: str, amount: Money | str | None = None) -> None:
        if amount is not None:
            absent("write-off of a part in these tests")
        (line,) = self.client.rows(
            "account.move.line", [["id", "=", int(item)]], ["debit", "move.origin"]
        )
        earlier = self._earlier(line["move."]["origin"] or "")
        left = line["debit"] - sum((row["credit"] for row in earlier), Decimal(0))
        given_up = {
            "writeoff": self._one("account.move.reconcile.write_off", []),
            "date": self.today(),
            "amount": left,
            "currency": self.currencies["EUR"],
            "company": self.client.context["company"],
            "description": "lost",
        }
        self._reconcile(
            [int(item), *(row["id"] for row in earlier)], ("reconcile", {"writeoff": given_up})
        )

    def credit(self, number: str, amount: Money | str, *, customer: str, item: str = "") -> str:
        if item:
            absent("credit note for an item that is not applied to it")
        worth = parse_money(amount) if isinstance(amount, str) else amount
        return str(self._pay(int(customer), worth.decimal(), self.today()))

    # -- what people say ------------------------------------------------------------------------

    def say(self, customer: str, text: str) -> str:
        """Write a note on a party."""
        made = {"resource": reference("party.party", customer), "message": text}
        return str(self._create("ir.note", made)[0])

    def promise(
        self, customer: str, amount: Money | str, *, by: date, items: Sequence[str] = ()
    ) -> str:
        worth = parse_money(amount) if isinstance(amount, str) else amount
        named = f" for {', '.join(map(self._called, items))}" if items else ""
        text = f"promise: {worth.decimal()} {worth.currency} by {by.isoformat()}{named}"
        return self.say(customer, text)

    def _called(self, item: str) -> str:
        fields = ["move.origin.rec_name", "description", "move.number"]
        (row,) = self.client.rows("account.move.line", [["id", "=", int(item)]], fields)
        origin = row["move."].get("origin.") or {}
        name: str = origin.get("rec_name") or row["description"] or row["move."]["number"]
        return name.split()[0]

    def move_promise(self, promise: str, *, by: date) -> str:
        (row,) = self.client.rows("ir.note", [["id", "=", int(promise)]], ["resource", "message"])
        party = row["resource"].partition(",")[2]
        self.withdraw_promise(promise)
        amount = row["message"].partition(":")[2].partition(" by ")[0].strip()
        return self.promise(party, amount, by=by)

    def withdraw_promise(self, promise: str) -> None:
        (row,) = self.client.rows("ir.note", [["id", "=", int(promise)]], ["resource"])
        self.say(row["resource"].partition(",")[2], "promise withdrawn")

    def dispute(self, item: str, amount: Money | str | None = None, *, reason: str = "") -> str:
        rows = self.client.rows("account.move.line", [["id", "=", int(item)]], ["party"])
        part = ""
        if amount is not None:
            worth = parse_money(amount) if isinstance(amount, str) else amount
            part = f" {worth.decimal()} {worth.currency}"
        text = f"dispute: {self._called(item)}{part} {reason}".strip()
        return self.say(str(rows[0]["party"]), text)

    def end_dispute(self, dispute: str) -> None:
        (row,) = self.client.rows("ir.note", [["id", "=", int(dispute)]], ["resource", "message"])
        number = row["message"].split()[1]
        self.say(row["resource"].partition(",")[2], f"dispute ended: {number}")

    def exclude(
        self, customer: str, *, item: str = "", reason: str = "", until: date | None = None
    ) -> str:
        ends = f" until {until.isoformat()}" if until else ""
        return self.say(customer, f"do not contact: {reason or 'asked'}{ends}")

    def end_exclusion(self, exclusion: str) -> None:
        (row,) = self.client.rows("ir.note", [["id", "=", int(exclusion)]], ["resource"])
        self.say(row["resource"].partition(",")[2], "contact again")

    def call(self, customer: str, text: str = "called them") -> None:
        self.say(customer, f"called: {text}")

    def mail(self, customer: str, text: str = "wrote to them") -> None:
        record = ["party.party", int(customer)]
        self.client.call(
            "model.ir.email.send", "ap@acme.example", "", "", text, text, [], record, [], [],
            changes=True,
        )  # fmt: skip

    # -- blocks and tasks -----------------------------------------------------------------------

    def place_hold(self, customer: str, kind: str = "orders", *, company: str = "") -> None:
        if kind == "orders":
            self._write("party.party", customer, dunwell_hold="blocked by hand")
        else:
            self._write("party.party", customer, credit_limit_amount=Decimal(0))

    def lift_hold(self, customer: str, kind: str = "orders", *, company: str = "") -> None:
        if kind == "orders":
            self._write("party.party", customer, dunwell_hold=None)
        else:
            self._write("party.party", customer, credit_limit_amount=None)

    def change_hold(self, customer: str, kind: str, value: str) -> None:
        if kind != "orders":
            absent("marks that a person can change")
        self._write("party.party", customer, dunwell_hold=value)

    def finish_task(self, key: str, outcome: str = "") -> None:
        self._end(key, "done", outcome)

    def cancel_task(self, key: str) -> None:
        self._end(key, "cancelled", "")

    def _end(self, key: str, state: str, outcome: str) -> None:
        if self.module:
            task = self._one("dunwell.effect", [["key", "=", key]])
            self._write("dunwell.effect", task, state=state, outcome=outcome or None,
                        ended=self.today())  # fmt: skip
            return
        said = f"{state} {key}: {outcome}" if outcome else f"{state} {key}"
        self.say(self._task_note(key)["resource"].partition(",")[2], said)

    def _task_note(self, key: str) -> Record:
        domain = [["message", "like", f"{TASK}%{key}]"]]
        return self.client.rows("ir.note", domain, ["resource", "message"])[0]

    def delete_task(self, key: str) -> None:
        if self.module:
            task = self._one("dunwell.effect", [["key", "=", key]])
            self.client.call("model.dunwell.effect.delete", [task], changes=True)
            return
        self.client.call("model.ir.note.delete", [self._task_note(key)["id"]], changes=True)

    def faces(self, customer: str) -> Sequence[Face]:
        found = []
        where = [["resource", "=", reference("party.party", customer)]]
        for row in self.client.rows("ir.note", where, ["message"]):
            key = key_of(row["message"])
            text = row["message"].rpartition("\n")[0]
            task = _TASK.fullmatch(text)
            if key and task:
                due = date.fromisoformat(task["due"]) if task["due"] else None
                found.append(Face("task", key, task["text"], task["owner"] or "", due))
            elif key:
                found.append(Face("note", key, text))
        if self.module:
            fields = ["key", "kind", "summary", "text", "assignee", "due"]
            rows = self.client.rows("dunwell.effect", [["party", "=", int(customer)]], fields)
            for row in rows:
                text = "\n\n".join(part for part in (row["summary"], row["text"]) if part)
                found.append(
                    Face(row["kind"], row["key"], text, row["assignee"] or "", row["due"])
                )
        for row in self.client.rows("ir.email", where, ["subject", "body"]):
            key = key_of(row["body"])
            if key:
                found.append(Face("remind", key, row["subject"]))
        return found

    def delete_faces(self, customer: str) -> None:
        where = [["resource", "=", reference("party.party", customer)]]
        rows = self.client.rows("ir.note", where, ["message"])
        numbers = [row["id"] for row in rows if key_of(row["message"])]
        if numbers:
            self.client.call("model.ir.note.delete", numbers, changes=True)
