"""The values of a plan that is summed up: what, to whom, how much money, and who gets nothing."""

from __future__ import annotations

from datetime import date, datetime

from dunwell.run.clauses import Cash, Said


class Row(Said, frozen=True):
    """Commands of one kind of one stage or watch; `name` is the hold, tag or template."""

    kind: str
    name: str
    source: str
    policy: str
    commands: int
    customers: int
    money: tuple[Cash, ...]


class Paused(Said, frozen=True):
    """Items that one pause or guard leaves alone; an item with two reasons is in both."""

    reason: str
    policy: str
    items: int
    money: tuple[Cash, ...]


class WaitingRow(Said, frozen=True):
    """Steps of one stage that wait for a yes, since when the oldest; `refused` have a no."""

    stage: str
    role: str
    customers: int
    items: int
    money: tuple[Cash, ...]
    since: date
    refused: int


class PutOff(Said, frozen=True):
    """Something that is not done today, and for how many customers."""

    why: str
    customers: int


class Alone(Said, frozen=True):
    """An account of which nothing was decided."""

    customer: str
    company: str
    name: str
    why: str


class Doubt(Said, frozen=True):
    """A command of which nobody knows whether it was done."""

    key: str
    customer: str
    company: str
    name: str
    what: str
    since: date


class Line(Said, frozen=True):
    """One command for one account: what, to whom, and why."""

    kind: str
    name: str
    source: str
    to: str
    channel: str
    language: str
    items: tuple[str, ...]
    money: tuple[Cash, ...]
    why: str
    not_before: datetime | None = None
    not_after: datetime | None = None


class AccountLine(Said, frozen=True):
    """One account with what it gets."""

    customer: str
    company: str
    name: str
    policy: str
    segment: str
    money: tuple[Cash, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


class Summary(Said, frozen=True):
    """A plan for people and programs. `commands` and `touched` accounts are those that count
    against limits, `unlimited` commands do not: releases, and what only the log knows. `accounts`
    come in the order of the money that is demanded of them, the largest first; `working` is how
    many there are, `in_flight` how many customers another run is at work on. `messages` are those
    to customers, `tells` those to our own people.
    """

    version: int
    on: date
    tenant: str
    system: str
    made: datetime
    expires: datetime
    reader: str
    only: str
    judged: int
    touched: int
    customers: int
    commands: int
    unlimited: int
    messages: int
    money: tuple[Cash, ...]
    over: tuple[str, ...]
    problems: tuple[str, ...]
    unknown: tuple[Doubt, ...]
    in_flight: int
    rows: tuple[Row, ...]
    paused: tuple[Paused, ...]
    waiting: tuple[WaitingRow, ...]
    put_off: tuple[PutOff, ...]
    left_alone: tuple[Alone, ...]
    working: int
    accounts: tuple[AccountLine, ...]
    tells: int = 0
