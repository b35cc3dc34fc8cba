"""What of the Tryton adapter needs no Tryton: imports, settings, notes, lines of the books."""

from __future__ import annotations

import ast
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.errors import ConfigurationError
from dunwell.hooks import Settings
from dunwell.log.entry import Entry
from dunwell_tryton import head as heads
from dunwell_tryton import speech
from dunwell_tryton.client import Client
from dunwell_tryton.head import Head, Standing
from dunwell_tryton.lines import Line, matched, net
from dunwell_tryton.plugin import open_adapter
from dunwell_tryton.speech import Note

from tests.tryton_server import ZONE

ROOT = Path(__file__).parents[1]
PUBLIC = ("errors", "money", "calendar", "model", "facts", "log", "command", "port", "hooks")
GOOD = {"adapter": "tryton", "url": "http://localhost:8000", "database": "x", "user": "dunwell"}


def test_the_adapter_imports_only_what_is_public_and_nothing_of_tryton() -> None:
    for file in (ROOT / "plugins" / "tryton").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                top, _, rest = name.partition(".")
                known = top in sys.stdlib_module_names or top == "dunwell_tryton"
                assert known or (top == "dunwell" and rest.split(".")[0] in PUBLIC), name


def test_nothing_of_ours_imports_the_module_that_runs_in_tryton() -> None:
    parts = ("engine", "adapters", "plugins/tryton", "plugins/mail", "rules", "tests", "scripts")
    files = [file for part in parts for file in (ROOT / part).rglob("*.py")]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").partition(".")[0] not in ("trytond", "trytond_dunwell")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"urll": "x"}, "unknown setting 'urll'"),
        ({"url": None}, "'url' of [erp] is missing"),
        ({"url": "erp"}, "the url 'erp' is none"),
        ({"mail": "pigeon"}, "'tryton' or 'channels'"),
        ({"customer_type": "friend"}, "'customer_type' is 'friend'"),
        ({"company": "two"}, "number of the company"),
    ],
)
def test_a_setting_that_cannot_be_is_said_in_words(changed: dict[str, object], said: str) -> None:
    settings = Settings({**GOOD, **changed}, ROOT, lambda name: "secret")
    with pytest.raises(ConfigurationError, match=r".*") as caught:
        open_adapter(settings)
    assert said in str(caught.value)


def test_without_a_password_nothing_is_asked() -> None:
    with pytest.raises(ConfigurationError, match="DUNWELL_TRYTON_PASSWORD"):
        open_adapter(Settings(GOOD, ROOT))


def note(number: int, text: str, day: int = 2) -> Note:
    return Note(str(number), "7", datetime(2026, 3, day, tzinfo=UTC), text)


def test_a_promise_is_read_from_a_note_and_ended_by_a_later_one() -> None:
    notes = [
        note(1, "Promise: 450.50 EUR by 2026-03-10 for 12, 13"),
        note(2, "promise withdrawn", 4),
        note(3, "promise: 100 EUR by 2026-04-01"),
    ]
    first, second = speech.promises(notes, "1")
    assert (first["amount"], first["by"], first["items"]) == (
        45_050,
        date(2026, 3, 10),
        ["12", "13"],
    )
    assert [first["ended"], second["ended"]] == [date(2026, 3, 4), None]


def test_a_note_of_late_evening_is_of_the_companys_own_day() -> None:
    class Notes(Client):
        def call(
            self, method: str, *params: object, changes: bool = False, **context: object
        ) -> Any:
            row = {"id": 1, "resource": "party.party,7", "message": "promise: 9 EUR by 2026-03-10"}
            return [{**row, "create_date": datetime(2026, 3, 2, 23, 30, tzinfo=UTC)}]

    asked = Notes("http://erp", "x", "dunwell", "secret")
    (row,) = speech.promises(speech.said(asked, ["7"], "promise", zone=ZONE), "1")
    assert row["made"] == date(2026, 3, 3)


def test_what_is_no_promise_is_only_a_note() -> None:
    assert list(speech.promises([note(1, "promise: soon"), note(2, "promised a lot")], "1")) == []


def test_a_dispute_names_the_item_the_part_and_why() -> None:
    part, whole = speech.disputes([note(1, "dispute: 12 100 EUR damaged"), note(2, "dispute: 13")])
    assert (part["item"], part["amount"], part["reason"]) == ("12", 10_000, "damaged")
    assert (whole["item"], whole["amount"], whole["reason"]) == ("13", None, None)


def test_who_may_be_contacted_again_is_not_excluded() -> None:
    stop, again = note(1, "do not contact: insolvent until 2026-05-01"), note(2, "contact again")
    (row,) = speech.exclusions([stop])
    assert (row["reason"], row["until"]) == ("insolvent", date(2026, 5, 1))
    assert list(speech.exclusions([stop, again])) == []
    assert len(list(speech.exclusions([stop, again, note(3, "do not contact")]))) == 1


def line(number: int, minor: int, **more: object) -> Line:
    values: dict[str, object] = {
        "id": number, "party": "7", "currency": "EUR", "minor": minor,
        "due": date(2026, 3, number), "on": date(2026, 2, number), "number": str(number),
        "invoice": None, "settles": (),
        "reconciliation": None, "journal": "", **more,
    }  # fmt: skip
    return Line(**values)  # type: ignore[arg-type]


def test_a_payment_on_an_invoice_covers_its_oldest_line_first() -> None:
    lines = [line(1, 500, invoice=9), line(2, 500, invoice=9), line(3, -700, settles=(9,))]
    left, paid, rest = net(lines)
    assert left == {1: 0, 2: 300}
    assert [(item.id, part) for _, item, part in paid] == [(1, 500), (2, 200)]
    assert rest == {3: 0}


def test_a_payment_that_names_no_invoice_covers_none() -> None:
    left, paid, rest = net([line(1, 500, invoice=9), line(3, -700)])
    assert (left, paid, rest) == ({1: 500}, [], {3: 700})


@given(
    st.lists(st.integers(1, 1000), min_size=1, max_size=8),
    st.lists(st.integers(1, 1000), max_size=8),
)
def test_no_cent_is_lost_or_made_in_a_reconciliation(owed: list[int], paid: list[int]) -> None:
    lines = [line(n + 1, minor) for n, minor in enumerate(owed)]
    lines += [line(n + 11, -minor) for n, minor in enumerate(paid)]
    rows = list(matched(lines))
    assert sum(part for _, _, part, _ in rows) == min(sum(owed), sum(paid))
    for one in lines:
        mine = sum(part for payment, item, part, _ in rows if one in (payment, item))
        assert mine <= abs(one.minor)
    closed = [item.id for _, item, _, closes in rows if closes]
    assert len(closed) == len(set(closed))


@given(st.text(), st.text(), st.sampled_from([None, "0", "5000.00"]))
def test_a_head_is_read_as_it_was_written(text: str, mark: str, old: str | None) -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    entry = Entry("7", "1", 3, "claim", "key", at, "dunwell", body=text, text=text, nonce="n")
    head = Head(
        "7", 5, "stamp", noted=2, entries=(entry,), begun={"key-1": at.isoformat()},
        holds=(Standing("credit", mark, "2026-03-02", old),),
    )  # fmt: skip
    row = {"id": 5, "party": 7, "_timestamp": "stamp", "comment": heads.text_of(head)}
    assert heads.parse(row) == head


@pytest.mark.parametrize("comment", [None, "", "hello", "banner\n{", 'banner\n{"noted": 1}'])
def test_a_head_that_a_person_changed_is_garbled_and_not_empty(comment: str | None) -> None:
    row = {"id": 5, "party": 7, "_timestamp": "stamp", "comment": comment}
    assert heads.parse(row).garbled
