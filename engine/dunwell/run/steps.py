"""What stages and watches do today: messages, tasks, notes, and holds that come with a step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from dunwell.command import Attachment, Command, Message
from dunwell.decide.standing import name_of
from dunwell.policy.tree import Action
from dunwell.run.approvals import approval_key
from dunwell.run.draft import Letter, Move, left, vetoes
from dunwell.run.maker import ANY_TIME, Maker, When
from dunwell.run.words import amounts, message_facts


def ladder(maker: Maker) -> Iterator[Command]:
    """What the stages do for the items that rise or repeat today."""
    letters = [letter for letter in maker.made.letters if letter.fire is None]
    moves = [*maker.made.moves, *(move for letter in letters for move in letter.moves)]
    for letter in letters:
        yield remind(maker, letter)
    for move in moves:
        sent = next((x.action for x in letters if move in x.moves), move.remind)
        pay_by = _pay_by(maker, sent)
        needs = tuple(sorted(action.id for action in move.actions))
        step = move.step
        maker.rise(
            step.item, move.stage.name, step.cycle, needs, pay_by=pay_by, done=_done(maker, move)
        )
    yield from _deeds(maker, moves)


def _done(maker: Maker, move: Move) -> tuple[str, ...]:
    """What an earlier claim did of this stage, and holds that stand already."""
    standing = {a.id for a in move.actions if a.standing and _stands(maker, a)}
    return tuple(sorted({*move.done, *standing}))


def _stands(maker: Maker, action: Action) -> bool:
    """In force, whoever set it, or lifted by a person, which is respected."""
    kind, name = name_of(action)
    if (kind, name) in maker.found.overridden:
        return True
    own = maker.owned.get((kind, name))
    if own and own.state == "override" and (kind, name) not in maker.found.cleared:
        return True
    if kind == "tag":
        return name in maker.case.account.payer.tags
    return any(hold.kind == name for hold in maker.case.account.holds)


def _deeds(maker: Maker, moves: Sequence[Move]) -> Iterator[Command]:
    """One command for all items of a stage, or one an item where so written."""
    groups: dict[tuple[str, str, str], tuple[Action, list[Move]]] = {}
    for move in moves:
        done = _done(maker, move)
        for action in move.actions:
            if action.kind != "remind" and action.id not in done:
                single = move.step.item if action.per_item else ""
                key = (move.stage.name, action.id, single)
                groups.setdefault(key, (action, []))[1].append(move)
    placed = set()
    for (stage, _, _), (action, group) in groups.items():
        items = tuple(sorted(move.step.item for move in group))
        when, keys = _hours(maker, group), _keys(maker, group)
        role = group[0].step.approve
        if not action.standing:
            yield maker.deed(
                action, stage, items, cycle=max(move.step.cycle for move in group), moves=group,
                not_before=when[0], not_after=when[1], approve=role, approve_keys=keys,
            )  # fmt: skip
        elif name_of(action) not in placed:  # stages that ask for one hold share it
            placed.add(name_of(action))
            yield maker.stand(action, stage, items, when=when, approve=role, approve_keys=keys)


def _hours(maker: Maker, moves: Sequence[Move]) -> When:
    """A deed that goes with a message waits for the message's hours."""
    for letter in maker.made.letters:
        if letter.when and any(move in letter.moves for move in moves):
            return letter.when
    return ANY_TIME


def _keys(maker: Maker, moves: Sequence[Move]) -> tuple[str, ...]:
    """The step keys that a person said yes to."""
    return tuple(
        sorted(
            approval_key(maker.context.tenant, maker.case, m.stage, m.step.item, m.step.cycle)
            for m in moves
            if m.step.approve
        )
    )


def _pay_by(maker: Maker, message: Action | None) -> date | None:
    if message is None or message.pay_by is None:
        return None
    case = maker.case
    day = case.calendar.add(case.on, message.pay_by)
    rolls = case.house.calendars(case.policy).due_rolls
    return case.calendar.roll(day, rolls)  # type: ignore[arg-type]


def remind(maker: Maker, letter: Letter) -> Command:
    """The message of the day."""
    when = letter.when or ANY_TIME
    if letter.fire is not None:
        items, cycle = letter.fire.items, letter.fire.cycle
    else:
        items = tuple(sorted(move.step.item for move in letter.moves))
        cycle = max(move.step.cycle for move in letter.moves)
    keys = _keys(maker, letter.moves)
    return maker.command(
        "remind", letter.action.id, source=letter.source, items=items, cycle=cycle,
        moves=letter.moves,
        message=_message(maker, letter), money=amounts(letter.parted.money),
        not_before=when[0], not_after=when[1], watch=letter.fire is not None,
        occurrences=letter.fire.occurrences if letter.fire else (),
        approve=next((m.step.approve for m in letter.moves if m.step.approve), ""),
        approve_keys=keys,
    )  # fmt: skip


def _message(maker: Maker, letter: Letter) -> Message:
    to, company = letter.recipient, maker.case.account.company
    pay_by = _pay_by(maker, letter.action)
    facts = message_facts(
        maker.case, letter.parted, stage=letter.source, contact=to.name, pay_by=pay_by
    )
    wording = maker.context.wording
    rich = to.channel == "email"
    worded = wording.message if rich else wording.short
    rendered = worded(letter.action.template, to.languages, facts)
    attached: tuple[Attachment, ...] = ()
    if rich and "statement" in letter.action.attach:
        attached = (wording.statement(to.languages, facts),)
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
        attachments=attached,
    )


def watches(maker: Maker) -> Iterator[Command]:
    """What watches do today."""
    letters = {x.fire.watch: x for x in maker.made.letters if x.fire is not None}
    named = {*letters, *(fire.watch for fire in maker.made.fires)}
    for fire in maker.found.fire:
        if fire.watch not in named:
            continue
        letter = letters.get(fire.watch)
        when = (letter.when if letter else None) or ANY_TIME
        if letter:
            yield remind(maker, letter)
        for action in maker.watch(fire.watch).do:
            wanted = left(maker.case, fire, action.id) if action.kind in ("task", "note") else None
            if wanted and not vetoes(maker.made.decision, "", action.kind):
                yield maker.deed(
                    action, fire.watch, wanted.items, cycle=fire.cycle, watch=True,
                    occurrences=wanted.occurrences, not_before=when[0], not_after=when[1],
                )  # fmt: skip
