"""A very small engine for the contract: reads rows, writes entries, does effects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from dunwell.command import Command, Message
from dunwell.log.entry import (
    ClaimBody,
    Claimed,
    DeliveryBody,
    Entry,
    ItemState,
    OutcomeBody,
    Result,
    State,
    encode,
)
from dunwell.log.fold import Memory, fold
from dunwell.log.keys import claim_key, effect_key
from dunwell.model import frame
from dunwell.port import Adapter, Capability, Effect, Sought, Won

LONG_AGO = date(2000, 1, 1)
LEASE = 900


def rows(
    adapter: Adapter,
    table: str,
    *,
    debtors: Sequence[str] | None = None,
    since: date | None = None,
) -> list[dict[str, object]]:
    """All rows of a table, checked against the published types."""
    pages = adapter.read(table, debtors=debtors, since=since)
    return [row for page in pages for row in frame(table, page).iter_rows(named=True)]


def one(adapter: Adapter, table: str, key: str) -> dict[str, object]:
    """The row with an identifier; exactly one."""
    found = [row for row in rows(adapter, table) if row["id"] == key]
    assert len(found) == 1, f"'{key}' is {len(found)} times in table '{table}'"
    return found[0]


def entries(adapter: Adapter, debtor: str) -> list[Entry]:
    """What heads has of one debtor, in order of position; people's last."""
    found = adapter.heads(debtors=[debtor], since=LONG_AGO).entries
    return sorted(found, key=lambda entry: (entry.position is None, entry.position or 0))


def memory(adapter: Adapter, debtor: str) -> Memory:
    """What the log of a debtor means."""
    return fold(entries(adapter, debtor))


def claim(
    adapter: Adapter, debtor: str, position: int, *, nonce: str = "", tenant: str = ""
) -> Entry:
    """A claim that names no commands; the adapter is asked where the tenant is not given."""
    tenant = tenant or adapter.describe().tenant
    body = ClaimBody(tenant, date(2026, 3, 2), LEASE, "plan", ())
    key = claim_key(tenant, debtor, position)
    return _entry(debtor, position, "claim", key, encode(body), nonce)


def outcome(adapter: Adapter, debtor: str, position: int, state: State | None = None) -> Entry:
    """An outcome with a state."""
    tenant = adapter.describe().tenant
    body = OutcomeBody(tenant, "claim", date(2026, 3, 2), (), state or State())
    return _entry(debtor, position, "outcome", f"outcome-{position}", encode(body))


def delivery(debtor: str, position: int, key: str, *, bounced: bool = False) -> Entry:
    """A later word on a message."""
    body = DeliveryBody(key, "bounced" if bounced else "delivered", date(2026, 3, 3), "email")
    return _entry(debtor, position, "delivery", f"delivery-{position}", encode(body))


def _entry(
    debtor: str,
    position: int,
    kind: str,
    key: str,
    body: str,
    nonce: str = "",
) -> Entry:
    return Entry(
        debtor=debtor,
        company=None,
        position=position,
        kind=kind,  # type: ignore[arg-type]
        key=key,
        at=datetime(1999, 1, 1, tzinfo=UTC),  # whatever the engine's clock says
        by="dunwell",
        body=body,
        text=f"{kind} {position}",
        nonce=nonce or uuid4().hex,
    )


def reached(stage: str, item: str = "item-1", *, via: str = "") -> State:
    """The state of a debtor with one item at a stage."""
    return State((ItemState(item, "standard", stage, 0, date(2026, 3, 2), via=via),))


def write(adapter: Adapter, *batch: Entry) -> None:
    """Append entries that must be won."""
    answers = adapter.append(batch)
    assert [type(answer) for answer in answers] == [Won] * len(batch), answers


def plain(adapter: Adapter, text: str = "hello") -> Command:
    """The simplest command that an adapter can do."""
    able = adapter.capabilities()
    if able[Capability.NOTE].there:
        return note(text)
    if able[Capability.TASK].there:
        return task(text)
    assert able.hold_kinds, "the adapter can do nothing yet: declare note, task or hold"
    return hold(able.hold_kinds[0])


def note(text: str) -> Command:
    """A note."""
    return Command("note", "note", "standard", "call", text=text)


def task(summary: str, *, assign: tuple[str, ...] = (), due: date | None = None) -> Command:
    """A task."""
    return Command("task", "task", "standard", "call", summary=summary, assign=assign, due=due)


def hold(kind: str, mark: str = "[dunwell 1] overdue", *, release: bool = False) -> Command:
    """A hold with its mark, or its release."""
    word = "release" if release else "hold"
    return Command(word, f"hold:{kind}", "standard", "stop", name=kind, value=mark, text=mark)  # type: ignore[arg-type]


def tag(name: str, *, remove: bool = False) -> Command:
    """A tag, or its removal."""
    return Command("untag" if remove else "tag", f"tag:{name}", "standard", "agency", name=name)


def reminder(text: str = "please pay") -> Command:
    """A message, ready to leave."""
    message = Message("first", "en", "email", "ap@acme.example", "Acme", "Reminder", text)
    return Command("remind", "remind", "standard", "first", message=message)


def prepare(
    adapter: Adapter, debtor: str, *commands: Command, company: str = "", lease: int = LEASE
) -> list[Effect]:
    """Claim the right to act for a debtor; the effects under that claim."""
    said = adapter.describe()
    position = memory(adapter, debtor).head + 1
    key = claim_key(said.tenant, debtor, position)
    where = company or str(rows(adapter, "companies")[0]["id"])
    claimed = tuple(
        Claimed(effect_key(key, n), where, c.kind, c.action, c.ladder, c.source, name=c.name)
        for n, c in enumerate(commands)
    )
    body = ClaimBody(said.tenant, said.on, lease, "plan", claimed)
    write(adapter, _entry(debtor, position, "claim", key, encode(body)))
    deadline = adapter.describe().now + timedelta(seconds=lease)
    return [
        Effect(effect_key(key, n), debtor, where, command, deadline)
        for n, command in enumerate(commands)
    ]


def finish(adapter: Adapter, debtor: str, results: Sequence[Result]) -> None:
    """Write the outcome of the claim in force; what was remembered stays."""
    known = memory(adapter, debtor)
    assert known.claim is not None
    tenant = adapter.describe().tenant
    body = OutcomeBody(
        tenant, known.claim.entry.key, known.claim.body.on, tuple(results), known.state
    )
    position = known.head + 1
    write(
        adapter,
        _entry(debtor, position, "outcome", f"{known.claim.entry.key}-outcome", encode(body)),
    )


def do(adapter: Adapter, debtor: str, *commands: Command, company: str = "") -> list[Result]:
    """Claim, do, write down: as an undisturbed apply."""
    results = list(adapter.execute(prepare(adapter, debtor, *commands, company=company)))
    finish(adapter, debtor, results)
    return results


def sought(effect: Effect) -> Sought:
    """What to look up for an effect."""
    command = effect.command
    return Sought(
        effect.key, effect.debtor, effect.company, command.kind, command.name, command.value
    )


def statuses(results: Sequence[Result]) -> list[str]:
    """What became of each."""
    return [result.status for result in results]
