"""Queries, pages and notes: whatever people write, it comes back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.log.entry import Entry
from dunwell_quickbooks import bundle
from dunwell_quickbooks.bundle import Main
from dunwell_quickbooks.head import (
    LIMIT,
    FullError,
    Head,
    HoldLine,
    find_head,
    find_holds,
    length,
    with_head,
    with_hold,
    without_hold,
)
from dunwell_quickbooks.marks import find_marks
from dunwell_quickbooks.querying import every, quoted

from tests.quickbooks_books import RefusalError
from tests.quickbooks_kit import Clerks, adapter_to, responding
from tests.quickbooks_query import QueryFaultError, parse
from tests.quickbooks_service import Service

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
LINE = TEXT.map(lambda text: " ".join(text.split()))
HEADS = st.builds(
    Head,
    st.integers(1, 10**6),
    st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    st.integers(1, 10**12).map(str),
    st.frozensets(st.integers(0, 12)),
)


@pytest.fixture(autouse=True)
def _by_responses() -> Iterator[None]:
    with responding():
        yield


# -- queries ------------------------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_a_quoted_value_means_itself(text: str) -> None:
    asked = parse(f"SELECT * FROM Customer WHERE DisplayName = {quoted(text)}")
    assert asked.tests == [("DisplayName", "=", [text])]


@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=40))
@settings(max_examples=20)
def test_a_name_with_any_signs_is_found_over_the_wire(name: str) -> None:
    service = Service()
    clerks = Clerks(service)
    clerks.customer("Other")
    wanted = clerks.customer(f"O'Neill & {name} + \\ 🦊")
    with TemporaryDirectory() as folder:
        adapter = adapter_to(service, Path(folder))
        value = quoted(f"O'Neill & {name} + \\ 🦊")
        text = f"SELECT * FROM Customer WHERE DisplayName = {value}"
        found = adapter.company.door.query(text)
    assert [row["Id"] for row in found["Customer"]] == [wanted]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT * FROM Invoice WHERE Balance > 0", "4000"),
        ("SELECT * FROM Customer WHERE DisplayName = 'O''Neill'", "4000"),
        ("SELECT * FROM Invoice WHERE Balance > '0' OR Id = '1'", "4000"),
        ("SELECT * FROM Invoice MAXRESULTS 1001", "4000"),
        ("SELECT * FROM Invoice STARTPOSITION 0", "4000"),
        ("SELECT * FROM Invoice WHERE EmailStatus = 'EmailSent'", "4001"),
        ("SELECT * FROM Customer WHERE Notes LIKE '%x%'", "4001"),
        ("SELECT * FROM Invoice WHERE Id > '1'", "4001"),
        ("SELECT * FROM Unicorn", "4001"),
    ],
)
def test_the_stand_in_refuses_what_the_service_refuses(text: str, code: str) -> None:
    with pytest.raises(QueryFaultError) as caught:
        parse(text)
    assert caught.value.code == code
    with pytest.raises(RefusalError):
        Service().books.query(text)


@given(
    count=st.integers(0, 45),
    page=st.integers(2, 12),
    meanwhile=st.lists(st.tuples(st.integers(0, 8), st.sampled_from("adp")), max_size=6),
)
@settings(max_examples=60)
def test_a_row_that_was_there_all_the_time_is_read_once(
    count: int, page: int, meanwhile: list[tuple[int, str]]
) -> None:
    service = Service()
    clerks = Clerks(service)
    clerks.customer()
    there = [clerks.invoice() for _ in range(count)]
    gone: set[str] = set()
    with TemporaryDirectory() as folder:
        door = adapter_to(service, Path(folder)).company.door
        plain, asked = door.query, 0

        def query(text: str, **params: str) -> dict[str, object]:
            nonlocal asked
            for at, act in meanwhile:
                alive = [item for item in there if item not in gone]
                if at == asked and act == "a":
                    clerks.invoice()
                elif at == asked and alive and act == "d":
                    clerks.delete_invoice(alive[0])
                    gone.add(alive[0])
                elif at == asked and alive and act == "p":
                    clerks.change("Invoice", alive[-1], PrivateNote="touched")
            asked += 1
            return plain(text, **params)

        door.query = query  # type: ignore[method-assign]
        found = [row["Id"] for row in every(door, "Invoice", page=page)]
    assert len(found) == len(set(found))
    assert set(there) - gone <= set(found)


# -- the customer's notes -----------------------------------------------------------------------


@given(TEXT, HEADS, HEADS)
def test_a_head_is_found_among_what_people_wrote_and_changes_nothing_of_it(
    notes: str, first: Head, second: Head
) -> None:
    assert find_head(with_head(notes, first)) == first
    twice = with_head(with_head(notes, first), second)
    assert find_head(twice) == second
    assert twice == with_head(notes, second)
    assert len(str(first)) <= 120
    assert twice.startswith(notes)


HOLDS = st.builds(HoldLine, st.sampled_from(["orders", "credit"]), LINE, LINE)


@given(TEXT, st.lists(HOLDS, max_size=4), HEADS)
def test_holds_come_and_go_and_leave_what_people_wrote(
    notes: str, holds: list[HoldLine], head: Head
) -> None:
    written = with_head(notes, head)
    for hold in holds:
        written = with_hold(written, hold)
    assert {h.kind: h.value for h in find_holds(written)} == {h.kind: h.value for h in holds}
    for kind in ("orders", "credit"):
        written = without_hold(written, kind)
    assert written == with_head(notes, head)


@given(LINE.filter(bool), LINE.filter(bool))
def test_a_hold_whose_line_a_person_changed_is_not_ours_any_more(reason: str, more: str) -> None:
    line = with_hold("", HoldLine("orders", "dunwell:abc", reason))
    assert find_holds(line) == [HoldLine("orders", "dunwell:abc", reason[:200].strip())]
    for changed in (f"{line} {more}", line.replace("] ", f"] {more} ", 1)):
        (found,) = find_holds(changed)
        assert found.value != "dunwell:abc"


@given(st.integers(LIMIT - 130, LIMIT + 50), HEADS)
def test_notes_that_would_grow_too_long_are_refused(size: int, head: Head) -> None:
    notes = "é" * min(size, LIMIT)
    try:
        assert length(with_head(notes, head)) <= LIMIT
    except FullError:
        assert length(notes) + 1 + len(str(head)) > LIMIT


# -- the log's notes ----------------------------------------------------------------------------

ENTRIES = st.lists(st.tuples(st.text(max_size=600), st.text(max_size=200)), min_size=1, max_size=5)


@given(ENTRIES)
def test_entries_come_back_as_they_were_written(texts: list[tuple[str, str]]) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    entries = [
        Entry("7", None, n, "delivery", f"k{n}", at, "dunwell", body=body, text=text, nonce="n")
        for n, (body, text) in enumerate(texts, 5)
    ]
    data = bundle.written(entries)
    main = Main("7", 5, len(entries), ("1", "2"), 2, (), data, outcome=False, nonces=("n",))
    if not bundle.fits(main):
        parts = bundle.in_parts(data, "entry 5")
        assert all(length(part) <= bundle.LIMIT for part in parts)
        assert "".join(map(bundle.read_part, parts)) == data
        main = Main("7", 5, len(entries), ("1", "2"), 2, ("8",), "", outcome=False, nonces=("n",))
    text = bundle.main_note(main, " ".join(text for _, text in texts))
    assert length(text) <= bundle.LIMIT
    assert bundle.read_main(text) == main
    assert bundle.read_entries(main, data, at) == entries


@given(st.text(max_size=6_000))
def test_a_note_of_a_policy_comes_back_whole_and_fits(text: str) -> None:
    notes = bundle.people_notes(text, "betc364bsyhzfrupj4cq-1")
    assert all(length(note) <= bundle.LIMIT for note in notes)
    assert {bundle.note_key(note) for note in notes} == {"betc364bsyhzfrupj4cq-1"}
    whole = "".join(map(bundle.note_text, notes))
    safe = text.encode("utf-8", "replace").decode()
    assert whole.replace(" [dunwell", "[dunwell") == safe.replace(" [dunwell", "[dunwell")


@given(st.sampled_from(["", "x\n", "Dunwell: y\n"]), TEXT)
def test_no_text_of_a_policy_is_taken_for_the_log(before: str, after: str) -> None:
    forged = f'{before}[dunwell log] {{"v":1,"debtor":"7","first":1}}{after}'
    for note in bundle.people_notes(forged, "key-1"):
        assert bundle.read_main(note) is None


# -- marks of people ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("HOLD", "hold"), ("hold - ask Ana", "hold"), ("* On hold since May", "hold"),
        ("CREDIT HOLD", "hold"), ("DO NOT CONTACT", "exclusion"), ("Do not email!", "exclusion"),
        ("DNC", "exclusion"), ("don't contact", "exclusion"), ("DISPUTE 100.00 EUR", "dispute"),
        ("Disputed: damaged", "dispute"), ("PROMISE 2026-05-01", "promise"),
        ("Ana 3/4: PROMISE 2026-05-01", "promise"), ("they say: do not email us", "exclusion"),
        ("put on HOLD by Luis", "hold"),
        ("promised to pay by 2026-05-01", "promise"), ("CALLED 2026-03-02", "called"),
    ],
)  # fmt: skip
def test_a_mark_is_read_however_people_write_it(line: str, word: str) -> None:
    assert [mark.word for mark in find_marks(f"likes tea\n{line}\nend", "c")] == [word]


@pytest.mark.parametrize("line", ["likes to hold meetings", "[dunwell hold orders] x", "holder"])
def test_other_words_are_no_marks(line: str) -> None:
    assert find_marks(line, "c") == []


def test_a_promise_says_until_when_and_how_much_and_for_what() -> None:
    (mark,) = find_marks("PROMISE 2026-05-01 1,450.50 EUR made 2026-04-02 for 1001, 1002", "c")
    assert (mark.day, str(mark.amount), mark.currency) == (date(2026, 5, 1), "1450.50", "EUR")
    assert (mark.since, mark.items) == (date(2026, 4, 2), ("1001", "1002"))


@given(TEXT)
def test_any_notes_can_be_searched_for_marks(text: str) -> None:
    marks = find_marks(text, "c")
    assert len({mark.id for mark in marks}) == len(marks)
