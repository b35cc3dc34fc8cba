"""The corner cases of the policy language: most as stories, changed policies in code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from dunwell.casefile import load_cases, run
from dunwell.casefile.files import Case
from dunwell.casefile.plain import PlainWording
from dunwell.command import AccountPlan, Receipt
from dunwell.errors import Problem
from dunwell.facts import Registry
from dunwell.log.entry import Result
from dunwell.policy.tree import House
from dunwell.port import Sending
from dunwell.run.apply import apply, read_log
from dunwell.run.desk import approve
from dunwell.run.engine import Engine
from dunwell.run.explain import explain
from dunwell.run.find import Subject
from dunwell.run.plan import Planned, make_plan
from dunwell.run.planfile import StoppedError
from dunwell.run.reports import AccountReport
from dunwell.source.house import load_house
from dunwell.testing import Erp, MemoryAdapter, MemoryChannel

STORIES = Path(__file__).parent / "stories"


def read_house(*paths: Path) -> House:
    house, problems = load_house(paths, registry=Registry(), channels={"email"})
    assert [str(p) for p in problems if p.level == "error"] == []
    assert house is not None
    return house


def read_cases(name: str) -> list[Case]:
    cases, problems = load_cases([STORIES / name])
    assert [str(p) for p in problems] == []
    return cases


def sentence(case: Case) -> str:
    return case.test.test


def told(case: Case, house: str) -> list[Problem]:
    (outcome,) = run([case], read_house(STORIES / house), registry=Registry())
    return list(outcome.problems)


@pytest.mark.parametrize("case", read_cases("corner_stories.yaml"), ids=sentence)
def test_corner_case(case: Case) -> None:
    problems = told(case, "corner_house.yaml")
    assert not problems, "\n".join(map(str, problems))


@pytest.mark.parametrize("case", read_cases("budget_stories.yaml"), ids=sentence)
def test_corner_case_of_budgets(case: Case) -> None:
    problems = told(case, "budget_house.yaml")
    assert not problems, "\n".join(map(str, problems))


# -- a policy that changes between two runs -------------------------------------------------------


def stage(name: str, days: int, *, was: str = "", hold: bool = False, more: str = "") -> str:
    what = f"{{hold: {{kind: orders, reason: Overdue}}}}, {{remind: {{template: {name}}}}}"
    if not hold:
        what = f"{{remind: {{template: {name}}}}}"
    older = f", was: [{was}]" if was else ""
    when = f"when: {{days_past_due: {{at_least: {days}}}}}"
    return f"  - {{stage: {name}{older}, {when}, after: 7 days, do: [{what}]{more}}}\n"


class Shop:
    """An ERP with one customer, whose house may change from run to run."""

    def __init__(self, tmp_path: Path, *stages: str) -> None:
        self.erp = Erp(on=date(2026, 2, 2))
        self.channel = MemoryChannel("email")
        self.erp.customer("Acme")
        self.path = tmp_path / "policy.yaml"
        self.house = self.write(*stages)

    def write(self, *stages: str) -> House:
        text = "house: shop\npolicies: [shop]\nroles: {collector: ana@shop.example}\n---\n"
        text += "policy: shop\ncurrency: EUR\nladder:\n" + "".join(stages)
        self.path.write_text(text, encoding="utf-8")
        self.house = read_house(self.path)
        return self.house

    def engine(self, channel: MemoryChannel | None = None) -> Engine:
        channels = {"email": channel or self.channel}
        adapter = MemoryAdapter(self.erp)
        return Engine(adapter, self.house, Registry(), PlainWording(), channels=channels)

    def go_to(self, day: date, hour: str = "10:00") -> None:
        at = datetime.combine(day, time.fromisoformat(hour), self.erp.zone)
        self.erp.now = at.astimezone(UTC)
        self.channel.on = day

    def plan(self, day: date) -> Planned:
        self.go_to(day)
        return make_plan(self.engine())

    def day(self, day: date) -> list[str]:
        """What a run on that day did: kind, and template or name."""
        planned = self.plan(day)
        receipts = apply(self.engine(), planned.plan)
        assert all(receipt.result.status == "done" for receipt in receipts)
        return deeds(receipts)

    def stages(self) -> dict[str, str]:
        folded, _ = read_log(self.engine(), None)
        return {item.item: item.stage for memory in folded.values() for item in memory.state.items}

    def holds(self) -> list[str]:
        return sorted(str(row["kind"]) for row in self.erp.rows["holds"].values())


def deeds(receipts: Sequence[Receipt]) -> list[str]:
    found = []
    for receipt in receipts:
        command = receipt.command
        what = command.message.template if command.message else command.name
        found.append(f"{command.kind} {what or command.source}")
    return found


def notes(accounts: Sequence[AccountPlan]) -> str:
    return "; ".join(note for account in accounts for note in account.notes)


def february(day: int) -> date:
    return date(2026, 2, 1) + timedelta(day - 1)


def test_an_item_keeps_its_place_when_its_stage_is_renamed(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5), stage("second", 15))
    shop.erp.invoice("F-1", due=february(2))
    assert shop.day(february(9)) == ["remind first"]
    shop.write(stage("mahnung_1", 5, was="first"), stage("second", 15))
    assert shop.day(february(10)) == []
    assert shop.day(february(17)) == ["remind second"]


def test_a_stage_may_be_renamed_twice(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5, hold=True))
    shop.erp.invoice("F-1", due=february(2))
    assert shop.day(february(9)) == ["hold orders", "remind first"]
    shop.write(stage("second_name", 5, was="first", hold=True))
    assert shop.day(february(10)) == []
    shop.write(stage("third_name", 5, was="second_name, first", hold=True))
    assert shop.day(february(20)) == []
    assert shop.holds() == ["orders"]


def test_a_renamed_stage_has_the_meaning_it_had(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5))
    shop.erp.invoice("F-1", due=february(2))
    (before,) = shop.plan(february(9)).plan.accounts[0].commands
    shop.write(stage("mahnung_1", 5, was="first"))
    (after,) = shop.plan(february(9)).plan.accounts[0].commands
    assert before.meanings == after.meanings


def test_an_item_at_a_removed_stage_goes_on_where_another_stage_takes_over(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5), stage("second", 15), stage("third", 30))
    shop.erp.invoice("F-1", due=february(2))
    assert shop.day(february(9)) == ["remind first"]
    assert shop.day(february(17)) == ["remind second"]
    shop.write(stage("first", 5, was="second"), stage("third", 30))
    assert shop.day(february(24)) == []
    assert shop.day(february(2) + timedelta(30)) == ["remind third"]


def test_an_item_at_a_removed_stage_that_nothing_takes_over_waits_and_is_shown(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path, stage("first", 5, hold=True), stage("second", 15))
    shop.erp.invoice("F-1", due=february(2))
    assert shop.day(february(9)) == ["hold orders", "remind first"]
    shop.write(stage("second", 15))
    planned = shop.plan(february(24))
    assert [c for account in planned.plan.accounts for c in account.commands] == []
    (problem,) = planned.plan.header.problems
    assert "wait at a stage that the ladder of 'shop' no longer has" in problem
    assert shop.holds() == ["orders"]


def test_what_waits_at_a_removed_stage_goes_on_when_the_stage_comes_back(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5), stage("second", 15))
    shop.erp.invoice("F-1", due=february(2))
    assert shop.day(february(9)) == ["remind first"]
    shop.write(stage("second", 15))
    assert shop.day(february(24)) == []
    shop.write(stage("first", 5), stage("second", 15))
    assert shop.day(february(25)) == ["remind second"]


def test_after_a_reorder_the_new_order_decides_and_no_item_goes_down(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5), stage("second", 15), stage("third", 20))
    shop.erp.invoice("F-1", due=february(2))
    assert shop.day(february(9)) == ["remind first"]
    shop.write(stage("second", 15), stage("first", 5), stage("third", 20))
    assert shop.day(february(17)) == []  # `second` lies before its own stage now
    assert shop.stages() == {"F-1": "first"}
    assert shop.day(february(24)) == ["remind third"]


def test_after_a_reorder_no_stage_that_an_item_had_is_sent_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5), stage("second", 15), stage("third", 20))
    shop.erp.invoice("F-1", due=february(2))
    assert shop.day(february(9)) == ["remind first"]
    assert shop.day(february(17)) == ["remind second"]
    shop.write(stage("second", 15), stage("first", 5), stage("third", 20))
    assert shop.day(february(24)) == ["remind third"]  # `first` lies after its own stage now


def test_a_new_stage_before_an_items_own_passes_it_by(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5), stage("third", 30))
    shop.erp.invoice("F-1", due=february(2))
    assert shop.day(february(9)) == ["remind first"]
    shop.write(stage("gentler", 3), stage("first", 5), stage("third", 30))
    assert shop.day(february(20)) == []
    assert shop.stages() == {"F-1": "first"}


# -- plans and days -------------------------------------------------------------------------------

APPROVED = ", approve: collector"


def test_a_plan_signed_on_monday_is_stale_on_thursday(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5))
    shop.erp.invoice("F-1", due=february(2))
    monday = shop.plan(february(9)).plan
    shop.go_to(february(12))
    with pytest.raises(StoppedError, match="this plan is of 2026-02-09 and today is 2026-02-12"):
        apply(shop.engine(), monday)
    assert shop.channel.sent == []


def test_a_yes_of_monday_holds_for_the_plan_of_thursday(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5, more=APPROVED))
    shop.erp.invoice("F-1", due=february(2))
    monday = shop.plan(february(9)).plan
    assert [w.stage for w in monday.accounts[0].waiting] == ["first"]
    assert approve(shop.engine(), monday, by="luis@shop.example")
    assert shop.day(february(12)) == ["remind first"]


def test_a_yes_holds_up_to_the_amount_that_was_approved(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5, more=APPROVED))
    shop.erp.invoice("F-1", due=february(2), amount="900 EUR")
    monday = shop.plan(february(9)).plan
    approve(shop.engine(), monday, by="luis@shop.example")
    shop.erp.change("items", "F-1", amount=95_000, balance=95_000)
    thursday = shop.plan(february(12)).plan
    assert [w.stage for w in thursday.accounts[0].waiting] == ["first"]
    assert "remind" not in {c.kind for c in thursday.accounts[0].commands}


def test_what_waits_for_a_yes_is_listed_each_day_with_its_age(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5, more=APPROVED))
    shop.erp.invoice("F-1", due=february(2))
    assert shop.day(february(9)) == ["task first"]  # asks for the yes
    for day in (february(10), february(16), february(23)):
        (account,) = shop.plan(day).plan.accounts
        assert account.commands == ()  # asked once
        assert [w.since for w in account.waiting] == [february(9)]


def test_a_plan_after_midnight_repeats_nothing_that_was_done_before(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5), stage("second", 6))
    shop.erp.invoice("F-1", due=february(2))
    shop.go_to(february(9), "23:59")
    apply(shop.engine(), make_plan(shop.engine()).plan)
    assert [s.message.template for s in shop.channel.sent] == ["first"]
    shop.go_to(february(10), "00:01")
    planned = make_plan(shop.engine())
    assert [c.kind for account in planned.plan.accounts for c in account.commands] == []


class Midnight(MemoryChannel):
    """Makes another plan, two minutes later on the next day, while a message is being sent."""

    def __init__(self, shop: Shop) -> None:
        super().__init__("email")
        self.shop = shop
        self.other: Planned | None = None
        self.receipts: list[Receipt] = []

    def send(self, sendings: Sequence[Sending]) -> Sequence[Result]:
        if self.other is None:
            self.shop.go_to(february(10), "00:01")
            self.other = make_plan(self.shop.engine())
            self.receipts = apply(self.shop.engine(), self.other.plan)
        return super().send(sendings)


def test_a_plan_after_midnight_finds_the_claim_of_the_one_before(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5))
    shop.erp.invoice("F-1", due=february(2))
    shop.go_to(february(9), "23:59")
    channel = Midnight(shop)
    apply(shop.engine(channel), make_plan(shop.engine(channel)).plan)
    assert channel.other is not None
    assert "a run that began at" in notes(channel.other.plan.accounts)
    assert channel.receipts == []
    assert len(channel.sent) == 1
    assert shop.channel.sent == []
    assert shop.stages() == {"F-1": "first"}


def test_of_two_plans_made_around_midnight_the_second_to_be_applied_does_nothing(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path, stage("first", 5))
    shop.erp.invoice("F-1", due=february(2))
    shop.go_to(february(10), "00:01")
    one = make_plan(shop.engine()).plan
    other = make_plan(shop.engine()).plan
    assert [r.result.status for r in apply(shop.engine(), one)] == ["done"]
    (receipt,) = apply(shop.engine(), other)
    assert (receipt.result.status, receipt.result.reason) == ("skipped", "changed")
    assert len(shop.channel.sent) == 1


def test_a_quiet_account_of_the_same_debtor_does_not_make_a_plan_look_changed(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path, stage("first", 5))
    shop.erp.company("portugal", country="PT")
    shop.erp.invoice("F-1", due=february(2))
    shop.erp.invoice("P-1", due=date(2026, 12, 1), company="portugal")
    assert shop.day(february(9)) == ["remind first"]


# -- what explain says ----------------------------------------------------------------------------


def account_of(shop: Shop, day: date) -> AccountReport:
    shop.go_to(day)
    (account,) = explain(shop.engine(), Subject("Acme", "Acme", "customer")).accounts
    return account


def test_where_the_erp_cannot_tell_a_write_off_the_hold_goes_with_the_item(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5, hold=True))
    item = shop.erp.invoice("F-1", due=february(2))
    shop.day(february(9))
    assert shop.holds() == ["orders"]
    del shop.erp.rows["items"][item]  # closed, and nothing says by what
    assert shop.day(february(10)) == ["release orders"]
    assert shop.holds() == []


def test_explain_says_that_a_person_lifted_a_hold_and_when_it_was_noted(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5, hold=True))
    shop.erp.invoice("F-1", due=february(2))
    shop.day(february(9))
    shop.erp.lift_hold("Acme", "orders")
    assert shop.day(february(10)) == ["override orders"]  # into the log, nothing in the ERP
    (told,) = account_of(shop, february(12)).standing
    assert (told.name, told.in_force, told.owner) == ("orders", False, "person")
    assert "a person lifted or changed it; Dunwell noted that on 2026-02-10" in told.says


def test_explain_says_why_the_segment_changed_after_a_late_payment(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5))
    late = "{segment: late, when: {late_share: {within: 12 months, over: 60 %}}}"
    text = shop.path.read_text(encoding="utf-8")
    text = text.replace("ladder:", f"segments: [{late}, {{segment: others}}]\nladder:")
    shop.path.write_text(text, encoding="utf-8")
    shop.house = read_house(shop.path)
    shop.erp.invoice("F-1", due=february(2))
    shop.erp.invoice("F-2", due=february(9))
    shop.erp.pay("F-1", on=february(9))
    assert account_of(shop, february(9)).segment == "others"
    account = account_of(shop, february(10))
    assert account.segment == "late"
    assert "late_share" in str(account.segments)
