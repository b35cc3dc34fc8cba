"""The hostile wrappers do what they say, and the channel in memory behaves as it is told."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from dunwell.command import Message
from dunwell.errors import UnansweredError, UnavailableError
from dunwell.log.entry import Entry
from dunwell.model import frame
from dunwell.port import Adapter, Channel, Found, Sending, Won
from dunwell.testing import (
    Crash,
    Erp,
    Fault,
    HostileAdapter,
    HostileChannel,
    MemoryAdapter,
    MemoryChannel,
    Sabotage,
)
from dunwell.testing.contract.deeds import rows
from dunwell.testing.hostile import HOSTILE_TEXT

SINCE = date(2026, 1, 1)


def entry(debtor: str, position: int = 1) -> Entry:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Entry(debtor, None, position, "claim", f"{debtor}-{position}", at, "dunwell")


def sending(key: str, address: str = "ap@acme.example") -> Sending:
    return Sending(key, Message("first", "en", "email", address, "Acme", "S", "T"), "Acme")


def test_the_wrappers_are_the_port() -> None:
    sabotage = Sabotage()
    assert isinstance(HostileAdapter(MemoryAdapter(), sabotage), Adapter)
    assert isinstance(HostileChannel(MemoryChannel(), sabotage), Channel)
    assert isinstance(MemoryAdapter(), Adapter)
    assert isinstance(MemoryChannel(), Channel)


def test_without_faults_nothing_changes() -> None:
    erp = Erp()
    erp.invoice("F-1")
    plain, wrapped = MemoryAdapter(erp), HostileAdapter(MemoryAdapter(erp), Sabotage())
    assert wrapped.describe() == plain.describe()
    assert wrapped.capabilities() == plain.capabilities()
    assert rows(wrapped, "items") == rows(plain, "items")
    assert wrapped.append([entry("Acme")]) == [Won()]
    assert wrapped.heads(since=SINCE) == plain.heads(since=SINCE)
    assert wrapped.log() == plain.log()


@pytest.mark.parametrize(("point", "kept"), [(1, 0), (2, 1)], ids=["before", "after"])
def test_a_crash_comes_before_or_after_the_deed(point: int, kept: int) -> None:
    erp = Erp()
    wrapped = HostileAdapter(MemoryAdapter(erp), Sabotage(crash_at=point))
    with pytest.raises(Crash):
        wrapped.append([entry("Acme")])
    assert len(MemoryAdapter(erp).log()) == kept


def test_the_dead_stay_dead() -> None:
    erp, channel, sabotage = Erp(), MemoryChannel(), Sabotage(crash_at=1)
    wrapped = HostileAdapter(MemoryAdapter(erp), sabotage)
    with pytest.raises(Crash):
        wrapped.describe()
    with pytest.raises(Crash):
        HostileChannel(channel, sabotage).send([sending("k-1")])
    wrapped.close()
    assert channel.sent == []


def test_points_are_counted_over_adapter_and_channel() -> None:
    sabotage = Sabotage()
    wrapped = HostileAdapter(MemoryAdapter(), sabotage)
    wrapped.describe()
    list(wrapped.read("items"))
    HostileChannel(MemoryChannel(), sabotage).send([sending("k-1")])
    assert sabotage.points == 6


def test_a_lost_answer_is_lost_after_the_deed() -> None:
    erp = Erp()
    wrapped = HostileAdapter(MemoryAdapter(erp), Sabotage(Fault("append", "lost", nth=2)))
    wrapped.append([entry("Acme", 1)])
    with pytest.raises(UnansweredError):
        wrapped.append([entry("Acme", 2)])
    assert [each.position for each in erp.logbook.newest("Acme", 9)] == [2, 1]


def test_down_means_that_nothing_was_done() -> None:
    erp = Erp()
    wrapped = HostileAdapter(MemoryAdapter(erp), Sabotage(Fault("append", "down")))
    with pytest.raises(UnavailableError):
        wrapped.append([entry("Acme")])
    assert wrapped.append([entry("Acme")]) == [Won()]


def test_a_foreign_error_comes_after_the_deed() -> None:
    erp = Erp()
    wrapped = HostileAdapter(MemoryAdapter(erp), Sabotage(Fault("append", "foreign")))
    with pytest.raises(LookupError):
        wrapped.append([entry("Acme")])
    assert len(erp.logbook.newest(None, 9)) == 1


def test_partly_does_the_first_half() -> None:
    erp = Erp()
    wrapped = HostileAdapter(MemoryAdapter(erp), Sabotage(Fault("append", "partly")))
    with pytest.raises(UnansweredError):
        wrapped.append([entry("A"), entry("B"), entry("C"), entry("D")])
    assert sorted(erp.logbook.debtors()) == ["A", "B"]


def test_answers_come_twice_or_too_few() -> None:
    sabotage = Sabotage(Fault("append", "repeated"), Fault("append", "short", nth=2))
    wrapped = HostileAdapter(MemoryAdapter(), sabotage)
    assert wrapped.append([entry("A"), entry("B")]) == [Won()] * 4
    assert wrapped.append([entry("C"), entry("D")]) == [Won()]


def test_a_malformed_page_lacks_a_column() -> None:
    erp = Erp()
    erp.invoice("F-1")
    wrapped = HostileAdapter(MemoryAdapter(erp), Sabotage(Fault("read", "malformed")))
    (page,) = wrapped.read("items")
    assert frame("items", page)["id"].null_count() == 1


def test_people_get_in_between() -> None:
    erp = Erp()
    item = erp.invoice("F-1")
    fault = Fault("append", "act", before=lambda: erp.pay(item))
    HostileAdapter(MemoryAdapter(erp), Sabotage(fault)).append([entry("Acme")])
    assert rows(MemoryAdapter(erp), "items") == []


def test_names_are_as_an_attacker_chose_them() -> None:
    erp = Erp()
    erp.customer()
    wrapped = HostileAdapter(MemoryAdapter(erp), Sabotage(), names=HOSTILE_TEXT)
    assert [row["name"] for row in rows(wrapped, "customers")] == [HOSTILE_TEXT]


# -- the channel --------------------------------------------------------------------------------


def test_a_message_leaves_once_under_its_key() -> None:
    channel = MemoryChannel()
    assert [r.status for r in channel.send([sending("k-1")])] == ["done"]
    assert [r.status for r in channel.send([sending("k-1")])] == ["already_done"]
    assert channel.look_up(["k-1", "k-2"]) == [Found.PRESENT, Found.ABSENT]
    assert len(channel.sent) == 1


def test_a_blind_channel_sends_again_and_cannot_tell() -> None:
    channel = MemoryChannel(blind=True)
    channel.send([sending("k-1")])
    channel.send([sending("k-1")])
    assert len(channel.sent) == 2
    assert channel.look_up(["k-1"]) == [Found.CANNOT_TELL]


def test_a_bounce_is_accepted_and_comes_back() -> None:
    channel = MemoryChannel()
    channel.behave["ap@acme.example"] = "bounce"
    (result,) = channel.send([sending("k-1")])
    assert (result.status, result.delivery) == ("done", "accepted")
    (word,) = channel.outcomes(since=SINCE)
    assert (word.key, word.debtor, word.delivery) == ("k-1", "Acme", "bounced")
    assert channel.outcomes(since=date(2027, 1, 1)) == []


def test_a_delivery_can_become_known() -> None:
    channel = MemoryChannel()
    channel.send([sending("k-1")])
    channel.deliver(channel.sent[0])
    assert [word.delivery for word in channel.outcomes(since=SINCE)] == ["delivered"]


@pytest.mark.parametrize(
    ("behaviour", "status", "left"),
    [("refuse", "failed", 0), ("unknown", "unknown", 1), ("lost", "unknown", 0)],
)
def test_an_address_behaves_as_told(behaviour: str, status: str, left: int) -> None:
    channel = MemoryChannel()
    channel.behave["ap@acme.example"] = behaviour  # type: ignore[assignment]
    assert [result.status for result in channel.send([sending("k-1")])] == [status]
    assert len(channel.sent) == left


def test_a_channel_that_is_down_sends_nothing() -> None:
    channel = MemoryChannel()
    channel.down = True
    with pytest.raises(UnavailableError):
        channel.send([sending("k-1")])
    assert channel.sent == []
    assert channel.check() == ()
