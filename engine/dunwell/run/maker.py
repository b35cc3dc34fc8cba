"""Making the commands of one account: what every kind of command has in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from dunwell.command import Command, CommandKind
from dunwell.decide.standing import name_of
from dunwell.log.entry import Rise, StandingState
from dunwell.log.keys import digest, meaning
from dunwell.policy.tree import Action, Watch
from dunwell.run.approvals import identity
from dunwell.run.draft import Context, Draft, Move
from dunwell.run.tasks import open_task
from dunwell.run.words import message_facts, part, to_pay

When = tuple[datetime | None, datetime | None]
"""The hours of a command; None: any time of the day."""

ANY_TIME: When = (None, None)


class Maker:
    """Makes the commands of one account; `rises` says what their delivery moves."""

    def __init__(self, made: Draft, context: Context) -> None:
        self.made, self.context = made, context
        self.case, self.found = made.case, made.decision.found
        self.rises: list[Rise] = []
        self.stood: set[tuple[str, str]] = set()  # put in force today
        company = self.case.account.company.id
        self.owned: dict[tuple[str, str], StandingState] = {
            (s.action, s.name): s for s in self.case.memory.state.standing if s.company == company
        }

    def watch(self, name: str) -> Watch:
        """The watch of that name."""
        return next(w for w in self.case.policy.watch if w.name == name)

    def command(
        self,
        kind: CommandKind,
        action: str,
        *,
        source: str = "",
        moves: Sequence[Move] = (),
        **fields: object,
    ) -> Command:
        """A command with its meanings: one for each item, or one for the whole account.

        An item of the `moves` means the stage that it goes to, whatever the source of the words.
        What a watch does for an event means the event.
        """
        items: tuple[str, ...] = fields.get("items", ())  # type: ignore[assignment]
        cycle: int = fields.get("cycle", 0)  # type: ignore[assignment]
        policy = self.case.policy
        index = policy.stage(source) if source and not fields.get("watch") else None
        name = identity(policy.ladder[index]) if index is not None else f"/{source}"
        own = {m.step.item: (identity(m.stage), m.step.cycle) for m in moves}
        meanings = []
        account = "/".join(self.case.account.id)
        subjects = items or (account,)
        if fields.get("watch") and fields.get("occurrences"):
            happened: tuple[str, ...] = fields["occurrences"]  # type: ignore[assignment]
            subjects, cycle = tuple(f"{account}/{each}" for each in happened), 0
        for subject in subjects:
            stage, count = own.get(subject, (name, cycle))
            meanings.append(
                meaning(self.context.tenant, policy.name, stage, action, subject, count)
            )
        return Command(
            kind=kind, action=action, ladder=policy.name, source=source,
            meanings=tuple(meanings),
            **fields,  # type: ignore[arg-type]
        )  # fmt: skip

    def rise(
        self,
        item: str,
        stage: str,
        cycle: int,
        needs: tuple[str, ...],
        *,
        pay_by: date | None = None,
        done: tuple[str, ...] = (),
        adopted: bool = False,
    ) -> None:
        """Note that an item reaches a stage when all that it needs is done."""
        company, ladder = self.case.account.company.id, self.case.policy.name
        self.rises.append(Rise(item, company, ladder, stage, cycle, needs, done, pay_by, adopted))

    def stand(
        self,
        action: Action,
        source: str,
        items: tuple[str, ...],
        *,
        when: When = ANY_TIME,
        approve: str = "",
        approve_keys: tuple[str, ...] = (),
    ) -> Command:
        """Put a hold or a tag in force, under a mark of our own for this cycle."""
        self.stood.add(name_of(action))
        old = self.owned.get(name_of(action))
        name = action.hold or action.tag
        cycle = old.cycle + 1 if old else 0
        mark = digest(
            "mark", self.context.tenant, *self.case.account.id, name, str(cycle), length=8
        )
        return self.command(
            action.kind, action.id, source=source, items=items, name=name,
            value=f"dunwell:{mark}" if action.kind == "hold" else name,
            cycle=cycle, text=self.inline(action.reason, items),
            not_before=when[0], not_after=when[1], money=to_pay(self.case, items),
            approve=approve, approve_keys=approve_keys,
        )  # fmt: skip

    def deed(
        self,
        action: Action,
        source: str,
        items: tuple[str, ...],
        *,
        moves: Sequence[Move] = (),
        **fields: object,
    ) -> Command:
        """A task or a note; a task of the same source that is still open is joined by a note."""
        text, summary = self.inline(action.text, items), self.inline(action.summary, items)
        task = None
        if action.kind == "task" and not action.per_item:
            task = open_task(self.case, f"{self.case.policy.name}/{source}", action.id)
        if action.kind == "note" or task is not None:
            return self.command(
                "note", action.id, source=source, items=items, text=text or summary,
                joins=task.key if task else "", money=to_pay(self.case, items), moves=moves,
                **fields,
            )  # fmt: skip
        due = self.case.calendar.add(self.case.on, action.due) if action.due else None
        return self.command(
            "task", action.id, source=source, items=items, text=text, summary=summary,
            assign=self.people(action.assign), due=due, money=to_pay(self.case, items),
            moves=moves, **fields,
        )  # fmt: skip

    def people(self, assign: Sequence[str]) -> tuple[str, ...]:
        """Roles become people; the salesperson is the customer's own."""
        roles = {**self.case.house.roles, "salesperson": self.case.account.payer.salesperson or ""}
        return tuple(dict.fromkeys(filter(None, (roles.get(who, who) for who in assign))))

    def inline(self, text: str, items: Sequence[str]) -> str:
        """A short text of the policy about some items, in the house's language."""
        if not text:
            return ""
        stage = max((i.stage for i in self.case.items if i.row.id in items), default=None)
        parted = part(self.case, self.found, items, stage)
        return self.context.wording.inline(text, (), message_facts(self.case, parted))
