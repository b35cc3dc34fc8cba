"""The logs of many debtors folded by other processes say what they say when folded here."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from dunwell.decide import folding
from dunwell.decide.folding import fold_entries
from dunwell.decide.hands import Hands
from dunwell.decide.memories import Memories
from dunwell.log.entry import (
    ClaimBody,
    Claimed,
    ContactState,
    Entry,
    ItemState,
    Kind,
    OutcomeBody,
    Record,
    StandingState,
    State,
    UnknownState,
    WatchState,
    encode,
)

ON = date(2026, 3, 31)
NOW = datetime(2026, 3, 31, 6, tzinfo=UTC)
FRAMES = ("items", "contacts", "bounces", "watches", "standing")


def entry(debtor: str, position: int, kind: Kind, body: Record | str) -> Entry:
    text = body if isinstance(body, str) else encode(body)
    return Entry(debtor, "ES", position, kind, f"{debtor}.{position}", NOW, "dunwell", body=text)


def logs() -> Iterator[Entry]:
    """Thirty debtors: most at rest, one whose log cannot be read, one that somebody acts for, one
    with a command in doubt; people's contacts between them.
    """
    for number in range(30):
        debtor = f"C{number:02}"
        state = State(
            items=tuple(
                ItemState(
                    f"{debtor}-{n}", "b2b", "notice", n, ON - timedelta(n), past=("courtesy",)
                )
                for n in range(number % 4)
            ),
            watches=(WatchState("ES", "b2b/watch", 1, ON, ("bounce:x",)),) if number % 5 else (),
            standing=(StandingState("ES", "hold", "orders", "placed", "v", 0, ON),),
            contacts=(ContactState(ON, "email", "ES"),) * (number % 3),
            unknowns=(
                (UnknownState(Claimed("k", "ES", "remind", "remind", "b2b", "notice"), ON),)
                if number == 7
                else ()
            ),
        )
        yield entry(debtor, 1, "claim", ClaimBody("erp", ON, 60, "plan", ()))
        yield entry(debtor, 2, "outcome", OutcomeBody("erp", "c", ON, (), state))
        if number == 11:
            yield entry(debtor, 3, "outcome", "{")
        if number == 13:
            yield entry(debtor, 3, "claim", ClaimBody("erp", ON, 60, "plan", ()))
        if number % 6 == 0:
            yield Entry(debtor, "ES", None, "contact", f"call {number}", NOW, "person")


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "WORTH", 1)
    monkeypatch.setattr(folding, "SIZE", 4)


def same(one: Memories, other: Memories) -> bool:
    """All that two foldings say, debtor by debtor and in columns, row by row."""
    names = [f"C{number:02}" for number in range(31)]
    return (
        all(getattr(one, name).equals(getattr(other, name)) for name in FRAMES)
        and (one.garbled, one.claimed) == (other.garbled, other.claimed)
        and (one.unsettled, one.tenants) == (other.unsettled, other.tenants)
        and [one.memory(name) for name in names] == [other.memory(name) for name in names]
    )


def test_other_processes_fold_what_this_one_would() -> None:
    here = fold_entries(list(logs()))
    assert set(here.garbled) == {"C11"}
    assert here.claimed == {"C13"}
    assert here.unsettled == {"C07"}
    assert here.items.height == sum(n % 4 for n in range(30) if n != 11)
    with Hands(2) as hands:
        assert same(here, fold_entries(list(logs()), hands))


def test_nothing_is_lost_where_the_other_processes_die() -> None:
    with Hands(2) as hands:
        assert hands.ask(os.kill, 0, 0).get() is None  # they are there
        for _ in range(2):
            hands.ask(_die)
        assert same(fold_entries(list(logs())), fold_entries(list(logs()), hands))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
