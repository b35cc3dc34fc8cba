"""The door to deciding: what is checked, what happens when a reader fails or they disagree."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from dunwell.decide import decide as deciding
from dunwell.decide import judging
from dunwell.decide.cases import Setting, cases
from dunwell.decide.chain import available
from dunwell.decide.conclusions import Conclusions, Place
from dunwell.decide.decide import Decided, DisagreementError, decide, is_adverse, sample
from dunwell.decide.evaluator import Evaluation
from dunwell.decide.hands import Hands
from dunwell.decide.memories import memories
from dunwell.decide.network import conclude, concluding
from dunwell.facts import Fact, Registry
from dunwell.log.entry import Claimed, State, UnknownState
from dunwell.log.fold import Memory
from dunwell.model import Book
from dunwell.policy.tree import Action, Approve, House, Policy, Stage
from dunwell.policy.tree import Test as Comparison

from tests.strategies import book

pytestmark = pytest.mark.skipif(
    available() is not None, reason=f"the rule network cannot be used here: {available()}"
)

ON = date(2026, 3, 18)
REGISTRY = Registry()
REMIND = Action("remind", "remind", template="t")
HOLD = Action("hold", "hold:orders", hold="orders")
LATE = Comparison("days_past_due", "at_least", 5)
VERY_LATE = Comparison("days_past_due", "at_least", 40)
HOUSE = House(
    "house",
    (
        Policy(
            "business",
            "EUR",
            (Stage("first", (REMIND,), LATE), Stage("stop", (HOLD,), LATE, jump=VERY_LATE)),
            applies_to=Comparison("customer_type", "is", ("business",)),
        ),
    ),
)  # fmt: skip


def some_book(days: list[int], kind: str = "business") -> Book:
    """One customer for each number of days that its one item is past due."""
    return book(
        {
            "companies": [{"id": "ES", "name": "Uno", "currency": "EUR"}],
            "customers": [{"id": f"C{n}", "name": "N", "type": kind} for n, _ in enumerate(days)],
            "items": [
                {
                    "id": f"I{n}", "customer": f"C{n}", "company": "ES", "number": f"F{n}",
                    "kind": "invoice", "currency": "EUR", "amount": 100, "balance": 100,
                    "issued": ON - timedelta(99), "due": ON - timedelta(late),
                }
                for n, late in enumerate(days)
            ],
        },
        ON,
    )  # fmt: skip


def decided(given: Book, remembered: dict[str, Memory] | None = None, **more: object) -> Decided:
    return decide(given, HOUSE, memories(remembered or {}), REGISTRY, on=ON, **more)  # type: ignore[arg-type]


def evaluated(given: Book) -> dict[tuple[str, str], Conclusions]:
    made = cases(given, memories({}), Setting(HOUSE, REGISTRY, ON))
    words = {case.account.id: Evaluation(case, REGISTRY).conclude() for case in made}
    return {key: word for key, word in words.items() if not word.quiet}


def test_a_small_book_is_checked_wholly_and_starts_no_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor.submit", None)
    found = decided(some_book([0, 10, 50]))
    assert found.conclusions == evaluated(some_book([0, 10, 50]))
    assert set(found.cases) == {("C1", "ES"), ("C2", "ES")}
    assert (found.judged, found.checked) == (3, 3)
    assert {trace.rule for trace in found.why("C2", "ES")} >= {
        "the severest jump goes before milder ones"
    }


def test_a_disagreement_stops_everything_and_tells_both_verdicts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = conclude

    def wrong(*args: object, **more: object) -> object:
        network = right(*args, **more)  # type: ignore[arg-type]
        key = ("C1", "ES")
        word = replace(network.conclusions[key], rise=())
        return replace(network, conclusions={**network.conclusions, key: word})

    monkeypatch.setattr(deciding, "conclude", wrong)
    with pytest.raises(
        DisagreementError, match=r"'C1' with company 'ES'.*rise .* against"
    ) as caught:
        decided(some_book([0, 10, 50]))
    assert (caught.value.debtor, caught.value.company) == ("C1", "ES")
    assert caught.value.network is not None
    assert caught.value.network.rise == ()
    assert caught.value.evaluator == evaluated(some_book([0, 10, 50]))["C1", "ES"]


def test_an_account_that_only_one_reader_sees_is_a_disagreement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Conclusions, "quiet", property(lambda self: True))
    with pytest.raises(DisagreementError, match="against nothing to do"):
        decided(some_book([10]))


def test_of_a_large_book_the_adverse_and_a_sample_are_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deciding, "EVERY", 100)
    given = some_book([0, 10, 50] * 100)
    found = decided(given)
    drawn = set(sample((f"C{n}" for n in range(300)), ON))
    adverse = {f"C{n}" for n in range(2, 300, 3)}
    assert found.checked == len(drawn | adverse)
    assert 0 < len(drawn - adverse) < 20
    assert found.conclusions == evaluated(given)
    assert decided(given, verify="all").checked == 300


def test_the_sample_changes_from_day_to_day() -> None:
    names = [f"C{n}" for n in range(10_000)]
    today, tomorrow = set(sample(names, ON)), set(sample(names, ON + timedelta(1)))
    assert 50 < len(today) < 150
    assert today != tomorrow
    assert set(sample(reversed(names), ON)) == today


def test_without_the_network_the_evaluator_decides_and_the_reader_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(concluding, "available", lambda: "no compiler")
    found = decided(some_book([0, 10, 50]))
    assert found.reader == "evaluator stands in: no compiler"
    assert found.conclusions == evaluated(some_book([0, 10, 50]))
    assert found.problems == ()


def test_what_the_network_could_not_decide_the_evaluator_decides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = conclude
    key = ("C1", "ES")

    def lame(*args: object, **more: object) -> object:
        network = right(*args, **more)  # type: ignore[arg-type]
        word = replace(network.conclusions[key], segment="nonsense")
        conclusions = {**network.conclusions, key: word}
        return replace(network, conclusions=conclusions, incidents={key: "its worker died"})

    monkeypatch.setattr(deciding, "conclude", lame)
    found = decided(some_book([0, 10, 50]))
    assert found.conclusions == evaluated(some_book([0, 10, 50]))
    assert found.problems == (
        "the evaluator decided debtor 'C1' with company 'ES': its worker died",
    )


def test_accounts_without_a_policy_or_with_wrong_facts_are_told_and_left_alone() -> None:
    consumers = some_book([10], "consumer")
    assert decided(consumers).problems == ("no policy covers debtor 'C0' with company 'ES'",)
    garbled = decided(some_book([10]), {"C0": Memory(garbled="entry 3")})
    assert garbled.conclusions == {}
    assert garbled.alone == {("C0", "ES"): ("its log cannot be read: entry 3",)}


def test_an_unsettled_debtor_is_shown_even_when_quiet() -> None:
    claimed = Claimed("k", "ES", "remind", "remind", "business", "first")
    unknown = Memory(State(unknowns=(UnknownState(claimed, ON),)))
    found = decided(some_book([0, 0]), {"C1": unknown})
    assert [key for key, word in found.conclusions.items() if word.quiet] == [("C1", "ES")]
    assert set(found.cases) == {("C1", "ES")}


@pytest.mark.parametrize(
    ("stage", "adverse"),
    [
        (Stage("s", (REMIND,), LATE), False),
        (Stage("s", (HOLD,), LATE), True),
        (Stage("s", (REMIND,), LATE, approve=Approve("boss")), True),
    ],
)
def test_adverse_is_what_stands_or_must_be_approved(stage: Stage, adverse: bool) -> None:
    house = House("house", (Policy("p", "EUR", (stage,)),))
    rising = cases(some_book([10]), memories({}), Setting(house, REGISTRY, ON))[0]
    assert is_adverse(Evaluation(rising, REGISTRY).conclude(), house) is adverse
    placing = Conclusions("p", "", place=(Place("hold", "orders", 0, "hold:orders"),))
    assert is_adverse(placing, house)


def judged_with(given: Book, registry: Registry, *, workers: int) -> list[judging.Verdict]:
    """What the evaluator says of everybody, with so many processes."""
    with Hands(workers) as hands:
        judge = judging.Judge(given, memories({}), Setting(HOUSE, registry, ON), hands)
        judge.ask(given["customers"]["id"].to_list())
        return sorted(judge.verdicts())


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "WORTH", 1)
    monkeypatch.setattr(judging, "SIZE", 2)


@pytest.mark.usefixtures("few_are_many")
def test_judging_in_other_processes_gives_the_same() -> None:
    given = some_book([0, 10, 50, 60, 3])
    here = judged_with(given, REGISTRY, workers=1)
    assert judged_with(given, REGISTRY, workers=2) == here
    assert [verdict.debtor for verdict in here] == ["C0", "C1", "C2", "C3", "C4"]
    assert {v.key: v.word for v in here if v.word and not v.word.quiet} == evaluated(given)


@pytest.mark.usefixtures("few_are_many")
def test_who_is_named_twice_is_judged_once() -> None:
    given = some_book([10, 50])
    with Hands(1) as hands:
        judge = judging.Judge(given, memories({}), Setting(HOUSE, REGISTRY, ON), hands)
        judge.ask(["C0"])
        judge.ask(["C0", "C1"])
        assert [verdict.debtor for verdict in judge.verdicts()] == ["C0", "C1"]


class Deadly:
    """A plugin's function that ends the process that unpickles it."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (1,)

    def __call__(self, frame: pl.DataFrame) -> pl.Series:
        return frame["balance"]


@pytest.mark.usefixtures("few_are_many")
@pytest.mark.parametrize("column", [Deadly(), lambda f: f["balance"]], ids=["deadly", "stuck"])
def test_what_no_other_process_can_judge_is_judged_here(
    column: Callable[[pl.DataFrame], pl.Series],
) -> None:
    given = some_book([0, 10, 50, 60, 3])
    registry = Registry([Fact("owed", "item", "count", "a number", column=column)])
    here = judged_with(given, registry, workers=1)
    assert judged_with(given, registry, workers=2) == here
    assert len(here) == 5
