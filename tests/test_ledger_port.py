"""What the ledger answers to the engine: tables, log, effects, settings."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.command import Command
from dunwell.errors import ConfigurationError, UnavailableError
from dunwell.hooks import Settings
from dunwell.log.entry import Result
from dunwell.model import TABLES, frame, page_problems
from dunwell.money import Money
from dunwell.port import Adapter, Capability, Effect, Found, Lost, Refused, Sought, Won
from dunwell_ledger import people, reading
from dunwell_ledger.adapter import LedgerAdapter
from dunwell_ledger.plugin import dunwell_adapters, open_adapter
from dunwell_ledger.sample import make_sample
from dunwell_ledger.store import Ledger, create, open_ledger

from tests.ledger_kit import NOW, ON, adapter, counted, entry, small, table

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return small(tmp_path / "ledger.sqlite")


def effect(kind: str, key: str = "k1", debtor: str = "C1", **fields: object) -> Effect:
    command = Command(kind=kind, action=kind, ladder="p", source="s", **fields)  # type: ignore[arg-type]
    return Effect(key, debtor, "ES", command, LATER)


# Settings


def erp_settings(folder: Path, **values: object) -> Settings:
    return Settings(values, folder)


def test_the_plugin_registers_the_ledger_and_its_commands() -> None:
    (plugin,) = dunwell_adapters()
    assert (plugin.name, plugin.commands) == ("ledger", "dunwell_ledger.cli:ledger")


def test_the_path_is_relative_to_the_folder_of_the_settings(tmp_path: Path) -> None:
    create(tmp_path / "books.sqlite", identity="x").close()
    erp = open_adapter(erp_settings(tmp_path, adapter="ledger", path="books.sqlite"))
    assert isinstance(erp, Adapter)
    assert erp.describe().tenant == "ledger:x"
    erp.close()
    erp.close()


def test_an_unknown_setting_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'path'"):
        open_adapter(erp_settings(tmp_path, pth="x"))


def test_a_missing_file_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no ledger at"):
        open_adapter(erp_settings(tmp_path))


def test_a_file_that_is_no_database_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"no,database\n" * 500)
    with pytest.raises(ConfigurationError, match="is no ledger, or is damaged"):
        open_adapter(erp_settings(tmp_path))


def test_another_database_is_not_taken_for_a_ledger(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "ledger.sqlite")
    other.execute("CREATE TABLE x (y)")
    other.close()
    with pytest.raises(ConfigurationError, match="not a ledger of Dunwell"):
        open_adapter(erp_settings(tmp_path))


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    create(tmp_path / "ledger.sqlite").close()
    newer = sqlite3.connect(tmp_path / "ledger.sqlite")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(ConfigurationError, match="newer Dunwell"):
        open_adapter(erp_settings(tmp_path))


@pytest.mark.parametrize(("key", "value"), [("today", "soon"), ("now", "noon"), ("path", 7)])
def test_settings_of_the_wrong_kind_are_refused(tmp_path: Path, key: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"'{key}' in"):
        open_adapter(erp_settings(tmp_path, **{key: value}))


def test_today_is_the_companys_own(book: Ledger) -> None:
    fixed = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)  # half past midnight in Madrid
    erp = open_adapter(erp_settings(book.path.parent, now=fixed))
    assert (erp.describe().on, erp.describe().now) == (date(2026, 3, 5), fixed)
    pinned = open_adapter(erp_settings(book.path.parent, today="2026-01-02")).describe()
    assert pinned.on == date(2026, 1, 2)
    assert abs(pinned.now - datetime(2026, 1, 2, 12, tzinfo=UTC)) < timedelta(hours=14)


def test_holds_are_advisory_and_messages_are_not_the_ledgers(book: Ledger) -> None:
    able = adapter(book).capabilities()
    assert able[Capability.APPEND].level == "exclusive"
    assert able[Capability.HOLD].level == "advisory"
    assert able[Capability.HOLD].reason
    assert not able[Capability.REMIND].there


# Reading


def test_every_page_of_a_sample_is_of_the_published_schema(tmp_path: Path) -> None:
    erp = adapter(make_sample(tmp_path / "s.sqlite", customers=80, on=ON))
    for name in TABLES:
        found = table(erp, name)
        assert list(page_problems(name, found)) == []
        assert found.height or name in ("holds", "tasks")


def test_pages_follow_each_other_without_gap_or_overlap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp = adapter(make_sample(tmp_path / "s.sqlite", customers=40, on=ON))
    whole = {name: table(erp, name) for name in TABLES}
    monkeypatch.setattr(reading, "PAGE", 7)
    for name in TABLES:
        assert table(erp, name).equals(whole[name]), name
    since = date(2025, 9, 1)
    recent = table(erp, "settlements", since=since)
    assert recent.height == whole["settlements"].filter(whole["settlements"]["on"] >= since).height


@pytest.mark.parametrize("customers", [10, 200])
def test_queries_do_not_grow_with_customers(tmp_path: Path, customers: int) -> None:
    make_sample(tmp_path / "s.sqlite", customers=customers, on=ON).close()
    erp = adapter(open_ledger(tmp_path / "s.sqlite"))
    with counted() as queries:
        for name in TABLES:
            table(erp, name)
        debtors = table(erp, "customers")["id"].to_list()
        for name in TABLES:
            table(erp, name, debtors)
        erp.heads(since=ON, debtors=debtors)
        erp.look_up([Sought(f"k{n}", "C1", "ES", "task") for n in range(customers)])
    # two a whole table, at most two for chosen debtors, two for heads, one for a look-up
    assert len(queries) <= 2 * 13 + 2 + 2 * 13 + 2 + 1


def test_chosen_debtors_come_with_whom_they_pay_for(book: Ledger) -> None:
    with book.writing() as connection:
        people.add(connection, "customers", [{"id": "C3", "name": "Three", "tags": "vip, b2b"}])
        people.dispute(connection, "F2", ON)
        people.exclude(connection, "C3", ON)
    erp = adapter(book)
    assert table(erp, "items", ["C1"])["id"].to_list() == ["I1", "I2"]
    assert table(erp, "items", ["C2"]).is_empty()  # not a payer
    assert table(erp, "disputes", ["C1"]).height == 1
    assert table(erp, "disputes", ["C3"]).is_empty()
    assert table(erp, "exclusions", ["C3"]).height == 1
    assert sorted(table(erp, "customers", ["C3"])["tags"][0]) == ["b2b", "vip"]


@settings(max_examples=15)
@given(text=st.text(max_size=60), amount=st.integers(0, 2**63 - 1))
def test_hostile_text_and_the_largest_amounts_survive(
    tmp_path_factory: pytest.TempPathFactory, text: str, amount: int
) -> None:
    book = small(tmp_path_factory.mktemp("h") / "l.sqlite")
    name = text + "<b onload='x'>\"\u202e\x00" + "é" * 2000
    try:
        name.encode()
    except UnicodeEncodeError:
        name = "a lone surrogate is no text"
    with book.writing() as connection:
        people.add(connection, "customers", [{"id": "H", "name": name, "tags": "a'b\x00c"}])
        item = {"customer": "H", "company": "ES", "currency": "EUR"}
        people.add(connection, "items", [{"id": "X", "number": name, "amount": amount, **item}])
    erp = adapter(book)
    customer = table(erp, "customers", ["H"]).row(0, named=True)
    assert (customer["name"], customer["tags"]) == (name, ["a'b\x00c"])
    if amount:
        item_row = table(erp, "items", ["H"]).row(0, named=True)
        assert (item_row["number"], item_row["balance"]) == (name, amount)
    book.close()


def test_a_page_whose_names_are_too_long_for_one_text_is_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = small(tmp_path / "l.sqlite")
    with book.writing() as connection:
        people.add(connection, "customers", [
            {"id": f"L{n}", "name": "x" * 900, "tags": "a,b" if n % 2 else ""} for n in range(40)
        ])  # fmt: skip
    whole = table(adapter(book), "customers")
    with book.reading() as connection:  # the one connection there is
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 20_000)
    assert table(adapter(book), "customers").equals(whole)


def test_unknown_tables_are_refused(book: Ledger) -> None:
    with pytest.raises(ConfigurationError, match="no table 'orders'"):
        table(adapter(book), "orders")


# The log


def test_positions_are_won_lost_or_refused(book: Ledger) -> None:
    erp = adapter(book)
    first = erp.append([
        entry("C1", 1, nonce="a"), entry("C1", 1, nonce="b"), entry("C1", 2),
        entry("C9", 2), entry("C2", 0), entry("C8", 1),
    ])  # fmt: skip
    assert first[:3] == [Won(), Lost("a"), Won()]
    assert [type(answer) for answer in first[3:]] == [Refused, Refused, Won]
    assert "ends at 0" in str(first[3])
    assert erp.append([entry("C1", 2)]) == [Lost("")]


def test_an_entry_that_cannot_be_stored_does_not_sink_the_others(book: Ledger) -> None:
    answers = adapter(book).append([entry("C1", 1, text="\ud800"), entry("C2", 1)])
    assert isinstance(answers[0], Refused)
    assert answers[1] == Won()


def test_the_ledger_stamps_the_time(book: Ledger) -> None:
    erp = adapter(book)
    erp.append([entry("C1", 1)])
    assert [one.at for one in erp.heads(since=ON).entries] == [NOW]


def test_a_won_entry_is_seen_at_once_by_another_instance(book: Ledger) -> None:
    adapter(book).append([entry("C1", 1, body="{}", text="t", nonce="n")])
    (seen,) = adapter(open_ledger(book.path)).heads(since=ON).entries
    assert seen == entry("C1", 1, body="{}", text="t", nonce="n")


def test_heads_are_the_newest_outcome_what_follows_and_peoples_contacts(book: Ledger) -> None:
    erp = adapter(book)
    erp.append([entry("C1", n, "outcome" if n in (2, 4) else "claim") for n in range(1, 7)])
    erp.append([entry("C9", 1)])
    with book.writing() as connection:
        for ago in (1, 90):
            people.contact(connection, "C2", "call", "hello", at=NOW - timedelta(days=ago))
    heads = erp.heads(since=ON - timedelta(days=14))
    assert [(e.debtor, e.position) for e in heads.entries if e.position] == [
        ("C1", 4), ("C1", 5), ("C1", 6), ("C9", 1),
    ]  # fmt: skip
    # the contact was with C2, whose debtor is C1
    assert [(e.debtor, e.by) for e in heads.entries if not e.position] == [("C1", "person")]
    assert {e.debtor for e in erp.heads(since=ON, debtors=["C9"]).entries} == {"C9"}


def test_heads_cost_the_same_with_a_long_past(book: Ledger) -> None:
    erp = adapter(book)
    erp.append([entry("C1", n, "outcome" if n % 2 else "claim") for n in range(1, 10_000)])
    with book.reading() as connection:
        steps = [0]
        connection.set_progress_handler(lambda: steps.__setitem__(0, steps[0] + 1), 100)
    assert [e.position for e in erp.heads(since=ON).entries] == [9_999]
    assert steps[0] < 10
    assert [e.position for e in erp.log("C1", limit=3)] == [9_999, 9_998, 9_997]


def test_the_log_is_append_only(book: Ledger) -> None:
    adapter(book).append([entry("C1", 1)])
    for statement in ("DELETE FROM log", "UPDATE log SET text = 'x'"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"), book.writing() as c:
            c.execute(statement)


def test_threads_race_for_one_position_and_one_wins(book: Ledger) -> None:
    erp, rounds = adapter(book), 25
    gate = threading.Barrier(8)

    def race(worker: int) -> list[bool]:
        won = []
        for position in range(1, rounds + 1):
            gate.wait()
            (answer,) = erp.append([entry("C1", position, nonce=str(worker))])
            won.append(answer == Won())
            gate.wait()
        return won

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(race, range(8)))
    assert [sum(column) for column in zip(*results, strict=True)] == [1] * rounds
    assert len(erp.log("C1")) == rounds


def _race(path: Path, worker: int, rounds: int) -> list[int]:
    erp = LedgerAdapter(open_ledger(path))
    won = []
    for position in range(1, rounds + 1):
        (answer,) = erp.append([entry("C1", position, nonce=str(worker))])
        assert isinstance(answer, Won | Lost)
        if answer == Won():
            won.append(position)
    erp.close()
    return won


def test_processes_race_for_one_position_and_one_wins(book: Ledger) -> None:
    rounds = 20
    book.close()
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        found = [pool.submit(_race, book.path, worker, rounds) for worker in range(3)]
        won = Counter(position for future in found for position in future.result())
    assert won == Counter(range(1, rounds + 1))


def test_a_ledger_that_another_program_writes_is_unavailable(book: Ledger) -> None:
    waiting = Ledger(book.path, wait=0.05)
    with book.writing(), pytest.raises(UnavailableError, match="another program"):
        adapter(waiting).append([entry("C1", 1)])
    waiting.close()


# Effects


def test_a_task_goes_to_the_first_who_is_here_and_active(book: Ledger) -> None:
    erp = adapter(book)
    given_ = effect("task", summary="Call", assign=("bob", "ANA@acme.example"), due=ON)
    assert erp.execute([given_, given_]) == [Result("k1", "done"), Result("k1", "already_done")]
    assert erp.execute([given_]) == [Result("k1", "already_done")]
    (nobody,) = erp.execute([effect("task", "k2", summary="Call", assign=("eve",))])
    assert nobody.status == "done"
    assert "eve" in nobody.detail
    with book.reading() as connection:
        rows = connection.execute("SELECT key, assignee, due FROM tasks ORDER BY n").fetchall()
    assert rows == [("k1", "ana", "2026-03-04"), ("k2", "eve", None)]


def test_a_poisonous_command_does_not_sink_the_batch(book: Ledger) -> None:
    results = adapter(book).execute([
        effect("note", "a", text="one"),
        effect("note", "b", text="\ud800"),
        effect("hold", "c", name="no such kind", value="x"),
        effect("task", "d", debtor="nobody", summary="x"),
        effect("remind", "e"),
        effect("note", "f", text="two"),
    ])  # fmt: skip
    assert [result.status for result in results] == [
        "done", "failed", "failed", "rejected", "rejected", "done",
    ]  # fmt: skip
    assert [result.key for result in results] == list("abcdef")


def test_after_its_deadline_an_effect_is_not_done(book: Ledger) -> None:
    erp = adapter(book)
    late = effect("note", text="x")
    late = Effect(late.key, late.debtor, late.company, late.command, NOW - timedelta(seconds=1))
    assert [(r.status, r.reason) for r in erp.execute([late])] == [("skipped", "busy")]
    assert erp.look_up([Sought("k1", "C1", "ES", "note")]) == [Found.ABSENT]


def test_what_may_still_be_done_is_not_called_absent(book: Ledger) -> None:
    early = Sought("k1", "C1", "ES", "note", deadline=LATER)
    late = Sought("k1", "C1", "ES", "note", deadline=NOW - timedelta(seconds=1))
    assert adapter(book).look_up([early, late]) == [Found.CANNOT_TELL, Found.ABSENT]


def test_a_look_up_is_exact_even_when_a_person_threw_the_task_away(book: Ledger) -> None:
    erp = adapter(book)
    erp.execute([effect("task", summary="Call")])
    with book.writing() as connection:
        people.delete_task(connection, "k1")
    sought = [Sought("k1", "C1", "ES", "task"), Sought("k2", "C1", "ES", "task")]
    assert erp.look_up(sought) == [Found.PRESENT, Found.ABSENT]
    assert table(erp, "tasks").is_empty()


def test_the_ends_of_a_task_are_different_facts(book: Ledger) -> None:
    erp = adapter(book)
    erp.execute([effect("task", key, summary=key) for key in ("done", "cancelled", "open")])
    with book.writing() as connection:
        people.end_task(connection, "done", ON, outcome="will pay")
        people.end_task(connection, "cancelled", ON, state=people.CANCELLED)
    rows = table(erp, "tasks").select("key", "state", "outcome", "ended").rows()
    assert rows == [
        ("done", "done", "will pay", ON), ("cancelled", "cancelled", None, ON),
        ("open", "open", None, None),
    ]  # fmt: skip


def test_a_persons_hold_stays_when_dunwells_is_released(book: Ledger) -> None:
    erp = adapter(book)
    with book.writing() as connection:
        people.place_hold(connection, "C1", "orders", ON, by="luis", company="ES")
    erp.execute([effect("hold", "h", name="orders", value="dw-1")])
    assert sorted(table(erp, "holds")["value"].to_list()) == ["dw-1", "luis"]
    erp.execute([effect("release", "r", name="orders", value="dw-1")])
    assert table(erp, "holds")["value"].to_list() == ["luis"]


def test_a_hold_that_a_person_changed_is_left_as_it_is(book: Ledger) -> None:
    erp = adapter(book)
    erp.execute([effect("hold", "h", name="orders", value="dw-1")])
    with book.writing() as connection:
        connection.execute("UPDATE holds SET value = 'mine'")
    (result,) = erp.execute([effect("release", "r", name="orders", value="dw-1")])
    assert (result.status, result.reason) == ("skipped", "changed")
    assert table(erp, "holds")["value"].to_list() == ["mine"]


def test_a_hold_lifted_by_a_person_is_gone_and_releasing_it_is_no_error(book: Ledger) -> None:
    erp = adapter(book)
    erp.execute([effect("hold", "h", name="orders", value="dw-1")])
    with book.writing() as connection:
        assert people.lift_hold(connection, "C1", "orders", ON, by="luis") == 1
    assert table(erp, "holds").is_empty()
    assert erp.execute([effect("release", "r", name="orders", value="dw-1")])[0].status == "done"
    with pytest.raises(ConfigurationError, match="no 'orders' hold"), book.writing() as c:
        people.lift_hold(c, "C1", "orders", ON, by="luis")


def test_a_persons_tag_is_not_taken_away(book: Ledger) -> None:
    erp = adapter(book)
    with book.writing() as connection:
        people.add(connection, "customers", [{"id": "C1", "tags": "vip"}])
    erp.execute([effect("tag", "a", name="vip"), effect("tag", "b", name="agency")])
    results = erp.execute([effect("untag", "c", name="vip"), effect("untag", "d", name="agency")])
    assert [result.status for result in results] == ["skipped", "done"]
    assert table(erp, "customers", ["C1"])["tags"][0].to_list() == ["vip"]


# What people do


def test_a_payment_covers_the_oldest_due_first_and_the_rest_stays_a_credit(book: Ledger) -> None:
    erp = adapter(book)
    with book.writing() as connection:
        people.pay(connection, "C1", Money(2500, "EUR"), ON)
    assert table(erp, "items").select("id", "balance").rows() == [("I1", 500)]
    settled = table(erp, "settlements").select("item", "amount", "closes").rows()
    assert settled == [("I2", 2000, True), ("I1", 500, False)]
    with book.writing() as connection:
        over = people.pay(connection, "C1", Money(700, "EUR"), ON, items=["F1"])
    assert table(erp, "credits").select("id", "kind", "balance").rows() == [
        (over, "payment", -200)
    ]


def test_a_reversed_payment_opens_its_items_again(book: Ledger) -> None:
    erp = adapter(book)
    with book.writing() as connection:
        people.pay(connection, "C1", Money(100, "EUR"), ON - timedelta(days=3), items=["I1"])
        name = people.pay(connection, "C1", Money(900, "EUR"), ON, items=["I1"])
        people.reverse(connection, name, ON)
    row = table(erp, "items", ["C1"]).row(0, named=True)
    assert (row["balance"], row["last_payment"]) == (900, ON - timedelta(days=3))
    assert table(erp, "settlements")["closes"].to_list() == [False]
    assert table(erp, "credits").is_empty()
    with pytest.raises(ConfigurationError, match="could be reversed"), book.writing() as c:
        people.reverse(c, name, ON)


def test_a_write_off_settles_but_is_no_payment(book: Ledger) -> None:
    erp = adapter(book)
    with book.writing() as connection:
        people.write_off(connection, "F2", ON)
    assert table(erp, "settlements")["kind"].to_list() == ["write_off"]
    assert table(erp, "items")["id"].to_list() == ["I1"]
    assert erp.describe().bank_data_on is None


def test_nobody_pays_in_another_currency_or_company(book: Ledger) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="own company"), book.writing() as c:
        people.pay(c, "C1", Money(100, "USD"), ON, items=["I1"])
    assert table(adapter(book), "items")["balance"].to_list() == [1000, 2000]


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 2500), st.booleans(), st.booleans()), max_size=12))
def test_balances_always_follow_from_allocations(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool, bool]]
) -> None:
    book = small(tmp_path_factory.mktemp("b") / "l.sqlite")
    paid: list[str] = []
    for amount, one_item, back in steps:
        with book.writing() as connection:
            if back and paid:
                people.reverse(connection, paid.pop(amount % len(paid)), ON)
            else:
                items = ["I1"] if one_item else None
                paid.append(people.pay(connection, "C1", Money(amount, "EUR"), ON, items=items))
    with book.reading() as c:
        wrong = c.execute(
            "SELECT 1 FROM items i WHERE balance <> amount - (SELECT coalesce(sum(amount), 0)"
            " FROM allocations WHERE item = i.id) OR (balance = 0) <> (SELECT coalesce("
            "max(closes), 0) FROM allocations WHERE item = i.id)"
            " UNION ALL SELECT 1 FROM credits c WHERE left <> amount - (SELECT"
            " coalesce(sum(amount), 0) FROM allocations WHERE credit = c.n)"
        ).fetchall()
    assert wrong == []
    book.close()


def test_a_sample_is_the_same_for_one_seed_and_differs_for_another(tmp_path: Path) -> None:
    made = [
        adapter(make_sample(tmp_path / f"{n}.sqlite", customers=30, seed=seed, on=ON))
        for n, seed in enumerate((7, 7, 8))
    ]
    one, same, other = ([table(erp, name) for name in TABLES] for erp in made)
    assert all(a.equals(b) for a, b in zip(one, same, strict=True))
    assert not all(a.equals(b) for a, b in zip(one, other, strict=True))


def test_a_sample_obeys_the_ledgers_own_rules(tmp_path: Path) -> None:
    book = make_sample(
        tmp_path / "s.sqlite", customers=120, on=ON,
        entries=lambda debtor: [entry(debtor.id, 1, "outcome")],
    )  # fmt: skip
    with book.reading() as c:
        assert c.execute("PRAGMA foreign_key_check").fetchall() == []
        assert c.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert c.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").fetchone()[0]
        wrong = c.execute(
            "SELECT 1 FROM items i WHERE balance <> amount - (SELECT coalesce(sum(amount), 0)"
            " FROM allocations WHERE item = i.id)"
        ).fetchall()
    assert wrong == []
    erp = adapter(book)
    assert table(erp, "items")["currency"].n_unique() > 3
    owing = {e.debtor for e in erp.heads(since=ON).entries if e.position}
    assert len(owing) > 50
    assert frame("items", {}).is_empty()
