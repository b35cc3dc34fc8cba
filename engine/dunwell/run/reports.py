"""The values of an explanation: all that is known and decided of one customer on a day."""

from __future__ import annotations

from datetime import date

from dunwell.command import AccountPlan
from dunwell.run.clauses import Cash, Clause, Said


class Asked(Said, frozen=True):
    """A condition that was asked, by the name of what it is for."""

    name: str
    holds: bool
    clause: Clause


class Gate(Said, frozen=True):
    """What must be so before an item moves: `when`, `after`, `pay_by`, `same_day`, `repeat`."""

    what: str
    holds: bool
    says: str = ""
    clause: Clause | None = None


class Reason(Said, frozen=True):
    """Why an item is left alone: a pause of the policy or a guard; `says` has the details."""

    name: str
    kind: str  # pause, guard
    says: str = ""
    clause: Clause | None = None


class ItemReport(Said, frozen=True):
    """One open item: where it stands, and what the next step waits for.

    `status`: rises, repeats, waits, waits_for_approval, paused, rests, adopted, covered, disputed,
    no_due_date, unmapped, last_stage. `comes` is the stage that it reaches next, on the day
    `comes_on`, as things are; `paused_until` the first day on which nothing silences it.
    """

    id: str
    number: str
    kind: str
    issued: date | None
    due: date | None
    days_past_due: int | None
    balance: Cash
    to_pay: Cash
    status: str
    says: str
    stage: str = ""
    since: date | None = None
    cycle: int = 0
    pay_by: date | None = None
    half_done: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    next_stage: str = ""
    gates: tuple[Gate, ...] = ()
    passed_by: tuple[Asked, ...] = ()
    jumps: tuple[Asked, ...] = ()
    approval: str = ""
    comes: str = ""
    comes_on: date | None = None
    comes_waits: bool = False
    paused_until: date | None = None


class StandingReport(Said, frozen=True):
    """A hold or tag: in force or not, whose it is (dunwell, person, nobody), and since when."""

    kind: str
    name: str
    in_force: bool
    owner: str
    since: date | None
    says: str


class BudgetReport(Said, frozen=True):
    """One contact budget: which of its contacts are used, and the next day with one left."""

    contacts: int
    within: str
    used: tuple[date, ...]
    free_on: date | None


class WatchReport(Said, frozen=True):
    """A watch: whether its condition holds, whether it fires today, and when it last did."""

    name: str
    holds: bool
    fires: bool
    last: date | None
    clause: Clause


class WordReport(Said, frozen=True):
    """What a person said of a step: yes or no."""

    yes: bool
    by: str
    on: date
    amount: Cash | None
    until: date | None
    because: str


class Coming(Said, frozen=True):
    """One thing that would happen: on which day, what, for which items."""

    on: date
    what: str  # kind of command, waits, or put_off
    stage: str
    detail: str
    items: tuple[str, ...]
    company: str = ""


class TraceReport(Said, frozen=True):
    """One firing of the rule network: what followed, by which rule, because of what."""

    fact: str
    rule: str
    because: tuple[str, ...]


class AccountReport(Said, frozen=True):
    """One account. `left_alone`: why nothing is decided for it; `plan`: what it gets today."""

    company: str
    company_name: str
    policy: str
    policies: tuple[Asked, ...]
    segment: str
    segments: tuple[Asked, ...]
    overdue: tuple[Cash, ...]
    exposure: tuple[Cash, ...]
    credits: tuple[Cash, ...]
    left_alone: tuple[str, ...] = ()
    items: tuple[ItemReport, ...] = ()
    standing: tuple[StandingReport, ...] = ()
    vetoes: tuple[Asked, ...] = ()
    watches: tuple[WatchReport, ...] = ()
    recipient: str = ""
    hours: str = ""
    unknown: tuple[str, ...] = ()
    plan: AccountPlan | None = None
    trace: tuple[TraceReport, ...] = ()


class Explanation(Said, frozen=True):
    """A debtor on a day: accounts, contacts, words of people, and what comes next."""

    on: date
    customer: str
    name: str
    asked: str
    accounts: tuple[AccountReport, ...]
    contacts: tuple[str, ...] = ()
    budgets: tuple[BudgetReport, ...] = ()
    words: tuple[WordReport, ...] = ()
    tags: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    coming: tuple[Coming, ...] = ()
    looked_until: date | None = None
    assumption: str = ""
    notes: tuple[str, ...] = ()
    asked_items: tuple[str, ...] = ()
