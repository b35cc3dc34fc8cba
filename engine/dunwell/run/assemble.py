"""From conclusions to commands: one plan for each account of a debtor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from dunwell.command import AccountPlan, Command, CommandKind, Message
from dunwell.decide.case import Case
from dunwell.decide.conclusions import Place
from dunwell.decide.standing import name_of
from dunwell.log.entry import Rise, StandingState
from dunwell.log.keys import digest, meaning
from dunwell.policy.tree import Action, Watch
from dunwell.run.budget import spend
from dunwell.run.draft import (
    Context,
    Decision,
    Draft,
    Letter,
    Move,
    approval_key,
    draft,
    identity,
    judge,
    open_task,
    vetoes,
    waiting,
)
from dunwell.run.fingerprint import fingerprint
from dunwell.run.words import amounts, message_facts, part, to_pay

When = tuple[datetime | None, datetime | None]
"""The hours of a command; None: any time of the day."""

ORDER = ("release", "untag", "clear", "override", "adopt", "hold", "tag", "task", "note", "remind")


def assemble(decisions: Sequence[Decision], context: Context) -> list[AccountPlan]:
    """The plans of all accounts of one debtor, in the order of the companies."""
    drafts = [draft(decision, context) for decision in decisions]
    spend(drafts, context.house.budget)
    mark = fingerprint([d.case.account for d in decisions], decisions[0].case.memory)
    plans = (_finish(made, context, mark) for made in drafts)
    return [plan for plan in plans if plan.commands or plan.waiting or plan.notes]


def left_alone(case: Case, reasons: Iterable[str]) -> AccountPlan:
    """An account of which nothing is decided, and why."""
    return AccountPlan(
        debtor=case.account.debtor,
        company=case.account.company.id,
        name=case.account.payer.name,
        policy=case.policy.name,
        segment="",
        fingerprint="",
        decided=case.memory.decided,
        notes=tuple(f"left alone: {reason}" for reason in reasons),
    )


def _finish(made: Draft, context: Context, mark: str) -> AccountPlan:
    maker = _Maker(made, context)
    commands = [
        *maker.ends(),
        *maker.adoptions(),
        *maker.placements(),
        *maker.ladder(),
        *maker.watches(),
        *maker.errands(),
    ]
    commands.sort(key=lambda c: (ORDER.index(c.kind), c.source, c.action, c.items))
    account, found = made.case.account, made.decision.found
    return AccountPlan(
        debtor=account.debtor,
        company=account.company.id,
        name=account.payer.name,
        policy=found.policy,
        segment=found.segment,
        fingerprint=mark,
        decided=made.case.memory.decided,
        commands=tuple(commands),
        rises=tuple(sorted(maker.rises, key=lambda r: r.item)),
        waiting=tuple(made.waiting),
        notes=tuple(dict.fromkeys(made.notes)),
    )


class _Maker:
    """Makes the commands of one account; `rises` says what their delivery moves."""

    def __init__(self, made: Draft, context: Context) -> None:
        self.made, self.context = made, context
        self.case, self.found = made.case, made.decision.found
        self.rises: list[Rise] = []
        self.languages = tuple(filter(None, (self.case.account.payer.language,)))

    # -- what goes first ---------------------------------------------------------------------

    def ends(self) -> Iterator[Command]:
        """Releases, and what a person's word ended."""
        standing = self._owned()
        ended: dict[CommandKind, tuple[tuple[str, str], ...]] = {
            "release": self.found.released,
            "clear": self.found.cleared,
            "override": self.found.overridden,
        }
        for kind, names in ended.items():
            for action, name in names:
                state = standing[(action, name)]
                verb: CommandKind = "untag" if (kind, action) == ("release", "tag") else kind
                yield self._bare(
                    verb, f"{action}:{name}", name=name, value=state.value, cycle=state.cycle,
                    reasons=(_END_WORDS[kind],),
                )  # fmt: skip
                if verb == "untag":
                    yield from self._close_tasks(name)
        for action, name in self.found.kept:
            yield from self._errand("written_off", f"Decide on the {action} {name}: written off")

    def _owned(self) -> dict[tuple[str, str], StandingState]:
        company = self.case.account.company.id
        return {
            (s.action, s.name): s for s in self.case.memory.state.standing if s.company == company
        }

    def _close_tasks(self, tag: str) -> Iterator[Command]:
        for stage in self.case.policy.ladder:
            if not any(a.tag == tag for a in stage.do):
                continue
            for action in stage.do:
                source = f"{self.case.policy.name}/{stage.name}"
                task = open_task(self.case, source, action.id) if action.kind == "task" else None
                if task:
                    yield self._bare(
                        "note", f"note.{action.id}", source=stage.name, joins=task.key,
                        text=f"No longer needed: {tag} was taken off, nothing asks for it any more",
                    )  # fmt: skip

    def adoptions(self) -> Iterator[Command]:
        """Items placed silently at go-live."""
        groups: dict[int, list[str]] = {}
        for step in self.found.adopt:
            groups.setdefault(step.stage, []).append(step.item)
        for index, items in sorted(groups.items()):
            stage = self.case.policy.ladder[index]
            for item in items:
                self._rise(item, stage.name, 0, ("adopt",), adopted=True)
            yield self._bare("adopt", "adopt", source=stage.name, items=tuple(sorted(items)))

    def placements(self) -> Iterator[Command]:
        """Holds and tags that items at a stage ask for without rising today."""
        for place in self.found.place:
            action = self._action(place)
            items = place.items
            veto = vetoes(self.made.decision, items[0] if items else "", place.kind)
            if veto:
                self.made.notes.append(f"veto {veto} stops {place.action}")
            elif not place.approve or self._said_yes(place):
                source = place.watch or self.case.policy.ladder[place.stage].name
                yield self._stand(action, source, items)

    def _said_yes(self, place: Place) -> bool:
        stage = self.case.policy.ladder[place.stage]
        keys = {
            item: approval_key(self.context, self.case, stage, item, 0) for item in place.items
        }
        yes, no = judge(self.case, keys, on=self.case.on)
        if len(yes) == len(keys):
            return True
        left = {i: k for i, k in keys.items() if i not in yes}
        self.made.waiting.append(waiting(self.case, stage.name, place.approve, left, no))
        return False

    def _action(self, place: Place) -> Action:
        sources: Sequence[Action]
        if place.stage >= 0:
            sources = self.case.policy.ladder[place.stage].do
        else:
            sources = self._watch(place.watch).do
        return next(a for a in sources if a.id == place.action)

    def _watch(self, name: str) -> Watch:
        return next(w for w in self.case.policy.watch if w.name == name)

    # -- the ladder --------------------------------------------------------------------------

    def ladder(self) -> Iterator[Command]:
        """What the stages do for the items that rise or repeat today."""
        moves = list(self.made.moves)
        for letter in self.made.letters:
            if letter.fire is None:
                moves += letter.moves
                yield self._remind(letter)
        for move in moves:
            pay_by = next((self._pay_by(x) for x in self.made.letters if move in x.moves), None)
            done = self._done(move)
            needs = tuple(sorted(a.id for a in move.actions))
            self._rise(
                move.step.item, move.stage.name, move.step.cycle, needs, pay_by=pay_by, done=done
            )
        yield from self._deeds(moves)

    def _done(self, move: Move) -> tuple[str, ...]:
        """What an earlier claim did of this stage, and holds that stand already."""
        state = next((i for i in self.case.memory.state.items if i.item == move.step.item), None)
        done = set()
        if state and state.part and state.part[0] == move.stage.name and not move.step.cycle:
            done |= set(state.part[1])
        done |= {a.id for a in move.actions if a.standing and self._stands(a)}
        return tuple(sorted(done))

    def _stands(self, action: Action) -> bool:
        kind, name = name_of(action)
        if (kind, name) in self.found.overridden:
            return True
        own = self._owned().get((kind, name))
        if own and own.state == "override" and (kind, name) not in self.found.cleared:
            return True
        if kind == "tag":
            return name in self.case.account.payer.tags
        return any(h.kind == name for h in self.case.account.holds)

    def _deeds(self, moves: Sequence[Move]) -> Iterator[Command]:
        """Tasks, notes, holds and tags: one for all items of a stage, or one an item where so written."""
        groups: dict[tuple[str, str, str], tuple[Action, str, list[Move]]] = {}
        for move in moves:
            done = self._done(move)
            for action in move.actions:
                if action.kind == "remind" or action.id in done:
                    continue
                single = move.step.item if action.per_item else ""
                key = (move.stage.name, action.id, single)
                groups.setdefault(key, (action, move.stage.name, []))[2].append(move)
        placed = set()
        for action, stage, group in groups.values():
            items = tuple(sorted(m.step.item for m in group))
            if action.standing:
                if name_of(action) not in placed:  # two stages that ask for one hold share it
                    placed.add(name_of(action))
                yield self._stand(action, stage, items, self._interval(group))
            else:
                cycle = max(m.step.cycle for m in group)
                yield self._deed(action, stage, items, cycle, self._interval(group))

    def _interval(self, moves: Sequence[Move]) -> When:
        """A deed that goes with a message waits for the message's hours."""
        for letter in self.made.letters:
            if letter.when and any(m in letter.moves for m in moves):
                return letter.when
        return None, None

    def _stand(
        self, action: Action, source: str, items: tuple[str, ...], when: When = (None, None)
    ) -> Command:
        old = self._owned().get(name_of(action))
        name = action.hold or action.tag
        cycle = old.cycle + 1 if old else 0
        mark = digest("mark", self.context.tenant, *self.case.account.id, name, str(cycle), length=8)
        reason = self._inline(action.reason, items)
        value = f"dunwell:{mark}" if action.kind == "hold" else name
        return self._bare(
            action.kind, action.id, source=source, items=items, name=name, value=value,
            cycle=cycle, text=reason, not_before=when[0], not_after=when[1],
            money=to_pay(self.case, items),
        )  # fmt: skip

    def _deed(
        self,
        action: Action,
        source: str,
        items: tuple[str, ...],
        cycle: int,
        when: When = (None, None),
        *,
        watch: bool = False,
        occurrences: tuple[str, ...] = (),
    ) -> Command:
        text = self._inline(action.text, items)
        kind: CommandKind = action.kind
        joins, summary = "", self._inline(action.summary, items)
        if kind == "task":
            task = open_task(self.case, f"{self.case.policy.name}/{source}", action.id)
            if task:
                kind, joins, text = "note", task.key, text or summary
        due = self.case.calendar.add(self.case.on, action.due) if action.due else None
        return self._bare(
            kind, action.id, source=source, items=items, cycle=cycle, summary=summary, text=text,
            assign=self._people(action.assign) if kind == "task" else (),
            due=due if kind == "task" else None, joins=joins, watch=watch,
            occurrences=occurrences, not_before=when[0], not_after=when[1],
            money=to_pay(self.case, items),
        )  # fmt: skip

    def _people(self, assign: Sequence[str]) -> tuple[str, ...]:
        """Roles become people; the salesperson is the customer's own."""
        found = []
        for who in assign:
            if who == "salesperson":
                found.append(self.case.account.payer.salesperson or "")
            else:
                found.append(self.case.house.roles.get(who, who))
        return tuple(dict.fromkeys(filter(None, found)))

    def _inline(self, text: str, items: Sequence[str]) -> str:
        if not text:
            return ""
        stage = max((i.stage for i in self.case.items if i.row.id in items), default=None)
        parted = part(self.case, self.found, items, stage)
        return self.context.wording.inline(text, (), message_facts(self.case, parted))

    # -- messages ----------------------------------------------------------------------------

    def _pay_by(self, letter: Letter) -> date | None:
        if letter.action.pay_by is None:
            return None
        day = self.case.calendar.add(self.case.on, letter.action.pay_by)
        rules = self.case.house.calendars(self.case.policy)
        return self.case.calendar.roll(day, rules.due_rolls)  # type: ignore[arg-type]

    def _remind(self, letter: Letter) -> Command:
        message = self._message(letter)
        if letter.fire is not None:
            items, cycle = letter.fire.items, letter.fire.cycle
        else:
            items = tuple(sorted(m.step.item for m in letter.moves))
            cycle = max(m.step.cycle for m in letter.moves)
        when = letter.when or (None, None)
        return self._bare(
            "remind", letter.action.id, source=letter.source, items=items, cycle=cycle,
            message=message, money=amounts(letter.parted.money),
            not_before=when[0], not_after=when[1], watch=letter.fire is not None,
            occurrences=letter.fire.occurrences if letter.fire else (),
        )  # fmt: skip

    def _message(self, letter: Letter) -> Message:
        to, company = letter.recipient, self.case.account.company
        facts = message_facts(
            self.case,
            letter.parted,
            stage=letter.source,
            contact=to.name,
            pay_by=self._pay_by(letter),
        )
        wording = self.context.wording
        rendered = wording.message(letter.action.template, to.languages, facts)
        attached = ("statement" in letter.action.attach) and wording.statement(
            to.languages, facts
        )
        return Message(
            template=letter.action.template,
            language=rendered.language,
            channel=to.channel,
            address=to.address,
            name=to.name,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            reply_to=company.email or "",
            sender_name=company.name,
            attachments=(attached,) if attached else (),
        )

    # -- beside the ladder -------------------------------------------------------------------

    def watches(self) -> Iterator[Command]:
        """What watches do today."""
        letters = {x.fire.watch: x for x in self.made.letters if x.fire is not None}
        fires = [*self.made.fires, *(x.fire for x in letters.values() if x.fire)]
        for fire in fires:
            letter = letters.get(fire.watch)
            when = (letter.when if letter else None) or (None, None)
            if letter:
                yield self._remind(letter)
            for action in self._watch(fire.watch).do:
                if action.kind in ("task", "note") and not vetoes(
                    self.made.decision, "", action.kind
                ):
                    yield self._deed(
                        action, fire.watch, fire.items, fire.cycle, when,
                        watch=True, occurrences=fire.occurrences,
                    )  # fmt: skip

    def errands(self) -> Iterator[Command]:
        """Tasks that Dunwell itself has for people: no channel, an approval, an unknown outcome."""
        if self.made.stranded:
            items = tuple(dict.fromkeys(self.made.stranded))
            name = self.case.account.payer.name
            yield from self._errand("no_channel", f"Find a way to reach {name}", items=items)
        for wait in self.made.waiting:
            if wait.refused_until is None:
                yield from self._errand(
                    "approval",
                    f"Approve stage {wait.stage} for {self.case.account.payer.name}",
                    source=wait.stage,
                    items=wait.items,
                    who=wait.role,
                )
        company = self.case.account.company.id
        for unknown in self.case.memory.state.unknowns:
            if unknown.command.company == company:
                yield from self._errand(
                    "unknown", f"Find out whether {unknown.command.key} was done", items=()
                )

    def _errand(
        self,
        action: str,
        summary: str,
        *,
        source: str = "",
        items: tuple[str, ...] = (),
        who: str = "",
    ) -> Iterator[Command]:
        source = source or action
        if open_task(self.case, f"{self.case.policy.name}/{source}", action):
            return
        roles = self.case.house.roles
        assign = self._people([who or next(iter(roles), ""), "salesperson"])
        yield self._bare(
            "task", action, source=source, items=items, summary=summary, assign=assign,
            due=self.case.calendar.roll(self.case.on, "next_business_day"),
        )  # fmt: skip

    # -- shared ------------------------------------------------------------------------------

    def _rise(
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
        company = self.case.account.company.id
        self.rises.append(
            Rise(item, company, self.case.policy.name, stage, cycle, needs, done, pay_by, adopted)
        )

    def _bare(self, kind: CommandKind, action: str, *, source: str = "", **fields: object) -> Command:
        items: tuple[str, ...] = fields.get("items", ())  # type: ignore[assignment]
        cycle: int = fields.get("cycle", 0)  # type: ignore[assignment]
        ladder = self.case.policy
        index = ladder.stage(source) if source else None
        name = identity(ladder.ladder[index]) if index is not None else source
        meanings = tuple(
            meaning(self.context.tenant, ladder.name, name, action, item, cycle)
            for item in (items or (f"{self.case.account.company.id}",))
        )
        return Command(
            kind=kind, action=action, ladder=ladder.name, source=source, meanings=meanings,
            **fields,  # type: ignore[arg-type]
        )  # fmt: skip


_END_WORDS = {
    "release": "no open item asks for it any more",
    "clear": "nothing asks for it any more, so a later cause may place it again",
    "override": "a person has lifted it; it stays lifted for this cause",
}
