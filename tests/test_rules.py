"""The policies that ship: they load, they are told of in stories, and every message is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

import dunwell_rules
from dunwell.casefile import load_cases, run, untested
from dunwell.casefile.files import Case
from dunwell.casefile.plain import PlainWording
from dunwell.errors import Problem
from dunwell.facts import Registry
from dunwell.message import MessageFacts, Templates, check_templates, check_text
from dunwell.policy.tree import Action, House, Limits, Policy
from dunwell.run.apply import apply, read_log
from dunwell.run.engine import Engine
from dunwell.run.plan import make_plan
from dunwell.run.words import Rendered
from dunwell.source.house import load_house
from dunwell.testing import Erp, MemoryAdapter, MemoryChannel

NAMES = ("firm_habitual", "gentle_subscription", "standard_b2b")
TEMPLATES = {
    "firm_habitual": {"firm_notice", "firm_second", "firm_final", "stop_supply"},
    "gentle_subscription": {"subscription_reminder", "subscription_second", "subscription_last"},
    "standard_b2b": {"courtesy", "first_notice", "second_notice", "stop_supply", "final_notice"},
}


def load(*paths: Path) -> tuple[House | None, list[Problem]]:
    return load_house(paths, registry=Registry(), channels={"email"})


def house_of(name: str) -> House:
    house, problems = load(dunwell_rules.policies()[name])
    assert [str(problem) for problem in problems] == []
    assert house is not None
    return house


def cases_of(name: str) -> list[Case]:
    cases, problems = load_cases([dunwell_rules.tests()[name]])
    assert [str(problem) for problem in problems] == []
    return cases


class Worded(PlainWording):
    """Words messages with the shipped templates too, and sees that they name what they demand."""

    def __init__(self) -> None:
        self.templates = Templates()

    def message(self, template: str, languages: Sequence[str], facts: MessageFacts) -> Rendered:
        for language in ("en", "es"):
            made = self.templates.render(template, language, facts)
            assert made.language == language
            assert all(line.number in made.text for line in facts.items)
            assert facts.items or template == "statement", "a message that demands nothing"
        return super().message(template, languages, facts)


STORIES = [(name, case) for name in NAMES for case in cases_of(name)]
TITLES = [f"{name}: {case.test.test}" for name, case in STORIES]


def actions(policy: Policy) -> Iterator[Action]:
    for stage in policy.ladder:
        yield from stage.do
    for watch in policy.watch:
        yield from watch.do


def test_the_shipped_files_are_named() -> None:
    assert tuple(sorted(dunwell_rules.policies())) == NAMES
    assert tuple(sorted(dunwell_rules.tests())) == NAMES
    assert tuple(dunwell_rules.houses()) == ("three_policies",)
    assert (dunwell_rules.templates() / "first_notice.en.j2").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_policy_loads_without_a_problem_and_judges_every_account(name: str) -> None:
    (policy,) = house_of(name).policies
    assert policy.name == name
    assert policy.description


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_policy_says_what_to_change_first(name: str) -> None:
    text = dunwell_rules.policies()[name].read_text(encoding="utf-8")
    assert "# What to change first" in text.partition("house:")[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_policy_is_told_of_in_stories(name: str) -> None:
    assert len(cases_of(name)) >= 8
    assert untested(cases_of(name), house_of(name)) == []


@pytest.mark.parametrize(("name", "case"), STORIES, ids=TITLES)
def test_story_of_a_shipped_policy(name: str, case: Case) -> None:
    (outcome,) = run([case], house_of(name), registry=Registry(), wording=Worded())
    assert outcome.passed, "\n".join(map(str, outcome.problems))


def test_a_policy_without_a_test_is_reported() -> None:
    (problem,) = untested(cases_of("firm_habitual"), house_of("standard_b2b"))
    assert "policy 'standard_b2b' has no test" in str(problem)


@pytest.mark.parametrize("name", NAMES)
def test_every_message_is_there_in_english_and_spanish(name: str) -> None:
    (policy,) = house_of(name).policies
    named = {a.template: a.place for a in actions(policy) if a.kind == "remind"}
    attached = {what: a.place for a in actions(policy) for what in a.attach}
    assert set(named) >= TEMPLATES[name]
    problems = check_templates(named, ["en", "es"], attach=attached)
    assert [str(problem) for problem in problems] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_text_of_a_task_or_hold_can_be_filled_in(name: str) -> None:
    (policy,) = house_of(name).policies
    texts = [(text, a.place) for a in actions(policy) for text in (a.summary, a.text, a.reason)]
    assert any(text for text, _ in texts)
    assert [str(problem) for text, place in texts for problem in check_text(text, place)] == []


# -- the three in one house -----------------------------------------------------------------------


def three_policies(folder: Path) -> House:
    """Put the house together as its comment says."""
    paths = [folder / "house.yaml"]
    paths[0].write_text(
        dunwell_rules.houses()["three_policies"].read_text(encoding="utf-8"), encoding="utf-8"
    )
    for name, path in dunwell_rules.policies().items():
        _, _, policy = path.read_text(encoding="utf-8").partition("\n---\n")
        paths.append(folder / f"{name}.yaml")
        paths[-1].write_text(policy.replace("# applies_to:", "applies_to:"), encoding="utf-8")
    house, problems = load(*paths)
    assert [str(problem) for problem in problems] == []
    assert house is not None
    return house


def test_the_three_policies_live_in_one_house(tmp_path: Path) -> None:
    house = three_policies(tmp_path)
    names = [policy.name for policy in house.policies]
    assert names == ["gentle_subscription", "firm_habitual", "standard_b2b"]


def test_stages_that_firm_and_standard_share_come_in_the_same_order(tmp_path: Path) -> None:
    _, firm, standard = three_policies(tmp_path).policies
    ladder = [stage.name for stage in standard.ladder]
    shared = [stage.name for stage in firm.ladder]
    assert [name for name in ladder if name in shared] == shared


class Month:
    """The three policies at work on an ERP, day by day."""

    def __init__(self, folder: Path) -> None:
        # a book of three accounts is over every share
        self.house = replace(three_policies(folder), limits=Limits())
        self.erp = Erp(on=date(2026, 4, 1))
        self.channel = MemoryChannel("email")

    def engine(self) -> Engine:
        adapter = MemoryAdapter(self.erp)
        channels = {"email": self.channel}
        return Engine(adapter, self.house, Registry(), PlainWording(), channels=channels)

    def day(self, day: date) -> dict[str, list[str]]:
        """Which policy judged whom, and the templates that were sent."""
        noon = datetime.combine(day, time(12), self.erp.zone)
        self.erp.now = noon.astimezone(UTC)
        self.erp.bank_data_on = day
        planned = make_plan(self.engine())
        apply(self.engine(), planned.plan)
        return {
            f"{account.name} by {account.policy}": [
                command.message.template for command in account.commands if command.message
            ]
            for account in planned.plan.accounts
        }

    def stages(self) -> dict[str, str]:
        folded, _ = read_log(self.engine(), None)
        return {item.item: item.stage for memory in folded.values() for item in memory.state.items}

    def pays(self, customer: str, *, times: int, due: date, on: date) -> None:
        for n in range(times):
            number = f"{customer}-{due}-{n}"
            self.erp.invoice(number, customer=customer, due=due)
            self.erp.pay(number, on=on)


def test_each_customer_is_judged_by_the_policy_that_is_for_it(tmp_path: Path) -> None:
    month = Month(tmp_path)
    for name, tags in (("Kim", ["subscription"]), ("Late", []), ("Good", [])):
        month.erp.customer(name, tags=tags, email=f"{name.lower()}@home.example")
        month.erp.invoice(f"{name}-1", customer=name, due=date(2026, 4, 7))
    month.pays("Late", times=5, due=date(2026, 1, 30), on=date(2026, 3, 2))
    month.pays("Good", times=5, due=date(2026, 1, 30), on=date(2026, 1, 28))
    assert month.day(date(2026, 4, 13)) == {
        "Good by standard_b2b": ["first_notice"],
        "Kim by gentle_subscription": ["subscription_reminder"],
        "Late by firm_habitual": ["firm_notice"],
    }
    numbers = ("Good-1", "Kim-1", "Late-1")
    assert month.stages() == dict.fromkeys(numbers, "first_notice")


def test_an_account_whose_habit_changes_keeps_its_place(tmp_path: Path) -> None:
    month = Month(tmp_path)
    month.erp.customer("Acme")
    month.pays("Acme", times=4, due=date(2026, 1, 30), on=date(2026, 3, 2))
    month.erp.invoice("F-1", customer="Acme", due=date(2026, 4, 7))
    assert month.day(date(2026, 4, 13)) == {"Acme by standard_b2b": ["first_notice"]}
    month.erp.invoice("F-0", customer="Acme", due=date(2026, 4, 9))
    month.erp.pay("F-0", on=date(2026, 4, 15))
    assert month.day(date(2026, 4, 21)) == {"Acme by firm_habitual": ["firm_second"]}
    assert month.stages()["F-1"] == "second_notice"
    month.pays("Acme", times=9, due=date(2026, 4, 24), on=date(2026, 4, 22))
    assert month.day(date(2026, 5, 4)) == {"Acme by standard_b2b": []}
    assert month.stages()["F-1"] == "call"
