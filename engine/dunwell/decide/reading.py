"""How an account stands by its policy today: segment, pauses, steps; before anything follows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache

from dunwell.calendar import Calendar, Duration, elapsed
from dunwell.decide.case import DAY, Case, ItemCase
from dunwell.decide.certain import Asks
from dunwell.decide.conclusions import Step
from dunwell.decide.conditions import Finding, truth
from dunwell.decide.values import View, excluded
from dunwell.facts import Registry
from dunwell.policy.tree import Condition, Pause, Policy, Stage, tests

Watcher = Callable[[str, str, list[Finding], bool], None]
"""Told of every condition that was asked: what for, item ("": the account), findings, verdict."""


Look = tuple[View, dict[str, bool]]
"""A day from which a pause is asked, and what it said of the items so far."""


def applies(policy: Policy, case: Case, asks: Asks) -> bool:
    """Whether a policy judges the account; it reads no stage, segment or pause."""
    return asks.holds(policy.applies_to, View(case, case.on))


@lru_cache(maxsize=1024)
def reach(calendar: Calendar, grace: Duration | None, last: date) -> tuple[date, ...]:
    """The days from which a pause reaches a day by its grace, that day first.

    The grace ends on the day on which it has passed.
    """
    days = [last]
    while grace and calendar.add(days[-1] - DAY, grace) >= last:
        days.append(days[-1] - DAY)
    return tuple(days)


@dataclass(frozen=True)
class Reading:
    """What the policy's conditions say of one case; each part is computed when it is asked for.

    Many cases under one policy share the `asks`, which makes its conditions ready once.
    """

    case: Case
    registry: Registry
    watcher: Watcher | None = field(default=None)
    asks: Asks | None = field(default=None)

    def holds(self, condition: Condition, what: str, view: View, item: ItemCase | None) -> bool:
        """Whether a condition holds; told to the watcher with all its findings."""
        if self.watcher is None:
            return self._asks.holds(condition, view, item)
        findings: list[Finding] = []
        verdict = truth(condition, view, item=item, registry=self.registry, record=findings.append)
        self.watcher(what, item.row.id if item else "", findings, verdict is True)
        return verdict is True

    @cached_property
    def _asks(self) -> Asks:
        return self.asks or Asks(self.registry)

    def seen(self, day: date) -> View:
        """The account as it is seen from a day, with the segment known and the pauses not."""
        if day not in self._views:
            self._views[day] = View(self.case, day, self.segment)
        return self._views[day]

    @cached_property
    def _views(self) -> dict[date, View]:
        return {}

    @cached_property
    def segment(self) -> str | None:
        """The first segment that matches."""
        view = View(self.case, self.case.on)
        for segment in self.case.policy.segments:
            if self.holds(segment.when, f"segment {segment.name}", view, None):
                return segment.name
        return None

    @cached_property
    def silence(self) -> dict[str, tuple[str, ...]]:
        """Each silent item with its reasons: pauses in the order written, then guards."""
        found = {}
        for item in self.case.items:
            reasons = self._reasons(item, today=True)
            if reasons:
                found[item.row.id] = reasons
        return found

    def _reasons(self, item: ItemCase, *, today: bool) -> tuple[str, ...]:
        names = [
            pause.name for pause, looks in self._looks[today] if self._held(pause, item, looks)
        ]
        day = self.case.on if today else self.case.on - DAY
        return (*names, *guards(self.seen(day), item))

    def _held(self, pause: Pause, item: ItemCase, looks: Iterable[Look]) -> bool:
        """Whether the pause's condition held on one of the days."""
        name = item.row.id
        for view, known in looks:
            held = known.get(name)
            if held is None or self.watcher is not None:
                what = f"pause {pause.name} on {view.day}" if self.watcher else ""
                held = known[name] = self.holds(pause.when, what, view, item)
            if held:
                return True
        return False

    @cached_property
    def _looks(self) -> dict[bool, tuple[tuple[Pause, tuple[Look, ...]], ...]]:
        """From which days a pause reaches today (or yesterday) by its grace: the newest first.

        Both share most of the days, and with each of them what was found for an item.
        """
        found: dict[tuple[str, date], Look] = {}

        def looks(pause: Pause, last: date) -> tuple[Look, ...]:
            days = reach(self.case.calendar, pause.grace, last)
            return tuple(found.setdefault((pause.name, day), (self.seen(day), {})) for day in days)

        pauses = self.case.house.pauses(self.case.policy)
        return {
            today: tuple((pause, looks(pause, day)) for pause in pauses)
            for today, day in ((True, self.case.on), (False, self.case.on - DAY))
        }

    @cached_property
    def lifted(self) -> frozenset[str]:
        """Items silenced by a pause that releases holds."""
        return self._by_pause(lambda pause: pause.lift)

    @cached_property
    def listed(self) -> frozenset[str]:
        """Silent items that are still shown and summed: every reason is a `listed` pause."""
        names = {p.name for p in self.case.house.pauses(self.case.policy) if p.listed}
        return frozenset(i for i, why in self.silence.items() if set(why) <= names)

    def _by_pause(self, wanted: Callable[[Pause], bool]) -> frozenset[str]:
        names = {p.name for p in self.case.house.pauses(self.case.policy) if wanted(p)}
        return frozenset(i for i, why in self.silence.items() if names & set(why))

    @cached_property
    def resting(self) -> frozenset[str]:
        """Items whose silence ended today: they do not rise before tomorrow."""
        return frozenset(
            item.row.id
            for item in self.case.items
            if item.row.id not in self.silence and self._reasons(item, today=False)
        )

    @cached_property
    def view(self) -> View:
        """Today, with segment and pauses known."""
        uncounted = frozenset(self.silence) - self.listed
        return View(self.case, self.case.on, self.segment, uncounted)

    def for_(self, stage: Stage, item: ItemCase) -> bool:
        """Whether a stage is for an item."""
        return self.holds(stage.for_, f"for of stage {stage.name}", self.view, item)

    def live(self, item: ItemCase) -> bool:
        """Something can be demanded of it and its due date is known."""
        return item.to_pay > 0 and item.due is not None

    @cached_property
    def adopted(self) -> tuple[Step, ...]:
        """Items without a stage that are placed silently."""
        steps = []
        for item in self.case.items:
            if not self.live(item) or item.waits or (item.state and item.state.stage):
                continue
            for adopt in self.case.policy.adopt:
                if self.holds(adopt.when, f"adopt at {adopt.at}", self.view, item):
                    at = self.case.policy.stage(adopt.at)
                    assert at is not None
                    steps.append(Step(item.row.id, at))
                    break
        return tuple(sorted(steps))

    @cached_property
    def rises(self) -> tuple[Step, ...]:
        """Items that rise a stage today, or repeat the one they are at."""
        adopted = {step.item for step in self.adopted}
        steps = []
        for item in self.case.items:
            name = item.row.id
            if name in adopted or name in self.silence or name in self.resting or item.waits:
                continue
            step = self.step(item) if self.live(item) else None
            if step is not None:
                role = self.approval(item, step.stage)
                steps.append(Step(step.item, step.stage, step.cycle, step.jumped, role))
        return tuple(sorted(steps))

    def step(self, item: ItemCase) -> Step | None:
        """The step that an item's own conditions allow today, whatever silences it."""
        if not self.free(item):
            return None
        ladder = self.case.policy.ladder
        for index in range(len(ladder) - 1, item.stage, -1):
            stage = ladder[index]
            if stage.jump is None or index in item.past or not self.for_(stage, item):
                continue
            what = f"jump of stage {stage.name}"
            if self.holds(stage.jump, what, self.view, item) and self.waited(item, stage):
                return Step(item.row.id, index, jumped=True)
        following = self.next_stage(item)
        if following is not None and self.waited(item, ladder[following]):
            what = f"when of stage {ladder[following].name}"
            if self.holds(ladder[following].when, what, self.view, item):
                return Step(item.row.id, following)
        return self._repeat(item)

    def free(self, item: ItemCase) -> bool:
        """It was not delivered today, and the day that the customer was given has passed."""
        state = item.state
        if state is None or not state.stage:
            return True
        return state.on < self.case.on and (state.pay_by is None or state.pay_by < self.case.on)

    def next_stage(self, item: ItemCase) -> int | None:
        """The first stage after the item's own that is for it and that it did not have before."""
        ladder = self.case.policy.ladder
        later = [n for n in range(item.stage + 1, len(ladder)) if n not in item.past]
        return next((n for n in later if self.for_(ladder[n], item)), None)

    def waited(self, item: ItemCase, stage: Stage) -> bool:
        """`after` has passed since the item's last delivered stage."""
        if stage.after is None or item.state is None or not item.state.stage:
            return True
        return elapsed(
            item.state.on, self.case.on, duration=stage.after, calendar=self.case.calendar
        )

    def _repeat(self, item: ItemCase) -> Step | None:
        if item.stage < 0 or item.state is None:
            return None
        stage = self.case.policy.ladder[item.stage]
        repeat = stage.repeat
        if repeat is None or not self.for_(stage, item):
            return None
        if repeat.at_most is not None and item.state.cycle >= repeat.at_most:
            return None
        calendar = self.case.calendar
        if not elapsed(item.state.on, self.case.on, duration=repeat.every, calendar=calendar):
            return None
        return Step(item.row.id, item.stage, item.state.cycle + 1)

    def approval(self, item: ItemCase, stage: int) -> str:
        """The role that must say yes to this stage for this item; "" when nobody must."""
        approve = self.case.policy.ladder[stage].approve
        if approve is None:
            return ""
        what = f"approval of stage {self.case.policy.ladder[stage].name}"
        return approve.by if self.holds(approve.when, what, self.view, item) else ""

    @cached_property
    def vetoed(self) -> tuple[tuple[str, str], ...]:
        """Vetoes in force: on the account, or on single items where they read item facts."""
        found = []
        for veto in self.case.house.veto:
            what = f"veto {veto.name}"
            if self.per_item(veto.when):
                found += [
                    (veto.name, item.row.id)
                    for item in self.case.items
                    if self.holds(veto.when, what, self.view, item)
                ]
            elif self.holds(veto.when, what, self.view, None):
                found.append((veto.name, ""))
        return tuple(sorted(found))

    def per_item(self, condition: Condition) -> bool:
        """Whether a condition reads a fact of single items."""
        return any(self.registry[test.fact].level == "item" for test in tests(condition))


def guards(view: View, item: ItemCase) -> Iterable[str]:
    """The built-in reasons to leave an item alone."""
    if excluded(view, item):
        yield "excluded"
    if item.covered.wholly_disputed and item.dispute and item.dispute.since <= view.day:
        yield "disputed"
    if item.row.collection in ("scheduled", "pending"):
        yield "collection"
