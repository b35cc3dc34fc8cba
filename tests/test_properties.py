"""What must be true of the engine whatever the book, the policy and the day."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.calendar import first_within
from dunwell.command import Command
from dunwell.decide.cases import calendar_of
from dunwell.log.entry import decode, encode
from dunwell.log.keys import effect_key
from dunwell.message.facts import Sums, sums
from dunwell.model.accounts import Account, accounts
from dunwell.money import Money
from dunwell.policy import tree
from dunwell.policy.tree import Every, House, Policy, Some, Stage
from dunwell.run import planfile
from dunwell.run.approvals import identity
from dunwell.run.plan import make_plan
from dunwell.run.planfile import Plan

from tests.lives import HOURS, Life, acts, calm, erp_of, restrained, talking
from tests.strategies import ON, Dice, World, worlds

few = settings(max_examples=max(1, settings.default.max_examples // 3))  # type: ignore[union-attr]
lives = settings(max_examples=max(1, settings.default.max_examples // 10))  # type: ignore[union-attr]

SPEAKING = ("remind", "task", "note")
ERRANDS = ("no_channel", "approval", "unknown", "written_off")


def lines(plan: Plan) -> list[bytes]:
    """The accounts of a plan as its file has them."""
    return [msgspec.json.encode(account, order="deterministic") for account in plan.accounts]


def life_of(world: World) -> Life:
    return Life(erp_of(world), talking(world.house))


# -- one day --------------------------------------------------------------------------------------


@few
@given(worlds)
def test_a_second_run_on_the_same_day_plans_nothing(world: World) -> None:
    life = Life(erp_of(world), calm(talking(world.house)))
    life.run()
    again = life.plan()
    assert [c for a in again.accounts for c in a.commands] == []
    assert [r for a in again.accounts for r in a.rises] == []


@few
@given(worlds, st.integers(0, 99))
def test_neither_the_order_of_rows_nor_the_size_of_pages_changes_a_plan(
    world: World, seed: int
) -> None:
    life, other = life_of(world), replace(life_of(world), page_rows=1)
    dice = Dice(f"{seed}")
    for table, rows in other.erp.rows.items():
        keys = list(rows)
        if table != "companies":  # the ERP knows its main company by being the first
            dice.shuffle(keys)
        other.erp.rows[table] = {key: rows[key] for key in keys}
    assert lines(life.plan()) == lines(other.plan())


@few
@given(worlds)
def test_each_debtor_planned_alone_is_planned_as_with_all_others(world: World) -> None:
    life = life_of(world)
    whole = life.plan()
    for debtor in life.erp.rows["customers"]:
        alone = life.plan(only=debtor)
        mine, same = (
            [a for a in plan.accounts if a.debtor == debtor and (a.commands or a.waiting)]
            for plan in (whole, alone)
        )
        assert same == mine


@few
@given(worlds)
def test_a_plan_comes_back_from_its_file_as_it_was(world: World) -> None:
    plan = life_of(world).plan()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "plan"
        planfile.write(plan, file)
        assert planfile.load(file) == plan


@few
@given(worlds)
def test_no_two_commands_of_a_plan_mean_the_same_and_keys_are_short(world: World) -> None:
    life = life_of(world)
    plan = life.plan()
    meanings = [
        (c.kind in ("release", "untag"), m)
        for a in plan.accounts
        for c in a.commands
        for m in c.meanings
    ]
    assert [m for m, count in Counter(meanings).items() if count > 1] == []
    life.run()
    keys = [command.key for _, _, command, _ in life.settled()]
    assert len(keys) == len(set(keys))
    assert all(len(key) <= 36 for key in keys)
    assert len(effect_key("x" * 20, 10**14)) <= 36


@few
@given(worlds)
def test_the_log_reads_back_as_it_was_written(world: World) -> None:
    life = life_of(world)
    life.run()
    for entry in life.log():
        assert encode(decode(entry)) == entry.body


def test_a_plan_is_the_same_in_every_process() -> None:
    code = (
        "from tests.strategies import MOST, a_world\n"
        "from tests.test_properties import life_of, lines\n"
        "sizes = {**dict.fromkeys(MOST, 2), 'policies': 2, 'items': 10}\n"
        "for seed in range(12):\n"
        "    for line in lines(life_of(a_world(seed, sizes)).plan()): print(line)\n"
    )
    said = set()
    for seed, threads in (("0", "1"), ("1", "2"), ("4711", "7")):
        root = str(Path(__file__).parents[1])
        own = {"PYTHONHASHSEED": seed, "POLARS_MAX_THREADS": threads, "TZ": "UTC-9"}
        environment = {**os.environ, **own, "PYTHONPATH": root}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        said.add(done.stdout)
    assert len(said) == 1
    assert "remind" in said.pop()


# -- what never triggers --------------------------------------------------------------------------


def silent_items(life: Life) -> dict[str, str]:
    """Items that must be left alone today, told from the rows alone, each with the reason."""
    erp, on = life.erp, life.erp.on
    found: dict[str, str] = {}
    for key, row in erp.rows["items"].items():
        names = {key, row.get("document") or key}
        customer = row["customer"]
        if row.get("no_follow_up"):
            found[key] = "no follow-up"
        if row.get("collection") in ("scheduled", "pending"):
            found[key] = "collection"
        if row.get("due") is None:
            found[key] = "no due date"
        for dispute in erp.rows["disputes"].values():
            ended = dispute.get("ended")
            begun = dispute["since"] <= on and not (ended and ended <= on)  # type: ignore[operator]
            if begun and dispute["item"] in names and dispute.get("amount") is None:
                found[key] = "disputed"
        for exclusion in erp.rows["exclusions"].values():
            until, item = exclusion.get("until"), exclusion.get("item")
            in_force = exclusion["since"] <= on and not (until and until < on)  # type: ignore[operator]
            same = erp.debtor(str(exclusion["customer"])) == erp.debtor(str(customer))
            if in_force and same and (item is None or item in names):
                found[key] = "excluded"
        linked = [c for c in erp.rows["credits"].values() if c.get("item") == key]
        covered = sum(
            -int(str(c["balance"]))
            for c in linked
            if (c["company"], c["currency"]) == (row["company"], row["currency"])
            and erp.debtor(str(c["customer"])) == erp.debtor(str(customer))
        )
        if covered >= int(str(row["balance"])):
            found[key] = "covered"
    return found


def triggers(commands: Iterable[Command]) -> Iterator[tuple[str, str]]:
    """Items that something is done for today, beside watches and Dunwell's own errands."""
    for command in commands:
        errand = command.action in ("no_channel", "approval", "unknown", "written_off")
        if command.kind in (*SPEAKING, "hold", "tag") and not command.watch and not errand:
            for item in command.items:
                yield item, command.kind


@given(worlds)
def test_what_is_disputed_excluded_collected_or_covered_triggers_nothing(world: World) -> None:
    life = Life(erp_of(world), replace(world.house, policies=_without_watches(world.house)))
    left_alone = silent_items(life)
    for item, kind in triggers(c for _, c in life.commands()):
        assert item not in left_alone, f"{kind} for an item that is {left_alone[item]}"


def _without_watches(house: House) -> tuple[Policy, ...]:
    return tuple(replace(policy, watch=()) for policy in house.policies)


# -- money ----------------------------------------------------------------------------------------


@few
@given(worlds)
def test_what_a_message_demands_is_what_its_lines_add_up_to(world: World) -> None:
    life = life_of(world)
    plan = life.plan()
    books = {a.id: a for a in accounts(make_plan(life.engine()).book)}
    by_name = {(a.payer.id, a.company.name): a for a in books.values()}
    sent = [c for a in plan.accounts for c in a.commands if c.kind == "remind"]
    demanded = Counter(tuple(Money(m.minor, m.currency) for m in c.money) for c in sent)
    worded = Counter(facts.total for _, facts in life.wording.facts)
    assert demanded <= worded
    for _, facts in life.wording.facts:
        parts = (facts.items, facts.severer, facts.not_due, facts.paused, facts.covered)
        numbers = [line.number for part in parts for line in part]
        assert len(numbers) == len(set(numbers)), "a line stands in one place"
        account = by_name[facts.customer.number, facts.company.name]
        assert facts.exposure == exposure(account)
        owed = {i.number: i.balance for i in account.items}
        for line in facts.open_items:
            assert line.balance.minor == owed[line.number]
            assert 0 <= line.to_pay.minor <= line.balance.minor


def exposure(account: Account) -> Sums:
    """All balances less unapplied credits, from the rows."""
    items = (Money(item.balance, item.currency) for item in account.items)
    credits = (Money(credit.balance, credit.currency) for credit in account.credits)
    return sums([*items, *credits])


# -- a policy that is written anew ----------------------------------------------------------------


def reworded(house: House) -> House:
    """Other words, other names, the same stages."""

    def stage(old: Stage) -> Stage:
        words = tuple(
            replace(a, template=f"new {a.template}", summary=f"new {a.summary}", reason="new")
            for a in old.do
        )
        return replace(old, name=f"new_{old.name}", was=(old.name, *old.was), do=words)

    def policy(old: Policy) -> Policy:
        adopt = tuple(replace(a, at=f"new_{a.at}") for a in old.adopt)
        return replace(old, ladder=tuple(stage(s) for s in old.ladder), adopt=adopt)

    return replace(house, policies=tuple(policy(p) for p in house.policies))


def essence(life: Life) -> Sequence[object]:
    """What a plan does, without its words and names of stages."""
    ladders = {p.name: {s.name: identity(s) for s in p.ladder} for p in life.house.policies}
    return sorted(
        (a.debtor, a.company, c.kind, c.action, c.ladder, c.items, c.meanings, c.cycle,
         ladders[c.ladder].get(c.source, c.source))
        for a, c in life.commands()
    )  # fmt: skip


@few
@given(worlds, st.integers(1, 3))
def test_new_words_and_new_names_change_nothing_of_what_is_done(world: World, days: int) -> None:
    plain = calm(talking(world.house))
    life = Life(erp_of(world), plain)
    for _ in range(days):
        life.run()
        before = essence(life)  # nothing but holds of stages that an item went past
        for house in (reworded(plain), plain):
            life.house = house
            assert essence(life) == before
        life.tomorrow()
    old = essence(life)
    life.house = reworded(life.house)
    assert essence(life) == old


@few
@given(worlds, st.randoms(use_true_random=False))
def test_a_ladder_in_another_order_sends_nothing_again(world: World, random: Any) -> None:
    house = calm(talking(world.house))
    house = replace(house, policies=tuple(_unrepeated(p) for p in house.policies))
    life = Life(erp_of(world), house)
    for day in range(8):
        if day % 2:
            policies = []
            for policy in life.house.policies:
                ladder = list(policy.ladder)
                random.shuffle(ladder)
                policies.append(replace(policy, ladder=tuple(ladder)))
            life.house = replace(life.house, policies=tuple(policies))
        life.run()
        life.tomorrow()
    _settled_once(life)


def _unrepeated(policy: Policy) -> Policy:
    return replace(policy, ladder=tuple(replace(s, repeat=None) for s in policy.ladder))


@lives
@given(worlds)
def test_deleting_every_file_changes_nothing(world: World) -> None:
    kept, deleted = (Life(erp_of(world), world.house) for _ in range(2))
    with TemporaryDirectory() as folder:
        for day in range(4):
            for life in (kept, deleted):
                file = Path(folder) / f"{day}"
                planfile.write(life.plan(), file)
                if life is deleted:
                    file.unlink()
                life.run()
                life.tomorrow()
            assert lines(kept.plan()) == lines(deleted.plan())


# -- time and payments ----------------------------------------------------------------------------

GROWING = ("days_past_due", "age_days", "to_pay", "balance")
COUNTED = ("overdue", "overdue_all", "overdue_count", "overdue_count_all", "exposure",
           "oldest_days_past_due")  # fmt: skip


def growing(world: World) -> House:
    """A house in which whatever is owed more, or longer, is chased no less; without segments."""
    dice = Dice(f"growing {world.seed}")

    def test(names: tuple[str, ...]) -> tree.Test:
        name = dice.choice(names)
        if name in ("overdue_count", "overdue_count_all"):
            return tree.Test(name, "at_least", dice.randint(0, 3))
        if name in ("days_past_due", "age_days", "oldest_days_past_due"):
            return tree.Test(name, dice.choice(["at_least", "over"]), dice.randint(-3, 9))
        return tree.Test(name, dice.choice(["at_least", "over"]), Money(dice.minor() // 4, "EUR"))

    def condition() -> tree.Condition:
        if dice.chance(2):
            return test(GROWING)
        parts = tuple(test((*GROWING, *COUNTED)) for _ in range(dice.randint(1, 3)))
        return Every(parts) if dice.chance(2) else Some(parts)

    def stage(old: Stage) -> Stage:
        jump = condition() if old.jump else None
        return replace(old, when=condition(), for_=Every(()), jump=jump, approve=None)

    def policy(old: Policy) -> Policy:
        ladder = tuple(stage(s) for s in old.ladder)
        return replace(old, ladder=ladder, segments=(), adopt=(), pause=None, applies_to=Every(()))

    pauses = (
        world.house.pause[:0]
        if dice.chance(2)
        else tuple(replace(p, when=tree.Test("promise", "is", "open")) for p in world.house.pause)
    )
    return replace(world.house, policies=(policy(world.house.policies[0]),), pause=pauses)


def rising(life: Life) -> dict[str, int]:
    """The stage that each item rises to today."""
    found = make_plan(life.engine()).decided.conclusions.values()
    return {step.item: step.stage for each in found for step in each.rise if not step.cycle}


@given(worlds)
def test_paying_an_item_never_raises_another(world: World) -> None:
    dice = Dice(f"paying {world.seed}")
    life = Life(erp_of(world), growing(world))
    if dice.chance(2):
        life.run()
        life.tomorrow()
    before = rising(life)
    paid = _open(life, dice)
    if paid is None or make_plan(life.engine()).decided.alone:  # one wrong item protects all
        return
    life.erp.pay(paid)
    for item, stage in rising(life).items():
        assert stage <= before.get(item, -1), f"paying {paid} raises {item}"


def _open(life: Life, dice: Dice) -> str | None:
    """Any open item that adds up."""
    rows = life.erp.rows["items"].items()
    worth = {key: (int(str(row["balance"])), int(str(row["amount"]))) for key, row in rows}
    sound = [key for key, (balance, amount) in worth.items() if 0 < balance <= amount]
    return dice.choice(sound) if sound else None


@few
@given(worlds)
def test_time_alone_never_lowers_a_stage(world: World) -> None:
    life = life_of(world)
    policies = {p.name: p for p in life.house.policies}
    stood: dict[str, tuple[str, int]] = {}
    for _ in range(10):
        life.run()
        life.tomorrow()
        for item, ladder, stage in _stages(life):
            index = policies[ladder].stage(stage)
            assert index is not None
            before = stood.get(item, (ladder, -1))
            assert before[0] != ladder or before[1] <= index, f"{item} went down"
            stood[item] = (ladder, index)


def _stages(life: Life) -> Iterator[tuple[str, str, str]]:
    planned = make_plan(life.engine())
    states = [planned.memories.memory(name).state for name in planned.book["customers"]["id"]]
    for item in (i for state in states for i in state.items if i.stage):
        yield item.item, item.ladder, item.stage


# -- a life ---------------------------------------------------------------------------------------


def _settled_once(life: Life) -> None:
    """No meaning is settled twice, except where its message came back or never left."""
    done: Counter[tuple[object, ...]] = Counter()
    back = {d.key for d in life.channel.outcomes(since=ON - timedelta(999))}
    for debtor, claim, command, result in life.settled():
        stages = {(r.company, r.item): (r.stage, r.cycle) for r in claim.rises}
        if result.status not in ("done", "already_done") or command.key in back:
            continue
        if command.kind not in SPEAKING or command.action in (
            "no_channel",
            "approval",
            "unknown",
            "written_off",
        ):
            continue
        meant = (debtor, command.company, command.ladder, command.action)
        if command.watch:
            times = command.occurrences or (command.cycle,)
            done.update((*meant, "watch", command.source, time) for time in times)
        else:
            own = (command.source, command.cycle)
            done.update(
                (*meant, item, *stages.get((command.company, item), own)) for item in command.items
            )
    assert [meaning for meaning, count in done.items() if count > 1] == []


def _within_budget(life: Life, sent_on: list[tuple[str, Any]]) -> None:
    """Each message found room in every budget, people's contacts counted."""
    zone = ZoneInfo("Europe/Madrid")
    for debtor in {d for d, _ in sent_on}:
        ours = [when for d, when in sent_on if d == debtor]
        theirs = [e.at for e in life.erp.logbook.newest(debtor, 10**6) if e.position is None]
        for when in ours:
            day = when.astimezone(zone).date()
            for budget in life.house.budget:
                first = first_within(day, budget.within, calendar=calendar_of(life.house, None))
                earlier = [c for c in (*ours, *theirs) if c <= when]
                used = [c for c in earlier if first <= c.astimezone(zone).date()]
                assert len(used) <= budget.contacts, f"{debtor} on {day}: {budget}"


@pytest.mark.slow
@lives
@given(worlds, st.integers(0, 2**32))
def test_sixty_days_of_life_break_no_promise_of_the_engine(world: World, seed: int) -> None:
    dice = Dice(f"life {seed}")
    life = Life(erp_of(world), restrained(talking(world.house), dice))
    sent: list[tuple[str, Any]] = []
    for _ in range(60):
        acts(life, dice)
        crash = dice.randint(1, 90) if dice.chance(4) else None
        for hour in (dice.randint(0, 23),) if crash is None else (9, 10):
            life.erp.now = life.erp.now.replace(hour=hour, minute=dice.randint(0, 59))
            before, excused = len(life.channel.sent), silent_items(life)
            life.run(crash if hour != 10 else None)
            for sending in life.channel.sent[before:]:
                sent.append((sending.debtor, life.erp.now))
                local = life.erp.now.astimezone(life.erp.zone)
                assert HOURS[0] <= local.time() < HOURS[1], f"a message at {local}"
                assert local.weekday() < 5, f"a message on {local:%A}"
            for command in _begun_today(life, before):
                assert not set(command.items) & set(excused), "it was to be left alone"
        life.tomorrow()
    _settled_once(life)
    _within_budget(life, sent)
    per_day = Counter(
        (s.debtor, s.company, when.date())
        for s, (_, when) in zip(life.channel.sent, sent, strict=True)
    )
    assert all(count == 1 for count in per_day.values())


def _begun_today(life: Life, before: int) -> Iterator[Any]:
    keys = {sending.key for sending in life.channel.sent[before:]}
    for entry in life.log():
        body = decode(entry)
        for command in getattr(body, "commands", ()):
            if command.key in keys and not command.watch:
                yield command
